/* What somebody says to a served world, and what changes by it. */
#include "sim/gateway/control.h"

#include <stdlib.h>
#include <string.h>

#include "sim/hosts/mua_order.h"
#include "sim/hosts/trouble.h"

/* ---- the record of the input ------------------------------------------------------------------------------
 */

/* It is the cause of what follows from it. */
static void tell_input(struct world *w, const struct control_request *r, const char *words, size_t len)
{
    struct trace_record t = { .kind = TRACE_KIND_INPUT, .t_ns = world_now(w) };
    w->trace.cause = 0;
    if (!trace_wants(&w->trace, TRACE_STATE)) {
        if (w->trace.levels)
            trace_skip(&w->trace);
        return;
    }
    t.text = words;
    t.text_len = len;
    trace_attr_str(&t, "event", "control");
    trace_attr_str(&t, "command", control_command(r->verb)->name);
    w->trace.cause = trace_emit(&w->trace, &t);
}

/* ---- faults
 * ------------------------------------------------------------------------------------------------ */

static bool refused(struct control_answer *a, const char *error)
{
    answer_refuse(a, error);
    return false;
}

static bool dns_answer(const char *word, enum trouble_dns *out)
{
    static const char *const words[] = { [TROUBLE_DNS_SERVFAIL] = "servfail",
                                         [TROUBLE_DNS_REFUSED] = "refused",
                                         [TROUBLE_DNS_SILENT] = "silent" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (enum trouble_dns)i;
            return true;
        }
    return false;
}

/* What each command means as an order. False: the answer is there. */
static bool order_of(const struct control_request *r, struct trouble_order *o, struct control_answer *a)
{
    switch (r->verb) {
    case CONTROL_REFUSE:
        o->kind = TROUBLE_REFUSE;
        o->where = control_text(r, "host");
        o->match = control_text(r, "match");
        o->command = control_given(r, "at") ? control_text(r, "at") : "RCPT";
        o->code = control_given(r, "code") ? (uint16_t)control_number(r, "code") : 550;
        o->status = control_text(r, "status");
        o->text = control_text(r, "text");
        o->first = (uint32_t)control_number(r, "first");
        break;
    case CONTROL_DELAY:
        o->kind = TROUBLE_DELAY;
        o->where = control_text(r, "host");
        o->delay_ns = control_number(r, "by");
        o->command = control_text(r, "after");
        o->port = (uint16_t)control_number(r, "port");
        o->first = (uint32_t)control_number(r, "first");
        break;
    case CONTROL_DROP:
        o->kind = TROUBLE_DROP;
        o->where = control_text(r, "host");
        o->command = control_text(r, "after");
        o->octets = control_number(r, "octets");
        o->reset = control_number(r, "reset") != 0;
        o->port = (uint16_t)control_number(r, "port");
        o->first = (uint32_t)control_number(r, "first");
        break;
    case CONTROL_FILL:
        o->kind = TROUBLE_FILL;
        o->where = control_text(r, "address");
        break;
    case CONTROL_DNS:
        o->kind = TROUBLE_DNS;
        o->where = control_text(r, "host");
        if (!dns_answer(control_text(r, "answer"), &o->dns))
            return refused(a, "\"answer\" must be servfail, refused or silent");
        break;
    case CONTROL_DOWN:
        o->kind = TROUBLE_DOWN;
        o->where = control_text(r, "name");
        break;
    case CONTROL_LOSS:
        o->kind = TROUBLE_LOSS;
        o->where = control_text(r, "link");
        o->ppm = (uint32_t)control_number(r, "chance");
        break;
    default:
        o->kind = TROUBLE_LAG;
        o->where = control_text(r, "link");
        o->delay_ns = control_number(r, "by");
        break;
    }
    o->for_ns = control_number(r, "for");
    return true;
}

static void answer_ok(struct control_answer *a, const struct control_request *r, const char *key,
                      uint64_t number)
{
    answer_begin_flat(a, r->as_text);
    answer_num(a, key, number);
    answer_end_flat(a);
}

static bool set_fault(const struct control_room *room, const struct control_request *r, const char *words,
                      size_t len, struct control_answer *a)
{
    struct trouble_order o = { .words = words };
    char error[TROUBLE_ERROR_MAX];
    uint32_t id;
    if (!order_of(r, &o, a))
        return false;
    if (!trouble_check(room->world, &o, error))
        return refused(a, error);
    tell_input(room->world, r, words, len);
    id = trouble_add(room->world, &o, error);
    answer_ok(a, r, "fault", id);
    return true;
}

