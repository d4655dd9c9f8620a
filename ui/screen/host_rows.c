/* The rows of the view Hosts. */
#include "ui/screen/host_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen/changes.h"
#include "ui/tape/dissect.h"
#include "ui/tape/record.h"
#include "ui/tape/keep.h"

#define PORTS_MAX  16  /* that a host is seen to listen on */
#define LOOKED_MAX 512 /* sessions looked at for them */

static void add(struct host_rows *rows, const struct history_thing *thing, uint32_t seq, int about)
{
    rows->row = keep_grow(rows->row, &rows->cap, rows->n + 1, sizeof *rows->row);
    rows->row[rows->n++] = (struct host_row){ thing, seq, about };
}

void host_rows_free(struct host_rows *rows)
{
    free(rows->row);
    *rows = (struct host_rows){ 0 };
}

/* ---- which rows ---- */

enum { ABOUT_NAME, ABOUT_ROLE, ABOUT_LISTENS, ABOUT_SETTING, ABOUT_IFACE, ABOUT_FILE = 1000 };

/* The i-th value of the scenario; `rest` is its pointer behind "/hosts/NAME/", NULL: it is not this host's.
 */
static bool setting_of(struct ui_screen *s, uint32_t host, size_t i, struct ui_setting *out,
                       const char **rest)
{
    const char *name = tape_host(s->run.tape, host);
    size_t len = strlen(name);
    if (!ui_setting(s, tape_time(s->run.tape, s->place), i, out))
        return false;
    *rest = strncmp(out->pointer, "/hosts/", 7) == 0 && strncmp(out->pointer + 7, name, len) == 0 &&
                    out->pointer[7 + len] == '/'
                ? out->pointer + 8 + len
                : NULL;
    return true;
}

/* What the scenario says about it; its interfaces are told by the trace. */
static void file_rows(struct ui_screen *s, struct host_rows *rows, uint32_t host)
{
    struct ui_setting setting;
    const char *rest;
    for (size_t i = 0; setting_of(s, host, i, &setting, &rest); i++)
        if (rest && strncmp(rest, "interfaces", 10) != 0)
            add(rows, NULL, 0, ABOUT_FILE + (int)i);
}

/* Is there a row about the same setting? Only the last of them is shown. */
static bool told(const struct tape *t, const struct host_rows *rows, const char *pointer)
{
    struct trace_record r;
    for (size_t i = 0; i < rows->n; i++)
        if (rows->row[i].about == ABOUT_SETTING && tape_get(t, rows->row[i].seq, &r) &&
            record_is(&r, "pointer", pointer))
            return true;
    return false;
}

static void about_rows(struct ui_screen *s, struct host_rows *rows, uint32_t host)
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    const struct tape_list *config = tape_of_kind(s->run.tape, TRACE_KIND_CONFIG);
    ptrdiff_t last = tape_find(config, s->place);
    add(rows, NULL, 0, ABOUT_NAME);
    add(rows, NULL, 0, ABOUT_ROLE);
    for (size_t i = 0; o && host >= 1 && host <= o->nhosts && i < o->hosts[host - 1].nifaces; i++)
        add(rows, NULL, 0, ABOUT_IFACE + (int)i);
    add(rows, NULL, 0, ABOUT_LISTENS);
    for (ptrdiff_t i = last; i >= 0 && i > last - 200; i--) {
        struct trace_record r;
        if (tape_get(s->run.tape, config->seq[i], &r) && r.host == host &&
            !told(s->run.tape, rows, record_attr(&r, "pointer")))
            add(rows, NULL, config->seq[i], ABOUT_SETTING);
    }
    file_rows(s, rows, host);
}

/* Those of a kind that are there, with their children. */
static void thing_rows(struct ui_screen *s, struct host_rows *rows, enum history_kind kind, uint32_t host)
{
    const struct history_list *list = history_of_host(ui_history(s), kind, host);
    size_t n = history_begun(list, s->place);
    for (size_t i = 0; i < n; i++) {
        const struct history_thing *x = list->thing[i];
        if (!history_is_there(x, s->place))
            continue;
        add(rows, x, history_at(x, s->place), 0);
        for (const struct history_thing *c = x->first_child; c; c = c->next)
            if (history_is_there(c, s->place))
                add(rows, c, history_at(c, s->place), 1);
    }
}

/* Connections that are over stay in the list; the newest is the first. */
static void connection_rows(struct ui_screen *s, struct host_rows *rows, uint32_t host)
{
    const struct history_list *list = history_of_host(ui_history(s), HISTORY_TCP, host);
    for (size_t i = history_begun(list, s->place); i-- > 0;)
        add(rows, list->thing[i], history_at(list->thing[i], s->place), 0);
}

