/* DNS messages (RFC 1035 section 4, RFC 3596, RFC 6891). */
#include <stdio.h>
#include <string.h>

#include "ui/tape/dissect_layers.h"

#define HEADER_OCTETS 12
#define NAME_MAX      256 /* text of a name as shown; longer ones are cut */
#define JUMPS_MAX     16  /* pointers followed in one name; a limit of ours */
#define RECORDS_MAX   64  /* shown of a message; a limit of ours */

struct message {
    struct dissect *d;
    size_t from, end;
};

static const char *type_name(unsigned type, char buf[16])
{
    static const struct {
        unsigned type;
        const char *name;
    } known[] = {
        { 1, "A" },    { 2, "NS" },    { 5, "CNAME" }, { 6, "SOA" },  { 12, "PTR" },  { 15, "MX" },
        { 16, "TXT" }, { 28, "AAAA" }, { 33, "SRV" },  { 41, "OPT" }, { 52, "TLSA" }, { 255, "ANY" }
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].type == type)
            return known[i].name;
    snprintf(buf, 16, "TYPE%u", type);
    return buf;
}

/* The name at `at` in dots; returns the octets that it takes there, 0: it is broken. Pointers lead backwards
 * only, and not too often (RFC 1035 section 4.1.4). */
static size_t name_at(const struct message *m, size_t at, char text[NAME_MAX])
{
    size_t used = 0, start = at, n = 0;
    bool jumped = false;
    text[0] = '\0';
    for (int jumps = 0; at < m->end;) {
        unsigned len = dissect_u8(m->d, at);
        if (len >= 0xc0) {
            size_t to = m->from + (dissect_u16(m->d, at) & 0x3fff);
            if (at + 2 > m->end || to >= at || jumps++ == JUMPS_MAX)
                return 0;
            if (!jumped)
                used = at + 2 - start;
            jumped = true;
            at = to;
            continue;
        }
        if (len == 0) {
            if (n == 0)
                snprintf(text, NAME_MAX, ".");
            return jumped ? used : at + 1 - start;
        }
        if (len > 63 || at + 1 + len > m->end || n + len + 2 > NAME_MAX)
            return 0;
        if (n)
            text[n++] = '.';
        for (size_t i = 0; i < len; i++) {
            uint8_t c = dissect_u8(m->d, at + 1 + i);
            text[n++] = c > ' ' && c < 127 ? (char)c : '?';
        }
        text[n] = '\0';
        at += 1 + len;
    }
    return 0;
}

