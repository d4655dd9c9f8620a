/* Where faults that were set while the world runs act. */
#include <string.h>

#include "sim/hosts/mta.h"
#include "sim/hosts/pump.h"
#include "sim/hosts/store.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/trouble.h"

static struct trouble *first_of(const struct world *w)
{
    return (struct trouble *)(uintptr_t)trouble_next(w, NULL);
}

/* One more time? Counts it. */
static bool takes_turn(struct trouble *t)
{
    if (t->order.first > 0 && t->used >= t->order.first)
        return false;
    t->used++;
    return true;
}

static void tell(const struct trouble *t, const struct host *h, uint32_t conn)
{
    struct trace_record r;
    if (!tell_state(&r, h, TRACE_KIND_CONFIG, NULL))
        return;
    r.conn = conn;
    trace_attr_str(&r, "pointer", t->pointer);
    trace_attr_str(&r, "value", t->words);
    if (t->order.kind == TROUBLE_DELAY) {
        r.title = "The answer is held back";
        r.lesson =
            "The server has done what it was asked to do, and says so only later. Until then the other "
            "side does not know it, and waits. Nobody waits for ever.";
        r.section = "RFC 5321 section 4.5.3.2";
    }
    tell_send(&r, h, true);
}

const struct spec_refusal *trouble_refusal(struct host *h, const char *command, struct wire_slice what,
                                           uint32_t conn)
{
    for (struct trouble *t = first_of(h->world); t; t = t->next)
        if (t->order.kind == TROUBLE_REFUSE && (!t->host || t->host == h) &&
            strcmp(t->refusal.command, command) == 0 && mta_refusal_matches(&t->refusal, what) &&
            takes_turn(t)) {
            tell(t, h, conn);
            return &t->refusal;
        }
    return NULL;
}

static bool is_here(const struct trouble *t, const struct pump *p)
{
    struct net_addr addr;
    uint16_t port;
    if (t->host != p->host)
        return false;
    if (t->order.port == 0)
        return true;
    pump_local(p, &addr, &port);
    return port == t->order.port;
}

/* "FETCH" is "UID FETCH" too: clients use the one or the other. */
static bool is_command(const char *ordered, const char *verb)
{
    return strcmp(ordered, verb) == 0 || (strncmp(verb, "UID ", 4) == 0 && strcmp(ordered, verb + 4) == 0);
}

/* What the delays of all answers add up to, or those after one command. */
static uint64_t delays(struct pump *p, const char *verb)
{
    uint64_t ns = 0;
    for (struct trouble *t = first_of(p->host->world); t; t = t->next)
        if (t->order.kind == TROUBLE_DELAY && is_here(t, p) &&
            (verb ? t->order.command && is_command(t->order.command, verb) : !t->order.command) &&
            takes_turn(t)) {
            tell(t, p->host, pump_number(p));
            ns += t->order.delay_ns;
        }
    return ns;
}

uint64_t trouble_delay(struct pump *p)
{
    return delays(p, NULL);
}

static void drop(struct trouble *t, struct pump *p)
{
    tell(t, p->host, pump_number(p));
    if (t->order.reset)
        pump_abort(p);
    else
        pump_close(p);
}

bool trouble_drops(struct pump *p, const char *verb)
{
    uint64_t late;
    for (struct trouble *t = first_of(p->host->world); t; t = t->next)
        if (t->order.kind == TROUBLE_DROP && t->order.octets == 0 && is_command(t->order.command, verb) &&
            is_here(t, p) && takes_turn(t)) {
            drop(t, p);
            return true;
        }
    if ((late = delays(p, verb)) > 0 && !p->hold)
        pump_hold(p, late + delays(p, NULL));
    return false;
}

static struct trouble *content_limit(struct pump *p, uint64_t had)
{
    struct trouble *least = NULL;
    for (struct trouble *t = first_of(p->host->world); t; t = t->next)
        if (t->order.kind == TROUBLE_DROP && t->order.octets > 0 && t->order.octets >= had && is_here(t, p) &&
            (t->order.first == 0 || t->used < t->order.first) &&
            (!least || t->order.octets < least->order.octets))
            least = t;
    return least;
}

uint64_t trouble_content(struct pump *p, uint64_t had)
{
    const struct trouble *t = content_limit(p, had);
    return t ? t->order.octets - had : CORE_NEVER;
}

void trouble_drop_content(struct pump *p, uint64_t had)
{
    struct trouble *t = content_limit(p, had);
    if (t && takes_turn(t))
        drop(t, p);
}

const struct trouble *trouble_dns(struct host *h)
{
    for (struct trouble *t = first_of(h->world); t; t = t->next)
        if (t->order.kind == TROUBLE_DNS && t->host == h) {
            t->used++;
            tell(t, h, 0);
            return t;
        }
    return NULL;
}

bool trouble_tell_full(struct user *u, uint32_t conn)
{
    struct host *h = u->store->host;
    for (struct trouble *t = first_of(h->world); t; t = t->next)
        if (t->user == u) {
            t->used++;
            tell(t, h, conn);
            return true;
        }
    return false;
}
