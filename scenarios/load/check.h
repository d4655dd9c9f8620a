#ifndef SCENARIOS_LOAD_CHECK_H
#define SCENARIOS_LOAD_CHECK_H
/*
 * check - what a file says in one place must fit what it says in another.
 *
 *   check_net   links, addresses, routes, DNS
 *   check_mail  servers, users, aliases, mail programs
 *   check_acts  actions and expectations
 *   check_doors where real programs come in
 *
 * A reference to something that does not exist is answered with the nearest name that does.
 */
#include "scenarios/load/fields.h"

struct check_names {   /* names of one kind, sorted */
    const char *kind;  /* "host" */
    const char **name; /* owned */
    size_t *index;     /* owned: where name[i] is in the world */
    size_t count;
};

#define CHECK_NONE     SIZE_MAX
#define CHECK_DNS_PORT 53 /* of name servers and resolvers, RFC 1035 section 4.2 */

struct check {
    struct json_get *g;
    struct scenario *s;
    struct spec_world *w;
    struct check_names hosts, links, zones, messages, actions;
    bool any_resolver;
};

/* Fills in what follows from the rest (root servers of resolvers), and tells every contradiction. */
void check_scenario(struct json_get *g, struct scenario *s);
/* When the changes are read: users and messages that are expected may come with one of them. */
void check_changed(struct json_get *g, struct scenario *s);

void check_net(struct check *c);
void check_mail(struct check *c);
void check_acts(struct check *c);
/* Does what is expected take part at some time? Of a world with changes: after they are read. */
void check_expected(struct check *c);
void check_doors(struct check *c);

/* The place of a name; CHECK_NONE if there is none. */
size_t check_find(const struct check_names *names, const char *name);

/* The same, and an error at pointer + tail if there is none. */
size_t check_ref(struct check *c, const struct check_names *names, const char *name, const char *pointer,
                 const char *tail);

/* True if `text` is an IP address, so that nobody needs to be asked. */
bool check_is_address(const char *text);

/* The host that has this address; CHECK_NONE. */
size_t check_owner(const struct check *c, const struct net_addr *a);

bool check_inside(const struct net_addr *a, const struct spec_prefix *p);
#endif
