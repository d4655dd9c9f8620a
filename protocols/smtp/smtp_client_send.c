/* What the client sends: commands, and content with its dots doubled. */
#include "protocols/smtp/smtp_client_inner.h"

#include <assert.h>

#include "protocols/wire/base64.h"

static const struct wire_lesson lesson_header = { "The client sends the header of the message",
                                                  "From, To, Subject and the rest. The servers did not need "
                                                  "them to find the way: the envelope has done that. What "
                                                  "the recipient sees is here.",
                                                  "RFC 5321 section 2.3.1" };
static const struct wire_lesson lesson_separator = {
    "An empty line ends the header",
    "The first empty line separates header and body. Without it mail programs take the body for header "
    "fields.",
    "RFC 5322 section 2.1"
};
static const struct wire_lesson lesson_body = {
    "The client sends the body",
    "Text, or MIME parts with attachments. SMTP carries it and does not look inside.",
    "RFC 5321 section 2.3.1"
};
static const struct wire_lesson lesson_stuffed = {
    "The client doubles a dot at the start of a line",
    "A line with a single dot would end the message. So every line that begins with a dot gets one more, and "
    "the server "
    "takes it away again.",
    "RFC 5321 section 4.5.2"
};
static const struct wire_lesson lesson_end = {
    "A single dot ends the message",
    "Now the server decides about the whole message. The client keeps its copy until it reads 250.",
    "RFC 5321 section 4.1.1.4"
};
static const struct wire_lesson lesson_nothing = { "The client ends a message that it never began",
                                                   "It had sent DATA ahead, the server says go on, but every "
                                                   "recipient was refused. The lone dot gets both back in "
                                                   "step.",
                                                   "RFC 2920 section 3.1" };
static const struct wire_lesson lesson_cancel = {
    "The client gives up the login",
    "A single * instead of an answer: the question made no sense, or the server failed to prove who it is.",
    "RFC 4954 section 4"
};

/* ---- commands ---- */

static struct wire_line *begin_line(struct smtp_client_step *out, enum smtp_verb verb)
{
    return wire_out_line(&out->send, &smtp_verb_info(verb)->lesson);
}

static void append(struct smtp_client_step *out, struct wire_slice text)
{
    wire_out_bytes(&out->send, text.at, text.len);
}

#define APPEND(out, literal) wire_out_bytes(&(out)->send, literal, sizeof(literal) - 1)

static void append_u64(struct smtp_client_step *out, uint64_t value)
{
    char digits[WIRE_U64_MAX_DIGITS];
    wire_out_bytes(&out->send, digits, wire_put_u64(digits, value));
}

void smtp_client_say(struct smtp_client_step *out, enum smtp_verb verb, struct wire_slice arg)
{
    begin_line(out, verb);
    wire_out_str(&out->send, smtp_verb_info(verb)->name);
    if (arg.len > 0) {
        APPEND(out, " ");
        append(out, arg);
    }
    APPEND(out, "\r\n");
}

/* Marks what was appended since `from` as a secret of this line. */
static void keep_secret(struct smtp_client_step *out, struct wire_line *line, uint32_t from)
{
    line->secret_at = (uint16_t)(from - line->at);
    line->secret_len = (uint16_t)(out->send.len - from);
}

void smtp_client_say_auth(struct smtp_client *c, struct smtp_client_step *out)
{
    char octets[WIRE_AUTH_DATA_MAX], text[WIRE_BASE64_LEN(WIRE_AUTH_DATA_MAX)];
    size_t len = 0;
    struct wire_line *line = begin_line(out, SMTP_VERB_AUTH);
    APPEND(out, "AUTH ");
    wire_out_str(&out->send, c->mech);
    if (c->auth->initial(c->auth_ctx, octets, &len)) {
        uint32_t from;
        APPEND(out, " ");
        from = out->send.len;
        if (len == 0)
            APPEND(out, "="); /* an initial response of no octets, RFC 4954 section 4 */
        else
            wire_out_bytes(&out->send, text, wire_base64_encode(text, octets, len));
        keep_secret(out, line, from);
    }
    APPEND(out, "\r\n");
}

