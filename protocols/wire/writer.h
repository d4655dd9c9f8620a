#ifndef PROTOCOLS_WIRE_WRITER_H
#define PROTOCOLS_WIRE_WRITER_H
/*
 * writer - appends that measure even where they cannot write.
 *
 *   struct wire_writer w = wire_writer(NULL, 0);   first pass: w.len is the size
 *   struct wire_writer w = wire_writer(buf, size); second pass: the octets
 *
 * `len` counts everything appended; octets past `cap` are counted and dropped.
 * What is written is complete when len <= cap. There is never a NUL.
 */
#include "protocols/wire/ascii.h"

struct wire_writer {
    char *at;   /* borrowed; NULL with cap 0 measures */
    size_t cap; /* octets */
    size_t len; /* octets appended so far, whether or not they fitted */
};

static inline struct wire_writer wire_writer(char *at, size_t cap)
{
    return (struct wire_writer){ at, at ? cap : 0, 0 };
}

static inline void wire_put(struct wire_writer *w, const void *bytes, size_t len)
{
    if (w->len < w->cap && len > 0) {
        size_t room = w->cap - w->len;
        memcpy(w->at + w->len, bytes, len < room ? len : room);
    }
    w->len += len;
}

static inline void wire_put_char(struct wire_writer *w, char c)
{
    if (w->len < w->cap)
        w->at[w->len] = c;
    w->len++;
}

static inline void wire_put_str(struct wire_writer *w, const char *str)
{
    wire_put(w, str, strlen(str));
}

static inline void wire_put_slice(struct wire_writer *w, struct wire_slice s)
{
    wire_put(w, s.at, s.len);
}

static inline void wire_put_number(struct wire_writer *w, uint64_t value)
{
    char digits[WIRE_U64_MAX_DIGITS];
    wire_put(w, digits, wire_put_u64(digits, value));
}
#endif
