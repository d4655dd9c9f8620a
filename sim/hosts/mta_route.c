/* Where mail goes: recipients by domain, MX records, the next host and its addresses. */
#include <stdio.h>
#include <string.h>

#include "protocols/dns/dns_code.h"
#include "sim/hosts/dns_tcp.h"
#include "sim/hosts/mta_delivery.h"
#include "sim/hosts/tell.h"

static void delivery_found(void *ctx, const struct ask_found *found)
{
    struct delivery *d = ctx;
    char name[DNS_NAME_TEXT_MAX];
    d->addr = 0;
    d->naddr = (uint8_t)found->n;
    memcpy(d->address, found->addr, found->n * sizeof found->addr[0]);
    if (found->n > 0) {
        delivery_connect(d);
        return;
    }
    delivery_hop_name(d, name, sizeof name);
    if (found->class_ == DNS_RESULT_NXDOMAIN || found->class_ == DNS_RESULT_NODATA)
        delivery_fail_with(d, true, d->implicit ? "5.1.2" : "5.4.4", "%s has no address", name);
    else
        delivery_fail_with(d, false, "4.4.3", "the name service cannot tell the address of %s now", name);
    d->hop++;
    delivery_next(d);
}

/* The next address of this host, or the first of the next host. */
void delivery_next(struct delivery *d)
{
    struct next_hop *h;
    char name[DNS_NAME_TEXT_MAX];
    if (d->addr < d->naddr && d->tries < TRIES_MAX) {
        delivery_connect(d);
        return;
    }
    if (d->naddr > 0)
        d->hop++;
    d->naddr = d->addr = 0;
    if (d->hop >= d->nhops || d->tries >= TRIES_MAX) {
        if (d->hop >= d->nhops && d->nhops > 0)
            d->hop = (uint8_t)(d->nhops - 1); /* for the log: who was asked last */
        delivery_finish(d);
        return;
    }
    h = &d->mx[d->hop];
    delivery_hop_name(d, name, sizeof name);
    if (d->tries > 0)
        tell_phase(delivery_mta(d)->host, PHASE_NEXT_HOST, 0, 0, "%s turns to %s", delivery_mta(d)->hostname,
                   name);
    if (h->nextra > 0) {
        d->naddr = h->nextra;
        memcpy(d->address, h->extra, h->nextra * sizeof h->extra[0]);
        delivery_connect(d);
        return;
    }
    ask_addresses(delivery_mta(d)->host, name, strlen(name), delivery_found, d);
}

/* ---- the route ----------------------------------------------------------------------------------------- */

static uint32_t mx_random(void *ctx)
{
    struct world *w = ctx;
    return (uint32_t)(core_rng_next(&w->rng_mx) >> 32);
}

/* A backup MX must not bring mail to itself or to hosts that come later: RFC 5321 section 5.1. */
static void drop_self(struct delivery *d)
{
    for (uint8_t i = 0; i < d->nhops; i++) {
        if (wire_slice_is_nocase(d->mx[i].name, delivery_mta(d)->hostname)) {
            uint16_t own = d->mx[i].preference;
            uint8_t n = 0;
            while (n < d->nhops && d->mx[n].preference < own)
                n++;
            d->nhops = n;
        }
    }
}

static void take_mx(struct delivery *d, const struct dns_result *result)
{
    struct dns_mx mx[MX_MAX];
    char text[DNS_NAME_TEXT_MAX];
    size_t n_text, n = dns_result_mx(result, mx_random, delivery_world(d), mx, MX_MAX);
    bool has4 = ask_has4(delivery_mta(d)->host), has6 = ask_has6(delivery_mta(d)->host);
    for (size_t i = 0; i < n; i++) {
        struct next_hop *h = &d->mx[d->nhops++];
        struct dns_addr extra[EXTRA_MAX];
        size_t k = dns_result_extra(result, mx[i].exchange.wire, extra, EXTRA_MAX);
        n_text = dns_name_to_text(mx[i].exchange.wire, text, sizeof text);
        h->name = item_text(d->item, text, n_text);
        h->preference = mx[i].preference;
        h->nextra = 0;
        for (int family = 6; family >= 4; family -= 2) /* IPv6 first, where the host has it: RFC 6724 */
            for (size_t e = 0; e < k; e++)
                if (extra[e].family == family && (family == 4 ? has4 : has6))
                    dns_addr_to_net(&h->extra[h->nextra++], &extra[e]);
        if (has6 && h->nextra == 1 && net_addr_is4(&h->extra[0]))
            h->nextra = 0; /* a host with IPv6 wants to know about AAAA too */
    }
}

