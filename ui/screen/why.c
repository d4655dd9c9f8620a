/*
 * Why did this happen? From a record back through its causes to what began it: a line of configuration, a
 * person, a fault.
 *
 *   550 5.1.1 No such user here            what it is
 *     because  setting /hosts/mx/store/users   the setting that decided
 *     because  RCPT TO:<nobbody@example.org>   what it answers
 *     ...                                      Enter goes there
 */
#include <stdio.h>
#include <string.h>

#include "ui/screen/view.h"

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

static void add(const struct tape *t, struct ui_items *items, const struct trace_record *r, bool first)
{
    char text[700], when[24];
    ui_record_text(t, r, text, sizeof text);
    ui_items_add(items, (uint32_t)r->seq, "%s%10s  ", first ? "        " : "because ",
                 ui_clock(r->t_ns, when));
    if (r->host && strncmp(text, tape_host(t, r->host), strlen(tape_host(t, r->host))) != 0)
        ui_items_more(items, "%s: ", tape_host(t, r->host));
    ui_items_more(items, "%s", text);
}

/* The setting that decided is told right before the reply, with the same cause: it need not be in the chain.
 */
static uint32_t setting_before(const struct tape *t, const struct trace_record *r)
{
    uint32_t cause = (uint32_t)r->cause;
    const struct tape_list *settings = tape_of_kind(t, TRACE_KIND_CONFIG);
    uint32_t seq = tape_before(settings, (uint32_t)r->seq);
    struct trace_record c;
    return seq > cause && tape_get(t, seq, &c) && c.host == r->host && (c.cause == cause || c.cause == r->seq)
               ? seq
               : 0;
}

/* What a record is due to. A reply is due to the command that it answers, although several commands may have
 * come in one segment, and the cause that a record names is the last of them; between the two stands the
 * setting that decided, if one did. */
static uint32_t before(const struct tape *t, const struct trace_record *r, uint32_t *asked_by_reply)
{
    struct trace_record cause;
    uint32_t asked = *asked_by_reply;
    *asked_by_reply = 0;
    if (asked && trace_kind_level(r->kind) == TRACE_STATE)
        return asked;
    if (r->kind != TRACE_KIND_REPLY)
        return (uint32_t)r->cause;
    asked = ui_answered(t, r);
    if (tape_get(t, (uint32_t)r->cause, &cause) && cause.kind == TRACE_KIND_CONFIG) {
        *asked_by_reply = asked;
        return (uint32_t)r->cause;
    }
    return asked ? asked : (uint32_t)r->cause;
}

/* The fault that has lost a frame began earlier, by itself. */
static uint32_t fault_of(const struct tape *t, const struct trace_record *r)
{
    const char *name = r->kind == TRACE_KIND_DROPPED ? trace_attr_get(r, "fault") : NULL;
    const struct tape_list *faults = tape_of_kind(t, TRACE_KIND_FAULT);
    struct trace_record f;
    for (ptrdiff_t i = name ? tape_find(faults, (uint32_t)r->seq) : -1; i >= 0; i--)
        if (tape_get(t, faults->seq[i], &f) && f.link == r->link && trace_attr_get(&f, "fault") &&
            strcmp(trace_attr_get(&f, "fault"), name) == 0)
            return faults->seq[i];
    return 0;
}

void ui_why_open(struct ui_screen *s)
{
    const struct tape *t = s->run.tape;
    struct ui_items items = { 0 };
    struct trace_record r;
    uint32_t seq = ui_selected(s), at = 0, asked = 0;
    bool first = true;
    if (!tape_get(t, seq, &r)) {
        ui_say(s, UI_STYLE_WARN, "Nothing has happened yet: there is no why.");
        return;
    }
    for (int i = 0; i < CAUSES_MAX && seq && tape_get(t, seq, &r); i++, seq = before(t, &r, &asked)) {
        uint32_t setting = r.kind == TRACE_KIND_CONFIG    ? 0
                           : r.kind == TRACE_KIND_DROPPED ? fault_of(t, &r)
                                                          : setting_before(t, &r);
        struct trace_record c;
        if (first || tells(&r)) {
            add(t, &items, &r, first);
            first = false;
        }
        if (setting && setting != at && tape_get(t, setting, &c))
            add(t, &items, &c, false);
        at = setting;
    }
    ui_panel_list(s, "Why? Each row is because of the one below it; Enter goes there", items.item,
                  items.number, items.n, ui_why_chosen);
}

void ui_why_chosen(struct ui_screen *s, size_t index, uint32_t number)
{
    (void)index;
    ui_go(s, number);
}
