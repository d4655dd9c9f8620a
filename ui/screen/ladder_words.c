/* What the rows of a ladder say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/tape/record.h"
#include "ui/screen/ladder.h"
#include "ui/screen/view.h"

#define LOOK_AT 48 /* rows of a fold whose words are looked at */

/* X(attribute `why`, words) */
#define WHYS(X)                                                                                              \
    X("fault", "lost")                                                                                       \
    X("loss", "lost in noise")                                                                               \
    X("cut", "the link is cut")                                                                              \
    X("queue", "the transmitter's queue is full")                                                            \
    X("down", "the host is off")                                                                             \
    X("no-such-mac", "nobody has this MAC address")                                                          \
    X("neighbour", "nobody answers to this address")                                                         \
    X("not-mine", "not for this host")                                                                       \
    X("no-route", "no route")                                                                                \
    X("ttl", "too many hops")                                                                                \
    X("too-big", "too big for the link")                                                                     \
    X("firewall", "a firewall drops it")                                                                     \
    X("fragment", "a fragment is missing")                                                                   \
    X("checksum", "damaged: wrong checksum")                                                                 \
    X("malformed", "malformed")                                                                              \
    X("no-socket", "nobody listens")                                                                         \
    X("protocol", "unknown protocol")

static const char *why_words(const char *why)
{
    static const struct {
        const char *why, *words;
    } table[] = {
#define X(why, words) { why, words },
        WHYS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].why, why) == 0)
            return table[i].words;
    return why;
}

/* The number after a word of a packet's text; -1: the word is not there. */
static long number_after(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    return at ? strtol(at + strlen(word), NULL, 10) : -1;
}

/* "... > 198.51.100.25:587 [SYN] ...": the part between the last brackets, and the port before them. */
static void tcp_words(const char *text, bool bad, char *buf, size_t cap)
{
    const char *open = strrchr(text, '['), *close = open ? strchr(open, ']') : NULL, *port = open;
    long octets = number_after(text, " len "), ack = number_after(text, " ack "), seq;
    char flags[40] = "";
    if (!close) {
        snprintf(buf, cap, "%s", text);
        return;
    }
    snprintf(flags, sizeof flags, "%.*s", (int)(close - open - 1), open + 1);
    seq = number_after(close, " seq ");
    while (port > text && port[-1] != ':')
        port--;
    if (strcmp(flags, "SYN") == 0)
        snprintf(buf, cap, "SYN to port %ld", strtol(port, NULL, 10));
    else if (strncmp(flags, "RST", 3) == 0)
        snprintf(buf, cap, "%s%s", flags, bad ? ": refused" : "");
    else if (octets > 0)
        snprintf(buf, cap, "%s%s%ld octet%s from %ld", strstr(flags, "FIN") ? flags : "",
                 strstr(flags, "FIN") ? ", " : "", octets, octets == 1 ? "" : "s", seq);
    else if (strcmp(flags, "ACK") == 0)
        snprintf(buf, cap, "ACK %ld", ack);
    else
        snprintf(buf, cap, "%s", flags);
}

static void packet_words(const struct trace_record *r, bool bad, char *buf, size_t cap)
{
    char text[400];
    const char *at;
    snprintf(text, sizeof text, "%.*s", (int)(r->text_len < 390 ? r->text_len : 390), r->text ? r->text : "");
    at = strstr(text, " > ");
    at = at ? strchr(at + 3, ' ') : NULL;
    if (r->proto == TRACE_TCP)
        tcp_words(text, bad, buf, cap);
    else if (r->proto == TRACE_UDP)
        snprintf(buf, cap, "UDP, %ld octets", number_after(text, " len "));
    else
        snprintf(buf, cap, "ICMP%s", at ? at : "");
}

static void note_words(const struct tape *t, const struct trace_record *r, char *buf, size_t cap)
{
    const char *event = record_attr(r, "event"), *timer = record_attr(r, "timer");
    long long after = 0;
    for (unsigned i = 0; i < r->nattr; i++)
        if (strcmp(r->attr[i].key, "after_ms") == 0)
            after = (long long)r->attr[i].number;
    if (r->kind == TRACE_KIND_TCP_TIMER && strcmp(timer, "rto") == 0)
        snprintf(buf, cap, "no ACK for %lld ms: sends again", after);
    else if (r->kind == TRACE_KIND_TCP_TIMER && strcmp(timer, "fast-retransmit") == 0)
        snprintf(buf, cap, "the same ACK again and again: sends again");
    else if (r->kind == TRACE_KIND_TCP_TIMER)
        snprintf(buf, cap, "TCP %s", strcmp(timer, "give-up") == 0 ? "gives up" : timer);
    else if (r->kind == TRACE_KIND_MAILBOX && strcmp(event, "stored") == 0)
        snprintf(buf, cap, "stored in %s of %s", record_attr(r, "mailbox"), record_attr(r, "user"));
    else if (r->kind == TRACE_KIND_QUEUE && strcmp(event, "bounce-made") == 0)
        snprintf(buf, cap, "writes a bounce to %s", record_attr(r, "to"));
    else if (r->kind == TRACE_KIND_QUEUE && strcmp(event, "delay-notice") == 0)
        snprintf(buf, cap, "tells %s that it takes longer", record_attr(r, "to"));
    else if (r->kind == TRACE_KIND_QUEUE)
        snprintf(buf, cap, "%s: %s", event, record_attr(r, "status_text"));
    else
        ui_record_text(t, r, buf, cap);
    if (strncmp(buf, tape_host(t, r->host), strlen(tape_host(t, r->host))) == 0) {
        const char *rest = buf + strlen(tape_host(t, r->host)); /* a note stands at its host */
        if (rest[0] == ':' && rest[1] == ' ')
            memmove(buf, rest + 2, strlen(rest + 2) + 1);
    }
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
        packet_words(&r, row->bad, words, sizeof words);
        if (frames && r.frame)
            snprintf(buf, LADDER_WORDS_MAX, "#%llu %s", (unsigned long long)r.frame, words);
        else
            snprintf(buf, LADDER_WORDS_MAX, "%s", words);
        if (row->kind == LADDER_PACKET && trace_attr_number(&r, "instead_of"))
            snprintf(buf + strlen(buf), LADDER_WORDS_MAX - strlen(buf), ", changed, was #%lld",
                     (long long)trace_attr_number(&r, "instead_of"));
        if (row->kind == LADDER_LOST)
            snprintf(buf + strlen(buf), LADDER_WORDS_MAX - strlen(buf), ": %s",
                     why_words(record_attr(&r, "why")));
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
            packet_words(&r, false, words, sizeof words);
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
