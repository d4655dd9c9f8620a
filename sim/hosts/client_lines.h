#ifndef SIM_HOSTS_CLIENT_LINES_H
#define SIM_HOSTS_CLIENT_LINES_H
/*
 * client_lines - the lines of a client that is none of our engines: a real program behind a door.
 *
 *   octets that the client has sent  --client_lines_say()---> wire_out with marks: command, content, secret
 *   octets that the server answered  --client_lines_hear()--> what the client's next octets are
 *
 * An engine marks what it says by itself. A stranger's octets come in any pieces, so here they are followed
 * just closely enough to tell commands from content and to hide passwords: after 354 comes a message up to
 * its single dot, after BDAT and after an IMAP literal so many octets, after 334, "+ " or "+" the answer to a
 * challenge. It decides nothing: what it misreads is told wrongly in the trace, and the server still gets the
 * same octets.
 */
#include "protocols/wire/out.h"
#include "sim/core/trace.h"

#define CLIENT_LINES_HEAD 512 /* octets of a line that are looked at */

enum client_mode {
    CLIENT_COMMANDS,
    CLIENT_MESSAGE, /* SMTP: up to a line with a single dot */
    CLIENT_OCTETS,  /* so many: BDAT, a literal */
    CLIENT_ANSWER,  /* the next line answers a challenge */
    CLIENT_OPAQUE   /* TLS, or no protocol of lines: nothing is told */
};

struct client_lines {
    enum trace_proto proto;
    enum client_mode mode;
    const struct wire_lesson *why; /* of the line or the octets under way */
    uint64_t left;                 /* CLIENT_OCTETS: still to come */
    uint32_t at;                   /* octets of this line so far */
    uint16_t len;                  /* of them in head */
    uint16_t heard;                /* octets of the server's line in reply */
    bool secret;                   /* CLIENT_OCTETS: a password */
    bool untouched;                /* CLIENT_OCTETS: none has come; the server may refuse them yet */
    bool goes_on;                  /* IMAP: the line goes on after a literal, without a tag */
    bool challenged;               /* AUTH is under way: a continuation asks for a secret */
    bool tls;                      /* TLS begins if the server agrees */
    char head[CLIENT_LINES_HEAD];
    char reply[40]; /* the server's line begins so */
    char tag[34];   /* of the IMAP command under way, with NUL */
};

void client_lines_init(struct client_lines *c, enum trace_proto proto);

/* Puts octets into `out` (which has been reset), with their marks. Returns how many: fewer than len if they
 * or their marks do not fit into one `out`. Not while the mode is CLIENT_OPAQUE. */
size_t client_lines_say(struct client_lines *c, const char *octets, size_t len, struct wire_out *out);

void client_lines_hear(struct client_lines *c, const char *octets, size_t len);

/* True of a mark's lesson if what it marks is the content of a message. */
bool client_lines_is_content(const struct wire_lesson *why);
#endif
