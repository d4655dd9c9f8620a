/* The header of a composed message: nothing a caller passes can begin a field of its own. */
#include "protocols/wire/compose_head.h"
#include "protocols/wire/address.h"
#include "protocols/wire/field_write.h"
#include "protocols/wire/message.h"
#include "protocols/wire/rfc2047.h"
#include "protocols/wire/utf8.h"

#define DISPLAY_NAME_MAX 255 /* octets; a limit of ours */
#define PIECE_COLUMNS    70  /* characters of one RFC 2231 piece, its name not counted */

static const char hex_upper[16] = { '0', '1', '2', '3', '4', '5', '6', '7',
                                    '8', '9', 'A', 'B', 'C', 'D', 'E', 'F' };

/* ---- addresses ---- */

/* A mailbox ready to be written. */
struct clean_address {
    char name[DISPLAY_NAME_MAX], local[WIRE_LOCAL_PART_MAX], domain[WIRE_DOMAIN_MAX];
    size_t name_len, local_len, domain_len;
};

/* Takes quotes, comments and folds off; false when something is too long or not an address. */
static bool clean_address(const struct wire_address *a, bool utf8, struct clean_address *out)
{
    struct wire_slice domain;
    out->name_len = wire_address_text(out->name, sizeof out->name, a->name, false);
    out->local_len = wire_address_text(out->local, sizeof out->local, a->local, true);
    out->domain_len = wire_address_text(out->domain, sizeof out->domain, a->domain, true);
    if (out->name_len > sizeof out->name || out->local_len > sizeof out->local ||
        out->domain_len > sizeof out->domain)
        return false;
    if (!wire_utf8_valid(out->name, out->name_len))
        return false;
    if (a->kind != WIRE_ADDRESS_MAILBOX)
        return true;
    for (size_t i = 0; i < out->local_len; i++)
        if (wire_is_control(out->local[i]))
            return false;
    if (out->local_len == 0 || !wire_utf8_valid(out->local, out->local_len) ||
        (!utf8 && !wire_is_ascii(out->local, out->local_len)))
        return false;
    domain = wire_slice(out->domain, out->domain_len);
    return wire_domain_valid(domain, utf8) || wire_address_literal_valid(domain);
}

