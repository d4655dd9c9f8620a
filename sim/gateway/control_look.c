/* What somebody who watches a served world is told: lists, and messages. */
#include <stdio.h>
#include <string.h>

#include "sim/gateway/control.h"
#include "sim/hosts/look.h"
#include "sim/hosts/trouble.h"

static void slice(struct control_answer *a, const char *key, struct wire_slice s)
{
    if (s.len > 0)
        answer_str(a, key, s.at, s.len);
}

static const char *host_name(const struct world *w, uint32_t number)
{
    return number > 0 ? w->hosts[number - 1].spec->name : NULL;
}

/* ---- faults
 * -------------------------------------------------------------------------------------------------- */

static void faults(const struct control_room *room, const struct control_request *r, struct control_answer *a)
{
    answer_begin(a, "faults", r->as_text);
    for (const struct trouble *t = trouble_next(room->world, NULL); t; t = trouble_next(room->world, t)) {
        if (!answer_row(a))
            continue;
        answer_num(a, "fault", t->id);
        answer_word(a, "kind", trouble_kind_name(t->order.kind));
        answer_num(a, "used", t->used);
        if (t->order.first > 0)
            answer_num(a, "first", t->order.first);
        if (t->until_ns != CORE_NEVER)
            answer_num(a, "until_ns", t->until_ns);
        answer_word(a, "words", t->words);
        answer_row_end(a);
    }
    answer_end(a);
}

/* ---- mailboxes
 * ------------------------------------------------------------------------------------------------- */

static bool see_message(void *ctx, const struct look_message *m)
{
    struct control_answer *a = ctx;
    if (!answer_row(a))
        return true;
    answer_word(a, "address", m->address);
    answer_word(a, "mailbox", m->mailbox);
    answer_num(a, "uid", m->uid);
    answer_num(a, "size", m->octets.len);
    answer_word(a, "flags", m->flags);
    slice(a, "message_id", m->message_id);
    slice(a, "from", m->from);
    slice(a, "subject", m->subject);
    answer_word(a, "host", m->host);
    answer_row_end(a);
    return true;
}

static void no_mailbox(struct control_answer *a, const char *address)
{
    char error[200];
    snprintf(error, sizeof error, "'%.100s' is the address of no mailbox here", address);
    answer_refuse(a, error);
}

static void messages(const struct control_room *room, const struct control_request *r,
                     struct control_answer *a)
{
    const char *address = control_text(r, "address");
    if (address && !world_user(room->world, address)) {
        no_mailbox(a, address);
        return;
    }
    answer_begin(a, "messages", r->as_text);
    look_messages(room->world, address, see_message, a);
    answer_end(a);
}

struct wanted {
    const char *mailbox;
    uint64_t uid, from;
    struct control_answer *answer;
    bool found;
};

static bool see_wanted(void *ctx, const struct look_message *m)
{
    struct wanted *x = ctx;
    size_t from = x->from < m->octets.len ? (size_t)x->from : m->octets.len, n = m->octets.len - from;
    if (m->uid != x->uid || strcmp(m->mailbox, x->mailbox) != 0)
        return true;
    if (n > CONTROL_PIECE_MAX)
        n = CONTROL_PIECE_MAX;
    x->found = true;
    answer_begin_flat(x->answer, false);
    answer_num(x->answer, "size", m->octets.len);
    answer_num(x->answer, "from", from);
    answer_num(x->answer, "rest", m->octets.len - from - n);
    answer_word(x->answer, "flags", m->flags);
    answer_str(x->answer, "data", m->octets.at + from, n);
    answer_end_flat(x->answer);
    return false;
}

static void message(const struct control_room *room, const struct control_request *r,
                    struct control_answer *a)
{
    const char *address = control_text(r, "address"), *mailbox = control_text(r, "mailbox");
    struct wanted x = { .mailbox = mailbox ? mailbox : "INBOX",
                        .uid = control_number(r, "uid"),
                        .from = control_number(r, "from"),
                        .answer = a };
    if (!look_messages(room->world, address, see_wanted, &x))
        no_mailbox(a, address);
    else if (!x.found)
        answer_refuse(a, "no message of that mailbox has this uid; messages lists them");
}

/* ---- queues
 * ---------------------------------------------------------------------------------------------------- */

static bool see_recipient(void *ctx, const struct look_recipient *q)
{
    struct control_answer *a = ctx;
    if (!answer_row(a))
        return true;
    answer_word(a, "host", q->host);
    answer_word(a, "id", q->id);
    answer_str(a, "sender", q->sender.at ? q->sender.at : "", q->sender.len);
    slice(a, "recipient", q->recipient);
    answer_word(a, "state", q->state);
    answer_num(a, "size", q->octets);
    answer_num(a, "attempts", q->attempts);
    answer_num(a, "arrival_ns", q->arrival_ns);
    if (q->next_try_ns > 0)
        answer_num(a, "next_try_ns", q->next_try_ns);
    slice(a, "message_id", q->message_id);
    slice(a, "remote", q->remote);
    if (q->code > 0)
        answer_num(a, "code", q->code);
    answer_word(a, "status", q->status[0] ? q->status : NULL);
    slice(a, "reply", q->said);
    answer_row_end(a);
    return true;
}

