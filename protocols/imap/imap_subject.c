/* The base subject: what a conversation is about, without the marks of answers (RFC 5256 section 2.1).
 *
 *   "Re: [list] Fwd: lunch (fwd)"  ->  "LUNCH", and it is an answer */
#include "protocols/imap/imap_engine.h"

#include "protocols/wire/message.h"
#include "protocols/wire/rfc2047.h"

static struct wire_slice rest(struct wire_slice s, size_t n)
{
    return wire_slice(s.at + n, s.len - n);
}

static struct wire_slice skip_spaces(struct wire_slice s)
{
    while (s.len > 0 && *s.at == ' ')
        s = rest(s, 1);
    return s;
}

/* subj-blob: "[" anything but brackets "]" and the spaces behind it; 0 if none is in front. */
static size_t blob(struct wire_slice s)
{
    size_t i = 1;
    if (s.len == 0 || *s.at != '[')
        return 0;
    while (i < s.len && s.at[i] != '[' && s.at[i] != ']')
        i++;
    if (i == s.len || s.at[i] != ']')
        return 0;
    return s.len - skip_spaces(rest(s, i + 1)).len;
}

/* subj-refwd: "Re", "Fw" or "Fwd", perhaps a blob, and a colon. */
static size_t refwd(struct wire_slice s)
{
    static const char *const words[] = { "re", "fwd", "fw" };
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        struct wire_slice behind;
        if (!wire_slice_starts_nocase(s, words[i]))
            continue;
        behind = skip_spaces(rest(s, n));
        behind = rest(behind, blob(behind));
        if (behind.len > 0 && *behind.at == ':')
            return s.len - rest(behind, 1).len;
    }
    return 0;
}

/* subj-leader: blobs in front of an answer's mark, and the mark. */
static size_t leader(struct wire_slice s)
{
    struct wire_slice at = s;
    size_t n;
    while ((n = blob(at)) > 0)
        at = rest(at, n);
    n = refwd(at);
    return n > 0 ? s.len - at.len + n : 0;
}

static bool ends_in(struct wire_slice s, const char *end)
{
    size_t n = strlen(end);
    return s.len >= n && wire_equal_nocase(s.at + s.len - n, n, end, n);
}

/* Steps 2 to 5 of the section; true when a mark of an answer was taken off. */
static bool strip(struct wire_slice *s)
{
    bool reply = false, again = true;
    while (again) {
        size_t n;
        again = false;
        *s = wire_slice_trim(*s);
        while (ends_in(*s, "(fwd)")) {
            s->len -= 5;
            *s = wire_slice_trim(*s);
            reply = true;
        }
        for (;;) {
            if ((n = leader(*s)) > 0)
                reply = true;
            else if ((n = blob(*s)) == 0 || n == s->len) /* a subject that is only a blob stays */
                break;
            *s = wire_slice_trim(rest(*s, n));
        }
        if (s->len >= 6 && wire_slice_starts_nocase(*s, "[fwd:") && s->at[s->len - 1] == ']') {
            *s = wire_slice(s->at + 5, s->len - 6);
            reply = again = true;
        }
    }
    return reply;
}

size_t imap_base_subject(struct imap_scratch *x, const struct imap_message *m, char *dst, size_t cap,
                         bool *is_reply)
{
    struct wire_slice body = wire_field_body(m->bytes, m->size_octets, "Subject"), s;
    size_t n = body.len > 0 ? wire_rfc2047_decode(x->text, sizeof x->text, body) : 0, kept = 0;
    bool reply;
    n = n < sizeof x->text ? n : sizeof x->text;
    for (size_t i = 0; i < n; i++) { /* one space for any number of spaces and tabs */
        char c = x->text[i] == '\t' ? ' ' : x->text[i];
        if (c != ' ' || kept == 0 || x->text[kept - 1] != ' ')
            x->text[kept++] = c;
    }
    s = wire_slice(x->text, kept);
    reply = strip(&s);
    n = s.len < cap ? s.len : cap;
    for (size_t i = 0; i < n; i++)
        dst[i] = wire_to_upper(s.at[i]);
    if (is_reply != NULL)
        *is_reply = reply;
    return n;
}