static void log_rows(struct ui_screen *s, struct host_rows *rows, uint32_t host)
{
    const struct tape_list *log = history_log(ui_history(s), host);
    ptrdiff_t last = tape_find(log, s->place);
    for (ptrdiff_t i = 0; i <= last; i++)
        add(rows, NULL, log->seq[i], 0);
}

void host_rows_fill(struct ui_screen *s, struct host_rows *rows, enum host_tab tab, uint32_t host)
{
    rows->n = 0;
    switch (tab) {
    case HOST_TAB_ABOUT:
        about_rows(s, rows, host);
        break;
    case HOST_TAB_QUEUE:
        thing_rows(s, rows, HISTORY_QUEUE, host);
        break;
    case HOST_TAB_MAIL:
        thing_rows(s, rows, HISTORY_MAILBOX, host);
        break;
    case HOST_TAB_CACHE:
        thing_rows(s, rows, HISTORY_CACHE, host);
        break;
    case HOST_TAB_NEIGHBOURS:
        thing_rows(s, rows, HISTORY_NEIGHBOUR, host);
        break;
    case HOST_TAB_CONNECTIONS:
        connection_rows(s, rows, host);
        break;
    default:
        log_rows(s, rows, host);
        break;
    }
}

size_t host_rows_count(struct ui_screen *s, enum host_tab tab, uint32_t host)
{
    const struct history *h = ui_history(s);
    struct history_counts n = history_counts(h, host, s->place);
    switch (tab) {
    case HOST_TAB_QUEUE:
        return n.queue;
    case HOST_TAB_MAIL:
        return n.messages;
    case HOST_TAB_CACHE:
        return n.cache;
    case HOST_TAB_NEIGHBOURS:
        return n.neighbours;
    case HOST_TAB_CONNECTIONS:
        return n.connections;
    case HOST_TAB_LOG:
        return (size_t)(tape_find(history_log(h, host), s->place) + 1);
    default:
        return 0;
    }
}

/* ---- what they say ---- */

/* Settings may be numbers. */
static void decided_text(const struct trace_record *r, char *buf, size_t cap)
{
    const char *value = trace_attr_get(r, "value");
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)record_number(r, "value", 0));
    snprintf(buf, cap, "Decided by   %s = %s", record_attr(r, "pointer"), value ? value : number);
}

static void iface_text(const struct trace_iface *f, struct ui_screen *s, char *buf, size_t cap)
{
    char address[DISSECT_ADDRESS_MAX];
    int n =
        snprintf(buf, cap, "Interface    %s  %02x:%02x:%02x:%02x:%02x:%02x", tape_link(s->run.tape, f->link),
                 f->mac[0], f->mac[1], f->mac[2], f->mac[3], f->mac[4], f->mac[5]);
    if (n > 0 && (size_t)n < cap && f->ip4_prefix)
        n += snprintf(buf + n, cap - (size_t)n, "  %u.%u.%u.%u/%u", f->ip4[0], f->ip4[1], f->ip4[2],
                      f->ip4[3], f->ip4_prefix);
    if (n > 0 && (size_t)n < cap && f->ip6_prefix)
        snprintf(buf + n, cap - (size_t)n, "  %s/%u", dissect_ip6_text(f->ip6, address), f->ip6_prefix);
}

/* The ports that clients have come to, up to this place. */
static void listens_text(struct ui_screen *s, uint32_t host, char *buf, size_t cap)
{
    const struct history_list *list = history_of_host(ui_history(s), HISTORY_SESSION, host);
    size_t n = history_begun(list, s->place), nports = 0;
    int64_t port[PORTS_MAX], one;
    int at = snprintf(buf, cap, "Listens on   ");
    struct trace_record r;
    for (size_t i = 0; i < n && i < LOOKED_MAX; i++) {
        size_t k = 0;
        if (!tape_get(s->run.tape, list->thing[i]->change.seq[0], &r) ||
            strcmp(record_attr(&r, "event"), "connect") != 0)
            continue;
        one = record_number(&r, "port", -1);
        while (k < nports && port[k] != one)
            k++;
        if (k < nports || nports == PORTS_MAX || at < 0 || (size_t)at >= cap)
            continue;
        port[nports++] = one;
        at += snprintf(buf + at, cap - (size_t)at, "%s%lld (%s)", nports > 1 ? ", " : "", (long long)one,
                       record_attr(&r, "daemon"));
    }
    if (nports == 0)
        snprintf(buf + at, cap - (size_t)at, "nobody has come yet, so the run does not tell");
}