static bool nobody(void *ctx, const struct look_recipient *q)
{
    (void)ctx;
    (void)q;
    return false;
}

static void queue(const struct control_room *room, const struct control_request *r, struct control_answer *a)
{
    const char *host = control_text(r, "host");
    if (!look_queues(room->world, host, nobody, NULL)) {
        answer_refuse(a, "\"host\" must be the short name of a mail server");
        return;
    }
    answer_begin(a, "queue", r->as_text);
    look_queues(room->world, host, see_recipient, a);
    answer_end(a);
}

/* ---- conversations
 * ----------------------------------------------------------------------------------------------- */

static bool see_session(void *ctx, const struct look_session *s)
{
    struct control_answer *a = ctx;
    char text[NET_ADDR_TEXT];
    if (!answer_row(a))
        return true;
    answer_num(a, "conn", s->conn);
    answer_word(a, "host", s->host);
    answer_word(a, "role", s->role);
    answer_word(a, "proto", s->proto);
    answer_word(a, "address", net_addr_text(&s->local, text));
    answer_num(a, "port", s->local_port);
    answer_word(a, "peer", s->peer_host);
    answer_word(a, "peer_address", net_addr_text(&s->peer, text));
    answer_num(a, "peer_port", s->peer_port);
    answer_word(a, "tcp", s->tcp);
    answer_word(a, "state", s->state);
    answer_word(a, "user", s->user);
    answer_yes(a, "tls", s->tls);
    answer_row_end(a);
    return true;
}

static void sessions(const struct control_room *room, const struct control_request *r,
                     struct control_answer *a)
{
    answer_begin(a, "sessions", r->as_text);
    look_sessions(room->world, see_session, a);
    answer_end(a);
}

static void all_transcripts(const struct control_room *room, const struct control_request *r,
                            struct control_answer *a)
{
    answer_begin(a, "transcripts", r->as_text);
    for (const struct transcript *t = transcript_next(room->transcripts, 0); t;
         t = transcript_next(room->transcripts, t->conn)) {
        if (!answer_row(a))
            continue;
        answer_num(a, "conn", t->conn);
        answer_word(a, "proto", trace_proto_name(t->proto));
        answer_word(a, "client", host_name(room->world, t->client));
        answer_word(a, "server", host_name(room->world, t->server));
        answer_num(a, "lines", t->nlines + t->left_out);
        answer_num(a, "first_ns", t->first_ns);
        answer_num(a, "last_ns", t->last_ns);
        answer_row_end(a);
    }
    answer_end(a);
}

static void one_transcript(const struct transcript *t, const struct control_request *r,
                           struct control_answer *a)
{
    answer_begin(a, "lines", r->as_text);
    for (size_t i = 0; i < t->nlines; i++) {
        const struct transcript_line *l = &t->line[i];
        if (!answer_row(a))
            continue;
        answer_num(a, "t_ns", l->t_ns);
        answer_str(a, "dir", &l->dir, 1);
        if (l->content)
            answer_yes(a, "content", true);
        answer_str(a, "text", l->text, l->len);
        answer_row_end(a);
    }
    a->left_out += t->left_out;
    answer_end(a);
}

static void transcript(const struct control_room *room, const struct control_request *r,
                       struct control_answer *a)
{
    const struct transcript *t;
    if (!room->transcripts) {
        answer_refuse(a, "no transcripts are kept here");
        return;
    }
    if (!control_given(r, "conn")) {
        all_transcripts(room, r, a);
        return;
    }
    t = transcript_find(room->transcripts, (uint32_t)control_number(r, "conn"));
    if (t)
        one_transcript(t, r, a);
    else
        answer_refuse(a, "no conversation of that number is kept; transcript without a number lists them");
}

void control_look(const struct control_room *room, const struct control_request *r, struct control_answer *a)
{
    switch (r->verb) {
    case CONTROL_FAULTS:
        faults(room, r, a);
        break;
    case CONTROL_MESSAGES:
        messages(room, r, a);
        break;
    case CONTROL_MESSAGE:
        message(room, r, a);
        break;
    case CONTROL_QUEUE:
        queue(room, r, a);
        break;
    case CONTROL_SESSIONS:
        sessions(room, r, a);
        break;
    case CONTROL_TRANSCRIPT:
        transcript(room, r, a);
        break;
    default:
        answer_time(a, room, r->as_text);
    }
}
