#ifndef SIM_HOSTS_PUMP_INSIDE_H
#define SIM_HOSTS_PUMP_INSIDE_H
/* pump_inside - what the pump's own files share: pump.c (TCP, engine, time), pump_said.c (lines for the
 * trace), pump_heard.c (lines of real programs), pump_tls.c (the layer between them, when a session is
 * encrypted). */
#include "protocols/tls/tls_session.h"
#include "sim/hosts/pump.h"

/* One line that was said, until the segment with its first octet is sent. */
struct said {
    struct said *next;
    struct pump *pump;
    const struct wire_lesson *why;
    const struct wire_lesson *overheard; /* what an eavesdropper gets of it; NULL: all */
    char *text;                          /* owned */
    size_t cap;
    uint64_t at; /* octet in the stream */
    uint64_t cause;
    uint32_t len;
    uint16_t code;
    enum trace_kind kind;
    enum trace_eol eol;
    enum trace_proto proto;
    bool masked, sealed; /* sealed: it travels encrypted */
    char status[10];
};

/* The lines of one pump that have not left yet. */
struct pump_lines {
    struct said *first, *next, *last; /* next: the first that TCP has no mark of */
    uint64_t said, sent;              /* octets of the stream: spoken, and taken by TCP */
    struct heard *heard;              /* NULL: the other end tells its lines by itself; owned */
    unsigned waiting;                 /* lines that no packet carries yet */
    bool was_content;                 /* the line said last: a mark without a lesson goes on with it */
};

static inline struct world *pump_world(const struct pump *p)
{
    return p->host->world;
}

/* ---- pump_said.c ---- */
/* Registers the lines of `out` at the stream's next octets. `sealed` > 0: they travel together in so many
 * octets of ciphertext, and begin with the first of these. */
void said_lines(struct pump *p, const struct wire_out *out, size_t sealed);
/* Registers a TLS message that begins at the stream's next octet; its octets are counted by said_octets. */
void said_tls(struct pump *p, const struct tls_event *e);
/* So many octets follow that are no line's first. */
static inline void said_octets(struct pump *p, size_t len)
{
    if (p->lines)
        p->lines->said += len;
}
void said_drop_all(struct pump *p);

/* ---- pump_heard.c: what a real program at the other end says. All do nothing where it is none ---- */
struct heard;
void heard_begin(struct pump *p);  /* the peer is known */
void heard_secure(struct pump *p); /* TLS begins: both ends start anew */
/* Octets in clear that the engine is about to see; some it may have seen before, since it took fewer. */
void heard_clear(struct pump *p, const char *octets, size_t len);
void heard_taken(struct pump *p, size_t len);
void heard_plain(struct pump *p, const char *octets, size_t len); /* what has been decrypted */
void heard_own(struct pump *p, const char *octets, size_t len);   /* what this end says */
void heard_tls(struct pump *p, const struct tls_event *e);        /* a TLS message that has come */
void heard_free(struct heard *h);

/* ---- pump.c ---- */
/* Gives octets to TCP, or keeps them until it takes them. */
void pump_raw(struct pump *p, const char *octets, size_t len);
/* Feeds what has come to the engine; returns the octets taken. */
size_t pump_feed(struct pump *p, const char *octets, size_t len);
/* Whether the engine may be fed now. */
bool pump_hungry(const struct pump *p);

/* ---- pump_tls.c ---- */
size_t pump_tls_data(struct pump *p, const char *octets,
                     size_t len); /* ciphertext has come: takes all of it */
void pump_tls_say(struct pump *p, const struct wire_out *out);
void pump_tls_again(struct pump *p); /* plaintext that was left may be taken now */
void pump_tls_close(struct pump *p); /* close_notify */
void pump_tls_eof(struct pump *p);
void pump_tls_free(struct pump *p);
#endif
