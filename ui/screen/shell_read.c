/* What the tape says about what was typed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen/shell.h"
#include "ui/tape/record.h"
#include "ui/tape/keep.h"

#define PAUSE_NS UINT64_C(1900000000) /* people type 2 s after the last thing that happened */

static int64_t number(const struct trace_record *r, const char *key)
{
    for (unsigned i = 0; i < r->nattr; i++)
        if (strcmp(r->attr[i].key, key) == 0)
            return r->attr[i].value ? strtoll(r->attr[i].value, NULL, 10) : r->attr[i].number;
    return 0;
}

uint32_t shell_client_record(const struct tape *t, const char *event, const char *name, size_t n)
{
    const struct tape_list *list = tape_of_kind(t, TRACE_KIND_CLIENT);
    struct trace_record r;
    for (size_t i = 0; list && i < list->n; i++)
        if (tape_get(t, list->seq[i], &r) && record_is(&r, "event", event) && record_is(&r, "action", name) &&
            n-- == 0)
            return list->seq[i];
    return 0;
}

bool shell_telnet_talk(const struct tape *t, const char *name, struct shell_talk *out)
{
    *out = (struct shell_talk){ .first = shell_client_record(t, "telnet-open", name, 0),
                                .done = shell_client_record(t, "telnet-done", name, 0) };
    if (out->first)
        out->conn = tape_conn(t, out->first);
    return out->first || out->done;
}

bool shell_hand_talk(const struct tape *t, uint32_t host, uint16_t port, size_t n, struct shell_talk *out)
{
    const struct tape_list *list = tape_of_kind(t, TRACE_KIND_SESSION);
    struct trace_record r;
    bool found = false;
    *out = (struct shell_talk){ 0 };
    for (size_t i = 0; list && i < list->n; i++) {
        if (!tape_get(t, list->seq[i], &r) || r.host != host || !record_is(&r, "daemon", "hand") ||
            number(&r, "port") != port)
            continue;
        if (!found && record_is(&r, "event", "connect") && n-- == 0) {
            found = true;
            out->first = list->seq[i];
            out->conn = r.conn;
        } else if (found && r.conn == out->conn) {
            out->done = list->seq[i];
            break;
        }
    }
    return found;
}

static bool is_said(const struct trace_record *r)
{
    return trace_kind_level(r->kind) == TRACE_LINE && r->proto != TRACE_TLS;
}

uint32_t shell_last_line(const struct tape *t, const struct shell_talk *talk, uint32_t host)
{
    const struct tape_list *list = tape_of_conn(t, talk->conn);
    struct trace_record r;
    for (size_t i = list ? list->n : 0; i-- > 0;)
        if (tape_get(t, list->seq[i], &r) && is_said(&r) && r.host == host)
            return list->seq[i];
    return 0;
}

uint32_t shell_rest(const struct tape *t, const struct shell_talk *talk, uint32_t from)
{
    const struct tape_list *list = tape_of_conn(t, talk->conn);
    uint64_t at = tape_time(t, from), next;
    uint32_t rest = from;
    for (ptrdiff_t i = tape_find(list, from) + 1; list && (size_t)i < list->n; i++) {
        next = tape_time(t, list->seq[i]);
        if (next > at + PAUSE_NS)
            break;
        at = next;
        rest = list->seq[i];
    }
    if (talk->done > rest && tape_time(t, talk->done) <= at + PAUSE_NS)
        rest = talk->done;
    return rest;
}

/* The first line that the other end said, from where the beginning is followed: a SYN may be lost. */
static uint32_t first_said(const struct tape *t, const struct shell_talk *talk)
{
    const struct tape_list *list = tape_of_conn(t, talk->conn);
    struct trace_record r;
    for (size_t i = 0; list && i < list->n; i++)
        if (list->seq[i] > talk->first && tape_get(t, list->seq[i], &r) &&
            trace_kind_level(r.kind) == TRACE_LINE)
            return list->seq[i];
    return 0;
}

static uint32_t telnet_answer(const struct tape *t, const struct shell_item *item)
{
    struct shell_talk talk;
    uint32_t last;
    if (!shell_telnet_talk(t, item->name, &talk))
        return 0;
    if (!talk.first)
        return talk.done;
    last = shell_last_line(t, &talk, item->host);
    if (!last)
        last = first_said(t, &talk);
    if (!last)
        return talk.done ? talk.done : talk.first;
    return shell_rest(t, &talk, last);
}

