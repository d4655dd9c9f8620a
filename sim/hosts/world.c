/* Builds hosts and links from a spec, runs them, takes them down. */
#include "sim/hosts/world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/ask.h"
#include "sim/hosts/change.h"
#include "sim/hosts/dns_host.h"
#include "sim/hosts/dns_tcp.h"
#include "sim/hosts/hand.h"
#include "sim/hosts/mta.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/pump.h"
#include "sim/hosts/routes.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/services.h"
#include "sim/hosts/store.h"
#include "sim/hosts/trouble.h"
#include "sim/hosts/world_net.h"
#include "sim/net/net_host.h"
#include "sim/net/net_link.h"

void world_init(struct world *w, const struct spec_world *spec)
{
    memset(w, 0, sizeof *w);
    w->spec = spec;
    core_queue_init(&w->queue);
    w->queue.world = w;
    trace_init(&w->trace);
    net_init(&w->net, &w->queue, &w->trace, spec->seed);
    mail_room_init(&w->mails, &w->net.depot);
    w->scratch = core_alloc(sizeof *w->scratch);
    w->scratch->imap_server_scratch = core_alloc(imap_scratch_size());
    core_pool_init(&w->stored, sizeof(struct stored), 0);
    pump_init_world(w);
    ask_init_world(w);
    dns_tcp_init_world(w);
    service_auth_init_world(w);
    services_init_world(w);
    mta_init_world(w);
    mua_init_world(w);
    core_rng_init(&w->rng_ids, spec->seed, "ids");
    core_rng_init(&w->rng_mx, spec->seed, "mx");
    core_rng_init(&w->rng_dns, spec->seed, "dns");
    core_rng_init(&w->rng_boundary, spec->seed, "boundary");
    core_rng_init(&w->rng_auth, spec->seed, "auth");
    core_rng_init(&w->rng_tls, spec->seed, "tls");
}

/* ---- network ------------------------------------------------------------------------------------------- */

static struct net_link *world_link(struct world *w, const char *name)
{
    /* Scenarios name few links; the bench, which makes many, names each by the next number. */
    if (w->link_hint < w->net.nlinks && strcmp(w->net.links[w->link_hint]->name, name) == 0)
        return w->net.links[w->link_hint];
    for (size_t i = 0; i < w->net.nlinks; i++)
        if (strcmp(w->net.links[i]->name, name) == 0) {
            w->link_hint = i;
            return w->net.links[i];
        }
    return NULL;
}

static bool host_network(struct world *w, struct host *host, struct world_error *e)
{
    const struct spec_host *h = host->spec;
    struct net_host *nh = net_host_add(&w->net, h->name);
    host->net = nh;
    host->number = nh->number;
    nh->app = host;
    nh->label = h->label;
    nh->fqdn = h->fqdn;
    nh->role = h->role;
    nh->forwards = h->forwards;
    for (size_t i = 0; i < h->nifaces; i++) {
        const struct spec_iface *f = &h->ifaces[i];
        struct net_link *link = world_link(w, f->link);
        if (!link)
            return world_fail(e, f->pointer, "there is no link '%s'", f->link);
        if (!net_iface_add(nh, link, f->ip4.bits ? &f->ip4.addr : NULL, f->ip4.bits,
                           f->ip6.bits ? &f->ip6.addr : NULL, f->ip6.bits))
            return world_fail(e, f->pointer, "an address of this interface is in use already");
    }
    firewall_build(host);
    rewrites_build(host);
    return true;
}

static bool routes_build(struct world *w, struct host *host, struct world_error *e)
{
    for (size_t i = 0; i < host->spec->nroutes; i++) {
        const struct spec_route *r = &host->spec->routes[i];
        if (!net_route_add(host->net, &r->to.addr, r->to.bits, &r->via))
            return world_fail(e, r->pointer, "the gateway is on none of this host's links");
    }
    (void)w;
    return true;
}

/* ---- roles
 * --------------------------------------------------------------------------------------------------- */

/* The bench gives many hosts one list: they share what is made of it. */
static void stub_of(struct world *w, struct host *host)
{
    const struct spec_host *h = host->spec;
    if (h->nresolvers > 0 && host != w->hosts && h->resolvers == host[-1].spec->resolvers)
        host->stub = host[-1].stub;
    else
        stub_build(host);
}

static bool roles_build(struct world *w, struct host *host, struct world_error *e)
{
    const struct spec_host *h = host->spec;
    const char *pointer = h->pointer;
    struct zone_error zone = { .pointer = NULL };
    stub_of(w, host);
    if (h->dns && !dns_host_new(host, h->dns, &zone))
        return world_fail(e, zone.pointer, "%s", zone.text);
    if (h->resolver && h->dns)
        return world_fail(e, h->resolver->pointer,
                          "a host is a resolver or a name server: port 53 cannot be both");
    if (h->resolver)
        resolver_host_new(host, h->resolver);
    if (h->store) {
        host->store = store_new(host, h->store);
        if (!pop3_services_open(host->store, h->store, &pointer) ||
            !imap_services_open(host->store, h->store, &pointer))
            return world_fail(e, pointer, "another service of this host has the same port");
    }
    if (h->mta) {
        host->mta = mta_new(host, h->mta);
        if (!mta_open(host->mta, &pointer))
            return world_fail(e, pointer, "another service of this host has the same port");
    }
    if (h->client)
        host->mua = mua_new(host, h->client);
    if (h->hand)
        hand_serve(host, h->hand);
    return true;
}

