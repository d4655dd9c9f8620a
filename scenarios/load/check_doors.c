/* Doors lead to services that exist. */
#include "scenarios/load/check.h"

#include <stdio.h>
#include <string.h>

#define LISTED_MAX 200 /* octets */

static void list_port(char list[LISTED_MAX], unsigned port)
{
    size_t len = strlen(list);
    snprintf(list + len, LISTED_MAX - len, "%s%u", len ? ", " : "", port);
}

/* True if somebody listens on the port; otherwise list names the ports where somebody does. */
static bool listens(const struct spec_host *h, uint16_t port, char list[LISTED_MAX])
{
    bool found = false;
    list[0] = '\0';
    for (size_t i = 0; h->mta && i < h->mta->nservices; i++) {
        found |= h->mta->services[i].port == port;
        list_port(list, h->mta->services[i].port);
    }
    for (size_t i = 0; h->store && i < h->store->nservices; i++) {
        found |= h->store->services[i].port == port;
        list_port(list, h->store->services[i].port);
    }
    if (h->dns || h->resolver) {
        found |= port == CHECK_DNS_PORT;
        list_port(list, CHECK_DNS_PORT);
    }
    return found;
}

void check_doors(struct check *c)
{
    const struct spec_doors *doors = c->w->doors;
    char list[LISTED_MAX];
    if (!doors)
        return;
    check_ref(c, &c->links, doors->link, doors->pointer, "/link");
    for (size_t i = 0; i < doors->nopen; i++) {
        const struct spec_door *d = &doors->open[i];
        size_t h = check_ref(c, &c->hosts, d->host, d->pointer, "");
        if (h != CHECK_NONE && !listens(&c->w->hosts[h], d->port, list))
            json_error_at(c->g, d->pointer, "", "nobody listens on port %u of \"%s\"; %s%s", d->port, d->host,
                          list[0] ? "it has services on " : "it has no services", list);
        for (size_t k = 0; k < i; k++)
            if (doors->open[k].port == d->port && strcmp(doors->open[k].host, d->host) == 0)
                json_error_at(c->g, d->pointer, "", "this door is here twice, first at %s",
                              doors->open[k].pointer);
    }
}