static uint32_t hand_answer(const struct tape *t, const struct shell_item *item)
{
    struct shell_talk talk, first;
    uint32_t best = 0;
    for (size_t n = 0; shell_hand_talk(t, item->host, item->port, n, &talk); n++) {
        uint32_t last = shell_last_line(t, &talk, item->host);
        if (last > best)
            best = shell_rest(t, &talk, last);
    }
    if (!best && shell_hand_talk(t, item->host, item->port, 0, &first))
        best = shell_rest(t, &first, first.first);
    return best;
}

uint32_t shell_answer(const struct tape *t, const struct shell_item *item)
{
    uint32_t last = 0, next;
    switch (item->kind) {
    case SHELL_TELNET:
        return telnet_answer(t, item);
    case SHELL_BE:
        return hand_answer(t, item);
    case SHELL_DIG:
        return shell_client_record(t, "lookup-done", item->name, 0);
    case SHELL_PING:
        for (size_t n = 0; (next = shell_client_record(t, "ping-done", item->name, n)) != 0; n++)
            last = next;
        return last;
    default:
        return 0;
    }
}

/* ---- rows ----------------------------------------------------------------------------------------------
 */

static void row(struct shell_page *p, enum ui_style style, int mark, const char *text, size_t len)
{
    p->row = keep_grow(p->row, &p->cap, p->n + 1, sizeof *p->row);
    p->row[p->n++] = (struct shell_row){ style, mark, p->text.len, len };
    ui_text_raw(&p->text, text, len);
}

__attribute__((format(printf, 3, 4))) static void rowf(struct shell_page *p, enum ui_style style,
                                                       const char *fmt, ...)
{
    char text[700];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    row(p, style, -1, text, strlen(text));
}

void shell_page_free(struct shell_page *page)
{
    free(page->row);
    free(page->text.text);
    *page = (struct shell_page){ 0 };
}

/* What this end noticed of TLS. */
static void print_tls(struct shell_page *p, const struct trace_record *r)
{
    const char *trust = trace_attr_get(r, "certificate"), *verdict = trace_attr_get(r, "verdict");
    if (record_is(r, "event", "tls"))
        rowf(p, UI_STYLE_SECRET, "--- %s, %s%s%s", trace_attr_get(r, "version"), trace_attr_get(r, "cipher"),
             trust ? "; the server's certificate: " : "", trust ? trust : "");
    else if (record_is(r, "event", "tls-failed"))
        rowf(p, UI_STYLE_BAD, "--- the TLS handshake failed: %s", verdict ? verdict : "");
}

/* The lines of a conversation up to the place, this end's marked as typed. */
static void print_talk(const struct tape *t, uint32_t place, const struct shell_talk *talk, uint32_t host,
                       struct shell_page *p)
{
    const struct tape_list *list = tape_of_conn(t, talk->conn);
    struct trace_record r;
    for (size_t i = 0; list && i < list->n && list->seq[i] <= place; i++) {
        if (!tape_get(t, list->seq[i], &r))
            continue;
        if (is_said(&r))
            row(p, r.host == host ? UI_STYLE_CLIENT : ui_record_style(&r),
                r.dir == 'S' ? UI_MARK_TO_CLIENT : UI_MARK_TO_SERVER, r.text, r.text_len);
        else if (r.kind == TRACE_KIND_SESSION && r.host == host)
            print_tls(p, &r);
    }
}

/* What the program told its user when it gave up: the error record that follows. */
static void print_error(const struct tape *t, uint32_t done, struct shell_page *p)
{
    struct trace_record r;
    for (uint32_t seq = done + 1; seq <= done + 3 && tape_get(t, seq, &r); seq++)
        if (r.kind == TRACE_KIND_ERROR && r.text) {
            row(p, UI_STYLE_BAD, UI_MARK_FAIL, r.text, r.text_len);
            return;
        }
    rowf(p, UI_STYLE_DIM, "Connection closed.");
}

static void print_telnet(const struct tape *t, uint32_t place, const struct shell_item *item,
                         struct shell_page *p)
{
    struct shell_talk talk;
    struct trace_record r;
    const char *address;
    if (!shell_telnet_talk(t, item->name, &talk))
        return;
    if (talk.first && talk.first <= place && tape_get(t, talk.first, &r)) {
        address = trace_attr_get(&r, "address");
        rowf(p, UI_STYLE_DIM, "Trying %s...", address ? address : "");
        print_talk(t, place, &talk, item->host, p);
    }
    if (talk.done && talk.done <= place)
        print_error(t, talk.done, p);
}

