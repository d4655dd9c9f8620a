/* The rows of the view Message. */
#include "ui/screen/message_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/tape/record.h"
#include "ui/tape/keep.h"

#define HOPS_MAX 32 /* shown of one message; a limit of ours */

static struct message *message(struct ui_screen *s)
{
    return s->state[UI_VIEW_MESSAGE];
}

ptrdiff_t message_letter(struct ui_screen *s)
{
    const struct letters *l = ui_letters(s);
    size_t chosen = message(s)->letter;
    if (chosen > 0 && chosen <= l->n && l->letter[chosen - 1].first <= s->place)
        return (ptrdiff_t)chosen - 1;
    return letters_of_place(l, s->run.tape, s->place);
}

/* ---- rows ---- */

static size_t keep_words_of(struct message_rows *rows, const char *at, size_t len)
{
    size_t from = rows->len;
    rows->words = keep_grow(rows->words, &rows->words_cap, rows->len + len + 1, 1);
    if (len)
        memcpy(rows->words + from, at, len);
    rows->len += len;
    return from;
}

static void add_octets(struct message_rows *rows, uint32_t seq, enum ui_style style, const char *left,
                       size_t left_len, const char *right, size_t right_len)
{
    struct message_row *row;
    rows->row = keep_grow(rows->row, &rows->cap, rows->n + 1, sizeof *rows->row);
    row = &rows->row[rows->n++];
    *row = (struct message_row){ .seq = seq, .style = style, .left_len = left_len, .right_len = right_len };
    row->left = keep_words_of(rows, left, left_len);
    row->right = keep_words_of(rows, right, right_len);
}

static void add(struct message_rows *rows, uint32_t seq, enum ui_style style, const char *left,
                const char *right)
{
    add_octets(rows, seq, style, left, strlen(left), right, strlen(right));
}

/* What a record says, if it has happened; else `otherwise`. Returns its style. */
static enum ui_style said(struct ui_screen *s, uint32_t seq, const char *otherwise, char *buf, size_t cap)
{
    struct trace_record r;
    snprintf(buf, cap, "%s", otherwise);
    if (seq == 0 || seq > s->place || !tape_get(s->run.tape, seq, &r))
        return UI_STYLE_DIM;
    ui_record_text(s->run.tape, &r, buf, cap);
    return ui_record_style(&r);
}

/* ---- envelope ---- */

static void command_row(struct ui_screen *s, struct message_rows *rows, uint32_t command, uint32_t reply)
{
    char text[1000], left[1010], right[1000];
    enum ui_style style, replied;
    if (command > s->place)
        return;
    style = said(s, command, "", text, sizeof text);
    snprintf(left, sizeof left, "  %s", text);
    replied = said(s, reply, "no reply yet", right, sizeof right);
    add(rows, reply && reply <= s->place ? reply : command,
        replied == UI_STYLE_BAD || replied == UI_STYLE_WARN ? replied : style, left, right);
}

static void content_row(struct ui_screen *s, struct message_rows *rows, const struct letter_copy *c)
{
    struct message *m = message(s);
    char left[120], right[1000] = "";
    enum ui_style style = UI_STYLE_TEXT;
    uint32_t seq = letter_broken(s->run.tape, c);
    bool broken = seq && seq <= s->place;
    if (!c->first || c->first > s->place)
        return;
    letter_text_read(&m->before, s->run.tape, c, s->place);
    snprintf(left, sizeof left, "  content: %zu octets%s", m->before.len,
             m->before.complete ? ", complete"
             : broken           ? ", cut off"
                                : " so far");
    if (broken)
        style = said(s, seq, "", right, sizeof right);
    else if (c->proto == TRACE_SMTP)
        style = said(s, c->verdict, "no reply yet", right, sizeof right);
    add(rows, m->before.nlines ? m->before.line[m->before.nlines - 1].seq : c->first, style, left, right);
}

static void hop_rows(struct ui_screen *s, struct message_rows *rows, const struct letter_copy *c, size_t hop)
{
    const struct letters *l = ui_letters(s);
    char left[200], right[60];
    snprintf(left, sizeof left, "%zu  %s to %s", hop, tape_host(s->run.tape, c->from),
             tape_host(s->run.tape, c->to));
    snprintf(right, sizeof right, "%s, conversation %lu", trace_proto_name(c->proto), (unsigned long)c->conn);
    add(rows, c->begin, UI_STYLE_TITLE, left, right);
    if (c->proto == TRACE_SMTP)
        command_row(s, rows, c->begin, c->mail_reply);
    for (size_t i = 0; i < c->nrcpt; i++)
        command_row(s, rows, l->rcpt[c->rcpt + i].command, l->rcpt[c->rcpt + i].reply);
    content_row(s, rows, c);
}

