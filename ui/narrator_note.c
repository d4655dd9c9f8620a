/* State records, as short notes. The table says which are told from which level on, and in which words. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ui/narrator_internal.h"

#define NOTE_MAX  1024 /* octets of one note */
#define VALUE_MAX 300  /* octets of one attribute in it; a longer one is cut */

/*
 * A note's words. {key} is an attribute; {host}, {peer}, {text} and {link} are the record's; {+key} is an
 * attribute in milliseconds, written as a time. What stands in [] is left out when something in it is
 * missing.
 */
static const struct note {
    enum trace_kind kind;
    const char *event; /* attribute event, timer or action; NULL: any */
    enum trace_level level;
    enum ui_ink ink;
    const char *words;
    struct narrator_words lesson; /* where the record has none; told once */
} notes[] = {
#define PHASE  TRACE_PHASE
#define LINE   TRACE_LINE
#define PACKET TRACE_PACKET
    { TRACE_KIND_ERROR, NULL, PHASE, UI_BAD, "the program on {host} tells its user: {text}", { 0 } },
    { TRACE_KIND_INPUT, "control", PHASE, UI_NOTE, "somebody who watches: {text}", { 0 } },
    { TRACE_KIND_INPUT, NULL, PHASE, UI_NOTE, "{host}, input: {text}", { 0 } },
    { TRACE_KIND_FAULT, "down", PHASE, UI_BAD, "fault: {name} is down from now on", { 0 } },
    { TRACE_KIND_FAULT, "up", PHASE, UI_GOOD, "fault: {name} is up again", { 0 } },
    { TRACE_KIND_FAULT,
      "rewrote",
      PHASE,
      UI_BAD,
      "{host} ({name}) changes a packet on its way: {find} becomes {write}",
      { 0 } },
    { TRACE_KIND_FAULT, "begin", PHASE, UI_BAD, "fault on {link}: \"{fault}\" ({kind}) begins", { 0 } },
    { TRACE_KIND_FAULT, "end", PHASE, UI_GOOD, "fault on {link}: \"{fault}\" ({kind}) is over", { 0 } },
    { TRACE_KIND_FAULT, "over", PHASE, UI_GOOD, "its time is over: {name}", { 0 } },
    { TRACE_KIND_FAULT, NULL, PHASE, UI_NOTE, "fault {event}[: {name}][ ({fault})]", { 0 } },

    { TRACE_KIND_QUEUE,
      "accepted",
      LINE,
      UI_NOTE,
      "{host} has the message in its queue as {queue_id}[, {size} octets]",
      { 0 } },
    { TRACE_KIND_QUEUE,
      "sent",
      LINE,
      UI_GOOD,
      "{host}: {queue_id} is delivered[ to <{to}>][ by {relay}][ ({status_text})]",
      { 0 } },
    { TRACE_KIND_QUEUE,
      "deferred",
      LINE,
      UI_NOTE,
      "{host}: {queue_id}[ to <{to}>] has to wait[: {status_text}][; next try in {+next_try_ms}]",
      { 0 } },
    { TRACE_KIND_QUEUE,
      "bounced",
      LINE,
      UI_BAD,
      "{host}: {queue_id}[ to <{to}>] cannot be delivered[: {status_text}]",
      { 0 } },
    { TRACE_KIND_QUEUE,
      "expired",
      LINE,
      UI_BAD,
      "{host}: {queue_id} has waited too long and is given up",
      { 0 } },
    { TRACE_KIND_QUEUE,
      "loop",
      LINE,
      UI_BAD,
      "{host}: {queue_id} goes round in a circle and is stopped",
      { 0 } },
    { TRACE_KIND_QUEUE,
      "delay-notice",
      LINE,
      UI_NOTE,
      "{host} writes a notice about {queue_id}[ to <{to}>][; it has the id {notice_id}]",
      { 0 } },
    { TRACE_KIND_QUEUE,
      "bounce-made",
      LINE,
      UI_NOTE,
      "{host} writes a bounce about {queue_id}[, from <> to <{to}>][; it has the id {notice_id}]",
      { 0 } },
    { TRACE_KIND_QUEUE,
      "success-notice",
      LINE,
      UI_GOOD,
      "{host} reports the delivery of {queue_id}[ to <{to}>][; the report has the id {notice_id}]",
      { 0 } },
    { TRACE_KIND_QUEUE, "active", PACKET, UI_NOTE, "{host} begins to deliver {queue_id}", { 0 } },
    { TRACE_KIND_QUEUE, "removed", PACKET, UI_NOTE, "{host}: {queue_id} leaves the queue", { 0 } },

    { TRACE_KIND_MAILBOX,
      "stored",
      LINE,
      UI_GOOD,
      "{host} stores the message in {mailbox} of {user}[, {size} octets]",
      { 0 } },
    { TRACE_KIND_MAILBOX,
      "over-quota",
      LINE,
      UI_BAD,
      "{host}: no room in the mailbox of {user}[, which holds {octets} octets]",
      { 0 } },
    { TRACE_KIND_MAILBOX,
      "expunged",
      LINE,
      UI_NOTE,
      "{host} removes message[ {uid}] from {mailbox} of {user}",
      { 0 } },
    { TRACE_KIND_MAILBOX,
      "flags",
      LINE,
      UI_NOTE,
      "{host}: message[ {uid}] in {mailbox} of {user} now has the flags ({flags})",
      { 0 } },
    { TRACE_KIND_MAILBOX,
      "fetched",
      PACKET,
      UI_NOTE,
      "{host}: message[ {uid}] in {mailbox} of {user} is fetched",
      { 0 } },

    { TRACE_KIND_CLIENT,
      "sending",
      PACKET,
      UI_NOTE,
      "{host}: the mail program has written a message of {octets} octets",
      { 0 } },
    { TRACE_KIND_CLIENT, "sent", LINE, UI_GOOD, "{host}: the mail program says the message is sent", { 0 } },
    { TRACE_KIND_CLIENT, "send-failed", PACKET, UI_BAD, "{host}: sending has failed[: {result}]", { 0 } },
    { TRACE_KIND_CLIENT,
      "message",
      LINE,
      UI_GOOD,
      "{host} has the message[ \"{subject}\"][ from {from}]",
      { 0 } },
    { TRACE_KIND_CLIENT, "fetched", LINE, UI_NOTE, "{host}: messages fetched: {count}[, by {via}]", { 0 } },
    { TRACE_KIND_CLIENT,
      "caught-up",
      LINE,
      UI_NOTE,
      "{host} has caught up: messages changed: {changed}, gone: {vanished}",
      { 0 } },
    { TRACE_KIND_CLIENT, "fetch-failed", PACKET, UI_BAD, "{host}: fetching has failed[: {result}]", { 0 } },
    { TRACE_KIND_CLIENT, "marked", PACKET, UI_NOTE, "{host}: messages marked: {count}", { 0 } },
    { TRACE_KIND_CLIENT, "removed", PACKET, UI_NOTE, "{host}: messages removed: {count}", { 0 } },
    { TRACE_KIND_CLIENT,
      "telnet-done",
      PACKET,
      UI_NOTE,
      "{host}: telnet ends[, {count} lines typed]",
      { 0 } },
    { TRACE_KIND_CLIENT, "action-done", PACKET, UI_NOTE, "{host}: \"{action}\" is done[: {result}]", { 0 } },

    { TRACE_KIND_SESSION,
      "connect",
      PACKET,
      UI_NOTE,
      "{host}, {daemon}: {client} has connected to port {port}",
      { 0 } },
    { TRACE_KIND_SESSION,
      "tls",
      LINE,
      UI_GOOD,
      "{host}: encrypted from here on, {version}, {cipher}[; the certificate: {certificate}]",
      { 0 } },
    { TRACE_KIND_SESSION, "tls-failed", LINE, UI_BAD, "{host}: the TLS handshake failed: {verdict}", { 0 } },
    { TRACE_KIND_SESSION, "tls-broken", LINE, UI_BAD, "{host}: TLS broke off: {verdict}", { 0 } },
    { TRACE_KIND_SESSION,
      "auth",
      PACKET,
      UI_NOTE,
      "{host}, {daemon}: {user} has logged in by {method}",
      { 0 } },
    { TRACE_KIND_SESSION,
      "login",
      PACKET,
      UI_NOTE,
      "{host}, {daemon}: {user} has logged in by {method}",
      { 0 } },
    { TRACE_KIND_SESSION, "logout", PACKET, UI_NOTE, "{host}, {daemon}: {user} has logged out", { 0 } },
    { TRACE_KIND_SESSION, "reject", PACKET, UI_BAD, "{host}, {daemon}: {line} refused, {text}", { 0 } },
    { TRACE_KIND_SESSION,
      "disconnect",
      PACKET,
      UI_NOTE,
      "{host}, {daemon}: {client} is gone[ ({commands})]",
      { 0 } },
    { TRACE_KIND_SESSION,
      "connect-failed",
      LINE,
      UI_BAD,
      "{host} gets no connection[ to {relay}][: {result}]",
      { 0 } },
    { TRACE_KIND_SESSION, "lost", LINE, UI_BAD, "{host}: the connection is lost[ after {command}]", { 0 } },
    { TRACE_KIND_SESSION,
      "timeout",
      LINE,
      UI_BAD,
      "{host} has waited too long[ after {command}] and hangs up",
      { 0 } },

    { TRACE_KIND_CACHE, "CACHE_HIT", LINE, UI_NOTE, "{host} finds {type} {name} in its cache", { 0 } },
    { TRACE_KIND_CACHE,
      "REFERRAL",
      PACKET,
      UI_NOTE,
      "{host} is referred to servers nearer to {name}",
      { 0 } },
    { TRACE_KIND_CACHE, "stored", PACKET, UI_NOTE, "{host} remembers {text}", { 0 } },
    { TRACE_KIND_CACHE, "replaced", PACKET, UI_NOTE, "{host} remembers anew {text}", { 0 } },
    { TRACE_KIND_CACHE,
      "negative",
      PACKET,
      UI_NOTE,
      "{host} remembers that there is no such thing: {text}",
      { 0 } },
    { TRACE_KIND_CACHE,
      "expired",
      PACKET,
      UI_NOTE,
      "{host} forgets {type} {name}: its TTL has run out",
      { 0 } },

    { TRACE_KIND_CONFIG,
      "changed",
      LINE,
      UI_NOTE,
      "{host}: {set} is changed[ from {was}] to {value}, as {pointer} says",
      { 0 } },
    { TRACE_KIND_CONFIG,
      NULL,
      LINE,
      UI_NOTE,
      "{host}: the setting that decides is {pointer}[: {value}]",
      { 0 } },
    { TRACE_KIND_FIREWALL,
      "drop",
      LINE,
      UI_BAD,
      "{host}, firewall: rule \"{rule}\" drops the packet and tells nobody",
      { "The sender hears nothing at all",
        "To its TCP this looks like a packet that was lost: it sends the SYN again, with pauses that double, "
        "until its "
        "patience ends. Its user reads \"timed out\".",
        "RFC 6298 section 5", false } },
    { TRACE_KIND_FIREWALL,
      "reset",
      LINE,
      UI_BAD,
      "{host}, firewall: rule \"{rule}\" answers with RST in the server's place",
      { "The sender hears no at once",
        "To its TCP this looks as if nothing listened on the port: \"connection refused\". The server never "
        "saw the "
        "packet.",
        "RFC 9293 section 3.5.2", false } },
    { TRACE_KIND_FIREWALL,
      "prohibit",
      LINE,
      UI_BAD,
      "{host}, firewall: rule \"{rule}\" answers with ICMP: administratively prohibited",
      { "The sender learns who says no",
        "The ICMP message comes from the firewall, not from the server, and says that the rule is meant.",
        "RFC 1812 section 5.2.7.1", false } },
    { TRACE_KIND_FIREWALL, NULL, LINE, UI_NOTE, "{host}, firewall: {action}[, by the rule {rule}]", { 0 } },
    { TRACE_KIND_NEIGHBOUR,
      "failed",
      LINE,
      UI_BAD,
      "{host}: nobody answers for {address} on this link",
      { "The last router cannot find the host",
        "It has asked by ARP, or by neighbour discovery in IPv6, who has the address. After some tries it "
        "tells the "
        "sender by ICMP: host unreachable.",
        "RFC 1122 section 2.3.2", false } },
    { TRACE_KIND_NEIGHBOUR, "asking", PACKET, UI_NOTE, "{host} asks who has {address}", { 0 } },
    { TRACE_KIND_NEIGHBOUR, "learnt", PACKET, UI_NOTE, "{host} learns that {address} is at {mac}", { 0 } },
    { TRACE_KIND_NEIGHBOUR, "expired", PACKET, UI_NOTE, "{host} forgets where {address} is", { 0 } },
    { TRACE_KIND_TCP_TIMER,
      "rto",
      LINE,
      UI_NOTE,
      "{host}: no answer for {+after_ms}, so TCP sends again",
      { "TCP repeats what nobody has acknowledged",
        "It cannot know whether the packet was lost or the answer is slow. Each time it waits twice as long, "
        "beginning with one second for a SYN.",
        "RFC 6298 sections 2 and 5", false } },
    { TRACE_KIND_TCP_TIMER,
      "fast-retransmit",
      LINE,
      UI_NOTE,
      "{host}: three ACKs repeat the same number, so TCP sends the missing piece at once",
      { "TCP notices a gap without waiting for its timer",
        "Each piece that arrives behind the gap is answered with the number of the first missing octet. "
        "Three "
        "repetitions are taken for a loss, and the sender slows down.",
        "RFC 5681 section 3.2", false } },
    { TRACE_KIND_TCP_TIMER, NULL, PACKET, UI_NOTE, "{host}: TCP timer {timer}[, after {+after_ms}]", { 0 } },
    { TRACE_KIND_TCP_STATE, NULL, PACKET, UI_NOTE, "{host}: TCP goes from {from} to {to}", { 0 } },
#undef PHASE
#undef LINE
#undef PACKET
};

