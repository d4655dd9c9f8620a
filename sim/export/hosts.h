#ifndef SIM_EXPORT_HOSTS_H
#define SIM_EXPORT_HOSTS_H
/* hosts - the names of the opening's hosts and links, copied, since a sink may not keep what it borrows. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/core/trace.h"

struct export_host {
    const char *name, *fqdn, *role;
};

struct export_hosts {
    size_t count, nlinks;
    struct export_host *host; /* owned; host[0] is number 1 */
    const char **link;        /* owned; link[0] is number 1 */
    char *strings;            /* owned: what all of them point into */
};

bool export_hosts_copy(struct export_hosts *to, const struct trace_opening *opening); /* false: no memory */
void export_hosts_free(struct export_hosts *h);

/* The short name of host or link `number`; "" for 0 and for numbers that the opening does not have. */
static inline const char *export_host_name(const struct export_hosts *h, uint32_t number)
{
    return number > 0 && number <= h->count ? h->host[number - 1].name : "";
}

static inline const char *export_link_name(const struct export_hosts *h, uint32_t number)
{
    return number > 0 && number <= h->nlinks ? h->link[number - 1] : "";
}
#endif