/* The copies that had begun, oldest first. */
static size_t hops(struct ui_screen *s, size_t letter, const struct letter_copy *hop[HOPS_MAX])
{
    const struct letter_copy *c = NULL;
    size_t n = 0;
    while (n < HOPS_MAX && (c = letters_copy(ui_letters(s), letter, s->place, c)) != NULL)
        hop[n++] = c;
    for (size_t i = 0; i < n / 2; i++) {
        const struct letter_copy *other = hop[i];
        hop[i] = hop[n - 1 - i];
        hop[n - 1 - i] = other;
    }
    return n;
}

/* What mail programs, queues and mailboxes have told about it, the first and the last. */
static void told_rows(struct ui_screen *s, struct message_rows *rows, const char *id, bool first)
{
    const struct history_thing *mail = *id ? history_find(ui_history(s), HISTORY_MAIL, 0, id, "", 0) : NULL;
    struct trace_record r;
    char left[1100], text[1000], when[24];
    uint32_t at = mail ? history_at(mail, s->place) : 0;
    if (!at)
        return;
    if (first && tape_get(s->run.tape, mail->change.seq[0], &r) && r.kind == TRACE_KIND_CLIENT) {
        snprintf(left, sizeof left, "%s has written it: %s", tape_host(s->run.tape, r.host),
                 record_attr(&r, "subject"));
        snprintf(text, sizeof text, "from %s", record_attr(&r, "from"));
        add(rows, (uint32_t)r.seq, UI_STYLE_TITLE, left, text);
    }
    if (!first && tape_get(s->run.tape, at, &r)) {
        snprintf(left, sizeof left, "last: %s", ui_record_text(s->run.tape, &r, text, sizeof text));
        add(rows, at, ui_record_style(&r), left, ui_clock(r.t_ns, when));
    }
}

static void envelope_rows(struct ui_screen *s, size_t letter, const struct letter_copy *const *hop, size_t n)
{
    struct message_rows *rows = &message(s)->rows[MESSAGE_TAB_ENVELOPE];
    const char *id = ui_letters(s)->letter[letter].message_id;
    told_rows(s, rows, id, true);
    for (size_t i = 0; i < n; i++)
        hop_rows(s, rows, hop[i], i + 1);
    if (n == 0)
        add(rows, 0, UI_STYLE_DIM, "Nothing of it has crossed a wire yet.", "");
    told_rows(s, rows, id, false);
}

/* ---- header ---- */

/* The octets of the field that begins at `at`: to the line that does not go on with it. 0: the header ends.
 */
static size_t field_octets(const struct letter_text *t, size_t at)
{
    size_t end = at;
    if (at >= t->len || t->octets[at] == '\r' || t->octets[at] == '\n')
        return 0;
    do {
        const char *line_end = memchr(t->octets + end, '\n', t->len - end);
        end = line_end ? (size_t)(line_end + 1 - t->octets) : t->len;
    } while (end < t->len && (t->octets[end] == ' ' || t->octets[end] == '\t'));
    return end - at;
}

static bool has_field(const struct letter_text *t, const char *field, size_t len)
{
    size_t n;
    for (size_t at = 0; (n = field_octets(t, at)) > 0; at += n)
        if (n == len && memcmp(t->octets + at, field, len) == 0)
            return true;
    return false;
}

