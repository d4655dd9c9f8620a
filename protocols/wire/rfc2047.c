/* Encoded words. */
#include "protocols/wire/rfc2047.h"
#include "protocols/wire/base64.h"
#include "protocols/wire/utf8.h"
#include "protocols/wire/writer.h"

#define PREFIX_LEN     (sizeof "=?utf-8?Q?" - 1)
#define SUFFIX_LEN     (sizeof "?=" - 1)
#define PAYLOAD_MAX    (WIRE_ENCODED_WORD_MAX - PREFIX_LEN - SUFFIX_LEN) /* 63 characters */
#define LINE_COLUMNS   76  /* characters of a line with an encoded word, RFC 2047 section 2 */
#define WORD_TOLERATED 996 /* characters; an encoded word longer than a line is left alone */

static const char hex_upper[16] = { '0', '1', '2', '3', '4', '5', '6', '7',
                                    '8', '9', 'A', 'B', 'C', 'D', 'E', 'F' };

bool wire_rfc2047_needed(struct wire_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (wire_is_8bit(text.at[i]) || (wire_is_control(text.at[i]) && text.at[i] != '\t'))
            return true;
        if (text.at[i] == '=' && i + 1 < text.len && text.at[i + 1] == '?')
            return true;
    }
    return false;
}

