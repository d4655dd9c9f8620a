/* From sockets to inputs. */
#include "sim/gateway/visitors.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/gateway/serve.h"

/* Half of what may be under way: the server need not wait, and the record has few such lines. */
#define CREDIT_DUE (ENTRANCE_CREDIT / 2)

/* ---- what the simulated side calls
 * --------------------------------------------------------------------------- */

static void on_opened(void *ctx, struct session *s)
{
    (void)ctx;
    ((struct peer *)session_app(s))->opened = true;
}

static void on_octets(void *ctx, struct session *s, const char *octets, size_t len)
{
    (void)ctx;
    peer_take(session_app(s), octets, len);
}

static void on_peer_closed(void *ctx, struct session *s)
{
    struct peer *p = session_app(s);
    (void)ctx;
    p->fin = true;
    peer_flush(p);
}

static const char *end_words(enum tcp_end why)
{
    static const char *const words[] = { [TCP_END_NORMAL] = "goodbye",
                                         [TCP_END_REFUSED] = "nobody listens there",
                                         [TCP_END_RESET] = "the server broke it off",
                                         [TCP_END_TIMED_OUT] = "no answer",
                                         [TCP_END_UNREACHABLE] = "no way there",
                                         [TCP_END_PROHIBITED] = "a firewall forbids it",
                                         [TCP_END_ABORTED] = "it broke it off" };
    return words[why];
}

static void ask_ended(struct visitors *v, struct session *s)
{
    for (size_t i = 0; i < ENTRANCE_ASKS_MAX; i++)
        if (v->ask[i].session == s)
            v->ask[i].session = NULL;
}

static void on_ended(void *ctx, struct session *s, enum tcp_end why)
{
    struct visitors *v = ctx;
    struct peer *p = session_app(s);
    if (session_is_ask(s)) {
        ask_ended(v, s);
        return;
    }
    if (!p)
        return;
    p->session = NULL;
    p->fin = true;
    p->reset = why != TCP_END_NORMAL;
    p->sent_ns = v->real_ns;
    announce_visit(v->options, v->world->queue.now_ns, "%s: program %lu leaves: %s; %llu octets in, %llu out",
                   p->at->service.name, (unsigned long)p->id, end_words(why),
                   (unsigned long long)p->octets_in, (unsigned long long)p->octets_out);
}

static void on_datagram(void *ctx, struct session *s, const uint8_t *octets, size_t len)
{
    const struct ask *a = session_app(s);
    (void)ctx;
    /* Datagrams may be lost: nobody waits for room. */
    if (sendto(a->at->fd, octets, len, MSG_NOSIGNAL, (const struct sockaddr *)(const void *)a->from.octets,
               a->from.len) < 0)
        return;
}

static const struct entrance_ops entrance_calls = { .opened = on_opened,
                                                    .octets = on_octets,
                                                    .peer_closed = on_peer_closed,
                                                    .datagram = on_datagram,
                                                    .ended = on_ended };

/* ---- life
 * ------------------------------------------------------------------------------------------------------- */

void visitors_init(struct visitors *v, struct world *w, const struct plan *plan,
                   const struct serve_options *o, struct listeners *l, FILE *record)
{
    memset(v, 0, sizeof *v);
    v->world = w;
    v->plan = plan;
    v->options = o;
    v->listeners = l;
    v->record = record;
    v->max_peers = 2 * (size_t)plan->ndoors; /* those that have left may still have something to read */
    v->peer = core_alloc(v->max_peers * sizeof *v->peer);
    v->fds = core_alloc((l->count + v->max_peers + VISITORS_FDS_MORE) * sizeof *v->fds);
    v->entrance = entrance_new(w, plan, &entrance_calls, v);
}

void visitors_leave(struct visitors *v)
{
    entrance_mute(v->entrance);
}

void visitors_free(struct visitors *v)
{
    for (size_t i = 0; i < v->npeers; i++) {
        peer_close(v->peer[i]);
        free(v->peer[i]);
    }
    free(v->peer);
    free(v->fds);
    entrance_free(v->entrance);
}

/* ---- inputs
 * -------------------------------------------------------------------------------------------------------- */

static void note(struct visitors *v, struct record_input in)
{
    in.t_ns = v->moment_ns;
    if (v->record)
        record_input(v->record, &in);
}

static void give_credit(struct visitors *v, struct peer *p)
{
    size_t n = p->owed;
    p->owed = 0;
    if (entrance_credit(p->session, n))
        note(v, (struct record_input){ .kind = RECORD_CREDIT, .id = p->id, .n = n });
}

static void give_reset(struct visitors *v, struct peer *p)
{
    note(v, (struct record_input){ .kind = RECORD_RESET, .id = p->id });
    entrance_reset(p->session);
}

