/* The world that the bench measures. */
#include "sim/bench/island.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/rng.h"

#define BODY_OCTETS 2020 /* of lines, as the references send */

__attribute__((format(printf, 2, 3))) static char *text(struct island *is, const char *fmt, ...)
{
    char buf[96];
    va_list ap;
    int n;
    va_start(ap, fmt);
    n = vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    return core_arena_copy(&is->arena, buf, (size_t)n);
}

/* Address `host` of LAN `lan`. */
static struct net_addr address(uint32_t lan, uint32_t host)
{
    uint32_t a = (198u << 24 | 18u << 16) + lan * 64 + host;
    return net_addr4((uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a);
}

static void iface(struct island *is, struct spec_iface *out, uint32_t lan, uint32_t host)
{
    out->link = is->spec.links[lan].name;
    out->ip4 = (struct spec_prefix){ address(lan, host), 26 };
}

static struct spec_host *host(struct island *is, uint32_t i, char *name, const char *role, uint32_t lan,
                              uint32_t at)
{
    struct spec_host *h = &is->hosts[i];
    h->name = name;
    h->role = role;
    if (!h->ifaces) {
        struct spec_iface *f = core_arena_take(&is->arena, sizeof *f);
        iface(is, f, lan, at);
        h->ifaces = f;
        h->nifaces = 1;
    }
    return h;
}

static void message_make(struct island *is)
{
    struct core_rng rng;
    char *raw = core_arena_take(&is->arena, BODY_OCTETS + 400);
    size_t n =
        (size_t)sprintf(raw, "From: <user@d0.test>\r\nTo: <user@d1.test>\r\nSubject: measure\r\n"
                             "Date: Mon, 3 Mar 2025 09:00:00 +0000\r\nMessage-ID: <1@d0.test>\r\n\r\n");
    core_rng_init(&rng, is->spec.seed, "body");
    while (n < BODY_OCTETS) {
        size_t len = 40 + core_rng_below(&rng, 36);
        if (core_rng_below(&rng, 12) == 0) {
            raw[n++] = '.';
            len--;
        }
        for (size_t i = 0; i < len; i++)
            raw[n++] = (char)('a' + core_rng_below(&rng, 26));
        raw[n++] = '\r';
        raw[n++] = '\n';
    }
    is->message = (struct spec_message){ .name = "measure", .raw = raw, .raw_len = n };
    is->spec.messages = &is->message;
    is->spec.nmessages = 1;
}

static void core_make(struct island *is)
{
    struct spec_iface *f = core_arena_take(&is->arena, (is->domains + 1) * sizeof *f);
    for (uint32_t lan = 0; lan <= is->domains; lan++)
        iface(is, &f[lan], lan, 1);
    is->hosts[0].ifaces = f;
    is->hosts[0].nifaces = is->domains + 1;
    is->hosts[0].forwards = true;
    host(is, 0, text(is, "core"), "router", 0, 1);
}

static void names_make(struct island *is)
{
    struct spec_dns *dns = core_arena_take(&is->arena, sizeof *dns);
    struct spec_zone *zones = core_arena_take(&is->arena, is->domains * sizeof *zones);
    const char **names = core_arena_take(&is->arena, is->domains * sizeof *names);
    for (uint32_t d = 0; d < is->domains; d++) {
        struct spec_record *r = core_arena_take(&is->arena, 2 * sizeof *r);
        struct net_addr a = address(d, 2);
        char buf[NET_ADDR_TEXT];
        r[0] = (struct spec_record){ .name = "@", .type = "MX", .data = "10 mx" };
        r[1] =
            (struct spec_record){ .name = "mx", .type = "A", .data = text(is, "%s", net_addr_text(&a, buf)) };
        zones[d] = (struct spec_zone){ .name = text(is, "d%u.test", d), .records = r, .nrecords = 2 };
        names[d] = zones[d].name;
    }
    is->spec.zones = zones;
    is->spec.nzones = is->domains;
    dns->zones = names;
    dns->nzones = is->domains;
    host(is, 1, text(is, "names"), "dns", is->domains, 2)->dns = dns;
}

static void server_make(struct island *is, uint32_t d, const struct net_addr *resolver)
{
    static const struct spec_service pop3 = { .kind = SPEC_POP3, .port = 110 };
    static const struct spec_service smtp = { .kind = SPEC_SMTP_RELAY, .port = 25 };
    struct spec_host *h = host(is, island_server(is, d), text(is, "s%u", d), "mta", d, 2);
    struct spec_mta *mta = core_arena_take(&is->arena, sizeof *mta);
    struct spec_store *store = core_arena_take(&is->arena, sizeof *store);
    struct spec_user *users = core_arena_take(&is->arena, is->users * sizeof *users);
    struct spec_prefix *lan = core_arena_take(&is->arena, sizeof *lan);
    const char **local = core_arena_take(&is->arena, sizeof *local);
    *lan = (struct spec_prefix){ address(d, 0), 26 };
    *local = is->spec.zones[d].name;
    h->fqdn = text(is, "mx.d%u.test", d);
    *mta = (struct spec_mta){ .local_domains = local,
                              .nlocal_domains = 1,
                              .relay_networks = lan,
                              .nrelay_networks = 1,
                              .services = &smtp,
                              .nservices = 1,
                              .no_pipelining = true };
    for (uint32_t u = 0; u < is->users; u++)
        users[u] = (struct spec_user){ .name = text(is, "u%u", u), .password = "secret" };
    *store = (struct spec_store){ .users = users, .nusers = is->users, .services = &pop3, .nservices = 1 };
    h->mta = mta;
    h->store = store;
    h->resolvers = resolver;
    h->nresolvers = 1;
}

static void client_make(struct island *is, uint32_t d, uint32_t u)
{
    uint32_t mailbox = d * is->users + u;
    struct spec_host *h = host(is, island_client(is, mailbox), text(is, "c%u.%u", d, u), "client", d, 3 + u);
    struct spec_client *c = core_arena_take(&is->arena, sizeof *c);
    struct spec_account *a = core_arena_take(&is->arena, sizeof *a);
    struct net_addr server = address(d, 2);
    char buf[NET_ADDR_TEXT];
    is->address[mailbox] = text(is, "u%u@d%u.test", u, d);
    *a = (struct spec_account){ .address = is->address[mailbox],
                                .user = text(is, "u%u", u),
                                .password = "secret",
                                .submit_server = text(is, "%s", net_addr_text(&server, buf)),
                                .submit_port = 25,
                                .fetch_kind = SPEC_POP3,
                                .fetch_port = 110,
                                .fetch_auth_plain_command = true };
    a->fetch_server = a->submit_server;
    *c = (struct spec_client){ .accounts = a, .naccounts = 1 };
    h->client = c;
}

void island_make(struct island *is, uint32_t domains, uint32_t users, uint64_t seed)
{
    struct net_addr *resolver;
    struct spec_link *links;
    memset(is, 0, sizeof *is);
    is->domains = domains;
    is->users = users;
    is->spec = (struct spec_world){ .name = "bench", .title = "bench", .seed = seed, .epoch_s = 1740992400 };
    links = core_arena_take(&is->arena, (domains + 1) * sizeof *links);
    for (uint32_t i = 0; i <= domains; i++)
        links[i] = (struct spec_link){ .name = text(is, "lan%u", i),
                                       .rate_bps = 1000000000,
                                       .delay_ns = 2500 * CORE_US };
    is->spec.links = links;
    is->spec.nlinks = domains + 1;
    is->spec.nhosts = 2 + (size_t)domains * (1 + users);
    is->hosts = core_arena_take(&is->arena, is->spec.nhosts * sizeof *is->hosts);
    is->spec.hosts = is->hosts;
    is->address = core_arena_take(&is->arena, (size_t)domains * users * sizeof *is->address);
    resolver = core_arena_take(&is->arena, sizeof *resolver);
    *resolver = address(domains, 2);
    message_make(is);
    core_make(is);
    names_make(is);
    for (uint32_t d = 0; d < domains; d++) {
        server_make(is, d, resolver);
        for (uint32_t u = 0; u < users; u++)
            client_make(is, d, u);
    }
}

void island_free(struct island *is)
{
    core_arena_free(&is->arena);
}
