/* Base64: the strict codec for protocol lines and the tolerant one for bodies. */
#include "protocols/wire/base64.h"

#include <string.h>

#define BAD 0xff /* no letter of the alphabet */

static const char alphabet[64] = { 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M',
                                   'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
                                   'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
                                   'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
                                   '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '/' };

/* The six bits of a letter. */
static inline uint8_t letter_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0' + 52);
    return c == '+' ? 62 : c == '/' ? 63 : BAD;
}

size_t wire_base64_encode(char *dst, const void *src, size_t len)
{
    const unsigned char *in = src;
    char *out = dst;
    for (; len >= 3; len -= 3, in += 3, out += 4) {
        uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        out[0] = alphabet[bits >> 18];
        out[1] = alphabet[bits >> 12 & 63];
        out[2] = alphabet[bits >> 6 & 63];
        out[3] = alphabet[bits & 63];
    }
    if (len > 0) {
        uint32_t bits = (uint32_t)in[0] << 16 | (len == 2 ? (uint32_t)in[1] << 8 : 0);
        out[0] = alphabet[bits >> 18];
        out[1] = alphabet[bits >> 12 & 63];
        out[2] = len == 2 ? alphabet[bits >> 6 & 63] : '=';
        out[3] = '=';
        out += 4;
    }
    return (size_t)(out - dst);
}

size_t wire_base64_encode_lines(char *dst, const void *src, size_t len)
{
    const unsigned char *in = src;
    const size_t octets = WIRE_BASE64_LINE / 4 * 3;
    char *out = dst;
    while (len > 0) {
        size_t n = len < octets ? len : octets;
        out += wire_base64_encode(out, in, n);
        *out++ = '\r';
        *out++ = '\n';
        in += n;
        len -= n;
    }
    return (size_t)(out - dst);
}

/* The last group, with its padding. Returns its octets (1 to 3), 0 when it is malformed: the bits that
 * padding leaves over must be zero, or two spellings would mean the same octets. */
static size_t last_group(const char *src, unsigned char out[3])
{
    uint8_t a = letter_value(src[0]), b = letter_value(src[1]), c, d;
    uint32_t bits;
    if (a == BAD || b == BAD)
        return 0;
    bits = (uint32_t)a << 18 | (uint32_t)b << 12;
    if (src[2] == '=' && src[3] == '=') {
        out[0] = (unsigned char)(bits >> 16);
        return (b & 15) == 0 ? 1 : 0;
    }
    c = letter_value(src[2]);
    if (c == BAD)
        return 0;
    bits |= (uint32_t)c << 6;
    out[0] = (unsigned char)(bits >> 16);
    out[1] = (unsigned char)(bits >> 8);
    if (src[3] == '=')
        return (c & 3) == 0 ? 2 : 0;
    d = letter_value(src[3]);
    out[2] = (unsigned char)(bits | d);
    return d == BAD ? 0 : 3;
}

bool wire_base64_decode(void *dst, size_t cap, size_t *out_len, const char *src, size_t len)
{
    unsigned char *out = dst, tail[3];
    size_t groups = len / 4, n, written;
    if (len % 4 != 0)
        return false;
    if (len == 0) {
        *out_len = 0;
        return true;
    }
    n = last_group(src + len - 4, tail);
    written = (groups - 1) * 3 + n;
    if (n == 0 || written > cap)
        return false;
    for (size_t i = 0; i + 1 < groups; i++, src += 4, out += 3) {
        uint8_t a = letter_value(src[0]), b = letter_value(src[1]);
        uint8_t c = letter_value(src[2]), d = letter_value(src[3]);
        if ((a | b | c | d) == BAD) /* BAD is the only value with its high bits set */
            return false;
        out[0] = (unsigned char)(a << 2 | b >> 4);
        out[1] = (unsigned char)(b << 4 | c >> 2);
        out[2] = (unsigned char)(c << 6 | d);
    }
    memcpy(out, tail, n);
    *out_len = written;
    return true;
}

/* Writes what an unpadded or padded end leaves: 2 letters make one octet, 3 make two. */
static size_t flush_end(struct wire_base64_body *state, unsigned char *out)
{
    size_t n = state->letters == 3 ? 2 : state->letters == 2 ? 1 : 0;
    if (n == 2) {
        out[0] = (unsigned char)(state->bits >> 10);
        out[1] = (unsigned char)(state->bits >> 2);
    } else if (n == 1) {
        out[0] = (unsigned char)(state->bits >> 4);
    }
    state->letters = 0;
    state->bits = 0;
    return n;
}

size_t wire_base64_body_decode(struct wire_base64_body *state, void *dst, size_t cap, size_t *out_len,
                               const char *src, size_t len)
{
    unsigned char *out = dst;
    size_t written = 0, i;
    for (i = 0; i < len && !state->ended; i++) {
        uint8_t value;
        if (cap - written < 3)
            break;
        if (src[i] == '=') {
            written += flush_end(state, out + written);
            state->ended = true;
            continue;
        }
        value = letter_value(src[i]);
        if (value == BAD)
            continue;
        state->bits = (state->bits << 6 | value) & 0xffffff;
        if (++state->letters == 4) {
            out[written++] = (unsigned char)(state->bits >> 16);
            out[written++] = (unsigned char)(state->bits >> 8);
            out[written++] = (unsigned char)state->bits;
            state->letters = 0;
            state->bits = 0;
        }
    }
    *out_len = written;
    return state->ended ? len : i;
}
