#ifndef SIM_GATEWAY_SECRETS_H
#define SIM_GATEWAY_SECRETS_H
/*
 * secrets - what a served world with TLS hands out: the certificate to trust, and the keys to look inside.
 *
 *   --ca-file FILE    the CA's certificate as PEM text: written whole before anybody is told that we are
 * ready
 *   --keylog FILE     one line for each secret (SSLKEYLOGFILE), in the file as soon as it exists
 *   --pcapng FILE     the same lines in a block before the frames that they open
 *
 * The CA's private key follows from the scenario's seed: whoever has the scenario can make certificates that
 * this CA has signed. So no program that talks to the real world may trust it.
 */
#include <stdbool.h>
#include <stdio.h>

#include "sim/export/pcapng.h"
#include "sim/hosts/world.h"

struct secrets {
    FILE *keylog;                 /* owned; NULL: none */
    struct export_pcapng *pcapng; /* borrowed; NULL: none */
    int error;                    /* errno of the first line that could not be written */
};

/* Opens the key log (`keylog` NULL: none) and listens for the secrets of `w`, which is not built yet. Returns
 * 0, or errno. */
int secrets_open(struct secrets *s, const char *keylog, struct export_pcapng *pcapng, struct world *w);

/* Whether any service of the world speaks TLS. */
bool secrets_world_has_tls(const struct spec_world *spec);

/* Writes the certificate of the CA of `w`, which is built. Returns 0, or errno. */
int secrets_write_ca(struct world *w, const char *path);

/* Returns 0, or the errno of the first write that failed. */
int secrets_close(struct secrets *s);
#endif
