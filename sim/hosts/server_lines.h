#ifndef SIM_HOSTS_SERVER_LINES_H
#define SIM_HOSTS_SERVER_LINES_H
/*
 * server_lines - the lines of a server that is none of our engines: a real one behind an exit.
 *
 *   octets that the server has sent   --server_lines_say()---> wire_out with marks: reply (code, status),
 * content octets that the client says       --server_lines_hear()--> what the server's next octets are
 *
 * The other side of client_lines.h, and as modest: a stranger's octets are followed just closely enough to
 * tell replies from content. POP3's long answers depend on what was asked, IMAP's literals say their length,
 * and where TLS begins nothing can be told any more. It decides nothing: what it misreads is told wrongly in
 * the trace, and the client still gets the same octets.
 */
#include "protocols/wire/out.h"
#include "sim/core/trace.h"

#define SERVER_LINES_HEAD  64 /* octets of a line that are looked at */
#define SERVER_LINES_ASKED 64 /* POP3 commands that wait for their answers; more are told as short ones */

enum server_mode {
    SERVER_REPLIES,
    SERVER_MESSAGE, /* POP3: up to a line with a single dot */
    SERVER_OCTETS,  /* IMAP: a literal */
    SERVER_OPAQUE   /* TLS, or no protocol of lines: nothing is told */
};

/* What a POP3 command is answered with. */
enum server_answer { SERVER_SHORT, SERVER_LONG, SERVER_TLS };

struct server_lines {
    enum trace_proto proto;
    enum server_mode mode;
    uint64_t left;   /* SERVER_OCTETS: still to come */
    uint64_t at;     /* octets of the server's line so far */
    uint8_t len;     /* of them in head */
    uint8_t heard;   /* octets of the client's line in said */
    bool challenged; /* POP3: the client's next line is no command */
    bool tls;        /* SMTP, IMAP: TLS begins if the server agrees */
    uint8_t nasked;
    uint8_t asked[SERVER_LINES_ASKED]; /* enum server_answer, the oldest first */
    char tail[24];                     /* the end of the line: "{310}\r\n" */
    uint8_t ntail;
    char head[SERVER_LINES_HEAD];
    char said[SERVER_LINES_HEAD];
    char tag[34]; /* of the IMAP command STARTTLS, with NUL */
};

/* `greeting`: the server speaks first; false: TLS has begun behind a greeting. */
void server_lines_init(struct server_lines *c, enum trace_proto proto, bool greeting);

/* Puts octets into `out` (which has been reset), with their marks. Returns how many: fewer than len if they
 * or their marks do not fit into one `out`, or TLS begins behind them. Not while the mode is SERVER_OPAQUE.
 */
size_t server_lines_say(struct server_lines *c, const char *octets, size_t len, struct wire_out *out);

void server_lines_hear(struct server_lines *c, const char *octets, size_t len);

/* True of a mark's lesson if what it marks is the content of a message. */
bool server_lines_is_content(const struct wire_lesson *why);
#endif