static enum ui_style about_text(struct ui_screen *s, const struct host_row *row, uint32_t host, char *buf,
                                size_t cap)
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    const struct trace_host *h = o && host >= 1 && host <= o->nhosts ? &o->hosts[host - 1] : NULL;
    struct trace_record r;
    struct ui_setting setting;
    const char *rest;
    if (row->about >= ABOUT_FILE) {
        if (setting_of(s, host, (size_t)(row->about - ABOUT_FILE), &setting, &rest) && rest)
            snprintf(buf, cap, "Setting      %s = %s", rest, setting.value);
        return UI_STYLE_DIM;
    }
    if (row->about == ABOUT_NAME)
        snprintf(buf, cap, "Name         %s%s%s", h ? h->label : "the network", h && *h->fqdn ? "  " : "",
                 h ? h->fqdn : "");
    else if (row->about == ABOUT_ROLE)
        snprintf(buf, cap, "Role         %s", h ? h->role : "");
    else if (row->about == ABOUT_LISTENS)
        listens_text(s, host, buf, cap);
    else if (row->about == ABOUT_SETTING && tape_get(s->run.tape, row->seq, &r) &&
             record_is(&r, "event", "changed"))
        snprintf(buf, cap, "Edited       %s = %s", record_attr(&r, "set"), record_attr(&r, "value"));
    else if (row->about == ABOUT_SETTING && tape_get(s->run.tape, row->seq, &r))
        decided_text(&r, buf, cap);
    else if (h)
        iface_text(&h->ifaces[row->about - ABOUT_IFACE], s, buf, cap);
    return UI_STYLE_TEXT;
}

static enum ui_style queue_text(struct ui_screen *s, const struct host_row *row, const struct trace_record *r,
                                char *buf, size_t cap)
{
    const char *event = record_attr(r, "event");
    int64_t wait = record_number(r, "next_try_ms", -1);
    uint64_t next = r->t_ns + (uint64_t)(wait > 0 ? wait : 0) * 1000000u,
             now = tape_time(s->run.tape, s->place);
    char when[24], left[24], try[64] = "";
    bool deferred = strcmp(event, "deferred") == 0, bad = tape_is_bad(r);
    if (deferred && wait > 0)
        snprintf(try, sizeof try, "%s (in %s)", ui_clock(next, when),
                 ui_clock(next > now ? next - now : 0, left));
    if (row->thing->kind == HISTORY_RECIPIENT)
        snprintf(buf, cap, "   to %-28s %-9s %-22s %s %s", row->thing->part, event, try,
                 record_attr(r, "dsn"), record_attr(r, "status_text"));
    else
        snprintf(buf, cap, "%-12s %6lld  %-9s  %-20s  <%s>, %lld recipient%s", row->thing->name,
                 (long long)record_number(r, "size", -1), event, try, record_attr(r, "from"),
                 (long long)record_number(r, "nrcpt", -1), record_number(r, "nrcpt", -1) == 1 ? "" : "s");
    return bad ? deferred ? UI_STYLE_WARN : UI_STYLE_BAD : UI_STYLE_TEXT;
}

/* What a mail program has said about a message by now: the record, or false. */
static bool mail_known(struct ui_screen *s, const char *message_id, struct trace_record *r)
{
    const struct history_thing *mail = history_find(ui_history(s), HISTORY_MAIL, 0, message_id, "", 0);
    for (size_t i = 0; mail && i < mail->change.n && i < 16 && mail->change.seq[i] <= s->place; i++)
        if (tape_kind(s->run.tape, mail->change.seq[i]) == TRACE_KIND_CLIENT &&
            tape_get(s->run.tape, mail->change.seq[i], r) && *record_attr(r, "subject"))
            return true;
    return false;
}

static enum ui_style mail_text(struct ui_screen *s, const struct host_row *row, const struct trace_record *r,
                               char *buf, size_t cap)
{
    const struct history_thing *x = row->thing;
    struct trace_record known;
    if (x->kind == HISTORY_MAILBOX) {
        int64_t n = record_number(r, "messages", -1);
        snprintf(buf, cap, "%s of %s: %lld message%s; %lld octets in all of %s's mail", x->part, x->name,
                 (long long)n, n == 1 ? "" : "s", (long long)record_number(r, "octets", -1), x->name);
        return UI_STYLE_TITLE;
    }
    if (mail_known(s, record_attr(r, "message_id"), &known))
        snprintf(buf, cap, "%6lu  %8lld  %-14s  %s; %s", (unsigned long)x->number,
                 (long long)record_number(r, "size", -1), record_attr(r, "flags"),
                 record_attr(&known, "from"), record_attr(&known, "subject"));
    else
        snprintf(buf, cap, "%6lu  %8lld  %-14s  %s", (unsigned long)x->number,
                 (long long)record_number(r, "size", -1), record_attr(r, "flags"),
                 record_attr(r, "message_id"));
    return UI_STYLE_TEXT;
}