static bool messages_preload(struct world *w, struct world_error *e)
{
    for (size_t i = 0; i < w->nhosts; i++) {
        struct store *s = w->hosts[i].store;
        for (size_t k = 0; s && k < s->nusers; k++)
            for (size_t m = 0; m < s->users[k].spec->nmessages; m++)
                if (!store_preload(&s->users[k], s->users[k].spec->messages[m]))
                    return world_fail(e, s->users[k].spec->pointer,
                                      "message '%s' cannot be put into the mailbox: it does not exist, is "
                                      "not valid, or the quota is too small",
                                      s->users[k].spec->messages[m]);
    }
    return true;
}

static void opening_write(struct world *w)
{
    struct trace_opening o = { .scenario = w->spec->name,
                               .title = w->spec->title,
                               .teaches = w->spec->teaches,
                               .nteaches = w->spec->nteaches,
                               .version = MAILWALK_VERSION,
                               .seed = w->spec->seed,
                               .epoch_s = w->spec->epoch_s };
    if (w->trace.nsinks == 0)
        return;
    net_opening(&w->net, &o);
    trace_open(&w->trace, &o);
}

bool world_build(struct world *w, struct world_error *e)
{
    const struct spec_world *spec = w->spec;
    struct zone_error zone = { .pointer = NULL };
    const char *pointer = NULL;
    char error[TROUBLE_ERROR_MAX];
    changes_start(w);
    links_build(w);
    w->hosts = core_arena_take(&w->arena, (spec->nhosts + 1) * sizeof *w->hosts);
    w->nhosts = spec->nhosts;
    for (size_t i = 0; i < spec->nhosts; i++) {
        w->hosts[i].world = w;
        w->hosts[i].spec = &spec->hosts[i];
        if (!host_network(w, &w->hosts[i], e))
            return false;
    }
    routes_find(w);
    opening_write(w);
    if (!faults_build(w, e))
        return false;
    if (!dns_zones_build(w, &zone) || !changes_prepare(w, &zone))
        return world_fail(e, zone.pointer, "%s", zone.text);
    for (size_t i = 0; i < spec->nhosts; i++) {
        if (!routes_build(w, &w->hosts[i], e) || !roles_build(w, &w->hosts[i], e))
            return false;
        power_build(&w->hosts[i]);
    }
    if (!messages_preload(w, e))
        return false;
    if (!troubles_plan(w, &pointer, error))
        return world_fail(e, pointer, "%s", error);
    if (!actions_start(w, &pointer))
        return world_fail(
            e, pointer,
            "this action names a host that does not exist, or an account that the host does not have");
    return true;
}

/* ---- running
 * ---------------------------------------------------------------------------------------------------- */

void world_run(struct world *w, uint64_t until_ns)
{
    uint64_t end = w->spec->until_ns ? w->spec->until_ns : CORE_NEVER;
    core_queue_run(&w->queue, until_ns < end ? until_ns : end);
}

void world_end(struct world *w)
{
    trace_close(&w->trace, w->queue.now_ns);
}

void world_free(struct world *w)
{
    struct core_pool *pools[] = { &w->saids,          &w->lines,     &w->asks,       &w->ask_boths,
                                  &w->errand_lookups, &w->stored,    &w->identities, &w->smtp_in,
                                  &w->smtp_out,       &w->pop3_in,   &w->imap_in,    &w->queue_items,
                                  &w->muas_smtp,      &w->muas_pop3, &w->muas_imap,  &w->dns_tcp };
    w->ending = true;
    w->trace.levels = 0;
    w->trace.nsinks = 0;
    tcp_abandon(&w->net);
    errands_abandon(w);
    for (size_t i = 0; i < w->nhosts; i++) {
        if (w->hosts[i].mta)
            mta_free(w->hosts[i].mta);
        if (w->hosts[i].store)
            store_free(w->hosts[i].store);
    }
    mua_forget_all(w);
    troubles_free(w);
    secure_free(w);
    net_free(&w->net);
    mail_room_free(&w->mails);
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
        core_pool_free(pools[i]);
    core_queue_free(&w->queue);
    free(w->scratch->imap_server_scratch);
    free(w->scratch);
    core_arena_free(&w->arena);
}

struct host *world_host_named(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->nhosts; i++)
        if (strcmp(w->hosts[i].spec->name, name) == 0)
            return &w->hosts[i];
    return NULL;
}

struct user *world_user(struct world *w, const char *address)
{
    const char *at = strrchr(address, '@');
    struct wire_slice name = wire_slice(address, at ? (size_t)(at - address) : strlen(address));
    struct user *found = NULL, *u;
    for (size_t i = 0; i < w->nhosts; i++) {
        struct host *h = &w->hosts[i];
        if (!h->store || (at && !(h->mta && mta_is_local(h->mta, wire_slice_str(at + 1)))) ||
            !(u = store_user(h->store, name)))
            continue;
        if (found)
            return NULL;
        found = u;
    }
    return found;
}

uint32_t world_host_at(const struct world *w, const struct net_addr *addr)
{
    const struct net_iface *f = w->trace.levels ? net_owner(&w->net, addr) : NULL;
    return f ? f->host->number : 0;
}

const char *world_peer_text(const struct world *w, const struct net_addr *addr, unsigned port, char *buf)
{
    uint32_t number = world_host_at(w, addr);
    const char *name = "unknown";
    char text[NET_ADDR_TEXT];
    if (number > 0)
        name = w->hosts[number - 1].spec->fqdn ? w->hosts[number - 1].spec->fqdn
                                               : w->hosts[number - 1].spec->name;
    net_addr_text(addr, text);
    if (port)
        snprintf(buf, WORLD_PEER_TEXT, "%.60s[%s]:%u", name, text, port);
    else
        snprintf(buf, WORLD_PEER_TEXT, "%.60s[%s]", name, text);
    return buf;
}
