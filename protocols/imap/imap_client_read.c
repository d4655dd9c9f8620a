/* What the server says: status lines, and FETCH responses whose content streams. */
#include "protocols/imap/imap_client_engine.h"

#include <assert.h>

#define NEST_MAX 32 /* brackets inside brackets that are skipped; a limit of ours */

/* ---- pieces ---- */

bool imap_read_status(struct imap_cursor *c, struct imap_status_line *out)
{
    static const enum imap_status statuses[] = { IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_BYE, IMAP_PREAUTH };
    const char *close;
    int i = 0;
    while (i < 5 && !imap_take_word(c, imap_status_name(statuses[i])))
        i++;
    if (i == 5)
        return false;
    *out = (struct imap_status_line){ statuses[i], { NULL, 0 }, { NULL, 0 } };
    if (!imap_take_sp(c))
        return imap_at_end(c); /* a server that forgets its text */
    if (imap_peek(c, '[') && (close = memchr(c->at, ']', (size_t)(c->end - c->at))) != NULL) {
        /* ']' may stand inside a quoted string or flag list of a code; those known here have none */
        out->code = wire_slice(c->at + 1, (size_t)(close - c->at - 1));
        c->at = close + 1;
        imap_take_sp(c);
    }
    out->text = wire_slice(c->at, (size_t)(c->end - c->at));
    c->at = c->end;
    return true;
}

bool imap_client_take_nstring(struct imap_cursor *c, struct wire_slice *out)
{
    *out = wire_slice(NULL, 0);
    return imap_take_word(c, "NIL") || imap_take_string(c, out);
}

/* Any value: NIL, a number, an atom, a string, or a list of values. */
bool imap_client_skip_value(struct imap_cursor *c)
{
    int depth = 0;
    struct wire_slice ignored;
    do {
        if (imap_take_char(c, '(')) {
            if (++depth > NEST_MAX)
                return false;
        } else if (imap_take_char(c, ')')) {
            if (--depth < 0)
                return false;
        } else if (imap_peek(c, '"') || imap_peek(c, '{')) {
            if (!imap_take_string(c, &ignored))
                return false;
        } else if (imap_take_sp(c)) {
            if (depth == 0)
                return false;
        } else if (!imap_take_char(c, '\\') && !imap_take_char(c, '*') && !imap_take_char(c, ']') &&
                   !imap_take_atom(c, &ignored)) {
            return false;
        }
    } while (depth > 0 || (!imap_at_end(c) && !imap_peek(c, ' ') && !imap_peek(c, ')')));
    return true;
}

/* "(\Seen $Junk)": the inside as it stands, and the system flags in it. */
bool imap_client_take_flag_list(struct imap_cursor *c, struct wire_slice *list, unsigned *flags)
{
    const char *from = c->at + 1;
    if (!imap_peek(c, '(') || !imap_client_skip_value(c))
        return false;
    *list = wire_slice(from, (size_t)(c->at - 1 - from));
    *flags = 0;
    for (size_t i = 0, at = 0; i <= list->len; i++)
        if (i == list->len || list->at[i] == ' ') {
            *flags |= imap_flag_find(wire_slice(list->at + at, i - at));
            at = i + 1;
        }
    return true;
}

static struct wire_slice keep_text(struct imap_cursor *c, size_t len)
{
    struct wire_slice s = wire_slice(c->text.at, len);
    c->text = wire_slice(c->text.at + len, c->text.len - len);
    return s;
}

