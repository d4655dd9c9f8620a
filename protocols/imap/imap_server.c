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

size_t imap_scratch_size(void)
{
    return sizeof(struct imap_scratch);
}

void imap_server_init(struct imap_server *s, const struct imap_server_config *config, void *host,
                      void *auth_ctx, bool tls)
{
    assert(config->store && config->auth && config->scratch);
    *s = (struct imap_server){ .config = config, .host = host, .auth_ctx = auth_ctx, .tls = tls };
    s->offered = imap_offered(config);
}

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

static struct imap_cursor cursor_on(const struct imap_server *s, struct wire_slice text)
{
    struct imap_scratch *x = s->config->scratch;
    return (struct imap_cursor){ text.at, text.at + text.len, text.at, { x->text, sizeof x->text },
                                 false,   imap_in_utf8(s) };
}

static void dispatch(struct imap_server *s, struct wire_slice text, struct imap_step *out)
{
    struct imap_cursor c = cursor_on(s, text);
    enum imap_verdict verdict = read_head(s, &c);
    if (verdict == IMAP_COMPLETED)
        verdict = check_row(s, &c);
    if (verdict == IMAP_COMPLETED) {
        imap_take_sp(&c);
        verdict = imap_verb_handler((enum imap_verb)s->verb)(s, &c, out);
    }
    imap_decide(s, verdict, out);
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
            imap_give(s, s->part);
        }
        s->part = part;
    }
    memcpy(part->text + have, at, len);
    part->len = (uint32_t)(have + len);
    return true;
}

static void drop_part(struct imap_server *s)
{
    imap_give(s, s->part);
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

struct literal { /* what a line announces at its end */
    uint64_t octets;
    bool waits; /* for permission */
    bool tilde; /* literal8 */
    size_t brace_at;
};

static bool announces(struct wire_slice line, struct literal *lit)
{
    if (!imap_literal_at_end(line.at, line.len, &lit->octets, &lit->waits, &lit->brace_at))
        return false;
    lit->tilde = line.at[lit->brace_at] == '~';
    return true;
}

/* Is it the message of an APPEND? Then it goes to the store as it comes. */
static bool begins_append(struct imap_server *s, struct imap_cursor *c, const struct literal *lit,
                          enum imap_verdict *verdict)
{
    if (s->verb != IMAP_VERB_APPEND || !imap_take_sp(c) ||
        !imap_append_begin(s, c, lit->octets, lit->tilde, verdict))
        return false;
    if (*verdict == IMAP_TAKEN) {
        s->input = IMAP_INPUT_APPEND;
        s->left = lit->octets;
        drop_part(s);
    }
    return true;
}

static enum imap_verdict check_literal(const struct imap_server *s, const struct literal *lit)
{
    if ((imap_verb_verdicts((enum imap_verb)s->verb) & IMAP_CAN_END(IMAP_SEND_LITERAL)) == 0 ||
        (lit->tilde && s->verb != IMAP_VERB_APPEND))
        return IMAP_BAD_SYNTAX;
    if (lit->waits || imap_extends(s, IMAP_EXT_LITERAL_PLUS))
        return IMAP_COMPLETED;
    if (!imap_extends(s, IMAP_EXT_LITERAL_MINUS))
        return IMAP_BAD_SYNTAX;
    return lit->octets <= IMAP_LITERAL_MINUS_MAX ? IMAP_COMPLETED : IMAP_LITERAL_UNASKED;
}

/* A line that ends with "{n}": the command goes on behind n octets. */
static void take_announcement(struct imap_server *s, struct wire_slice line, const struct literal *lit,
                              struct imap_step *out)
{
    size_t have = s->part ? s->part->len : 0;
    struct wire_slice text = wire_slice(line.at, lit->brace_at);
    struct imap_cursor c;
    enum imap_verdict verdict;
    if (have > 0 && (have + line.len > line_max(s) || !keep_part(s, line.at, line.len, 0))) {
        refuse_literal(s, IMAP_LITERAL_TOO_BIG, lit->octets, lit->waits, out);
        return;
    }
    if (have > 0) {
        text = wire_slice(s->part->text, have + lit->brace_at);
        line.len = 0; /* it is in the part */
    }
    c = cursor_on(s, text);
    verdict = read_head(s, &c);
    if (verdict == IMAP_COMPLETED)
        verdict = check_row(s, &c);
    if (verdict == IMAP_COMPLETED)
        verdict = check_literal(s, lit);
    if (verdict == IMAP_COMPLETED && !begins_append(s, &c, lit, &verdict))
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
    if (announces(text, &lit)) {
        take_announcement(s, line, &lit, out);
        return;
    }
    if (s->part == NULL) {
        dispatch(s, text, out);
        return;
    }
    if (s->part->len + text.len > line_max(s) || !keep_part(s, text.at, text.len, 0))
        imap_decide(s, IMAP_LITERAL_TOO_BIG, out);
    else
        dispatch(s, wire_slice(s->part->text, s->part->len), out);
    drop_part(s);
}

/* The rest of a command that is refused already: its lines and literals lead nowhere. */
static void skip_line(struct imap_server *s, struct wire_slice line, struct imap_step *out)
{
    struct literal lit;
    out->verb = (enum imap_verb)s->verb;
    if (announces(wire_slice(line.at, line.len - 2), &lit))
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
        imap_step_begin(s, out);
        return take_octets(s, in, len, out);
    }
    lf = len > s->scanned ? memchr(in + s->scanned, '\n', len - s->scanned) : NULL;
    used = lf ? (size_t)(lf - in) + 1 : len;
    if (lf == NULL && len < line_max(s)) {
        s->scanned = (uint32_t)len;
        return 0;
    }
    s->scanned = 0;
    imap_step_begin(s, out);
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
    imap_step_begin(s, out);
    out->verdict = verdict;
    imap_status_line(s, "", verdict, out);
    if (busy)
        imap_hang_up(s, out);
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
    imap_step_begin(s, out);
    out->verdict = down ? IMAP_SHUTTING_DOWN : IMAP_TIMED_OUT;
    if (!s->shut && s->output == IMAP_OUTPUT_NONE)
        imap_status_line(s, "", out->verdict, out);
    imap_hang_up(s, out);
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
    imap_give(s, s->job);
    imap_saved_drop(s);
    imap_found_drop(s);
    drop_part(s);
    s->view = NULL;
    s->job = NULL;
    s->appending = false;
    s->shut = true;
    s->state = IMAP_LOGOUT;
    s->input = IMAP_INPUT_COMMAND;
    s->output = IMAP_OUTPUT_NONE;
}
