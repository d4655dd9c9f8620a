/* Address fields: tolerant, because a reader shows what it was given. Declared in address.h. */
#include "protocols/wire/address.h"
#include "protocols/wire/writer.h"

/* Behind the quoted string that begins at i; the end when it is not closed. */
static size_t skip_quoted(const char *at, size_t len, size_t i)
{
    for (i++; i < len && at[i] != '"'; i++)
        if (at[i] == '\\' && i + 1 < len)
            i++;
    return i < len ? i + 1 : len;
}

/* Behind the comment that begins at i. Comments nest; they are counted. */
static size_t skip_comment(const char *at, size_t len, size_t i)
{
    unsigned depth = 0;
    for (; i < len; i++) {
        if (at[i] == '\\' && i + 1 < len)
            i++;
        else if (at[i] == '(')
            depth++;
        else if (at[i] == ')' && --depth == 0)
            return i + 1;
    }
    return len;
}

static size_t skip_literal(const char *at, size_t len, size_t i)
{
    while (i < len && at[i] != ']')
        i++;
    return i < len ? i + 1 : len;
}

/* Behind the token at i: what must not be looked into is one token, any other octet is one. */
static size_t skip_token(const char *at, size_t len, size_t i)
{
    switch (at[i]) {
    case '"':
        return skip_quoted(at, len, i);
    case '(':
        return skip_comment(at, len, i);
    case '[':
        return skip_literal(at, len, i);
    default:
        return i + 1;
    }
}

/* What one element, up to its comma, looks like from outside. */
struct element {
    size_t begin, end;
    size_t angle_at, angle_end; /* of "<...>"; angle_end 0: there is none */
    struct wire_slice comment;  /* the last one outside angles */
    size_t colon;               /* of a group; 0: there is none */
};

/* Scans from `pos` to the comma, semicolon, group colon or end. */
static struct element scan_element(const char *at, size_t len, size_t pos)
{
    struct element e = { .begin = pos };
    size_t i = pos;
    while (i < len) {
        size_t next = skip_token(at, len, i);
        char c = at[i];
        if (c == ',' || c == ';')
            break;
        if (c == ':') {
            e.colon = i;
            break;
        }
        if (c == '(')
            e.comment = wire_slice(at + i, next - i);
        if (c == '<' && e.angle_end == 0) {
            e.angle_at = i;
            while (next < len && at[next] != '>')
                next = skip_token(at, len, next);
            e.angle_end = next < len ? next + 1 : len;
            next = e.angle_end;
        }
        i = next;
    }
    e.end = i;
    return e;
}

/* Splits at the last "@" that is outside quotes and comments. */
static void split_at(struct wire_slice spec, struct wire_address *out)
{
    size_t at_sign = spec.len;
    for (size_t i = 0; i < spec.len; i = skip_token(spec.at, spec.len, i))
        if (spec.at[i] == '@')
            at_sign = i;
    out->local = wire_slice_trim(wire_slice(spec.at, at_sign));
    if (at_sign < spec.len)
        out->domain = wire_slice_trim(wire_slice(spec.at + at_sign + 1, spec.len - at_sign - 1));
}

/* "<@a,@b:local@domain>" without its brackets. */
static void split_angle(struct wire_slice inner, struct wire_address *out)
{
    inner = wire_slice_trim(inner);
    if (inner.len > 0 && inner.at[0] == '@') {
        for (size_t i = 0; i < inner.len; i = skip_token(inner.at, inner.len, i)) {
            if (inner.at[i] == ':') {
                out->route = wire_slice_trim(wire_slice(inner.at, i));
                inner = wire_slice(inner.at + i + 1, inner.len - i - 1);
                break;
            }
        }
    }
    split_at(inner, out);
}

static void fill_mailbox(const char *at, const struct element *e, struct wire_address *out)
{
    *out = (struct wire_address){ .kind = WIRE_ADDRESS_MAILBOX };
    if (e->angle_end > 0) {
        size_t close = e->angle_end > e->angle_at + 1 && at[e->angle_end - 1] == '>' ? 1 : 0;
        out->name = wire_slice_trim(wire_slice(at + e->begin, e->angle_at - e->begin));
        split_angle(wire_slice(at + e->angle_at + 1, e->angle_end - close - e->angle_at - 1), out);
    } else {
        split_at(wire_slice(at + e->begin, e->end - e->begin), out);
    }
    if (out->name.len == 0)
        out->name = e->comment;
}

