/* Doors: what real programs may use, and where they stand. */
#include "scenarios/load/fields.h"

#include <string.h>

static const struct json_field door_rows[] = {
    F("host", NAME, spec_door, host, .required = GET_ALWAYS, .help = "the host that offers the service"),
    N("port", UINT, spec_door, port, .required = GET_ALWAYS, .min = 1,
      .help = "the port it offers it on; 53 is open for UDP and TCP"),
};

static bool brief_door(struct json_get *g, const struct json_node *n, void *out)
{
    const char *colon = n->type == JSON_STRING ? strrchr(n->string, ':') : NULL;
    struct spec_door *d = out;
    char host[SPEC_NAME_MAX + 1];
    unsigned long port = 0;
    for (const char *at = colon ? colon + 1 : ""; *at; at++)
        port = *at >= '0' && *at <= '9' && port <= UINT16_MAX ? port * 10 + (unsigned long)(*at - '0')
                                                              : UINT32_MAX;
    if (!colon || colon == n->string || (size_t)(colon - n->string) > SPEC_NAME_MAX || port == 0 ||
        port > UINT16_MAX) {
        json_error(g, n, "must be \"HOST:PORT\", like \"mail:25\"");
        return false;
    }
    memcpy(host, n->string, (size_t)(colon - n->string));
    host[colon - n->string] = '\0';
    d->port = (uint16_t)port;
    return json_get_text(g, &fields_door, "host", host, n, out);
}

const struct json_object fields_door = {
    .name = "door",
    .help = "a service that real programs may use",
    ROWS(door_rows),
    .size = sizeof(struct spec_door),
    .pointer_at = offsetof(struct spec_door, pointer),
    .key_at = GET_NOWHERE,
    .brief = brief_door,
    .brief_help = "a string \"HOST:PORT\"",
};

static const struct json_field doors_rows[] = {
    F("link", NAME, spec_doors, link, .required = GET_ALWAYS,
      .help = "where real programs stand: each connection has a host of its own on it, with a free address"),
    MANY("open", OBJECT, LIST, spec_doors, open, .object = &fields_door, .required = GET_ALWAYS,
         .flags = GET_NOT_EMPTY, .items_max = 200, .help = "the services"),
};

const struct json_object fields_doors = {
    .name = "doors",
    .help = "where real programs come in",
    ROWS(doors_rows),
    .size = sizeof(struct spec_doors),
    .pointer_at = offsetof(struct spec_doors, pointer),
    .key_at = GET_NOWHERE,
};
