/* What follows a verdict: the rest of the data, the news of the mailbox, the answer. */
#include "protocols/imap/imap_engine.h"

#include <assert.h>

#define LINES_RESERVE 48   /* marks that one response uses at most */
#define ANSWER_ROOM   1024 /* octets of a status line with the capabilities in it */

void imap_step_begin(const struct imap_server *s, struct imap_step *out)
{
    out->verb = IMAP_VERB_NONE;
    out->before = out->after = (enum imap_state)s->state;
    out->verdict = IMAP_TAKEN;
    out->asked = NULL;
    out->secret_at = out->secret_len = 0;
    out->more = out->close = false;
    wire_out_reset(&out->send);
}

/* The only place where the state changes (RFC 3501 section 3). */
void imap_enter(struct imap_server *s, enum imap_state next)
{
    assert(s->state != IMAP_LOGOUT);
    assert(next != IMAP_NOT_AUTHENTICATED);
    assert(next != IMAP_SELECTED || s->state == IMAP_AUTHENTICATED);
    assert((next == IMAP_SELECTED) == (s->view != NULL));
    s->state = (uint8_t)next;
}

void imap_leave_mailbox(struct imap_server *s)
{
    if (s->view == NULL)
        return;
    s->config->store->close(s->host, s->view);
    s->view = NULL;
    s->tell_modseq = s->no_modseq = false;
    imap_saved_drop(s);
    imap_enter(s, IMAP_AUTHENTICATED);
}

bool imap_extends(const struct imap_server *s, unsigned extension)
{
    return (s->offered & extension) != 0;
}

void imap_give(struct imap_server *s, void *memory)
{
    if (memory != NULL)
        s->config->store->give(s->host, memory);
}

void imap_hang_up(struct imap_server *s, struct imap_step *out)
{
    imap_leave_mailbox(s);
    if (s->state != IMAP_LOGOUT)
        imap_enter(s, IMAP_LOGOUT);
    s->output = IMAP_OUTPUT_NONE;
    s->shut = true;
    out->close = true;
    out->more = false;
    out->after = (enum imap_state)s->state;
}

/* ---- answers ---- */

static void put_code(struct imap_sink *k, struct imap_server *s, enum imap_verdict verdict)
{
    const struct imap_job *job = s->job ? s->job : &s->config->scratch->job;
    const struct imap_verdict_info *info = imap_verdict_info(verdict);
    if (verdict == IMAP_LOGGED_IN || verdict == IMAP_GREETED) {
        IMAP_PUT(k, "[");
        imap_put_capability(k, s);
        IMAP_PUT(k, "] ");
    } else if (verdict == IMAP_APPENDED && s->uid != 0) {
        IMAP_PUT(k, "[APPENDUID ");
        imap_put_number(k, s->uidvalidity);
        IMAP_PUT(k, " ");
        imap_put_number(k, s->uid);
        IMAP_PUT(k, "] ");
    } else if ((verdict == IMAP_COPIED || verdict == IMAP_MODIFIED) && s->codes > 0) {
        imap_put(k, job->text + job->code_at, s->codes);
    } else if (verdict == IMAP_REMOVED) {
        IMAP_PUT(k, "[HIGHESTMODSEQ ");
        imap_put_number(k, imap_highest(s));
        IMAP_PUT(k, "] ");
    } else if (info->code[0] != '\0') {
        IMAP_PUT(k, "[");
        imap_put_str(k, info->code);
        IMAP_PUT(k, "] ");
    }
}

/* "... completed", with the name of the verb. */
static bool says_completed(enum imap_verdict verdict)
{
    return verdict == IMAP_COMPLETED || verdict == IMAP_REMOVED || verdict == IMAP_OPENED ||
           verdict == IMAP_OPENED_READ_ONLY;
}

