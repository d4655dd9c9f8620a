/*
 * The IMAP server engine: from octets to commands, and from verdicts to answers.
 * Read the table in imap_table.c first: it is the protocol.
 *
 *   in -> one line, or one piece of a literal -> dispatch -> handler -> verdict
 *   verdict -> [the rest of the job's data] -> [news of the mailbox] -> the tagged answer
 */
#include "protocols/imap/imap_engine.h"

#include <assert.h>

#define STRANGER_OCTETS_MAX 8192 /* octets of a command with literals before login; a limit of ours */
#define LINES_RESERVE       48   /* marks that one response uses at most */
#define ANSWER_ROOM         1024 /* octets of a status line with the capabilities in it */

size_t imap_scratch_size(void)
{
    return sizeof(struct imap_scratch);
}

void imap_server_init(struct imap_server *s, const struct imap_server_config *config, void *host,
                      void *auth_ctx, bool tls)
{
    assert(config->store && config->auth && config->scratch);
    *s = (struct imap_server){ .config = config, .host = host, .auth_ctx = auth_ctx, .tls = tls };
}

static void begin(const struct imap_server *s, struct imap_step *out)
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
    imap_enter(s, IMAP_AUTHENTICATED);
}

bool imap_extends(const struct imap_server *s, unsigned extension)
{
    return (s->config->extensions & extension) != 0;
}

static void give(struct imap_server *s, void *memory)
{
    if (memory != NULL)
        s->config->store->give(s->host, memory);
}

static void hang_up(struct imap_server *s, struct imap_step *out)
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

static void put_code(struct imap_sink *k, const struct imap_server *s, enum imap_verdict verdict)
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
    } else if (verdict == IMAP_COPIED && s->codes > 0) {
        imap_put(k, job->text, s->codes);
    } else if (info->code[0] != '\0') {
        IMAP_PUT(k, "[");
        imap_put_str(k, info->code);
        IMAP_PUT(k, "] ");
    }
}

void imap_status_line(struct imap_server *s, const char *tag, enum imap_verdict verdict,
                      struct imap_step *out)
{
    const struct imap_verdict_info *info = imap_verdict_info(verdict);
    struct imap_sink k = imap_sink(&out->send, 0, &info->lesson);
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
    else if (verdict == IMAP_COMPLETED || verdict == IMAP_OPENED || verdict == IMAP_OPENED_READ_ONLY) {
        imap_put_str(&k, imap_verb_info((enum imap_verb)s->verb)->name);
        IMAP_PUT(&k, " completed");
    } else
        imap_put_str(&k, info->text);
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
        hang_up(s, out);
        return;
    }
    imap_status_line(s, status == IMAP_BYE ? "" : s->tag, verdict, out);
    s->codes = 0;
    s->uid = 0;
    give(s, s->job);
    s->job = NULL;
    if (status == IMAP_BYE) {
        hang_up(s, out);
    } else if (status == IMAP_BAD || verdict == IMAP_WRONG_PASSWORD) {
        if (++s->errors >= max) {
            imap_status_line(s, "", IMAP_TOO_MANY_ERRORS, out);
            hang_up(s, out);
        }
    } else if (status == IMAP_OK && s->state != IMAP_NOT_AUTHENTICATED) {
        s->errors = 0;
    }
}

/* ---- output: job, then news, then the answer ---- */

