#ifndef PROTOCOLS_WIRE_OUT_H
#define PROTOCOLS_WIRE_OUT_H
/*
 * out - what an engine wants sent, and what each of its lines teaches.
 *
 *   text   "250-mx.example.org\r\n250 SIZE 10240000\r\n"
 *   line    ^[0] .at=0 .why, .code=250  ^[1] .at=20 ...
 *
 * An engine appends text; wire_out_line() marks where a line begins and hands
 * over the row of the table that explains it. The host sends `text` as it is
 * and keeps the marks for the trace. A caller reuses one object for all of its
 * engines: wire_out_reset() costs nothing, the arrays are never cleared.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WIRE_OUT_MAX       16384 /* octets one step may ask to send */
#define WIRE_OUT_LINES_MAX 1024  /* marked lines in one step */

/* A row's words for the learner. Static: never freed, compared by address. */
struct wire_lesson {
    const char *title;   /* at most 60 columns, present tense, no full stop */
    const char *lesson;  /* one to three short sentences: what, why, what if */
    const char *section; /* "RFC 5321 section 4.1.1.3" */
};

struct wire_line {
    uint32_t at;                    /* offset of its first octet in text */
    uint16_t code;                  /* SMTP reply code; 0 where there is none */
    uint16_t secret_at, secret_len; /* what a view masks, from `at`; len 0: nothing */
    char status[10];                /* "5.1.1", or "" */
    const struct wire_lesson *why;  /* NULL: a continuation of the line before */
};

struct wire_out {
    uint32_t len;   /* octets in text */
    uint32_t lines; /* marks in line */
    bool full;      /* an append did not fit: our own bug, asserted by tests */
    struct wire_line line[WIRE_OUT_LINES_MAX];
    char text[WIRE_OUT_MAX];
};

static inline void wire_out_reset(struct wire_out *out)
{
    out->len = 0;
    out->lines = 0;
    out->full = false;
}

/* Octets that still fit. */
static inline size_t wire_out_room(const struct wire_out *out)
{
    return WIRE_OUT_MAX - out->len;
}

/* Marks that a line begins here. Returns the mark, for code, status, secret;
 * when the marks are used up, returns the last one again. */
static inline struct wire_line *wire_out_line(struct wire_out *out, const struct wire_lesson *why)
{
    struct wire_line *l;
    if (out->lines == WIRE_OUT_LINES_MAX)
        return &out->line[WIRE_OUT_LINES_MAX - 1];
    l = &out->line[out->lines++];
    l->at = out->len;
    l->code = 0;
    l->secret_at = l->secret_len = 0;
    l->status[0] = '\0';
    l->why = why;
    return l;
}

/* Append octets, a string, a formatted string. What does not fit is left out
 * whole and sets `full`. Inline, so that a literal becomes a few stores. */
static inline void wire_out_bytes(struct wire_out *out, const void *bytes, size_t len)
{
    if (len > wire_out_room(out)) {
        out->full = true;
        return;
    }
    if (len > 0)
        memcpy(out->text + out->len, bytes, len);
    out->len += (uint32_t)len;
}

static inline void wire_out_str(struct wire_out *out, const char *str)
{
    wire_out_bytes(out, str, strlen(str));
}

void wire_out_fmt(struct wire_out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