void imap_status_line(struct imap_server *s, const char *tag, enum imap_verdict verdict,
                      struct imap_step *out)
{
    const struct imap_verdict_info *info = imap_verdict_info(verdict);
    const struct wire_lesson *why = &info->lesson;
    const char *known = NULL;
    struct imap_sink k;
    if (verdict == IMAP_NO_MECHANISM && s->config->auth->known)
        known = s->config->auth->known(s->auth_ctx, &why);
    k = imap_sink(&out->send, 0, why);
    if (tag[0] != '\0')
        imap_put_str(&k, tag);
    else
        IMAP_PUT(&k, "*");
    IMAP_PUT(&k, " ");
    imap_put_str(&k, imap_status_name(info->status));
    IMAP_PUT(&k, " ");
    put_code(&k, s, verdict);
    if (verdict == IMAP_GREETED && s->config->greeting)
        imap_put_str(&k, s->config->greeting);
    else if (says_completed(verdict)) {
        imap_put_str(&k, imap_verb_info((enum imap_verb)s->verb)->name);
        IMAP_PUT(&k, " completed");
    } else if (known) {
        imap_put_str(&k, known);
        IMAP_PUT(&k, WIRE_AUTH_KNOWN_TEXT);
    } else {
        imap_put_str(&k, info->text);
    }
    IMAP_PUT(&k, "\r\n");
}

/* The tagged line, and what follows from it. */
static void answer(struct imap_server *s, struct imap_step *out)
{
    enum imap_verdict verdict = (enum imap_verdict)s->verdict;
    enum imap_status status = imap_verdict_info(verdict)->status;
    uint32_t max = s->config->errors_max ? s->config->errors_max : IMAP_ERRORS_MAX;
    out->verb = (enum imap_verb)s->verb;
    out->asked = s->verb != IMAP_VERB_NONE ? &imap_verb_info((enum imap_verb)s->verb)->lesson : NULL;
    out->verdict = verdict;
    out->more = false;
    s->output = IMAP_OUTPUT_NONE;
    if (verdict == IMAP_GOODBYE) {
        imap_status_line(s, "", verdict, out);
        imap_status_line(s, s->tag, IMAP_COMPLETED, out);
        imap_hang_up(s, out);
        return;
    }
    imap_status_line(s, status == IMAP_BYE ? "" : s->tag, verdict, out);
    s->codes = 0;
    s->uid = 0;
    imap_give(s, s->job);
    imap_found_drop(s);
    s->job = NULL;
    if (status == IMAP_BYE) {
        imap_hang_up(s, out);
    } else if (status == IMAP_BAD || verdict == IMAP_WRONG_PASSWORD) {
        if (++s->errors >= max) {
            out->verdict = IMAP_TOO_MANY_ERRORS;
            imap_status_line(s, "", IMAP_TOO_MANY_ERRORS, out);
            imap_hang_up(s, out);
        }
    } else if (status == IMAP_OK && s->state != IMAP_NOT_AUTHENTICATED) {
        s->errors = 0;
    }
}

/* ---- output: job, then news, then the answer ---- */

/* May a message disappear from the client's numbering behind this command? (RFC 3501 section 7.4.1; RFC 5256
 * section 5 for SORT and THREAD) */
static bool may_expunge(enum imap_verb verb)
{
    return verb != IMAP_VERB_FETCH && verb != IMAP_VERB_STORE && verb != IMAP_VERB_SEARCH &&
           verb != IMAP_VERB_SORT && verb != IMAP_VERB_THREAD;
}

static bool has_room(const struct imap_step *out, size_t octets)
{
    return wire_out_room(&out->send) >= octets && out->send.lines + LINES_RESERVE <= WIRE_OUT_LINES_MAX;
}

static void put_count(struct imap_step *out, enum imap_line line, uint32_t n, const char *word)
{
    struct imap_sink k = imap_sink(&out->send, 0, imap_lesson(line));
    IMAP_PUT(&k, "* ");
    imap_put_number(&k, n);
    imap_put_str(&k, word);
}

/* "* VANISHED 4:6,9": one line for the expunges that come one after the other. */
struct vanishing {
    struct imap_sink k;
    uint32_t first, last; /* the range that is still open; 0: no line has begun */
    bool listed;          /* a range stands in the line */
};

