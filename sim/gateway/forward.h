#ifndef SIM_GATEWAY_FORWARD_H
#define SIM_GATEWAY_FORWARD_H
/*
 * forward - which names of the simulated world lead to real servers: `serve --forward`, `--trust`.
 *
 *   example.org=127.0.0.1:2525            mail for the domain: its MX, port 25
 *   mail.example.org:587=127.0.0.1:5587   one port of a host that mail programs use by name
 *   mail.example.org:143=[::1]:1143
 *
 * --trust names a file of PEM certificates: CAs that the virtual clients trust besides the world's own one. A
 * virtual server is known by that one alone.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORWARDS_MAX         64
#define FORWARD_NAME_MAX     253 /* octets, RFC 1035 section 2.3.4 */
#define FORWARD_ADDRESS_TEXT 46
#define FORWARD_ERROR_MAX    200
#define FORWARD_TRUST_MAX    1048576 /* octets of a file of CAs */
#define FORWARD_CA_MAX       32768   /* octets of one of them */

struct forward {
    const char *text;                /* as it was given; borrowed */
    char name[FORWARD_NAME_MAX + 1]; /* in lower case, without a final dot */
    uint16_t port;                   /* of the simulated host; 0: `name` is a domain, and its mail is meant */
    char address[FORWARD_ADDRESS_TEXT];
    uint16_t real_port;
};

struct forwards {
    struct forward one[FORWARDS_MAX];
    size_t n;
    char *trust; /* PEM, certificates only; owned; NULL: nobody else is trusted */
};

/* Takes one. False: error says what is wrong. `text` must stay. */
bool forwards_add(struct forwards *f, const char *text, char error[FORWARD_ERROR_MAX]);

/* Is the address that of this machine itself? */
bool forward_is_loopback(const struct forward *f);

/* Reads the certificates of a file. False: error says why, and `machine` whether the machine is to blame. */
bool forwards_trust_file(struct forwards *f, const char *path, char error[FORWARD_ERROR_MAX], bool *machine);

/* The PEM text of the n-th certificate from 0, with its length; NULL: there are no more. */
const char *forwards_trust_nth(const struct forwards *f, size_t n, size_t *len);

/* Adds one certificate's text, from a recording. False: it is no PEM certificate that OpenSSL can read. */
bool forwards_trust_add(struct forwards *f, const char *pem, size_t len);

void forwards_free(struct forwards *f);
#endif
