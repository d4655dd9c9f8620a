/* What a user has to know and to do about the TUN door. Names and addresses have no character that JSON or a
 * terminal would mind. */
#include "sim/gateway/tun_announce.h"

#include <stdio.h>
#include <string.h>

#define COMMAND_MAX 160

typedef void command_fn(void *ctx, const char *command);

/* Calls fn for each command that the device needs. */
static void commands(const struct plan *p, const char *name, command_fn *fn, void *ctx)
{
    struct spec_prefix routes[TUN_ROUTES_MAX];
    size_t n = tun_plan_routes(&p->world, routes);
    char command[COMMAND_MAX], text[TUN_ADDRESS_TEXT];
    const struct tun_plan *t = &p->tun;
    if (t->ip4.bits) {
        snprintf(command, sizeof command, "ip addr add %s dev %s", tun_address_text(&t->ip4, text), name);
        fn(ctx, command);
    }
    if (t->ip6.bits) {
        snprintf(command, sizeof command, "ip -6 addr add %s dev %s", tun_address_text(&t->ip6, text), name);
        fn(ctx, command);
    }
    snprintf(command, sizeof command, "ip link set %s mtu %d up", name, NET_MTU);
    fn(ctx, command);
    for (size_t i = 0; i < n; i++) {
        bool four = net_addr_is4(&routes[i].addr);
        if (four ? !t->ip4.bits : !t->ip6.bits)
            continue;
        snprintf(command, sizeof command, "ip %sroute add %s dev %s", four ? "" : "-6 ",
                 tun_address_text(&routes[i], text), name);
        fn(ctx, command);
    }
}

static void command_text(void *ctx, const char *command)
{
    (void)ctx;
    printf("  %s\n", command);
}

static void command_json(void *ctx, const char *command)
{
    bool *more = ctx;
    printf("%s\"%s\"", *more ? "," : "", command);
    *more = true;
}

static void put_address(const char *before, const struct spec_prefix *p, const char *after)
{
    char text[NET_ADDR_TEXT];
    if (p->bits)
        printf("%s%s%s", before, net_addr_text(&p->addr, text), after);
}

/* Hosts that serve something, by their own addresses. */
static void servers(const struct plan *p, bool json)
{
    for (size_t h = 0; h < p->world.nhosts; h++) {
        const struct spec_host *host = &p->world.hosts[h];
        const struct spec_iface *f = host->ifaces;
        bool both = host->nifaces > 0 && f->ip4.bits && f->ip6.bits;
        if (host->nifaces == 0 || !(host->mta || host->store || host->dns || host->resolver))
            continue;
        printf(json ? "{\"server\":\"%s\",\"addresses\":[" : "  %-24s", host->fqdn ? host->fqdn : host->name);
        put_address(json ? "\"" : "", &f->ip4, json ? "\"" : "");
        fputs(both ? json ? "," : ", " : "", stdout);
        put_address(json ? "\"" : "", &f->ip6, json ? "\"" : "");
        puts(json ? "]}" : "");
    }
}

static void announce_json(const struct plan *p, const char *name, bool configured)
{
    bool more = false;
    printf("{\"tun\":\"%s\",\"link\":\"%s\",\"mtu\":%d,\"configured\":%s", name, p->link, NET_MTU,
           configured ? "true" : "false");
    put_address(",\"address\":\"", &p->tun.ip4, "\"");
    put_address(",\"address6\":\"", &p->tun.ip6, "\"");
    fputs(",\"commands\":[", stdout);
    commands(p, name, command_json, &more);
    puts("]}");
    servers(p, true);
}

void tun_announce(const struct plan *p, const char *name, bool configured, bool jsonl)
{
    bool both = p->tun.ip4.bits && p->tun.ip6.bits;
    if (jsonl) {
        announce_json(p, name, configured);
        return;
    }
    printf("\nTUN door %s: this machine's kernel stands behind \"%s\" as ", name, p->link);
    put_address("", &p->tun.ip4, both ? " and " : "");
    put_address("", &p->tun.ip6, "");
    puts(configured ? ".\nIt is set up." : ".\nIt works after these commands, as root:");
    if (!configured)
        commands(p, name, command_text, NULL);
    puts("Servers, by their own addresses:");
    servers(p, false);
}
