/* Hosts that stand for real servers, and the DNS records that lead to them. */
#include "sim/gateway/exit_plan.h"

#include <stdio.h>
#include <string.h>

#define PREFERENCE_STEP 10 /* of a domain's first exit, second, ... */
#define NAME_ROOM       (FORWARD_NAME_MAX + 32)

/* The first forward of the same host: a name's ports share one, each mail exchange has its own. */
static size_t leader(const struct forwards *f, size_t i)
{
    for (size_t k = 0; k < i && f->one[i].port; k++)
        if (f->one[k].port && strcmp(f->one[k].name, f->one[i].name) == 0)
            return k;
    return i;
}

void plan_exits_count(struct plan *p, const struct forwards *f)
{
    p->nexit_hosts = 0;
    for (size_t i = 0; i < f->n; i++)
        p->nexit_hosts += leader(f, i) == i;
}

/* ---- names --------------------------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Both without a final dot, whatever their case. */
static bool same_name(const char *a, size_t alen, const char *b)
{
    size_t blen = strlen(b);
    if (alen > 0 && a[alen - 1] == '.')
        alen--;
    if (blen > 0 && b[blen - 1] == '.')
        blen--;
    if (alen != blen)
        return false;
    for (size_t i = 0; i < alen; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

/* Does `name` lie in `apex`, or is it that? "." has all. */
static bool within(const char *name, const char *apex)
{
    size_t n = strlen(name), a = strlen(apex);
    if (a > 0 && apex[a - 1] == '.')
        a--;
    return a == 0 || (n >= a && same_name(name + n - a, a, apex) && (n == a || name[n - a - 1] == '.'));
}

/* The absolute name of a record's owner, without the final dot. */
static void owner_of(const struct spec_record *r, const char *apex, char *out, size_t cap)
{
    size_t n = strlen(r->name), a = strlen(apex);
    if (a > 0 && apex[a - 1] == '.')
        a--;
    if (strcmp(r->name, "@") == 0)
        snprintf(out, cap, "%.*s", (int)a, apex);
    else if (n > 0 && r->name[n - 1] == '.')
        snprintf(out, cap, "%.*s", (int)(n - 1), r->name);
    else
        snprintf(out, cap, "%s%s%.*s", r->name, a ? "." : "", (int)a, apex);
}

static struct spec_zone *zone_of(struct spec_zone *zones, size_t n, const char *name)
{
    struct spec_zone *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (within(name, zones[i].name) &&
            (!best || strlen(zones[i].name) > strlen(best->name) || strcmp(best->name, ".") == 0))
            best = &zones[i];
    return best;
}

/* ---- records ------------------------------------------------------------------------------------------- */

static bool one_of(const char *type, const char *const *types)
{
    for (; *types; types++)
        if (same_name(type, strlen(type), *types))
            return true;
    return false;
}

/* Takes the records of these types at `name` out of the zone, and any that hand the name over to others. */
static void clear_name(struct spec_zone *z, struct spec_record *records, const char *name,
                       const char *const *types)
{
    size_t kept = 0;
    char owner[1024];
    for (size_t i = 0; i < z->nrecords; i++) {
        const struct spec_record *r = &records[i];
        bool away;
        owner_of(r, z->name, owner, sizeof owner);
        away = same_name(r->type, strlen(r->type), "NS") && within(name, owner) &&
               !same_name(owner, strlen(owner), z->name) && owner[0];
        if (!away && !(same_name(owner, strlen(owner), name) && one_of(r->type, types)))
            records[kept++] = *r;
    }
    z->nrecords = kept;
}

static void add(struct plan *p, struct spec_zone *z, struct spec_record *records, const char *name,
                const char *type, const char *data)
{
    char absolute[NAME_ROOM];
    int len = snprintf(absolute, sizeof absolute, "%s.", name);
    records[z->nrecords++] = (struct spec_record){ .pointer = "/doors",
                                                   .name = core_arena_copy(&p->arena, absolute, (size_t)len),
                                                   .type = type,
                                                   .data = core_arena_copy(&p->arena, data, strlen(data)) };
}

static void add_addresses(struct plan *p, struct spec_zone *z, struct spec_record *records,
                          const struct spec_host *h)
{
    char text[NET_ADDR_TEXT];
    if (h->ifaces[0].ip4.bits)
        add(p, z, records, h->fqdn, "A", net_addr_text(&h->ifaces[0].ip4.addr, text));
    if (h->ifaces[0].ip6.bits)
        add(p, z, records, h->fqdn, "AAAA", net_addr_text(&h->ifaces[0].ip6.addr, text));
}

/* Which exit of its domain it is, from 1. */
static unsigned nth_exchange(const struct forwards *f, size_t i)
{
    unsigned n = 1;
    for (size_t k = 0; k < i; k++)
        n += f->one[k].port == 0 && strcmp(f->one[k].name, f->one[i].name) == 0;
    return n;
}

/* Room for what exits add to a zone: three records each. */
static struct spec_record *records_of(struct plan *p, struct spec_zone *z)
{
    struct spec_record *room = core_arena_take(&p->arena, (z->nrecords + 3 * FORWARDS_MAX) * sizeof *room);
    if (z->nrecords > 0)
        memcpy(room, z->records, z->nrecords * sizeof *room);
    z->records = room;
    return room;
}

static bool lead_here(struct plan *p, struct spec_zone *zones, const struct forwards *f, size_t i,
                      char error[PLAN_ERROR_MAX])
{
    static const char *const exchanges[] = { "MX", "CNAME", NULL }, *const addresses[] = { "A", "AAAA",
                                                                                           "CNAME", NULL };
    const struct forward *one = &f->one[i];
    const struct spec_host *h = &p->world.hosts[p->exit[i].host];
    struct spec_zone *z = zone_of(zones, p->world.nzones, one->name);
    struct spec_record *records;
    char mx[NAME_ROOM + 16];
    if (!z) {
        snprintf(error, PLAN_ERROR_MAX,
                 "--forward %.80s: no zone of the scenario could say where %.80s is; a root "
                 "zone \".\" could",
                 one->text, one->name);
        return false;
    }
    records = (struct spec_record *)(uintptr_t)z->records;
    if (one->port) {
        clear_name(z, records, one->name, addresses);
    } else {
        unsigned nth = nth_exchange(f, i);
        if (nth == 1)
            clear_name(z, records, one->name, exchanges);
        snprintf(mx, sizeof mx, "%u %s.", nth * PREFERENCE_STEP, h->fqdn);
        add(p, z, records, one->name, "MX", mx);
    }
    add_addresses(p, z, records, h);
    return true;
}

/* ---- what is spoken there ------------------------------------------------------------------------------ */

static void know(struct plan_exit *e, enum spec_service_kind kind, bool tls)
{
    e->proto = kind == SPEC_POP3 ? TRACE_POP3 : kind == SPEC_IMAP ? TRACE_IMAP : TRACE_SMTP;
    e->tls_first = tls;
}

/* From the accounts of the mail programs, which say what they expect there; else from the port. */
static void find_protocol(const struct spec_world *w, struct plan_exit *e)
{
    static const struct {
        uint16_t port;
        enum spec_service_kind kind;
        bool tls;
    } known[] = { { 25, SPEC_SMTP_RELAY, false },
                  { 587, SPEC_SMTP_SUBMISSION, false },
                  { 465, SPEC_SMTP_SUBMISSION, true },
                  { 110, SPEC_POP3, false },
                  { 995, SPEC_POP3, true },
                  { 143, SPEC_IMAP, false },
                  { 993, SPEC_IMAP, true } };
    const char *name = e->forward->name;
    e->proto = TRACE_TCP;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].port == e->port)
            know(e, known[i].kind, known[i].tls);
    for (size_t h = 0; h < w->nhosts; h++)
        for (size_t k = 0; w->hosts[h].client && k < w->hosts[h].client->naccounts; k++) {
            const struct spec_account *a = &w->hosts[h].client->accounts[k];
            if (a->submit_server && a->submit_port == e->port &&
                same_name(a->submit_server, strlen(a->submit_server), name))
                know(e, SPEC_SMTP_SUBMISSION, a->submit_security == SPEC_TLS);
            if (a->fetch_server && a->fetch_port == e->port &&
                same_name(a->fetch_server, strlen(a->fetch_server), name))
                know(e, a->fetch_kind, a->fetch_security == SPEC_TLS);
        }
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static void name_host(struct plan *p, const struct forward *one, size_t host)
{
    struct spec_host *h = (struct spec_host *)(uintptr_t)&p->world.hosts[host];
    char fqdn[NAME_ROOM];
    int len = one->port ? snprintf(fqdn, sizeof fqdn, "%s", one->name)
                        : snprintf(fqdn, sizeof fqdn, "%s.%s", h->name, one->name);
    h->fqdn = core_arena_copy(&p->arena, fqdn, (size_t)len);
    h->label = "a real server";
}

/* These zones with the way to every exit in them. NULL: error says which exit no zone can lead to. */
static const struct spec_zone *zones_with_exits(struct plan *p, const struct spec_zone *before,
                                                const struct forwards *f, char error[PLAN_ERROR_MAX])
{
    struct spec_zone *zones = core_arena_take(&p->arena, (p->world.nzones + 1) * sizeof *zones);
    if (p->world.nzones > 0)
        memcpy(zones, before, p->world.nzones * sizeof *zones);
    for (size_t i = 0; i < p->world.nzones; i++)
        records_of(p, &zones[i]);
    for (size_t i = 0; i < f->n; i++)
        if (leader(f, i) == i && !lead_here(p, zones, f, i, error))
            return NULL;
    return zones;
}

/* The exits stay when a zone is edited while the world runs. */
static bool changes_with_exits(struct plan *p, const struct forwards *f, char error[PLAN_ERROR_MAX])
{
    static const char zones[] = "/zones/";
    size_t n = p->world.nchanges;
    struct spec_change *changes = core_arena_take(&p->arena, (n + 1) * sizeof *changes);
    for (size_t i = 0; i < n; i++) {
        struct spec_world *after;
        changes[i] = p->world.changes[i];
        if (strncmp(changes[i].what, zones, sizeof zones - 1) != 0)
            continue;
        after = core_arena_take(&p->arena, sizeof *after);
        *after = *changes[i].after;
        after->zones = zones_with_exits(p, after->zones, f, error);
        if (!after->zones)
            return false;
        changes[i].after = after;
    }
    p->world.changes = changes;
    return true;
}

bool plan_exits(struct plan *p, const struct forwards *f, char error[PLAN_ERROR_MAX])
{
    size_t host = p->first_exit_host;
    p->world.trust_pem = f->trust;
    if (f->n == 0)
        return true;
    p->nexits = f->n;
    for (size_t i = 0; i < f->n; i++) {
        struct plan_exit *e = &p->exit[i];
        size_t first = leader(f, i);
        *e = (struct plan_exit){ .forward = &f->one[i], .port = f->one[i].port ? f->one[i].port : 25 };
        e->host = first == i ? host++ : p->exit[first].host;
        find_protocol(&p->world, e);
        if (first == i)
            name_host(p, e->forward, e->host);
    }
    p->world.zones = zones_with_exits(p, p->world.zones, f, error);
    return p->world.zones && changes_with_exits(p, f, error);
}
