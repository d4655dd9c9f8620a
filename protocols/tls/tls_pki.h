#ifndef PROTOCOLS_TLS_PKI_H
#define PROTOCOLS_TLS_PKI_H
/*
 * tls_pki - a certificate authority of the simulated world, and the certificates it issues.
 *
 *   root CA --signs--> issuing CA --signs--> mail.example.com        what clients trust: the root
 *      (self-signed)     (optional)             + its faults         what a server sends: all but the root
 *
 * Everything comes from the seed and the arguments: the same CA issues the same certificate, octet by octet,
 * in whatever order it is asked. Keys are P-256, signatures ECDSA with SHA-256, serial numbers 16 octets;
 * dates are seconds since 1970 in virtual time, never those of the machine.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/tls/tls_lib.h"

#define TLS_NAME_MAX  253  /* octets of a host name, RFC 1035 section 2.3.4 without the dots' ends */
#define TLS_NAMES_MAX 32   /* names in one certificate: ours */
#define TLS_PEM_MAX   8192 /* octets that any PEM text of this room fits in, with NUL: ours */

#define TLS_DAY_S     86400 /* seconds */

/* What is wrong with a certificate, on purpose. */
enum tls_fault {
    TLS_FAULT_NONE,
    TLS_FAULT_EXPIRED,         /* ran out three days before now_s */
    TLS_FAULT_NOT_YET_VALID,   /* begins thirty days after now_s */
    TLS_FAULT_WRONG_NAME,      /* issued to www. in the same domain */
    TLS_FAULT_SELF_SIGNED,     /* signed with its own key */
    TLS_FAULT_UNKNOWN_CA,      /* signed by a CA that nobody has in his list */
    TLS_FAULT_NO_INTERMEDIATE, /* the server forgets to send the issuing CA's certificate */
    TLS_FAULTS
};

/* "none", "expired", "not-yet-valid", "wrong-name", "self-signed", "unknown-ca", "no-intermediate"; for
 * scenario files. */
const char *tls_fault_name(enum tls_fault fault);

struct tls_pki;  /* a CA; owns its keys */
struct tls_cert; /* a host's certificate, chain and key */

struct tls_pki_config {
    struct tls_random random; /* TLS_SEED_OCTETS are drawn from it, once */
    const char *name;         /* NULL: "Mailwalk"; the organisation in the CA's subject */
    int64_t now_s;            /* the CA's certificate begins a year before it and lasts ten */
    bool intermediate;        /* an issuing CA between root and hosts */
};

/* NULL: no memory. */
struct tls_pki *tls_pki_new(struct tls_lib *lib, const struct tls_pki_config *config);
void tls_pki_free(struct tls_pki *pki);

struct tls_cert_config {
    const char *const *names; /* host names ("mail.example.com", "*.example.org") and addresses
                                 ("192.0.2.1", "2001:db8::1"); the first one is the subject too */
    unsigned names_len;       /* 1 to TLS_NAMES_MAX */
    int64_t now_s;            /* when the scenario begins */
    uint32_t days;            /* 0: 90, of which 30 are over at now_s */
    enum tls_fault fault;
};

/* NULL: a name that no certificate can carry, or no memory. The certificate lives on without the CA. */
struct tls_cert *tls_cert_new(struct tls_pki *pki, const struct tls_cert_config *config);
void tls_cert_free(struct tls_cert *cert);

enum tls_pem {
    TLS_PEM_ROOT,  /* the certificate to trust: --ca-file */
    TLS_PEM_CHAIN, /* what the server sends */
    TLS_PEM_KEY    /* the private key, for a real server in a test */
};

/* Write PEM text and a NUL; return its length without the NUL, 0 if it does not fit in `size` octets. The CA
 * knows only TLS_PEM_ROOT. */
size_t tls_pki_pem(const struct tls_pki *pki, char *buf, size_t size);
size_t tls_cert_pem(const struct tls_cert *cert, enum tls_pem what, char *buf, size_t size);
#endif
