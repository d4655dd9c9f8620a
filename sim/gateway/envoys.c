/* From exits to real servers, and back. */
#include "sim/gateway/envoys.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/gateway/serve.h"
#include "sim/gateway/visitors.h"

/* Half of what may be under way: the client need not wait, and the record has few such lines. */
#define CREDIT_DUE (EXIT_CREDIT / 2)

_Static_assert(ENVOYS_MAX <= VISITORS_FDS_MORE - 8, "there is room for all in one poll");

/* ---- setting out --------------------------------------------------------------------------------------- */

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static socklen_t address_of(union address *a, const struct forward *f)
{
    memset(a, 0, sizeof *a);
    if (inet_pton(AF_INET, f->address, &a->four.sin_addr) == 1) {
        a->four.sin_family = AF_INET;
        a->four.sin_port = htons(f->real_port);
        return sizeof a->four;
    }
    inet_pton(AF_INET6, f->address, &a->six.sin6_addr);
    a->six.sin6_family = AF_INET6;
    a->six.sin6_port = htons(f->real_port);
    return sizeof a->six;
}

/* Returns a socket that is connecting; -1: errno says why not. */
static int set_out(const struct forward *f, bool *there)
{
    union address a;
    socklen_t len = address_of(&a, f);
    int fd = socket(a.any.sa_family, SOCK_STREAM, 0), error;
    *there = false;
    if (fd < 0)
        return -1;
    if (socket_prepare(fd)) {
        *there = connect(fd, &a.any, len) == 0;
        if (*there || errno == EINPROGRESS || errno == EINTR)
            return fd;
    }
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void envoy_free(struct envoy *e)
{
    if (e->peer.fd >= 0)
        peer_close(&e->peer);
    else
        free(e->peer.out);
    free(e);
}

/* Makes room: of those whose session has ended there are more than half. The first of them is cut off. */
static void forget_one(struct envoys *v)
{
    size_t i = 0;
    while (v->one[i]->session)
        i++;
    v->one[i]->peer.reset = true;
    envoy_free(v->one[i]);
    memmove(&v->one[i], &v->one[i + 1], (v->n - i - 1) * sizeof v->one[0]);
    v->n--;
}

static void on_begun(void *ctx, struct exit_session *s)
{
    struct envoys *v = ctx;
    struct envoy *e = core_alloc(sizeof *e);
    bool there;
    int fd = set_out(exit_way(s)->forward, &there);
    if (v->n == ENVOYS_MAX)
        forget_one(v);
    e->error = fd < 0 ? errno : 0;
    e->session = s;
    e->way = exit_way(s);
    e->due = fd < 0 || there;
    peer_init(&e->peer, fd, exit_id(s), NULL);
    e->peer.waiting = !there;
    exit_set_app(s, e);
    v->one[v->n++] = e;
    v->connections++;
    announce_visit(v->options, v->world->queue.now_ns, "%s: %s sets out to %s port %u as number %lu",
                   e->way->forward->name, v->world->hosts[e->way->host].spec->name, e->way->forward->address,
                   e->way->forward->real_port, (unsigned long)exit_id(s));
}

/* ---- what the simulated side calls --------------------------------------------------------------------- */

static void on_octets(void *ctx, struct exit_session *s, const char *octets, size_t len)
{
    struct envoy *e = exit_app(s);
    (void)ctx;
    if (e)
        peer_take(&e->peer, octets, len);
}

static void on_peer_closed(void *ctx, struct exit_session *s)
{
    struct envoy *e = exit_app(s);
    (void)ctx;
    if (!e)
        return;
    e->peer.fin = true;
    peer_flush(&e->peer);
}

static void on_ended(void *ctx, struct exit_session *s, enum tcp_end why)
{
    struct envoys *v = ctx;
    struct envoy *e = exit_app(s);
    if (!e)
        return;
    e->session = NULL;
    e->peer.fin = true;
    e->peer.reset = why != TCP_END_NORMAL;
    e->peer.sent_ns = v->real_ns;
    announce_visit(v->options, v->world->queue.now_ns, "%s: number %lu is over: %s; %llu octets out, %llu in",
                   e->way->forward->name, (unsigned long)e->peer.id,
                   why == TCP_END_NORMAL ? "goodbye" : "it was broken off",
                   (unsigned long long)e->peer.octets_out, (unsigned long long)e->peer.octets_in);
}

static const struct exits_ops exits_calls = {
    .begun = on_begun, .octets = on_octets, .peer_closed = on_peer_closed, .ended = on_ended
};

/* ---- life ---------------------------------------------------------------------------------------------- */

void envoys_init(struct envoys *v, struct world *w, const struct plan *plan, const struct serve_options *o,
                 FILE *record)
{
    memset(v, 0, sizeof *v);
    v->world = w;
    v->options = o;
    v->record = record;
    v->one = core_alloc(ENVOYS_MAX * sizeof *v->one);
    v->exits = exits_new(w, plan, &exits_calls, v);
}

void envoys_leave(struct envoys *v)
{
    exits_mute(v->exits);
}

void envoys_free(struct envoys *v)
{
    for (size_t i = 0; i < v->n; i++)
        envoy_free(v->one[i]);
    free(v->one);
    exits_free(v->exits);
}

/* ---- inputs -------------------------------------------------------------------------------------------- */

static void note(struct envoys *v, const struct envoy *e, struct record_input in)
{
    in.t_ns = v->moment_ns;
    in.id = e->peer.id;
    if (v->record)
        record_input(v->record, &in);
}

/* The connection stands, or it has turned out that it never will. */
static void give_outcome(struct envoys *v, struct envoy *e)
{
    const struct forward *f = e->way->forward;
    e->due = false;
    if (e->error == 0) {
        e->peer.waiting = false;
        note(v, e, (struct record_input){ .kind = RECORD_EXIT_JOINED });
        exit_joined(e->session);
        peer_flush(&e->peer);
        return;
    }
    announce_trouble(&v->trouble, v->real_ns, "--forward %s: %s", f->text, strerror(e->error));
    note(v, e, (struct record_input){ .kind = RECORD_EXIT_REFUSED });
    exit_refused(e->session);
}

static void give_credit(struct envoys *v, struct envoy *e)
{
    size_t n = e->peer.owed;
    e->peer.owed = 0;
    if (exit_credit(e->session, n))
        note(v, e, (struct record_input){ .kind = RECORD_EXIT_CREDIT, .n = n });
}

static void read_envoy(struct envoys *v, struct envoy *e)
{
    size_t room = exit_room(e->session);
    long n;
    if (room > sizeof v->chunk)
        room = sizeof v->chunk;
    if (room == 0)
        return;
    n = peer_read(&e->peer, v->chunk, room);
    if (n == 0) {
        e->peer.eof = true;
        if (exit_close(e->session))
            note(v, e, (struct record_input){ .kind = RECORD_EXIT_CLOSE });
    } else if (n > 0) {
        bool took = exit_octets(e->session, v->chunk, (size_t)n);
        assert(took);
        (void)took;
        note(v, e, (struct record_input){ .kind = RECORD_EXIT_OCTETS, .data = v->chunk, .len = (size_t)n });
    }
}

static void look_whether_joined(struct envoy *e)
{
    socklen_t len = sizeof e->error;
    if (getsockopt(e->peer.fd, SOL_SOCKET, SO_ERROR, &e->error, &len) != 0)
        e->error = errno;
    e->due = e->session != NULL;
    if (!e->session) { /* it has ended, but what it said may still be handed over */
        e->peer.waiting = false;
        e->peer.broken = e->error != 0;
    }
}

static void serve_envoy(struct envoys *v, struct envoy *e, short events)
{
    if (e->peer.waiting && !e->due && (events & (POLLOUT | POLLERR | POLLHUP)))
        look_whether_joined(e);
    if (e->session && e->due) {
        give_outcome(v, e);
        return;
    }
    if (events & POLLOUT)
        peer_flush(&e->peer);
    e->peer.broken |= !e->session && (events & (POLLERR | POLLHUP | POLLNVAL));
    if (!e->session)
        return;
    if (e->peer.owed >= CREDIT_DUE && !e->peer.broken)
        give_credit(v, e);
    if (e->session && (events & (POLLIN | POLLHUP)) && !e->peer.waiting && !e->peer.eof)
        read_envoy(v, e);
    if (e->session && ((events & (POLLERR | POLLNVAL)) || e->peer.broken)) {
        note(v, e, (struct record_input){ .kind = RECORD_EXIT_RESET });
        exit_reset(e->session);
    }
}

/* ---- rounds -------------------------------------------------------------------------------------------- */

size_t envoys_poll(struct envoys *v, struct pollfd *fds, bool *owing)
{
    v->fds = fds;
    for (size_t i = 0; i < v->n; i++) {
        const struct envoy *e = v->one[i];
        const struct peer *p = &e->peer;
        bool wanted = e->session && !p->waiting && !p->eof && exit_room(e->session) > 0;
        /* Where nothing can be done, a socket that hangs up would wake us for nothing. */
        bool asleep = !p->waiting && p->out_len == 0 && !wanted && (!p->eof || p->shut);
        *owing |= e->session && (e->due || p->broken || p->owed >= CREDIT_DUE);
        fds[i] = (struct pollfd){ .fd = asleep || e->due ? -1 : p->fd,
                                  .events = (short)((wanted ? POLLIN : 0) |
                                                    (p->waiting || p->out_len > 0 ? POLLOUT : 0)) };
    }
    v->polled = v->n;
    return v->n;
}

void envoys_round(struct envoys *v, uint64_t moment_ns, uint64_t real_ns)
{
    v->moment_ns = moment_ns;
    v->real_ns = real_ns;
    for (size_t i = 0; i < v->polled && i < v->n; i++)
        serve_envoy(v, v->one[i], v->fds[i].revents);
}

void envoys_sweep(struct envoys *v, uint64_t real_ns)
{
    size_t kept = 0;
    v->real_ns = real_ns;
    for (size_t i = 0; i < v->n; i++) {
        struct envoy *e = v->one[i];
        struct peer *p = &e->peer;
        bool late = !e->session && real_ns > p->sent_ns + SERVE_LINGER_NS;
        if (e->session || (p->out_len > 0 && p->fd >= 0 && !p->broken && !p->reset && !late)) {
            v->one[kept++] = e;
            continue;
        }
        p->reset |= late && p->out_len > 0;
        envoy_free(e);
    }
    v->n = kept;
}
