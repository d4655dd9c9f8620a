/* SORT (RFC 5256): the messages found, in the order of a list on a screen.
 *
 *   SORT (REVERSE ARRIVAL SUBJECT) -> each message gets a key of octets:
 *       [arrival, 8 octets, high one first, each turned over][LUNCH AT NOON 00][place, 4 octets]
 *   so that the order is that of memcmp, and places decide what is left.
 *
 * The keys lie one behind the other in memory of the connection, which goes back once the places are in
 * order. */
#include "protocols/imap/imap_engine.h"

#include "protocols/wire/address.h"
#include "protocols/wire/message.h"

enum sort_key { SORT_ARRIVAL, SORT_CC, SORT_DATE, SORT_FROM, SORT_SIZE, SORT_SUBJECT, SORT_TO, SORTS };
#define SORT_REVERSE 0x80 /* beside an enum sort_key */
#define KEY_MAX      (IMAP_SORT_KEYS_MAX * (IMAP_SORT_TEXT_MAX + 1) + 16)

/* ---- memory ---- */

bool imap_room_grow(struct imap_server *s, struct imap_room *room, size_t more)
{
    size_t cap = room->cap ? room->cap * 2 : 4096;
    char *at;
    if (room->len + more <= room->cap)
        return true;
    while (cap < room->len + more)
        cap *= 2;
    at = s->config->store->take(s->host, cap);
    if (at == NULL)
        return false;
    if (room->len > 0)
        memcpy(at, room->at, room->len);
    imap_give(s, room->at);
    room->at = at;
    room->cap = cap;
    return true;
}

void imap_room_give(struct imap_server *s, struct imap_room *room)
{
    imap_give(s, room->at);
    *room = (struct imap_room){ NULL, 0, 0 };
}

void imap_found_drop(struct imap_server *s)
{
    imap_give(s, s->found);
    s->found = NULL;
}

/* ---- the command ---- */

static bool take_criteria(struct imap_cursor *c, struct imap_job *job)
{
    static const char *const names[SORTS] = { "ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO" };
    uint16_t at;
    if (!imap_take_char(c, '('))
        return false;
    do {
        bool reverse = imap_take_word(c, "REVERSE") && imap_take_sp(c);
        int i = 0;
        while (i < SORTS && !imap_take_word(c, names[i]))
            i++;
        if (i == SORTS)
            return false;
        if (job->patterns == IMAP_SORT_KEYS_MAX) {
            c->too_complex = true;
            return false;
        }
        job->patterns++;
        if (!imap_job_keep(c, job, wire_slice((const char[]){ (char)(i | (reverse ? SORT_REVERSE : 0)) }, 1),
                           &at))
            return false;
    } while (imap_take_sp(c));
    return imap_take_char(c, ')');
}

enum imap_verdict imap_run_sort(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    struct wire_slice charset;
    (void)out;
    imap_job_begin(job, IMAP_JOB_SORT, s->verb == IMAP_VERB_UID_SORT);
    if (!take_criteria(c, job) || !imap_take_sp(c) || !imap_take_astring(c, &charset) || !imap_take_sp(c))
        return imap_parse_failure(c);
    if (!imap_charset_known(charset))
        return IMAP_BAD_CHARSET;
    return imap_take_keys(s, c, job) ? IMAP_RUNNING : imap_parse_failure(c);
}

/* ---- keys ---- */

int64_t imap_sent_seconds(const struct imap_message *m)
{
    int64_t seconds;
    int offset;
    if (wire_date_parse(wire_field_body(m->bytes, m->size_octets, "Date"), &seconds, &offset))
        return seconds;
    return m->internal_seconds; /* RFC 5256 section 2.2 */
}

static char *put_number(char *at, uint64_t n, int octets)
{
    for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8)
        *at++ = (char)(n >> shift & 0xff);
    return at;
}

/* Seconds may be negative: the sign moves into the order of plain octets. */
static char *put_seconds(char *at, int64_t seconds)
{
    return put_number(at, (uint64_t)seconds ^ UINT64_C(1) << 63, 8);
}

/* The local part of the first address, in capitals (RFC 5256 section 3). */
static size_t first_local(struct imap_scratch *x, const struct imap_message *m, const char *field, char *dst)
{
    struct wire_address_list list;
    struct wire_address a;
    size_t n;
    wire_address_list_begin(&list, wire_field_body(m->bytes, m->size_octets, field));
    if (!wire_address_list_next(&list, &a))
        return 0;
    n = wire_address_text(x->text, sizeof x->text, a.kind == WIRE_ADDRESS_MAILBOX ? a.local : a.name, true);
    n = n < IMAP_SORT_TEXT_MAX ? n : IMAP_SORT_TEXT_MAX;
    for (size_t i = 0; i < n; i++)
        dst[i] = wire_to_upper(x->text[i]);
    return n;
}

static char *put_text_key(struct imap_scratch *x, const struct imap_message *m, enum sort_key what, char *at)
{
    size_t n = what == SORT_SUBJECT ? imap_base_subject(x, m, at, IMAP_SORT_TEXT_MAX, NULL)
                                    : first_local(x, m,
                                                  what == SORT_CC     ? "Cc"
                                                  : what == SORT_FROM ? "From"
                                                                      : "To",
                                                  at);
    for (size_t i = 0; i < n; i++)
        if (at[i] == '\0')
            at[i] = ' '; /* zero is the end */
    at[n] = '\0';
    return at + n + 1;
}