static uint32_t seq_at(const struct letter_text *t, size_t at)
{
    size_t low = 0, high = t->nlines;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->line[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? t->line[low - 1].seq : 0;
}

/* A field's lines, the first with the host whose copy had it first. */
static void field_rows(struct message_rows *rows, const struct letter_text *t, size_t at, size_t len,
                       const char *by, bool added)
{
    size_t from = at;
    while (from < at + len) {
        const char *end = memchr(t->octets + from, '\n', at + len - from);
        size_t next = end ? (size_t)(end + 1 - t->octets) : at + len, stop = next;
        while (stop > from && (t->octets[stop - 1] == '\n' || t->octets[stop - 1] == '\r'))
            stop--;
        add_octets(rows, seq_at(t, from), added ? UI_STYLE_STRONG : UI_STYLE_TEXT, t->octets + from,
                   stop - from, from == at ? by : "", from == at ? strlen(by) : 0);
        from = next;
    }
}

static void header_rows(struct ui_screen *s, const struct letter_copy *const *hop, size_t n)
{
    struct message *m = message(s);
    size_t len, fields = 0, now = n, at = 0;
    size_t *first, cap = 0;
    while (now > 0 && (!hop[now - 1]->first || hop[now - 1]->first > s->place))
        now--;
    if (now == 0) {
        add(&m->rows[MESSAGE_TAB_HEADER], 0, UI_STYLE_DIM, "No line of its header has crossed a wire yet.",
            "");
        return;
    }
    letter_text_read(&m->text, s->run.tape, hop[now - 1], s->place);
    for (at = 0; (len = field_octets(&m->text, at)) > 0; at += len)
        fields++;
    first = keep_grow(NULL, &cap, fields + 1, sizeof *first);
    for (size_t i = 0; i < fields; i++)
        first[i] = now - 1;
    for (size_t h = now - 1; h-- > 0;) { /* the earliest copy that has it stays */
        size_t i = 0;
        letter_text_read(&m->before, s->run.tape, hop[h], s->place);
        for (at = 0; (len = field_octets(&m->text, at)) > 0; at += len, i++)
            if (has_field(&m->before, m->text.octets + at, len))
                first[i] = h;
    }
    at = 0;
    for (size_t i = 0; (len = field_octets(&m->text, at)) > 0; at += len, i++) {
        char by[100];
        snprintf(by, sizeof by, "hop %zu: %s", first[i] + 1, tape_host(s->run.tape, hop[first[i]]->from));
        field_rows(&m->rows[MESSAGE_TAB_HEADER], &m->text, at, len, by, first[i] == now - 1 && now > 1);
    }
    free(first);
}

/* ---- parts, raw ---- */

static bool count(void *ctx, const char *bytes, size_t len)
{
    (void)bytes;
    *(size_t *)ctx += len;
    return true;
}

static void part_rows(struct message *m)
{
    size_t n = m->text.len ? wire_mime_parse(m->text.octets, m->text.len, m->part, WIRE_MIME_PARTS_MAX) : 0;
    for (size_t i = 0; i < n; i++) {
        const struct wire_mime_part *p = &m->part[i];
        char section[64], left[400], right[200], file[200] = "";
        size_t digits = wire_mime_section(section, sizeof section - 1, m->part, n, (int)i), name = 0,
               decoded = 0;
        section[digits < sizeof section ? digits : sizeof section - 1] = '\0';
        if (wire_mime_param_find(p->disposition_params, "filename", file, sizeof file - 1, &name) ||
            wire_mime_param_find(p->params, "name", file, sizeof file - 1, &name))
            file[name < sizeof file ? name : sizeof file - 1] = '\0';
        wire_mime_decode(m->text.octets, p, count, &decoded);
        snprintf(left, sizeof left, "%*s%s%s%.*s/%.*s%s%s", p->depth * 2, "", section, *section ? "  " : "",
                 (int)(p->type.len < 60 ? p->type.len : 60), p->type.at,
                 (int)(p->subtype.len < 60 ? p->subtype.len : 60), p->subtype.at, *file ? "  " : "", file);
        if (p->kind == WIRE_MIME_LEAF && p->encoding != WIRE_MIME_OTHER &&
            decoded != p->body_end - p->body_at)
            snprintf(right, sizeof right, "%s, %zu octets for %zu", wire_mime_encoding_name(p->encoding),
                     p->body_end - p->body_at, decoded);
        else
            snprintf(right, sizeof right, "%s, %zu octets%s", wire_mime_encoding_name(p->encoding),
                     p->body_end - p->body_at,
                     p->kind == WIRE_MIME_MULTIPART && !p->closed ? ", not closed" : "");
        add(&m->rows[MESSAGE_TAB_PARTS], seq_at(&m->text, p->header_at), i ? UI_STYLE_TEXT : UI_STYLE_TITLE,
            left, right);
    }
    if (n == 0)
        add(&m->rows[MESSAGE_TAB_PARTS], 0, UI_STYLE_DIM,
            "Nothing has crossed a wire yet that could have parts.", "");
}

static void raw_rows(struct message *m)
{
    struct message_rows *rows = &m->rows[MESSAGE_TAB_RAW];
    for (size_t i = 0; i < m->text.nlines; i++) {
        size_t at = m->text.line[i].at, end = i + 1 < m->text.nlines ? m->text.line[i + 1].at : m->text.len;
        while (end > at && (m->text.octets[end - 1] == '\n' || m->text.octets[end - 1] == '\r'))
            end--;
        add_octets(rows, m->text.line[i].seq, UI_STYLE_TEXT, m->text.octets + at, end - at, "", 0);
    }
    if (m->text.cut)
        add(rows, 0, UI_STYLE_WARN, "What follows is not shown: the message is very long.", "");
    if (rows->n == 0)
        add(rows, 0, UI_STYLE_DIM, "No octet of it has crossed a wire yet.", "");
}

bool message_rows_fill(struct ui_screen *s)
{
    struct message *m = message(s);
    const struct letter_copy *hop[HOPS_MAX];
    ptrdiff_t letter = message_letter(s);
    size_t n;
    if (m->ready)
        return letter >= 0;
    m->ready = true;
    for (int t = 0; t < MESSAGE_TAB_COUNT; t++)
        m->rows[t].n = m->rows[t].len = 0;
    m->text.len = m->text.nlines = 0;
    if (letter < 0)
        return false;
    n = hops(s, (size_t)letter, hop);
    envelope_rows(s, (size_t)letter, hop, n);
    header_rows(s, hop, n);
    part_rows(m);
    raw_rows(m);
    return true;
}
