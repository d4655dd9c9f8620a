#ifndef UI_TAPE_LADDER_H
#define UI_TAPE_LADDER_H
/*
 * ladder - a tape as a sequence diagram: who says what to whom, one row after the other.
 *
 *   tape --ladder_new, once--> all rows, each with its zone --ladder_choose--> the rows of one grain,
 *                                                                              all conversations or one
 *        row    11 mail  220 mail.example.com ESMTP
 *        row    12 alice EHLO ...              \
 *        row    13 mail  250-...                > zone HELLO: one item while folded
 *        row    .. alice AUTH PLAIN, mail 235  /
 *        row    25 alice MAIL FROM:<...>
 *
 * A zone is a stretch of one conversation that may be folded into one item: TCP set-up, the TLS handshake,
 * greetings and login, a long answer, the content of a message, the close. What failed is in no zone. A fold
 * holds only rows that follow each other: the order of the rows is the order of time.
 *
 * Rows are found by number of record; what a row says is asked of the tape. Building it takes one look at
 * each record, everything else is logarithmic or takes as long as what it returns.
 */
#include "ui/tape/tape.h"

enum ladder_kind {
    LADDER_LINE,   /* a command, reply, line of content, question or answer */
    LADDER_PACKET, /* a frame as its maker sends it */
    LADDER_LOST,   /* a frame that ends on its way */
    LADDER_NOTE,   /* something at one host: a timer, a bounce, a message stored */
    LADDER_PHASE
};

/* X(enum suffix, what it is called) */
#define LADDER_ZONES(X)                                                                                      \
    X(NONE, "")                                                                                              \
    X(SETUP, "TCP set-up")                                                                                   \
    X(TLS, "TLS handshake")                                                                                  \
    X(HELLO, "greeting and login")                                                                           \
    X(LIST, "long answer")                                                                                   \
    X(DATA, "message")                                                                                       \
    X(DNS, "search in the DNS")                                                                              \
    X(CLOSE, "close")
#define X(name, words) LADDER_ZONE_##name,
enum ladder_zone { LADDER_ZONES(X) LADDER_ZONE_COUNT };
#undef X
const char *ladder_zone_name(enum ladder_zone zone);

/* Which hosts get a column. */
enum ladder_hosts {
    LADDER_HOSTS_ALL,  /* everybody who says something */
    LADDER_HOSTS_MAIL, /* no DNS */
    LADDER_HOSTS_COUNT
};

struct ladder_row {
    uint32_t seq, conn;
    uint32_t zone;     /* number of the zone, the same for all rows in it; 0: none */
    uint32_t octets;   /* of message content in this conversation so far, modulo 2^32 */
    uint16_t from, to; /* hosts, from 1; equal: a note */
    uint8_t kind;      /* enum ladder_kind */
    uint8_t grains;    /* a bit for each grain that shows it */
    bool bad, server;  /* server: said by the end that answers */
};

struct ladder_choice {
    enum tape_grain grain;
    uint32_t follow; /* one conversation; 0: all */
    enum ladder_hosts hosts;
};

/* Zones that are open, by number; all others are folded. Zero-initialised is ready. */
struct ladder_open {
    uint32_t *zone; /* owned, ascending */
    size_t n, cap;
};

/* What stands in one line: a row, or a folded zone. Indices of rows, both ends belong to it. */
struct ladder_item {
    size_t first, last;
    bool folded;
};

/* How many rows of one zone make a fold. */
#define LADDER_FOLD_MIN 3

struct ladder;

/* The tape is borrowed and must not grow. Begins with the line grain, all conversations, all hosts. */
struct ladder *ladder_new(const struct tape *t);
void ladder_free(struct ladder *l); /* NULL is allowed */

/* Cheap if nothing changes, else one look at each row. */
void ladder_choose(struct ladder *l, const struct ladder_choice *choice);

size_t ladder_count(const struct ladder *l);
const struct ladder_row *ladder_row(const struct ladder *l, size_t i); /* i < count */
ptrdiff_t ladder_find(const struct ladder *l, uint32_t seq);           /* the last at or before; -1: none */
enum ladder_zone ladder_zone_of(const struct ladder *l, const struct ladder_row *row);

/* Hosts of the chosen rows, in the order of their first appearance in the run. */
size_t ladder_hosts(const struct ladder *l, const uint16_t **hosts);
bool ladder_is_dns(const struct ladder *l, uint16_t host); /* a resolver or a name server */

/* The record at which a frame that was sent is lost; 0: it is not, or not known. */
uint32_t ladder_lost(const struct ladder *l, uint32_t seq);

/* The item that row i belongs to when the place is at row `here`: rows after it are not seen, and it is
 * itself in no fold. */
struct ladder_item ladder_item_at(const struct ladder *l, const struct ladder_open *open, size_t here,
                                  size_t i);

bool ladder_is_open(const struct ladder_open *open, uint32_t zone);
void ladder_toggle(struct ladder_open *open, uint32_t zone);
void ladder_open_free(struct ladder_open *open);
size_t ladder_octets(const struct ladder *l); /* memory that it holds */
#endif