void wire_address_list_begin(struct wire_address_list *list, struct wire_slice body)
{
    *list = (struct wire_address_list){ .at = body.at, .len = body.len };
}

static bool end_group(struct wire_address_list *list, struct wire_address *out)
{
    if (!list->in_group)
        return false;
    list->in_group = false;
    *out = (struct wire_address){ .kind = WIRE_ADDRESS_GROUP_END };
    return true;
}

bool wire_address_list_next(struct wire_address_list *list, struct wire_address *out)
{
    while (list->pos < list->len && list->seen < WIRE_ADDRESSES_MAX) {
        char c = list->at[list->pos];
        struct element e;
        if (wire_is_space(c) || c == ',' || c == ':' || c == ';') {
            list->pos++;
            if (c == ';' && end_group(list, out))
                return true;
            continue;
        }
        list->seen++;
        e = scan_element(list->at, list->len, list->pos);
        list->pos = e.end;
        if (e.colon > 0) {
            list->pos++;
            if (list->in_group)
                continue; /* a group in a group: its name says nothing */
            list->in_group = true;
            *out = (struct wire_address){ .kind = WIRE_ADDRESS_GROUP_BEGIN,
                                          .name = wire_slice_trim(
                                              wire_slice(list->at + e.begin, e.end - e.begin)) };
            return true;
        }
        fill_mailbox(list->at, &e, out);
        /* Nothing but comments is no mailbox. */
        if (out->domain.len > 0 || wire_address_text(NULL, 0, out->local, true) > 0)
            return true;
    }
    list->pos = list->len;
    return end_group(list, out);
}

/* Copies the inside of the quoted string at i, without line breaks. Returns the offset behind it. */
static size_t put_quoted(struct wire_writer *w, struct wire_slice raw, size_t i)
{
    size_t end = skip_quoted(raw.at, raw.len, i);
    size_t stop = end > i + 1 && raw.at[end - 1] == '"' ? end - 1 : end;
    for (i++; i < stop; i++) {
        if (raw.at[i] == '\\' && i + 1 < stop)
            i++;
        if (raw.at[i] != '\r' && raw.at[i] != '\n')
            wire_put_char(w, raw.at[i]);
    }
    return end;
}

/* The inside of a comment: quoted pairs resolved, folds removed. */
static void put_comment(struct wire_writer *w, struct wire_slice inner)
{
    inner = wire_slice_trim(inner);
    for (size_t i = 0; i < inner.len; i++) {
        if (inner.at[i] == '\\' && i + 1 < inner.len)
            i++;
        if (inner.at[i] != '\r' && inner.at[i] != '\n')
            wire_put_char(w, inner.at[i]);
    }
}

size_t wire_address_text(char *dst, size_t cap, struct wire_slice raw, bool dense)
{
    struct wire_writer w = wire_writer(dst, cap);
    bool space = false;
    raw = wire_slice_trim(raw);
    if (raw.len >= 2 && raw.at[0] == '(' && skip_comment(raw.at, raw.len, 0) == raw.len && !dense) {
        put_comment(&w, wire_slice(raw.at + 1, raw.len - (raw.at[raw.len - 1] == ')' ? 2 : 1)));
        return w.len;
    }
    for (size_t i = 0; i < raw.len;) {
        char c = raw.at[i];
        if (wire_is_space(c)) {
            space = true;
            i++;
            continue;
        }
        if (c == '(') {
            space = true;
            i = skip_comment(raw.at, raw.len, i);
            continue;
        }
        if (space && !dense && w.len > 0)
            wire_put_char(&w, ' ');
        space = false;
        if (c == '"') {
            i = put_quoted(&w, raw, i);
        } else {
            if (c == '\\' && i + 1 < raw.len)
                i++;
            wire_put_char(&w, raw.at[i++]);
        }
    }
    return w.len;
}