/* No choice of hosts: the relay host, the domain itself, an address. */
static void one_hop(struct delivery *d, const char *name)
{
    d->mx[0] = (struct next_hop){ .name = item_text(d->item, name, strlen(name)) };
    d->nhops = 1;
}

static void got_mx(void *ctx, const struct dns_result *result)
{
    struct delivery *d = ctx;
    struct wire_slice domain = delivery_domain(d);
    char name[WIRE_DOMAIN_MAX + 1];
    if (domain.len >= sizeof name)
        domain.len = sizeof name - 1;
    memcpy(name, domain.at, domain.len);
    name[domain.len] = '\0';
    switch (result->class_) {
    case DNS_RESULT_OK:
        if (dns_result_is_null_mx(result)) {
            delivery_fail_with(d, true, "5.1.10", "%s takes no mail: it has a null MX", name);
            break;
        }
        take_mx(d, result);
        drop_self(d);
        if (d->nhops == 0)
            delivery_fail_with(d, true, "5.4.6",
                               "the best mail server for %s is this one, but it does not take its mail",
                               name);
        break;
    case DNS_RESULT_NODATA: /* no MX: the address of the domain itself, RFC 5321 section 5.1 */
        one_hop(d, name);
        d->implicit = true;
        break;
    case DNS_RESULT_NXDOMAIN:
        delivery_fail_with(d, true, "5.1.2", "the domain %s does not exist", name);
        break;
    default:
        delivery_fail_with(d, false, "4.4.3", "the name service has no answer for %s now", name);
    }
    delivery_next(d);
}

static void delivery_route(struct delivery *d)
{
    struct mta *m = delivery_mta(d);
    struct wire_slice domain = delivery_domain(d);
    if (m->spec->relayhost) {
        one_hop(d, m->spec->relayhost);
        delivery_next(d);
        return;
    }
    if (domain.len > 0 && domain.at[0] == '[') { /* an address literal: no MX look-up, RFC 5321 section 5.1 */
        struct ask_found found = { .class_ = DNS_RESULT_NXDOMAIN };
        char text[NET_ADDR_TEXT + 8];
        const char *at = text;
        snprintf(text, sizeof text, "%.*s", (int)(domain.len - 2), domain.at + 1);
        if (strncmp(text, "IPv6:", 5) == 0)
            at += 5;
        if (net_addr_parse(&found.addr[0], at))
            found.n = 1;
        one_hop(d, at);
        delivery_found(d, &found);
        return;
    }
    if (world_tells(delivery_world(d), TRACE_PHASE))
        tell_phase(m->host, PHASE_ROUTE, 0, 0, "%s looks up where %.*s receives mail", m->hostname,
                   (int)domain.len, domain.at);
    ask_start(m->host, domain.at, domain.len, DNS_TYPE_MX, got_mx, d);
}

static void collect(struct delivery *d)
{
    struct queue_item *q = d->item;
    struct wire_slice domain = delivery_domain(d);
    uint32_t n = 0;
    for (uint32_t i = d->first; i < q->nrcpt; i++) {
        struct recipient *r = &q->rcpt[i];
        if (r->state != RCPT_WAITING ||
            !wire_equal_nocase(recipient_domain(r).at, recipient_domain(r).len, domain.at, domain.len))
            continue;
        r->state = RCPT_TRYING;
        if (n == 1)
            d->which =
                core_depot_take(&delivery_world(d)->net.depot, q->nrcpt * sizeof *d->which, &d->which_cap);
        if (n == 1)
            d->which[0] = d->first;
        if (n > 0)
            d->which[n] = i;
        n++;
    }
    d->nrcpt = n;
}

void mta_deliver(struct queue_item *q, uint32_t first)
{
    struct world *w = q->mta->host->world;
    struct delivery *d = core_pool_take(&w->smtp_out);
    memset(d, 0, offsetof(struct delivery, address));
    d->item = q;
    d->first = first;
    d->port = q->mta->spec->relay_port ? q->mta->spec->relay_port : 25;
    d->began_ns = world_now(w);
    snprintf(d->status, sizeof d->status, "%s", "4.4.1");
    collect(d);
    q->jobs++;
    delivery_route(d);
}