/* May a message disappear from the client's numbering behind this command? (RFC 3501 section 7.4.1) */
static bool may_expunge(enum imap_verb verb)
{
    return verb != IMAP_VERB_FETCH && verb != IMAP_VERB_STORE && verb != IMAP_VERB_SEARCH;
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

/* Returns false while there is more news than fits this piece. */
static bool news(struct imap_server *s, bool expunges, struct imap_step *out)
{
    struct imap_change change;
    while (s->view != NULL) {
        if (!has_room(out, IMAP_ROOM_LINE))
            return false;
        if (!s->config->store->next_change(s->host, s->view, expunges, &change))
            return true;
        switch (change.kind) {
        case IMAP_CHANGE_EXPUNGE:
            assert(expunges);
            put_count(out, IMAP_LINE_EXPUNGE, change.seq, " EXPUNGE\r\n");
            break;
        case IMAP_CHANGE_EXISTS:
            put_count(out, IMAP_LINE_EXISTS, change.exists, " EXISTS\r\n");
            put_count(out, IMAP_LINE_RECENT, change.recent, " RECENT\r\n");
            break;
        case IMAP_CHANGE_FLAGS:
            imap_put_flags_response(s, change.seq, s->verb >= IMAP_VERB_UID_FETCH, IMAP_LINE_FETCH_FLAGS,
                                    out);
            break;
        case IMAP_CHANGE_GONE:
            s->verdict = IMAP_MAILBOX_GONE;
            s->output = IMAP_OUTPUT_ANSWER;
            imap_leave_mailbox(s);
            return true;
        }
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
    if (s->output == IMAP_OUTPUT_NEWS && news(s, may_expunge((enum imap_verb)s->verb), out))
        s->output = IMAP_OUTPUT_ANSWER;
    if (s->output == IMAP_OUTPUT_IDLE_NEWS && news(s, true, out) && s->output == IMAP_OUTPUT_IDLE_NEWS)
        s->output = IMAP_OUTPUT_NONE;
    if (s->output == IMAP_OUTPUT_ANSWER && has_room(out, s->codes + ANSWER_ROOM)) {
        answer(s, out);
    } else if (s->output != IMAP_OUTPUT_NONE) {
        out->more = true;
        out->verdict = IMAP_RUNNING;
        if (!keep_job(s))
            hang_up(s, out); /* half an answer is out: nothing else can be said */
    }
    out->after = (enum imap_state)s->state;
    assert(!out->send.full);
}

/* A handler has decided. */
static void decide(struct imap_server *s, enum imap_verdict verdict, struct imap_step *out)
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
    decide(s, verdict, out);
}

bool imap_server_pull(struct imap_server *s, struct imap_step *out)
{
    if (s->output == IMAP_OUTPUT_NONE)
        return false;
    begin(s, out);
    out->verb = (enum imap_verb)s->verb;
    produce(s, out);
    return true;
}

bool imap_server_poll(struct imap_server *s, struct imap_step *out)
{
    if (s->output != IMAP_OUTPUT_NONE || s->input != IMAP_INPUT_IDLE || s->view == NULL)
        return false;
    begin(s, out);
    out->verb = IMAP_VERB_IDLE;
    out->verdict = IMAP_IDLING;
    s->output = IMAP_OUTPUT_IDLE_NEWS;
    produce(s, out);
    return out->send.len > 0;
}

/* ---- input ---- */

/* "A7 UID FETCH ..." up to the arguments: sets tag and verb, or returns why not. */
static enum imap_verdict read_head(struct imap_server *s, struct imap_cursor *c)
{
    struct wire_slice tag, name;
    bool uid = false;
    s->verb = IMAP_VERB_NONE;
    s->tag[0] = '\0';
    if (!imap_take_tag(c, &tag) || !imap_take_sp(c))
        return IMAP_BAD_TAG;
    memcpy(s->tag, tag.at, tag.len);
    s->tag[tag.len] = '\0';
    if (!imap_take_atom(c, &name))
        return IMAP_BAD_SYNTAX;
    if (wire_slice_is_nocase(name, "UID")) {
        uid = true;
        if (!imap_take_sp(c) || !imap_take_atom(c, &name))
            return IMAP_BAD_SYNTAX;
    }
    s->verb = (uint8_t)imap_verb_find(name, uid);
    return s->verb == IMAP_VERB_NONE ? IMAP_UNKNOWN_COMMAND : IMAP_COMPLETED;
}

/* What the table can check is checked here, once, for every verb. */
static enum imap_verdict check_row(struct imap_server *s, const struct imap_cursor *c)
{
    const struct imap_verb_info *row = imap_verb_info((enum imap_verb)s->verb);
    if (row->extension != 0 && !imap_extends(s, row->extension)) {
        s->verb = IMAP_VERB_NONE;
        return IMAP_UNKNOWN_COMMAND;
    }
    if (!(row->states & IMAP_IN(s->state)))
        return IMAP_WRONG_STATE;
    if ((row->form[0] == '\0' && !imap_at_end(c)) || (row->form[0] == 'S' && !imap_peek(c, ' ')))
        return IMAP_BAD_SYNTAX;
    return IMAP_COMPLETED;
}

static void dispatch(struct imap_server *s, struct wire_slice text, struct imap_step *out)
{
    struct imap_scratch *x = s->config->scratch;
    struct imap_cursor c = { text.at, text.at + text.len, text.at, { x->text, sizeof x->text }, false };
    enum imap_verdict verdict = read_head(s, &c);
    if (verdict == IMAP_COMPLETED)
        verdict = check_row(s, &c);
    if (verdict == IMAP_COMPLETED) {
        imap_take_sp(&c);
        verdict = imap_verb_handler((enum imap_verb)s->verb)(s, &c, out);
    }
    decide(s, verdict, out);
}

/* Adds octets to the command kept so far, with room for `more` behind them; false when the store has no
 * memory. */
static bool keep_part(struct imap_server *s, const char *at, size_t len, size_t more)
{
    struct imap_part *part = s->part;
    size_t have = part ? part->len : 0, want = have + len + more;
    if (part == NULL || part->cap < have + len) {
        part = s->config->store->take(s->host, sizeof *part + want);
        if (part == NULL)
            return false;
        part->cap = (uint32_t)want;
        part->len = (uint32_t)have;
        if (s->part != NULL) {
            memcpy(part->text, s->part->text, have);
            give(s, s->part);
        }
        s->part = part;
    }
    memcpy(part->text + have, at, len);
    part->len = (uint32_t)(have + len);
    return true;
}

static void drop_part(struct imap_server *s)
{
    give(s, s->part);
    s->part = NULL;
}

static uint32_t line_max(const struct imap_server *s)
{
    return s->config->line_max ? s->config->line_max : IMAP_LINE_MAX;
}

/* Refuses a literal: before it is sent if the client waits, else by throwing it away. */
static void refuse_literal(struct imap_server *s, enum imap_verdict verdict, uint64_t octets, bool waits,
                           struct imap_step *out)
{
    uint64_t most = s->config->append_max ? s->config->append_max : IMAP_APPEND_MAX;
    drop_part(s);
    if (!waits && octets > most)
        verdict = IMAP_FLOODED;
    if (waits || verdict == IMAP_FLOODED) {
        imap_conclude(s, verdict, out);
        return;
    }
    s->verdict = (uint8_t)verdict;
    s->input = IMAP_INPUT_SKIP;
    s->left = octets;
}

/* "A7 LOGIN {5}": the octets belong to the command and are kept, if they are not too many. */
static enum imap_verdict admit_literal(struct imap_server *s, struct wire_slice line, uint64_t octets)
{
    uint64_t most = s->state == IMAP_NOT_AUTHENTICATED ? STRANGER_OCTETS_MAX : line_max(s);
    size_t have = s->part ? s->part->len : 0;
    if (octets > most || have + line.len + octets > most)
        return IMAP_LITERAL_TOO_BIG;
    if (!keep_part(s, line.at, line.len, (size_t)octets))
        return IMAP_LIMIT;
    s->left = octets;
    s->input = octets > 0 ? IMAP_INPUT_LITERAL : IMAP_INPUT_COMMAND;
    return IMAP_TAKEN;
}

/* Is it the message of an APPEND? Then it goes to the store as it comes. */
static bool begins_append(struct imap_server *s, struct imap_cursor *c, uint64_t octets,
                          enum imap_verdict *verdict)
{
    if (s->verb != IMAP_VERB_APPEND || !imap_take_sp(c) || !imap_append_begin(s, c, octets, verdict))
        return false;
    if (*verdict == IMAP_TAKEN) {
        s->input = IMAP_INPUT_APPEND;
        s->left = octets;
        drop_part(s);
    }
    return true;
}

struct literal { /* what a line announces at its end */
    uint64_t octets;
    bool waits; /* for permission */
    size_t brace_at;
};

/* A line that ends with "{n}": the command goes on behind n octets. */
static void take_announcement(struct imap_server *s, struct wire_slice line, const struct literal *lit,
                              struct imap_step *out)
{
    struct imap_scratch *x = s->config->scratch;
    size_t have = s->part ? s->part->len : 0;
    struct wire_slice text = wire_slice(line.at, lit->brace_at);
    struct imap_cursor c = { NULL, NULL, NULL, { x->text, sizeof x->text }, false };
    enum imap_verdict verdict;
    if (have > 0 && (have + line.len > line_max(s) || !keep_part(s, line.at, line.len, 0))) {
        refuse_literal(s, IMAP_LITERAL_TOO_BIG, lit->octets, lit->waits, out);
        return;
    }
    if (have > 0) {
        text = wire_slice(s->part->text, have + lit->brace_at);
        line.len = 0; /* it is in the part */
    }
    c.at = c.from = text.at;
    c.end = text.at + text.len;
    verdict = read_head(s, &c);
    if (verdict == IMAP_COMPLETED)
        verdict = check_row(s, &c);
    if (verdict == IMAP_COMPLETED && !lit->waits && !imap_extends(s, IMAP_EXT_LITERAL_PLUS))
        verdict = IMAP_BAD_SYNTAX;
    if (verdict == IMAP_COMPLETED && !begins_append(s, &c, lit->octets, &verdict))
        verdict = admit_literal(s, line, lit->octets);
    out->verb = (enum imap_verb)s->verb;
    if (verdict != IMAP_TAKEN) {
        refuse_literal(s, verdict, lit->octets, lit->waits, out);
    } else if (lit->waits) {
        out->verdict = IMAP_SEND_LITERAL;
        wire_out_line(&out->send, &imap_verdict_info(IMAP_SEND_LITERAL)->lesson);
        wire_out_str(&out->send, "+ Ready for literal data\r\n");
    }
}

/* A LOGIN whose strings come as literals: from the second string on all is masked. */
static void mask_part(struct imap_server *s, size_t used, struct imap_step *out)
{
    if (s->part != NULL && s->verb == IMAP_VERB_LOGIN)
        out->secret_len = (uint32_t)used;
}

static void take_command(struct imap_server *s, struct wire_slice line, struct imap_step *out)
{
    struct literal lit;
    struct wire_slice text = wire_slice(line.at, line.len - 2);
    mask_part(s, text.len, out);
    if (imap_literal_at_end(text.at, text.len, &lit.octets, &lit.waits, &lit.brace_at)) {
        take_announcement(s, line, &lit, out);
        return;
    }
    if (s->part == NULL) {
        dispatch(s, text, out);
        return;
    }
    if (s->part->len + text.len > line_max(s) || !keep_part(s, text.at, text.len, 0))
        decide(s, IMAP_LITERAL_TOO_BIG, out);
    else
        dispatch(s, wire_slice(s->part->text, s->part->len), out);
    drop_part(s);
}

/* The rest of a command that is refused already: its lines and literals lead nowhere. */
static void skip_line(struct imap_server *s, struct wire_slice line, struct imap_step *out)
{
    struct literal lit;
    out->verb = (enum imap_verb)s->verb;
    if (imap_literal_at_end(line.at, line.len - 2, &lit.octets, &lit.waits, &lit.brace_at))
        refuse_literal(s, (enum imap_verdict)s->verdict, lit.octets, lit.waits, out);
    else
        imap_conclude(s, (enum imap_verdict)s->verdict, out);
}

static void take_line(struct imap_server *s, struct wire_slice line, struct imap_step *out)
{
    const char *cr = memchr(line.at, '\r', line.len);
    bool fit = line.len >= 2 && cr == line.at + line.len - 2 && memchr(line.at, '\0', line.len) == NULL;
    struct wire_slice text = wire_slice(line.at, fit ? line.len - 2 : 0);
    switch ((enum imap_input)s->input) {
    case IMAP_INPUT_AUTH:
        out->secret_len = (uint32_t)text.len;
        imap_auth_line(s, fit ? text : WIRE_SLICE("?"), out);
        return;
    case IMAP_INPUT_IDLE:
        out->verb = IMAP_VERB_IDLE;
        imap_conclude(s, wire_slice_is_nocase(text, "DONE") ? IMAP_COMPLETED : IMAP_IDLE_NOT_DONE, out);
        return;
    default:
        break;
    }
    if (!fit) {
        s->tag[0] = '\0';
        s->verb = IMAP_VERB_NONE;
        drop_part(s);
        imap_conclude(s, IMAP_BAD_SYNTAX, out);
    } else if (s->input == IMAP_INPUT_SKIP) {
        skip_line(s, line, out);
    } else {
        take_command(s, line, out);
    }
}

/* Octets that no line end limits. */
static size_t take_octets(struct imap_server *s, const char *in, size_t len, struct imap_step *out)
{
    size_t used = s->left < len ? (size_t)s->left : len;
    out->verb = (enum imap_verb)s->verb;
    if (s->input == IMAP_INPUT_APPEND) {
        imap_append_data(s, in, used);
    } else if (s->input == IMAP_INPUT_LITERAL) {
        mask_part(s, used, out);
        keep_part(s, in, used, 0); /* there is room: admit_literal has taken it */
    }
    s->left -= used;
    if (s->left == 0 && s->input == IMAP_INPUT_LITERAL)
        s->input = IMAP_INPUT_COMMAND;
    return used;
}

size_t imap_server_step(struct imap_server *s, const char *in, size_t len, struct imap_step *out)
{
    const char *lf;
    size_t used;
    assert(s->output == IMAP_OUTPUT_NONE);
    if (s->shut || len == 0)
        return 0;
    if (s->left > 0) {
        begin(s, out);
        return take_octets(s, in, len, out);
    }
    lf = len > s->scanned ? memchr(in + s->scanned, '\n', len - s->scanned) : NULL;
    used = lf ? (size_t)(lf - in) + 1 : len;
    if (lf == NULL && len < line_max(s)) {
        s->scanned = (uint32_t)len;
        return 0;
    }
    s->scanned = 0;
    begin(s, out);
    if (used > line_max(s)) {
        used = line_max(s);
        s->tag[0] = '\0';
        drop_part(s);
        imap_conclude(s, IMAP_LINE_TOO_LONG, out);
    } else if (lf == NULL) {
        imap_conclude(s, IMAP_LINE_TOO_LONG, out);
    } else if (s->input == IMAP_INPUT_APPEND) {
        imap_append_line(s, wire_slice(in, used), out);
    } else {
        take_line(s, wire_slice(in, used), out);
    }
    out->after = (enum imap_state)s->state;
    assert(used > 0 && used <= len && !out->send.full);
    return used;
}

/* ---- the connection ---- */

void imap_server_greet(struct imap_server *s, bool busy, struct imap_step *out)
{
    enum imap_verdict verdict = busy ? IMAP_BUSY : IMAP_GREETED;
    begin(s, out);
    out->verdict = verdict;
    imap_status_line(s, "", verdict, out);
    if (busy)
        hang_up(s, out);
}

void imap_server_tls_started(struct imap_server *s)
{
    assert(s->state == IMAP_NOT_AUTHENTICATED && !s->tls);
    s->tls = true;
    s->scanned = 0;
}

uint64_t imap_server_patience_ns(const struct imap_server *s)
{
    return s->config->patience_ns ? s->config->patience_ns : IMAP_PATIENCE_NS;
}

void imap_server_expire(struct imap_server *s, bool down, struct imap_step *out)
{
    begin(s, out);
    out->verdict = down ? IMAP_SHUTTING_DOWN : IMAP_TIMED_OUT;
    if (!s->shut && s->output == IMAP_OUTPUT_NONE)
        imap_status_line(s, "", out->verdict, out);
    hang_up(s, out);
}

void imap_server_end(struct imap_server *s)
{
    uint32_t ignored;
    if (s->appending)
        s->config->store->append_end(s->host, false, &ignored, &ignored);
    if (s->input == IMAP_INPUT_AUTH)
        s->config->auth->cancel(s->auth_ctx);
    if (s->view != NULL)
        s->config->store->close(s->host, s->view);
    give(s, s->job);
    drop_part(s);
    s->view = NULL;
    s->job = NULL;
    s->appending = false;
    s->shut = true;
    s->state = IMAP_LOGOUT;
    s->input = IMAP_INPUT_COMMAND;
    s->output = IMAP_OUTPUT_NONE;
}
