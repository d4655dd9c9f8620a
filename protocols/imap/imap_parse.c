/* The formal syntax of IMAP commands (RFC 3501 section 9). Nothing here answers or decides. */
#include "protocols/imap/imap_parse.h"

#include "protocols/wire/message.h"

#define IMAP_KEYWORD_MAX 64 /* octets of a keyword; a limit of ours */

bool imap_is_atom_char(char ch)
{
    switch (ch) {
    case '(':
    case ')':
    case '{':
    case '%':
    case '*':
    case '"':
    case '\\':
    case ']':
        return false;
    default:
        return wire_is_visible(ch);
    }
}

bool imap_is_atom(struct wire_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!imap_is_atom_char(s.at[i]))
            return false;
    return s.len > 0;
}

typedef bool imap_char_test(char ch);

static bool is_astring_char(char ch)
{
    return imap_is_atom_char(ch) || ch == ']';
}

static bool is_list_char(char ch)
{
    return is_astring_char(ch) || ch == '%' || ch == '*';
}

static bool is_tag_char(char ch)
{
    return is_astring_char(ch) && ch != '+';
}

static bool take_run(struct imap_cursor *c, imap_char_test *test, struct wire_slice *out)
{
    const char *from = c->at;
    while (c->at < c->end && test(*c->at))
        c->at++;
    *out = wire_slice(from, (size_t)(c->at - from));
    return out->len > 0;
}

bool imap_take_tag(struct imap_cursor *c, struct wire_slice *out)
{
    return take_run(c, is_tag_char, out) && out->len <= IMAP_TAG_MAX;
}

bool imap_take_atom(struct imap_cursor *c, struct wire_slice *out)
{
    return take_run(c, imap_is_atom_char, out);
}

bool imap_take_word(struct imap_cursor *c, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(c->end - c->at) < n || !wire_equal_nocase(c->at, n, word, n))
        return false;
    if (c->at + n < c->end && imap_is_atom_char(c->at[n]) && c->at[n] != '[' && c->at[n] != '<')
        return false;
    c->at += n;
    return true;
}

/* Undoes the backslashes of a quoted string of `len` octets. */
static bool unquote(struct imap_cursor *c, const char *from, size_t len, struct wire_slice *out)
{
    char *to = (char *)(uintptr_t)c->text.at;
    size_t n = 0;
    if (c->text.len < len) {
        c->too_complex = true;
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (from[i] == '\\')
            i++; /* take_quoted has seen that an octet follows */
        to[n++] = from[i];
    }
    *out = wire_slice(to, n);
    c->text = wire_slice(to + n, c->text.len - n);
    return true;
}

static bool take_quoted(struct imap_cursor *c, struct wire_slice *out)
{
    const char *from = ++c->at;
    bool escaped = false;
    for (; c->at < c->end && *c->at != '"'; c->at++) {
        if (*c->at == '\r' || *c->at == '\n')
            return false;
        if (*c->at != '\\')
            continue;
        c->at++;
        if (c->at == c->end || (*c->at != '"' && *c->at != '\\'))
            return false; /* quoted-specials only */
        escaped = true;
    }
    if (c->at == c->end)
        return false;
    *out = wire_slice(from, (size_t)(c->at - from));
    c->at++;
    return !escaped || unquote(c, out->at, out->len, out);
}

static bool take_literal(struct imap_cursor *c, struct wire_slice *out)
{
    uint64_t n;
    const char *from = ++c->at;
    while (c->at < c->end && wire_is_digit(*c->at))
        c->at++;
    if (!wire_parse_u64(wire_slice(from, (size_t)(c->at - from)), UINT32_MAX, &n))
        return false;
    imap_take_char(c, '+');
    if (!imap_take_char(c, '}') || !imap_take_char(c, '\r') || !imap_take_char(c, '\n'))
        return false;
    if ((uint64_t)(c->end - c->at) < n)
        return false;
    *out = wire_slice(c->at, (size_t)n);
    c->at += n;
    return n == 0 || memchr(out->at, '\0', out->len) == NULL; /* CHAR8 has no NUL */
}

bool imap_take_string(struct imap_cursor *c, struct wire_slice *out)
{
    if (imap_peek(c, '"'))
        return take_quoted(c, out);
    return imap_peek(c, '{') && take_literal(c, out);
}

bool imap_take_astring(struct imap_cursor *c, struct wire_slice *out)
{
    if (imap_peek(c, '"') || imap_peek(c, '{'))
        return imap_take_string(c, out);
    return take_run(c, is_astring_char, out);
}

bool imap_take_list_mailbox(struct imap_cursor *c, struct wire_slice *out)
{
    if (imap_peek(c, '"') || imap_peek(c, '{'))
        return imap_take_string(c, out);
    return take_run(c, is_list_char, out);
}

/* Rewrites a name in UTF-8 as the store keeps it. */
static bool take_over(struct imap_cursor *c, struct wire_slice *name)
{
    char *to = (char *)(uintptr_t)c->text.at;
    size_t n = imap_name_to_mutf7(to, c->text.len, *name);
    if (n == 0)
        return false;
    if (n > c->text.len) {
        c->too_complex = true;
        return false;
    }
    *name = wire_slice(to, n);
    c->text = wire_slice(to + n, c->text.len - n);
    return true;
}

/* In UTF-8 mode a name may need rewriting; most need not. */
static bool is_plain(struct wire_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] == '&' || wire_is_8bit(name.at[i]) || wire_is_control(name.at[i]))
            return false;
    return true;
}

