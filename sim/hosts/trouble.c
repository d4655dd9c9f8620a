/* Faults of hosts and links while the world runs: setting and clearing them. */
#include "sim/hosts/trouble.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/imap/imap_table.h"
#include "protocols/pop3/pop3_server.h"
#include "protocols/smtp/smtp_server.h"
#include "sim/hosts/store.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/world.h"
#include "sim/net/fault.h"
#include "sim/net/net_host.h"

const char *trouble_kind_name(enum trouble_kind kind)
{
#define X(name, word) [TROUBLE_##name] = word,
    static const char *const words[TROUBLE_KIND_COUNT] = { TROUBLE_KINDS(X) };
#undef X
    assert(kind < TROUBLE_KIND_COUNT);
    return words[kind];
}

__attribute__((format(printf, 2, 3))) static bool wrong(char *error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(error, TROUBLE_ERROR_MAX, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- who is meant ------------------------------------------------------------------------------------- */

/* The names that would have been right, as far as they fit. */
static bool no_such(struct world *w, char *error, const char *what, const char *name,
                    bool (*right)(const struct host *h))
{
    int n = snprintf(error, TROUBLE_ERROR_MAX, "%s '%.60s' does not exist%s", what, name, "; there are:");
    for (size_t i = 0; i < w->nhosts && n > 0 && n < TROUBLE_ERROR_MAX - 80; i++)
        if (right(&w->hosts[i]) && strcmp(w->hosts[i].spec->role ? w->hosts[i].spec->role : "", "door") != 0)
            n += snprintf(error + n, (size_t)(TROUBLE_ERROR_MAX - n), " %s", w->hosts[i].spec->name);
    return false;
}

static bool any_host(const struct host *h)
{
    return h->net != NULL;
}

static bool has_mail(const struct host *h)
{
    return h->mta || h->store;
}

static bool has_mta(const struct host *h)
{
    return h->mta != NULL;
}

static bool has_zones(const struct host *h)
{
    return h->dns != NULL;
}

static bool find_host(struct trouble *t, const char *what, bool (*right)(const struct host *h), char *error)
{
    struct host *h = world_host_named(t->world, t->order.where ? t->order.where : "");
    if (!h || !right(h))
        return no_such(t->world, error, what, t->order.where ? t->order.where : "", right);
    t->host = h;
    return true;
}

static bool find_link(struct trouble *t, char *error)
{
    const struct net *net = &t->world->net;
    int n;
    t->link = net_link_find(net, t->order.where ? t->order.where : "");
    if (t->link)
        return true;
    n = snprintf(error, TROUBLE_ERROR_MAX, "link '%.60s' does not exist; there are:", t->order.where);
    for (size_t i = 0; i < net->nlinks && n > 0 && n < TROUBLE_ERROR_MAX - 80; i++)
        n += snprintf(error + n, (size_t)(TROUBLE_ERROR_MAX - n), " %s", net->links[i]->name);
    return false;
}

/* Does the host listen on the port with SMTP, POP3 or IMAP? With 0: with any of them at all? */
static bool serves(const struct host *h, uint16_t port)
{
    for (size_t i = 0; h->mta && i < h->spec->mta->nservices; i++)
        if (port == 0 || h->spec->mta->services[i].port == port)
            return true;
    for (size_t i = 0; h->store && i < h->spec->store->nservices; i++)
        if (port == 0 || h->spec->store->services[i].port == port)
            return true;
    return false;
}

static bool find_service(struct trouble *t, char *error)
{
    if (!find_host(t, "a host with mail services named", has_mail, error))
        return false;
    return serves(t->host, t->order.port) ||
           wrong(error, "%s serves neither SMTP nor POP3 nor IMAP on port %u", t->host->spec->name,
                 t->order.port);
}

/* ---- one kind after the other: is it right, and what does it take? ------------------------------------ */

static bool check_refuse(struct trouble *t, char *error)
{
    static const char *const commands[] = { "CONNECT", "HELO", "MAIL", "RCPT", "DATA" };
    struct trouble_order *o = &t->order;
    size_t i = 0;
    if (o->where && !find_host(t, "a mail server named", has_mta, error))
        return false;
    while (i < sizeof commands / sizeof commands[0] &&
           (!o->command || !wire_slice_is_nocase(wire_slice_str(o->command), commands[i])))
        i++;
    if (i == sizeof commands / sizeof commands[0])
        return wrong(error, "refuse at '%.20s': CONNECT, HELO, MAIL, RCPT or DATA is allowed",
                     o->command ? o->command : "");
    if (o->code < 400 || o->code > 599)
        return wrong(error, "code %u: 400 to 599 is allowed: 4yz means later, 5yz never", o->code);
    if (o->status && (o->status[0] != '0' + o->code / 100 || o->status[1] != '.' || strlen(o->status) < 5 ||
                      strspn(o->status, "0123456789.") != strlen(o->status)))
        return wrong(error, "status '%.20s': must look like %u.7.1 for code %u", o->status, o->code / 100u,
                     o->code);
    for (const char *at = o->text; at && *at; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at >= 127)
            return wrong(error, "the text of a reply is one line of printable ASCII");
    t->refusal = (struct spec_refusal){ .pointer = t->pointer,
                                        .command = commands[i],
                                        .match = o->match ? o->match : "*",
                                        .code = o->code,
                                        .status = o->status,
                                        .text = o->text,
                                        .until_ns = CORE_NEVER,
                                        .first = o->first };
    return true;
}

static bool is_verb(const char *word)
{
    struct wire_slice name = wire_slice_str(word);
    size_t used;
    return strcmp(word, "CONNECT") == 0 || strcmp(word, "CONTENT") == 0 ||
           smtp_verb_find(word, strlen(word), &used) != SMTP_VERB_UNKNOWN ||
           pop3_verb_find(word, strlen(word)) != POP3_OTHER || imap_verb_find(name, false) != IMAP_VERB_NONE;
}

static void to_capitals(char *word)
{
    for (; *word; word++)
        if (*word >= 'a' && *word <= 'z')
            *word = (char)(*word - 'a' + 'A');
}

bool trouble_is_command(const char *word)
{
    char capitals[TROUBLE_COMMAND];
    if (strlen(word) >= sizeof capitals)
        return false;
    memcpy(capitals, word, strlen(word) + 1);
    to_capitals(capitals);
    return is_verb(capitals);
}

/* The host, and the command after which: its copy gets capitals. */
static bool find_moment(struct trouble *t, const char *what, char *error)
{
    if (!find_service(t, error))
        return false;
    to_capitals(t->command);
    return !t->order.command || is_verb(t->order.command) ||
           wrong(error,
                 "%s after '%.20s': a command of SMTP, POP3 or IMAP is allowed, CONNECT (before the "
                 "greeting), or CONTENT (the message is complete)",
                 what, t->order.command);
}

static bool check_delay(struct trouble *t, char *error)
{
    if (t->order.delay_ns == 0 || t->order.delay_ns > TROUBLE_DELAY_MAX)
        return wrong(error, "a reply may be delayed by up to 24h, and by more than nothing");
    return find_moment(t, "delay", error);
}

static bool check_drop(struct trouble *t, char *error)
{
    const struct trouble_order *o = &t->order;
    if (!find_moment(t, "drop", error))
        return false;
    if (!o->command)
        return wrong(error, "drop: after which command?");
    if (o->octets > 0 && strcmp(o->command, "CONTENT") != 0 && strcmp(o->command, "DATA") != 0)
        return wrong(error, "octets are counted in the content of a message: after DATA or CONTENT");
    return true;
}

static bool check_fill(struct trouble *t, char *error)
{
    t->user = t->order.user ? t->order.user : world_user(t->world, t->order.where ? t->order.where : "");
    if (!t->user)
        return wrong(error, "'%.80s' is the address of no mailbox here",
                     t->order.where ? t->order.where : "");
    return true;
}

static bool check_down(struct trouble *t, char *error)
{
    t->host = world_host_named(t->world, t->order.where ? t->order.where : "");
    if (!t->host)
        t->link = net_link_find(&t->world->net, t->order.where ? t->order.where : "");
    if (!t->host && !t->link)
        return no_such(t->world, error, "a host or link named", t->order.where ? t->order.where : "",
                       any_host);
    for (const struct trouble *other = trouble_next(t->world, NULL); other;
         other = trouble_next(t->world, other))
        if (other->order.kind == TROUBLE_DOWN && other->host == t->host && other->link == t->link)
            return wrong(error, "%.60s is down already, by fault %u", t->order.where, other->id);
    return true;
}

static bool check_loss(struct trouble *t, char *error)
{
    if (t->order.ppm == 0 || t->order.ppm > 1000000)
        return wrong(error, "a link can lose more than 0%% and up to 100%%");
    return find_link(t, error);
}

static bool check_lag(struct trouble *t, char *error)
{
    if (t->order.delay_ns == 0 || t->order.delay_ns > CORE_HOUR)
        return wrong(error, "a link may take up to 1h longer, and more than nothing");
    return find_link(t, error);
}

static bool check_dns(struct trouble *t, char *error)
{
    return find_host(t, "an authoritative DNS server named", has_zones, error);
}

static void begin_on_link(struct trouble *t, enum net_fault_kind kind)
{
    struct net_fault_params p = { .name = t->pointer,
                                  .kind = kind,
                                  .from_ns = world_now(t->world),
                                  .chance_ppm = t->order.ppm,
                                  .extra_ns = kind == NET_FAULT_REORDER ? t->order.delay_ns : 0,
                                  .cause = t->cause };
    net_fault_add(t->link, &p);
}

static void begin(struct trouble *t)
{
    switch (t->order.kind) {
    case TROUBLE_FILL:
        store_set_full(t->user, true);
        break;
    case TROUBLE_DOWN:
        if (t->host)
            world_power(t->host, false, t->pointer);
        else
            begin_on_link(t, NET_FAULT_CUT);
        break;
    case TROUBLE_LOSS:
        begin_on_link(t, NET_FAULT_LOSS);
        break;
    case TROUBLE_LAG:
        begin_on_link(t, NET_FAULT_REORDER);
        break;
    default:
        break; /* those act when somebody asks */
    }
}

static void end(struct trouble *t)
{
    if (t->link)
        net_fault_remove(net_fault_find(t->link, t->pointer));
    else if (t->order.kind == TROUBLE_DOWN)
        world_power(t->host, true, t->pointer);
    if (t->user) {
        bool still = false;
        for (const struct trouble *other = trouble_next(t->world, NULL); other;
             other = trouble_next(t->world, other))
            still |= other != t && other->user == t->user;
        store_set_full(t->user, still);
    }
}

static bool check(struct trouble *t, char *error)
{
    static bool (*const checks[TROUBLE_KIND_COUNT])(struct trouble * t, char *error) = {
        [TROUBLE_REFUSE] = check_refuse, [TROUBLE_DELAY] = check_delay, [TROUBLE_DROP] = check_drop,
        [TROUBLE_FILL] = check_fill,     [TROUBLE_DNS] = check_dns,     [TROUBLE_DOWN] = check_down,
        [TROUBLE_LOSS] = check_loss,     [TROUBLE_LAG] = check_lag
    };
    return checks[t->order.kind](t, error);
}

/* ---- the list --------------------------------------------------------------------------------------------
 */

struct troubles {
    struct trouble *first;
    uint32_t last_id, count;
    uint32_t kept; /* places for those whose time has not come */
};

static void take_out(struct trouble *t)
{
    struct world *w = t->world;
    struct trouble **at = &w->troubles->first;
    end(t);
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    w->troubles->count--;
    core_timer_cancel(&w->queue, &t->timer);
    free(t);
}

static void over(struct core_queue *q, struct core_timer *timer)
{
    struct trouble *t = CORE_OWNER(timer, struct trouble, timer);
    struct world *w = t->world;
    (void)q;
    w->trace.cause = t->cause;
    if (trace_wants(&w->trace, TRACE_STATE)) {
        struct trace_record r = { .kind = TRACE_KIND_FAULT, .t_ns = world_now(w) };
        trace_attr_str(&r, "event", "over");
        trace_attr_str(&r, "name", t->words);
        trace_attr_str(&r, "pointer", t->pointer);
        w->trace.cause = trace_emit(&w->trace, &r);
    } else if (w->trace.levels)
        trace_skip(&w->trace);
    take_out(t);
}

static bool keep(char *to, size_t cap, const char **text, const char *what, char *error)
{
    if (!*text)
        return true;
    if (strlen(*text) >= cap)
        return wrong(error, "%s is longer than %zu octets", what, cap - 1);
    memcpy(to, *text, strlen(*text) + 1);
    *text = to;
    return true;
}

/* One that is right and not in the list; NULL: error says why not. */
static struct trouble *make(struct world *w, const struct trouble_order *o, char *error)
{
    struct trouble *t;
    if (!w->troubles)
        w->troubles = core_arena_take(&w->arena, sizeof *w->troubles);
    if (w->troubles->count + w->troubles->kept == TROUBLES_MAX) {
        wrong(error, "%u faults are set and %u are still to come, and %d are allowed", w->troubles->count,
              w->troubles->kept, TROUBLES_MAX);
        return NULL;
    }
    t = core_alloc(sizeof *t);
    t->world = w;
    t->order = *o;
    t->cause = w->trace.cause;
    t->timer.run = over;
    t->until_ns = CORE_NEVER;
    snprintf(t->number, sizeof t->number, "/control/%u", w->troubles->last_id + 1);
    t->pointer = o->pointer ? o->pointer : t->number;
    if (!keep(t->where, sizeof t->where, &t->order.where, "the name", error) ||
        !keep(t->match, sizeof t->match, &t->order.match, "the address to refuse", error) ||
        !keep(t->command, sizeof t->command, &t->order.command, "the command", error) ||
        !keep(t->status, sizeof t->status, &t->order.status, "the status", error) ||
        !keep(t->text, sizeof t->text, &t->order.text, "the text", error) || !check(t, error)) {
        free(t);
        return NULL;
    }
    return t;
}

bool trouble_check(struct world *w, const struct trouble_order *o, char error[TROUBLE_ERROR_MAX])
{
    struct trouble *t = make(w, o, error);
    free(t);
    return t != NULL;
}

bool trouble_keep(struct world *w, const struct trouble_order *o, char error[TROUBLE_ERROR_MAX])
{
    if (!trouble_check(w, o, error))
        return false;
    w->troubles->kept++;
    return true;
}

void trouble_add_kept(struct world *w, const struct trouble_order *o)
{
    char error[TROUBLE_ERROR_MAX];
    uint32_t id;
    assert(w->troubles->kept > 0);
    w->troubles->kept--;
    id = trouble_add(w, o, error);
    assert(id > 0); /* no change of settings takes away what a fault is about */
    (void)id;
}

uint32_t trouble_add(struct world *w, const struct trouble_order *o, char error[TROUBLE_ERROR_MAX])
{
    struct trouble *t = make(w, o, error), **at;
    if (!t)
        return 0;
    snprintf(t->words, sizeof t->words, "%s", o->words ? o->words : trouble_kind_name(o->kind));
    t->order.words = t->words;
    t->id = ++w->troubles->last_id;
    w->troubles->count++;
    for (at = &w->troubles->first; *at; at = &(*at)->next)
        continue;
    *at = t;
    begin(t);
    if (o->for_ns > 0) {
        t->until_ns = world_now(w) + o->for_ns;
        core_timer_set(&w->queue, &t->timer, t->until_ns);
    }
    return t->id;
}

const struct trouble *trouble_next(const struct world *w, const struct trouble *after)
{
    return after ? after->next : w->troubles ? w->troubles->first : NULL;
}

bool trouble_clear(struct world *w, uint32_t id)
{
    for (struct trouble *t = w->troubles ? w->troubles->first : NULL; t; t = t->next)
        if (t->id == id) {
            take_out(t);
            return true;
        }
    return false;
}

unsigned trouble_clear_all(struct world *w, const char *name)
{
    unsigned n = 0;
    for (struct trouble *t = w->troubles ? w->troubles->first : NULL, *next; t; t = next) {
        next = t->next;
        if (name && (t->order.kind != TROUBLE_DOWN || strcmp(t->where, name) != 0))
            continue;
        take_out(t);
        n++;
    }
    return n;
}

/* Links and users are gone by then or go too: nothing is mended. */
void troubles_free(struct world *w)
{
    for (struct trouble *t = w->troubles ? w->troubles->first : NULL, *next; t; t = next) {
        next = t->next;
        free(t);
    }
    w->troubles = NULL;
}
