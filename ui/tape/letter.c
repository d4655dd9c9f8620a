/* Copies of messages, found by reading each conversation once. */
#include "ui/tape/letter.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "ui/tape/keep.h"
#include "ui/tape/record.h"

#define PENDING_MAX 256 /* commands that wait for their replies; a limit of ours */
#define CAUSES_MAX  400 /* steps back to the message that a transaction is about */

struct letters_memory {
    struct keep_words ids;
    struct slot {
        const char *id; /* its address says which, as each is kept once */
        size_t letter;
    } * slot; /* owned; a power of two of them */
    size_t slots, n;
};

enum asked { ASKED_OTHER, ASKED_MAIL, ASKED_RCPT, ASKED_CONTENT };

/* One conversation as it is read. */
struct talk {
    struct letters *l;
    const struct tape *t;
    ptrdiff_t copy; /* index of the transaction that is open; -1: none */
    enum asked pending[PENDING_MAX];
    size_t rcpt[PENDING_MAX], first, n;
    bool continues; /* the server asked for a line that is no command (334) */
    bool data, header, id_follows;
    uint64_t chunk; /* octets of BDAT that are still to come */
    bool last_chunk;
    const char *id;
};

static struct letter_copy *copy_of(struct talk *k)
{
    return k->copy >= 0 ? &k->l->copy[k->copy] : NULL;
}

static struct wire_slice words(const struct trace_record *r)
{
    return wire_slice(r->text ? r->text : "", r->text ? r->text_len : 0);
}

static void ask(struct talk *k, enum asked what, size_t rcpt)
{
    if (k->n == PENDING_MAX)
        return;
    k->pending[(k->first + k->n) % PENDING_MAX] = what;
    k->rcpt[(k->first + k->n) % PENDING_MAX] = rcpt;
    k->n++;
}

static struct letter_copy *begin(struct talk *k, const struct trace_record *r, enum trace_proto proto)
{
    struct letters *l = k->l;
    l->copy = keep_grow(l->copy, &l->copies_cap, l->ncopies + 1, sizeof *l->copy);
    l->copy[l->ncopies] = (struct letter_copy){ .proto = proto,
                                                .conn = r->conn,
                                                .from = r->host,
                                                .to = r->peer,
                                                .begin = (uint32_t)r->seq,
                                                .rcpt = l->nrcpts,
                                                .letter = SIZE_MAX };
    k->copy = (ptrdiff_t)l->ncopies++;
    k->id = NULL;
    k->header = true;
    k->id_follows = k->data = k->last_chunk = false;
    k->chunk = 0;
    return copy_of(k);
}

/* ---- which letter a copy is of ---- */

static struct slot *slot_of(const struct letters_memory *m, const char *id)
{
    size_t at = ((uintptr_t)id >> 3) * 2654435761u & (m->slots - 1);
    while (m->slot[at].id && m->slot[at].id != id)
        at = (at + 1) & (m->slots - 1);
    return &m->slot[at];
}

static void slots_grow(struct letters_memory *m)
{
    struct slot *old = m->slot;
    size_t slots = m->slots;
    m->slots = slots ? slots * 2 : 64;
    m->slot = keep_alloc(m->slots * sizeof *m->slot);
    for (size_t i = 0; i < slots; i++)
        if (old[i].id)
            *slot_of(m, old[i].id) = old[i];
    free(old);
}

static size_t letter_of(struct letters *l, const char *message_id, uint32_t seq)
{
    struct letters_memory *m = l->memory;
    const char *id = keep_word(&m->ids, message_id);
    struct slot *slot;
    if ((m->n + 1) * 2 > m->slots)
        slots_grow(m);
    slot = slot_of(m, id);
    if (*id && slot->id)
        return slot->letter;
    if (*id) {
        *slot = (struct slot){ id, l->n };
        m->n++;
    }
    l->letter = keep_grow(l->letter, &l->cap, l->n + 1, sizeof *l->letter);
    l->letter[l->n] = (struct letter){ id, seq };
    return l->n++;
}

static void touch(struct letters *l, uint32_t seq, size_t letter)
{
    l->touch = keep_grow(l->touch, &l->touches_cap, l->ntouches + 1, sizeof *l->touch);
    l->touch[l->ntouches++] = (struct letter_touch){ seq, letter };
    if (seq < l->letter[letter].first)
        l->letter[letter].first = seq;
}

/* Without content, the message is the one that the chain of causes leads to. */
static const char *id_by_cause(const struct tape *t, uint32_t seq)
{
    struct trace_record r;
    for (int i = 0; i < CAUSES_MAX && seq; i++, seq = tape_cause(t, seq)) {
        const char *id;
        enum trace_kind kind = tape_kind(t, seq);
        if (kind != TRACE_KIND_QUEUE && kind != TRACE_KIND_CLIENT)
            continue;
        id = tape_get(t, seq, &r) ? trace_attr_get(&r, "message_id") : NULL;
        if (id && *id)
            return id;
    }
    return "";
}