bool imap_take_mailbox(struct imap_cursor *c, struct wire_slice *out)
{
    if (!imap_take_astring(c, out))
        return false;
    if (wire_slice_is_nocase(*out, "INBOX"))
        *out = WIRE_SLICE("INBOX");
    return !c->utf8 || is_plain(*out) || take_over(c, out);
}

bool imap_take_number(struct imap_cursor *c, uint32_t *out)
{
    const char *from = c->at;
    uint64_t n;
    while (c->at < c->end && wire_is_digit(*c->at))
        c->at++;
    if (!wire_parse_u64(wire_slice(from, (size_t)(c->at - from)), UINT32_MAX, &n))
        return false;
    *out = (uint32_t)n;
    return true;
}

bool imap_take_modseq(struct imap_cursor *c, uint64_t *out)
{
    const char *from = c->at;
    while (c->at < c->end && wire_is_digit(*c->at))
        c->at++;
    return wire_parse_u64(wire_slice(from, (size_t)(c->at - from)), IMAP_MODSEQ_MAX, out);
}

/* seq-number: nz-number or "*", which is 0 here. */
static bool take_place(struct imap_cursor *c, uint32_t *out)
{
    if (imap_take_char(c, '*')) {
        *out = 0;
        return true;
    }
    return imap_take_number(c, out) && *out != 0;
}

bool imap_take_set_range(struct imap_cursor *c, struct imap_range *out)
{
    if (!take_place(c, &out->lo))
        return false;
    out->hi = out->lo;
    return !imap_take_char(c, ':') || take_place(c, &out->hi);
}

bool imap_take_set(struct imap_cursor *c, struct imap_range *range, uint32_t *n, uint32_t cap)
{
    do {
        struct imap_range r;
        if (!imap_take_set_range(c, &r))
            return false;
        if (*n == cap) {
            c->too_complex = true;
            return false;
        }
        range[(*n)++] = r;
    } while (imap_take_char(c, ','));
    return true;
}

static bool take_flag(struct imap_cursor *c, struct imap_flag_list *out)
{
    struct wire_slice name;
    const char *from = c->at;
    bool system = imap_take_char(c, '\\');
    unsigned bit;
    if (!imap_take_atom(c, &name))
        return false;
    if (system) {
        bit = imap_flag_find(wire_slice(from, name.len + 1));
        if (bit == 0 || bit == IMAP_RECENT)
            return false; /* flag-extension is for the future; \Recent belongs to the server */
        out->flags |= bit;
        return true;
    }
    for (uint32_t i = 0; i < out->keywords; i++)
        if (wire_equal_nocase(out->keyword[i].at, out->keyword[i].len, name.at, name.len))
            return true;
    if (out->keywords == IMAP_KEYWORDS_MAX || name.len > IMAP_KEYWORD_MAX) {
        c->too_complex = true;
        return false;
    }
    out->keyword[out->keywords++] = name;
    return true;
}

bool imap_take_flags(struct imap_cursor *c, bool bare_ok, struct imap_flag_list *out)
{
    bool list = imap_take_char(c, '(');
    out->flags = 0;
    out->keywords = 0;
    if (list && imap_take_char(c, ')'))
        return true;
    if (!list && !bare_ok)
        return false;
    do {
        if (!take_flag(c, out))
            return false;
    } while (imap_take_sp(c));
    return !list || imap_take_char(c, ')');
}

bool imap_take_date_time(struct imap_cursor *c, int64_t *seconds, int16_t *zone_minutes)
{
    struct wire_slice text;
    int offset;
    if (!imap_peek(c, '"') || !take_quoted(c, &text) || !wire_internaldate_parse(text, seconds, &offset))
        return false;
    *zone_minutes = (int16_t)offset; /* four digits: less than 100 hours */
    return true;
}

bool imap_take_date(struct imap_cursor *c, int64_t *day)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    static const uint8_t days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    struct wire_civil when = { 0 };
    bool quoted = imap_take_char(c, '"');
    uint32_t d, y;
    if (!imap_take_number(c, &d) || !imap_take_char(c, '-') || c->end - c->at < 3)
        return false;
    for (uint8_t m = 0; m < 12; m++)
        if (wire_equal_nocase(c->at, 3, months + 3 * (size_t)m, 3))
            when.month = (uint8_t)(m + 1);
    c->at += 3;
    if (when.month == 0 || !imap_take_char(c, '-') || !imap_take_number(c, &y) || y > 9999)
        return false;
    if (d < 1 || d > days[when.month - 1] || (quoted && !imap_take_char(c, '"')))
        return false;
    when.year = (int32_t)y;
    when.day = (uint8_t)d;
    *day = wire_civil_to_seconds(&when, 0) / 86400;
    return true;
}

bool imap_literal_at_end(const char *line, size_t len, uint64_t *octets, bool *waits, size_t *brace_at)
{
    size_t end = len, at;
    if (end < 3 || line[--end] != '}')
        return false;
    *waits = line[end - 1] != '+';
    if (!*waits)
        end--;
    for (at = end; at > 0 && wire_is_digit(line[at - 1]); at--)
        ;
    if (at == 0 || at == end || line[at - 1] != '{')
        return false;
    if (!wire_parse_u64(wire_slice(line + at, end - at), UINT64_MAX, octets))
        *octets = UINT64_MAX; /* more digits than a number has: more octets than anyone takes */
    *brace_at = at - 1;
    if (*brace_at > 0 && line[*brace_at - 1] == '~') /* literal8 (RFC 3516 section 4.4) */
        (*brace_at)--;
    return true;
}
