/* Mail servers, users, aliases and mail programs. */
#include "scenarios/load/check.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/wire/ascii.h"

static bool same(const char *a, const char *b)
{
    return wire_equal_nocase(a, strlen(a), b, strlen(b));
}

static bool among(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (same(list[i], name))
            return true;
    return false;
}

/* ---- ports -------------------------------------------------------------------------------------- */

static void check_ports(struct check *c, const struct spec_host *h)
{
    const struct spec_service *s[64];
    size_t n = 0;
    for (size_t i = 0; h->mta && i < h->mta->nservices && n < 32; i++)
        s[n++] = &h->mta->services[i];
    for (size_t i = 0; h->store && i < h->store->nservices && n < 64; i++)
        s[n++] = &h->store->services[i];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (s[i]->port == s[j]->port) {
                json_error_at(c->g, s[i]->pointer, "", "port %d is already taken at %s", s[i]->port,
                              s[j]->pointer);
                break;
            }
    for (size_t i = 0; i < n && (h->dns || h->resolver); i++)
        if (s[i]->port == CHECK_DNS_PORT)
            json_error_at(c->g, s[i]->pointer, "", "port %d is already taken at %s/%s", CHECK_DNS_PORT,
                          h->pointer, h->dns ? "dns" : "resolver");
}

static bool serves(const struct spec_host *h, uint16_t port)
{
    for (size_t i = 0; h->mta && i < h->mta->nservices; i++)
        if (port == 0 || h->mta->services[i].port == port)
            return true;
    for (size_t i = 0; h->store && i < h->store->nservices; i++)
        if (port == 0 || h->store->services[i].port == port)
            return true;
    return false;
}

/* A server that is late, or hangs up, must be there. */
static void check_served(struct check *c, const struct spec_host *h, const char *pointer, uint16_t port)
{
    if (serves(h, port))
        return;
    if (port)
        json_error_at(c->g, pointer, "/port", "\"%s\" serves neither SMTP nor POP3 nor IMAP on port %u",
                      h->name, port);
    else
        json_error_at(c->g, pointer, "", "\"%s\" has neither \"mta\" nor \"store\": nothing there answers",
                      h->name);
}

static void check_troubles(struct check *c, const struct spec_host *h)
{
    for (size_t i = 0; i < h->ndelays; i++)
        check_served(c, h, h->delays[i].pointer, h->delays[i].port);
    for (size_t i = 0; i < h->ndrops; i++)
        check_served(c, h, h->drops[i].pointer, h->drops[i].port);
}

/* ---- users and aliases ---------------------------------------------------------------------------- */

struct people { /* names of one host's users and aliases, sorted without regard to case */
    struct person {
        const char *name, *pointer;
        const struct spec_alias *alias; /* NULL: a user */
        uint8_t colour;                 /* while aliases are followed: 0 new, 1 on the way, 2 done */
    } * all;
    size_t count;
};

static int compare_names(const char *a, const char *b)
{
    while (*a && wire_to_lower(*a) == wire_to_lower(*b)) {
        a++;
        b++;
    }
    return (unsigned char)wire_to_lower(*a) - (unsigned char)wire_to_lower(*b);
}

static int by_name(const void *a, const void *b)
{
    const struct person *x = a, *y = b;
    int order = compare_names(x->name, y->name);
    return order ? order : (x->alias != NULL) - (y->alias != NULL);
}

