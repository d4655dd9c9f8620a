/* The names of hosts and links, in one block of strings. */
#include "sim/export/hosts.h"

#include <stdlib.h>
#include <string.h>

static size_t size_of(const char *s)
{
    return s ? strlen(s) + 1 : 1;
}

/* Copies s to *at and moves *at behind its NUL. */
static const char *copy(char **at, const char *s)
{
    char *to = *at;
    size_t n = size_of(s);
    memcpy(to, s ? s : "", n);
    *at += n;
    return to;
}

bool export_hosts_copy(struct export_hosts *to, const struct trace_opening *o)
{
    size_t size = 1;
    char *at;

    for (size_t i = 0; i < o->nhosts; i++)
        size += size_of(o->hosts[i].name) + size_of(o->hosts[i].fqdn) + size_of(o->hosts[i].role);
    for (size_t i = 0; i < o->nlinks; i++)
        size += size_of(o->links[i].name);
    *to = (struct export_hosts){ .count = o->nhosts, .nlinks = o->nlinks };
    to->host = calloc(o->nhosts + 1, sizeof *to->host);
    to->link = calloc(o->nlinks + 1, sizeof *to->link);
    at = to->strings = malloc(size);
    if (!to->host || !to->link || !to->strings) {
        export_hosts_free(to);
        return false;
    }
    for (size_t i = 0; i < o->nhosts; i++) {
        to->host[i].name = copy(&at, o->hosts[i].name);
        to->host[i].fqdn = copy(&at, o->hosts[i].fqdn);
        to->host[i].role = copy(&at, o->hosts[i].role);
    }
    for (size_t i = 0; i < o->nlinks; i++)
        to->link[i] = copy(&at, o->links[i].name);
    return true;
}

void export_hosts_free(struct export_hosts *h)
{
    free(h->host);
    free(h->link);
    free(h->strings);
    *h = (struct export_hosts){ 0 };
}