static void put_vanished_range(struct vanishing *v)
{
    if (v->listed)
        IMAP_PUT(&v->k, ",");
    v->listed = true;
    imap_put_number(&v->k, v->first);
    if (v->last > v->first) {
        IMAP_PUT(&v->k, ":");
        imap_put_number(&v->k, v->last);
    }
}

static void vanish(struct vanishing *v, uint32_t uid, struct imap_step *out)
{
    if (v->first == 0) {
        v->k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_VANISHED));
        IMAP_PUT(&v->k, "* VANISHED ");
        v->listed = false;
    } else if (uid == v->last + 1) {
        v->last = uid;
        return;
    } else {
        put_vanished_range(v);
    }
    v->first = v->last = uid;
}

static void end_vanished(struct vanishing *v)
{
    if (v->first == 0)
        return;
    put_vanished_range(v);
    IMAP_PUT(&v->k, "\r\n");
    v->first = 0;
}

static void put_news(struct imap_server *s, const struct imap_change *change, struct imap_step *out)
{
    switch (change->kind) {
    case IMAP_CHANGE_EXPUNGE:
        put_count(out, IMAP_LINE_EXPUNGE, change->seq, " EXPUNGE\r\n");
        break;
    case IMAP_CHANGE_EXISTS:
        put_count(out, IMAP_LINE_EXISTS, change->exists, " EXISTS\r\n");
        if (!imap_has(s, IMAP_ENABLED_REV2))
            put_count(out, IMAP_LINE_RECENT, change->recent, " RECENT\r\n");
        break;
    case IMAP_CHANGE_FLAGS:
        imap_put_flags_response(s, change->seq, s->verb >= IMAP_VERB_UID_FETCH, false, out);
        break;
    case IMAP_CHANGE_GONE:
        if (s->verb == IMAP_VERB_DELETE) { /* of its own doing */
            imap_leave_mailbox(s);
            imap_data(out, IMAP_LINE_CLOSED_DELETED, "* OK [CLOSED] The open mailbox is deleted\r\n");
            break;
        }
        s->verdict = IMAP_MAILBOX_GONE;
        s->output = IMAP_OUTPUT_ANSWER;
        imap_leave_mailbox(s);
        break;
    }
}

bool imap_news(struct imap_server *s, bool expunges, struct imap_step *out)
{
    struct vanishing v = { .first = 0 };
    struct imap_change change;
    while (s->view != NULL) {
        if (!has_room(out, IMAP_ROOM_FLAGS)) {
            end_vanished(&v);
            return false;
        }
        if (!s->config->store->next_change(s->host, s->view, expunges, &change))
            break;
        assert(expunges || change.kind != IMAP_CHANGE_EXPUNGE);
        if (change.kind == IMAP_CHANGE_EXPUNGE && imap_has(s, IMAP_ENABLED_QRESYNC)) {
            vanish(&v, change.uid, out);
            continue;
        }
        end_vanished(&v);
        put_news(s, &change, out);
    }
    end_vanished(&v);
    if (s->view != NULL && s->tell_modseq) { /* now the client knows all that the number stands for */
        s->tell_modseq = false;
        imap_put_highest(s, imap_highest(s), out);
    }
    return true;
}

static bool run_job(struct imap_server *s, struct imap_step *out)
{
    struct imap_job *job = s->job ? s->job : &s->config->scratch->job;
    enum imap_verdict verdict = IMAP_COMPLETED;
    bool through = true;
    s->config->scratch->parsed = NULL;
    switch ((enum imap_job_kind)job->kind) {
    case IMAP_JOB_FETCH:
        through = imap_fetch_run(s, job, out, &verdict);
        break;
    case IMAP_JOB_STORE:
        through = imap_store_run(s, job, out, &verdict);
        break;
    case IMAP_JOB_SEARCH:
        through = imap_search_run(s, job, out, &verdict);
        break;
    case IMAP_JOB_LIST:
        through = imap_list_run(s, job, out, &verdict);
        break;
    case IMAP_JOB_SORT:
        through = imap_sort_run(s, job, out, &verdict);
        break;
    case IMAP_JOB_THREAD:
        through = imap_thread_run(s, job, out, &verdict);
        break;
    case IMAP_JOB_NONE:
        break;
    }
    if (through)
        s->verdict = (uint8_t)verdict;
    return through;
}

