#ifndef SIM_HOSTS_LETTER_H
#define SIM_HOSTS_LETTER_H
/* letter - turns a message of the scenario into octets: composed (RFC 5322, MIME), or as its .eml says. */
#include "sim/hosts/host.h"

/* The message as it leaves its author's program; the world remembers it, to say later whether it arrived
 * intact. `a` gives the sender when the message names none; NULL: there is no account. NULL: it cannot be
 * written, because an address or a field is not valid. */
struct mail *letter_write(struct world *w, const struct spec_message *m, const struct spec_account *a);

/* The scenario's message of that name; NULL: there is none. */
const struct spec_message *letter_named(const struct world *w, const char *name);
#endif
