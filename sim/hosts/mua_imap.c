/* A mail program reads by IMAP: fetches what is new, sets flags, removes, files, saves what was sent. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/mua_imap_inside.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/secure.h"

static struct world *world_of(const struct mua_imap *s)
{
    return s->errand.host->world;
}

/* ---- what the server says
 * ------------------------------------------------------------------------------------- */

static void keep_said(struct mua_imap *s, struct wire_slice text)
{
    free(s->said);
    s->said = core_alloc(text.len + 1);
    if (text.len > 0)
        memcpy(s->said, text.at, text.len);
}

static const char *said(const struct mua_imap *s)
{
    return s->said ? s->said : "";
}

static void op_result(void *host, const struct imap_result *r)
{
    struct mua_imap *s = host;
    if (r->answer == IMAP_ANSWER_OK || r->answer == IMAP_ANSWER_LOGGED_IN ||
        r->answer == IMAP_ANSWER_FINISHED) {
        if (r->task && r->task->verb == IMAP_VERB_UID_FETCH && s->stage == STAGE_BODIES &&
            s->incoming == NULL && s->task.args && strcmp(s->task.args, "(BODY[])") == 0)
            s->at++;
        if (r->task && r->task->verb == IMAP_VERB_LOGOUT)
            s->finished = true;
        return;
    }
    if (s->stage == STAGE_APPEND && !s->tried_create && r->answer == IMAP_ANSWER_NO)
        return; /* "Sent" exists already */
    if (s->failed)
        return;
    s->failed = true;
    s->failure = r->answer;
    keep_said(s, r->text);
}

static void op_opened(void *host, const struct imap_opened *m)
{
    struct mua_imap *s = host;
    s->exists = m->exists;
    s->modseq = m->highest_modseq;
    if (s->box->uidvalidity !=
        m->uidvalidity) { /* other uids than we knew: all is new, RFC 3501 section 2.3.1.1 */
        s->box->uidvalidity = m->uidvalidity;
        s->box->last_uid = 0;
        s->box->modseq = 0;
        s->catches_up = false;
    }
}

static struct new_message *message_with(struct mua_imap *s, uint32_t uid)
{
    for (uint32_t i = 0; i < s->nmessages; i++)
        if (s->message[i].uid == uid)
            return &s->message[i];
    if (s->nmessages == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 8;
        s->message = core_realloc(s->message, s->cap * sizeof *s->message);
    }
    s->message[s->nmessages] = (struct new_message){ .uid = uid };
    return &s->message[s->nmessages++];
}

static void op_fetched(void *host, const struct imap_fetched *f)
{
    struct mua_imap *s = host;
    struct new_message *m;
    bool only_new = mua_imap_kind(s) == SPEC_DO_FETCH;
    if (s->catches_up && s->stage <= STAGE_LIST && f->have & IMAP_FETCHED_UID && f->uid <= s->box->last_uid)
        s->changed++;
    if (!(f->have & IMAP_FETCHED_UID) || s->stage != STAGE_BODIES || (only_new && f->uid <= s->box->last_uid))
        return; /* "7:*" names the last message even when it is older than 7 */
    m = message_with(s, f->uid);
    if (f->have & IMAP_FETCHED_FLAGS && !m->summed) {
        m->flags = f->flags;
        m->summed = true;
    }
}

static void op_vanished(void *host, uint32_t lo, uint32_t hi, bool earlier)
{
    struct mua_imap *s = host;
    (void)earlier;
    hi = hi < s->box->last_uid ? hi : s->box->last_uid;
    s->vanished += s->stage <= STAGE_LIST && lo <= hi ? hi - lo + 1 : 0;
}

static void flag_words(unsigned flags, char *out, size_t cap)
{
    snprintf(out, cap, "%s%s%s%s", flags & IMAP_SEEN ? "\\Seen " : "",
             flags & IMAP_ANSWERED ? "\\Answered " : "", flags & IMAP_FLAGGED ? "\\Flagged " : "",
             flags & IMAP_DELETED ? "\\Deleted " : "");
    if (out[0])
        out[strlen(out) - 1] = '\0';
}

static void op_body(void *host, const struct imap_body *b)
{
    struct mua_imap *s = host;
    char flags[64];
    if (b->offset == 0 && !s->incoming)
        s->incoming = mail_new(&world_of(s)->mails, 3400);
    if (!s->incoming)
        return;
    mail_append(&world_of(s)->mails, s->incoming, b->bytes, b->len);
    if (b->offset + b->len < b->size_octets)
        return;
    s->fetched++;
    if (s->at < s->nmessages) {
        flag_words(s->message[s->at].flags, flags, sizeof flags);
        if (s->message[s->at].uid > s->box->last_uid)
            s->box->last_uid = s->message[s->at].uid;
    } else
        flags[0] = '\0';
    mua_tell_message(s->errand.account, s->errand.run, "imap", mail_text(s->incoming), s->incoming->len,
                     flags);
    mail_drop(&world_of(s)->mails, s->incoming);
    s->incoming = NULL;
}

