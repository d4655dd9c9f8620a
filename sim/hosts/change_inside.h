#ifndef SIM_HOSTS_CHANGE_INSIDE_H
#define SIM_HOSTS_CHANGE_INSIDE_H
/*
 * change_inside - what the files about changes share.
 *
 *   change_reload.c   the table: which pointers, and who reloads
 *   change.c          what the table cannot say; telling; the moment
 */
#include "protocols/dns/dns_zone.h"
#include "sim/hosts/change.h"
#include "sim/hosts/mua.h"

#define CHANGE_NAME_MAX 300 /* of a host, link or zone in a pointer, with NUL */

/* Who edits it, in a sentence: and whether it is about a host, a link, a zone or an action. */
enum change_editor { CHANGE_ADMINISTRATOR, CHANGE_USER, CHANGE_OPERATOR, CHANGE_ZONE, CHANGE_PLAN };

struct change_run {
    struct core_timer timer;
    struct world *world;
    const struct spec_change *spec;
    const struct change_rule *rule;
    struct host *host;    /* whose setting it is; of a link or a zone: one who has to do with it */
    struct dns_zone zone; /* of a zone: compiled */
};

struct change_rule {
    const char *pattern; /* "*" is any one step of the pointer; a final "**" any further ones, or none */
    void (*reload)(struct change_run *c);
    enum change_editor editor;
    bool secret; /* the value is, or holds, a password */
};

/* NULL: it cannot change during a run. */
const struct change_rule *change_rule_for(const char *pointer);

/* The second step of "/hosts/mx/mta": "mx". */
const char *change_name(const char *pointer, char name[CHANGE_NAME_MAX]);

/* What a change is about, in these settings; NULL, or nzones: there is no such thing. */
const struct spec_host *change_host(const struct spec_world *w, const struct spec_change *c);
const struct spec_link *change_link(const struct spec_world *w, const struct spec_change *c);
size_t change_zone(const struct spec_world *w, const struct spec_change *c);
const struct spec_action *change_action(const struct spec_world *w, const struct spec_change *c);
struct action_run *change_action_run(const struct change_run *c);
#endif