/* What the Q encoding of a word in a phrase may hold as it is: RFC 2047 section 5, rule (3). */
static bool q_plain(char c)
{
    return wire_is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

static size_t q_len(char c)
{
    return q_plain(c) || c == ' ' ? 1 : 3;
}

/* The character at the front as UTF-8, U+FFFD for an octet that is none. Returns the octets of src used. */
static size_t take_char(const char *at, size_t len, char out[WIRE_UTF8_MAX], size_t *out_len)
{
    uint32_t c;
    size_t n = wire_utf8_decode(at, len, &c);
    if (n == 0)
        c = 0xfffd;
    *out_len = wire_utf8_put(out, c);
    return n == 0 ? 1 : n;
}

/* One encoded word with as many whole characters as fit in `room` payload characters, in Q or B. Returns the
 * octets of text used: 0 when not even one character fits. */
static size_t put_word(struct wire_writer *w, struct wire_slice text, size_t room, bool base64)
{
    char octets[PAYLOAD_MAX];
    size_t used = 0, n = 0, cost = 0;
    while (used < text.len) {
        char c[WIRE_UTF8_MAX];
        size_t c_len, c_cost = 0, taken = take_char(text.at + used, text.len - used, c, &c_len);
        for (size_t i = 0; i < c_len; i++)
            c_cost += q_len(c[i]);
        if (n + c_len > sizeof octets || (base64 ? WIRE_BASE64_LEN(n + c_len) : cost + c_cost) > room)
            break;
        memcpy(octets + n, c, c_len);
        n += c_len;
        cost += c_cost;
        used += taken;
    }
    if (used == 0)
        return 0;
    wire_put_str(w, base64 ? "=?utf-8?B?" : "=?utf-8?Q?");
    if (base64) {
        char letters[WIRE_BASE64_LEN(PAYLOAD_MAX)];
        wire_put(w, letters, wire_base64_encode(letters, octets, n));
    }
    for (size_t i = 0; i < n && !base64; i++) {
        char c = octets[i];
        if (q_plain(c))
            wire_put_char(w, c);
        else if (c == ' ')
            wire_put_char(w, '_');
        else
            wire_put(w, (char[3]){ '=', hex_upper[(unsigned char)c >> 4], hex_upper[(unsigned char)c & 15] },
                     3);
    }
    wire_put_str(w, "?=");
    return used;
}

size_t wire_rfc2047_encode(char *dst, size_t cap, struct wire_slice text, size_t column)
{
    struct wire_writer w = wire_writer(dst, cap);
    size_t q = 0;
    bool base64;
    if (!wire_rfc2047_needed(text)) {
        wire_put_slice(&w, text);
        return w.len;
    }
    for (size_t i = 0; i < text.len; i++)
        q += q_len(text.at[i]);
    base64 = q > WIRE_BASE64_LEN(text.len); /* the shorter of the two */
    for (size_t i = 0; i < text.len;) {
        size_t frame = PREFIX_LEN + SUFFIX_LEN;
        size_t room = column + frame < LINE_COLUMNS ? LINE_COLUMNS - column - frame : 0;
        size_t used = put_word(&w, wire_slice(text.at + i, text.len - i),
                               room < PAYLOAD_MAX ? room : PAYLOAD_MAX, base64);
        i += used;
        if (i < text.len) {
            /* When the first line has no room for a character, the word begins on the next. */
            wire_put(&w, "\r\n ", 3);
            column = 1;
        }
    }
    return w.len;
}

struct word {
    struct wire_slice payload;
    char encoding; /* 'q' or 'b' */
    bool latin1;   /* ISO-8859-1; else UTF-8 or its subset US-ASCII */
    size_t len;    /* of the whole word */
};

/* Is it a charset of ours? RFC 2231 section 5 lets "*language" follow its name. */
static bool known_charset(struct wire_slice charset, bool *latin1)
{
    const char *star = memchr(charset.at, '*', charset.len);
    if (star)
        charset.len = (size_t)(star - charset.at);
    *latin1 = wire_slice_is_nocase(charset, "iso-8859-1");
    return *latin1 || wire_slice_is_nocase(charset, "utf-8") || wire_slice_is_nocase(charset, "us-ascii");
}

/* "=?charset?Q?payload?=" at the front in a charset of ours: false when it is not that. */
static bool find_word(const char *at, size_t len, struct word *out)
{
    const char *question;
    size_t i = 2, limit = len < WORD_TOLERATED ? len : WORD_TOLERATED;
    if (len < 9 || at[0] != '=' || at[1] != '?')
        return false;
    while (i < limit && at[i] != '?' && wire_is_visible(at[i]))
        i++;
    if (i == 2 || i + 3 >= limit || at[i] != '?' || at[i + 2] != '?')
        return false;
    out->encoding = wire_to_lower(at[i + 1]);
    if ((out->encoding != 'q' && out->encoding != 'b') ||
        !known_charset(wire_slice(at + 2, i - 2), &out->latin1))
        return false;
    i += 3;
    question = memchr(at + i, '?', limit - i);
    if (!question || (size_t)(question - at) + 1 >= limit || question[1] != '=')
        return false;
    out->payload = wire_slice(at + i, (size_t)(question - at) - i);
    for (size_t k = 0; k < out->payload.len; k++)
        if (!wire_is_visible(out->payload.at[k]))
            return false;
    out->len = (size_t)(question - at) + 2;
    return true;
}

static size_t q_decode(unsigned char *dst, struct wire_slice payload)
{
    size_t n = 0;
    for (size_t i = 0; i < payload.len; i++) {
        char c = payload.at[i];
        if (c == '=' && i + 2 < payload.len) {
            int high = wire_hex_value(payload.at[i + 1]), low = wire_hex_value(payload.at[i + 2]);
            if (high >= 0 && low >= 0) {
                dst[n++] = (unsigned char)(high << 4 | low);
                i += 2;
                continue;
            }
        }
        dst[n++] = c == '_' ? ' ' : (unsigned char)c;
    }
    return n;
}

static void put_decoded(struct wire_writer *w, const struct word *word)
{
    unsigned char octets[WORD_TOLERATED]; /* Q may decode to as many octets as it has letters */
    size_t n;
    if (word->encoding == 'q') {
        n = q_decode(octets, word->payload);
    } else {
        struct wire_base64_body state = { 0 };
        size_t tail;
        wire_base64_body_decode(&state, octets, sizeof octets, &n, word->payload.at, word->payload.len);
        wire_base64_body_decode(&state, octets + n, sizeof octets - n, &tail, "=", 1);
        n += tail;
    }
    for (size_t i = 0; i < n; i++) {
        if (word->latin1 && octets[i] >= 0x80) {
            char c[WIRE_UTF8_MAX];
            wire_put(w, c, wire_utf8_put(c, octets[i]));
        } else {
            wire_put_char(w, (char)octets[i]);
        }
    }
}

/* White space without its line breaks. */
static void put_spaces(struct wire_writer *w, const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (wire_is_wsp(at[i]))
            wire_put_char(w, at[i]);
}

size_t wire_rfc2047_decode(char *dst, size_t cap, struct wire_slice src)
{
    struct wire_writer w = wire_writer(dst, cap);
    bool after_word = false;
    src = wire_slice_trim(src);
    for (size_t i = 0; i < src.len;) {
        struct word word;
        size_t begin = i;
        while (i < src.len && wire_is_space(src.at[i]))
            i++;
        if (i < src.len && find_word(src.at + i, src.len - i, &word)) {
            if (!after_word)
                put_spaces(&w, src.at + begin, i - begin);
            put_decoded(&w, &word);
            i += word.len;
            after_word = true;
            continue;
        }
        put_spaces(&w, src.at + begin, i - begin);
        after_word = false;
        for (begin = i++; i < src.len && !wire_is_space(src.at[i]) && src.at[i] != '='; i++)
            ;
        wire_put(&w, src.at + begin, i - begin);
    }
    return w.len;
}