/* "((name route mailbox host) ...)": the first one as name and mailbox@host. */
static bool take_addresses(struct imap_cursor *c, struct wire_slice *name, struct wire_slice *address)
{
    struct wire_slice part[4];
    bool first = true;
    if (imap_take_word(c, "NIL"))
        return true;
    if (!imap_take_char(c, '('))
        return false;
    do {
        imap_take_sp(c); /* some servers put one between two addresses */
        if (!imap_take_char(c, '('))
            return false;
        for (int i = 0; i < 4; i++)
            if ((i > 0 && !imap_take_sp(c)) || !imap_client_take_nstring(c, &part[i]))
                return false;
        if (!imap_take_char(c, ')'))
            return false;
        if (!first || part[3].len == 0) /* a group mark has no host */
            continue;
        first = false;
        if (name != NULL)
            *name = part[0];
        if (address != NULL && part[2].len + 1 + part[3].len <= c->text.len) {
            char *to = (char *)(uintptr_t)c->text.at;
            memcpy(to, part[2].at, part[2].len);
            to[part[2].len] = '@';
            memcpy(to + part[2].len + 1, part[3].at, part[3].len);
            *address = keep_text(c, part[2].len + 1 + part[3].len);
        }
    } while (!imap_take_char(c, ')'));
    return true;
}

static bool take_envelope(struct imap_cursor *c, struct imap_envelope *e)
{
    *e = (struct imap_envelope){ .date = { NULL, 0 } };
    return imap_take_char(c, '(') && imap_client_take_nstring(c, &e->date) && imap_take_sp(c) &&
           imap_client_take_nstring(c, &e->subject) && imap_take_sp(c) &&     /* */
           take_addresses(c, &e->from_name, &e->from) && imap_take_sp(c) &&   /* */
           take_addresses(c, NULL, NULL) && imap_take_sp(c) &&                /* sender */
           take_addresses(c, NULL, NULL) && imap_take_sp(c) &&                /* reply-to */
           take_addresses(c, NULL, &e->to) && imap_take_sp(c) &&              /* */
           take_addresses(c, NULL, NULL) && imap_take_sp(c) &&                /* cc */
           take_addresses(c, NULL, NULL) && imap_take_sp(c) &&                /* bcc */
           imap_client_take_nstring(c, &e->in_reply_to) && imap_take_sp(c) && /* */
           imap_client_take_nstring(c, &e->message_id) && imap_take_char(c, ')');
}

/* ---- capabilities and codes ---- */

static void note_word(struct imap_client *c, struct wire_slice word, char *mechanisms, size_t cap,
                      size_t *len)
{
    const struct imap_extension_info *e;
    for (size_t i = 0; (e = imap_extension_at(i)) != NULL; i++)
        if (wire_slice_is_nocase(word, e->name) ||
            (e->name[strlen(e->name) - 1] == '=' && wire_slice_starts_nocase(word, e->name)))
            c->extensions |= (uint32_t)e->bit;
    if (wire_slice_is_nocase(word, "STARTTLS"))
        c->starttls_offered = true;
    else if (wire_slice_is_nocase(word, "LOGINDISABLED"))
        c->login_disabled = true;
    else if (wire_slice_starts_nocase(word, "AUTH=") && *len + word.len < cap) {
        if (*len > 0)
            mechanisms[(*len)++] = ' ';
        memcpy(mechanisms + *len, word.at + 5, word.len - 5);
        *len += word.len - 5;
    }
}

bool imap_client_capability(struct imap_client *c, struct wire_slice names)
{
    char mechanisms[512];
    size_t len = 0;
    bool known = false;
    c->extensions = 0;
    c->starttls_offered = c->login_disabled = false;
    for (size_t i = 0, at = 0; i <= names.len; i++)
        if (i == names.len || names.at[i] == ' ') {
            struct wire_slice word = wire_slice(names.at + at, i - at);
            known =
                known || wire_slice_is_nocase(word, "IMAP4rev1") || wire_slice_is_nocase(word, "IMAP4rev2");
            if (word.len > 0)
                note_word(c, word, mechanisms, sizeof mechanisms, &len);
            at = i + 1;
        }
    mechanisms[len] = '\0';
    if (c->extensions & IMAP_EXT_REV2)
        c->extensions |= IMAP_EXT_REV2_PARTS | IMAP_EXT_LITERAL_MINUS;
    if (!c->authenticated)
        c->mechanism = c->config->auth->choose(c->auth_ctx, mechanisms);
    c->capability_known = true;
    if (c->config->ops->capability)
        c->config->ops->capability(c->host, names);
    return known;
}