static void header(struct dissect *d, size_t at)
{
    static const char *const rcodes[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED" };
    unsigned flags = dissect_u16(d, at + 2), rcode = flags & 15;
    dissect_put(d, 1, "Identifier", at, 2, "0x%04x", dissect_u16(d, at));
    dissect_put(d, 1, "Flags", at + 2, 2, "%s%s%s%s%s", flags & 0x8000 ? "response" : "query",
                flags & 0x0400 ? ", authoritative" : "", flags & 0x0200 ? ", truncated" : "",
                flags & 0x0100 ? ", recursion desired" : "", flags & 0x0080 ? ", recursion available" : "");
    dissect_put(d, 1, "Opcode", at + 2, 1, "%u", (flags >> 11) & 15);
    if (flags & 0x8000)
        dissect_put(d, 1, "Response code", at + 3, 1, "%u (%s)", rcode, rcode < 6 ? rcodes[rcode] : "other");
    dissect_put(d, 1, "Questions", at + 4, 2, "%u", dissect_u16(d, at + 4));
    dissect_put(d, 1, "Answers", at + 6, 2, "%u", dissect_u16(d, at + 6));
    dissect_put(d, 1, "Authority records", at + 8, 2, "%u", dissect_u16(d, at + 8));
    dissect_put(d, 1, "Additional records", at + 10, 2, "%u", dissect_u16(d, at + 10));
}

/* The data of a record as text; "" where it is only counted. */
static void data_text(const struct message *m, unsigned type, size_t at, size_t len, char *buf, size_t cap)
{
    char name[NAME_MAX], other[NAME_MAX];
    struct dissect *d = m->d;
    size_t n;
    snprintf(buf, cap, "%zu octets", len);
    if (type == 1 && len == 4) {
        dissect_ip4(d, at, buf);
    } else if (type == 28 && len == 16) {
        dissect_ip6(d, at, buf);
    } else if ((type == 2 || type == 5 || type == 12) && name_at(m, at, name)) {
        snprintf(buf, cap, "%s", name);
    } else if (type == 15 && len > 2 && name_at(m, at + 2, name)) {
        snprintf(buf, cap, "%u %s", dissect_u16(d, at), name);
    } else if (type == 6 && (n = name_at(m, at, name)) > 0 && name_at(m, at + n, other)) {
        snprintf(buf, cap, "%.200s %.200s", name, other);
    } else if (type == 16 && len > 0) {
        size_t text = dissect_u8(d, at), k = 0;
        for (; k < text && k + 1 < len && k + 3 < cap; k++) {
            uint8_t c = dissect_u8(d, at + 1 + k);
            buf[k] = c < ' ' || c == 127 ? '.' : (char)c;
        }
        buf[k] = '\0';
    }
}

/* One record; returns the octet behind it, 0: it does not fit. */
static size_t record(const struct message *m, size_t at, const char *section, char *first, size_t cap)
{
    char name[NAME_MAX], type_buf[16], data[600];
    struct dissect *d = m->d;
    size_t n = name_at(m, at, name), len;
    unsigned type;
    const char *word;
    if (n == 0 || at + n + 10 > m->end) {
        dissect_wrong(d, 1, section, at, m->end - at, "does not fit");
        return 0;
    }
    type = dissect_u16(d, at + n);
    word = type_name(type, type_buf);
    len = dissect_u16(d, at + n + 8);
    if (len > m->end - at - n - 10) {
        dissect_wrong(d, 1, section, at, m->end - at, "%s %s says %zu octets of data", word, name, len);
        return 0;
    }
    data_text(m, type, at + n + 10, len, data, sizeof data);
    dissect_put(d, 1, section, at, n + 10 + len, "%.250s %s %.200s", name, word, data);
    dissect_put(d, 2, "Name", at, n, "%s", name);
    dissect_put(d, 2, "Type", at + n, 2, "%u (%s)", type, word);
    if (type == 41) {
        dissect_put(d, 2, "UDP payload size", at + n + 2, 2, "%u octets", dissect_u16(d, at + n + 2));
    } else {
        dissect_put(d, 2, "Class", at + n + 2, 2, "%u%s", dissect_u16(d, at + n + 2),
                    dissect_u16(d, at + n + 2) == 1 ? " (IN)" : "");
        dissect_put(d, 2, "Time to live", at + n + 4, 4, "%lu s", (unsigned long)dissect_u32(d, at + n + 4));
    }
    dissect_put(d, 2, "Data", at + n + 10, len, "%.400s", data);
    if (first && !*first)
        snprintf(first, cap, "%s %.300s", word, data);
    return at + n + 10 + len;
}

/* Returns the octet behind the questions, 0: one does not fit. */
static size_t questions(const struct message *m, size_t at, unsigned count, char *asked, size_t cap)
{
    char name[NAME_MAX], type_buf[16];
    for (unsigned i = 0; i < count && i < RECORDS_MAX; i++) {
        size_t n = name_at(m, at, name);
        if (n == 0 || at + n + 4 > m->end) {
            dissect_wrong(m->d, 1, "Question", at, m->end - at, "does not fit");
            return 0;
        }
        dissect_put(m->d, 1, "Question", at, n + 4, "%s? %s", type_name(dissect_u16(m->d, at + n), type_buf),
                    name);
        if (i == 0)
            snprintf(asked, cap, "%s? %s", type_name(dissect_u16(m->d, at + n), type_buf), name);
        at += n + 4;
    }
    return at;
}

void dissect_dns(struct dissect *d, size_t at, size_t end)
{
    static const char *const sections[] = { "Answer", "Authority", "Additional" };
    static const char *const failed[] = { "", "FORMERR ", "SERVFAIL ", "NXDOMAIN ", "NOTIMP ", "REFUSED " };
    struct message m = { d, at, end };
    char asked[NAME_MAX + 20] = "", first[400] = "";
    unsigned flags = dissect_u16(d, at + 2), shown = 0;
    size_t next;
    if (!dissect_need(d, at, end, HEADER_OCTETS, "DNS"))
        return;
    dissect_put(d, 0, "Domain Name System", at, end - at, "%s", flags & 0x8000 ? "response" : "query");
    header(d, at);
    next = questions(&m, at + HEADER_OCTETS, dissect_u16(d, at + 4), asked, sizeof asked);
    for (int s = 0; s < 3 && next; s++)
        for (unsigned i = dissect_u16(d, at + 6 + 2 * (size_t)s); i > 0 && next && shown < RECORDS_MAX;
             i--, shown++)
            next = record(&m, next, sections[s], s < 2 ? first : NULL, sizeof first);
    if (flags & 0x8000)
        dissect_summaryf(d, "DNS", "%s%s%s%.200s", (flags & 15) < 6 ? failed[flags & 15] : "", asked,
                         *first ? ": " : "", first);
    else
        dissect_summaryf(d, "DNS", "%s", asked);
}
