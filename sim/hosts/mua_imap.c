/* A mail program reads by IMAP: fetches what is new, sets flags, removes, files, saves what was sent. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/imap/imap_client.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/tell.h"

#define SET_TEXT 32

enum stage {
    STAGE_SELECT,
    STAGE_LIST,
    STAGE_BODIES,
    STAGE_FLAG,
    STAGE_COPY,
    STAGE_EXPUNGE,
    STAGE_APPEND,
    STAGE_LOGOUT,
    STAGE_OVER
};

struct new_message { /* as the summary told */
    uint32_t uid;
    unsigned flags;
    bool summed; /* its summary has come */
};

struct mua_imap {
    struct pump pump;
    struct imap_client engine;
    struct sasl_client sasl;
    struct imap_client_config config;
    struct errand errand;
    enum stage stage;
    struct read_box *box; /* the account's, of the mailbox that is open; NULL before */
    struct imap_task task;
    char set[SET_TEXT], flags[64];
    struct new_message *message; /* owned */
    uint32_t nmessages, cap, at, fetched;
    uint32_t exists;
    struct mail *incoming; /* a body that comes in */
    struct mail *save;     /* to APPEND; NULL: another errand */
    bool opened, failed, finished, tried_create;
    enum imap_answer failure;
    char *said; /* by the server, when it failed; owned; NULL: nothing */
};

static struct world *world_of(const struct mua_imap *s)
{
    return s->errand.host->world;
}

static enum spec_action_kind kind_of(const struct mua_imap *s)
{
    return s->errand.run->spec->kind;
}

/* ---- the list of work
 * -------------------------------------------------------------------------------------- */

static const struct imap_task *task(struct mua_imap *s, enum imap_verb verb)
{
    s->task = (struct imap_task){ .verb = verb };
    return &s->task;
}

static const char *mailbox_of(const struct mua_imap *s)
{
    const struct spec_action *a = s->errand.run->spec;
    return kind_of(s) == SPEC_DO_FETCH && a->mailbox ? a->mailbox : "INBOX";
}

static void set_uid(struct mua_imap *s, uint32_t uid)
{
    snprintf(s->set, sizeof s->set, "%u", uid);
    s->task.set = s->set;
}

static void phase(struct mua_imap *s, enum phase p, const char *words)
{
    if (world_tells(world_of(s), TRACE_PHASE))
        tell_phase(s->errand.host, p, s->pump.peer, pump_number(&s->pump), "%s %s",
                   s->errand.host->spec->name, words);
}

static const struct imap_task *next_body(struct mua_imap *s)
{
    if (s->at >= s->nmessages)
        return NULL;
    if (s->at == 0)
        phase(s, PHASE_IMAP_FETCH, "reads the new messages");
    task(s, IMAP_VERB_UID_FETCH);
    set_uid(s, s->message[s->at].uid);
    s->task.args = "(BODY[])";
    return &s->task;
}

static const struct imap_task *begin_change(struct mua_imap *s)
{
    const struct spec_action *a = s->errand.run->spec;
    if (s->nmessages == 0)
        return NULL;
    phase(s, PHASE_IMAP_CHANGE, "changes its mailbox on the server");
    if (kind_of(s) == SPEC_DO_MOVE) {
        s->stage = STAGE_COPY;
        task(s, IMAP_VERB_UID_COPY);
        s->task.mailbox = a->mailbox;
    } else {
        s->stage = STAGE_FLAG;
        task(s, IMAP_VERB_UID_STORE);
        snprintf(s->flags, sizeof s->flags, "(%s)",
                 kind_of(s) == SPEC_DO_REMOVE ? "\\Deleted"
                 : a->flag                    ? a->flag
                                              : "\\Flagged");
        s->task.args = s->flags;
        s->task.mode = IMAP_FLAGS_ADD;
    }
    set_uid(s, s->message[s->nmessages - 1].uid);
    return &s->task;
}

static const struct imap_task *log_out(struct mua_imap *s)
{
    s->stage = STAGE_LOGOUT;
    phase(s, PHASE_IMAP_END, "logs out");
    return task(s, IMAP_VERB_LOGOUT);
}

