/* What a person who watches a running world may ask. */
#include "sim/hosts/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/message.h"
#include "sim/hosts/mta.h"
#include "sim/hosts/pump.h"
#include "sim/hosts/store.h"
#include "sim/hosts/world.h"
#include "sim/net/net_host.h"

/* ---- mailboxes ------------------------------------------------------------------------------------------
 */

static void flags_text(const struct mailbox *box, const struct stored *m, char out[LOOK_FLAGS_MAX])
{
    size_t n = 0;
    out[0] = '\0';
    for (unsigned bit = 1; bit & IMAP_FLAGS_SETTABLE; bit <<= 1)
        if (m->flags & bit)
            n += (size_t)snprintf(out + n, LOOK_FLAGS_MAX - n, "%s%s", n ? " " : "",
                                  imap_flag_name((enum imap_flag)bit));
    for (unsigned k = 0; box->keyword && k < IMAP_KEYWORDS_MAX; k++)
        if ((m->keywords >> k & 1) && box->keyword[k] && n + strlen(box->keyword[k]) + 2 < LOOK_FLAGS_MAX)
            n += (size_t)snprintf(out + n, LOOK_FLAGS_MAX - n, "%s%s", n ? " " : "", box->keyword[k]);
}

static bool see_message(struct user *u, const struct mailbox *box, const struct stored *m,
                        bool (*see)(void *ctx, const struct look_message *m), void *ctx)
{
    const struct host *h = u->store->host;
    struct look_message look = { .host = h->spec->name,
                                 .user = u->spec->name,
                                 .mailbox = box->name ? box->name : "INBOX",
                                 .uid = m->uid,
                                 .octets = wire_slice(stored_octets(m), stored_len(m)) };
    const char *text = mail_text(m->mail);
    flags_text(box, m, look.flags);
    snprintf(look.address, sizeof look.address, "%s@%s", u->spec->name, store_domain(u->store));
    look.message_id = wire_field_body(text, m->mail->len, "Message-ID");
    look.subject = wire_field_body(text, m->mail->len, "Subject");
    look.from = wire_field_body(text, m->mail->len, "From");
    return see(ctx, &look);
}

static bool see_user(struct user *u, bool (*see)(void *ctx, const struct look_message *m), void *ctx)
{
    for (const struct mailbox *box = &u->inbox; box; box = box->next)
        for (uint32_t i = 0; i < box->count; i++)
            if (!see_message(u, box, box->message[i], see, ctx))
                return false;
    return true;
}

bool look_messages(struct world *w, const char *address, bool (*see)(void *ctx, const struct look_message *m),
                   void *ctx)
{
    struct user *one = address ? world_user(w, address) : NULL;
    if (address) {
        if (one)
            see_user(one, see, ctx);
        return one != NULL;
    }
    for (size_t i = 0; i < w->nhosts; i++)
        for (struct user *u = w->hosts[i].store ? store_next(w->hosts[i].store, NULL) : NULL; u;
             u = store_next(w->hosts[i].store, u))
            if (!see_user(u, see, ctx))
                return true;
    return true;
}

/* ---- queues ---------------------------------------------------------------------------------------------
 */

static bool see_item(const struct queue_item *q, bool (*see)(void *ctx, const struct look_recipient *r),
                     void *ctx)
{
    static const char *const states[] = {
        [RCPT_WAITING] = "waiting", [RCPT_TRYING] = "trying", [RCPT_SENT] = "sent", [RCPT_FAILED] = "failed"
    };
    for (uint32_t i = 0; i < q->nrcpt; i++) {
        const struct recipient *r = &q->rcpt[i];
        struct look_recipient look = { .host = q->mta->host->spec->name,
                                       .id = q->id,
                                       .sender = q->sender,
                                       .recipient = r->address,
                                       .message_id = q->message_id,
                                       .octets = q->mail ? q->mail->len : 0,
                                       .arrival_ns = q->arrival_ns,
                                       .next_try_ns = q->jobs > 0 ? 0 : q->next_ns,
                                       .attempts = q->attempts,
                                       .remote = r->remote,
                                       .said = r->said,
                                       .code = r->code,
                                       .status = r->status };
        if (r->state == RCPT_EXPANDED) /* an alias: its targets stand for it */
            continue;
        look.state = states[r->state];
        if (!see(ctx, &look))
            return false;
    }
    return true;
}

bool look_queues(struct world *w, const char *host, bool (*see)(void *ctx, const struct look_recipient *r),
                 void *ctx)
{
    struct host *one = host ? world_host_named(w, host) : NULL;
    if (host && (!one || !one->mta))
        return false;
    for (size_t i = 0; i < w->nhosts; i++) {
        const struct mta *m = w->hosts[i].mta;
        if (!m || (one && one != &w->hosts[i]))
            continue;
        for (const struct queue_item *q = m->queue.next; q != &m->queue; q = q->next)
            if (!see_item(q, see, ctx))
                return true;
    }
    return true;
}

/* ---- connections ------------------------------------------------------------------------------------------
 */

struct pumps {
    const struct pump **all;
    size_t n, max;
};

static void note(void *ctx, const struct tcp_conn *c)
{
    struct pumps *p = ctx;
    const struct pump *pump = pump_of(c);
    if (!pump || !pump->conn)
        return;
    if (p->n == p->max) {
        p->max = p->max ? p->max * 2 : 64;
        p->all = core_realloc(p->all, p->max * sizeof(const struct pump *));
    }
    p->all[p->n++] = pump;
}

static int by_number(const void *a, const void *b)
{
    const struct pump *x = *(const struct pump *const *)a, *y = *(const struct pump *const *)b;
    uint32_t nx = pump_number(x), ny = pump_number(y);
    if (nx != ny)
        return nx < ny ? -1 : 1;
    return (y->ops->dir == 'S') - (x->ops->dir == 'S');
}

static bool see_pump(struct world *w, const struct pump *p,
                     bool (*see)(void *ctx, const struct look_session *s), void *ctx)
{
    struct look_session s = { .conn = pump_number(p),
                              .host = p->host->spec->name,
                              .role = p->ops->dir == 'S' ? "server" : "client",
                              .proto = trace_proto_name(p->ops->proto),
                              .tcp = tcp_state_name(tcp_state(p->conn)),
                              .tls = p->tls != NULL };
    const struct net_iface *peer;
    pump_local(p, &s.local, &s.local_port);
    pump_peer(p, &s.peer, &s.peer_port);
    peer = net_owner(&w->net, &s.peer);
    s.peer_host = peer ? w->hosts[peer->host->number - 1].spec->name : NULL;
    if (p->ops->state)
        s.state = p->ops->state(p, &s.user);
    return see(ctx, &s);
}

void look_sessions(struct world *w, bool (*see)(void *ctx, const struct look_session *s), void *ctx)
{
    struct pumps pumps = { 0 };
    tcp_each(&w->net, note, &pumps);
    if (pumps.n > 0)
        qsort(pumps.all, pumps.n, sizeof(const struct pump *), by_number);
    for (size_t i = 0; i < pumps.n && see_pump(w, pumps.all[i], see, ctx); i++)
        continue;
    free(pumps.all);
}
