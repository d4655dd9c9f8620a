#ifndef SIM_GATEWAY_RECORD_H
#define SIM_GATEWAY_RECORD_H
/*
 * record - what came in through the doors, as a file: to run it again in virtual time.
 *
 *   {"mailwalk":"0.1.0","recording":1,"scenario":"mail-world","text":"9f..","link":"street","doors":600,"actions":false}
 *   {"set":"/links/street/delay=20ms"}                     one line for each --set
 *   {"forward":"example.org=127.0.0.1:2525"}               one line for each --forward
 *   {"trust":"-----BEGIN CERTIFICATE-----..."}             one line for each certificate of --trust
 *   {"t":1200345678,"connect":1,"door":1,"to":"198.51.100.25","port":25}
 *   {"t":1204456789,"octets":1,"data":"EHLO me\r\n"}       as they were given to the door's TCP
 *   {"t":1304456789,"credit":1,"n":32768}                  the program has read so many of the server's
 * octets
 *   {"t":1404456789,"close":1}                             the program sends no more: FIN
 *   {"t":1404456789,"reset":1}                             ... or has broken the connection: RST
 *   {"t":1504456789,"ask":2,"door":2,"to":"198.51.100.53","port":53}
 *   {"t":1504456789,"datagram":2,"data":"..."}
 *   {"t":1604456789,"forget":2}
 *   {"t":1604556789,"packet":1,"data":"E\u0000.."}         an IP packet from the TUN device, numbered from 1
 *   {"t":1704456789,"joined":1}                            a real server behind an exit has taken connection
 * 1
 *   {"t":1704456789,"refused":1}                           ... or not
 *   {"t":1704459876,"answer":1,"data":"220 mx ESMTP\r\n"}  what it says
 *   {"t":1704459999,"taken":1,"n":32768}                   it has read so many of the virtual client's octets
 *   {"t":1804456789,"finished":1}                          it sends no more: FIN
 *   {"t":1804456789,"broken":1}                            ... or has broken the connection: RST
 *   {"t":1704456789,"control":1,"request":"{\"do\":\"down\",...}"}   said by the control socket; numbered
 * apart
 *   {"t":9999999999,"end":true,"hash":"55b1c0..","records":4711}
 *
 * One JSON object a line. `t` is virtual time in nanoseconds; it never goes back, and inputs of one `t`
 * follow the rule of entrance.h. A character of a string stands for one octet, so 0x80 to 0xff are \u0080 to
 * \u00ff. Connections through exits have numbers of their own, in the order in which they begin (exit.h).
 * `text` is the hash of the scenario's text. The end may be missing: the program was killed.
 *
 * With a TUN door the first line has "tun", the kernel's addresses: "198.18.0.2/30 2001:db8:ffff::2/64".
 *
 * A recording holds whatever the programs sent, passwords too.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/gateway/forward.h"
#include "sim/gateway/flat.h"
#include "sim/net/net.h"

#define RECORD_VERSION   1
#define RECORD_LINE_MAX  524288 /* octets of a line */
#define RECORD_CHUNK_MAX 16384  /* octets of data in one input */
/* octets of what somebody said by the control socket */
#define RECORD_REQUEST_MAX 65536
#define RECORD_SETS_MAX    1000

/* X(enum suffix, key in the file) */
#define RECORD_KINDS(X)                                                                                      \
    X(CONNECT, "connect")                                                                                    \
    X(OCTETS, "octets")                                                                                      \
    X(CREDIT, "credit")                                                                                      \
    X(CLOSE, "close")                                                                                        \
    X(RESET, "reset")                                                                                        \
    X(ASK, "ask")                                                                                            \
    X(DATAGRAM, "datagram")                                                                                  \
    X(FORGET, "forget")                                                                                      \
    X(CONTROL, "control")                                                                                    \
    X(PACKET, "packet")                                                                                      \
    X(EXIT_JOINED, "joined")                                                                                 \
    X(EXIT_REFUSED, "refused")                                                                               \
    X(EXIT_OCTETS, "answer")                                                                                 \
    X(EXIT_CREDIT, "taken")                                                                                  \
    X(EXIT_CLOSE, "finished")                                                                                \
    X(EXIT_RESET, "broken")                                                                                  \
    X(END, "end")
#define X(name, key) RECORD_##name,
enum record_kind { RECORD_KINDS(X) RECORD_KIND_COUNT };
#undef X

const char *record_kind_key(enum record_kind kind); /* "connect" */
bool record_has_data(enum record_kind kind);
bool record_is_of_exit(
    enum record_kind kind); /* an input from a real server: its number is that of an exit's session */

struct record_input {
    enum record_kind kind;
    uint64_t t_ns;
    uint32_t id;
    unsigned door;
    struct net_addr to;
    uint16_t port;
    size_t n;         /* of CREDIT and EXIT_CREDIT */
    const char *data; /* borrowed until the next line is read */
    size_t len;
    bool has_hash; /* of END */
    uint64_t hash, records;
};

struct record_header {
    const char *scenario; /* name or path, as it was given */
    const char *link;
    uint64_t text_hash;
    unsigned doors;
    bool actions;
    const char *tun; /* the kernel's addresses; NULL: there is no TUN door */
    const char *sets[RECORD_SETS_MAX];
    size_t nsets;
    const struct forwards *forwards; /* NULL: none; read: points into the next one */
    struct forwards read_forwards;
    unsigned lines; /* read: how many the header has */
};

/* ---- writing: errors are kept in the stream; whoever closes it looks ---- */

void record_header(FILE *to, const struct record_header *h, const char *version);
void record_input(FILE *to, const struct record_input *in);

/* ---- reading ---- */

struct record_reader {
    const char *path;
    FILE *file;
    unsigned line; /* of the last one read */
    char *text;    /* RECORD_LINE_MAX */
    uint64_t t_ns;
    uint32_t last_id, last_packet;
    bool ended;
    char error[300];
};

/* False: there is an errno, and nothing is open. */
bool record_open(struct record_reader *r, const char *path);
void record_close(struct record_reader *r);

/* The header and its sets. Strings are the caller's to free with record_header_free. False: r->error says
 * why. */
bool record_read_header(struct record_reader *r, struct record_header *h);
void record_header_free(struct record_header *h);

/* The next input. 1: there is one; 0: the file ends; -1: r->error says what is wrong in line r->line. */
int record_read(struct record_reader *r, struct record_input *in);

/* Reads all inputs once, to find what is wrong before anything runs, and goes back to the first. */
bool record_check(struct record_reader *r);
#endif
