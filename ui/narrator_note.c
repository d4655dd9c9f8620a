/* State records, as short notes. The table says which are told from which level on, and in which words. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ui/narrator_internal.h"

#define NOTE_MAX  1024 /* octets of one note */
#define VALUE_MAX 300  /* octets of one attribute in it; a longer one is cut */

/*
 * A note's words. {key} is an attribute; {host}, {peer}, {text}, {peer} the record's; {+key} is an
 * attribute in milliseconds, written as a time. What stands in [] is left out when something in it is
 * missing.
 */
static const struct note {
    enum trace_kind kind;
    const char *event; /* NULL: any */
    enum trace_level level;
    enum ui_ink ink;
    const char *words;
} notes[] = {
#define PHASE  TRACE_PHASE
#define LINE   TRACE_LINE
#define PACKET TRACE_PACKET
    { TRACE_KIND_ERROR, NULL, PHASE, UI_BAD, "{host} shows its user: {text}" },
    { TRACE_KIND_INPUT, NULL, PHASE, UI_NOTE, "{host}, input: {text}" },
    { TRACE_KIND_FAULT, NULL, PHASE, UI_NOTE, "fault {event}[: {name}][ ({fault})]" },

    { TRACE_KIND_QUEUE, "accepted", LINE, UI_NOTE,
      "{host} has the message in its queue as {queue_id}[, {size} octets]" },
    { TRACE_KIND_QUEUE, "sent", LINE, UI_GOOD,
      "{host}: {queue_id} is delivered[ to <{to}>][ by {relay}][ ({status_text})]" },
    { TRACE_KIND_QUEUE, "deferred", LINE, UI_NOTE,
      "{host}: {queue_id}[ to <{to}>] has to wait[: {status_text}][; next try in {+next_try_ms}]" },
    { TRACE_KIND_QUEUE, "bounced", LINE, UI_BAD,
      "{host}: {queue_id}[ to <{to}>] cannot be delivered[: {status_text}]" },
    { TRACE_KIND_QUEUE, "expired", LINE, UI_BAD, "{host}: {queue_id} has waited too long and is given up" },
    { TRACE_KIND_QUEUE, "loop", LINE, UI_BAD, "{host}: {queue_id} goes round in a circle and is stopped" },
    { TRACE_KIND_QUEUE, "delay-notice", LINE, UI_NOTE, "{host} tells the sender that {queue_id} is late" },
    { TRACE_KIND_QUEUE, "bounce-made", LINE, UI_NOTE,
      "{host} writes a bounce about {queue_id} to its sender" },
    { TRACE_KIND_QUEUE, "active", PACKET, UI_NOTE, "{host} begins to deliver {queue_id}" },
    { TRACE_KIND_QUEUE, "removed", PACKET, UI_NOTE, "{host}: {queue_id} leaves the queue" },

    { TRACE_KIND_MAILBOX, "stored", LINE, UI_GOOD,
      "{host} stores the message in {mailbox} of {user}[, {size} octets]" },
    { TRACE_KIND_MAILBOX, "over-quota", LINE, UI_BAD, "{host}: the mailbox of {user} is full" },
    { TRACE_KIND_MAILBOX, "expunged", LINE, UI_NOTE,
      "{host} removes message[ {uid}] from {mailbox} of {user}" },
    { TRACE_KIND_MAILBOX, "flags", LINE, UI_NOTE,
      "{host}: message[ {uid}] in {mailbox} of {user} now has the flags ({flags})" },

    { TRACE_KIND_CLIENT, "sent", LINE, UI_GOOD, "{host}: the mail program says the message is sent" },
    { TRACE_KIND_CLIENT, "send-failed", LINE, UI_BAD, "{host}: the mail program could not send[: {result}]" },
    { TRACE_KIND_CLIENT, "message", LINE, UI_GOOD, "{host} has the message[ \"{subject}\"][ from {from}]" },
    { TRACE_KIND_CLIENT, "fetched", LINE, UI_NOTE, "{host}: {count} fetched[ by {via}]" },
    { TRACE_KIND_CLIENT, "fetch-failed", LINE, UI_BAD,
      "{host}: the mail program could not fetch[: {result}]" },

    { TRACE_KIND_SESSION, "connect-failed", LINE, UI_BAD,
      "{host} gets no connection[ to {relay}][: {result}]" },
    { TRACE_KIND_SESSION, "lost", LINE, UI_BAD, "{host}: the connection is lost[ after {command}]" },
    { TRACE_KIND_SESSION, "timeout", LINE, UI_BAD,
      "{host} has waited too long[ after {command}] and hangs up" },

    { TRACE_KIND_CACHE, "hit", LINE, UI_NOTE,
      "{host} knows it already, from its cache: {name} {type}[ {data}]" },
    { TRACE_KIND_CONFIG, NULL, LINE, UI_NOTE, "the setting that decides: {pointer} = {value}" },
    { TRACE_KIND_FIREWALL, NULL, LINE, UI_NOTE, "{host}, firewall: {action}[, by the rule {rule}]" },
    { TRACE_KIND_NEIGHBOUR, "failed", LINE, UI_BAD, "{host}: nobody answers for {address} on this link" },
    { TRACE_KIND_TCP_TIMER, NULL, PACKET, UI_NOTE, "{host}: TCP timer {timer}[, after {+after_ms}]" },
    { TRACE_KIND_TCP_STATE, NULL, PACKET, UI_NOTE, "{host}: TCP goes from {from} to {to}" },
#undef PHASE
#undef LINE
#undef PACKET
};

