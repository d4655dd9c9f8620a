/* Envelope paths: strict, because a server answers for them. */
#include "protocols/wire/address.h"
#include "protocols/wire/utf8.h"

/* atext of RFC 5322 section 3.2.3 as one bit an ASCII character. */
static const uint64_t atext_bits[2] = {
    0xa3ffacfa00000000ULL, /* ! # $ % & ' * + - / 0-9 = ? */
    0x7fffffffc7fffffeULL, /* A-Z ^ _ ` a-z { | } ~ */
};

static inline bool is_atext(char c)
{
    unsigned char u = (unsigned char)c;
    return u < 0x80 && (atext_bits[u >> 6] >> (u & 63) & 1) != 0;
}

/* Octets of a UTF-8 character at the front that SMTPUTF8 allows in place of a letter; 0 if none. */
static size_t utf8_letter(const char *at, size_t len)
{
    uint32_t c;
    size_t n = wire_utf8_decode(at, len, &c);
    return n > 1 && c > 0x9f ? n : 0;
}

struct scan {
    const char *at;
    size_t len, pos;
    bool utf8;      /* allowed */
    bool seen_8bit; /* there was one */
};

static bool scan_is(const struct scan *s, char c)
{
    return s->pos < s->len && s->at[s->pos] == c;
}

/* Steps over one character outside ASCII; false if it is none that may stand here. */
static bool scan_8bit(struct scan *s)
{
    size_t n = utf8_letter(s->at + s->pos, s->len - s->pos);
    s->seen_8bit = true;
    s->pos += n;
    return n > 0 && s->utf8;
}

static bool scan_dot_string(struct scan *s)
{
    for (;;) {
        size_t begin = s->pos;
        while (s->pos < s->len) {
            if (is_atext(s->at[s->pos]))
                s->pos++;
            else if (!wire_is_8bit(s->at[s->pos]))
                break;
            else if (!scan_8bit(s))
                return false;
        }
        if (s->pos == begin)
            return false;
        if (!scan_is(s, '.'))
            return true;
        s->pos++;
    }
}

static bool scan_quoted(struct scan *s)
{
    for (s->pos++; s->pos < s->len; s->pos++) {
        char c = s->at[s->pos];
        if (c == '"') {
            s->pos++;
            return true;
        }
        if (wire_is_8bit(c)) {
            if (!scan_8bit(s))
                return false;
            s->pos--;
            continue;
        }
        if (c == '\\') {
            s->pos++;
            if (s->pos == s->len)
                return false;
            c = s->at[s->pos];
        }
        if (c != ' ' && !wire_is_visible(c))
            return false;
    }
    return false;
}

/* The octets of a domain name at the front: letters, digits, hyphens and dots, not yet checked. */
static void scan_domain(struct scan *s)
{
    while (s->pos < s->len) {
        char c = s->at[s->pos];
        if (wire_is_8bit(c))
            s->seen_8bit = true;
        else if (!wire_is_alnum(c) && c != '-' && c != '.')
            break;
        s->pos++;
    }
}

/* "@one,@two:", which a server reads and ignores. */
static bool scan_route(struct scan *s)
{
    while (scan_is(s, '@')) {
        size_t begin = ++s->pos;
        scan_domain(s);
        if (!wire_domain_valid(wire_slice(s->at + begin, s->pos - begin), s->utf8))
            return false;
        if (!scan_is(s, ','))
            break;
        s->pos++;
    }
    if (!scan_is(s, ':'))
        return false;
    s->pos++;
    return true;
}

