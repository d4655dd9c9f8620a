#ifndef SIM_HOSTS_SECURE_H
#define SIM_HOSTS_SECURE_H
/*
 * secure - the certificates and TLS settings of a world, made when they are first needed.
 *
 *   world: one CA, which every client trusts       secure_client(w, check)   what a client wants
 *   host:  one certificate, with its fault         secure_server(host)       what a server shows
 *
 * All randomness is the world's: stream "tls". Dates are virtual. Where virtual hosts reach real servers,
 * clients trust the CAs of the spec's trust_pem as well.
 */
#include "protocols/tls/tls_session.h"
#include "sim/hosts/host.h"

struct secure;

struct tls_context *secure_server(struct host *host);
struct tls_context *secure_client(struct world *w, enum tls_check check);
struct tls_random secure_random(struct world *w);
/* The CA's certificate as PEM text; returns its octets, 0 if it does not fit. */
size_t secure_ca_pem(struct world *w, char *buf, size_t size);
/* Can OpenSSL read the PEM text of a certificate, as spec_world.trust_pem has them? */
bool secure_trust_good(const char *pem);
/* For tls_session_config.keylog: host is the world. */
void secure_keylog(void *world, const char *line);
/* The host has other names or another fault now: from the next handshake on it shows another certificate. */
void secure_forget(struct host *host);

void secure_free(struct world *w);
#endif
