/*
 * Letters: encoded words, quoted-printable, base64, and what a terminal is shown.
 *
 * Input: octet 0: which part of it; octet 1: pieces of so many octets; the rest is the text.
 */
#include "protocols/wire/base64.h"
#include "protocols/wire/qp.h"
#include "protocols/wire/rfc2047.h"
#include "protocols/wire/utf8.h"
#include "tests/fuzz/fuzz.h"

static void encoded_words(const char *text, size_t len)
{
    struct wire_slice all = wire_slice(text, len);
    size_t need = wire_rfc2047_decode(NULL, 0, all), n, back;
    char *out = malloc(need + 1), *coded, *again;
    HOLDS(out && need <= 2 * len && wire_rfc2047_decode(out, need, all) == need);
    free(out);
    n = wire_rfc2047_encode(NULL, 0, all, 9);
    coded = malloc(n + 1);
    HOLDS(coded && wire_rfc2047_encode(coded, n, all, 9) == n);
    if (wire_rfc2047_needed(all)) {
        for (size_t i = 0, column = 9; i < n; i++, column++) {
            HOLDS(!wire_is_8bit(coded[i]) &&
                  (!wire_is_control(coded[i]) || coded[i] == '\r' || coded[i] == '\n'));
            if (coded[i] == '\n')
                column = 0;
            HOLDS(column <= 78);
        }
        if (wire_utf8_valid(text, len)) { /* and back */
            back = wire_rfc2047_decode(NULL, 0, wire_slice(coded, n));
            again = malloc(back + 1);
            HOLDS(again && wire_rfc2047_decode(again, back, wire_slice(coded, n)) == back);
            HOLDS(back == len && memcmp(again, text, len) == 0);
            free(again);
        }
    }
    free(coded);
}

static void quoted(const char *text, size_t len, size_t piece)
{
    struct wire_qp_body state = { 0 };
    char *whole = malloc(len + 1), *pieces = malloc(len + 1), *coded, *back;
    size_t n, at = 0, got = 0, need;
    HOLDS(whole && pieces);
    n = wire_qp_decode(whole, text, len);
    HOLDS(n <= len);
    while (at < len) {
        char out[64];
        size_t out_len,
            used = wire_qp_body_decode(&state, out, 4 + piece % 60, &out_len, text + at, len - at);
        HOLDS(used > 0 && used <= len - at && out_len <= 4 + piece % 60 && got + out_len <= len);
        memcpy(pieces + got, out, out_len);
        got += out_len;
        at += used;
    }
    HOLDS(got == n && memcmp(pieces, whole, n) == 0);
    need = wire_qp_encode(NULL, 0, text, len);
    HOLDS(need <= 4 * len + 4);
    coded = malloc(need + 1);
    back = malloc(need + 1);
    HOLDS(coded && back && wire_qp_encode(coded, need, text, len) == need);
    for (size_t i = 0, column = 0; i < need; i++) {
        column = coded[i] == '\n' ? 0 : column + (coded[i] != '\r');
        HOLDS(column <= WIRE_QP_LINE && !wire_is_8bit(coded[i]));
    }
    if (!memchr(text, '\n', len)) { /* line breaks become CRLF; all else comes back */
        n = wire_qp_decode(back, coded, need);
        HOLDS(n == len && memcmp(back, text, len) == 0);
    }
    free(coded);
    free(back);
    free(whole);
    free(pieces);
}

static void base64(const char *text, size_t len, size_t piece)
{
    size_t n = WIRE_BASE64_LEN(len), got = 0, at = 0;
    char *coded = malloc(n + 1), *back = malloc(len + 1), *body = malloc(len + 4);
    struct wire_base64_body state = { 0 };
    HOLDS(coded && back && body);
    HOLDS(wire_base64_encode(coded, text, len) == n);
    HOLDS(wire_base64_decode(back, len, &got, coded, n) && got == len && memcmp(back, text, len) == 0);
    if (len > 0)
        HOLDS(!wire_base64_decode(back, len - 1, &got, coded, n));
    if (wire_base64_decode(back, len, &got, text, len)) { /* strict: there is one spelling */
        char *again = malloc(WIRE_BASE64_LEN(got) + 1);
        HOLDS(again && wire_base64_encode(again, back, got) == len && memcmp(again, text, len) == 0);
        free(again);
    }
    got = 0;
    while (at < len) {
        size_t give = len - at < piece ? len - at : piece, out_len, used;
        used = wire_base64_body_decode(&state, body + got, len + 3 - got, &out_len, text + at, give);
        HOLDS(used <= give && got + out_len <= len + 3);
        got += out_len;
        at += give;
        HOLDS(used == give);
    }
    n = WIRE_BASE64_LINES_LEN(len);
    free(coded);
    coded = malloc(n + 1);
    HOLDS(coded && wire_base64_encode_lines(coded, text, len) == n);
    free(coded);
    free(back);
    free(body);
}

static void shown(const char *text, size_t len, size_t columns)
{
    size_t need = wire_display_escape(NULL, 0, text, len), n, used;
    char *out = malloc(need + 1);
    HOLDS(out && wire_display_escape(out, need, text, len) == need);
    HOLDS(wire_utf8_valid(out, need));
    for (size_t i = 0; i < need;) {
        uint32_t c;
        size_t octets = wire_utf8_decode(out + i, need - i, &c);
        HOLDS(octets > 0 && c >= 0x20 && c != 0x7f &&
              !(c >= 0x80 && c < 0xa0));                                       /* nothing moves the cursor */
        HOLDS(!(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069)); /* or turns the writing */
        i += octets;
    }
    for (int ascii = 0; ascii < 2; ascii++) {
        n = wire_display_fit(out, need, text, len, columns, ascii, &used);
        HOLDS(n <= need && used <= columns && wire_utf8_valid(out, n) &&
              wire_display_columns(out, n) == used);
        HOLDS(!ascii || wire_is_ascii(out, n));
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    uint8_t which = fuzz_u8(&in);
    size_t piece = 1u + fuzz_u8(&in);
    char *text = fuzz_exact(in.at, in.len);
    if (which % 5 == 0 || which % 5 == 1)
        encoded_words(text, in.len);
    else if (which % 5 == 2)
        quoted(text, in.len, piece);
    else if (which % 5 == 3)
        base64(text, in.len, piece);
    else
        shown(text, in.len, piece % 80);
    free(text);
    return 0;
}
