#ifndef SIM_HOSTS_DNS_HOST_H
#define SIM_HOSTS_DNS_HOST_H
/*
 * dns_host - binds the DNS engines to sockets: an authoritative server, or a caching resolver, on UDP and
 * TCP 53.
 *
 *   zones of the scenario -> dns_zone (sorted once, shared by all servers that serve them) -> dns_auth_answer
 *   resolver: dns_resolver + dns_cache; its queries leave from ports of their own
 */
#include "sim/hosts/host.h"

struct zone_error {
    char text[256]; /* what is wrong with a record */
    const char *pointer;
};

/* Compiles all zones of the world. False: *error says which record is wrong. */
bool dns_zones_build(struct world *w, struct zone_error *error);

/* One zone, in the world's arena. False: *error says which record is wrong. */
bool dns_zone_build(struct world *w, const struct spec_zone *z, struct dns_zone *out,
                    struct zone_error *error);
/* Serves host->spec->dns, with the zones as the world has them now. Caches know nothing of it. */
void dns_host_reload(struct host *host);

bool dns_host_new(struct host *host, const struct spec_dns *spec, struct zone_error *error);
void resolver_host_new(struct host *host, const struct spec_resolver *spec);

#endif
