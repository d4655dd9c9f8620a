/* Received and Return-Path, appended by hand: one is made for every message that moves. */
#include "protocols/wire/trace_header.h"
#include "protocols/wire/message.h"

#include <assert.h>

#define LINE_COLUMNS    78 /* characters, RFC 5322 section 2.1.1 */
#define NAME_MAX_OCTETS 255
#define ID_MAX          64
#define RCPT_MAX        320
#define ADDRESS_MAX     64

static const char *const keywords[16] = {
    "SMTP",     "ESMTP",    "ESMTPS",    "ESMTPS",    "ESMTPA",    "ESMTPA",    "ESMTPSA",    "ESMTPSA",
    "UTF8SMTP", "UTF8SMTP", "UTF8SMTPS", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPA", "UTF8SMTPSA", "UTF8SMTPSA",
};

const char *wire_received_keyword(unsigned with)
{
    return keywords[with & 15];
}

struct line {
    char *at, *begin; /* begin: of the line, for folding */
};

/* Does a word of eight octets hold a control character? Octets below 0x20 borrow from their high bit; 0x7f
 * becomes zero under the mask and then does the same. */
static inline bool word_has_control(uint64_t x)
{
    const uint64_t ones = 0x0101010101010101ULL, high = 0x8080808080808080ULL;
    uint64_t del = x ^ (ones * 0x7f);
    return ((((x - ones * 0x20) & ~x) | ((del - ones) & ~del)) & high) != 0;
}

static bool has_control(const char *at, size_t len)
{
    uint64_t x;
    if (len < sizeof x) {
        for (size_t i = 0; i < len; i++)
            if (wire_is_control(at[i]))
                return true;
        return false;
    }
    for (size_t i = 0; i + sizeof x <= len; i += sizeof x) {
        memcpy(&x, at + i, sizeof x);
        if (word_has_control(x))
            return true;
    }
    memcpy(&x, at + len - sizeof x, sizeof x);
    return word_has_control(x);
}

static inline struct wire_slice cut(struct wire_slice s, size_t max)
{
    return wire_slice(s.at, s.len < max ? s.len : max);
}

static inline void put(struct line *l, const char *bytes, size_t len)
{
    memcpy(l->at, bytes, len);
    l->at += len;
}

#define PUT(l, literal) put(l, literal, sizeof(literal) - 1)

/* What a peer or a user chose: never a control character. */
static inline void put_foreign(struct line *l, struct wire_slice s)
{
    if (s.len == 0)
        return;
    memcpy(l->at, s.at, s.len);
    if (has_control(s.at, s.len))
        for (size_t i = 0; i < s.len; i++)
            if (wire_is_control(l->at[i]))
                l->at[i] = '?';
    l->at += s.len;
}

static inline void fold(struct line *l)
{
    PUT(l, "\r\n ");
    l->begin = l->at - 1;
}

/* A space, or a fold when `next` more characters would not fit on this line. */
static inline void space(struct line *l, size_t next)
{
    if ((size_t)(l->at - l->begin) + 1 + next >= LINE_COLUMNS)
        fold(l);
    else
        *l->at++ = ' ';
}

/* "laptop.example.com (laptop.example.com [192.0.2.10])" */
static void put_from(struct line *l, const struct wire_received *r)
{
    struct wire_slice helo = cut(r->helo, NAME_MAX_OCTETS), name = cut(r->peer_name, NAME_MAX_OCTETS);
    struct wire_slice address = cut(r->peer_address, ADDRESS_MAX);
    bool v6 = address.len > 0 && memchr(address.at, ':', address.len) != NULL;
    PUT(l, " from ");
    put_foreign(l, helo);
    space(l, name.len + address.len + sizeof "( [IPv6:])" - 1);
    *l->at++ = '(';
    if (name.len > 0) {
        put_foreign(l, name);
        *l->at++ = ' ';
    }
    *l->at++ = '[';
    if (v6)
        PUT(l, "IPv6:");
    put_foreign(l, address);
    PUT(l, "])");
    fold(l);
    PUT(l, "by ");
}

size_t wire_received_write(char *dst, const struct wire_received *r)
{
    struct line l = { dst, dst };
    struct wire_slice id = cut(r->id, ID_MAX), rcpt = cut(r->for_rcpt, RCPT_MAX);
    const char *with = wire_received_keyword(r->with);
    size_t with_len = strlen(with);
    PUT(&l, "Received:");
    if (r->peer_address.len > 0)
        put_from(&l, r);
    else
        PUT(&l, " by ");
    put_foreign(&l, cut(r->by, NAME_MAX_OCTETS));
    space(&l, sizeof "(mailwalk) with " + with_len);
    PUT(&l, "(mailwalk) with ");
    put(&l, with, with_len);
    if (id.len > 0) {
        space(&l, id.len + 4);
        PUT(&l, "id ");
        put_foreign(&l, id);
    }
    if (rcpt.len > 0) {
        fold(&l);
        PUT(&l, "for <");
        put_foreign(&l, rcpt);
        *l.at++ = '>';
    }
    *l.at++ = ';';
    space(&l, WIRE_DATE_MAX);
    l.at += wire_date_write(l.at, r->date_s, r->offset_minutes);
    PUT(&l, "\r\n");
    assert((size_t)(l.at - dst) <= WIRE_RECEIVED_MAX);
    return (size_t)(l.at - dst);
}

size_t wire_return_path_write(char *dst, struct wire_slice path)
{
    struct line l = { dst, dst };
    PUT(&l, "Return-Path: <");
    put_foreign(&l, cut(path, RCPT_MAX));
    PUT(&l, ">\r\n");
    return (size_t)(l.at - dst);
}
