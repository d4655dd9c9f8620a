/* The tree of parts, found in one pass over the lines. */
#include "protocols/wire/mime.h"
#include "protocols/wire/message.h"
#include "protocols/wire/mime_field.h"
#include "protocols/wire/writer.h"

#include <assert.h>

/* A multipart whose closing boundary has not come yet. */
struct open_multipart {
    int part;
    struct wire_slice boundary; /* as it is written: a fold and backslashes may be inside */
};

struct walk {
    const char *at;
    size_t len;
    struct wire_mime_part *part;
    size_t cap, count;
    size_t lines; /* line breaks before the line at hand */
    int now;      /* the innermost part that is not over */
    struct open_multipart open[WIRE_MIME_DEPTH_MAX + 1];
    size_t open_count;
};

/* A new part whose header begins at header_at, the last child of its parent; WIRE_MIME_NONE when there is no
 * room. */
static int add_part(struct walk *w, int parent, size_t header_at)
{
    struct wire_mime_part *p;
    if (w->count == w->cap)
        return WIRE_MIME_NONE;
    p = &w->part[w->count];
    *p = (struct wire_mime_part){ .header_at = header_at,
                                  .body_at = header_at,
                                  .body_end = header_at,
                                  .type = WIRE_SLICE("text"),
                                  .subtype = WIRE_SLICE("plain"),
                                  .parent = (int16_t)parent,
                                  .first_child = WIRE_MIME_NONE,
                                  .next_sibling = WIRE_MIME_NONE };
    if (parent >= 0) {
        struct wire_mime_part *mother = &w->part[parent];
        p->depth = (uint8_t)(mother->depth + 1);
        p->default_message =
            mother->kind == WIRE_MIME_MULTIPART && wire_slice_is_nocase(mother->subtype, "digest");
        if (mother->children == 0)
            mother->first_child = (int16_t)w->count;
        mother->children++;
    }
    return (int)w->count++;
}

/* The body begins: `lines` keeps where until end_part makes it a count. */
static void begin_body(struct walk *w, size_t body_at)
{
    struct wire_mime_part *p = &w->part[w->now];
    p->body_at = p->body_end = body_at;
    p->lines = w->lines;
}

/* The body ends at `end`, in front of which there are `lines` line breaks in the message. */
static void end_part(struct walk *w, int index, size_t end, size_t lines)
{
    struct wire_mime_part *p = &w->part[index];
    if (end <= p->body_at) {
        p->body_end = p->body_at;
        p->lines = 0;
        return;
    }
    p->body_end = end;
    p->lines = lines - p->lines + (w->at[end - 1] != '\n' ? 1 : 0);
}

/* Ends the part at hand and its ancestors up to, not including, `stop`. Where the line break that was cut off
 * is the empty line of the innermost part's header, the ancestors keep it: they hold all of their children.
 */
static void end_up_to(struct walk *w, int stop, size_t end, size_t lines)
{
    for (; w->now != stop; w->now = w->part[w->now].parent) {
        end_part(w, w->now, end, lines);
        if (w->part[w->now].body_end > end) {
            end = w->part[w->now].body_end;
            lines++;
        }
    }
}

/* Reads the header of the part at hand and decides what its body is. */
static void enter_body(struct walk *w, size_t body_at)
{
    struct wire_mime_part *p = &w->part[w->now];
    struct wire_slice boundary = { NULL, 0 };
    begin_body(w, body_at);
    wire_mime_read_header(p, w->at, &boundary);
    if (p->depth >= WIRE_MIME_DEPTH_MAX)
        return;
    if (boundary.len > 0) {
        p->kind = WIRE_MIME_MULTIPART;
        w->open[w->open_count++] = (struct open_multipart){ w->now, boundary };
    } else if (wire_mime_is_message(p)) {
        p->kind = WIRE_MIME_MESSAGE;
    }
}

/* A delimiter where the empty line was due: the part has a header and no body. */
static void cut_header(struct walk *w, size_t pos)
{
    struct wire_slice boundary = { NULL, 0 };
    begin_body(w, pos);
    wire_mime_read_header(&w->part[w->now], w->at, &boundary);
}

