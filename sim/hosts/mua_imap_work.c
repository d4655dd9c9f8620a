/* The list of work of an IMAP session: what a mail program asks next. It uses what today's programs use where
 * the server offers it: QRESYNC or CONDSTORE to catch up, MOVE, UID EXPUNGE. */
#include "sim/hosts/mua_imap_inside.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct world *world_of(const struct mua_imap *s)
{
    return s->errand.host->world;
}

static struct read_box *box_named(struct account *a, const char *name)
{
    struct account_memory *m = account_memory(a);
    struct read_box *b = m->boxes;
    while (b && strcmp(b->name, name) != 0)
        b = b->next;
    if (!b) {
        b = core_alloc(sizeof *b);
        b->name = name;
        b->next = m->boxes;
        m->boxes = b;
    }
    return b;
}

static const struct imap_task *task(struct mua_imap *s, enum imap_verb verb)
{
    s->task = (struct imap_task){ .verb = verb };
    return &s->task;
}

static const char *mailbox_of(const struct mua_imap *s)
{
    const struct spec_action *a = s->errand.run->spec;
    return mua_imap_kind(s) == SPEC_DO_FETCH && a->mailbox ? a->mailbox : "INBOX";
}

static void set_uid(struct mua_imap *s, uint32_t uid)
{
    snprintf(s->set, sizeof s->set, "%u", uid);
    s->task.set = s->set;
}

void mua_imap_phase(struct mua_imap *s, enum phase p, const char *words)
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
        mua_imap_phase(s, PHASE_IMAP_FETCH, "reads the new messages");
    task(s, IMAP_VERB_UID_FETCH);
    set_uid(s, s->message[s->at].uid);
    s->task.args = "(BODY[])";
    return &s->task;
}

static bool offers(const struct mua_imap *s, unsigned extensions)
{
    return (s->engine.extensions & extensions) == extensions;
}

static bool is_known(const struct mua_imap *s)
{
    return mua_imap_kind(s) == SPEC_DO_FETCH && s->box->last_uid > 0 && s->box->modseq > 0;
}

/* A program that was here before has the server tell what has changed since: with QRESYNC as the mailbox is
 * opened, with CONDSTORE alone in a FETCH of its own (RFC 7162). */
static const struct imap_task *open_mailbox(struct mua_imap *s)
{
    bool resyncs;
    s->box = box_named(s->errand.account, mailbox_of(s));
    resyncs = is_known(s) && offers(s, IMAP_EXT_QRESYNC | IMAP_EXT_ENABLE);
    if (!s->enabled)
        mua_imap_phase(s, PHASE_IMAP_SELECT, "opens its mailbox");
    if (resyncs && !s->enabled) {
        s->enabled = true;
        task(s, IMAP_VERB_ENABLE);
        s->task.args = "QRESYNC";
        return &s->task;
    }
    s->stage = STAGE_CHANGES;
    task(s, IMAP_VERB_SELECT);
    s->task.mailbox = mailbox_of(s);
    if (resyncs) {
        snprintf(s->set, sizeof s->set, "(QRESYNC (%u %llu))", s->box->uidvalidity,
                 (unsigned long long)s->box->modseq);
        s->task.args = s->set;
        s->catches_up = true;
    }
    return &s->task;
}

static const struct imap_task *ask_changes(struct mua_imap *s)
{
    s->catches_up = true;
    task(s, IMAP_VERB_UID_FETCH);
    snprintf(s->set, sizeof s->set, "1:%u", s->box->last_uid);
    snprintf(s->flags, sizeof s->flags, "(FLAGS) (CHANGEDSINCE %llu)", (unsigned long long)s->box->modseq);
    s->task.set = s->set;
    s->task.args = s->flags;
    return &s->task;
}

static void tell_caught_up(struct mua_imap *s)
{
    struct trace_record r;
    if (!tell_state(&r, s->errand.host, TRACE_KIND_CLIENT, "caught-up"))
        return;
    trace_attr_str(&r, "account", s->errand.account->spec->address);
    trace_attr_num(&r, "changed", s->changed);
    trace_attr_num(&r, "vanished", s->vanished);
    tell_send(&r, s->errand.host, true);
}

static const struct imap_task *begin_change(struct mua_imap *s)
{
    const struct spec_action *a = s->errand.run->spec;
    if (s->nmessages == 0)
        return NULL;
    mua_imap_phase(s, PHASE_IMAP_CHANGE, "changes its mailbox on the server");
    if (mua_imap_kind(s) == SPEC_DO_MOVE) {
        bool moves = offers(s, IMAP_EXT_MOVE);
        s->stage = moves ? STAGE_MOVE : STAGE_COPY;
        task(s, moves ? IMAP_VERB_UID_MOVE : IMAP_VERB_UID_COPY);
        s->task.mailbox = a->mailbox;
    } else {
        s->stage = STAGE_FLAG;
        task(s, IMAP_VERB_UID_STORE);
        snprintf(s->flags, sizeof s->flags, "(%s)",
                 mua_imap_kind(s) == SPEC_DO_REMOVE ? "\\Deleted"
                 : a->flag                          ? a->flag
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
    mua_imap_phase(s, PHASE_IMAP_END, "logs out");
    return task(s, IMAP_VERB_LOGOUT);
}

/* What comes after the stage that has just been completed. */
const struct imap_task *mua_imap_next(void *host)
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
            mua_imap_phase(s, PHASE_IMAP_CHANGE, "files its copy of the message in Sent");
            task(s, s->tried_create ? IMAP_VERB_APPEND : IMAP_VERB_CREATE);
            s->task.mailbox = "Sent";
            s->task.args = s->tried_create ? "(\\Seen)" : NULL;
            s->task.size_octets = s->tried_create ? s->save->len : 0;
            return &s->task;
        }
        return open_mailbox(s);
    case STAGE_CHANGES:
        s->stage = STAGE_LIST;
        if (is_known(s) && !s->catches_up && offers(s, IMAP_EXT_CONDSTORE))
            return ask_changes(s);
        return mua_imap_next(s);
    case STAGE_LIST:
        if (s->catches_up)
            tell_caught_up(s);
        s->stage = STAGE_BODIES;
        if (s->exists == 0)
            return log_out(s);
        task(s, IMAP_VERB_UID_FETCH);
        snprintf(s->set, sizeof s->set, "%u:*", mua_imap_kind(s) == SPEC_DO_FETCH ? s->box->last_uid + 1 : 1);
        s->task.set = s->set;
        s->task.args = "(UID FLAGS RFC822.SIZE ENVELOPE)";
        return &s->task;
    case STAGE_BODIES:
        next = mua_imap_kind(s) == SPEC_DO_FETCH ? next_body(s) : begin_change(s);
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
        if (mua_imap_kind(s) == SPEC_DO_MARK)
            break;
        if (!offers(s, IMAP_EXT_UIDPLUS))
            return task(s, IMAP_VERB_EXPUNGE);
        task(s, IMAP_VERB_UID_EXPUNGE); /* this one, whatever others have marked */
        set_uid(s, s->message[s->nmessages - 1].uid);
        return &s->task;
    case STAGE_APPEND:
        if (!s->tried_create) {
            s->tried_create = true;
            s->stage = STAGE_SELECT;
            return mua_imap_next(s);
        }
        break;
    default:
        break;
    }
    return next ? next : log_out(s);
}
