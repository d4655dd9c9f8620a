/* One message: its envelope, sent one command at a time or as a group, and how it ends. */
#include "protocols/smtp/smtp_client_inner.h"

#include <assert.h>

/* ---- results ---- */

void smtp_client_message_done(struct smtp_client *c, struct smtp_client_step *out,
                              enum smtp_client_verdict verdict)
{
    const struct smtp_client_message *message = c->message;
    struct smtp_client_result result = smtp_client_result(out, verdict);
    if (!message)
        return;
    c->message = NULL;
    c->ops->message_done(c->host, message, &result);
}

static void recipient_done(struct smtp_client *c, struct smtp_client_step *out, uint32_t i,
                           enum smtp_client_verdict verdict)
{
    struct smtp_client_result result = smtp_client_result(out, verdict);
    if (verdict == SMTP_CLIENT_BAD_ADDRESS) /* no reply is behind it */
        result = (struct smtp_client_result){ .verdict = verdict, .status = "5.1.3" };
    c->ops->recipient_done(c->host, i, &result);
}

/* ---- beginning ---- */

/* Why the message in hand cannot go to this server at all; ACCEPTED if it can. */
static enum smtp_client_verdict unfit(const struct smtp_client *c)
{
    const struct smtp_client_message *m = c->message;
    if (m->smtputf8 && !smtp_client_offers(c, SMTP_EXT_SMTPUTF8))
        return SMTP_CLIENT_NEEDS_UTF8;
    if (m->body == SMTP_BODY_8BITMIME && !smtp_client_offers(c, SMTP_EXT_8BITMIME))
        return SMTP_CLIENT_NEEDS_8BIT;
    if (m->body == SMTP_BODY_BINARYMIME &&
        !(smtp_client_offers(c, SMTP_EXT_BINARYMIME) && smtp_client_offers(c, SMTP_EXT_CHUNKING)))
        return SMTP_CLIENT_NEEDS_8BIT;
    if (c->size_max > 0 && m->content.len > c->size_max)
        return SMTP_CLIENT_TOO_BIG;
    if (!smtp_client_sendable(m->sender, m->smtputf8))
        return SMTP_CLIENT_BAD_ADDRESS;
    return SMTP_CLIENT_ACCEPTED;
}

static void begin_envelope(struct smtp_client *c, struct smtp_client_step *out)
{
    c->in_flight = c->rcpt_next = c->rcpt_due = c->rcpt_sent = c->accepted = 0;
    c->content_at = 0;
    c->mail_sent = c->mail_answered = c->data_sent = c->empty_end = false;
    smtp_client_enter(c, SMTP_CLIENT_ENVELOPE);
    smtp_client_push(c, out);
}

void smtp_client_next(struct smtp_client *c, struct smtp_client_step *out)
{
    assert(!c->message);
    while ((c->message = c->ops->next(c->host)) != NULL) {
        enum smtp_client_verdict verdict = unfit(c);
        struct smtp_client_result result = { .verdict = verdict };
        const struct smtp_client_message *message = c->message;
        if (verdict == SMTP_CLIENT_ACCEPTED)
            break;
        memcpy(result.status, smtp_client_verdict_info(verdict)->status, sizeof "5.6.7");
        if (verdict == SMTP_CLIENT_BAD_ADDRESS)
            memcpy(result.status, "5.1.7", sizeof "5.1.7");
        c->message = NULL;
        c->ops->message_done(c->host, message, &result);
    }
    if (!c->message) {
        smtp_client_say(out, SMTP_VERB_QUIT, wire_slice(NULL, 0));
        smtp_client_enter(c, SMTP_CLIENT_QUIT);
    } else if (c->mail_open) {
        smtp_client_say(out, SMTP_VERB_RSET, wire_slice(NULL, 0));
        smtp_client_enter(c, SMTP_CLIENT_RSET);
    } else {
        begin_envelope(c, out);
    }
}

/* ---- sending ---- */

/* The next RCPT that can be written, if any is left. False: none was. */
static bool push_rcpt(struct smtp_client *c, struct smtp_client_step *out)
{
    while (c->rcpt_next < c->message->recipients) {
        struct smtp_client_recipient to = { 0 };
        uint32_t i = c->rcpt_next++;
        c->ops->recipient(c->host, i, &to);
        if (to.path.len > 0 && smtp_client_sendable(to.path, c->message->smtputf8)) {
            smtp_client_say_rcpt(c, &to, out);
            c->rcpt_sent++;
            c->in_flight++;
            return true;
        }
        recipient_done(c, out, i, SMTP_CLIENT_BAD_ADDRESS);
    }
    return false;
}

/* One more command of the envelope. False: there is none to send now. */
static bool push_one(struct smtp_client *c, struct smtp_client_step *out)
{
    if (!c->message)
        return false;
    if (!c->mail_sent) {
        smtp_client_say_mail(c, out);
        c->mail_sent = true;
        c->in_flight++;
        return true;
    }
    if (push_rcpt(c, out))
        return true;
    /* DATA closes the group. It is not worth sending when nobody has been accepted and no answer is open. */
    if (c->data_sent || smtp_client_chunks(c) || c->rcpt_sent == 0 || (c->in_flight == 0 && c->accepted == 0))
        return false;
    smtp_client_say(out, SMTP_VERB_DATA, wire_slice(NULL, 0));
    c->data_sent = true;
    c->in_flight++;
    return true;
}