static void print_be(const struct tape *t, uint32_t place, const struct shell_item *item,
                     struct shell_page *p)
{
    struct shell_talk talk;
    size_t n = 0;
    for (; shell_hand_talk(t, item->host, item->port, n, &talk) && talk.first <= place; n++) {
        struct trace_record r;
        char when[24];
        tape_get(t, talk.first, &r);
        rowf(p, UI_STYLE_DIM, "--- %s connects, %s", tape_host(t, r.peer), ui_clock(r.t_ns, when));
        print_talk(t, place, &talk, item->host, p);
        if (talk.done && talk.done <= place)
            rowf(p, UI_STYLE_DIM, "--- the connection is over");
    }
    if (shell_hand_talk(t, item->host, item->port, n, &talk)) {
        char when[24];
        rowf(p, UI_STYLE_DIM, "(%s connects at %s)", n ? "another client" : "a client",
             ui_clock(tape_time(t, talk.first), when));
    } else if (n == 0) {
        rowf(p, UI_STYLE_WARN, "(nobody connects to this port from here on)");
    }
}

static void print_dig(const struct tape *t, uint32_t place, const struct shell_item *item,
                      struct shell_page *p)
{
    uint32_t done = shell_client_record(t, "lookup-done", item->name, 0);
    const struct tape_list *mine = tape_of_host(t, item->host);
    struct trace_record r, q;
    const char *dig, *end;
    if (!done || done > place || !tape_get(t, done, &r))
        return;
    dig = trace_attr_get(&r, "dig");
    if (!dig)
        rowf(p, UI_STYLE_BAD, ";; no answer: %s", trace_attr_get(&r, "result"));
    for (; dig; dig = end ? end + 3 : NULL) {
        end = strstr(dig, " | ");
        row(p, record_is(&r, "result", "ok") || *dig == ';' ? UI_STYLE_TEXT : UI_STYLE_WARN, -1, dig,
            end ? (size_t)(end - dig) : strlen(dig));
    }
    for (ptrdiff_t i = tape_find(mine, done); i >= 0; i--)
        if (tape_get(t, mine->seq[i], &q) && q.kind == TRACE_KIND_QUERY) {
            rowf(p, UI_STYLE_DIM, ";; Query time: %llu ms   SERVER: %s",
                 (unsigned long long)((r.t_ns - q.t_ns) / 1000000), tape_host(t, q.peer));
            break;
        }
}

static void print_ping(const struct tape *t, uint32_t place, const struct shell_item *item,
                       struct shell_page *p)
{
    struct trace_record r;
    uint32_t seq;
    size_t n = 0, back = 0;
    for (; (seq = shell_client_record(t, "ping-done", item->name, n)) != 0 && seq <= place; n++) {
        const char *from;
        tape_get(t, seq, &r);
        from = trace_attr_get(&r, "from");
        if (record_is(&r, "result", "ok"))
            rowf(p, UI_STYLE_GOOD, "64 octets from %s: seq=%zu ttl=%lld time=%.1f ms", from ? from : "",
                 n + 1, (long long)number(&r, "ttl"), (double)number(&r, "rtt_us") / 1000);
        else if (record_is(&r, "result", "timed-out"))
            rowf(p, UI_STYLE_BAD, "no answer to seq=%zu", n + 1);
        else if (record_is(&r, "result", "no-server"))
            rowf(p, UI_STYLE_BAD, "ping: %s: name or service not known", trace_attr_get(&r, "server"));
        else
            rowf(p, UI_STYLE_BAD, "%s%sdestination unreachable", from ? from : "", from ? ": " : "");
        back += record_is(&r, "result", "ok");
    }
    if (n && !seq)
        rowf(p, UI_STYLE_TEXT, "%zu sent, %zu came back", n, back);
}

void shell_print(const struct ui_screen *s, const struct shell *sh, struct shell_page *page)
{
    static void (*const prints[])(const struct tape *, uint32_t, const struct shell_item *,
                                  struct shell_page *) = { [SHELL_TELNET] = print_telnet,
                                                           [SHELL_DIG] = print_dig,
                                                           [SHELL_PING] = print_ping,
                                                           [SHELL_BE] = print_be };
    for (size_t i = 0; i < sh->n; i++) {
        const struct shell_item *item = &sh->item[i];
        if (!shell_alive(s, item))
            continue;
        rowf(page, UI_STYLE_STRONG, "%s$ %s", tape_host(s->run.tape, item->host), item->typed);
        if (item->kind == SHELL_SAYS) {
            for (const char *at = item->text, *end; at && *at; at = end + (*end == '\n')) {
                end = at + strcspn(at, "\n");
                row(page, UI_STYLE_TEXT, -1, at, (size_t)(end - at));
            }
        } else {
            prints[item->kind](s->run.tape, s->place, item, page);
        }
    }
}
