/* Header fields: where they are, and what they say on one line. */
#include "protocols/wire/message.h"
#include "protocols/wire/writer.h"

/* Offset behind the line that begins at pos, its LF included; len when there is none. */
static size_t line_end(const char *at, size_t len, size_t pos)
{
    const char *lf = memchr(at + pos, '\n', len - pos);
    return lf ? (size_t)(lf - at) + 1 : len;
}

/* Is the line [pos, end) nothing but a line break? */
static bool is_empty_line(const char *at, size_t pos, size_t end)
{
    return (end - pos == 1 && at[pos] == '\n') || (end - pos == 2 && at[pos] == '\r' && at[pos + 1] == '\n');
}

size_t wire_message_header_len(const char *at, size_t len)
{
    for (size_t pos = 0; pos < len;) {
        size_t end = line_end(at, len, pos);
        if (is_empty_line(at, pos, end))
            return end;
        pos = end;
    }
    return len;
}

void wire_fields_begin(struct wire_fields *f, const char *at, size_t len)
{
    *f = (struct wire_fields){ .at = at, .len = len };
}

/* Behind the field that begins at pos: its line and those that continue it. */
static size_t field_end(const char *at, size_t len, size_t pos)
{
    do {
        pos = line_end(at, len, pos);
    } while (pos < len && wire_is_wsp(at[pos]));
    return pos;
}

/* The name in front of the colon, false when the line is no field. Obsolete white space before the colon is
 * tolerated (RFC 5322 section 4.5). */
static bool split_field(const char *at, size_t pos, size_t end, struct wire_field *out)
{
    size_t colon = pos, body_end = end;
    while (colon < end && wire_is_visible(at[colon]) && at[colon] != ':')
        colon++;
    out->name = wire_slice(at + pos, colon - pos);
    while (colon < end && wire_is_wsp(at[colon]))
        colon++;
    if (out->name.len == 0 || colon == end || at[colon] != ':')
        return false;
    if (body_end > colon + 1 && at[body_end - 1] == '\n')
        body_end--;
    if (body_end > colon + 1 && at[body_end - 1] == '\r')
        body_end--;
    out->body = wire_slice(at + colon + 1, body_end - colon - 1);
    out->at = pos;
    out->end = end;
    return true;
}

bool wire_field_next(struct wire_fields *f, struct wire_field *out)
{
    while (f->pos < f->len && f->seen < WIRE_FIELDS_MAX) {
        size_t pos = f->pos, end;
        if (f->at[pos] == '\n' || (f->at[pos] == '\r' && pos + 1 < f->len && f->at[pos + 1] == '\n'))
            break;
        end = field_end(f->at, f->len, pos);
        f->pos = end;
        f->seen++;
        if (split_field(f->at, pos, end, out))
            return true;
    }
    f->len = f->pos;
    return false;
}

bool wire_field_find(const char *at, size_t len, const char *name, struct wire_field *out)
{
    struct wire_fields f;
    size_t name_len = strlen(name);
    wire_fields_begin(&f, at, len);
    while (wire_field_next(&f, out))
        if (wire_equal_nocase(out->name.at, out->name.len, name, name_len))
            return true;
    return false;
}

struct wire_slice wire_field_body(const char *at, size_t len, const char *name)
{
    struct wire_field f;
    return wire_field_find(at, len, name, &f) ? wire_slice_trim(f.body) : (struct wire_slice){ NULL, 0 };
}

size_t wire_field_unfold(char *dst, size_t cap, struct wire_slice body)
{
    struct wire_writer w = wire_writer(dst, cap);
    const char *pos, *end;
    body = wire_slice_trim(body);
    if (body.len == 0)
        return 0;
    for (pos = body.at, end = body.at + body.len; pos < end;) {
        const char *lf = memchr(pos, '\n', (size_t)(end - pos));
        const char *stop = lf ? lf : end;
        if (lf && stop > pos && stop[-1] == '\r')
            stop--;
        wire_put(&w, pos, (size_t)(stop - pos));
        pos = lf ? lf + 1 : end;
    }
    return w.len;
}

unsigned wire_message_received_count(const char *at, size_t len)
{
    unsigned n = 0;
    for (size_t pos = 0, end; pos < len; pos = end) {
        end = line_end(at, len, pos);
        if (is_empty_line(at, pos, end))
            break;
        if (end - pos > 9 && (at[pos] | 0x20) == 'r' && wire_equal_nocase(at + pos, 8, "received", 8)) {
            size_t colon = pos + 8;
            while (colon < end && wire_is_wsp(at[colon])) /* obsolete white space, RFC 5322 section 4.5 */
                colon++;
            n += colon < end && at[colon] == ':';
        }
    }
    return n;
}

/* 13 letters at most: 64 bits, 5 at a time. */
static size_t put_base32(char *dst, uint64_t value)
{
    static const char digits[32] = { '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a',
                                     'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n',
                                     'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y' };
    char reversed[13];
    size_t n = 0;
    do {
        reversed[n++] = digits[value & 31];
        value >>= 5;
    } while (value > 0);
    for (size_t i = 0; i < n; i++)
        dst[i] = reversed[n - 1 - i];
    return n;
}

size_t wire_message_id_write(char *dst, uint64_t time, uint64_t serial, struct wire_slice domain)
{
    size_t n = 0;
    if (domain.len == 0 || domain.len > 255)
        return 0;
    for (size_t i = 0; i < domain.len; i++)
        if (!wire_is_visible(domain.at[i]) || strchr("<>@()\\\",;", domain.at[i]))
            return 0;
    dst[n++] = '<';
    n += put_base32(dst + n, time);
    dst[n++] = '.';
    n += put_base32(dst + n, serial);
    dst[n++] = '@';
    memcpy(dst + n, domain.at, domain.len);
    n += domain.len;
    dst[n++] = '>';
    return n;
}
