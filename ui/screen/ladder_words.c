/* What the rows of a ladder say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/tape/record.h"
#include "ui/screen/ladder.h"
#include "ui/screen/view.h"

#define LOOK_AT 48 /* rows of a fold whose words are looked at */

void ladder_own_words(const struct tape *t, const struct trace_record *r, char *buf, size_t cap)
{
    const char *host = tape_host(t, r->host);
    size_t len = strlen(host);
    ui_record_text(t, r, buf, cap);
    if (trace_kind_level(r->kind) == TRACE_STATE && strncmp(buf, host, len) == 0 && buf[len] == ':' &&
        buf[len + 1] == ' ')
        memmove(buf, buf + len + 2, strlen(buf + len + 2) + 1);
}

static void note_words(const struct tape *t, const struct trace_record *r, char *buf, size_t cap)
{
    const char *event = record_attr(r, "event");
    if (r->kind == TRACE_KIND_MAILBOX && strcmp(event, "stored") == 0)
        snprintf(buf, cap, "stored in %s of %s", record_attr(r, "mailbox"), record_attr(r, "user"));
    else if (r->kind == TRACE_KIND_QUEUE && strcmp(event, "bounce-made") == 0)
        snprintf(buf, cap, "writes a bounce to %s", record_attr(r, "to"));
    else if (r->kind == TRACE_KIND_QUEUE && strcmp(event, "delay-notice") == 0)
        snprintf(buf, cap, "tells %s that it takes longer", record_attr(r, "to"));
    else if (r->kind == TRACE_KIND_QUEUE)
        snprintf(buf, cap, "%s: %s", event, record_attr(r, "status_text"));
    else
        ladder_own_words(t, r, buf, cap);
}

const char *ladder_row_words(const struct tape *t, const struct ladder_row *row, bool frames,
                             char buf[LADDER_WORDS_MAX])
{
    struct trace_record r;
    char words[LADDER_WORDS_MAX - 200] = "";
    if (!tape_get(t, row->seq, &r)) {
        buf[0] = '\0';
        return buf;
    }
    switch ((enum ladder_kind)row->kind) {
    case LADDER_PACKET:
    case LADDER_LOST:
        ui_packet_text(&r, row->bad, words, sizeof words);
        if (frames && r.frame)
            snprintf(buf, LADDER_WORDS_MAX, "#%llu %s", (unsigned long long)r.frame, words);
        else
            snprintf(buf, LADDER_WORDS_MAX, "%s", words);
        if (row->kind == LADDER_PACKET && trace_attr_number(&r, "instead_of"))
            snprintf(buf + strlen(buf), LADDER_WORDS_MAX - strlen(buf), ", changed, was #%lld",
                     (long long)trace_attr_number(&r, "instead_of"));
        if (row->kind == LADDER_LOST)
            snprintf(buf + strlen(buf), LADDER_WORDS_MAX - strlen(buf), ": %s", ui_drop_text(&r));
        return buf;
    case LADDER_NOTE:
        note_words(t, &r, buf, LADDER_WORDS_MAX);
        return buf;
    default:
        return ui_record_text(t, &r, buf, LADDER_WORDS_MAX);
    }
}

bool ladder_sealed(const struct tape *t, uint32_t seq)
{
    struct trace_record r;
    return tape_get(t, seq, &r) && strcmp(record_attr(&r, "sealed"), "yes") == 0;
}

/* ---- folds ---- */

static void add_word(char *buf, size_t cap, const char *word, size_t len)
{
    size_t n = strlen(buf);
    char one[40];
    snprintf(one, sizeof one, "%.*s", (int)(len < 39 ? len : 39), word);
    if (*one && !strstr(buf, one))
        snprintf(buf + n, cap - n, "%s%s", n ? ", " : "", one);
}

/* The command of a line: its first word, in IMAP the second. */
static void add_verb(const struct trace_record *r, char *buf, size_t cap)
{
    const char *at = r->text ? r->text : "", *end = at + (r->text ? r->text_len : 0), *space;
    if (r->masked && !memchr(at, ' ', (size_t)(end - at)))
        return; /* a response of SASL */
    if (r->proto == TRACE_IMAP && (space = memchr(at, ' ', (size_t)(end - at))) != NULL)
        at = space + 1;
    space = memchr(at, ' ', (size_t)(end - at));
    if (r->proto == TRACE_IMAP && space && space - at == 3 && memcmp(at, "UID", 3) == 0)
        space = memchr(space + 1, ' ', (size_t)(end - space - 1)); /* UID FETCH is one word */
    add_word(buf, cap, at, (size_t)((space ? space : end) - at));
}