static enum ui_style cache_text(struct ui_screen *s, const struct host_row *row, const struct trace_record *r,
                                char *buf, size_t cap)
{
    const char *data = record_attr(r, "data"), *comma = strrchr(data, ',');
    uint64_t age = (tape_time(s->run.tape, s->place) - r->t_ns) / 1000000000u;
    int64_t left = record_number(r, "ttl_s", -1) - (int64_t)age;
    int len = comma ? (int)(comma - data) : (int)strlen(data);
    size_t type = strlen(row->thing->part);
    if (strncmp(data, row->thing->part, type) == 0 && data[type] == ' ') { /* the type has a column */
        data += type + 1;
        len -= (int)type + 1;
    }
    snprintf(buf, cap, "%-7s %12lld  %.*s%s", row->thing->part, (long long)(left > 0 ? left : 0), len, data,
             left > 0 ? "" : "  (over)");
    return strcmp(record_attr(r, "event"), "negative") == 0 ? UI_STYLE_WARN
           : left > 0                                       ? UI_STYLE_TEXT
                                                            : UI_STYLE_DIM;
}

static enum ui_style neighbour_text(struct ui_screen *s, const struct host_row *row,
                                    const struct trace_record *r, char *buf, size_t cap)
{
    int64_t until = record_number(r, "until_ns", -1);
    const char *state = record_attr(r, "state");
    char when[24];
    snprintf(buf, cap, "%-9s  %-11s  %-24s %-17s  %s", state,
             until > 0 ? ui_clock((uint64_t)until, when) : "-", row->thing->name,
             *record_attr(r, "mac") ? record_attr(r, "mac") : "-",
             tape_link(s->run.tape, row->thing->number));
    return strcmp(state, "failed") == 0 ? UI_STYLE_BAD : UI_STYLE_TEXT;
}

static enum ui_style connection_text(struct ui_screen *s, const struct host_row *row,
                                     const struct trace_record *r, uint32_t host, char *buf, size_t cap)
{
    const struct history_thing *session =
        history_find(ui_history(s), HISTORY_SESSION, host, "", "", row->thing->number);
    uint32_t at = session ? history_at(session, s->place) : 0;
    bool open = history_is_there(row->thing, s->place);
    struct trace_record of;
    char when[24], words[200] = "-";
    if (at && tape_get(s->run.tape, at, &of))
        snprintf(words, sizeof words, "%s: %s%s%s%s%s",
                 *record_attr(&of, "daemon") ? record_attr(&of, "daemon") : "session",
                 record_attr(&of, "event"), *record_attr(&of, "user") ? " " : "", record_attr(&of, "user"),
                 *record_attr(&of, "verdict") ? " " : "", record_attr(&of, "verdict"));
    snprintf(buf, cap, "%6lu  %-11s  %-15s  %-12s  %s", (unsigned long)row->thing->number,
             ui_clock(tape_time(s->run.tape, row->thing->change.seq[0]), when),
             r->peer ? tape_host(s->run.tape, r->peer) : "-", record_attr(r, "to"), words);
    return open ? UI_STYLE_TEXT : UI_STYLE_DIM;
}

static enum ui_style log_text(struct ui_screen *s, const struct trace_record *r, char *buf, size_t cap)
{
    char when[24], text[1000];
    snprintf(buf, cap, "%11s  %-8s %s%s", ui_clock(r->t_ns, when),
             trace_kind_level(r->kind) == TRACE_LINE ? trace_proto_name(r->proto) : trace_kind_name(r->kind),
             trace_kind_level(r->kind) != TRACE_LINE ? ""
             : r->dir == 'S'                         ? "S: "
                                                     : "C: ",
             ui_record_text(s->run.tape, r, text, sizeof text));
    return ui_record_style(r);
}

enum ui_style host_rows_text(struct ui_screen *s, const struct host_row *row, enum host_tab tab,
                             uint32_t host, char *buf, size_t cap)
{
    struct trace_record r;
    buf[0] = '\0';
    if (tab == HOST_TAB_ABOUT)
        return about_text(s, row, host, buf, cap);
    if (!tape_get(s->run.tape, row->seq, &r))
        return UI_STYLE_TEXT;
    switch (tab) {
    case HOST_TAB_QUEUE:
        return queue_text(s, row, &r, buf, cap);
    case HOST_TAB_MAIL:
        return mail_text(s, row, &r, buf, cap);
    case HOST_TAB_CACHE:
        return cache_text(s, row, &r, buf, cap);
    case HOST_TAB_NEIGHBOURS:
        return neighbour_text(s, row, &r, buf, cap);
    case HOST_TAB_CONNECTIONS:
        return connection_text(s, row, &r, host, buf, cap);
    default:
        return log_text(s, &r, buf, cap);
    }
}