static void close_copy(struct talk *k)
{
    struct letter_copy *c = copy_of(k);
    if (c && c->letter == SIZE_MAX) {
        const char *id = k->id ? k->id : id_by_cause(k->t, c->begin);
        c->letter = letter_of(k->l, id, c->begin);
    }
    k->copy = -1;
}

/* ---- content ---- */

/* Looks for Message-ID in the header; its value may stand in the next line (RFC 5322 section 2.2.3). */
static void look_at_header(struct talk *k, struct wire_slice line)
{
    struct wire_slice field = WIRE_SLICE("Message-ID:");
    if (line.len == 0) {
        k->header = false;
    } else if (k->id_follows && wire_is_wsp(line.at[0])) {
        k->id_follows = false;
    } else if (wire_slice_starts_nocase(line, "Message-ID:")) {
        line = wire_slice(line.at + field.len, line.len - field.len);
        k->id_follows = wire_slice_trim(line).len == 0;
    } else {
        return;
    }
    line = wire_slice_trim(line);
    if (line.len > 0 && line.len < 1000 && !k->id_follows && !k->id) {
        char id[1000];
        memcpy(id, line.at, line.len);
        id[line.len] = '\0';
        k->id = keep_word(&k->l->memory->ids, id);
    }
}

static uint64_t octets_of(const struct trace_record *r)
{
    return r->text_len + (r->eol == TRACE_EOL_CRLF ? 2u : 0u);
}

static void content(struct talk *k, const struct trace_record *r)
{
    struct letter_copy *c = copy_of(k);
    struct wire_slice line = words(r);
    if (!c || c->end)
        return;
    if (c->dots && c->proto == TRACE_SMTP && line.len == 1 && line.at[0] == '.') {
        c->end = (uint32_t)r->seq;
        ask(k, ASKED_CONTENT, 0);
        return;
    }
    if (!c->first)
        c->first = (uint32_t)r->seq;
    c->last = (uint32_t)r->seq;
    if (k->header)
        look_at_header(k, line);
    if (c->chunks) {
        uint64_t n = octets_of(r);
        k->chunk = k->chunk > n ? k->chunk - n : 0;
        if (k->chunk == 0 && k->last_chunk)
            c->end = (uint32_t)r->seq;
    } else if (c->proto == TRACE_IMAP) {
        uint64_t n = octets_of(r);
        k->chunk = k->chunk > n ? k->chunk - n : 0;
        if (k->chunk == 0) {
            c->end = (uint32_t)r->seq;
            close_copy(k);
        }
    }
}

/* "{286}" or "{286+}" at the end of a line. */
static bool literal(struct wire_slice line, uint64_t *octets)
{
    size_t i = line.len;
    if (i < 3 || line.at[i - 1] != '}')
        return false;
    line.len -= line.at[i - 2] == '+' ? 2 : 1;
    for (i = line.len; i > 0 && wire_is_digit(line.at[i - 1]); i--)
        ;
    return i > 0 && line.at[i - 1] == '{' &&
           wire_parse_u64(wire_slice(line.at + i, line.len - i), UINT32_MAX, octets);
}

static bool contains(struct wire_slice line, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= line.len; i++)
        if (wire_equal_nocase(line.at + i, len, word, len))
            return true;
    return false;
}

/* ---- lines of the protocols ---- */

static void smtp_bdat(struct talk *k, struct wire_slice line)
{
    struct letter_copy *c = copy_of(k);
    size_t digits = 5;
    while (digits < line.len && wire_is_digit(line.at[digits]))
        digits++;
    ask(k, ASKED_OTHER, 0);
    if (!c)
        return;
    c->chunks = true;
    wire_parse_u64(wire_slice(line.at + 5, digits - 5), UINT32_MAX, &k->chunk);
    k->last_chunk = contains(line, " LAST");
    if (k->last_chunk)
        k->pending[(k->first + k->n - 1) % PENDING_MAX] = ASKED_CONTENT;
}

static void smtp_command(struct talk *k, const struct trace_record *r)
{
    struct wire_slice line = words(r);
    struct letters *l = k->l;
    struct letter_copy *c;
    if (k->continues) {
        k->continues = false;
    } else if (wire_slice_starts_nocase(line, "MAIL FROM:")) {
        close_copy(k);
        begin(k, r, TRACE_SMTP);
        ask(k, ASKED_MAIL, 0);
    } else if (wire_slice_starts_nocase(line, "RCPT TO:") && (c = copy_of(k)) != NULL) {
        l->rcpt = keep_grow(l->rcpt, &l->rcpts_cap, l->nrcpts + 1, sizeof *l->rcpt);
        l->rcpt[l->nrcpts] = (struct letter_rcpt){ (uint32_t)r->seq, 0 };
        ask(k, ASKED_RCPT, l->nrcpts++);
        c->nrcpt++;
    } else if (wire_slice_is_nocase(line, "DATA") && (c = copy_of(k)) != NULL) {
        c->dots = true;
        ask(k, ASKED_OTHER, 0);
    } else if (wire_slice_starts_nocase(line, "BDAT ")) {
        smtp_bdat(k, line);
    } else {
        ask(k, ASKED_OTHER, 0);
    }
}