/* Verbs of the commands of a fold. */
static void verbs_of(const struct ladder *l, const struct tape *t, const struct ladder_item *item, char *buf,
                     size_t cap)
{
    struct trace_record r;
    for (size_t i = item->first; i <= item->last && i < item->first + LOOK_AT; i++)
        if (tape_get(t, ladder_row(l, i)->seq, &r) && r.kind == TRACE_KIND_COMMAND)
            add_verb(&r, buf, cap);
}

static void size_words(uint32_t octets, char *buf, size_t cap)
{
    if (octets < 1000)
        snprintf(buf, cap, "%u octets", octets);
    else if (octets < 1000000)
        snprintf(buf, cap, "%u.%u kB", octets / 1000, octets / 100 % 10);
    else
        snprintf(buf, cap, "%u.%u MB", octets / 1000000, octets / 100000 % 10);
}

/* The content, its command, the reply that ends it. */
static void data_words(const struct ladder *l, const struct tape *t, const struct ladder_item *item,
                       char *buf, size_t cap)
{
    const struct ladder_row *first = ladder_row(l, item->first), *last = ladder_row(l, item->last);
    uint32_t octets = last->octets - first->octets;
    struct trace_record r;
    char size[40] = "", verbs[120] = "", code[200] = "";
    if (tape_get(t, first->seq, &r) && r.kind == TRACE_KIND_CONTENT)
        octets += (uint32_t)r.text_len + 2;
    verbs_of(l, t, item, verbs, sizeof verbs);
    size_words(octets, size, sizeof size);
    if (tape_get(t, last->seq, &r) && r.kind == TRACE_KIND_REPLY && r.proto == TRACE_SMTP)
        snprintf(code, sizeof code, ", %.*s", (int)(r.text_len < 150 ? r.text_len : 150), r.text);
    if (octets)
        snprintf(buf, cap, "%s, %s%s", *verbs ? verbs : "message", size, code);
    else
        snprintf(buf, cap, "%s: %zu lines%s", *verbs ? verbs : "message", item->last - item->first + 1, code);
}

static void dns_words(const struct ladder *l, const struct tape *t, const struct ladder_item *item, char *buf,
                      size_t cap)
{
    struct trace_record r;
    char names[300] = "";
    for (size_t i = item->first; i <= item->last && i < item->first + LOOK_AT; i++)
        if (tape_get(t, ladder_row(l, i)->seq, &r) && r.kind == TRACE_KIND_QUERY)
            add_word(names, sizeof names, tape_host(t, r.peer), strlen(tape_host(t, r.peer)));
    snprintf(buf, cap, "asks %s", names);
}

const char *ladder_fold_words(const struct ladder *l, const struct tape *t, const struct ladder_item *item,
                              char buf[LADDER_WORDS_MAX])
{
    enum ladder_zone zone = ladder_zone_of(l, ladder_row(l, item->first));
    size_t n = item->last - item->first + 1;
    char words[LADDER_WORDS_MAX - 200] = "";
    struct trace_record r;
    switch (zone) {
    case LADDER_ZONE_SETUP:
        if (tape_get(t, ladder_row(l, item->first)->seq, &r) && r.text)
            ui_packet_text(&r, false, words, sizeof words);
        snprintf(buf, LADDER_WORDS_MAX, "TCP set-up%s%s: %zu frames", strstr(words, "port") ? ", " : "",
                 strstr(words, "port") ? strstr(words, "port") : "", n);
        return buf;
    case LADDER_ZONE_DATA:
        data_words(l, t, item, buf, LADDER_WORDS_MAX);
        return buf;
    case LADDER_ZONE_DNS:
        dns_words(l, t, item, words, sizeof words);
        break;
    case LADDER_ZONE_TLS:
        snprintf(words, sizeof words, "TLS handshake");
        break;
    default:
        verbs_of(l, t, item, words, sizeof words);
    }
    if (zone == LADDER_ZONE_CLOSE)
        add_word(words, sizeof words, "close", 5);
    snprintf(buf, LADDER_WORDS_MAX, "%s: %zu lines", *words ? words : ladder_zone_name(zone), n);
    return buf;
}
