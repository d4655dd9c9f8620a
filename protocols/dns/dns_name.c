/* Names: reading is the safety boundary, comparing and hashing are the hot path. */
#include "protocols/dns/dns_name.h"

#include <assert.h>
#include <string.h>

#define POINTER       0xc0 /* the two high bits of a compression pointer, RFC 1035 section 4.1.4 */
#define NAMES_BEGIN   12   /* no name lies in the header */
#define HASH_START    2166136261u
#define HASH_MULTIPLY 16777619u

enum dns_name_error dns_name_from_text(struct dns_name *out, const char *text, size_t len)
{
    size_t at = 0, label = 0, n = 1; /* label: where the length octet of the open label is */
    if (len == 0)
        return DNS_NAME_EMPTY;
    if (len == 1 && text[0] == '.') {
        *out = (struct dns_name){ .len = 1 };
        return DNS_NAME_OK;
    }
    while (at < len) {
        unsigned c = (unsigned char)text[at++];
        if (c == '.') {
            if (n == label + 1)
                return DNS_NAME_EMPTY_LABEL;
            out->wire[label] = (uint8_t)(n - label - 1);
            label = n++;
            if (n > DNS_NAME_MAX)
                return DNS_NAME_TOO_LONG;
            continue;
        }
        if (c == '\\') {
            if (at >= len)
                return DNS_NAME_BAD_ESCAPE;
            c = (unsigned char)text[at++];
            if (c >= '0' && c <= '9') {
                if (at + 2 > len || text[at] < '0' || text[at] > '9' || text[at + 1] < '0' ||
                    text[at + 1] > '9')
                    return DNS_NAME_BAD_ESCAPE;
                c = (c - '0') * 100 + (unsigned)(text[at] - '0') * 10 + (unsigned)(text[at + 1] - '0');
                at += 2;
                if (c > 255)
                    return DNS_NAME_BAD_ESCAPE;
            }
        }
        if (n - label - 1 >= DNS_LABEL_MAX)
            return DNS_NAME_LABEL_TOO_LONG;
        if (n + 1 >= DNS_NAME_MAX) /* the root's octet must still fit */
            return DNS_NAME_TOO_LONG;
        out->wire[n++] = (uint8_t)c;
    }
    out->wire[label] = (uint8_t)(n - label - 1);
    if (n - label - 1 > 0)
        out->wire[n++] = 0;
    out->len = (uint8_t)n;
    assert(dns_name_check(out->wire, n) == n);
    return DNS_NAME_OK;
}

/* Text of one octet of a label into piece[4]; returns its length. */
static size_t escape(uint8_t c, char piece[4])
{
    if (c > ' ' && c < 127) {
        if (c == '.' || c == '\\' || c == '"' || c == ';' || c == '@' || c == '$' || c == '(' || c == ')') {
            piece[0] = '\\', piece[1] = (char)c;
            return 2;
        }
        piece[0] = (char)c;
        return 1;
    }
    piece[0] = '\\';
    piece[1] = (char)('0' + c / 100);
    piece[2] = (char)('0' + c / 10 % 10);
    piece[3] = (char)('0' + c % 10);
    return 4;
}

size_t dns_name_to_text(const uint8_t *wire, char *text, size_t cap)
{
    size_t n = 0;
    assert(cap > 0);
    if (wire[0] == 0 && cap > 1)
        text[n++] = '.';
    for (const uint8_t *label = wire; *label; label += *label + 1) {
        if (label != wire && n + 1 < cap)
            text[n++] = '.';
        for (unsigned i = 1; i <= *label; i++) {
            char piece[4];
            size_t len = escape(label[i], piece);
            if (n + len >= cap)
                goto full;
            memcpy(text + n, piece, len);
            n += len;
        }
    }
full:
    text[n] = '\0';
    return n;
}

const char *dns_name_error_text(enum dns_name_error error)
{
    static const char *const text[] = {
        [DNS_NAME_OK] = "fine",
        [DNS_NAME_EMPTY] = "a domain name cannot be empty (the root is \".\")",
        [DNS_NAME_EMPTY_LABEL] = "a domain name has nothing between two of its dots",
        [DNS_NAME_LABEL_TOO_LONG] = "one part of a domain name may have at most 63 octets",
        [DNS_NAME_TOO_LONG] = "a domain name may have at most 255 octets",
        [DNS_NAME_BAD_ESCAPE] = "a backslash in a domain name wants a character or three digits up to 255",
    };
    assert((size_t)error < sizeof text / sizeof text[0]);
    return text[error];
}