static const struct note *find_note(const struct trace_record *r)
{
    const char *event = trace_attr_get(r, "event");
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        if (notes[i].kind == r->kind && (!notes[i].event || (event && strcmp(notes[i].event, event) == 0)))
            return &notes[i];
    return NULL;
}

struct words {
    size_t len;
    bool missing; /* a key had no value */
    char text[NOTE_MAX];
};

static void add(struct words *w, const char *text, size_t len)
{
    if (len > sizeof w->text - w->len)
        len = sizeof w->text - w->len;
    memcpy(w->text + w->len, text, len);
    w->len += len;
}

static void add_value(struct words *w, const char *text, size_t len)
{
    add(w, text, len < VALUE_MAX ? len : VALUE_MAX);
    if (len == 0)
        w->missing = true;
}

static void add_number(struct words *w, int64_t n)
{
    char digits[24];
    add(w, digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)n));
}

static const struct trace_attr *find_attr(const struct trace_record *r, const char *key, size_t len)
{
    for (unsigned i = 0; i < r->nattr; i++)
        if (strlen(r->attr[i].key) == len && memcmp(r->attr[i].key, key, len) == 0)
            return &r->attr[i];
    return NULL;
}

static bool is(const char *key, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(key, name, len) == 0;
}

static void add_key(struct words *w, const struct ui_narrator *n, const struct trace_record *r,
                    const char *key, size_t len)
{
    const struct trace_attr *a;
    char time[UI_TIME_MAX];

    if (is(key, len, "host")) {
        add_value(w, narrator_host(n, r->host), strlen(narrator_host(n, r->host)));
    } else if (is(key, len, "text")) {
        add_value(w, r->text ? r->text : "", r->text ? r->text_len : 0);
    } else if (*key == '+') {
        a = find_attr(r, key + 1, len - 1);
        if (a && !a->value && a->number >= 0) {
            ui_time_text((uint64_t)a->number * 1000000, time);
            add_value(w, time, strlen(time));
        } else {
            w->missing = true;
        }
    } else {
        a = find_attr(r, key, len);
        if (a && !a->value)
            add_number(w, a->number);
        else if (a)
            add_value(w, a->value, strlen(a->value));
        else
            w->missing = true;
    }
}

static void fill(struct words *w, const struct ui_narrator *n, const struct trace_record *r,
                 const char *template)
{
    size_t group = 0; /* where the group began, and what was missing before it */
    bool missing_before = false;

    for (const char *at = template; *at; at++) {
        const char *end;
        if (*at == '[') {
            group = w->len;
            missing_before = w->missing;
            w->missing = false;
        } else if (*at == ']') {
            if (w->missing)
                w->len = group;
            w->missing = missing_before;
        } else if (*at == '{' && (end = strchr(at, '}')) != NULL) {
            add_key(w, n, r, at + 1, (size_t)(end - at - 1));
            at = end;
        } else {
            add(w, at, 1);
        }
    }
}

/* Whatever the record holds: "mx: cache, event=stored, name=example.org". */
static void fill_plain(struct words *w, const struct ui_narrator *n, const struct trace_record *r)
{
    const char *host = narrator_host(n, r->host), *kind = trace_kind_name(r->kind);
    w->len = 0;
    add(w, host, strlen(host));
    add(w, ": ", 2);
    if (r->text && r->text_len > 0) {
        add_value(w, r->text, r->text_len);
        return;
    }
    add(w, kind, strlen(kind));
    for (unsigned i = 0; i < r->nattr; i++) {
        add(w, ", ", 2);
        add(w, r->attr[i].key, strlen(r->attr[i].key));
        add(w, "=", 1);
        add_key(w, n, r, r->attr[i].key, strlen(r->attr[i].key));
    }
}

static void count(struct ui_narrator *n, const struct trace_record *r)
{
    const char *event = trace_attr_get(r, "event");
    if (!event)
        return;
    if (r->kind == TRACE_KIND_MAILBOX && strcmp(event, "stored") == 0)
        n->stored++;
    if (r->kind == TRACE_KIND_QUEUE && strcmp(event, "bounce-made") == 0)
        n->bounced++;
}

void narrator_note(struct ui_narrator *n, const struct trace_record *r)
{
    static const int rank[TRACE_LEVELS] = { [TRACE_PHASE] = 0, [TRACE_LINE] = 1, [TRACE_PACKET] = 2 };
    const struct note *note = find_note(r);
    enum trace_level from = note ? note->level : TRACE_PACKET;
    struct ui_page *p = &n->page;
    struct words w = { .len = 0 };

    count(n, r);
    if (r->title && from == TRACE_PACKET && !narrator_is_told(n, r->lesson ? r->lesson : r->title))
        from = TRACE_LINE; /* worth telling once */
    if (rank[from] > rank[n->level])
        return;
    narrator_begin(n);
    if (note)
        fill(&w, n, r, note->words);
    if (!note || w.missing)
        fill_plain(&w, n, r);
    narrator_put_time(n, r->t_ns);
    ui_page_ink(p, note ? note->ink : UI_NOTE);
    ui_page_glyph(p, UI_GLYPH_NOTE);
    ui_page_str(p, " ");
    ui_page_wrap(p, p->column, 6, w.text, w.len);
    ui_page_ink(p, UI_PLAIN);
    ui_page_end(p);
    narrator_put_lesson(n, r->title, r->lesson, r->section, true);
    n->last_title = NULL;
}