void imap_client_note_code(struct imap_client *c, struct wire_slice code)
{
    static const struct {
        const char *word;
        size_t at;
    } numbers[] = { { "UIDVALIDITY ", offsetof(struct imap_opened, uidvalidity) },
                    { "UIDNEXT ", offsetof(struct imap_opened, uidnext) },
                    { "UNSEEN ", offsetof(struct imap_opened, unseen) } };
    uint64_t n;
    if (wire_slice_starts_nocase(code, "CAPABILITY "))
        imap_client_capability(c, wire_slice(code.at + 11, code.len - 11));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        size_t skip = strlen(numbers[i].word);
        if (wire_slice_starts_nocase(code, numbers[i].word) &&
            wire_parse_u64(wire_slice(code.at + skip, code.len - skip), UINT32_MAX, &n))
            memcpy((char *)&c->opened + numbers[i].at, &(uint32_t){ (uint32_t)n }, sizeof(uint32_t));
    }
    if (wire_slice_starts_nocase(code, "HIGHESTMODSEQ ") &&
        wire_parse_u64(wire_slice(code.at + 14, code.len - 14), IMAP_MODSEQ_MAX, &n))
        c->opened.highest_modseq = n;
    if (wire_slice_is_nocase(code, "READ-ONLY"))
        c->opened.read_only = true;
    else if (wire_slice_is_nocase(code, "READ-WRITE"))
        c->opened.read_only = false;
}

/* ---- FETCH ---- */

static void report(struct imap_client *c, struct imap_fetched *f)
{
    f->seq = c->seq;
    f->uid = c->uid;
    if (f->have != 0 && c->config->ops->fetched)
        c->config->ops->fetched(c->host, f);
    f->have = 0;
}

void imap_client_take_content(struct imap_client *c, const char *bytes, size_t len)
{
    struct imap_body b = { .seq = c->seq, .uid = c->uid, .bytes = bytes, .len = len };
    b.size_octets = c->size;
    b.offset = c->size - c->left;
    c->left -= len;
    if (c->config->ops->body)
        c->config->ops->body(c->host, &b);
}

/* "BODY[section]<0> " and its value: NIL, a quoted string, or a literal that is still to come. */
static bool take_content(struct imap_client *c, struct imap_cursor *cur, struct wire_slice section,
                         struct imap_fetched *f, uint64_t literal)
{
    struct imap_body b = { .seq = c->seq, .section = section };
    struct wire_slice text;
    f->have |= IMAP_FETCHED_BODY;
    if (imap_at_end(cur) && literal == UINT64_MAX)
        return false;
    if (imap_at_end(cur)) { /* the brace was the end of this part */
        report(c, f);
        b.uid = c->uid;
        b.size_octets = literal;
        c->size = c->left = literal;
        if (c->config->ops->body)
            c->config->ops->body(c->host, &b);
        return true;
    }
    if (!imap_client_take_nstring(cur, &text))
        return false;
    b.uid = c->uid;
    b.bytes = text.at;
    b.len = text.len;
    b.size_octets = text.len;
    if (c->config->ops->body)
        c->config->ops->body(c->host, &b);
    return true;
}

/* The brackets behind BODY. */
static bool take_section(struct imap_cursor *c, struct wire_slice *section)
{
    const char *from, *close;
    if (!imap_take_char(c, '['))
        return false;
    from = c->at;
    close = memchr(c->at, ']', (size_t)(c->end - c->at));
    if (close == NULL)
        return false;
    *section = wire_slice(from, (size_t)(close - from));
    c->at = close + 1;
    if (imap_take_char(c, '<')) {
        uint32_t start;
        return imap_take_number(c, &start) && imap_take_char(c, '>');
    }
    return true;
}

