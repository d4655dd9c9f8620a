/* Own mailboxes: users, aliases, postmaster, quota. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/trace_header.h"
#include "sim/hosts/mta.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/trouble.h"

static bool listed(const char *const *domains, size_t n, struct wire_slice domain)
{
    for (size_t i = 0; i < n; i++)
        if (wire_slice_is_nocase(domain, domains[i]))
            return true;
    return false;
}

bool mta_is_local(const struct mta *m, struct wire_slice domain)
{
    return listed(m->spec->local_domains, m->spec->nlocal_domains, domain) ||
           wire_slice_is_nocase(domain, m->hostname);
}

bool mta_relays_for(const struct mta *m, struct wire_slice domain)
{
    return listed(m->spec->relay_domains, m->spec->nrelay_domains, domain);
}

/* An alias is named by its local part, or by the whole address. */
static const struct spec_alias *alias_for(const struct mta *m, struct wire_slice local,
                                          struct wire_slice domain)
{
    for (size_t i = 0; i < m->spec->naliases; i++) {
        const struct spec_alias *a = &m->spec->aliases[i];
        const char *at = strchr(a->name, '@');
        size_t n = at ? (size_t)(at - a->name) : strlen(a->name);
        if (wire_equal_nocase(local.at, local.len, a->name, n) &&
            (!at || wire_slice_is_nocase(domain, at + 1)))
            return a;
    }
    return NULL;
}

static struct user *user_for(const struct mta *m, struct wire_slice name)
{
    char plain[WIRE_LOCAL_PART_MAX];
    struct user *user;
    if (!m->host->store)
        return NULL;
    if (name.len > 1 && name.at[0] == '"' && name.len <= WIRE_LOCAL_PART_MAX) {
        struct wire_mailbox quoted = { .local = name, .quoted = true };
        name = wire_slice(plain, wire_mailbox_local_text(plain, &quoted));
    }
    user = store_user(m->host->store, name);
    /* RFC 5321 section 4.5.1: postmaster always works; without an alias it is the first user's. */
    if (!user && wire_slice_is_nocase(name, "postmaster"))
        user = store_next(m->host->store, NULL);
    return user;
}

enum local_kind mta_local(struct mta *m, struct wire_slice local_part, struct wire_slice domain,
                          struct user **user, const struct spec_alias **alias)
{
    *user = NULL;
    *alias = alias_for(m, local_part, domain);
    if (*alias)
        return LOCAL_ALIAS;
    *user = user_for(m, local_part);
    return *user ? LOCAL_USER : LOCAL_UNKNOWN;
}

/* ---- aliases ------------------------------------------------------------------------------------------ */

struct expansion { /* all that one recipient leads to, aliases of aliases included */
    struct queue_item *q;
    uint32_t index;                           /* of that recipient */
    uint32_t n;                               /* addresses found */
    uint32_t leaves;                          /* of them, those that are no aliases */
    bool full;                                /* there were more than MTA_ALIAS_MAX */
    struct wire_slice address[MTA_ALIAS_MAX]; /* in the item's text */
};

static struct wire_slice local_of(struct wire_slice address)
{
    size_t n = address.len;
    while (n > 0 && address.at[n - 1] != '@')
        n--;
    return wire_slice(address.at, n > 0 ? n - 1 : address.len);
}

static struct wire_slice domain_of(struct wire_slice address)
{
    size_t n = local_of(address).len;
    return n < address.len ? wire_slice(address.at + n + 1, address.len - n - 1) : wire_slice("", 0);
}

static bool same(struct wire_slice a, struct wire_slice b)
{
    return wire_equal_nocase(a.at, a.len, b.at, b.len);
}

/* "bob" in an alias of the address sales@example.org is bob@example.org. */
static struct wire_slice target_address(struct queue_item *q, const char *target, struct wire_slice of)
{
    char address[WIRE_PATH_MAX + 1];
    struct wire_slice domain = domain_of(of);
    if (strchr(target, '@') || domain.len == 0)
        snprintf(address, sizeof address, "%s", target);
    else
        snprintf(address, sizeof address, "%s@%.*s", target, (int)domain.len, domain.at);
    return item_text(q, address, strlen(address));
}

static void reach(struct expansion *x, struct wire_slice address)
{
    for (uint32_t i = 0; i < x->n; i++)
        if (same(x->address[i], address))
            return;
    if (x->n == MTA_ALIAS_MAX)
        x->full = true;
    else
        x->address[x->n++] = address;
}

/* A recipient that an alias leads to. One that the message has already is not added twice. */
static void leaf(struct expansion *x, struct wire_slice address, bool mailbox)
{
    struct queue_item *q = x->q;
    struct recipient *r;
    x->leaves++;
    for (uint32_t i = 0; i < q->nrcpt; i++)
        if (same(q->rcpt[i].address, address)) {
            if (i == x->index)
                q->rcpt[i].mailbox = mailbox;
            return;
        }
    if (q->nrcpt >= MTA_ALIAS_MAX) {
        x->full = true;
        return;
    }
    r = item_recipient(q, address.at, address.len);
    r->notify = q->rcpt[x->index].notify;
    r->orcpt = q->rcpt[x->index].orcpt; /* a report names the address that the sender wrote */
    r->mailbox = mailbox;
}