static void give_close(struct visitors *v, struct peer *p)
{
    p->eof = true;
    if (entrance_close(p->session))
        note(v, (struct record_input){ .kind = RECORD_CLOSE, .id = p->id });
}

static size_t room_for(const struct peer *p)
{
    return entrance_lines(p->session) < VISITORS_LINES_MAX ? entrance_room(p->session) : 0;
}

static void read_peer(struct visitors *v, struct peer *p)
{
    size_t room = room_for(p);
    long n;
    if (room > v->share)
        room = v->share;
    if (room == 0 || (v->behind && entrance_under_way(p->session) > 0))
        return;
    n = peer_read(p, v->chunk, room);
    if (n == 0) {
        give_close(v, p);
    } else if (n > 0) {
        bool took = entrance_octets(p->session, v->chunk, (size_t)n);
        assert(took);
        (void)took;
        note(v,
             (struct record_input){ .kind = RECORD_OCTETS, .id = p->id, .data = v->chunk, .len = (size_t)n });
    }
}

static void serve_peer(struct visitors *v, struct peer *p, short events)
{
    if (events & POLLOUT)
        peer_flush(p);
    p->broken |= !p->session && (events & (POLLERR | POLLHUP | POLLNVAL));
    if (!p->session)
        return;
    if (p->owed >= CREDIT_DUE && !p->broken)
        give_credit(v, p);
    if (p->session && (events & (POLLIN | POLLHUP)) && p->opened && !p->eof)
        read_peer(v, p);
    /* POLLERR: a reset. POLLHUP after we have shut down our side too: the program has gone. */
    if (p->session && ((events & (POLLERR | POLLNVAL)) || p->broken || ((events & POLLHUP) && !p->opened)))
        give_reset(v, p);
}

/* ---- who comes in
 * ----------------------------------------------------------------------------------------------------- */

static unsigned find_door(struct visitors *v, const struct listener *l, struct net_addr *to)
{
    unsigned door = entrance_free_door(v->entrance, l->family);
    return door && plan_address(l->host, &v->plan->door[door - 1], l->family, to) ? door : 0;
}

static void come_in(struct visitors *v, const struct listener *l, int fd)
{
    struct net_addr to;
    unsigned door = v->npeers < v->max_peers ? find_door(v, l, &to) : 0;
    struct peer *p;
    if (!door || !socket_prepare(fd)) {
        announce_trouble(&v->trouble, v->real_ns, "%s:%u: a program was turned away: all %u doors are in use",
                         l->address, l->local_port, v->plan->ndoors);
        socket_refuse(fd);
        return;
    }
    p = core_alloc(sizeof *p);
    peer_init(p, fd, ++v->last_id, l);
    note(v, (struct record_input){
                .kind = RECORD_CONNECT, .id = p->id, .door = door, .to = to, .port = l->port });
    if (!entrance_connect(v->entrance, p->id, door, &to, l->port, &p->session) || !p->session) {
        announce_trouble(&v->trouble, v->real_ns, "%s:%u: no way leads from door-%u to %s", l->address,
                         l->local_port, door, l->host->name);
        socket_refuse(fd);
        free(p);
        return;
    }
    session_set_app(p->session, p);
    v->peer[v->npeers++] = p;
    v->connections++;
    announce_visit(v->options, v->moment_ns, "%s: program %lu comes in as door-%u", l->service.name,
                   (unsigned long)p->id, door);
}

