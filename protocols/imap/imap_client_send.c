/* What the client sends: one command after the other, each as one text that stops where the server must
 * agree. */
#include "protocols/imap/imap_client_engine.h"

#include "protocols/wire/base64.h"

#include <assert.h>

static const struct wire_lesson *lesson(enum imap_line line)
{
    return &imap_line_info(line)->lesson;
}

/* "{310}", and then the server must agree, unless it takes literals unasked. What lies before k->skip
 * has been agreed to already. */
static void put_announcement(struct imap_sink *k, struct imap_client *c, uint64_t octets)
{
    bool waits = !(c->extensions & IMAP_EXT_LITERAL_PLUS) &&
                 !((c->extensions & IMAP_EXT_LITERAL_MINUS) && octets <= IMAP_LITERAL_MINUS_MAX);
    IMAP_PUT(k, "{");
    imap_put_number(k, octets);
    imap_put_str(k, waits ? "}\r\n" : "+}\r\n");
    if (waits && !k->full && k->at > k->skip) {
        c->waiting = true;
        k->full = true;
    }
}

static void put_text(struct imap_sink *k, struct imap_client *c, const char *str)
{
    struct wire_slice s = wire_slice_str(str);
    if (imap_is_quotable(s)) {
        imap_put_string(k, s);
        return;
    }
    put_announcement(k, c, s.len);
    imap_put_mark(k, lesson(IMAP_LINE_CLIENT_LITERAL));
    imap_put(k, s.at, s.len);
}

/* Mailbox names go without quotes where they can: INBOX, not "INBOX". */
static void put_mailbox(struct imap_sink *k, struct imap_client *c, const char *name)
{
    assert(name != NULL);
    if (imap_is_atom(wire_slice_str(name)))
        imap_put_str(k, name);
    else
        put_text(k, c, name);
}

/* The same, and a view masks it: from the mark of its line on. */
static void put_secret(struct imap_sink *k, struct imap_client *c, const char *password)
{
    struct wire_out *out = k->out;
    struct wire_line *line;
    uint32_t from = out->len;
    put_text(k, c, password);
    if (out->lines == 0 || out->len == from)
        return;
    line = &out->line[out->lines - 1];
    from = line->at > from ? line->at : from;
    line->secret_at = (uint16_t)(from - line->at);
    line->secret_len = (uint16_t)(out->len - from);
}

static void put_login(struct imap_sink *k, struct imap_client *c)
{
    const struct wire_auth_client *auth = c->config->auth;
    IMAP_PUT(k, " ");
    put_text(k, c, auth->user(c->auth_ctx));
    IMAP_PUT(k, " ");
    put_secret(k, c, auth->password(c->auth_ctx));
}

static void put_base64(struct imap_sink *k, const char *at, size_t len)
{
    char letters[WIRE_BASE64_LEN(WIRE_AUTH_DATA_MAX)];
    imap_put(k, letters, wire_base64_encode(letters, at, len));
}

/* The whole line fits a piece, so initial() is asked once. */
static void put_authenticate(struct imap_sink *k, struct imap_client *c)
{
    char *data = c->config->scratch->text;
    struct wire_line *line = &k->out->line[k->out->lines - 1];
    size_t len = 0;
    IMAP_PUT(k, " ");
    imap_put_str(k, c->mechanism);
    c->first_challenge = true;
    if (!(c->extensions & IMAP_EXT_SASL_IR) || !c->config->auth->initial(c->auth_ctx, data, &len))
        return;
    c->first_challenge = false;
    IMAP_PUT(k, " ");
    line->secret_at = (uint16_t)(k->out->len - line->at);
    if (len == 0)
        IMAP_PUT(k, "=");
    else
        put_base64(k, data, len);
    line->secret_len = (uint16_t)(k->out->len - line->at - line->secret_at);
}

/* The message of an APPEND, read from the host where this piece begins. */
static void put_message(struct imap_sink *k, struct imap_client *c)
{
    uint64_t size = c->task->size_octets, from = k->at, offset;
    put_announcement(k, c, size);
    if (k->full)
        return;
    from = k->at;
    imap_put_mark(k, lesson(IMAP_LINE_CLIENT_MESSAGE));
    offset = k->skip > from ? k->skip - from : 0;
    offset = offset < size ? offset : size;
    k->at += offset;
    while (offset < size && !k->full) {
        const char *at = NULL;
        size_t n = c->config->ops->append_read(c->host, c->task, offset, &at);
        assert(n > 0);
        n = size - offset < n ? (size_t)(size - offset) : n;
        imap_put(k, at, n);
        offset = k->at - from;
    }
    imap_put_mark(k, NULL);
}

static void put_store(struct imap_sink *k, const struct imap_task *t)
{
    static const char *const signs[] = { " FLAGS", " +FLAGS", " -FLAGS" };
    IMAP_PUT(k, " ");
    imap_put_str(k, t->set);
    imap_put_str(k, signs[t->mode]);
    imap_put_str(k, t->silent ? ".SILENT " : " ");
    imap_put_str(k, t->args);
}