/* local "@" domain from s->pos on; stops behind it. */
static enum wire_address_verdict scan_mailbox(struct scan *s, struct wire_mailbox *out)
{
    size_t begin = s->pos;
    bool good;
    out->quoted = scan_is(s, '"');
    good = out->quoted ? scan_quoted(s) : scan_dot_string(s);
    if (s->seen_8bit && !s->utf8)
        return WIRE_ADDRESS_NEEDS_UTF8;
    if (!good)
        return WIRE_ADDRESS_BAD_LOCAL;
    out->local = wire_slice(s->at + begin, s->pos - begin);
    if (out->local.len > WIRE_LOCAL_PART_MAX)
        return WIRE_ADDRESS_LOCAL_TOO_LONG;
    if (!scan_is(s, '@'))
        return s->pos < s->len && s->at[s->pos] != '>' ? WIRE_ADDRESS_BAD_LOCAL : WIRE_ADDRESS_NO_DOMAIN;
    begin = ++s->pos;
    out->literal = scan_is(s, '[');
    if (out->literal) {
        const char *close = memchr(s->at + begin, ']', s->len - begin);
        s->pos = close ? (size_t)(close - s->at) + 1 : s->len;
    } else {
        scan_domain(s);
    }
    out->domain = wire_slice(s->at + begin, s->pos - begin);
    out->utf8 = s->seen_8bit;
    if (s->seen_8bit && !s->utf8)
        return WIRE_ADDRESS_NEEDS_UTF8;
    if (out->domain.len > WIRE_DOMAIN_MAX)
        return WIRE_ADDRESS_DOMAIN_TOO_LONG;
    good = out->literal ? wire_address_literal_valid(out->domain) : wire_domain_valid(out->domain, s->utf8);
    return good ? WIRE_ADDRESS_OK : WIRE_ADDRESS_BAD_DOMAIN;
}

enum wire_address_verdict wire_path_parse(const char *at, size_t len, bool utf8, struct wire_mailbox *out,
                                          size_t *used)
{
    struct scan s = { .at = at, .len = len, .pos = 1, .utf8 = utf8 };
    enum wire_address_verdict verdict = WIRE_ADDRESS_OK;
    const char *close;
    *out = (struct wire_mailbox){ 0 };
    *used = 0;
    if (len == 0 || at[0] != '<')
        return WIRE_ADDRESS_NO_BRACKETS;
    if (scan_is(&s, '>')) {
        *used = 2;
        return WIRE_ADDRESS_NULL;
    }
    if (scan_is(&s, '@') && !scan_route(&s))
        verdict = WIRE_ADDRESS_BAD_ROUTE;
    if (verdict == WIRE_ADDRESS_OK)
        verdict = scan_mailbox(&s, out);
    if (verdict == WIRE_ADDRESS_NO_DOMAIN && wire_slice_is_nocase(out->local, "postmaster"))
        verdict = WIRE_ADDRESS_POSTMASTER;
    if (verdict == WIRE_ADDRESS_OK && s.pos < len && at[s.pos] != '>')
        verdict = WIRE_ADDRESS_BAD_DOMAIN;
    close = s.pos < len ? memchr(at + s.pos, '>', len - s.pos) : NULL;
    if (!close)
        return WIRE_ADDRESS_NO_BRACKETS;
    *used = (size_t)(close - at) + 1;
    if (verdict == WIRE_ADDRESS_OK && *used > WIRE_PATH_MAX)
        verdict = WIRE_ADDRESS_PATH_TOO_LONG;
    return verdict;
}

enum wire_address_verdict wire_mailbox_parse(struct wire_slice text, bool utf8, struct wire_mailbox *out)
{
    struct scan s = { .at = text.at, .len = text.len, .utf8 = utf8 };
    enum wire_address_verdict verdict;
    *out = (struct wire_mailbox){ 0 };
    verdict = scan_mailbox(&s, out);
    return verdict == WIRE_ADDRESS_OK && s.pos < s.len ? WIRE_ADDRESS_BAD_DOMAIN : verdict;
}

bool wire_domain_valid(struct wire_slice domain, bool utf8)
{
    size_t label = 0; /* octets of the label so far */
    if (domain.len == 0 || domain.len > WIRE_DOMAIN_MAX)
        return false;
    for (size_t i = 0; i < domain.len; i++) {
        char c = domain.at[i];
        if (c == '.') {
            if (label == 0 || domain.at[i - 1] == '-')
                return false;
            label = 0;
            continue;
        }
        if (wire_is_8bit(c)) {
            size_t n = utf8 ? utf8_letter(domain.at + i, domain.len - i) : 0;
            if (n == 0)
                return false;
            i += n - 1;
            label += n - 1;
        } else if (!wire_is_alnum(c) && (c != '-' || label == 0)) {
            return false;
        }
        if (++label > WIRE_LABEL_MAX)
            return false;
    }
    return label > 0 && domain.at[domain.len - 1] != '-';
}

bool wire_ipv4_valid(struct wire_slice t)
{
    unsigned value = 0, digits = 0, dots = 0;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] == '.') {
            if (digits == 0 || ++dots > 3)
                return false;
            value = digits = 0;
        } else {
            if (!wire_is_digit(t.at[i]) || ++digits > 3)
                return false;
            value = value * 10 + (unsigned)(t.at[i] - '0');
            if (value > 255)
                return false;
        }
    }
    return dots == 3 && digits > 0;
}