void smtp_client_say_response(struct smtp_client_step *out, const char *octets, size_t len)
{
    char text[WIRE_BASE64_LEN(WIRE_AUTH_DATA_MAX)];
    struct wire_line *line;
    uint32_t from;
    if (!octets) {
        wire_out_line(&out->send, &lesson_cancel);
        APPEND(out, "*\r\n");
        return;
    }
    line = begin_line(out, SMTP_VERB_RESPONSE);
    from = out->send.len;
    wire_out_bytes(&out->send, text, wire_base64_encode(text, octets, len));
    keep_secret(out, line, from);
    APPEND(out, "\r\n");
}

/* " KEY=" and the xtext of a value; left out when it would be longer than the standard allows. */
static void append_xtext(struct smtp_client_step *out, const char *key, struct wire_slice value, size_t max)
{
    char text[3 * SMTP_ORCPT_OCTETS_MAX];
    size_t n;
    if (value.at == NULL || value.len == 0 || value.len > max)
        return;
    n = smtp_xtext_encode(text, value);
    wire_out_str(&out->send, key);
    wire_out_bytes(&out->send, text, n);
}

void smtp_client_say_mail(const struct smtp_client *c, struct smtp_client_step *out)
{
    const struct smtp_client_message *m = c->message;
    begin_line(out, SMTP_VERB_MAIL);
    APPEND(out, "MAIL FROM:<");
    append(out, m->sender);
    APPEND(out, ">");
    if (smtp_client_offers(c, SMTP_EXT_SIZE)) {
        APPEND(out, " SIZE=");
        append_u64(out, m->content.len);
    }
    if (m->body == SMTP_BODY_8BITMIME)
        APPEND(out, " BODY=8BITMIME");
    else if (m->body == SMTP_BODY_BINARYMIME)
        APPEND(out, " BODY=BINARYMIME");
    if (m->smtputf8)
        APPEND(out, " SMTPUTF8");
    if (smtp_client_offers(c, SMTP_EXT_DSN)) {
        if (m->ret == SMTP_RET_FULL)
            APPEND(out, " RET=FULL");
        else if (m->ret == SMTP_RET_HDRS)
            APPEND(out, " RET=HDRS");
        append_xtext(out, " ENVID=", m->envid, SMTP_ENVID_OCTETS_MAX);
    }
    APPEND(out, "\r\n");
}

static void append_notify(struct smtp_client_step *out, unsigned notify)
{
    static const char *const names[] = { "NEVER", "SUCCESS", "FAILURE", "DELAY" };
    const char *before = " NOTIFY=";
    for (unsigned i = 0; i < 4; i++) {
        if (!(notify & (1u << i)))
            continue;
        wire_out_str(&out->send, before);
        wire_out_str(&out->send, names[i]);
        before = ",";
    }
}

void smtp_client_say_rcpt(const struct smtp_client *c, const struct smtp_client_recipient *to,
                          struct smtp_client_step *out)
{
    begin_line(out, SMTP_VERB_RCPT);
    APPEND(out, "RCPT TO:<");
    append(out, to->path);
    APPEND(out, ">");
    if (smtp_client_offers(c, SMTP_EXT_DSN)) {
        append_notify(out, to->notify);
        if (to->orcpt_type.len > 0 && to->orcpt_type.len <= WIRE_U64_MAX_DIGITS && to->orcpt.len > 0 &&
            to->orcpt.len <= SMTP_ORCPT_OCTETS_MAX / 3) {
            APPEND(out, " ORCPT=");
            append(out, to->orcpt_type);
            append_xtext(out, ";", to->orcpt, SMTP_ORCPT_OCTETS_MAX / 3);
        }
    }
    APPEND(out, "\r\n");
}

bool smtp_client_sendable(struct wire_slice path, bool utf8)
{
    bool quoted = false;
    if (path.len > SMTP_CLIENT_PATH_MAX)
        return false;
    for (size_t i = 0; i < path.len; i++) {
        char ch = path.at[i];
        if (wire_is_control(ch) || (wire_is_8bit(ch) && !utf8))
            return false;
        if (ch == '"')
            quoted = !quoted;
        else if (quoted && ch == '\\' && i + 1 < path.len && !wire_is_control(path.at[i + 1]))
            i++;
        else if (!quoted && (ch == ' ' || ch == '<' || ch == '>'))
            return false;
    }
    return !quoted;
}

