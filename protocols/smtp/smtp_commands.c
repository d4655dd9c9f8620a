/* What each command does once its row has been checked. AUTH and BDAT have files of their own. */
#include "protocols/smtp/smtp_server_inner.h"

/* ---- hello ---- */

/* "If the EHLO command is not acceptable [...] the SMTP server MUST stay in the same state", RFC 5321
 * section 4.1.4. */
static void hello(struct smtp_server *s, struct wire_slice arg, bool extended, struct smtp_server_step *out)
{
    struct smtp_helo helo = { arg, extended, arg.at[0] == '[' };
    struct wire_slice text = SMTP_NO_TEXT;
    enum smtp_verdict verdict = SMTP_OK;
    if (!(helo.literal ? wire_address_literal_valid(arg) : wire_domain_valid(arg, false)))
        verdict = SMTP_BAD_NAME;
    else if (s->ops->helo)
        verdict = s->ops->helo(s->host, &helo, &text);
    verdict = smtp_server_done(out->verb, verdict);
    if (verdict == SMTP_HELLO) {
        smtp_server_end_transaction(s, false);
        smtp_server_enter(s, SMTP_SERVER_READY);
        s->extended = extended;
    }
    smtp_server_answer(s, out, verdict, text);
}

void smtp_run_ehlo(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    if (s->config->helo_only)
        smtp_server_answer(s, out, SMTP_NOT_IMPLEMENTED, SMTP_NO_TEXT);
    else
        hello(s, arg, true, out);
}

void smtp_run_helo(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    hello(s, arg, false, out);
}

/* ---- the envelope ---- */

/* Takes "FROM:" or "TO:" and the path off the front of the argument. Spaces behind the colon break the
 * grammar of RFC 5321 section 4.1.1.2 and are so common that servers forgive them. */
static enum smtp_verdict path_take(struct wire_slice *arg, const char *word, size_t word_len,
                                   enum smtp_verdict bad, struct wire_mailbox *path, bool *null)
{
    size_t used;
    enum wire_address_verdict verdict;
    if (arg->len <= word_len || !wire_equal_nocase(arg->at, word_len, word, word_len))
        return SMTP_BAD_ARGS;
    *arg = wire_slice(arg->at + word_len, arg->len - word_len);
    while (arg->len > 0 && *arg->at == ' ')
        *arg = wire_slice(arg->at + 1, arg->len - 1);
    verdict = wire_path_parse(arg->at, arg->len, true, path, &used);
    *null = verdict == WIRE_ADDRESS_NULL;
    *arg = wire_slice(arg->at + used, arg->len - used);
    switch (verdict) {
    case WIRE_ADDRESS_OK:
        return SMTP_OK;
    case WIRE_ADDRESS_NULL:
        return bad == SMTP_BAD_SENDER ? SMTP_OK : bad;
    case WIRE_ADDRESS_POSTMASTER: /* RFC 5321 section 4.5.1 */
        return bad == SMTP_BAD_RECIPIENT ? SMTP_OK : bad;
    case WIRE_ADDRESS_NO_BRACKETS:
        return SMTP_BAD_ARGS;
    case WIRE_ADDRESS_LOCAL_TOO_LONG:
    case WIRE_ADDRESS_DOMAIN_TOO_LONG:
    case WIRE_ADDRESS_PATH_TOO_LONG:
        return SMTP_PATH_TOO_LONG;
    default:
        return bad;
    }
}

static unsigned params_allowed(const struct smtp_server *s)
{
    return s->extended ? smtp_server_offers(s) : 0;
}

static enum smtp_verdict mail_check(struct smtp_server *s, struct wire_slice arg, struct wire_mailbox *path,
                                    struct smtp_mail_params *params)
{
    bool null;
    enum smtp_verdict verdict = path_take(&arg, "FROM:", 5, SMTP_BAD_SENDER, path, &null);
    if (verdict == SMTP_OK)
        verdict = smtp_mail_params_parse(arg, params_allowed(s), params);
    if (verdict != SMTP_OK)
        return verdict;
    if (path->utf8 && !params->smtputf8)
        return SMTP_NEED_UTF8;
    if (s->config->size_max > 0 && params->size_octets > s->config->size_max)
        return SMTP_TOO_BIG;
    return SMTP_OK;
}

void smtp_run_mail(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    struct wire_mailbox path;
    struct smtp_mail_params params;
    struct wire_slice text = SMTP_NO_TEXT;
    enum smtp_verdict verdict = mail_check(s, arg, &path, &params);
    if (verdict == SMTP_OK)
        verdict = smtp_server_done(out->verb, s->ops->mail(s->host, &path, &params, &text));
    if (verdict == SMTP_SENDER_OK) {
        s->transaction = true;
        s->body = params.body;
        s->smtputf8 = params.smtputf8;
        s->content = (struct smtp_content){ 0 };
        smtp_server_enter(s, SMTP_SERVER_MAIL);
    }
    smtp_server_answer(s, out, verdict, text);
}