static void walk(struct expansion *x)
{
    struct mta *m = x->q->mta;
    for (uint32_t i = 0; i < x->n; i++) {
        struct wire_slice address = x->address[i], domain = domain_of(address);
        const struct spec_alias *alias = NULL;
        if (domain.len == 0 || mta_is_local(m, domain))
            alias = alias_for(m, local_of(address), domain);
        if (!alias) {
            leaf(x, address, false);
            continue;
        }
        for (size_t t = 0; t < alias->ntargets; t++) {
            struct wire_slice target = target_address(x->q, alias->targets[t], address);
            if (same(target, address) && user_for(m, local_of(address)))
                leaf(x, address, true);
            else
                reach(x, target);
        }
    }
}

static void answer(struct queue_item *q, struct recipient *r, enum recipient_state state, uint16_t code,
                   const char *status, const char *said)
{
    uint64_t now = world_now(q->mta->host->world);
    char delays[QUEUE_DELAYS];
    recipient_answer(q, r, state, code, status, wire_slice_str(said), wire_slice_str(""));
    queue_tell(q,
               state == RCPT_SENT     ? "sent"
               : state == RCPT_FAILED ? "bounced"
                                      : "deferred",
               r,
               &(struct queue_more){ .relay = "local",
                                     .delays = world_tells(q->mta->host->world, TRACE_STATE)
                                                   ? queue_delays(q, now, now, now, delays)
                                                   : NULL });
}

/* Everything that the alias leads to becomes a recipient. An alias that leads nowhere is not a way to lose a
 * message: its sender is told. */
static void expand(struct queue_item *q, uint32_t index)
{
    struct expansion *x = core_alloc(sizeof *x);
    x->q = q;
    x->index = index;
    reach(x, q->rcpt[index].address);
    walk(x);
    if (x->full)
        answer(q, &q->rcpt[index], RCPT_FAILED, 550, "5.2.4", "550 5.2.4 the alias has too many recipients");
    else if (x->leaves == 0)
        answer(q, &q->rcpt[index], RCPT_FAILED, 554, "5.4.6", "554 5.4.6 the alias leads back to itself");
    else if (q->rcpt[index].mailbox)
        mta_deliver_local(q, &q->rcpt[index]);
    else
        q->rcpt[index].state = RCPT_EXPANDED;
    free(x);
}

void mta_deliver_local(struct queue_item *q, struct recipient *r)
{
    struct mta *m = q->mta;
    struct world *w = m->host->world;
    struct wire_slice address = r->address;
    struct wire_slice local = wire_slice(
        address.at, r->domain_at > 0 && r->domain_at < address.len ? r->domain_at - 1 : address.len);
    struct wire_slice domain = wire_slice(address.at + r->domain_at, address.len - r->domain_at);
    char field[WIRE_RETURN_PATH_MAX];
    struct user *user;
    const struct spec_alias *alias;
    size_t before;
    enum local_kind kind = mta_local(m, local, domain, &user, &alias);
    if (kind == LOCAL_ALIAS && !r->mailbox) {
        expand(q, (uint32_t)(r - q->rcpt));
        return;
    }
    if (kind == LOCAL_ALIAS)
        user = user_for(m, local);
    if (kind == LOCAL_UNKNOWN) {
        answer(q, r, RCPT_FAILED, 550, "5.1.1", "550 5.1.1 no such user here");
        return;
    }
    before = mail_put_before(q->mail, field, wire_return_path_write(field, q->sender));
    if (world_tells(w, TRACE_PHASE))
        tell_phase(m->host, PHASE_LOCAL, 0, 0, "%s delivers the message to the mailbox of %s", m->hostname,
                   user->spec->name);
    if (store_add(&user->inbox, q->mail, (uint32_t)before, 0, 0, world_seconds(w), NULL) != STORE_OK) {
        struct trace_record t;
        if (!(user->full && trouble_tell_full(user, 0)) && tell_state(&t, m->host, TRACE_KIND_CONFIG, NULL)) {
            char pointer[512];
            snprintf(pointer, sizeof pointer, "%s/quota", user->spec->pointer ? user->spec->pointer : "");
            trace_attr_str(&t, "pointer", pointer);
            trace_attr_num(&t, "value", (int64_t)user->spec->quota_octets);
            tell_send(&t, m->host, true);
        }
        store_tell(user, &user->inbox, TRACE_NONE, "over-quota",
                   &(struct stored){ .mail = q->mail, .before = (uint32_t)before });
        answer(q, r, RCPT_FAILED, 552, "5.2.2", "552 5.2.2 mailbox full");
        return;
    }
    w->totals.delivered++;
    store_tell(user, &user->inbox, TRACE_NONE, "stored", user->inbox.message[user->inbox.count - 1]);
    answer(q, r, RCPT_SENT, 250, "2.0.0", "delivered to mailbox");
    if (w->on_delivered)
        w->on_delivered(w->on_delivered_ctx, user);
}