/* What comes after the stage that has just been completed. */
static const struct imap_task *op_next_task(void *host)
{
    struct mua_imap *s = host;
    const struct imap_task *next = NULL;
    if (s->stage == STAGE_LOGOUT || s->stage == STAGE_OVER)
        return NULL;
    if (s->failed)
        return log_out(s);
    switch (s->stage) {
    case STAGE_SELECT:
        if (s->save) {
            s->stage = STAGE_APPEND;
            phase(s, PHASE_IMAP_CHANGE, "files its copy of the message in Sent");
            task(s, s->tried_create ? IMAP_VERB_APPEND : IMAP_VERB_CREATE);
            s->task.mailbox = "Sent";
            s->task.args = s->tried_create ? "(\\Seen)" : NULL;
            s->task.size_octets = s->tried_create ? s->save->len : 0;
            return &s->task;
        }
        s->stage = STAGE_LIST;
        phase(s, PHASE_IMAP_SELECT, "opens its mailbox");
        task(s, IMAP_VERB_SELECT);
        s->task.mailbox = mailbox_of(s);
        return &s->task;
    case STAGE_LIST:
        s->stage = STAGE_BODIES;
        if (s->exists == 0)
            return log_out(s);
        task(s, IMAP_VERB_UID_FETCH);
        snprintf(s->set, sizeof s->set, "%u:*", kind_of(s) == SPEC_DO_FETCH ? s->box->last_uid + 1 : 1);
        s->task.set = s->set;
        s->task.args = "(UID FLAGS RFC822.SIZE ENVELOPE)";
        return &s->task;
    case STAGE_BODIES:
        next = kind_of(s) == SPEC_DO_FETCH ? next_body(s) : begin_change(s);
        break;
    case STAGE_COPY: /* copied: now remove it here */
        s->stage = STAGE_FLAG;
        task(s, IMAP_VERB_UID_STORE);
        s->task.args = "(\\Deleted)";
        s->task.mode = IMAP_FLAGS_ADD;
        set_uid(s, s->message[s->nmessages - 1].uid);
        return &s->task;
    case STAGE_FLAG:
        s->stage = STAGE_EXPUNGE;
        if (kind_of(s) != SPEC_DO_MARK)
            return task(s, IMAP_VERB_EXPUNGE);
        break;
    case STAGE_APPEND:
        if (!s->tried_create) {
            s->tried_create = true;
            s->stage = STAGE_SELECT;
            return op_next_task(s);
        }
        break;
    default:
        break;
    }
    return next ? next : log_out(s);
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

static struct read_box *box_named(struct account *a, const char *name)
{
    struct read_box *b = a->boxes;
    while (b && strcmp(b->name, name) != 0)
        b = b->next;
    if (!b) {
        b = core_alloc(sizeof *b);
        b->name = name;
        b->next = a->boxes;
        a->boxes = b;
    }
    return b;
}

static void op_opened(void *host, const struct imap_opened *m)
{
    struct mua_imap *s = host;
    s->exists = m->exists;
    s->box = box_named(s->errand.account, mailbox_of(s));
    if (s->box->uidvalidity !=
        m->uidvalidity) { /* other uids than we knew: all is new, RFC 3501 section 2.3.1.1 */
        s->box->uidvalidity = m->uidvalidity;
        s->box->last_uid = 0;
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
    bool only_new = kind_of(s) == SPEC_DO_FETCH;
    if (!(f->have & IMAP_FETCHED_UID) || s->stage != STAGE_BODIES || (only_new && f->uid <= s->box->last_uid))
        return; /* "7:*" names the last message even when it is older than 7 */
    m = message_with(s, f->uid);
    if (f->have & IMAP_FETCHED_FLAGS && !m->summed) {
        m->flags = f->flags;
        m->summed = true;
    }
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

static const struct imap_client_ops client_ops = { .next_task = op_next_task,
                                                   .result = op_result,
                                                   .opened = op_opened,
                                                   .fetched = op_fetched,
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
        if (kind_of(s) == SPEC_DO_FETCH)
            errand_end(e, "fetched", "ok", 0, "", "", s->fetched, NULL);
        else
            errand_end(e, done[kind_of(s)], s->nmessages ? "ok" : "rejected", 0, "", "", s->nmessages ? 1 : 0,
                       "There is no message to work on.");
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
        phase(s, PHASE_IMAP_LOGIN, "logs in to its mailboxes");
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
