/* Content- fields, their parameters, and decoding what they describe. */
#include "protocols/wire/mime_field.h"
#include "protocols/wire/base64.h"
#include "protocols/wire/message.h"
#include "protocols/wire/qp.h"
#include "protocols/wire/utf8.h"
#include "protocols/wire/writer.h"

#define DECODE_PIECE 4096 /* octets handed to a sink at once */

static const struct {
    const char *name;
    enum wire_mime_encoding encoding;
} encodings[] = {
    { "7bit", WIRE_MIME_7BIT },           { "8bit", WIRE_MIME_8BIT },     { "binary", WIRE_MIME_BINARY },
    { "quoted-printable", WIRE_MIME_QP }, { "base64", WIRE_MIME_BASE64 },
};

const char *wire_mime_encoding_name(enum wire_mime_encoding encoding)
{
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++)
        if (encodings[i].encoding == encoding)
            return encodings[i].name;
    return "unknown";
}

/* Behind white space, folds and comments. */
static size_t skip_cfws(const char *at, size_t len, size_t i)
{
    unsigned depth = 0;
    for (; i < len; i++) {
        if (depth > 0 && at[i] == '\\' && i + 1 < len)
            i++;
        else if (at[i] == '(')
            depth++;
        else if (depth > 0 && at[i] == ')')
            depth--;
        else if (depth == 0 && !wire_is_space(at[i]))
            break;
    }
    return i;
}

/* token of RFC 2045 section 5.1: visible, and none of the tspecials. */
static bool is_token(char c)
{
    switch (c) {
    case '(':
    case ')':
    case '<':
    case '>':
    case '@':
    case ',':
    case ';':
    case ':':
    case '\\':
    case '"':
    case '/':
    case '[':
    case ']':
    case '?':
    case '=':
        return false;
    default:
        return wire_is_visible(c);
    }
}

static struct wire_slice take_token(struct wire_slice s, size_t *pos)
{
    size_t begin = *pos;
    while (*pos < s.len && is_token(s.at[*pos]))
        ++*pos;
    return wire_slice(s.at + begin, *pos - begin);
}

/* The rest from the first ";" on. */
static struct wire_slice from_semicolon(struct wire_slice s, size_t pos)
{
    const char *semicolon = pos < s.len ? memchr(s.at + pos, ';', s.len - pos) : NULL;
    return semicolon ? wire_slice(semicolon, s.len - (size_t)(semicolon - s.at))
                     : (struct wire_slice){ NULL, 0 };
}

/* "type/subtype": true when both are there. */
static bool read_type(struct wire_mime_part *p, struct wire_slice body)
{
    size_t pos = skip_cfws(body.at, body.len, 0);
    struct wire_slice type = take_token(body, &pos), subtype;
    pos = skip_cfws(body.at, body.len, pos);
    if (type.len == 0 || pos == body.len || body.at[pos] != '/')
        return false;
    pos = skip_cfws(body.at, body.len, pos + 1);
    subtype = take_token(body, &pos);
    if (subtype.len == 0)
        return false;
    p->type = type;
    p->subtype = subtype;
    p->params = from_semicolon(body, skip_cfws(body.at, body.len, pos));
    return true;
}

static void read_encoding(struct wire_mime_part *p, struct wire_slice body)
{
    size_t pos = skip_cfws(body.at, body.len, 0);
    p->encoding_word = take_token(body, &pos);
    p->encoding = WIRE_MIME_OTHER;
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++)
        if (wire_slice_is_nocase(p->encoding_word, encodings[i].name))
            p->encoding = encodings[i].encoding;
}

static void read_disposition(struct wire_mime_part *p, struct wire_slice body)
{
    size_t pos = skip_cfws(body.at, body.len, 0);
    p->disposition = take_token(body, &pos);
    p->disposition_params = from_semicolon(body, pos);
}

