/* Own mailboxes: users, aliases, postmaster, quota. */
#include <stdio.h>
#include <string.h>

#include "protocols/wire/trace_header.h"
#include "sim/hosts/mta.h"
#include "sim/hosts/tell.h"

static bool listed(const char *const *domains, size_t n, struct wire_slice domain)
{
    for (size_t i = 0; i < n; i++)
        if (wire_slice_is_nocase(domain, domains[i]))
            return true;
    return false;
}

bool mta_is_local(const struct mta *m, struct wire_slice domain)
{
    return listed(m->spec->local_domains, m->spec->nlocal_domains, domain) || wire_slice_is_nocase(domain, m->hostname);
}

bool mta_relays_for(const struct mta *m, struct wire_slice domain)
{
    return listed(m->spec->relay_domains, m->spec->nrelay_domains, domain);
}

/* An alias is named by its local part, or by the whole address. */
static const struct spec_alias *alias_for(const struct mta *m, struct wire_slice local, struct wire_slice domain)
{
    for (size_t i = 0; i < m->spec->naliases; i++) {
        const struct spec_alias *a = &m->spec->aliases[i];
        const char              *at = strchr(a->name, '@');
        size_t                   n = at ? (size_t)(at - a->name) : strlen(a->name);
        if (wire_equal_nocase(local.at, local.len, a->name, n) && (!at || wire_slice_is_nocase(domain, at + 1)))
            return a;
    }
    return NULL;
}

enum local_kind mta_local(struct mta *m, struct wire_slice local_part, struct wire_slice domain, struct user **user,
                          const struct spec_alias **alias)
{
    char              plain[WIRE_LOCAL_PART_MAX];
    struct wire_slice name = local_part;
    *user = NULL;
    *alias = alias_for(m, local_part, domain);
    if (*alias)
        return LOCAL_ALIAS;
    if (!m->host->store)
        return LOCAL_UNKNOWN;
    if (name.len > 1 && name.at[0] == '"' && name.len <= WIRE_LOCAL_PART_MAX) {
        struct wire_mailbox quoted = { .local = name, .quoted = true };
        name = wire_slice(plain, wire_mailbox_local_text(plain, &quoted));
    }
    *user = store_user(m->host->store, name);
    /* RFC 5321 section 4.5.1: postmaster always works; without an alias it is the first user's. */
    if (!*user && wire_slice_is_nocase(name, "postmaster") && m->host->store->nusers > 0)
        *user = &m->host->store->users[0];
    return *user ? LOCAL_USER : LOCAL_UNKNOWN;
}

static void expand(struct queue_item *q, uint32_t index, const struct spec_alias *a)
{
    for (size_t i = 0; i < a->ntargets; i++) {
        char              address[WIRE_PATH_MAX + 1];
        const char       *target = a->targets[i];
        bool              known = false;
        struct recipient *r = &q->rcpt[index];
        if (strchr(target, '@'))
            snprintf(address, sizeof address, "%s", target);
        else
            snprintf(address, sizeof address, "%s@%.*s", target, (int)(r->address.len - r->domain_at),
                     r->address.at + r->domain_at);
        for (uint32_t k = 0; k < q->nrcpt && !known; k++)
            known = wire_slice_is_nocase(q->rcpt[k].address, address);
        if (known || q->nrcpt >= MTA_ALIAS_MAX)
            continue; /* an alias that leads back to itself ends here */
        item_recipient(q, address, strlen(address))->notify = q->rcpt[index].notify;
    }
    q->rcpt[index].state = RCPT_EXPANDED;
}

static void answer(struct queue_item *q, struct recipient *r, enum recipient_state state, uint16_t code,
                   const char *status, const char *said)
{
    recipient_answer(q, r, state, code, status, wire_slice_str(said), wire_slice_str(""));
    queue_tell(q, state == RCPT_SENT ? "sent" : state == RCPT_FAILED ? "bounced" : "deferred", r, &(struct queue_more){ .relay = "local" });
}

void mta_deliver_local(struct queue_item *q, struct recipient *r)
{
    struct mta              *m = q->mta;
    struct world            *w = m->host->world;
    struct wire_slice        address = r->address;
    struct wire_slice        local = wire_slice(address.at, r->domain_at > 0 && r->domain_at < address.len ? r->domain_at - 1 : address.len);
    struct wire_slice        domain = wire_slice(address.at + r->domain_at, address.len - r->domain_at);
    char                     field[WIRE_RETURN_PATH_MAX];
    struct user             *user;
    const struct spec_alias *alias;
    size_t                   before;
    enum local_kind          kind = mta_local(m, local, domain, &user, &alias);
    if (kind == LOCAL_ALIAS) {
        expand(q, (uint32_t)(r - q->rcpt), alias);
        return;
    }
    if (kind == LOCAL_UNKNOWN) {
        answer(q, r, RCPT_FAILED, 550, "5.1.1", "550 5.1.1 no such user here");
        return;
    }
    before = mail_put_before(q->mail, field, wire_return_path_write(field, q->sender));
    if (world_tells(w, TRACE_PHASE))
        tell_phase(m->host, PHASE_LOCAL, 0, 0, "%s puts the message into the mailbox of %s", m->hostname, user->spec->name);
    if (store_add(&user->inbox, q->mail, (uint32_t)before, 0, 0, world_seconds(w), NULL) != STORE_OK) {
        struct trace_record t;
        if (tell_state(&t, m->host, TRACE_KIND_CONFIG, NULL)) {
            trace_attr_str(&t, "pointer", user->spec->pointer);
            trace_attr_num(&t, "value", (int64_t)user->spec->quota_octets);
            tell_send(&t, m->host, true);
        }
        store_tell(user, &user->inbox, TRACE_NONE, "over-quota", NULL);
        answer(q, r, RCPT_FAILED, 552, "5.2.2", "552 5.2.2 mailbox full");
        return;
    }
    w->totals.delivered++;
    store_tell(user, &user->inbox, TRACE_NONE, "stored", user->inbox.message[user->inbox.count - 1]);
    answer(q, r, RCPT_SENT, 250, "2.0.0", "delivered to mailbox");
    if (w->on_delivered)
        w->on_delivered(w->on_delivered_ctx, user);
}