/* What stands behind the verb of a task. */
static void put_arguments(struct imap_sink *k, struct imap_client *c, const struct imap_task *t)
{
    switch ((enum imap_verb)c->verb) {
    case IMAP_VERB_SELECT:
    case IMAP_VERB_EXAMINE:
        IMAP_PUT(k, " ");
        put_mailbox(k, c, t->mailbox);
        imap_put_str(k, t->args ? " " : "");
        imap_put_str(k, t->args ? t->args : "");
        break;
    case IMAP_VERB_GETQUOTAROOT:
    case IMAP_VERB_CREATE:
    case IMAP_VERB_DELETE:
    case IMAP_VERB_SUBSCRIBE:
    case IMAP_VERB_UNSUBSCRIBE:
        IMAP_PUT(k, " ");
        put_mailbox(k, c, t->mailbox);
        break;
    case IMAP_VERB_RENAME:
        IMAP_PUT(k, " ");
        put_mailbox(k, c, t->mailbox);
        IMAP_PUT(k, " ");
        put_mailbox(k, c, t->to);
        break;
    case IMAP_VERB_LIST:
    case IMAP_VERB_LSUB:
        IMAP_PUT(k, " \"\" ");
        put_text(k, c, t->mailbox);
        break;
    case IMAP_VERB_STATUS:
        IMAP_PUT(k, " ");
        put_mailbox(k, c, t->mailbox);
        IMAP_PUT(k, " ");
        imap_put_str(k, t->args);
        break;
    case IMAP_VERB_APPEND:
        IMAP_PUT(k, " ");
        put_mailbox(k, c, t->mailbox);
        IMAP_PUT(k, " ");
        imap_put_str(k, t->args ? t->args : "");
        imap_put_str(k, t->args ? " " : "");
        put_message(k, c);
        break;
    case IMAP_VERB_STORE:
    case IMAP_VERB_UID_STORE:
        put_store(k, t);
        break;
    case IMAP_VERB_COPY:
    case IMAP_VERB_UID_COPY:
    case IMAP_VERB_MOVE:
    case IMAP_VERB_UID_MOVE:
        IMAP_PUT(k, " ");
        imap_put_str(k, t->set);
        IMAP_PUT(k, " ");
        put_mailbox(k, c, t->mailbox);
        break;
    case IMAP_VERB_ID:
        IMAP_PUT(k, " ");
        imap_put_str(k, t->args ? t->args : "NIL");
        break;
    default: /* the set and the arguments, where a verb has them */
        if (t->set != NULL)
            IMAP_PUT(k, " ");
        imap_put_str(k, t->set ? t->set : "");
        if (t->args != NULL)
            IMAP_PUT(k, " ");
        imap_put_str(k, t->args ? t->args : "");
        break;
    }
}

static void put_command(struct imap_sink *k, struct imap_client *c)
{
    IMAP_PUT(k, "A");
    imap_put_number(k, c->tag);
    IMAP_PUT(k, " ");
    imap_put_str(k, imap_verb_info((enum imap_verb)c->verb)->name);
    if (c->verb == IMAP_VERB_LOGIN)
        put_login(k, c);
    else if (c->verb == IMAP_VERB_AUTHENTICATE)
        put_authenticate(k, c);
    else if (c->task != NULL && c->state == IMAP_CLIENT_TASK)
        put_arguments(k, c, c->task);
    IMAP_PUT(k, "\r\n");
}

void imap_client_continue(struct imap_client *c, bool allowed, struct imap_client_step *out)
{
    struct imap_sink k = { &out->send, c->sent, 0, false };
    if (c->sent == 0)
        wire_out_line(&out->send, &imap_verb_info((enum imap_verb)c->verb)->lesson);
    else if (!allowed)
        wire_out_line(&out->send, NULL); /* a piece of what the last mark was for */
    c->waiting = false;
    put_command(&k, c);
    c->sent = k.at;
    c->pending = k.full && !c->waiting;
    out->more = c->pending;
    assert(!out->send.full);
}

void imap_client_begin(struct imap_client *c, enum imap_verb verb, struct imap_client_step *out)
{
    c->verb = (uint8_t)verb;
    c->tag++;
    c->sent = 0;
    c->done_sent = false;
    imap_client_continue(c, false, out);
}

void imap_client_respond(struct imap_client *c, struct wire_slice challenge, struct imap_client_step *out)
{
    char in[WIRE_AUTH_DATA_MAX], *data = c->config->scratch->text;
    const struct wire_auth_client *auth = c->config->auth;
    size_t in_len = 0, len = 0;
    bool first = c->first_challenge;
    struct imap_sink k = { &out->send, 0, 0, false };
    struct wire_line *line;
    c->first_challenge = false;
    if (!first || !auth->initial(c->auth_ctx, data, &len)) {
        enum wire_auth next = WIRE_AUTH_MALFORMED;
        if (wire_base64_decode(in, sizeof in, &in_len, challenge.at, challenge.len))
            next = auth->respond(c->auth_ctx, in, in_len, data, &len);
        if (next != WIRE_AUTH_MORE && next != WIRE_AUTH_OK) {
            wire_out_line(&out->send, lesson(IMAP_LINE_CLIENT_CANCELS));
            wire_out_str(&out->send, "*\r\n");
            return;
        }
    }
    line = wire_out_line(&out->send, lesson(IMAP_LINE_CLIENT_CREDENTIALS));
    put_base64(&k, data, len);
    line->secret_len = (uint16_t)out->send.len;
    IMAP_PUT(&k, "\r\n");
}

void imap_client_send_done(struct imap_client *c, struct imap_client_step *out)
{
    if (c->done_sent)
        return;
    c->done_sent = true;
    wire_out_line(&out->send, lesson(IMAP_LINE_CLIENT_DONE));
    wire_out_str(&out->send, "DONE\r\n");
}