static const struct note *find_note(const struct trace_record *r)
{
    const char *event = trace_attr_get(r, r->kind == TRACE_KIND_TCP_TIMER  ? "timer"
                                          : r->kind == TRACE_KIND_FIREWALL ? "action"
                                                                           : "event");
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
    } else if (is(key, len, "peer")) {
        add_value(w, narrator_host(n, r->peer), strlen(narrator_host(n, r->peer)));
    } else if (is(key, len, "link")) {
        add_value(w, narrator_link(n, r->link), strlen(narrator_link(n, r->link)));
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

/* An address that nobody answers for is asked for again and again: said twice is enough. */
static bool is_tiresome(struct ui_narrator *n, const struct trace_record *r)
{
    const char *event = trace_attr_get(r, "event"), *address = trace_attr_get(r, "address");
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ r->host;
    unsigned times = 0;
    if (r->kind != TRACE_KIND_NEIGHBOUR || !event || strcmp(event, "failed") != 0 || !address)
        return false;
    for (; *address; address++)
        hash = (hash ^ (uint8_t)*address) * UINT64_C(0x100000001b3);
    for (unsigned i = 0; i < n->nsilent && i < NARRATOR_SILENT; i++)
        times += n->silent[i] == hash;
    n->silent[n->nsilent++ % NARRATOR_SILENT] = hash;
    return times >= 2;
}

void narrator_note(struct ui_narrator *n, const struct trace_record *r)
{
    static const int rank[TRACE_LEVELS] = { [TRACE_PHASE] = 0, [TRACE_LINE] = 1, [TRACE_PACKET] = 2 };
    const struct note *note = find_note(r);
    enum trace_level from = note ? note->level : TRACE_PACKET;
    struct ui_page *p = &n->page;
    struct words w = { .len = 0 };

    count(n, r);
    if (is_tiresome(n, r))
        from = TRACE_PACKET;
    if (r->title && !note && !narrator_is_told(n, r->lesson ? r->lesson : r->title))
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
    if (note && note->lesson.title) {
        if (!narrator_is_told(n, note->lesson.lesson))
            narrator_put_lesson(n, note->lesson.title, note->lesson.lesson, note->lesson.section, true);
    } else if (!note || (r->lesson && !narrator_is_told(n, r->lesson))) {
        narrator_put_lesson(n, r->title, r->lesson, r->section, true);
    }
    n->last_title = NULL;
}