/* The octets that the boundary takes at the front of `at`; 0: something else stands there. A fold is undone
 * by taking its line break out (RFC 5322 section 2.2.3), and no boundary has a backslash of its own (RFC 2046
 * section 5.1.1). */
static size_t boundary_here(struct wire_slice boundary, const char *at, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < boundary.len; i++) {
        char c = boundary.at[i];
        if (c == '\r' || c == '\n' || c == '\\')
            continue;
        if (n == len || at[n] != c)
            return 0;
        n++;
    }
    return n;
}

/* Is the line [pos, end) a delimiter of one of the open multiparts? Returns its place in open[], or -1. A
 * line that is the delimiter and nothing else wins over one that only begins like it: RFC 2046 section 5.1.1
 * accepts both, and an outer boundary may begin with the inner one. */
static int find_delimiter(const struct walk *w, size_t pos, size_t end, bool *closing)
{
    int begins = -1;
    while (end > pos && wire_is_space(w->at[end - 1]))
        end--;
    for (size_t i = w->open_count; i-- > 0;) {
        size_t n, rest;
        n = end - pos > 2 ? boundary_here(w->open[i].boundary, w->at + pos + 2, end - pos - 2) : 0;
        if (n == 0)
            continue;
        rest = end - pos - 2 - n;
        if (rest == 0 || (rest == 2 && w->at[end - 1] == '-' && w->at[end - 2] == '-')) {
            *closing = rest == 2;
            return (int)i;
        }
        if (begins < 0) {
            begins = (int)i;
            *closing = rest > 2 && w->at[pos + 2 + n] == '-' && w->at[pos + 3 + n] == '-';
        }
    }
    return begins;
}

/* The line at pos is the delimiter of open[level]. Returns true when a header follows. */
static bool pass_delimiter(struct walk *w, int level, bool closing, size_t pos, size_t next)
{
    int mother = w->open[level].part, before = w->now, fresh;
    size_t end = pos, lines = w->lines;
    /* The line break in front belongs to the delimiter. */
    if (end > 0 && w->at[end - 1] == '\n') {
        end--;
        lines--;
        if (end > 0 && w->at[end - 1] == '\r')
            end--;
    }
    end_up_to(w, mother, end, lines);
    w->open_count = (size_t)level + 1;
    if (closing) {
        w->part[mother].closed = true;
        w->open_count--;
        return false;
    }
    while (before != mother && w->part[before].parent != mother)
        before = w->part[before].parent;
    fresh = add_part(w, mother, next);
    if (fresh == WIRE_MIME_NONE)
        return false;
    if (before != mother)
        w->part[before].next_sibling = (int16_t)fresh;
    w->now = fresh;
    return true;
}

/* One line break at pos: an empty line. */
static bool is_empty_line(const struct walk *w, size_t pos)
{
    return w->at[pos] == '\n' || (w->at[pos] == '\r' && pos + 1 < w->len && w->at[pos + 1] == '\n');
}

/* Behind the empty line: the kind of the part decides what the next lines are. Returns true when they are a
 * header again, that of a message inside a message. */
static bool descend(struct walk *w, size_t body_at)
{
    int child;
    enter_body(w, body_at);
    if (w->part[w->now].kind != WIRE_MIME_MESSAGE)
        return false;
    child = add_part(w, w->now, body_at);
    if (child == WIRE_MIME_NONE)
        return false;
    w->now = child;
    begin_body(w, body_at);
    return true;
}