bool wire_ipv6_valid(struct wire_slice t)
{
    unsigned groups = 0, digits = 0;
    bool elided = false;
    size_t group_at = 0, i = 0;
    if (t.len >= 2 && t.at[0] == ':' && t.at[1] == ':') {
        elided = true;
        i = group_at = 2;
    }
    for (; i < t.len; i++) {
        if (wire_hex_value(t.at[i]) >= 0) {
            if (++digits > 4)
                return false;
        } else if (t.at[i] == '.') {
            /* The last two groups as an IPv4 address. */
            groups += 2;
            return wire_ipv4_valid(wire_slice(t.at + group_at, t.len - group_at)) &&
                   (elided ? groups <= 7 : groups == 8);
        } else if (t.at[i] == ':' && digits > 0) {
            groups++;
            digits = 0;
            group_at = i + 1;
            if (group_at < t.len && t.at[group_at] == ':') {
                if (elided)
                    return false;
                elided = true;
                group_at = ++i + 1;
            } else if (group_at == t.len) {
                return false;
            }
        } else {
            return false;
        }
    }
    if (digits > 0)
        groups++;
    return elided ? groups <= 7 : groups == 8;
}

bool wire_address_literal_valid(struct wire_slice l)
{
    struct wire_slice inner;
    if (l.len < 3 || l.at[0] != '[' || l.at[l.len - 1] != ']')
        return false;
    inner = wire_slice(l.at + 1, l.len - 2);
    if (wire_slice_starts_nocase(inner, "IPv6:"))
        return wire_ipv6_valid(wire_slice(inner.at + 5, inner.len - 5));
    return wire_ipv4_valid(inner);
}

size_t wire_mailbox_local_text(char *dst, const struct wire_mailbox *m)
{
    size_t n = 0;
    if (!m->quoted) {
        if (m->local.len > 0)
            memcpy(dst, m->local.at, m->local.len);
        return m->local.len;
    }
    for (size_t i = 1; i + 1 < m->local.len; i++) {
        if (m->local.at[i] == '\\')
            i++;
        dst[n++] = m->local.at[i];
    }
    return n;
}

bool wire_mailbox_equal(const struct wire_mailbox *a, const struct wire_mailbox *b)
{
    char a_local[WIRE_LOCAL_PART_MAX], b_local[WIRE_LOCAL_PART_MAX];
    size_t a_len, b_len;
    if (!wire_equal_nocase(a->domain.at, a->domain.len, b->domain.at, b->domain.len))
        return false;
    if (!a->quoted && !b->quoted)
        return wire_equal(a->local.at, a->local.len, b->local.at, b->local.len);
    a_len = wire_mailbox_local_text(a_local, a);
    b_len = wire_mailbox_local_text(b_local, b);
    return wire_equal(a_local, a_len, b_local, b_len);
}

const char *wire_address_verdict_text(enum wire_address_verdict verdict)
{
    static const char *const texts[WIRE_ADDRESS_VERDICTS] = {
        [WIRE_ADDRESS_OK] = "the address is well-formed",
        [WIRE_ADDRESS_NULL] = "the path is empty",
        [WIRE_ADDRESS_POSTMASTER] = "it is the postmaster of this host",
        [WIRE_ADDRESS_NO_BRACKETS] = "the address is not between < and >",
        [WIRE_ADDRESS_BAD_ROUTE] = "the source route in front of the address is malformed",
        [WIRE_ADDRESS_BAD_LOCAL] = "the part left of @ is malformed",
        [WIRE_ADDRESS_NO_DOMAIN] = "there is no @ and no domain",
        [WIRE_ADDRESS_BAD_DOMAIN] = "the part right of @ is no domain name or address literal",
        [WIRE_ADDRESS_LOCAL_TOO_LONG] = "the part left of @ is longer than 64 octets",
        [WIRE_ADDRESS_DOMAIN_TOO_LONG] = "the domain is longer than 255 octets",
        [WIRE_ADDRESS_PATH_TOO_LONG] = "the path is longer than 256 octets",
        [WIRE_ADDRESS_NEEDS_UTF8] = "the address has letters outside ASCII, and SMTPUTF8 was not requested",
    };
    return (unsigned)verdict < WIRE_ADDRESS_VERDICTS ? texts[verdict] : "";
}