/* The scratch is everybody's: what must outlive this call moves into memory of the connection. */
static bool keep_job(struct imap_server *s)
{
    const struct imap_job *job = &s->config->scratch->job;
    size_t octets = offsetof(struct imap_job, range) + job->ranges * sizeof job->range[0];
    if (s->job != NULL || (s->output != IMAP_OUTPUT_JOB && s->codes == 0))
        return true;
    s->job = s->config->store->take(s->host, octets);
    if (s->job == NULL)
        return false;
    memcpy(s->job, job, octets);
    return true;
}

static void produce(struct imap_server *s, struct imap_step *out)
{
    if (s->output == IMAP_OUTPUT_JOB && run_job(s, out))
        s->output = IMAP_OUTPUT_NEWS;
    if (s->output == IMAP_OUTPUT_NEWS && imap_news(s, may_expunge((enum imap_verb)s->verb), out))
        s->output = IMAP_OUTPUT_ANSWER;
    if (s->output == IMAP_OUTPUT_IDLE_NEWS && imap_news(s, true, out) && s->output == IMAP_OUTPUT_IDLE_NEWS)
        s->output = IMAP_OUTPUT_NONE;
    if (s->output == IMAP_OUTPUT_ANSWER && has_room(out, s->codes + ANSWER_ROOM)) {
        answer(s, out);
    } else if (s->output != IMAP_OUTPUT_NONE) {
        out->more = true;
        out->verdict = IMAP_RUNNING;
        if (!keep_job(s))
            imap_hang_up(s, out); /* half an answer is out: nothing else can be said */
    }
    out->after = (enum imap_state)s->state;
    assert(!out->send.full);
}

/* A handler has decided. */
void imap_decide(struct imap_server *s, enum imap_verdict verdict, struct imap_step *out)
{
    out->verb = (enum imap_verb)s->verb;
    out->asked = s->verb != IMAP_VERB_NONE ? &imap_verb_info((enum imap_verb)s->verb)->lesson : NULL;
    out->verdict = verdict;
    if (verdict == IMAP_RUNNING)
        s->output = IMAP_OUTPUT_JOB;
    else if (imap_verdict_info(verdict)->status == IMAP_PLUS)
        s->output = verdict == IMAP_IDLING ? IMAP_OUTPUT_IDLE_NEWS : IMAP_OUTPUT_NONE;
    else if (verdict != IMAP_TAKEN)
        s->output = IMAP_OUTPUT_NEWS;
    s->verdict = (uint8_t)verdict;
    if (s->output != IMAP_OUTPUT_NONE)
        produce(s, out);
    out->after = (enum imap_state)s->state;
}

void imap_conclude(struct imap_server *s, enum imap_verdict verdict, struct imap_step *out)
{
    s->input = IMAP_INPUT_COMMAND;
    imap_decide(s, verdict, out);
}

bool imap_server_pull(struct imap_server *s, struct imap_step *out)
{
    if (s->output == IMAP_OUTPUT_NONE)
        return false;
    imap_step_begin(s, out);
    out->verb = (enum imap_verb)s->verb;
    produce(s, out);
    return true;
}

bool imap_server_poll(struct imap_server *s, struct imap_step *out)
{
    if (s->output != IMAP_OUTPUT_NONE || s->input != IMAP_INPUT_IDLE || s->view == NULL)
        return false;
    imap_step_begin(s, out);
    out->verb = IMAP_VERB_IDLE;
    out->verdict = IMAP_IDLING;
    s->output = IMAP_OUTPUT_IDLE_NEWS;
    produce(s, out);
    return out->send.len > 0;
}