void smtp_client_push(struct smtp_client *c, struct smtp_client_step *out)
{
    bool group = smtp_client_offers(c, SMTP_EXT_PIPELINING) && !c->config->no_pipelining;
    uint32_t limit = group ? SMTP_CLIENT_IN_FLIGHT_MAX : 1;
    while (c->in_flight < limit && wire_out_room(&out->send) >= SMTP_CLIENT_COMMAND_ROOM &&
           out->send.lines < WIRE_OUT_LINES_MAX)
        if (!push_one(c, out))
            return;
}

/* After a reply: send what has become possible; if everything is sent and answered, conclude. */
static void settle(struct smtp_client *c, struct smtp_client_step *out)
{
    if (!c->message && c->in_flight == 0) {
        smtp_client_next(c, out);
        return;
    }
    /* Half a window at a time: a long list leaves in few pieces. */
    if (c->in_flight <= SMTP_CLIENT_IN_FLIGHT_MAX / 2)
        smtp_client_push(c, out);
    if (c->in_flight > 0 || !c->message)
        return;
    if (c->accepted > 0 && smtp_client_chunks(c)) {
        smtp_client_chunk_begin(c, out);
    } else {
        smtp_client_message_done(c, out, SMTP_CLIENT_NO_RECIPIENTS);
        smtp_client_next(c, out);
    }
}

/* ---- replies ---- */

static void mail_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    c->mail_answered = true;
    out->verb = SMTP_VERB_MAIL;
    if (out->verdict == SMTP_CLIENT_ACCEPTED)
        c->mail_open = true;
    else
        smtp_client_message_done(c, out, out->verdict);
}

/* RFC 5321 section 4.5.3.1.10: some servers say 552 for too many recipients, and mean 452. */
static bool means_452(const struct smtp_reply *reply)
{
    return reply->code == 552 && (reply->status[0] == '\0' || strcmp(reply->status, "5.5.3") == 0);
}

static void rcpt_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    out->verb = SMTP_VERB_RCPT;
    if (!c->message)
        return;
    if (means_452(&out->reply))
        out->verdict = SMTP_CLIENT_TEMPFAIL;
    for (;;) {
        struct smtp_client_recipient to = { 0 };
        assert(c->rcpt_due < c->rcpt_next);
        c->ops->recipient(c->host, c->rcpt_due++, &to);
        if (to.path.len > 0 && smtp_client_sendable(to.path, c->message->smtputf8))
            break;
    }
    out->recipient = c->rcpt_due - 1;
    c->accepted += out->verdict == SMTP_CLIENT_ACCEPTED;
    recipient_done(c, out, out->recipient, out->verdict);
}

/* True when the reply has been dealt with to the end. */
static bool data_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    out->verb = SMTP_VERB_DATA;
    if (out->reply.code / 100 != 3) {
        if (c->message)
            smtp_client_message_done(c, out, c->accepted > 0 ? out->verdict : SMTP_CLIENT_NO_RECIPIENTS);
        return false;
    }
    out->verdict = SMTP_CLIENT_ACCEPTED;
    if (c->message && c->accepted > 0) {
        smtp_client_content_begin(c, out);
        return true;
    }
    smtp_client_message_done(c, out, SMTP_CLIENT_NO_RECIPIENTS);
    c->empty_end = true;
    smtp_client_say_nothing(out);
    smtp_client_enter(c, SMTP_CLIENT_END);
    return true;
}

void smtp_client_envelope_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    bool data = c->mail_answered && c->data_sent && c->in_flight == 1;
    unsigned digit = out->reply.code / 100u;
    if (c->in_flight == 0 || (data ? digit == 2 : digit == 3)) {
        smtp_client_fail(c, out, SMTP_CLIENT_PROTOCOL, false);
        return;
    }
    c->in_flight--;
    if (!c->mail_answered)
        mail_reply(c, out);
    else if (!data)
        rcpt_reply(c, out);
    else if (data_reply(c, out))
        return;
    settle(c, out);
}

/* The server speaks while content is still under way: whatever it says, the connection is of no more use, for
 * the rest of the content would be read as commands. */
void smtp_client_content_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    enum smtp_client_verdict verdict = out->verdict;
    out->verb = SMTP_VERB_CONTENT;
    smtp_client_fail(c, out, verdict == SMTP_CLIENT_ACCEPTED ? SMTP_CLIENT_PROTOCOL : verdict, false);
}

void smtp_client_end_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    bool chunk = c->state == SMTP_CLIENT_CHUNK, accepted = out->verdict == SMTP_CLIENT_ACCEPTED;
    out->verb = chunk ? SMTP_VERB_BDAT : SMTP_VERB_CONTENT;
    if (out->verdict == SMTP_CLIENT_PROTOCOL) {
        smtp_client_fail(c, out, SMTP_CLIENT_PROTOCOL, false);
        return;
    }
    if (chunk && accepted && c->content_at < c->message->content.len) {
        smtp_client_chunk_begin(c, out);
        return;
    }
    /* After a BDAT that failed the state is indeterminate: RSET first (RFC 3030 section 2). */
    c->mail_open = chunk && !accepted;
    if (accepted && !c->empty_end)
        out->verdict = SMTP_CLIENT_DELIVERED;
    smtp_client_message_done(c, out, out->verdict);
    smtp_client_next(c, out);
}

void smtp_client_rset_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    out->verb = SMTP_VERB_RSET;
    if (out->verdict != SMTP_CLIENT_ACCEPTED) {
        smtp_client_fail(c, out, out->verdict, true);
        return;
    }
    c->mail_open = false;
    begin_envelope(c, out);
}
