/* Responses of any length, cut to the pieces that a step can carry. */
#include "protocols/imap/imap_sink.h"

#include "protocols/imap/imap_parse.h"
#include "protocols/wire/utf8.h"

#define IMAP_QUOTED_MAX 1000 /* octets; a longer string goes as a literal; a limit of ours */

void imap_put(struct imap_sink *k, const char *bytes, size_t len)
{
    size_t room;
    if (k->full || len == 0)
        return;
    if (k->at < k->skip) {
        size_t past = k->skip - k->at < len ? (size_t)(k->skip - k->at) : len;
        k->at += past;
        bytes += past;
        len -= past;
        if (len == 0)
            return;
    }
    room = wire_out_room(k->out);
    if (len > room) {
        len = room;
        k->full = true;
    }
    wire_out_bytes(k->out, bytes, len);
    k->at += len;
}

void imap_put_str(struct imap_sink *k, const char *str)
{
    imap_put(k, str, strlen(str));
}

void imap_put_number(struct imap_sink *k, uint64_t value)
{
    char digits[WIRE_U64_MAX_DIGITS];
    imap_put(k, digits, wire_put_u64(digits, value));
}

void imap_put_mark(struct imap_sink *k, const struct wire_lesson *why)
{
    if (!k->full && k->at >= k->skip)
        wire_out_line(k->out, why);
}

bool imap_is_quotable(struct wire_slice s)
{
    if (s.len > IMAP_QUOTED_MAX)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] == '\0' || s.at[i] == '\r' || s.at[i] == '\n' || wire_is_8bit(s.at[i]))
            return false;
    return true;
}

static void put_quoted(struct imap_sink *k, struct wire_slice s)
{
    size_t from = 0;
    IMAP_PUT(k, "\"");
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] != '"' && s.at[i] != '\\')
            continue;
        imap_put(k, s.at + from, i - from);
        IMAP_PUT(k, "\\");
        from = i;
    }
    if (s.len > from)
        imap_put(k, s.at + from, s.len - from);
    IMAP_PUT(k, "\"");
}

void imap_put_string(struct imap_sink *k, struct wire_slice s)
{
    if (!imap_is_quotable(s)) {
        IMAP_PUT(k, "{");
        imap_put_number(k, s.len);
        IMAP_PUT(k, "}\r\n");
        imap_put(k, s.at, s.len);
        return;
    }
    put_quoted(k, s);
}

void imap_put_nstring(struct imap_sink *k, struct wire_slice s)
{
    if (s.len == 0)
        IMAP_PUT(k, "NIL");
    else
        imap_put_string(k, s);
}

void imap_put_astring(struct imap_sink *k, struct wire_slice s)
{
    if (imap_is_atom(s) && !wire_slice_is_nocase(s, "NIL"))
        imap_put(k, s.at, s.len);
    else
        imap_put_string(k, s);
}

void imap_put_mailbox(struct imap_sink *k, struct wire_slice name, bool utf8)
{
    char text[IMAP_NAME_UTF8_MAX];
    size_t n;
    if (!utf8 || memchr(name.at, '&', name.len) == NULL) {
        imap_put_astring(k, name);
        return;
    }
    n = imap_name_to_utf8(text, sizeof text, name);
    if (wire_utf8_valid(text, n))
        put_quoted(k, wire_slice(text, n));
    else
        imap_put_string(k, wire_slice(text, n));
}