void smtp_run_rcpt(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    struct wire_mailbox path;
    struct smtp_rcpt_params params;
    struct wire_slice text = SMTP_NO_TEXT;
    bool null;
    enum smtp_verdict verdict = path_take(&arg, "TO:", 3, SMTP_BAD_RECIPIENT, &path, &null);
    if (verdict == SMTP_OK)
        verdict = smtp_rcpt_params_parse(arg, params_allowed(s), &params);
    if (verdict == SMTP_OK && path.utf8 && !s->smtputf8)
        verdict = SMTP_NEED_UTF8;
    if (verdict == SMTP_OK && s->recipients >= s->config->recipients_max)
        verdict = SMTP_TOO_MANY_RECIPIENTS;
    if (verdict == SMTP_OK)
        verdict = smtp_server_done(out->verb, s->ops->rcpt(s->host, &path, &params, &text));
    if (verdict == SMTP_RECIPIENT_OK || verdict == SMTP_WILL_FORWARD) {
        s->recipients++;
        smtp_server_enter(s, SMTP_SERVER_RCPT);
    } else {
        s->tried_rcpt = true;
    }
    smtp_server_answer(s, out, verdict, text);
}

void smtp_run_data(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    struct wire_slice text = SMTP_NO_TEXT;
    enum smtp_verdict verdict = SMTP_OK;
    (void)arg;
    /* What is not made of lines has no line with a single dot: RFC 3030 section 3. */
    if (s->body == SMTP_BODY_BINARYMIME)
        verdict = SMTP_OUT_OF_ORDER;
    else if (s->ops->data_begin)
        verdict = s->ops->data_begin(s->host, &text);
    verdict = smtp_server_done(out->verb, verdict);
    if (verdict == SMTP_GO_AHEAD) {
        s->line_start = true;
        s->after_cr = false;
        s->line_octets = 0;
        smtp_server_enter(s, SMTP_SERVER_DATA);
    }
    smtp_server_answer(s, out, verdict, text);
}

/* ---- the session ---- */

void smtp_run_rset(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    (void)arg;
    smtp_server_end_transaction(s, false);
    if (s->state != SMTP_SERVER_GREETED)
        smtp_server_enter(s, SMTP_SERVER_READY);
    smtp_server_answer(s, out, SMTP_OK, SMTP_NO_TEXT);
}

void smtp_run_noop(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    (void)arg;
    smtp_server_answer(s, out, SMTP_OK, SMTP_NO_TEXT);
}

void smtp_run_quit(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    (void)arg;
    if (s->ops->quit)
        s->ops->quit(s->host);
    smtp_server_answer(s, out, SMTP_BYE, SMTP_NO_TEXT);
}

void smtp_run_starttls(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    struct wire_slice text = SMTP_NO_TEXT;
    enum smtp_verdict verdict = smtp_server_done(out->verb, s->ops->starttls(s->host, &text));
    (void)arg;
    if (verdict == SMTP_TLS_GO)
        smtp_server_enter(s, SMTP_SERVER_TLS);
    smtp_server_answer(s, out, verdict, text);
}

/* ---- questions ---- */

/* VRFY and EXPN: an argument, perhaps " SMTPUTF8" behind it (RFC 6531 section 3.7.4.2). */
static void question(struct smtp_server *s, struct wire_slice name, struct smtp_server_step *out,
                     enum smtp_verdict (*ask)(void *, struct wire_slice, bool, struct wire_slice *),
                     enum smtp_verdict otherwise)
{
    static const char tail[] = " SMTPUTF8";
    const size_t tail_len = sizeof tail - 1;
    struct wire_slice text = SMTP_NO_TEXT;
    enum smtp_verdict verdict = otherwise;
    bool utf8 = (params_allowed(s) & SMTP_EXT_SMTPUTF8) && name.len > tail_len &&
                wire_equal_nocase(name.at + name.len - tail_len, tail_len, tail, tail_len);
    if (utf8)
        name.len -= tail_len;
    if (!utf8 && (smtp_odd(name.at, name.len) & SMTP_ODD_8BIT))
        verdict = SMTP_NEED_UTF8;
    else if (ask)
        verdict = smtp_server_done(out->verb, ask(s->host, name, utf8, &text));
    smtp_server_answer(s, out, verdict, text);
}

void smtp_run_vrfy(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    question(s, arg, out, s->ops->vrfy, SMTP_CANNOT_VERIFY);
}

void smtp_run_expn(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    question(s, arg, out, s->ops->expn, SMTP_NOT_IMPLEMENTED);
}

/* HELP lists the commands that would work in this session; HELP RCPT shows how RCPT is written. */
void smtp_run_help(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    char text[512];
    size_t n = 0, word;
    enum smtp_verb asked = arg.len > 0 ? smtp_verb_find(arg.at, arg.len, &word) : SMTP_VERB_UNKNOWN;
    unsigned offers = smtp_server_offers(s);
    if (asked != SMTP_VERB_UNKNOWN) {
        smtp_server_answer(s, out, SMTP_HELP, wire_slice_str(smtp_verb_info(asked)->syntax));
        return;
    }
    for (enum smtp_verb verb = SMTP_VERB_EHLO; verb < SMTP_VERB_CONNECT; verb++) {
        const struct smtp_rule *rule = smtp_rule(verb);
        const char *name = smtp_verb_info(verb)->name;
        size_t len = strlen(name);
        if (!rule->run || (rule->ext && !(offers & rule->ext)))
            continue;
        if (n > 0)
            text[n++] = ' ';
        memcpy(text + n, name, len);
        n += len;
    }
    memcpy(text + n, "\nSee RFC 5321", 13);
    smtp_server_answer(s, out, SMTP_HELP, wire_slice(text, n + 13));
}