void wire_mime_read_header(struct wire_mime_part *p, const char *message, struct wire_slice *boundary)
{
    struct wire_fields fields;
    struct wire_field f;
    struct wire_mime_param param;
    bool typed = false;
    wire_fields_begin(&fields, message + p->header_at, p->body_at - p->header_at);
    while (wire_field_next(&fields, &f)) {
        struct wire_slice name = f.name, body;
        if (!wire_slice_starts_nocase(name, "content-"))
            continue;
        name = wire_slice(name.at + 8, name.len - 8);
        body = wire_slice_trim(f.body);
        if (wire_slice_is_nocase(name, "type"))
            typed = read_type(p, body) || typed;
        else if (wire_slice_is_nocase(name, "transfer-encoding"))
            read_encoding(p, body);
        else if (wire_slice_is_nocase(name, "disposition"))
            read_disposition(p, body);
        else if (wire_slice_is_nocase(name, "id"))
            p->id = body;
        else if (wire_slice_is_nocase(name, "description"))
            p->description = body;
        else if (wire_slice_is_nocase(name, "md5"))
            p->md5 = body;
        else if (wire_slice_is_nocase(name, "language"))
            p->language = body;
        else if (wire_slice_is_nocase(name, "location"))
            p->location = body;
    }
    if (!typed && p->default_message) {
        p->type = WIRE_SLICE("message");
        p->subtype = WIRE_SLICE("rfc822");
    }
    if (typed && wire_slice_is_nocase(p->type, "multipart")) {
        struct wire_mime_params params;
        wire_mime_params_begin(&params, p->params);
        while (boundary->len == 0 && wire_mime_param_next(&params, &param))
            if (wire_slice_is_nocase(param.name, "boundary") &&
                wire_mime_param_text(NULL, 0, &param) <= WIRE_MIME_BOUNDARY_MAX)
                *boundary = wire_slice_trim(param.value);
    }
}

bool wire_mime_is_message(const struct wire_mime_part *p)
{
    return wire_slice_is_nocase(p->type, "message") &&
           (wire_slice_is_nocase(p->subtype, "rfc822") || wire_slice_is_nocase(p->subtype, "global")) &&
           p->encoding <= WIRE_MIME_BINARY;
}

/* ---- parameters ---- */

void wire_mime_params_begin(struct wire_mime_params *p, struct wire_slice params)
{
    *p = (struct wire_mime_params){ .at = params.at, .len = params.len };
}

/* The value at p->pos: a quoted string or a run of octets that is not one of ; white space (. */
static void take_value(struct wire_mime_params *p, struct wire_mime_param *out)
{
    size_t i = p->pos, begin;
    out->quoted = i < p->len && p->at[i] == '"';
    begin = out->quoted ? ++i : i;
    if (out->quoted) {
        for (; i < p->len && p->at[i] != '"'; i++)
            if (p->at[i] == '\\' && i + 1 < p->len)
                i++;
        p->pos = i < p->len ? i + 1 : p->len;
    } else {
        while (i < p->len && p->at[i] != ';' && p->at[i] != '(' && !wire_is_space(p->at[i]))
            i++;
        p->pos = i;
    }
    out->value = wire_slice(p->at + begin, i - begin);
}

bool wire_mime_param_next(struct wire_mime_params *p, struct wire_mime_param *out)
{
    while (p->pos < p->len && p->seen < WIRE_MIME_PARAMS_MAX) {
        size_t begin;
        p->pos = skip_cfws(p->at, p->len, p->pos);
        if (p->pos < p->len && p->at[p->pos] == ';') {
            p->pos++;
            continue;
        }
        begin = p->pos;
        while (p->pos < p->len && is_token(p->at[p->pos]))
            p->pos++;
        out->name = wire_slice(p->at + begin, p->pos - begin);
        p->pos = skip_cfws(p->at, p->len, p->pos);
        if (out->name.len > 0 && p->pos < p->len && p->at[p->pos] == '=') {
            p->pos = skip_cfws(p->at, p->len, p->pos + 1);
            p->seen++;
            take_value(p, out);
            return true;
        }
        /* No parameter: on to the next semicolon. */
        while (p->pos < p->len && p->at[p->pos] != ';')
            p->pos++;
    }
    p->pos = p->len;
    return false;
}

size_t wire_mime_param_text(char *dst, size_t cap, const struct wire_mime_param *param)
{
    struct wire_writer w = wire_writer(dst, cap);
    for (size_t i = 0; i < param->value.len; i++) {
        char c = param->value.at[i];
        if (param->quoted && c == '\\' && i + 1 < param->value.len)
            c = param->value.at[++i];
        else if (c == '\r' || c == '\n')
            continue;
        wire_put_char(&w, c);
    }
    return w.len;
}

/* One piece of a value: name, name*, name*3 or name*3* (RFC 2231). */
struct piece {
    struct wire_mime_param param;
    uint64_t number;
    bool numbered, extended;
};

/* Is it a piece of the parameter `name`? */
static bool piece_of(const struct wire_mime_param *param, const char *name, struct piece *out)
{
    struct wire_slice tail = param->name;
    size_t n = strlen(name);
    *out = (struct piece){ .param = *param };
    if (!wire_slice_starts_nocase(tail, name))
        return false;
    tail = wire_slice(tail.at + n, tail.len - n);
    if (tail.len > 0 && tail.at[tail.len - 1] == '*') {
        out->extended = true;
        tail.len--;
    }
    if (tail.len == 0)
        return true;
    out->numbered = true;
    return tail.at[0] == '*' &&
           wire_parse_u64(wire_slice(tail.at + 1, tail.len - 1), WIRE_MIME_PARAMS_MAX - 1, &out->number);
}