/* ---- content ---- */

void smtp_client_say_nothing(struct smtp_client_step *out)
{
    wire_out_line(&out->send, &lesson_nothing);
    APPEND(out, ".\r\n");
}

bool smtp_client_chunks(const struct smtp_client *c)
{
    return smtp_client_offers(c, SMTP_EXT_CHUNKING) &&
           (c->config->use_bdat || c->message->body == SMTP_BODY_BINARYMIME);
}

/* What the line of content at `at` teaches; NULL: more of the same. */
static const struct wire_lesson *content_lesson(struct smtp_client *c, const char *at, size_t n, bool stuffed)
{
    bool empty = n == 2 && at[0] == '\r' && at[1] == '\n', first = c->first_line;
    c->first_line = false;
    if (!c->header_done && empty && c->line_start) {
        c->header_done = c->first_line = true;
        return &lesson_separator;
    }
    if (stuffed)
        return &lesson_stuffed;
    if (!first)
        return NULL;
    return c->header_done ? &lesson_body : &lesson_header;
}

/* Copies content up to `end`, line by line, as long as there is room; with `dots` doubled. */
static void copy_lines(struct smtp_client *c, struct smtp_client_step *out, size_t end, bool dots)
{
    const char *content = c->message->content.at;
    while (c->content_at < end && out->send.lines < WIRE_OUT_LINES_MAX - 1) {
        const char *at = content + c->content_at;
        const char *lf = memchr(at, '\n', end - c->content_at);
        size_t n = lf ? (size_t)(lf - at) + 1 : end - c->content_at;
        size_t room = wire_out_room(&out->send);
        bool stuffed = dots && c->line_start && at[0] == '.';
        if (room <= 8)
            return;
        if (n > room - 8) {
            /* A line longer than what is left: in pieces only if it would never fit whole. */
            if (n <= WIRE_OUT_MAX / 2)
                return;
            n = room - 8;
            lf = NULL;
        }
        wire_out_line(&out->send, content_lesson(c, at, n, stuffed));
        if (stuffed)
            APPEND(out, ".");
        wire_out_bytes(&out->send, at, n);
        c->content_at += n;
        c->line_start = lf != NULL && (n > 1 ? at[n - 2] == '\r' : at > content && at[-1] == '\r');
    }
}

void smtp_client_content_begin(struct smtp_client *c, struct smtp_client_step *out)
{
    c->content_at = 0;
    c->header_done = false;
    c->line_start = c->first_line = true;
    smtp_client_enter(c, SMTP_CLIENT_CONTENT);
    smtp_client_content_more(c, out);
}

void smtp_client_chunk_begin(struct smtp_client *c, struct smtp_client_step *out)
{
    size_t left = c->message->content.len - c->content_at;
    bool last = c->config->chunk_octets == 0 || left <= c->config->chunk_octets;
    if (!last)
        left = (size_t)c->config->chunk_octets;
    if (c->state != SMTP_CLIENT_CHUNK) {
        c->header_done = false;
        c->line_start = c->first_line = true;
        smtp_client_enter(c, SMTP_CLIENT_CHUNK);
    }
    c->chunk_end = c->content_at + left;
    begin_line(out, SMTP_VERB_BDAT);
    APPEND(out, "BDAT ");
    append_u64(out, left);
    if (last)
        APPEND(out, " LAST");
    APPEND(out, "\r\n");
    smtp_client_content_more(c, out);
}

void smtp_client_content_more(struct smtp_client *c, struct smtp_client_step *out)
{
    size_t len = c->message->content.len;
    if (c->state == SMTP_CLIENT_CHUNK) {
        copy_lines(c, out, c->chunk_end, false);
        return;
    }
    assert(c->state == SMTP_CLIENT_CONTENT);
    copy_lines(c, out, len, true);
    if (c->content_at < len || wire_out_room(&out->send) < 8 || out->send.lines == WIRE_OUT_LINES_MAX)
        return;
    if (!c->line_start)
        APPEND(out, "\r\n"); /* DATA carries lines: the last one gets its end */
    wire_out_line(&out->send, &lesson_end);
    APPEND(out, ".\r\n");
    smtp_client_enter(c, SMTP_CLIENT_END);
}
