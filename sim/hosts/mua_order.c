/* Messages that are sent because somebody who watches the run says so. */
#include "sim/hosts/mua_order.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocols/wire/address.h"
#include "protocols/wire/compose.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/world.h"
#include "sim/net/net_host.h"

struct mua_ordered {
    struct action_run run;
    struct spec_action action;
    struct spec_message message;
    struct spec_account spec; /* with `via` */
    struct account account;
    void (*done)(void *ctx, const char *result);
    void *ctx;
};

__attribute__((format(printf, 2, 3))) static void *wrong(char *error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(error, MUA_ORDER_ERROR_MAX, fmt, ap);
    va_end(ap);
    return NULL;
}

static const char *copy(struct world *w, const char *text)
{
    return text ? core_arena_copy(&w->arena, text, strlen(text)) : NULL;
}

static bool is_mailbox(const char *address, size_t len)
{
    struct wire_mailbox m;
    return wire_mailbox_parse(wire_slice(address, len), true, &m) == WIRE_ADDRESS_OK;
}

/* "a@b.example,c@d.example" -> a list. 0: error says why. */
static size_t recipients(struct world *w, const char *to, const char *const **list, char *error)
{
    size_t n = 1, k = 0;
    const char **out;
    for (const char *at = to; *at; at++)
        n += *at == ',';
    if (n > MUA_ORDER_RECIPIENTS_MAX)
        return wrong(error, "more than %d recipients", MUA_ORDER_RECIPIENTS_MAX), 0;
    out = core_arena_take(&w->arena, n * sizeof(const char *));
    for (const char *at = to; k < n; k++) {
        size_t len = strcspn(at, ",");
        if (!is_mailbox(at, len))
            return wrong(error, "'%.*s' is no address like bob@example.com", (int)(len < 80 ? len : 80), at),
                   0;
        out[k] = core_arena_copy(&w->arena, at, len);
        at += len + 1;
    }
    *list = out;
    return n;
}

static struct account *find_account(struct world *w, const char *from, const char *at)
{
    for (size_t i = 0; i < w->nhosts; i++) {
        struct mua *m = w->hosts[i].mua;
        if (!m || (at && strcmp(w->hosts[i].spec->name, at) != 0))
            continue;
        for (size_t k = 0; k < m->naccounts; k++) {
            const struct spec_account *a = m->accounts[k].spec;
            if ((a->address && strcmp(a->address, from) == 0) || (a->name && strcmp(a->name, from) == 0))
                return &m->accounts[k];
        }
    }
    return NULL;
}

static struct account *account_of(struct world *w, const struct mua_order *o, char *error)
{
    struct account *a = find_account(w, o->from, o->at);
    int n;
    if (a)
        return a;
    n = snprintf(error, MUA_ORDER_ERROR_MAX,
                 "no mail program has an account '%.80s'; name a server with via, or one of:", o->from);
    for (size_t i = 0; i < w->nhosts; i++)
        for (size_t k = 0; w->hosts[i].mua && k < w->hosts[i].mua->naccounts && n < MUA_ORDER_ERROR_MAX - 80;
             k++)
            n += snprintf(error + n, (size_t)(MUA_ORDER_ERROR_MAX - n), " %.70s",
                          w->hosts[i].mua->accounts[k].spec->address);
    return NULL;
}

