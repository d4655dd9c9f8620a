/* The message that a mail program sends: its body and the frame around it. */
#include "protocols/wire/compose.h"
#include "protocols/wire/base64.h"
#include "protocols/wire/compose_head.h"
#include "protocols/wire/field_write.h"
#include "protocols/wire/message.h"
#include "protocols/wire/mime.h"
#include "protocols/wire/qp.h"
#include "protocols/wire/utf8.h"

#define BOUNDARY_TRIES 16 /* seeds tried until the text is encoded instead */

/* What a text asks of an encoding. */
struct text_shape {
    size_t longest; /* octets of the longest line */
    bool octets8;   /* some octet is outside ASCII */
    bool odd;       /* NUL, or a CR that ends no line */
};

/* A CR that no LF follows. */
static bool has_lone_cr(struct wire_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char *cr = memchr(text.at + i, '\r', text.len - i);
        if (!cr)
            return false;
        i = (size_t)(cr - text.at) + 1;
        if (i == text.len || text.at[i] != '\n')
            return true;
    }
    return false;
}

static struct text_shape measure_text(struct wire_slice text)
{
    struct text_shape shape = { 0 };
    if (text.len == 0)
        return shape;
    shape.octets8 = !wire_is_ascii(text.at, text.len);
    shape.odd = memchr(text.at, '\0', text.len) || has_lone_cr(text);
    for (size_t i = 0; i < text.len;) {
        const char *lf = memchr(text.at + i, '\n', text.len - i);
        size_t end = lf ? (size_t)(lf - text.at) : text.len;
        size_t line = end - i - (end > i && text.at[end - 1] == '\r' ? 1 : 0);
        if (line > shape.longest)
            shape.longest = line;
        i = end + 1;
    }
    return shape;
}

/* Can the lines go as they are? */
static bool fits_lines(const struct text_shape *shape)
{
    return shape->longest <= WIRE_MESSAGE_LINE_MAX && !shape->odd;
}

/* The encoding that the text gets; WIRE_COMPOSE_AUTO when it does not fit the one that was asked for. */
static enum wire_compose_encoding choose_encoding(const struct wire_compose *m)
{
    struct text_shape shape = measure_text(m->text);
    bool plain = fits_lines(&shape);
    if (shape.octets8 && !wire_utf8_valid(m->text.at, m->text.len))
        return WIRE_COMPOSE_AUTO;
    switch (m->encoding) {
    case WIRE_COMPOSE_AUTO:
        return shape.octets8 || !plain ? WIRE_COMPOSE_QP : WIRE_COMPOSE_7BIT;
    case WIRE_COMPOSE_7BIT:
        return shape.octets8 || !plain ? WIRE_COMPOSE_AUTO : WIRE_COMPOSE_7BIT;
    case WIRE_COMPOSE_8BIT:
        return plain ? WIRE_COMPOSE_8BIT : WIRE_COMPOSE_AUTO;
    default:
        return m->encoding;
    }
}

/* A message inside a message is never encoded (RFC 2046 section 5.2.1). */
static bool goes_raw(const struct wire_attachment *a)
{
    return wire_slice_starts_nocase(a->type, "message/");
}

static bool token_ok(struct wire_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!wire_is_alnum(s.at[i]) && !memchr("!#$&^_.+-", s.at[i], 9))
            return false;
    return s.len > 0 && s.len <= 127; /* RFC 6838 section 4.2 */
}

static enum wire_compose_error check_attachment(const struct wire_attachment *a)
{
    const char *slash = a->type.len > 0 ? memchr(a->type.at, '/', a->type.len) : NULL;
    struct text_shape shape;
    for (size_t i = 0; i < a->name.len; i++)
        if (wire_is_control(a->name.at[i]))
            return WIRE_COMPOSE_INJECTION;
    if (a->name.len > WIRE_ATTACHMENT_NAME_MAX || !wire_utf8_valid(a->name.at, a->name.len))
        return WIRE_COMPOSE_BAD_NAME;
    if (a->type.len > 0) {
        if (!slash || !token_ok(wire_slice(a->type.at, (size_t)(slash - a->type.at))) ||
            !token_ok(wire_slice(slash + 1, a->type.len - (size_t)(slash - a->type.at) - 1)) ||
            wire_slice_starts_nocase(a->type, "multipart/"))
            return WIRE_COMPOSE_BAD_NAME;
    }
    if (!goes_raw(a))
        return WIRE_COMPOSE_OK;
    shape = measure_text(wire_slice(a->bytes, a->len));
    return fits_lines(&shape) ? WIRE_COMPOSE_OK : WIRE_COMPOSE_BAD_TEXT;
}

