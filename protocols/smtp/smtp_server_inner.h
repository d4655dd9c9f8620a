#ifndef PROTOCOLS_SMTP_SERVER_INNER_H
#define PROTOCOLS_SMTP_SERVER_INNER_H
/* What the files of the server share among themselves. Nobody else includes this. */
#include "protocols/smtp/smtp_server.h"

/* Carries out one command whose row the dispatcher has checked; ends with one smtp_server_answer. */
typedef void smtp_run_fn(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out);

smtp_run_fn smtp_run_ehlo, smtp_run_helo, smtp_run_mail, smtp_run_rcpt, smtp_run_data, smtp_run_bdat,
    smtp_run_rset, smtp_run_noop, smtp_run_vrfy, smtp_run_expn, smtp_run_help, smtp_run_quit, smtp_run_auth,
    smtp_run_starttls;

/* A row of the protocol; its words are in smtp_verb_info(). */
struct smtp_rule {
    smtp_run_fn *run;        /* NULL: known, not implemented */
    unsigned states;         /* where it is allowed, 1u << smtp_server_state */
    unsigned ext;            /* smtp_ext bit that must be on offer, 0: none */
    bool in_clear;           /* allowed without TLS where TLS is required, RFC 3207 section 4 */
    bool needs_auth;         /* not allowed without AUTH where AUTH is required, RFC 4954 section 6 */
    bool last_of_group;      /* the client waits for its answer, RFC 2920 section 3.1 */
    bool eight_bit;          /* its argument may be UTF-8, RFC 6531 section 3.3 */
    enum smtp_verdict done;  /* what SMTP_OK of the host means here */
    const uint8_t *verdicts; /* that it can end in */
    uint8_t verdict_count;
};

const struct smtp_rule *smtp_rule(enum smtp_verb verb);

/* The only place where the state changes; asserts that the move exists. */
void smtp_server_enter(struct smtp_server *s, enum smtp_server_state next);

/* Writes the reply of a verdict: text, or the default when it is empty. Counts faults, closes when the
 * verdict says so. The verdict is one that out->verb can end in. */
void smtp_server_answer(struct smtp_server *s, struct smtp_server_step *out, enum smtp_verdict verdict,
                        struct wire_slice text);

/* What the host's SMTP_OK means for this verb; other verdicts as they are. */
enum smtp_verdict smtp_server_done(enum smtp_verb verb, enum smtp_verdict verdict);

/* The transaction is over; `told`: the host knows, since data_end() was called. */
void smtp_server_end_transaction(struct smtp_server *s, bool told);

/* smtp_ext bits that an EHLO reply would list now. */
unsigned smtp_server_offers(const struct smtp_server *s);

/* States in which octets are content: one piece, as smtp_server_step. */
size_t smtp_content_data(struct smtp_server *s, const char *in, size_t len, struct smtp_server_step *out);
size_t smtp_content_chunk(struct smtp_server *s, const char *in, size_t len, struct smtp_server_step *out);

/* A BDAT that the dispatcher refuses: its octets come all the same (RFC 3030 section 2). */
void smtp_bdat_refuse(struct smtp_server *s, struct wire_slice arg, enum smtp_verdict verdict,
                      struct smtp_server_step *out);

/* The line that answers a 334. */
void smtp_auth_line(struct smtp_server *s, struct wire_slice line, struct smtp_server_step *out);
/* Leaves the state AUTH without a result. */
void smtp_auth_drop(struct smtp_server *s);

/* Marks `out` as the beginning of a step. */
void smtp_server_begin(const struct smtp_server *s, struct smtp_server_step *out, enum smtp_verb verb);

#define SMTP_NO_TEXT ((struct wire_slice){ NULL, 0 })

/* What octets hold that text does not: bits. */
enum smtp_odd { SMTP_ODD_CONTROL = 1, SMTP_ODD_NUL = 2, SMTP_ODD_8BIT = 4 };

/* High bits of the octets of x that are odd, gathered in three words. Exact as long as only "any" is
 * asked. */
struct smtp_odd_sum {
    uint64_t eight, control, nul;
};

static inline void smtp_odd_add(struct smtp_odd_sum *sum, uint64_t x)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t del = x ^ ones * 0x7f;
    sum->eight |= x;
    sum->control |= ((x - ones * 0x20) & ~x) | ((del - ones) & ~del);
    sum->nul |= (x - ones) & ~x;
}

/* smtp_odd bits of some octets, eight at a time. CONTROL counts everything below 0x20, and DEL. */
static inline unsigned smtp_odd(const char *at, size_t len)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    struct smtp_odd_sum sum = { 0, 0, 0 };
    uint64_t x;
    for (; len >= 8; at += 8, len -= 8) {
        memcpy(&x, at, 8);
        smtp_odd_add(&sum, x);
    }
    if (len > 0) {
        x = ones * '.'; /* a dot is never odd */
        memcpy(&x, at, len);
        smtp_odd_add(&sum, x);
    }
    return (sum.eight & ones * 0x80 ? SMTP_ODD_8BIT : 0u) |
           (sum.control & ones * 0x80 ? SMTP_ODD_CONTROL : 0u) | (sum.nul & ones * 0x80 ? SMTP_ODD_NUL : 0u);
}
#endif