static void smtp_reply(struct talk *k, const struct trace_record *r)
{
    struct letter_copy *c = copy_of(k);
    enum asked what;
    size_t rcpt;
    if (r->text_len > 3 && r->text[3] == '-')
        return;
    if (r->code == 334) {
        k->continues = true;
        return;
    }
    if (k->n == 0)
        return; /* the greeting, or 421 */
    what = k->pending[k->first];
    rcpt = k->rcpt[k->first];
    k->first = (k->first + 1) % PENDING_MAX;
    k->n--;
    if (what == ASKED_RCPT)
        k->l->rcpt[rcpt].reply = (uint32_t)r->seq;
    else if (what == ASKED_MAIL && c)
        c->mail_reply = (uint32_t)r->seq;
    else if (what == ASKED_CONTENT && c)
        c->verdict = (uint32_t)r->seq;
}

static void pop3_line(struct talk *k, const struct trace_record *r)
{
    struct wire_slice line = words(r);
    struct letter_copy *c = copy_of(k);
    if (r->dir == 'C') {
        close_copy(k);
        k->data = wire_slice_starts_nocase(line, "RETR ");
    } else if (k->data && wire_slice_starts_nocase(line, "+OK")) {
        begin(k, r, TRACE_POP3)->dots = true;
    } else if (c && c->first && !c->end && line.len == 1 && line.at[0] == '.') {
        c->end = (uint32_t)r->seq;
        close_copy(k);
    }
}

static void imap_line(struct talk *k, const struct trace_record *r)
{
    struct wire_slice line = words(r);
    uint64_t octets;
    if (!literal(line, &octets) || octets == 0)
        return;
    if (r->dir == 'S' ? !contains(line, "BODY[] {") && !contains(line, "RFC822 {")
                      : !contains(line, " APPEND "))
        return;
    close_copy(k);
    begin(k, r, TRACE_IMAP)->limit = octets;
    k->chunk = octets;
}

static void line(struct talk *k, const struct trace_record *r)
{
    if (r->proto == TRACE_TLS || r->proto == TRACE_DNS)
        return;
    if (r->kind == TRACE_KIND_CONTENT)
        content(k, r);
    else if (r->proto == TRACE_POP3)
        pop3_line(k, r);
    else if (r->proto == TRACE_IMAP)
        imap_line(k, r);
    else if (r->kind == TRACE_KIND_COMMAND)
        smtp_command(k, r);
    else if (r->kind == TRACE_KIND_REPLY)
        smtp_reply(k, r);
}

static void conversation(struct letters *l, const struct tape *t, const struct tape_list *list)
{
    struct talk k = { .l = l, .t = t, .copy = -1 };
    struct trace_record r;
    for (size_t i = 0; i < list->n; i++)
        if (trace_kind_level(tape_kind(t, list->seq[i])) == TRACE_LINE && tape_get(t, list->seq[i], &r))
            line(&k, &r);
    close_copy(&k);
}

/* ---- the whole ---- */

