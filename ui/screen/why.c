/*
 * Why did this happen? From a record back through its causes to what began it: a line of configuration, a
 * person, a fault.
 *
 *   550 5.1.1 No such user here                   what it is
 *     because  setting /hosts/mx/store/users        the setting that decided
 *     because  RCPT TO:<nobbody@example.org>        what it answers
 *     ...                                           Enter goes there
 */
#include <stdio.h>
#include <string.h>

#include "ui/screen/changes.h"
#include "ui/tape/causes.h"

#define CAUSES_MAX 400

/* Steps that carry the others but explain nothing by themselves. */
static bool tells(const struct trace_record *r)
{
    switch (r->kind) {
    case TRACE_KIND_SENT:
    case TRACE_KIND_FORWARDED:
    case TRACE_KIND_DELIVERED:
    case TRACE_KIND_NEIGHBOUR:
    case TRACE_KIND_TCP_STATE:
        return false;
    default:
        return true;
    }
}

/* The host is named in front, unless the words do so. */
static bool names_host(const char *text, const char *host)
{
    char pointer[140];
    snprintf(pointer, sizeof pointer, "/hosts/%.120s/", host);
    return strncmp(text, host, strlen(host)) == 0 || strstr(text, pointer) != NULL;
}

static void add(const struct tape *t, struct ui_items *items, const struct trace_record *r, bool first)
{
    char text[700], when[24];
    ui_record_text(t, r, text, sizeof text);
    ui_items_add(items, (uint32_t)r->seq, "%s%10s  ", first ? "        " : "because ",
                 ui_clock(r->t_ns, when));
    if (r->host && !names_host(text, tape_host(t, r->host)))
        ui_items_more(items, "%s: ", tape_host(t, r->host));
    ui_items_more(items, "%s", text);
}

/* The setting is so because somebody edited it during the run. */
static void add_edit(const struct tape *t, struct ui_items *items, const char *pointer, uint32_t seq)
{
    struct trace_record edit;
    uint32_t by = pointer ? causes_edited(t, pointer, seq) : 0;
    if (by && tape_get(t, by, &edit))
        add(t, items, &edit, false);
}

/* ---- settings of the scenario that no record tells ---- */

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* "port 465" in what the phase says, and 465 in the scenario: the account's own setting. */
static bool names_port(const struct trace_record *r, const struct ui_setting *setting)
{
    char words[40];
    size_t n = (size_t)snprintf(words, sizeof words, "port %.20s", setting->value);
    return (ends_in(setting->pointer, "/submit/port") || ends_in(setting->pointer, "/fetch/port")) &&
           r->text && r->text_len >= n && memcmp(r->text + r->text_len - n, words, n) == 0;
}

/* Does this value explain the record? A mail program's port; the fault of a certificate that was refused. */
static bool explains(const struct tape *t, const struct trace_record *r, const struct ui_setting *setting)
{
    const char *step = trace_attr_get(r, "step"), *verdict = trace_attr_get(r, "verdict");
    char front[160];
    if (step && strncmp(step, "CONNECT_", 8) == 0) {
        snprintf(front, sizeof front, "/hosts/%.100s/client/", tape_host(t, r->host));
        return strncmp(setting->pointer, front, strlen(front)) == 0 && names_port(r, setting);
    }
    if (r->kind == TRACE_KIND_SESSION && verdict && r->peer) {
        snprintf(front, sizeof front, "/hosts/%.100s/certificate", tape_host(t, r->peer));
        return strncmp(setting->pointer, front, strlen(front)) == 0 &&
               strstr(setting->pointer, "names") == NULL;
    }
    return false;
}

static void add_settings(struct ui_screen *s, struct ui_items *items, const struct trace_record *r)
{
    struct ui_setting setting;
    char when[24];
    if (!s->program->setting || (r->kind != TRACE_KIND_PHASE && r->kind != TRACE_KIND_SESSION))
        return;
    for (size_t i = 0; ui_setting(s, r->t_ns, i, &setting); i++)
        if (explains(s->run.tape, r, &setting)) {
            ui_items_add(items, (uint32_t)r->seq, "because %10s  %s = %s", ui_clock(r->t_ns, when),
                         setting.pointer, setting.value);
            add_edit(s->run.tape, items, setting.pointer, (uint32_t)r->seq);
        }
}

/* ---- the chain ---- */

void ui_why_open(struct ui_screen *s)
{
    const struct tape *t = s->run.tape;
    struct ui_items items = { 0 };
    struct trace_record r, beside;
    uint32_t seq = ui_selected(s), decided = 0, answered = 0;
    bool first = true;
    if (!tape_get(t, seq, &r)) {
        ui_say(s, UI_STYLE_WARN, "Nothing has happened yet: there is no why.");
        return;
    }
    for (int i = 0; i < CAUSES_MAX && seq && tape_get(t, seq, &r); i++) {
        uint32_t by = causes_beside(t, &r), command = r.kind == TRACE_KIND_REPLY ? ui_answered(t, &r) : 0;
        if (first || tells(&r)) {
            add(t, &items, &r, first);
            add_edit(t, &items, r.kind == TRACE_KIND_CONFIG ? trace_attr_get(&r, "pointer") : NULL, seq);
            add_settings(s, &items, &r);
            first = false;
        }
        if (by && by != decided && tape_get(t, by, &beside)) {
            add(t, &items, &beside, false);
            add_edit(t, &items, trace_attr_get(&beside, "pointer"), by);
            if (tape_get(t, causes_kept(t, &beside), &beside))
                add(t, &items, &beside, false);
        }
        decided = by;
        /* Behind the setting that decided about a reply comes the command that the reply answers. */
        seq = r.kind == TRACE_KIND_CONFIG && answered ? answered : causes_before(t, &r, command);
        answered = r.kind == TRACE_KIND_REPLY ? command : 0;
        if (by && seq == by)
            seq = command ? command : tape_cause(t, by);
    }
    ui_panel_list(s, "Why? Each row is because of the one below it; Enter goes there", items.item,
                  items.number, items.n, ui_why_chosen);
}

void ui_why_chosen(struct ui_screen *s, size_t index, uint32_t number)
{
    (void)index;
    ui_go(s, number);
}
