/* An authoritative DNS server on a host. */
#include "sim/hosts/dns_host.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "protocols/dns/dns_auth.h"
#include "sim/hosts/dns_tcp.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/trouble.h"
#include "sim/net/udp.h"

struct dns_host {
    struct host *host;
    const struct spec_dns *spec;
    struct udp_socket *socket;
    struct dns_auth auth;
    struct dns_fault fault;   /* the scenario's; in auth while its time is */
    struct dns_fault ordered; /* set while the world runs; in auth while it is */
};

static void faults_now(struct dns_host *d)
{
    static const enum dns_fault_kind kinds[] = { [TROUBLE_DNS_SERVFAIL] = DNS_FAULT_SERVFAIL,
                                                 [TROUBLE_DNS_REFUSED] = DNS_FAULT_REFUSED,
                                                 [TROUBLE_DNS_SILENT] = DNS_FAULT_DROP };
    uint64_t now = world_now(d->host->world);
    bool active = d->spec->fault && now >= d->spec->fault_from_ns && now < d->spec->fault_until_ns;
    const struct trouble *t = d->host->world->troubles ? trouble_dns(d->host) : NULL;
    d->auth.fault = t ? &d->ordered : &d->fault;
    d->auth.faults = active || t ? 1 : 0;
    if (t)
        d->ordered.kind = kinds[t->order.dns];
}

static void on_datagram(struct udp_socket *s, void *ctx, const struct net_addr *src, uint16_t sport,
                        const uint8_t *octets, size_t len)
{
    struct dns_host *d = ctx;
    uint8_t *reply = d->host->world->scratch->dns_reply;
    struct dns_step step;
    struct net_addr at = *udp_received_at(s), to = *src;
    size_t n;
    faults_now(d);
    n = dns_auth_answer(&d->auth, false, octets, len, reply, DNS_EDNS_OCTETS, &step);
    if (n == 0)
        return;
    udp_send_from(s, &at, &to, sport, reply, n);
}

static void on_tcp(void *ctx, struct dns_tcp *t, const uint8_t *msg, size_t len)
{
    struct dns_host *d = ctx;
    uint8_t *reply = d->host->world->scratch->dns_reply;
    struct dns_step step;
    size_t n;
    if (!msg)
        return;
    faults_now(d);
    n = dns_auth_answer(&d->auth, true, msg, len, reply, DNS_MESSAGE_MAX, &step);
    if (n > 0)
        dns_tcp_send(t, reply, n);
}

static enum dns_fault_kind fault_kind(const char *name)
{
    if (strcmp(name, "refuse") == 0)
        return DNS_FAULT_REFUSED;
    if (strcmp(name, "drop") == 0)
        return DNS_FAULT_DROP;
    if (strcmp(name, "truncate") == 0)
        return DNS_FAULT_TRUNCATE;
    return DNS_FAULT_SERVFAIL;
}

/* Its zones as they are compiled now, and its fault. NULL, or the name of a zone that does not exist. */
static const char *settings_take(struct dns_host *d, const struct spec_dns *spec)
{
    static const uint8_t root[1] = { 0 };
    struct world *w = d->host->world;
    struct dns_zone *zones = core_arena_take(&w->arena, (spec->nzones + 1) * sizeof *zones);
    for (size_t i = 0; i < spec->nzones; i++) {
        size_t k = 0;
        while (k < w->spec->nzones && strcmp(w->spec->zones[k].name, spec->zones[i]) != 0)
            k++;
        if (k == w->spec->nzones)
            return spec->zones[i];
        zones[i] = w->zones[k];
    }
    dns_zones_sort(zones, spec->nzones);
    d->spec = spec;
    d->ordered.name = root;
    d->auth = (struct dns_auth){ .zone = zones, .zones = spec->nzones, .fault = &d->fault };
    if (spec->fault)
        d->fault = (struct dns_fault){ .name = root, .kind = fault_kind(spec->fault) };
    return NULL;
}

bool dns_host_new(struct host *host, const struct spec_dns *spec, struct zone_error *error)
{
    struct dns_host *d = core_arena_take(&host->world->arena, sizeof *d);
    const char *missing;
    d->host = host;
    missing = settings_take(d, spec);
    if (missing) {
        snprintf(error->text, sizeof error->text, "there is no zone '%s'", missing);
        error->pointer = spec->pointer;
        return false;
    }
    d->socket = udp_bind(host->net, DNS_PORT, on_datagram, d);
    host->dns = d;
    if (d->socket && dns_tcp_listen(host, on_tcp, d))
        return true;
    snprintf(error->text, sizeof error->text, "port 53 of %s is taken: a host is a resolver or a name server",
             spec->zones[0]);
    error->pointer = spec->pointer;
    return false;
}

void dns_host_reload(struct host *host)
{
    const char *missing = settings_take(host->dns, host->spec->dns);
    assert(!missing); /* the loader has seen to it */
    (void)missing;
}