static uint32_t fault_number(const char *text)
{
    char *end;
    unsigned long n = text && *text >= '1' && *text <= '9' ? strtoul(text, &end, 10) : 0;
    return n > 0 && *end == '\0' && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static bool is_set(const struct world *w, uint32_t id)
{
    const struct trouble *t = trouble_next(w, NULL);
    while (t && t->id != id)
        t = trouble_next(w, t);
    return t != NULL;
}

static bool clear(const struct control_room *room, const struct control_request *r, const char *words,
                  size_t len, struct control_answer *a)
{
    struct world *w = room->world;
    const char *what = r->verb == CONTROL_CLEAR ? control_text(r, "what") : control_text(r, "name");
    char number[24];
    unsigned n;
    if (!what) { /* a number as such */
        snprintf(number, sizeof number, "%llu", (unsigned long long)control_number(r, "what"));
        what = number;
    }
    if (r->verb == CONTROL_CLEAR && strcmp(what, "all") != 0) {
        uint32_t id = fault_number(what);
        if (!is_set(w, id))
            return refused(a, "\"what\" must be all, or the number of a fault that is set");
        tell_input(w, r, words, len);
        trouble_clear(w, id);
        n = 1;
    } else {
        bool down = r->verb == CONTROL_CLEAR;
        for (const struct trouble *t = trouble_next(w, NULL); t; t = trouble_next(w, t))
            down |= t->order.kind == TROUBLE_DOWN && strcmp(t->where, what) == 0;
        if (!down)
            return refused(a, "\"name\" must be a host or a link that was taken down here");
        tell_input(w, r, words, len);
        n = trouble_clear_all(w, r->verb == CONTROL_CLEAR ? NULL : what);
    }
    answer_ok(a, r, "cleared", n);
    return true;
}

/* ---- sending
 * ------------------------------------------------------------------------------------------------ */

/* Lines that end in LF alone get their CR: RFC 5322 section 2.1. NULL stays NULL. */
static char *with_crlf(const char *text)
{
    size_t n = 0, more = 0;
    char *out, *to;
    if (!text)
        return NULL;
    for (; text[n]; n++)
        more += text[n] == '\n' && (n == 0 || text[n - 1] != '\r');
    to = out = core_alloc(n + more + 1);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
            *to++ = '\r';
        *to++ = text[i];
    }
    return out;
}

static bool send_message(const struct control_room *room, const struct control_request *r, const char *words,
                         size_t len, struct control_given *g, struct control_answer *a)
{
    char error[MUA_ORDER_ERROR_MAX], *raw = with_crlf(control_text(r, "raw"));
    struct mua_order o = { .from = control_text(r, "from"),
                           .to = control_text(r, "to"),
                           .subject = control_text(r, "subject"),
                           .text = control_text(r, "text"),
                           .raw = raw,
                           .via = control_text(r, "via"),
                           .at = control_text(r, "at"),
                           .port = (uint16_t)control_number(r, "port"),
                           .done = room->sent,
                           .ctx = room->sent_ctx };
    tell_input(room->world, r, words, len);
    g->order = mua_order(room->world, &o, error);
    free(raw);
    if (!g->order)
        return refused(a, error);
    g->wait = CONTROL_SENT;
    return true;
}

void answer_sent(struct control_answer *a, const char *result, bool as_text)
{
    answer_begin_flat(a, as_text);
    answer_word(a, "result", result);
    answer_end_flat(a);
}

/* ---- time
 * --------------------------------------------------------------------------------------------------- */

void answer_time(struct control_answer *a, const struct control_room *room, bool as_text)
{
    answer_begin_flat(a, as_text);
    answer_num(a, "t_ns", room->now_ns);
    answer_num(a, "unix", (uint64_t)(room->world->spec->epoch_s + (int64_t)(room->now_ns / CORE_S)));
    answer_end_flat(a);
}

static bool advance(const struct control_room *room, const struct control_request *r, const char *words,
                    size_t len, struct control_given *g, struct control_answer *a)
{
    uint64_t by = control_number(r, "by");
    if (by > CONTROL_ADVANCE_MAX)
        return refused(a, "\"by\" must be at most 365d");
    if (room->end_ns && (room->now_ns >= room->end_ns || by > room->end_ns - room->now_ns))
        return refused(a, "\"by\" leads behind the end that --duration has set");
    tell_input(room->world, r, words, len);
    g->wait = CONTROL_TIME_COMES;
    g->until_ns = room->now_ns + by;
    if (room->advance)
        room->advance(room->advance_ctx, g->until_ns);
    return true;
}

bool control_give(const struct control_room *room, const struct control_request *r, struct control_given *g,
                  struct control_answer *a)
{
    char words[CONTROL_WORDS_MAX];
    size_t len = control_words(r, words);
    *g = (struct control_given){ .wait = CONTROL_NOW };
    switch (r->verb) {
    case CONTROL_CLEAR:
    case CONTROL_UP:
        return clear(room, r, words, len, a);
    case CONTROL_SEND:
        return send_message(room, r, words, len, g, a);
    case CONTROL_ADVANCE:
        return advance(room, r, words, len, g, a);
    default:
        return set_fault(room, r, words, len, a);
    }
}
