#ifndef SIM_EXPORT_OUT_H
#define SIM_EXPORT_OUT_H
/*
 * out - what the exporters of this room write with: a buffer that empties itself into a file.
 *
 *   export_put_*() --> at[0..len) --full, or flush--> file
 *                                        `--error--> `error` keeps the first errno; the rest is dropped
 *
 * Without a file it fills memory: what does not fit is dropped whole octets at a time. An exporter
 * looks at `error` when it closes, so a full disk is found late but never missed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT_BUFFER   65536 /* octets between two writes */
#define EXPORT_ADDR_MAX 46    /* an address as text, with NUL: INET6_ADDRSTRLEN */

struct export_out {
    FILE *file; /* NULL: memory only */
    char *at;   /* borrowed */
    size_t cap, len;
    int error;        /* errno of the first write that failed; 0 */
    uint64_t written; /* octets that the file has taken, before that */
};

/* Hands the octets to the file and, with `through`, to the system. Returns error. */
int export_out_flush(struct export_out *o, bool through);

/* Flushes and closes the file (stdout is only flushed). Returns the first errno of its life, or 0. */
int export_out_close(struct export_out *o);

/* What export_put does when the octets do not fit. */
void export_put_slow(struct export_out *o, const void *bytes, size_t len);

static inline void export_put(struct export_out *o, const void *bytes, size_t len)
{
    if (len <= o->cap - o->len) {
        memcpy(o->at + o->len, bytes, len);
        o->len += len;
    } else {
        export_put_slow(o, bytes, len);
    }
}

static inline void export_put_char(struct export_out *o, char c)
{
    if (o->len < o->cap)
        o->at[o->len++] = c;
    else
        export_put_slow(o, &c, 1);
}

static inline void export_put_str(struct export_out *o, const char *s)
{
    export_put(o, s, strlen(s));
}

/* For string constants. */
#define export_put_lit(o, s) export_put((o), (s), sizeof(s) - 1)

void export_put_u64(struct export_out *o, uint64_t n);
void export_put_i64(struct export_out *o, int64_t n);
void export_put_2(struct export_out *o, unsigned n); /* two digits, 00 to 99 */
void export_put_hex(struct export_out *o, const void *bytes, size_t len);
void export_put_base64(struct export_out *o, const void *bytes, size_t len);

/* Addresses as text (RFC 5952 for IPv6). Return buf. */
const char *export_ip4_text(const uint8_t ip[4], char buf[EXPORT_ADDR_MAX]);
const char *export_ip6_text(const uint8_t ip[16], char buf[EXPORT_ADDR_MAX]);

/* ---- octets of strangers ---------------------------------------------------------------- */

/* The first character of len > 0 octets: its octets (1 to 4) and code point; 0: not UTF-8 (RFC 3629). */
size_t export_utf8(const char *at, size_t len, uint32_t *code_point);

/* A control character: C0, DEL, C1 (RFC 20, ISO 6429). */
static inline bool export_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* A character that shows nothing and changes how others show: marks of direction, joiners, separators,
 * the byte order mark. */
bool export_is_invisible(uint32_t c);

/* Plain text: UTF-8 without control characters, but TAB. */
bool export_is_plain(const char *text, size_t len);

/* Readable text of any octets: what is not plain or not visible becomes \n \r \xHH \uHHHH. */
void export_put_readable(struct export_out *o, const char *text, size_t len);

/* Takes off the last octets where memory ended inside a character. */
void export_out_trim(struct export_out *o);

/* Readable text on one line of a log, the way Postfix does it: each such octet or character becomes "?". */
void export_put_log(struct export_out *o, const char *text, size_t len);
#endif
