#ifndef SIM_HOSTS_SERVICES_H
#define SIM_HOSTS_SERVICES_H
/* services - the mailbox servers of a store: POP3 and IMAP engines behind TCP ports. */
#include "sim/hosts/store.h"

/* Listens for every POP3 or IMAP service of the store. False: a port is taken; *pointer says whose. */
bool pop3_services_open(struct store *s, const struct spec_store *spec, const char **pointer);
bool imap_services_open(struct store *s, const struct spec_store *spec, const char **pointer);

/* Closes the ports and opens them with other settings. Conversations that are under way go on as they began.
 */
void services_reload(struct store *s, const struct spec_store *before, const struct spec_store *after);

void services_init_world(struct world *w);

/* Octets of one idle session, for the bench. */
size_t pop3_session_octets(void);
size_t imap_session_octets(void);
#endif