static char *put_key(struct imap_scratch *x, const struct imap_message *m, unsigned criterion, char *at)
{
    enum sort_key what = (enum sort_key)(criterion & ~(unsigned)SORT_REVERSE);
    char *end;
    switch (what) {
    case SORT_ARRIVAL:
        end = put_seconds(at, m->internal_seconds);
        break;
    case SORT_DATE:
        end = put_seconds(at, imap_sent_seconds(m));
        break;
    case SORT_SIZE:
        end = put_number(at, m->size_octets, 8);
        break;
    default:
        end = put_text_key(x, m, what, at);
        break;
    }
    if (criterion & SORT_REVERSE)
        for (char *p = at; p < end; p++)
            *p = (char)~(unsigned char)*p;
    return end;
}

/* ---- the order ---- */

struct entry { /* where a key lies in the room, and how long it is */
    uint32_t at, len;
};

static bool is_before(const char *keys, const struct entry *a, const struct entry *b)
{
    uint32_t n =
        a->len < b->len ? a->len : b->len; /* no key is the beginning of another: the place ends each */
    return memcmp(keys + a->at, keys + b->at, n) < 0;
}

static void sift(const char *keys, struct entry *e, uint32_t root, uint32_t n)
{
    for (;;) {
        uint32_t child = 2 * root + 1;
        struct entry swap;
        if (child >= n)
            return;
        if (child + 1 < n && is_before(keys, &e[child], &e[child + 1]))
            child++;
        if (!is_before(keys, &e[root], &e[child]))
            return;
        swap = e[root];
        e[root] = e[child];
        e[child] = swap;
        root = child;
    }
}

static void sort(const char *keys, struct entry *e, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sift(keys, e, i, n);
    for (uint32_t end = n; end-- > 1;) {
        struct entry swap = e[0];
        e[0] = e[end];
        e[end] = swap;
        sift(keys, e, 0, end);
    }
}

static bool add_message(struct imap_server *s, const struct imap_job *job, struct imap_room *keys,
                        struct imap_room *entries, uint32_t seq, const struct imap_message *m)
{
    struct entry e = { (uint32_t)keys->len, 0 };
    char *at;
    if (keys->len > UINT32_MAX - KEY_MAX || !imap_room_grow(s, keys, KEY_MAX) ||
        !imap_room_grow(s, entries, sizeof e))
        return false;
    at = keys->at + keys->len;
    for (unsigned i = 0; i < job->patterns; i++)
        at = put_key(s->config->scratch, m, (unsigned char)job->text[i], at);
    at = put_number(at, seq, 4);
    e.len = (uint32_t)(at - keys->at) - e.at;
    keys->len += e.len;
    memcpy(entries->at + entries->len, &e, sizeof e);
    entries->len += sizeof e;
    return true;
}

/* The places in order become s->found. */
static bool keep_order(struct imap_server *s, const struct imap_room *keys, struct imap_room *entries)
{
    uint32_t n = (uint32_t)(entries->len / sizeof(struct entry));
    struct entry *e = (struct entry *)(void *)entries->at;
    s->found = s->config->store->take(s->host, sizeof *s->found + (n + 1) * sizeof s->found->at[0]);
    if (s->found == NULL)
        return false;
    if (n > 1)
        sort(keys->at, e, n);
    s->found->n = n;
    for (uint32_t i = 0; i < n; i++) {
        const unsigned char *place = (const unsigned char *)keys->at + e[i].at + e[i].len - 4;
        s->found->at[i] =
            (uint32_t)place[0] << 24 | (uint32_t)place[1] << 16 | (uint32_t)place[2] << 8 | place[3];
    }
    return true;
}

static bool find_order(struct imap_server *s, struct imap_job *job)
{
    const struct imap_store_ops *store = s->config->store;
    uint32_t exists = store->exists(s->host, s->view);
    struct imap_room keys = { NULL, 0, 0 }, entries = { NULL, 0, 0 };
    struct imap_message m;
    bool fit = true;
    for (uint32_t seq = 1; seq <= exists && fit; seq++) {
        store->message(s->host, s->view, seq, &m);
        if (!imap_match(s, job, seq, &m))
            continue;
        fit = add_message(s, job, &keys, &entries, seq, &m);
        job->results.modseq = m.modseq > job->results.modseq ? m.modseq : job->results.modseq;
    }
    fit = fit && keep_order(s, &keys, &entries);
    imap_room_give(s, &keys);
    imap_room_give(s, &entries);
    return fit;
}

bool imap_sort_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                   enum imap_verdict *verdict)
{
    struct imap_sink k = { &out->send, 0, 0, false };
    struct imap_message m;
    if (s->found == NULL && !find_order(s, job)) {
        *verdict = IMAP_LIMIT;
        return true;
    }
    wire_out_line(&out->send, job->begun ? NULL : imap_lesson(IMAP_LINE_SORT));
    if (!job->begun)
        IMAP_PUT(&k, "* SORT");
    job->begun = true;
    for (; job->index < s->found->n; job->index++) {
        if (wire_out_room(&out->send) < 64)
            return false;
        s->config->store->message(s->host, s->view, s->found->at[job->index], &m);
        IMAP_PUT(&k, " ");
        imap_put_number(&k, job->uid ? m.uid : s->found->at[job->index]);
    }
    if (wire_out_room(&out->send) < 64)
        return false;
    if (job->with_modseq && s->found->n > 0) {
        IMAP_PUT(&k, " (MODSEQ ");
        imap_put_number(&k, job->results.modseq);
        IMAP_PUT(&k, ")");
    }
    IMAP_PUT(&k, "\r\n");
    *verdict = IMAP_COMPLETED;
    return true;
}
