#ifndef PROTOCOLS_WIRE_AUTH_H
#define PROTOCOLS_WIRE_AUTH_H
/*
 * auth - how SMTP, POP3 and IMAP engines reach SASL (RFC 4422) without knowing it.
 *
 *   server engine: AUTH PLAIN dGVzdA==   -> begin("PLAIN", decoded initial)
 *                  <- 334 <challenge>    <- WIRE_AUTH_MORE + challenge
 *                  a line from the peer  -> step(decoded line)
 *                  <- 235 / 535          <- WIRE_AUTH_OK / WIRE_AUTH_DENIED
 *
 * The engines do the base64 and the cancelling "*" themselves (their RFCs say how); what
 * passes here are the decoded octets. The host binds these calls to protocols/sasl and to
 * its accounts. `ctx` is the host's, one per connection.
 */
#include <stdbool.h>
#include <stddef.h>

struct wire_lesson;

#define WIRE_AUTH_DATA_MAX                                                                                   \
    3072 /* octets of one decoded message; 12288 base64 line limit, RFC 4954 section 4 */

enum wire_auth {
    WIRE_AUTH_MORE,      /* out holds the next challenge (server) or response (client) */
    WIRE_AUTH_OK,        /* the exchange is complete: identity proven */
    WIRE_AUTH_DENIED,    /* wrong user or password: one verdict for both, on purpose */
    WIRE_AUTH_MALFORMED, /* the message does not follow the mechanism's syntax */
    WIRE_AUTH_NO_MECH,   /* mechanism unknown or not offered here */
    WIRE_AUTH_NEED_TLS,  /* refused on a connection without encryption */
    WIRE_AUTH_TEMPFAIL   /* accounts cannot be consulted now */
};

struct wire_auth_server {
    /* Space-separated names to advertise now ("PLAIN LOGIN CRAM-MD5"), "" for none. */
    const char *(*mechanisms)(void *ctx);
    /* in == NULL: no initial response was sent. out holds WIRE_AUTH_DATA_MAX octets. */
    enum wire_auth (*begin)(void *ctx, const char *mech, const char *in, size_t len, char *out,
                            size_t *out_len);
    enum wire_auth (*step)(void *ctx, const char *in, size_t len, char *out, size_t *out_len);
    void (*cancel)(void *ctx);
    /* USER/PASS and IMAP LOGIN: a plain name and password. */
    enum wire_auth (*login)(void *ctx, const char *user, size_t user_len, const char *pass, size_t pass_len);
    /* After WIRE_AUTH_NO_MECH: a mechanism that is known here, and refused on purpose? Its name and *why, the
     * words about it, both static. NULL: the name means nothing here. May be NULL itself. */
    const char *(*known)(void *ctx, const struct wire_lesson **why);
};

#define WIRE_AUTH_KNOWN_TEXT " is known, but not offered here" /* behind the name, in a reply */

struct wire_auth_client {
    /* Chooses a mechanism among those the server offers (space-separated list); NULL if
     * none is acceptable. */
    const char *(*choose)(void *ctx, const char *offered);
    /* The initial response, if the mechanism has the client speak first: true and
     * out/out_len; false: the server speaks first. */
    bool (*initial)(void *ctx, char *out, size_t *out_len);
    /* The response to one decoded challenge. WIRE_AUTH_MORE: send out; WIRE_AUTH_MALFORMED: cancel. */
    enum wire_auth (*respond)(void *ctx, const char *in, size_t len, char *out, size_t *out_len);
    /* The server says that the exchange has succeeded: may that be believed? NULL: always. False when the
     * mechanism has the server prove itself and it has not (RFC 5802 section 3): the login has failed. */
    bool (*complete)(void *ctx);
    /* For USER/PASS and LOGIN. */
    const char *(*user)(void *ctx);
    const char *(*password)(void *ctx);
};
#endif
