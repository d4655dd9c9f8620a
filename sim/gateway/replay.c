/* Recorded inputs, given again. */
#include "sim/gateway/replay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/gateway/control.h"
#include "sim/gateway/say.h"
enum { REPLAY_SAME, REPLAY_OTHER, REPLAY_WRONG, REPLAY_MACHINE };

__attribute__((format(printf, 2, 3))) static int refuse(const struct replay *r, const char *fmt, ...)
{
    char why[SAY_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    say_error("%s:%u: %s", r->reader.path, r->reader.line ? r->reader.line : 1, why);
    return REPLAY_WRONG;
}

int replay_open(struct replay *r, const char *path)
{
    memset(r, 0, sizeof *r);
    if (!record_open(&r->reader, path)) {
        say_error("%s: %s", path, strerror(errno));
        return errno == ENOENT ? REPLAY_WRONG : REPLAY_MACHINE;
    }
    if (!record_read_header(&r->reader, &r->header) || !record_check(&r->reader)) {
        int status = refuse(r, "%s", r->reader.error);
        replay_close(r);
        return status;
    }
    return REPLAY_SAME;
}

int replay_plan(struct replay *r, const struct spec_world *spec, uint64_t text_hash)
{
    char error[PLAN_ERROR_MAX];
    struct tun_plan tun;
    r->reader.line = 1;
    if (text_hash != r->header.text_hash)
        return refuse(
            r, "scenario \"%s\" is not what it was when this was recorded (text %016llx, now %016llx)",
            r->header.scenario, (unsigned long long)r->header.text_hash, (unsigned long long)text_hash);
    tun_plan_init(&tun);
    if (r->header.tun && !tun_plan_read(&tun, r->header.tun))
        return refuse(r, "\"tun\" must be addresses, like \"%s %s\"", TUN_IP4, TUN_IP6);
    if (!plan_make(&r->plan, spec, r->header.link, r->header.doors, r->header.actions, r->header.forwards,
                   &tun, error))
        return refuse(r, "%s", error);
    r->planned = true;
    r->reader.line = r->header.lines;
    return REPLAY_SAME;
}

void replay_close(struct replay *r)
{
    record_close(&r->reader);
    record_header_free(&r->header);
    if (r->entrance)
        entrance_free(r->entrance);
    if (r->exits)
        exits_free(r->exits);
    if (r->planned)
        plan_free(&r->plan);
}

/* ---- inputs
 * ------------------------------------------------------------------------------------------------ */

static bool begin(struct entrance *e, const struct record_input *in, const char **why)
{
    struct session *s;
    *why = "there is no such door, or it is in use";
    return in->kind == RECORD_CONNECT ? entrance_connect(e, in->id, in->door, &in->to, in->port, &s)
                                      : entrance_ask(e, in->id, in->door, &in->to, in->port, &s);
}

static bool go_on(struct session *s, const struct record_input *in, const char **why)
{
    bool ask = in->kind == RECORD_DATAGRAM || in->kind == RECORD_FORGET;
    if (ask != session_is_ask(s)) {
        *why = ask ? "it is a connection" : "it sends datagrams";
        return false;
    }
    switch (in->kind) {
    case RECORD_OCTETS:
        *why = "there is no room for so many octets, or none at all";
        return entrance_octets(s, in->data, in->len);
    case RECORD_CREDIT:
        *why = "it had not taken so many octets";
        return entrance_credit(s, in->n);
    case RECORD_CLOSE:
        *why = "it has closed before";
        return entrance_close(s);
    case RECORD_RESET:
        entrance_reset(s);
        return true;
    case RECORD_DATAGRAM:
        *why = "the datagram is too large";
        return entrance_datagram(s, (const uint8_t *)in->data, in->len);
    default:
        entrance_forget(s);
        return true;
    }
}

static bool go_on_outside(struct exit_session *s, const struct record_input *in, const char **why)
{
    *why = "the real server has not taken it, or has closed it";
    switch (in->kind) {
    case RECORD_EXIT_JOINED:
        return exit_joined(s);
    case RECORD_EXIT_REFUSED:
        return exit_refused(s);
    case RECORD_EXIT_OCTETS:
        return exit_octets(s, in->data, in->len);
    case RECORD_EXIT_CREDIT:
        *why = "it had not said so many octets";
        return exit_credit(s, in->n);
    case RECORD_EXIT_CLOSE:
        return exit_close(s);
    default:
        exit_reset(s);
        return true;
    }
}

/* What somebody said by the control socket. A send that was refused then is refused now, and told alike. */
static bool say_again(struct world *w, const struct record_input *in, const char **why)
{
    struct control_room room = { .world = w, .now_ns = in->t_ns };
    struct control_request *r = core_alloc(sizeof *r);
    struct flat_object *o = core_alloc(sizeof *o);
    struct control_answer a = { .len = 0 };
    struct control_given g;
    char *line = core_alloc(in->len + 1);
    uint64_t before = w->trace.seq;
    bool good;
    memcpy(line, in->data, in->len);
    good = control_read(r, o, line) && control_command(r->verb)->changes;
    if (good)
        control_give(&room, r, &g, &a);
    *why = good ? "it does not fit this world" : "it is no request that changes the world";
    good = good && w->trace.seq != before;
    free(a.text);
    free(line);
    free(o);
    free(r);
    return good;
}

static bool give(struct replay *r, struct world *w, const struct record_input *in, const char **why)
{
    struct entrance *e = r->entrance;
    struct session *s;
    if (in->kind == RECORD_PACKET) {
        *why = r->tun ? "it is no IP packet, or too long" : "there is no TUN door";
        return r->tun && tun_world_give(w, r->tun, (const uint8_t *)in->data, in->len);
    }
    if (record_is_of_exit(in->kind)) {
        struct exit_session *x = exit_find(r->exits, in->id);
        *why = "no such connection leads to a real server by then";
        return x && go_on_outside(x, in, why);
    }
    if (in->kind == RECORD_CONTROL)
        return say_again(w, in, why);
    if (in->kind == RECORD_CONNECT || in->kind == RECORD_ASK)
        return begin(e, in, why);
    s = entrance_find(e, in->id);
    *why = "it has ended by then";
    return s && go_on(s, in, why);
}

/* The kernel has had its packets. */
static void to_nobody(void *ctx, const uint8_t *ip, size_t len)
{
    (void)ctx, (void)ip, (void)len;
}

int replay_run(struct replay *r, struct world *w)
{
    struct entrance *e = r->entrance = entrance_new(w, &r->plan, NULL, NULL);
    struct exits *x = r->exits = exits_new(w, &r->plan, NULL, NULL);
    struct record_input in;
    const char *why = "";
    uint64_t moment = UINT64_MAX;
    int got, status = REPLAY_SAME;
    r->tun = tun_world_open(w, to_nobody, NULL);
    while (status == REPLAY_SAME && (got = record_read(&r->reader, &in)) != 0) {
        if (got < 0) {
            status = refuse(r, "%s", r->reader.error);
        } else if (in.kind == RECORD_END) {
            core_queue_run(&w->queue, in.t_ns);
            r->ended = true;
            r->recorded = in.hash;
            if (r->hash.value != in.hash)
                status = REPLAY_OTHER;
        } else {
            if (in.t_ns != moment && in.t_ns < w->queue.now_ns)
                status = refuse(r, "time goes back");
            else if (in.t_ns != moment)
                entrance_at(e, in.t_ns);
            moment = in.t_ns;
            if (status == REPLAY_SAME && !give(r, w, &in, &why))
                status = refuse(r, "%s %lu at %llu ns: %s; the recording is of another run",
                                record_is_of_exit(in.kind)  ? "exit"
                                : in.kind == RECORD_PACKET  ? "packet"
                                : in.kind == RECORD_CONTROL ? "control request"
                                                            : "program",
                                (unsigned long)in.id, (unsigned long long)in.t_ns, why);
        }
    }
    entrance_mute(e);
    exits_mute(x);
    return status;
}

int replay_report(const struct replay *r, int status, bool jsonl)
{
    unsigned long long hash = (unsigned long long)r->hash.value, recorded = (unsigned long long)r->recorded;
    if (status != REPLAY_SAME && status != REPLAY_OTHER)
        return status;
    if (jsonl && r->ended)
        printf("{\"done\":true,\"hash\":\"%016llx\",\"recorded\":\"%016llx\",\"same\":%s}\n", hash, recorded,
               hash == recorded ? "true" : "false");
    else if (jsonl)
        printf("{\"done\":true,\"hash\":\"%016llx\"}\n", hash);
    else if (r->ended && hash == recorded)
        printf("\nReplayed: trace hash %016llx, the same as in the recorded session.\n", hash);
    else if (r->ended)
        printf("\nReplayed: trace hash %016llx, but that of the recorded session is %016llx.\n", hash,
               recorded);
    else
        printf("\nReplayed: trace hash %016llx; the recording has no end to compare it with.\n", hash);
    if (fflush(stdout) != 0) {
        say_error("standard output: %s", strerror(errno));
        return REPLAY_MACHINE;
    }
    return status;
}