static void accept_all(struct visitors *v, const struct listener *l)
{
    for (int i = 0; i < VISITORS_ACCEPT_MAX; i++) {
        int fd = accept(l->fd, NULL, NULL);
        if (fd >= 0) {
            come_in(v, l, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            v->paused_until_ns = v->real_ns + VISITORS_PAUSE_NS;
            announce_trouble(&v->trouble, v->real_ns, "%s:%u: programs wait outside: %s", l->address,
                             l->local_port, strerror(errno));
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static struct ask *ask_of(struct visitors *v, const struct listener *l, const struct visitor_address *from)
{
    for (size_t i = 0; i < ENTRANCE_ASKS_MAX; i++) {
        struct ask *a = &v->ask[i];
        if (a->session && a->at == l && a->from.len == from->len &&
            memcmp(a->from.octets, from->octets, from->len) == 0)
            return a;
    }
    return NULL;
}

/* A session for datagrams from a program that is new. When there are too many, the quietest is forgotten. */
static struct ask *ask_new(struct visitors *v, const struct listener *l, const struct visitor_address *from)
{
    struct session *oldest = entrance_oldest_ask(v->entrance);
    struct net_addr to;
    unsigned door;
    struct ask *a = v->ask;
    if (oldest) {
        note(v, (struct record_input){ .kind = RECORD_FORGET, .id = session_id(oldest) });
        entrance_forget(oldest);
    }
    door = find_door(v, l, &to);
    if (!door)
        return NULL;
    while (a->session)
        a++;
    *a = (struct ask){ .at = l, .id = ++v->last_id, .from = *from };
    note(v,
         (struct record_input){ .kind = RECORD_ASK, .id = a->id, .door = door, .to = to, .port = l->port });
    if (!entrance_ask(v->entrance, a->id, door, &to, l->port, &a->session) || !a->session)
        return NULL;
    session_set_app(a->session, a);
    v->connections++;
    return a;
}

static void receive_all(struct visitors *v, const struct listener *l)
{
    for (int i = 0; i < VISITORS_DATAGRAMS_MAX; i++) {
        struct visitor_address from = { .len = sizeof from.octets };
        socklen_t len = sizeof from.octets;
        ssize_t n =
            recvfrom(l->fd, v->chunk, sizeof v->chunk, 0, (struct sockaddr *)(void *)from.octets, &len);
        struct ask *a;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return;
        from.len = (unsigned)len;
        a = ask_of(v, l, &from);
        if (!a)
            a = ask_new(v, l, &from);
        if (a && entrance_datagram(a->session, (const uint8_t *)v->chunk, (size_t)n))
            note(v, (struct record_input){
                        .kind = RECORD_DATAGRAM, .id = a->id, .data = v->chunk, .len = (size_t)n });
        else
            announce_trouble(&v->trouble, v->real_ns, "%s:%u: a datagram of %zd octets is dropped",
                             l->address, l->local_port, n);
    }
}

/* ---- rounds
 * ----------------------------------------------------------------------------------------------------------------
 */

size_t visitors_poll(struct visitors *v, bool *owing)
{
    struct pollfd *at = v->fds;
    *owing = false;
    for (size_t i = 0; i < v->listeners->count; i++)
        *at++ = (struct pollfd){ .fd = v->real_ns < v->paused_until_ns ? -1 : v->listeners->all[i].fd,
                                 .events = POLLIN };
    for (size_t i = 0; i < v->npeers; i++) {
        const struct peer *p = v->peer[i];
        short events = p->out_len > 0 ? POLLOUT : 0;
        bool wanted = p->session && p->opened && !p->eof && room_for(p) > 0;
        /* Where nothing can be done, a socket that hangs up would wake us for nothing. */
        bool asleep = p->opened && p->out_len == 0 && !wanted && (!p->eof || p->shut);
        if (wanted)
            events |= POLLIN;
        *owing |= p->session && ((p->owed >= CREDIT_DUE && !p->broken) || p->broken);
        *at++ = (struct pollfd){ .fd = asleep ? -1 : p->fd, .events = events };
    }
    v->polled = v->npeers;
    return (size_t)(at - v->fds);
}

/* How much each program may bring, when so many have something. */
static size_t fair_share(const struct visitors *v, size_t doors)
{
    size_t talkers = 0, share;
    for (size_t i = 0; i < v->polled; i++)
        talkers += (v->fds[doors + i].revents & POLLIN) != 0;
    share = VISITORS_ROUND_OCTETS / (talkers ? talkers : 1);
    if (share < VISITORS_SHARE_LEAST)
        return VISITORS_SHARE_LEAST;
    return share < sizeof v->chunk ? share : sizeof v->chunk;
}

void visitors_round(struct visitors *v, uint64_t moment_ns, uint64_t real_ns, bool behind)
{
    size_t doors = v->listeners->count;
    v->moment_ns = moment_ns;
    v->real_ns = real_ns;
    v->behind = behind;
    v->share = fair_share(v, doors);
    for (size_t i = 0; i < v->polled; i++)
        serve_peer(v, v->peer[i], v->fds[doors + i].revents);
    for (size_t i = 0; i < doors; i++)
        if (v->fds[i].revents) {
            const struct listener *l = &v->listeners->all[i];
            l->udp ? receive_all(v, l) : accept_all(v, l);
        }
}

void visitors_sweep(struct visitors *v, uint64_t real_ns)
{
    size_t kept = 0;
    v->real_ns = real_ns;
    for (size_t i = 0; i < v->npeers; i++) {
        struct peer *p = v->peer[i];
        bool late = !p->session && real_ns > p->sent_ns + SERVE_LINGER_NS;
        if (p->session || (p->out_len > 0 && !p->broken && !p->reset && !late)) {
            v->peer[kept++] = p;
            continue;
        }
        p->reset |= late && p->out_len > 0;
        peer_close(p);
        free(p);
    }
    v->npeers = kept;
}