/* Behind charset'language' at the front of an extended value; 0 when they are not there. */
static size_t charset_len(struct wire_slice value, bool *latin1)
{
    const char *first = memchr(value.at, '\'', value.len), *second;
    if (!first)
        return 0;
    second = memchr(first + 1, '\'', value.len - (size_t)(first - value.at) - 1);
    if (!second)
        return 0;
    *latin1 = wire_slice_is_nocase(wire_slice(value.at, (size_t)(first - value.at)), "iso-8859-1");
    return (size_t)(second - value.at) + 1;
}

static void put_octet(struct wire_writer *w, unsigned char octet, bool latin1)
{
    char buf[WIRE_UTF8_MAX];
    if (latin1 && octet >= 0x80)
        wire_put(w, buf, wire_utf8_put(buf, octet));
    else
        wire_put_char(w, (char)octet);
}

static void put_extended(struct wire_writer *w, struct wire_slice value, bool latin1)
{
    for (size_t i = 0; i < value.len; i++) {
        int high = -1, low = -1;
        if (value.at[i] == '%' && i + 2 < value.len) {
            high = wire_hex_value(value.at[i + 1]);
            low = wire_hex_value(value.at[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            put_octet(w, (unsigned char)(high << 4 | low), latin1);
            i += 2;
        } else {
            put_octet(w, (unsigned char)value.at[i], latin1);
        }
    }
}

static void put_piece(struct wire_writer *w, const struct piece *p, bool first, bool *latin1)
{
    struct wire_slice value = p->param.value;
    if (p->extended) {
        size_t skip = first ? charset_len(value, latin1) : 0;
        put_extended(w, wire_slice(value.at + skip, value.len - skip), *latin1);
    } else {
        size_t room = w->len < w->cap ? w->cap - w->len : 0;
        w->len += wire_mime_param_text(room > 0 ? w->at + w->len : NULL, room, &p->param);
    }
}

bool wire_mime_param_find(struct wire_slice params, const char *name, char *dst, size_t cap, size_t *out_len)
{
    struct piece pieces[WIRE_MIME_PARAMS_MAX], p, plain = { 0 };
    bool have[WIRE_MIME_PARAMS_MAX] = { false }, have_plain = false, latin1 = false;
    struct wire_mime_params iteration;
    struct wire_mime_param param;
    struct wire_writer w = wire_writer(dst, cap);
    wire_mime_params_begin(&iteration, params);
    while (wire_mime_param_next(&iteration, &param)) {
        if (!piece_of(&param, name, &p))
            continue;
        if (p.numbered && !have[p.number]) {
            pieces[p.number] = p;
            have[p.number] = true;
        } else if (!p.numbered && (!have_plain || (p.extended && !plain.extended))) {
            plain = p;
            have_plain = true;
        }
    }
    if (have_plain && (plain.extended || !have[0]))
        put_piece(&w, &plain, true, &latin1);
    else
        for (size_t i = 0; i < WIRE_MIME_PARAMS_MAX && have[i]; i++)
            put_piece(&w, &pieces[i], i == 0, &latin1);
    *out_len = w.len;
    return have_plain || have[0];
}

/* ---- content ---- */

static bool decode_base64(const char *at, size_t len, wire_mime_sink *sink, void *ctx)
{
    struct wire_base64_body state = { 0 };
    char piece[DECODE_PIECE];
    size_t n;
    for (size_t i = 0; i < len;) {
        i += wire_base64_body_decode(&state, piece, sizeof piece, &n, at + i, len - i);
        if (n > 0 && !sink(ctx, piece, n))
            return false;
    }
    wire_base64_body_decode(&state, piece, sizeof piece, &n, "=", 1);
    return n == 0 || sink(ctx, piece, n);
}

static bool decode_qp(const char *at, size_t len, wire_mime_sink *sink, void *ctx)
{
    struct wire_qp_body state = { 0 };
    char piece[DECODE_PIECE];
    for (size_t i = 0; i < len;) {
        size_t n;
        i += wire_qp_body_decode(&state, piece, sizeof piece, &n, at + i, len - i);
        if (n > 0 && !sink(ctx, piece, n))
            return false;
    }
    return true;
}

bool wire_mime_decode(const char *message, const struct wire_mime_part *part, wire_mime_sink *sink, void *ctx)
{
    const char *at = message + part->body_at;
    size_t len = part->body_end - part->body_at;
    if (part->encoding == WIRE_MIME_BASE64)
        return decode_base64(at, len, sink, ctx);
    if (part->encoding == WIRE_MIME_QP)
        return decode_qp(at, len, sink, ctx);
    return len == 0 || sink(ctx, at, len);
}