static struct person *find_person(const struct people *p, const char *name)
{
    size_t low = 0, high = p->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare_names(p->all[mid].name, name);
        if (order == 0)
            return &p->all[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* A user or alias of this host by local part or address; NULL: none, or elsewhere. */
static struct person *local_person(const struct spec_mta *m, const struct people *p, const char *name)
{
    const char *at = strrchr(name, '@');
    char local[SPEC_NAME_MAX + 1];
    struct person *found = find_person(p, name);
    if (found || !at || !m || !among(m->local_domains, m->nlocal_domains, at + 1) ||
        (size_t)(at - name) > SPEC_NAME_MAX)
        return found;
    memcpy(local, name, (size_t)(at - name));
    local[at - name] = '\0';
    return find_person(p, local);
}

/* Does following aliases lead back to where it began? Each is entered once. */
static bool leads_back(const struct spec_mta *m, const struct people *p, struct person *at)
{
    bool back = false;
    if (at->colour)
        return at->colour == 1;
    at->colour = 1;
    for (size_t i = 0; at->alias && i < at->alias->ntargets && !back; i++) {
        struct person *next = local_person(m, p, at->alias->targets[i]);
        back = next && leads_back(m, p, next);
    }
    at->colour = 2;
    return back;
}

static void check_alias(struct check *c, const struct spec_host *h, const struct people *p,
                        struct person *who)
{
    const struct spec_alias *a = who->alias;
    for (size_t i = 0; i < a->ntargets; i++) {
        const char *target = a->targets[i], *at = strrchr(target, '@');
        bool here = !at || among(h->mta->local_domains, h->mta->nlocal_domains, at + 1);
        if (here && !local_person(h->mta, p, target))
            json_error_at(c->g, a->pointer, "", "\"%.80s\" is neither a user nor an alias of this host",
                          target);
    }
    if (leads_back(h->mta, p, who))
        json_error_at(c->g, a->pointer, "", "leads back to itself");
}

/* The domain of a user or alias must be one that this host delivers for. */
static void check_domain(struct check *c, const struct spec_host *h, const struct person *who)
{
    const char *at = strrchr(who->name, '@');
    struct namelist list = { .text = "" };
    if (!at || !h->mta || among(h->mta->local_domains, h->mta->nlocal_domains, at + 1))
        return;
    for (size_t i = 0; i < h->mta->nlocal_domains; i++)
        namelist_add(&list, h->mta->local_domains[i]);
    json_error_at(c->g, who->pointer, "",
                  "\"%.80s\" is not a domain of this host; its \"mta\" has \"domains\": %s", at + 1,
                  list.text[0] ? list.text : "none");
}

/* "bob" stands for bob in every domain of the host: "bob@example.org" beside it would be the same. */
static void check_twice(struct check *c, const struct spec_host *h, const struct people *p,
                        const struct person *who)
{
    const char *at = strrchr(who->name, '@');
    const struct person *bare;
    char local[SPEC_NAME_MAX + 1];
    size_t n = at ? (size_t)(at - who->name) : 0;
    if (!at || n > SPEC_NAME_MAX || !h->mta || !among(h->mta->local_domains, h->mta->nlocal_domains, at + 1))
        return;
    memcpy(local, who->name, n);
    local[n] = '\0';
    bare = find_person(p, local);
    if (bare)
        json_error_at(c->g, who->pointer, "",
                      "is also \"%s\" at %s, which stands for every domain of this host", local,
                      bare->pointer);
}

static void check_people(struct check *c, const struct spec_host *h)
{
    struct people p = { 0 };
    size_t nusers = h->store ? h->store->nusers : 0, naliases = h->mta ? h->mta->naliases : 0;
    p.all = core_alloc((nusers + naliases + 1) * sizeof *p.all);
    for (size_t i = 0; i < nusers; i++)
        p.all[p.count++] =
            (struct person){ .name = h->store->users[i].name, .pointer = h->store->users[i].pointer };
    for (size_t i = 0; i < naliases; i++)
        p.all[p.count++] = (struct person){ .name = h->mta->aliases[i].name,
                                            .pointer = h->mta->aliases[i].pointer,
                                            .alias = &h->mta->aliases[i] };
    qsort(p.all, p.count, sizeof *p.all, by_name);
    for (size_t i = 0; i < p.count; i++) {
        if (i > 0 && compare_names(p.all[i].name, p.all[i - 1].name) == 0) {
            json_error_at(c->g, p.all[i].pointer, "", "the name is already taken at %s",
                          p.all[i - 1].pointer);
            continue;
        }
        check_domain(c, h, &p.all[i]);
        check_twice(c, h, &p, &p.all[i]);
    }
    for (size_t i = 0; i < p.count; i++)
        if (p.all[i].alias)
            check_alias(c, h, &p, &p.all[i]);
    free(p.all);
}

static void check_store(struct check *c, const struct spec_host *h)
{
    for (size_t u = 0; u < h->store->nusers; u++)
        for (size_t i = 0; i < h->store->users[u].nmessages; i++) {
            char tail[32];
            snprintf(tail, sizeof tail, "/messages/%zu", i);
            check_ref(c, &c->messages, h->store->users[u].messages[i], h->store->users[u].pointer, tail);
        }
}

/* ---- servers ------------------------------------------------------------------------------------------ */

static void check_mta(struct check *c, const struct spec_host *h)
{
    const struct spec_mta *m = h->mta;
    if (!m->hostname && !h->fqdn)
        json_error_at(c->g, m->pointer, "",
                      "\"hostname\" is missing, and the host has no \"fqdn\": what does it call itself?");
    if (m->nlocal_domains > 0 && !h->store)
        json_error_at(c->g, m->pointer, "/domains",
                      "mail for these domains is delivered here, but this host has no \"store\"");
    for (size_t i = 0; i < m->nrelay_domains; i++)
        if (among(m->local_domains, m->nlocal_domains, m->relay_domains[i]))
            json_error_at(c->g, m->pointer, "/relay_domains",
                          "\"%s\" is also in \"domains\": deliver it or pass it on?", m->relay_domains[i]);
    for (size_t i = 0; i < m->nservices; i++)
        if (m->services[i].auth != SPEC_AUTH_NONE && !h->store)
            json_error_at(c->g, m->services[i].pointer, "",
                          "wants a login, but this host has no \"store\" with users: "
                          "nobody could log in");
    if (m->relayhost && !check_is_address(m->relayhost) && h->nresolvers == 0)
        json_error_at(c->g, m->pointer, "/relayhost", "is a name, but this host has no \"resolvers\"");
}

/* ---- mail programs ------------------------------------------------------------------------------------- */

static void check_client(struct check *c, const struct spec_host *h)
{
    for (size_t i = 0; i < h->client->naccounts; i++) {
        const struct spec_account *a = &h->client->accounts[i];
        const char *named = a->submit_server && !check_is_address(a->submit_server) ? a->submit_server
                            : a->fetch_server && !check_is_address(a->fetch_server) ? a->fetch_server
                                                                                    : NULL;
        if (named && h->nresolvers == 0)
            json_error_at(c->g, a->pointer, "",
                          "\"%.80s\" is a name, but this host has no \"resolvers\" to ask", named);
        for (size_t j = 0; j < i; j++)
            if (strcmp(a->name, h->client->accounts[j].name) == 0)
                json_error_at(c->g, a->pointer, "", "two accounts are called \"%.80s\": give them a \"name\"",
                              a->name);
    }
}

void check_mail(struct check *c)
{
    for (size_t i = 0; i < c->w->nhosts; i++) {
        const struct spec_host *h = &c->w->hosts[i];
        if (h->mta)
            check_mta(c, h);
        if (h->store)
            check_store(c, h);
        if (h->mta || h->store) {
            check_ports(c, h);
            check_people(c, h);
        }
        if (h->client)
            check_client(c, h);
        check_troubles(c, h);
    }
}