static size_t op_append_read(void *host, const struct imap_task *t, uint64_t offset, const char **at)
{
    struct mua_imap *s = host;
    (void)t;
    *at = mail_text(s->save) + offset;
    return s->save->len - (size_t)offset;
}

static const struct imap_client_ops client_ops = { .next_task = mua_imap_next,
                                                   .result = op_result,
                                                   .opened = op_opened,
                                                   .fetched = op_fetched,
                                                   .vanished = op_vanished,
                                                   .body = op_body,
                                                   .append_read = op_append_read };

/* ---- how it went
 * ----------------------------------------------------------------------------------------------- */

static const char *failure_word(const struct mua_imap *s)
{
    switch (s->failure) {
    case IMAP_ANSWER_NOT_IMAP:
        return "not-imap";
    case IMAP_ANSWER_LOGIN_REFUSED:
    case IMAP_ANSWER_NO_WAY_IN:
        return "auth-failed";
    case IMAP_ANSWER_TLS_MISSING:
    case IMAP_ANSWER_TLS_REFUSED:
        return "not-secured";
    case IMAP_ANSWER_BYE:
        return "lost";
    default:
        return "rejected";
    }
}

static void conclude(struct mua_imap *s, const char *word, const char *sentence)
{
    struct errand *e = &s->errand;
    if (e->settled)
        return;
    if (s->save) { /* the message is sent, whether or not the copy could be filed */
        errand_end(e, "sent", s->failed || word ? "partly" : "ok", 250, "", "APPEND", 1,
                   "The message was sent, but no copy could be saved in Sent.");
        return;
    }
    if (!s->failed && !word) {
        static const char *const done[] = {
            [SPEC_DO_MARK] = "marked", [SPEC_DO_REMOVE] = "removed", [SPEC_DO_MOVE] = "moved"
        };
        if (mua_imap_kind(s) == SPEC_DO_FETCH && s->box)
            s->box->modseq = s->modseq;
        if (mua_imap_kind(s) == SPEC_DO_FETCH)
            errand_end(e, "fetched", "ok", 0, "", "", s->fetched, NULL);
        else
            errand_end(e, done[mua_imap_kind(s)], s->nmessages ? "ok" : "rejected", 0, "", "",
                       s->nmessages ? 1 : 0, "There is no message to work on.");
        return;
    }
    errand_end(e, "fetch-failed", word ? word : failure_word(s), 0, "", "", s->fetched,
               "Reading mail on %s port %u failed: %s%s%s.", e->server, e->port,
               sentence ? sentence : imap_answer_info(s->failure)->lesson.title, s->said ? ": " : "",
               said(s));
}

/* ---- the session
 * ------------------------------------------------------------------------------------------------- */

static void after_step(struct mua_imap *s, struct imap_client_step *out)
{
    if (out->before < IMAP_CLIENT_LOGIN && out->after == IMAP_CLIENT_LOGIN)
        mua_imap_phase(s, PHASE_IMAP_LOGIN, "logs in to its mailboxes");
    pump_say(&s->pump, &out->send);
    if (out->answer == IMAP_ANSWER_TLS_NOW)
        pump_secure(&s->pump, secure_client(world_of(s), TLS_CHECK_REQUIRED), s->errand.server);
    if (out->more)
        pump_more(&s->pump);
    if (out->close) {
        if (!s->finished && !s->failed) {
            s->failed = true;
            s->failure = out->answer;
        }
        conclude(s, NULL, NULL);
        pump_close(&s->pump);
    }
    pump_wait(&s->pump, MUA_REPLY_NS);
}

static void on_opened(struct pump *p)
{
    struct mua_imap *s = CORE_OWNER(p, struct mua_imap, pump);
    struct imap_client_step *out = &world_of(s)->scratch->imap_client;
    enum spec_security security = s->errand.account->spec->fetch_security;
    s->opened = true;
    s->config = (struct imap_client_config){ .ops = &client_ops,
                                             .auth = &sasl_wire_client,
                                             .scratch = &world_of(s)->scratch->imap_client_scratch,
                                             .tls = security == SPEC_STARTTLS ? IMAP_TLS_REQUIRED
                                                    : security == SPEC_TLS    ? IMAP_TLS_IMPLICIT
                                                                              : IMAP_TLS_NONE,
                                             .use_login = s->errand.account->spec->fetch_auth_plain_command };
    sasl_client_init(&s->sasl, &s->errand.account->sasl);
    if (security == SPEC_TLS) {
        pump_secure(p, secure_client(world_of(s), TLS_CHECK_REQUIRED), s->errand.server);
        pump_wait(p, MUA_REPLY_NS);
        return;
    }
    imap_client_start(&s->engine, &s->config, s, &s->sasl, out);
    after_step(s, out);
}