static bool take_body(struct imap_client *c, struct imap_cursor *cur, struct imap_fetched *f,
                      uint64_t literal)
{
    struct wire_slice section = { "", 0 };
    const char *from;
    if (imap_peek(cur, '['))
        return take_section(cur, &section) && imap_take_sp(cur) && take_content(c, cur, section, f, literal);
    if (!imap_take_sp(cur))
        return false;
    from = cur->at;
    if (!imap_client_skip_value(cur))
        return false;
    f->structure = wire_slice(from, (size_t)(cur->at - from));
    f->have |= IMAP_FETCHED_STRUCTURE;
    return true;
}

/* One name and its value. */
static bool take_item(struct imap_client *c, struct imap_cursor *cur, struct imap_fetched *f,
                      uint64_t literal)
{
    uint32_t n;
    struct wire_slice ignored;
    if (imap_take_word(cur, "BODYSTRUCTURE") || imap_take_word(cur, "BODY"))
        return take_body(c, cur, f, literal);
    if (imap_take_word(cur, "RFC822.HEADER") || imap_take_word(cur, "RFC822.TEXT") ||
        imap_take_word(cur, "RFC822"))
        return imap_take_sp(cur) && take_content(c, cur, WIRE_SLICE(""), f, literal);
    if (imap_take_word(cur, "UID")) {
        f->have |= IMAP_FETCHED_UID;
        return imap_take_sp(cur) && imap_take_number(cur, &c->uid);
    }
    if (imap_take_word(cur, "MODSEQ")) {
        f->have |= IMAP_FETCHED_MODSEQ;
        return imap_take_sp(cur) && imap_take_char(cur, '(') && imap_take_modseq(cur, &f->modseq) &&
               imap_take_char(cur, ')');
    }
    if (imap_take_word(cur, "BINARY.SIZE"))
        return take_section(cur, &ignored) && imap_take_sp(cur) && imap_take_number(cur, &n);
    if (imap_take_word(cur, "BINARY"))
        return take_section(cur, &ignored) && imap_take_sp(cur) && take_content(c, cur, ignored, f, literal);
    if (imap_take_word(cur, "RFC822.SIZE")) {
        f->have |= IMAP_FETCHED_SIZE;
        if (!imap_take_sp(cur) || !imap_take_number(cur, &n))
            return false;
        f->size_octets = n;
        return true;
    }
    if (imap_take_word(cur, "FLAGS")) {
        f->have |= IMAP_FETCHED_FLAGS;
        return imap_take_sp(cur) && imap_client_take_flag_list(cur, &f->flag_list, &f->flags);
    }
    if (imap_take_word(cur, "INTERNALDATE")) {
        f->have |= IMAP_FETCHED_DATE;
        return imap_take_sp(cur) && imap_take_string(cur, &f->date);
    }
    if (imap_take_word(cur, "ENVELOPE")) {
        f->have |= IMAP_FETCHED_ENVELOPE;
        return imap_take_sp(cur) && take_envelope(cur, &f->envelope);
    }
    return imap_take_atom(cur, &ignored) && imap_take_sp(cur) &&
           imap_client_skip_value(cur); /* an extension's item */
}

bool imap_client_read_items(struct imap_client *c, struct imap_cursor *cur, uint64_t literal)
{
    struct imap_fetched f = { .have = 0 };
    bool streams = literal != UINT64_MAX;
    if (c->in_fetch && imap_take_char(cur, ')')) { /* nothing stood behind the content */
        c->in_fetch = false;
        return imap_at_end(cur);
    }
    if (c->in_fetch ? !imap_take_sp(cur) : !imap_take_char(cur, '('))
        return false;
    do {
        if (!take_item(c, cur, &f, literal))
            return false;
        if (streams && imap_at_end(cur)) {
            c->in_fetch = true;
            return true;
        }
    } while (imap_take_sp(cur));
    if (!imap_take_char(cur, ')') || !imap_at_end(cur))
        return false;
    report(c, &f);
    c->in_fetch = false;
    return true;
}