static int by_begin(const void *a, const void *b)
{
    const struct letter_copy *x = a, *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static int by_seq(const void *a, const void *b)
{
    const struct letter_touch *x = a, *y = b;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void told(struct letters *l, const struct tape *t, enum trace_kind kind)
{
    const struct tape_list *list = tape_of_kind(t, kind);
    struct trace_record r;
    for (size_t i = 0; i < list->n; i++) {
        const char *id = tape_get(t, list->seq[i], &r) ? trace_attr_get(&r, "message_id") : NULL;
        if (id && *id)
            touch(l, list->seq[i], letter_of(l, id, list->seq[i]));
    }
}

struct letters *letters_new(const struct tape *t)
{
    struct letters *l = keep_alloc(sizeof *l);
    l->memory = keep_alloc(sizeof *l->memory);
    told(l, t, TRACE_KIND_CLIENT);
    told(l, t, TRACE_KIND_QUEUE);
    told(l, t, TRACE_KIND_MAILBOX);
    for (uint32_t conn = 1; conn <= tape_conns(t); conn++) {
        const struct tape_list *list = tape_of_conn(t, conn);
        if (list)
            conversation(l, t, list);
    }
    if (l->ncopies)
        qsort(l->copy, l->ncopies, sizeof *l->copy, by_begin);
    for (size_t i = 0; i < l->ncopies; i++) {
        touch(l, l->copy[i].begin, l->copy[i].letter);
        if (l->copy[i].first)
            touch(l, l->copy[i].first, l->copy[i].letter);
    }
    if (l->ntouches)
        qsort(l->touch, l->ntouches, sizeof *l->touch, by_seq);
    return l;
}

void letters_free(struct letters *l)
{
    if (!l)
        return;
    keep_words_free(&l->memory->ids);
    free(l->memory->slot);
    free(l->memory);
    free(l->letter);
    free(l->copy);
    free(l->rcpt);
    free(l->touch);
    free(l);
}

/* ---- questions ---- */

/* How many copies had begun. */
static size_t begun(const struct letters *l, uint32_t place)
{
    size_t low = 0, high = l->ncopies;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->copy[middle].begin <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

ptrdiff_t letters_of_place(const struct letters *l, const struct tape *t, uint32_t place)
{
    uint32_t conn = tape_conn(t, place);
    size_t n = begun(l, place), low = 0, high = l->ntouches;
    for (size_t i = n; conn && i-- > 0 && n - i < 256;)
        if (l->copy[i].conn == conn)
            return (ptrdiff_t)l->copy[i].letter;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->touch[middle].seq <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? (ptrdiff_t)l->touch[low - 1].letter : -1;
}

const struct letter_copy *letters_copy(const struct letters *l, size_t letter, uint32_t place,
                                       const struct letter_copy *before)
{
    for (size_t i = before ? (size_t)(before - l->copy) : begun(l, place); i-- > 0;)
        if (l->copy[i].letter == letter)
            return &l->copy[i];
    return NULL;
}

static void add(struct letter_text *text, const char *at, size_t len)
{
    if (len > LETTER_OCTETS_MAX - text->len) {
        len = LETTER_OCTETS_MAX - text->len;
        text->cut = true;
    }
    text->octets = keep_grow(text->octets, &text->cap, text->len + len + 1, 1);
    if (len)
        memcpy(text->octets + text->len, at, len);
    text->len += len;
    text->octets[text->len] = '\0';
}

void letter_text_read(struct letter_text *text, const struct tape *t, const struct letter_copy *copy,
                      uint32_t place)
{
    const struct tape_list *list = tape_of_conn(t, copy->conn);
    char dir = copy->proto == TRACE_SMTP ? 'C' : 0;
    struct trace_record r;
    bool fresh = true;
    text->len = text->nlines = 0;
    text->cut = false;
    text->complete = copy->end && copy->end <= place;
    add(text, "", 0);
    for (ptrdiff_t i = copy->first ? tape_find(list, copy->first) : -1;
         i >= 0 && (size_t)i < list->n && list->seq[i] <= place && list->seq[i] <= copy->last && !text->cut;
         i++) {
        size_t from = 0;
        if (tape_kind(t, list->seq[i]) != TRACE_KIND_CONTENT || !tape_get(t, list->seq[i], &r) ||
            (dir && r.dir != dir))
            continue;
        if (fresh) {
            text->line = keep_grow(text->line, &text->lines_cap, text->nlines + 1, sizeof *text->line);
            text->line[text->nlines++] = (struct letter_line){ text->len, list->seq[i] };
        }
        if (copy->dots && fresh && r.text_len > 1 && r.text[0] == '.')
            from = 1;
        add(text, r.text ? r.text + from : "", r.text ? r.text_len - from : 0);
        fresh = r.eol == TRACE_EOL_CRLF;
        if (fresh)
            add(text, "\r\n", 2);
    }
    if (copy->limit && text->len > copy->limit) { /* what stands behind the literal in its last line */
        text->len = (size_t)copy->limit;
        text->octets[text->len] = '\0';
    }
    while (text->nlines && text->line[text->nlines - 1].at >= text->len && text->len)
        text->nlines--;
}

void letter_text_free(struct letter_text *text)
{
    free(text->octets);
    free(text->line);
    *text = (struct letter_text){ 0 };
}

uint32_t letter_broken(const struct tape *t, const struct letter_copy *copy)
{
    const struct tape_list *list = tape_of_conn(t, copy->conn);
    struct trace_record r;
    if (copy->proto != TRACE_SMTP || !copy->first || copy->verdict)
        return 0;
    for (ptrdiff_t i = tape_find(list, copy->first); i >= 0 && (size_t)i < list->n; i++)
        if (tape_kind(t, list->seq[i]) == TRACE_KIND_SESSION && tape_get(t, list->seq[i], &r) &&
            r.host == copy->from && (record_is(&r, "event", "lost") || record_is(&r, "event", "timeout")))
            return list->seq[i];
    return 0;
}