/* An account of nobody: it knows a server, and no password. */
static struct account *account_via(struct world *w, const struct mua_order *o, struct mua_ordered *x,
                                   char *error)
{
    const struct net_addr *address;
    struct host *server = world_host_named(w, o->via), *host = o->at ? world_host_named(w, o->at) : NULL;
    for (size_t i = 0; !o->at && !host && i < w->nhosts; i++)
        if (w->hosts[i].mua && w->hosts[i].stub)
            host = &w->hosts[i];
    if (!server || server->net->nifaces == 0)
        return wrong(error, "via: host '%.60s' does not exist", o->via);
    if (!host || !host->stub)
        return wrong(error,
                     o->at ? "at: host '%.60s' does not exist, or has no resolver"
                           : "no host of this world has a mail program%.0s; name a host with at",
                     o->at ? o->at : "");
    if (o->from[0] && !is_mailbox(o->from, strlen(o->from)))
        return wrong(error, "'%.80s' is no address like bob@example.com", o->from);
    address = server->net->ifaces[0]->bits4 ? &server->net->ifaces[0]->ip4 : &server->net->ifaces[0]->ip6;
    x->spec = (struct spec_account){ .address = x->message.from,
                                     .submit_server = copy(w, tell_addr(address)),
                                     .submit_port = o->port ? o->port : 25,
                                     .submit_security = SPEC_PLAIN,
                                     .submit_auth = SPEC_AUTH_NONE };
    mua_account_init(&x->account, host, &x->spec);
    return &x->account;
}

static void over(struct action_run *run, bool success)
{
    struct mua_ordered *x = CORE_OWNER(run, struct mua_ordered, run);
    (void)success;
    if (x->done)
        x->done(x->ctx, run->result);
    x->done = NULL;
}

void mua_order_forget(struct mua_ordered *o)
{
    o->done = NULL;
}

/* What the mail program would not write is the mistake of whoever orders it, not a server's refusal. */
static bool can_be_written(const struct mua_order *o, char *error)
{
    struct wire_compose c = { .from = WIRE_SLICE("somebody@example.com") };
    if (o->raw)
        return true;
    if (!o->from[0])
        return wrong(error, "from \"\" is for a whole message (raw): one that is written here has an author"),
               false;
    c.subject = wire_slice_str(o->subject ? o->subject : "");
    if (wire_compose_check(&c) != WIRE_COMPOSE_OK)
        return wrong(error, "subject must be one line of text: a CR, LF or other control character in it "
                            "could begin another field"),
               false;
    c.text = wire_slice_str(o->text ? o->text : "");
    if (wire_compose_check(&c) != WIRE_COMPOSE_OK)
        return wrong(error, "text must be UTF-8"), false;
    return true;
}

struct mua_ordered *mua_order(struct world *w, const struct mua_order *o, char error[MUA_ORDER_ERROR_MAX])
{
    struct mua_ordered *x;
    struct account *a;
    if (w->orders == MUA_ORDERS_MAX)
        return wrong(error, "%d messages have been sent by order: that is the most in one run",
                     MUA_ORDERS_MAX);
    if (o->raw && (o->subject || o->text))
        return wrong(error, "raw is a whole message: no subject and no text beside it");
    if (!can_be_written(o, error))
        return NULL;
    x = core_arena_take(&w->arena, sizeof *x);
    x->message = (struct spec_message){ .name = "by-order",
                                        .from = copy(w, o->from),
                                        .subject = copy(w, o->subject ? o->subject : ""),
                                        .text = copy(w, o->text ? o->text : ""),
                                        .raw = copy(w, o->raw),
                                        .raw_len = o->raw ? strlen(o->raw) : 0 };
    x->message.nto = recipients(w, o->to, &x->message.to, error);
    a = x->message.nto == 0 ? NULL : o->via ? account_via(w, o, x, error) : account_of(w, o, error);
    if (!a)
        return NULL;
    if (!o->via)
        x->message.from = NULL; /* with the account's display name */
    x->message.envelope_from = o->via ? x->message.from : NULL;
    x->action = (struct spec_action){ .kind = SPEC_DO_SEND, .name = "by-order", .message_spec = &x->message };
    x->run = (struct action_run){
        .world = w, .spec = &x->action, .host = a->host, .under_way = true, .times = 1, .done = over
    };
    x->done = o->done;
    x->ctx = o->ctx;
    w->orders++;
    mua_send(&x->run, a);
    return x;
}