/* The check, and the encoding that it comes upon. */
static enum wire_compose_error check(const struct wire_compose *m, enum wire_compose_encoding *encoding)
{
    enum wire_compose_error error = wire_compose_check_head(m);
    *encoding = WIRE_COMPOSE_AUTO;
    if (error != WIRE_COMPOSE_OK)
        return error;
    if (m->attachment_count > WIRE_ATTACHMENTS_MAX || m->extra_count > WIRE_EXTRA_FIELDS_MAX)
        return WIRE_COMPOSE_TOO_MANY;
    *encoding = choose_encoding(m);
    if (*encoding == WIRE_COMPOSE_AUTO)
        return WIRE_COMPOSE_BAD_TEXT;
    for (size_t i = 0; i < m->attachment_count && error == WIRE_COMPOSE_OK; i++)
        error = check_attachment(&m->attachments[i]);
    return error;
}

enum wire_compose_error wire_compose_check(const struct wire_compose *m)
{
    enum wire_compose_encoding encoding;
    return check(m, &encoding);
}

size_t wire_boundary_write(char dst[WIRE_BOUNDARY_LEN], uint64_t seed)
{
    static const char alphabet[32] = { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k',
                                       'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v',
                                       'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7' };
    uint64_t x = seed;
    memcpy(dst, "=_mailwalk_", 11);
    for (size_t i = 11; i < WIRE_BOUNDARY_LEN; i++) {
        /* The mixing steps of splitmix64: seeds that differ in one bit give unlike boundaries. */
        uint64_t z = (x += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        dst[i] = alphabet[(z ^ (z >> 31)) & 31];
    }
    return WIRE_BOUNDARY_LEN;
}

static bool boundary_occurs(const struct wire_compose *m, bool raw_text, const char *boundary)
{
    if (raw_text && wire_text_contains(m->text, boundary, WIRE_BOUNDARY_LEN))
        return true;
    for (size_t i = 0; i < m->attachment_count; i++)
        if (goes_raw(&m->attachments[i]) &&
            wire_text_contains(wire_slice(m->attachments[i].bytes, m->attachments[i].len), boundary,
                               WIRE_BOUNDARY_LEN))
            return true;
    return false;
}

/* A boundary that no part contains; a text that holds every one tried is encoded, and then it
 * cannot. False when an attached message holds them all. */
static bool choose_boundary(const struct wire_compose *m, enum wire_compose_encoding *encoding,
                            char *boundary)
{
    for (uint64_t i = 0; i < BOUNDARY_TRIES; i++) {
        bool raw = *encoding == WIRE_COMPOSE_7BIT || *encoding == WIRE_COMPOSE_8BIT;
        wire_boundary_write(boundary, m->boundary_seed + i);
        if (!boundary_occurs(m, raw, boundary))
            return true;
        if (i == BOUNDARY_TRIES / 2 && raw)
            *encoding = WIRE_COMPOSE_QP;
    }
    return false;
}

/* Lines as they are, each ended by CRLF. */
static void put_lines(struct wire_writer *w, struct wire_slice text)
{
    for (size_t i = 0; i < text.len;) {
        const char *lf = memchr(text.at + i, '\n', text.len - i);
        size_t end = lf ? (size_t)(lf - text.at) : text.len;
        size_t stop = end > i && text.at[end - 1] == '\r' ? end - 1 : end;
        wire_put(w, text.at + i, stop - i);
        wire_put(w, "\r\n", 2);
        i = lf ? end + 1 : text.len;
    }
}

static void put_base64(struct wire_writer *w, const void *bytes, size_t len)
{
    const char *at = bytes;
    const size_t octets = WIRE_BASE64_LINE / 4 * 3;
    char line[WIRE_BASE64_LINE + 2];
    if (w->cap == 0) {
        w->len += WIRE_BASE64_LINES_LEN(len);
        return;
    }
    for (; len > 0;) {
        size_t n = len < octets ? len : octets;
        wire_put(w, line, wire_base64_encode_lines(line, at, n));
        at += n;
        len -= n;
    }
}

static void put_text(struct wire_writer *w, struct wire_slice text, enum wire_compose_encoding encoding)
{
    size_t room = w->len < w->cap ? w->cap - w->len : 0;
    switch (encoding) {
    case WIRE_COMPOSE_QP:
        w->len += wire_qp_encode(room > 0 ? w->at + w->len : NULL, room, text.at, text.len);
        if (text.len > 0 && text.at[text.len - 1] != '\n')
            wire_put(w, "\r\n", 2);
        break;
    case WIRE_COMPOSE_BASE64:
        put_base64(w, text.at, text.len);
        break;
    default:
        put_lines(w, text);
        break;
    }
}

static void put_text_fields(struct wire_writer *w, enum wire_compose_encoding encoding)
{
    static const char *const names[] = { [WIRE_COMPOSE_AUTO] = "7bit",
                                         [WIRE_COMPOSE_7BIT] = "7bit",
                                         [WIRE_COMPOSE_8BIT] = "8bit",
                                         [WIRE_COMPOSE_QP] = "quoted-printable",
                                         [WIRE_COMPOSE_BASE64] = "base64" };
    wire_put_str(w, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ");
    wire_put_str(w, names[encoding]);
    wire_put_str(w, "\r\n\r\n");
}

static void put_attachment(struct wire_writer *w, const struct wire_attachment *a)
{
    struct wire_slice type = a->type.len > 0 ? a->type : WIRE_SLICE("application/octet-stream");
    struct wire_slice raw = wire_slice(a->bytes, a->len);
    wire_put_field(w, "Content-Type", type);
    wire_put_str(w, "Content-Transfer-Encoding: ");
    if (!goes_raw(a))
        wire_put_str(w, "base64\r\n");
    else
        wire_put_str(w, wire_is_ascii(raw.at, raw.len) ? "7bit\r\n" : "8bit\r\n");
    wire_compose_put_disposition(w, a->name);
    wire_put(w, "\r\n", 2);
    if (goes_raw(a))
        put_lines(w, raw);
    else
        put_base64(w, a->bytes, a->len);
}

static void put_delimiter(struct wire_writer *w, const char *boundary, const char *tail)
{
    wire_put(w, "--", 2);
    wire_put(w, boundary, WIRE_BOUNDARY_LEN);
    wire_put_str(w, tail);
}

size_t wire_compose(char *dst, size_t cap, const struct wire_compose *m)
{
    struct wire_writer w = wire_writer(dst, cap);
    enum wire_compose_encoding encoding;
    char boundary[WIRE_BOUNDARY_LEN];
    if (check(m, &encoding) != WIRE_COMPOSE_OK)
        return WIRE_COMPOSE_REFUSED;
    if (m->attachment_count > 0 && !choose_boundary(m, &encoding, boundary))
        return WIRE_COMPOSE_REFUSED;
    wire_compose_put_head(&w, m);
    wire_put_str(&w, "MIME-Version: 1.0\r\n");
    if (m->attachment_count == 0) {
        put_text_fields(&w, encoding);
        put_text(&w, m->text, encoding);
        return w.len;
    }
    wire_put_str(&w, "Content-Type: multipart/mixed;\r\n boundary=\"");
    wire_put(&w, boundary, WIRE_BOUNDARY_LEN);
    wire_put_str(&w, "\"\r\n\r\nThis is a message in MIME format: it has several parts.\r\n");
    put_delimiter(&w, boundary, "\r\n");
    put_text_fields(&w, encoding);
    put_text(&w, m->text, encoding);
    for (size_t i = 0; i < m->attachment_count; i++) {
        wire_put(&w, "\r\n", 2);
        put_delimiter(&w, boundary, "\r\n");
        put_attachment(&w, &m->attachments[i]);
    }
    wire_put(&w, "\r\n", 2);
    put_delimiter(&w, boundary, "--\r\n");
    return w.len;
}