static void on_secured(struct pump *p)
{
    struct mua_imap *s = CORE_OWNER(p, struct mua_imap, pump);
    struct imap_client_step *out = &world_of(s)->scratch->imap_client;
    errand_secured(&s->sasl, p);
    if (s->errand.account->spec->fetch_security == SPEC_TLS)
        imap_client_start(&s->engine, &s->config, s, &s->sasl, out);
    else
        imap_client_tls_started(&s->engine, out);
    after_step(s, out);
}

static void on_not_secured(struct pump *p, const char *name, const struct wire_lesson *why)
{
    struct mua_imap *s = CORE_OWNER(p, struct mua_imap, pump);
    (void)name;
    conclude(s, "not-secured", why->title);
}

static size_t on_step(struct pump *p, const char *in, size_t len)
{
    struct mua_imap *s = CORE_OWNER(p, struct mua_imap, pump);
    struct imap_client_step *out = &world_of(s)->scratch->imap_client;
    size_t used = imap_client_step(&s->engine, in, len, out);
    if (used > 0)
        after_step(s, out);
    return used;
}

static bool on_pull(struct pump *p)
{
    struct mua_imap *s = CORE_OWNER(p, struct mua_imap, pump);
    struct imap_client_step *out = &world_of(s)->scratch->imap_client;
    if (!imap_client_pull(&s->engine, out))
        return false;
    pump_say(p, &out->send);
    return out->more;
}

static void on_peer_closed(struct pump *p)
{
    struct mua_imap *s = CORE_OWNER(p, struct mua_imap, pump);
    if (!s->errand.settled)
        conclude(s, s->finished ? NULL : "lost", "the server closed the connection too early");
    pump_close(p);
}

static void on_expired(struct pump *p)
{
    struct mua_imap *s = CORE_OWNER(p, struct mua_imap, pump);
    if (s->opened)
        conclude(s, "timed-out", "the server stayed silent");
    pump_abort(p);
}

static void ready(struct errand *e);

static void free_session(struct mua_imap *s)
{
    struct world *w = world_of(s);
    mail_drop(&w->mails, s->incoming);
    mail_drop(&w->mails, s->save);
    free(s->message);
    free(s->said);
    core_pool_give(&w->muas_imap, s);
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct mua_imap *s = CORE_OWNER(p, struct mua_imap, pump);
    if (!s->opened && errand_another(&s->errand)) {
        ready(&s->errand);
        return;
    }
    conclude(s, errand_word(why), errand_sentence(why));
    free_session(s);
}

static bool is_content(const struct pump *p, const struct wire_lesson *why)
{
    (void)p;
    return why == &imap_line_info(IMAP_LINE_CLIENT_MESSAGE)->lesson;
}

static const struct pump_ops session_ops = { .proto = TRACE_IMAP,
                                             .dir = 'C',
                                             .opened = on_opened,
                                             .step = on_step,
                                             .pull = on_pull,
                                             .peer_closed = on_peer_closed,
                                             .expired = on_expired,
                                             .ended = on_ended,
                                             .content = is_content,
                                             .secured = on_secured,
                                             .not_secured = on_not_secured };

static void ready(struct errand *e)
{
    struct mua_imap *s = CORE_OWNER(e, struct mua_imap, errand);
    struct errand_trouble t;
    if (!errand_connect(e, &s->pump, &session_ops, "an IMAP connection", &t)) {
        conclude(s, t.word, t.sentence);
        free_session(s);
    }
}

static void start(struct action_run *run, struct account *account, struct mail *save)
{
    struct mua_imap *s = core_pool_take(&run->world->muas_imap);
    const struct spec_account *a = account->spec;
    memset(s, 0, sizeof *s);
    s->save = save ? mail_hold(save) : NULL;
    errand_start(&s->errand, run, account, run->host, a->fetch_server, a->fetch_port, ready);
}

void mua_imap(struct action_run *run, struct account *account)
{
    start(run, account, NULL);
}

void mua_imap_save(struct action_run *run, struct account *account, struct mail *mail)
{
    start(run, account, mail);
}

size_t mua_imap_octets(void)
{
    return sizeof(struct mua_imap);
}