/* atext, or an octet of another letter. */
static bool is_atom(char c)
{
    return wire_is_alnum(c) || wire_is_8bit(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Can the words stand without quotes? Dots may in a local part, single spaces in a name. */
static bool is_plain(const char *at, size_t len, char joint)
{
    for (size_t i = 0; i < len; i++) {
        bool inner = i > 0 && i + 1 < len && at[i - 1] != joint;
        if (!is_atom(at[i]) && !(at[i] == joint && inner))
            return false;
    }
    return len > 0;
}

static void put_quotable(struct wire_writer *w, const char *at, size_t len, char joint)
{
    if (is_plain(at, len, joint)) {
        wire_put(w, at, len);
        return;
    }
    wire_put_char(w, '"');
    for (size_t i = 0; i < len; i++) {
        if (at[i] == '"' || at[i] == '\\')
            wire_put_char(w, '\\');
        wire_put_char(w, at[i]);
    }
    wire_put_char(w, '"');
}

/* A display name from `column` on, as encoded words unless `utf8`. */
static void put_phrase(struct wire_writer *w, struct wire_slice name, bool utf8, size_t column)
{
    if (!wire_rfc2047_needed(name) || (utf8 && wire_field_text_safe(name))) {
        put_quotable(w, name.at, name.len, ' ');
    } else {
        size_t room = w->len < w->cap ? w->cap - w->len : 0;
        w->len += wire_rfc2047_encode(room > 0 ? w->at + w->len : NULL, room, name, column);
    }
}

static void put_mailbox(struct wire_writer *w, const struct clean_address *a, bool utf8, size_t column)
{
    size_t before = w->len;
    if (a->name_len > 0) {
        put_phrase(w, wire_slice(a->name, a->name_len), utf8, column);
        if (column + (w->len - before) + a->local_len + a->domain_len + 6 > WIRE_LINE_COLUMNS)
            wire_put_str(w, "\r\n <");
        else
            wire_put_str(w, " <");
    }
    put_quotable(w, a->local, a->local_len, '.');
    wire_put_char(w, '@');
    wire_put(w, a->domain, a->domain_len);
    if (a->name_len > 0)
        wire_put_char(w, '>');
}

/* name ": " mailboxes CRLF, each on a line of its own. Nothing for an empty list. */
static void put_addresses(struct wire_writer *w, const char *name, struct wire_slice list, bool utf8)
{
    struct wire_address_list iteration;
    struct wire_address address;
    size_t column = strlen(name) + 2;
    bool comma = false;
    if (wire_slice_trim(list).len == 0)
        return;
    wire_put_str(w, name);
    wire_put_str(w, ": ");
    wire_address_list_begin(&iteration, list);
    while (wire_address_list_next(&iteration, &address)) {
        struct clean_address clean;
        if (address.kind == WIRE_ADDRESS_GROUP_END) {
            wire_put_char(w, ';');
            comma = true;
            continue;
        }
        clean_address(&address, utf8, &clean);
        if (comma) {
            wire_put_str(w, ",\r\n ");
            column = 1;
        }
        comma = address.kind == WIRE_ADDRESS_MAILBOX;
        if (comma) {
            put_mailbox(w, &clean, utf8, column);
        } else {
            put_phrase(w, wire_slice(clean.name, clean.name_len), utf8, column);
            wire_put_str(w, ":\r\n ");
            column = 1;
        }
    }
    wire_put_str(w, "\r\n");
}

static enum wire_compose_error check_addresses(struct wire_slice list, bool utf8, bool required)
{
    struct wire_address_list iteration;
    struct wire_address address;
    size_t mailboxes = 0;
    for (size_t i = 0; i < list.len; i++)
        if (wire_is_control(list.at[i]) && list.at[i] != '\t')
            return WIRE_COMPOSE_INJECTION;
    wire_address_list_begin(&iteration, list);
    while (wire_address_list_next(&iteration, &address)) {
        struct clean_address clean;
        if (!clean_address(&address, utf8, &clean))
            return WIRE_COMPOSE_BAD_ADDRESS;
        if (address.kind == WIRE_ADDRESS_MAILBOX)
            mailboxes++;
        else if (required || (address.kind == WIRE_ADDRESS_GROUP_BEGIN && clean.name_len == 0))
            return WIRE_COMPOSE_BAD_ADDRESS; /* groups are for To and Cc */
    }
    if (iteration.seen >= WIRE_ADDRESSES_MAX && iteration.pos < iteration.len)
        return WIRE_COMPOSE_BAD_ADDRESS;
    return mailboxes == 0 && required ? WIRE_COMPOSE_BAD_ADDRESS : WIRE_COMPOSE_OK;
}

/* ---- the other fields ---- */

static enum wire_compose_error check_text(struct wire_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (wire_is_control(text.at[i]) && text.at[i] != '\t')
            return WIRE_COMPOSE_INJECTION;
    return wire_utf8_valid(text.at, text.len) && wire_field_text_safe(text) ? WIRE_COMPOSE_OK
                                                                            : WIRE_COMPOSE_BAD_TEXT;
}

static bool message_id_ok(struct wire_slice id)
{
    if (id.len == 0)
        return true;
    for (size_t i = 0; i < id.len; i++)
        if (!wire_is_visible(id.at[i]))
            return false;
    return id.len >= 5 && id.len <= WIRE_MESSAGE_LINE_MAX - 20 && id.at[0] == '<' &&
           id.at[id.len - 1] == '>' && memchr(id.at, '@', id.len);
}

/* A field of the caller's: not one that says how the body is made, for that is ours to say. */
static bool extra_name_ok(struct wire_slice name)
{
    if (name.len == 0 || name.len > WIRE_FIELD_NAME_MAX || wire_slice_starts_nocase(name, "content-") ||
        wire_slice_is_nocase(name, "mime-version"))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!wire_is_visible(name.at[i]) || name.at[i] == ':')
            return false;
    return true;
}

enum wire_compose_error wire_compose_check_head(const struct wire_compose *m)
{
    enum wire_compose_error error = check_addresses(m->from, m->utf8_headers, true);
    if (error == WIRE_COMPOSE_OK)
        error = check_addresses(m->to, m->utf8_headers, false);
    if (error == WIRE_COMPOSE_OK)
        error = check_addresses(m->cc, m->utf8_headers, false);
    if (error == WIRE_COMPOSE_OK)
        error = check_text(m->subject);
    if (error == WIRE_COMPOSE_OK && !message_id_ok(m->message_id))
        error = WIRE_COMPOSE_BAD_NAME;
    if (m->extra_count > WIRE_EXTRA_FIELDS_MAX)
        return WIRE_COMPOSE_TOO_MANY;
    for (size_t i = 0; i < m->extra_count && error == WIRE_COMPOSE_OK; i++) {
        error = check_text(m->extra[i].body);
        if (error == WIRE_COMPOSE_OK && !extra_name_ok(m->extra[i].name))
            error = WIRE_COMPOSE_BAD_NAME;
    }
    return error;
}

/* Text for people: encoded words where it needs them, else folded as it is. */
static void put_text_field(struct wire_writer *w, struct wire_slice name, struct wire_slice text, bool utf8)
{
    wire_put_slice(w, name);
    wire_put(w, ": ", 2);
    if (!utf8 && wire_rfc2047_needed(text)) {
        size_t room = w->len < w->cap ? w->cap - w->len : 0;
        w->len += wire_rfc2047_encode(room > 0 ? w->at + w->len : NULL, room, text, name.len + 2);
    } else {
        wire_put_folded(w, text, name.len + 2);
    }
    wire_put(w, "\r\n", 2);
}

void wire_compose_put_head(struct wire_writer *w, const struct wire_compose *m)
{
    put_addresses(w, "From", m->from, m->utf8_headers);
    put_addresses(w, "To", m->to, m->utf8_headers);
    put_addresses(w, "Cc", m->cc, m->utf8_headers);
    put_text_field(w, WIRE_SLICE("Subject"), m->subject, m->utf8_headers);
    wire_put_date_field(w, "Date", m->date_s, m->offset_minutes);
    if (m->message_id.len > 0)
        wire_put_field(w, "Message-ID", m->message_id);
    for (size_t i = 0; i < m->extra_count; i++)
        put_text_field(w, m->extra[i].name, m->extra[i].body, m->utf8_headers);
}

/* attribute-char of RFC 2231 section 7. */
static bool is_attribute_char(char c)
{
    return wire_is_alnum(c) || (c != '\0' && strchr("!#$&+-.^_`{|}~", c));
}

/* filename*0*=utf-8''...; in pieces that fit on a line. */
static void put_extended_name(struct wire_writer *w, struct wire_slice name)
{
    size_t column = 0;
    unsigned piece = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (i == 0 || column + 3 > PIECE_COLUMNS - 12) {
            wire_put_str(w, ";\r\n filename*");
            wire_put_number(w, piece);
            wire_put_str(w, piece == 0 ? "*=utf-8''" : "*=");
            column = piece == 0 ? 7 : 0;
            piece++;
        }
        if (is_attribute_char(c)) {
            wire_put_char(w, c);
            column++;
        } else {
            wire_put(w, (char[3]){ '%', hex_upper[(unsigned char)c >> 4], hex_upper[(unsigned char)c & 15] },
                     3);
            column += 3;
        }
    }
}

void wire_compose_put_disposition(struct wire_writer *w, struct wire_slice name)
{
    wire_put_str(w, "Content-Disposition: attachment");
    if (name.len > 0 && wire_is_ascii(name.at, name.len)) {
        wire_put_str(w, ";\r\n filename=\"");
        for (size_t i = 0; i < name.len; i++) {
            if (name.at[i] == '"' || name.at[i] == '\\')
                wire_put_char(w, '\\');
            wire_put_char(w, name.at[i]);
        }
        wire_put_char(w, '"');
    } else if (name.len > 0) {
        put_extended_name(w, name);
    }
    wire_put(w, "\r\n", 2);
}