size_t wire_mime_parse(const char *message, size_t len, struct wire_mime_part *part, size_t cap)
{
    struct walk w = { .at = len > 0 ? message : "", .len = len, .part = part, .cap = cap };
    bool in_header = true;
    size_t pos = 0;
    if (w.cap > WIRE_MIME_PARTS_MAX)
        w.cap = WIRE_MIME_PARTS_MAX;
    if (w.cap == 0)
        return 0;
    w.now = add_part(&w, WIRE_MIME_NONE, 0);
    while (pos < len) {
        const char *lf = memchr(message + pos, '\n', len - pos);
        size_t next = lf ? (size_t)(lf - message) + 1 : len;
        bool closing = false;
        int level = -1;
        if (w.open_count > 0 && next - pos > 2 && message[pos] == '-' && message[pos + 1] == '-')
            level = find_delimiter(&w, pos, next, &closing);
        if (level >= 0) {
            if (in_header)
                cut_header(&w, pos);
            in_header = pass_delimiter(&w, level, closing, pos, next);
            w.lines += lf ? 1 : 0;
            if (in_header)
                begin_body(&w, next);
        } else if (in_header && is_empty_line(&w, pos)) {
            w.lines++;
            in_header = descend(&w, next);
        } else {
            w.lines += lf ? 1 : 0;
        }
        pos = next;
    }
    if (in_header) /* all of it was header, or nothing came */
        enter_body(&w, len);
    end_up_to(&w, WIRE_MIME_NONE, len, w.lines);
    assert(w.count >= 1 && w.count <= w.cap);
    return w.count;
}

/* ---- section numbers ---- */

/* Is it a message: the whole one, or one inside a message/rfc822 part? */
static bool is_message_root(const struct wire_mime_part *part, int index)
{
    int parent = part[index].parent;
    return parent == WIRE_MIME_NONE || part[parent].kind == WIRE_MIME_MESSAGE;
}

static int nth_child(const struct wire_mime_part *part, int index, uint64_t n)
{
    int child = part[index].first_child;
    for (; n > 1 && child != WIRE_MIME_NONE; n--)
        child = part[child].next_sibling;
    return child;
}

/* One number further. A message that is no multipart has one part, number 1: its own body. */
static int section_step(const struct wire_mime_part *part, int index, uint64_t n, bool at_root)
{
    if (!at_root && part[index].kind == WIRE_MIME_MESSAGE) {
        index = part[index].first_child;
        at_root = true;
    }
    if (index == WIRE_MIME_NONE || n == 0)
        return WIRE_MIME_NONE;
    if (part[index].kind == WIRE_MIME_MULTIPART)
        return nth_child(part, index, n);
    return at_root && n == 1 ? index : WIRE_MIME_NONE;
}

int wire_mime_find(const struct wire_mime_part *part, size_t parts, struct wire_slice section)
{
    int index = 0;
    bool at_root = true;
    size_t pos = 0;
    if (parts == 0)
        return WIRE_MIME_NONE;
    while (pos < section.len && index != WIRE_MIME_NONE) {
        const char *dot = memchr(section.at + pos, '.', section.len - pos);
        size_t end = dot ? (size_t)(dot - section.at) : section.len;
        uint64_t n;
        if (!wire_parse_u64(wire_slice(section.at + pos, end - pos), UINT32_MAX, &n) ||
            end + 1 == section.len)
            return WIRE_MIME_NONE;
        index = section_step(part, index, n, at_root);
        at_root = false;
        pos = end + 1;
    }
    return index;
}

size_t wire_mime_section(char *dst, size_t cap, const struct wire_mime_part *part, size_t parts, int index)
{
    struct wire_writer w = wire_writer(dst, cap);
    unsigned number[WIRE_MIME_DEPTH_MAX + 1];
    size_t n = 0;
    if (index < 0 || (size_t)index >= parts)
        return 0;
    for (; index != WIRE_MIME_NONE; index = part[index].parent) {
        unsigned k = 1;
        if (is_message_root(part, index)) {
            if (part[index].kind == WIRE_MIME_MULTIPART)
                continue;
        } else {
            for (int child = part[part[index].parent].first_child; child != index;
                 child = part[child].next_sibling)
                k++;
        }
        number[n++] = k;
    }
    while (n-- > 0) {
        if (w.len > 0)
            wire_put_char(&w, '.');
        wire_put_number(&w, number[n]);
    }
    return w.len;
}