size_t dns_name_read(struct dns_name *out, const uint8_t *msg, size_t len, size_t at)
{
    size_t after = 0, n = 0, piece = at; /* piece: where the labels being read began */
    unsigned jumps = 0;
    for (;;) {
        if (at >= len)
            return 0;
        unsigned c = msg[at];
        if (c >= POINTER) {
            if (at + 1 >= len)
                return 0;
            size_t target = (size_t)(c & 0x3f) << 8 | msg[at + 1];
            if (target >= piece || target < NAMES_BEGIN || ++jumps > DNS_LABELS_MAX)
                return 0; /* only backwards, and no more often than there can be labels */
            if (after == 0)
                after = at + 2;
            piece = at = target;
            continue;
        }
        if (c > DNS_LABEL_MAX) /* 01 and 10 are reserved */
            return 0;
        if (at + 1 + c > len || n + 1 + c > DNS_NAME_MAX)
            return 0;
        memcpy(out->wire + n, msg + at, c + 1);
        n += c + 1;
        at += c + 1;
        if (c == 0)
            break;
    }
    out->len = (uint8_t)n;
    return after ? after : at;
}

size_t dns_name_skip(const uint8_t *msg, size_t len, size_t at)
{
    size_t n = 0;
    while (at < len) {
        unsigned c = msg[at];
        if (c >= POINTER)
            return at + 2 <= len ? at + 2 : 0;
        if (c > DNS_LABEL_MAX)
            return 0;
        at += c + 1;
        n += c + 1;
        if (n > DNS_NAME_MAX)
            return 0;
        if (c == 0)
            return at;
    }
    return 0;
}

size_t dns_name_check(const uint8_t *octets, size_t len)
{
    size_t n = 0;
    while (n < len && n < DNS_NAME_MAX) {
        unsigned c = octets[n];
        if (c > DNS_LABEL_MAX)
            return 0;
        n += c + 1;
        if (c == 0)
            return n;
    }
    return 0;
}

size_t dns_name_len(const uint8_t *wire)
{
    const uint8_t *label = wire;
    while (*label)
        label += *label + 1;
    return (size_t)(label - wire) + 1;
}

unsigned dns_name_labels(const uint8_t *wire)
{
    unsigned n = 0;
    for (; *wire; wire += *wire + 1)
        n++;
    return n;
}

const uint8_t *dns_name_parent(const uint8_t *wire)
{
    return *wire ? wire + *wire + 1 : wire;
}

bool dns_name_equal(const uint8_t *a, const uint8_t *b)
{
    for (;;) {
        unsigned len = *a;
        if (len != *b)
            return false;
        if (len == 0)
            return true;
        a++, b++;
        for (; len > 0; len--, a++, b++)
            if (*a != *b && dns_fold(*a) != dns_fold(*b))
                return false;
    }
}

/* Where each label begins, the root's last. */
static unsigned label_offsets(const uint8_t *wire, uint8_t at[DNS_LABELS_MAX])
{
    unsigned n = 0, i = 0;
    for (;;) {
        at[n++] = (uint8_t)i;
        if (wire[i] == 0)
            return n;
        i += wire[i] + 1u;
    }
}

static int compare_labels(const uint8_t *a, const uint8_t *b)
{
    unsigned shorter = *a < *b ? *a : *b;
    for (unsigned i = 1; i <= shorter; i++)
        if (dns_fold(a[i]) != dns_fold(b[i]))
            return dns_fold(a[i]) < dns_fold(b[i]) ? -1 : 1;
    return (*a > *b) - (*a < *b);
}

int dns_name_compare(const uint8_t *a, const uint8_t *b)
{
    uint8_t at_a[DNS_LABELS_MAX], at_b[DNS_LABELS_MAX];
    unsigned left_a = label_offsets(a, at_a) - 1, left_b = label_offsets(b, at_b) - 1;
    while (left_a > 0 && left_b > 0) {
        int order = compare_labels(a + at_a[--left_a], b + at_b[--left_b]);
        if (order)
            return order;
    }
    return (left_a > left_b) - (left_a < left_b);
}

bool dns_name_is_below(const uint8_t *name, const uint8_t *zone)
{
    unsigned deeper = dns_name_labels(name), wanted = dns_name_labels(zone);
    for (; deeper > wanted; deeper--)
        name += *name + 1;
    return deeper == wanted && dns_name_equal(name, zone);
}

void dns_name_copy(struct dns_name *out, const uint8_t *wire)
{
    size_t len = dns_name_len(wire);
    assert(len <= DNS_NAME_MAX);
    out->len = (uint8_t)len;
    memcpy(out->wire, wire, len);
}

unsigned dns_name_hashes(const uint8_t *wire, uint32_t hash[DNS_LABELS_MAX], uint8_t at[DNS_LABELS_MAX])
{
    unsigned labels = label_offsets(wire, at);
    uint32_t h = HASH_START;
    hash[labels - 1] = h;
    for (unsigned i = labels - 1; i-- > 0;) {
        const uint8_t *octet = wire + at[i], *end = octet + *octet + 1;
        for (; octet < end; octet++)
            h = (h ^ dns_fold(*octet)) * HASH_MULTIPLY;
        h ^= h >> 15; /* slots are chosen by the low bits */
        hash[i] = h;
    }
    return labels;
}

uint32_t dns_name_hash(const uint8_t *wire)
{
    uint32_t hash[DNS_LABELS_MAX];
    uint8_t at[DNS_LABELS_MAX];
    dns_name_hashes(wire, hash, at);
    return hash[0];
}
