/* Quoted-printable. */
#include "protocols/wire/qp.h"
#include "protocols/wire/writer.h"

static const char hex_upper[16] = { '0', '1', '2', '3', '4', '5', '6', '7',
                                    '8', '9', 'A', 'B', 'C', 'D', 'E', 'F' };

/* The length of the line break at the front: 2, 1 (a bare LF) or 0. */
static size_t break_len(const char *at, size_t len)
{
    if (len > 0 && at[0] == '\n')
        return 1;
    return len > 1 && at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

size_t wire_qp_encode(char *dst, size_t cap, const void *src, size_t len)
{
    struct wire_writer w = wire_writer(dst, cap);
    const char *in = src;
    size_t column = 0;
    for (size_t i = 0; i < len;) {
        size_t eol = break_len(in + i, len - i);
        char c = in[i];
        bool at_end, plain;
        if (eol > 0) {
            wire_put(&w, "\r\n", 2);
            column = 0;
            i += eol;
            continue;
        }
        at_end = i + 1 == len || break_len(in + i + 1, len - i - 1) > 0;
        plain = (wire_is_visible(c) && c != '=') || (wire_is_wsp(c) && !at_end);
        /* The last column of a line that goes on belongs to the soft break. */
        if (column + (plain ? 1 : 3) > WIRE_QP_LINE - (at_end ? 0 : 1)) {
            wire_put(&w, "=\r\n", 3);
            column = 0;
        }
        if (plain) {
            wire_put_char(&w, c);
            column++;
        } else {
            char escaped[3] = { '=', hex_upper[(unsigned char)c >> 4], hex_upper[(unsigned char)c & 15] };
            wire_put(&w, escaped, sizeof escaped);
            column += 3;
        }
        i++;
    }
    return w.len;
}

/* White space at src[i]: how much of it is content. None when a line break or the end follows, because then
 * a server on the way added it (RFC 2045 section 6.7, rule 3). *end = behind it. */
static size_t content_spaces(const char *src, size_t len, size_t *end)
{
    size_t n = 0;
    while (n < len && wire_is_wsp(src[n]))
        n++;
    *end = n;
    return n == len || break_len(src + n, len - n) > 0 ? 0 : n;
}

/* "=" at the front: a soft break, an escaped octet, or neither. Returns the octets of src used; *octet < 0:
 * nothing to write. */
static size_t decode_escape(const char *src, size_t len, int *octet)
{
    size_t n = 1;
    *octet = -1;
    if (len >= 3) {
        int high = wire_hex_value(src[1]), low = wire_hex_value(src[2]);
        if (high >= 0 && low >= 0) {
            *octet = high << 4 | low;
            return 3;
        }
    }
    while (n < len && wire_is_wsp(src[n]))
        n++;
    if (n == len || break_len(src + n, len - n) > 0)
        return n + break_len(src + n, len - n);
    *octet = '=';
    return 1;
}

size_t wire_qp_body_decode(struct wire_qp_body *state, char *dst, size_t cap, size_t *out_len,
                           const char *src, size_t len)
{
    size_t i = 0, written = 0;
    while (i < len && cap - written >= 2) {
        char c = src[i];
        if (wire_is_wsp(c)) {
            size_t end = state->spaces;
            if (end == 0)
                state->spaces = content_spaces(src + i, len - i, &end);
            if (state->spaces == 0) {
                i += end;
                continue;
            }
            state->spaces--;
            dst[written++] = c;
            i++;
        } else if (c == '=') {
            int octet;
            i += decode_escape(src + i, len - i, &octet);
            if (octet >= 0)
                dst[written++] = (char)octet;
        } else {
            size_t n = i;
            while (n < len && src[n] != '=' && !wire_is_wsp(src[n]) && n - i < cap - written)
                n++;
            memcpy(dst + written, src + i, n - i);
            written += n - i;
            i = n;
        }
    }
    *out_len = written;
    return i;
}

size_t wire_qp_decode(char *dst, const char *src, size_t len)
{
    struct wire_qp_body state = { 0 };
    size_t written = 0, i = 0;
    while (i < len) {
        size_t n;
        /* Decoding never grows, so the rest of dst is at least the rest of src; 2 are kept free by the
         * stepwise decoder, hence the pretended room. */
        i += wire_qp_body_decode(&state, dst + written, len - i + 2, &n, src + i, len - i);
        written += n;
    }
    return written;
}
