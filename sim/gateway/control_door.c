/* A Unix socket for those who watch a served world. */
#include "sim/gateway/control_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/core/pool.h"
#include "sim/gateway/listen.h"
#include "sim/gateway/record.h"
#include "sim/hosts/mua_order.h"
#include "sim/gateway/say.h"

#define STATUS_USAGE   2
#define STATUS_MACHINE 3
#define QUEUE_LENGTH   64

struct client {
    struct control_door *door;
    int fd;                    /* -1: free */
    char *in;                  /* CONTROL_REQUEST_MAX + 1; owned */
    size_t have;               /* octets in it */
    struct control_answer out; /* what still has to leave */
    size_t sent;
    enum control_wait wait; /* for what the answer waits */
    struct mua_ordered *order;
    uint64_t until_ns;
    bool as_text, eof, overlong; /* overlong: the rest of a line is thrown away */
};

struct control_door {
    int fd;
    char *path;
    struct control_room *room;
    FILE *record;
    uint32_t inputs;
    struct client client[CONTROL_CLIENTS_MAX];
    size_t polled[CONTROL_CLIENTS_MAX]; /* 1 + index in fds; 0: not there */
};

/* ---- the socket
 * --------------------------------------------------------------------------------------------- */

static int complain(const char *path, const char *what, int status)
{
    say_error("--control %s: %s", path, what);
    return status;
}

/* Is the socket file one that nobody listens on any more? Then it goes. 0, or what to end with. */
static int replace_stale(const char *path, const struct sockaddr_un *a)
{
    struct stat st;
    int fd, error;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? 0 : complain(path, strerror(errno), STATUS_MACHINE);
    if (!S_ISSOCK(st.st_mode))
        return complain(path, "is there already, and is no socket", STATUS_MACHINE);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return complain(path, strerror(errno), STATUS_MACHINE);
    error = connect(fd, (const struct sockaddr *)a, sizeof *a) == 0 ? 0 : errno;
    close(fd);
    if (error == 0)
        return complain(path, "another server is listening there", STATUS_MACHINE);
    if (error != ECONNREFUSED)
        return complain(path, strerror(error), STATUS_MACHINE);
    return unlink(path) == 0 ? 0 : complain(path, strerror(errno), STATUS_MACHINE);
}

static int listen_at(struct control_door *d, const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    mode_t before;
    int status, bound;
    if (strlen(path) == 0 || strlen(path) >= sizeof a.sun_path)
        return complain(path, "a socket's path has 1 to 107 octets", STATUS_USAGE);
    memcpy(a.sun_path, path, strlen(path));
    status = replace_stale(path, &a);
    if (status != 0)
        return status;
    d->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (d->fd < 0 || !socket_prepare(d->fd))
        return complain(path, strerror(errno), STATUS_MACHINE);
    before = umask(0177);
    bound = bind(d->fd, (const struct sockaddr *)&a, sizeof a);
    umask(before);
    if (bound != 0)
        return complain(path, strerror(errno), STATUS_MACHINE);
    d->path = core_alloc(strlen(path) + 1);
    memcpy(d->path, path, strlen(path) + 1);
    return listen(d->fd, QUEUE_LENGTH) == 0 ? 0 : complain(path, strerror(errno), STATUS_MACHINE);
}

struct control_door *control_door_open(const char *path, int *status)
{
    struct control_door *d = core_alloc(sizeof *d);
    d->fd = -1;
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        d->client[i] = (struct client){ .door = d, .fd = -1 };
    *status = listen_at(d, path);
    if (*status == 0)
        return d;
    control_door_close(d);
    return NULL;
}

void control_door_begin(struct control_door *d, struct control_room *room, FILE *record)
{
    d->room = room;
    d->record = record;
}

/* ---- clients
 * ------------------------------------------------------------------------------------------------- */

static void forget(struct client *c)
{
    struct control_door *d = c->door;
    if (c->fd < 0)
        return;
    if (c->order)
        mua_order_forget(c->order);
    close(c->fd);
    free(c->in);
    free(c->out.text);
    *c = (struct client){ .door = d, .fd = -1 };
}

void control_door_close(struct control_door *d)
{
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        forget(&d->client[i]);
    if (d->fd >= 0)
        close(d->fd);
    if (d->path)
        unlink(d->path);
    free(d->path);
    free(d);
}

static bool idle(const struct client *c)
{
    return c->wait == CONTROL_NOW && c->out.len == 0;
}

/* A request has come while the last one was being answered. */
static bool has_line(const struct client *c)
{
    return c->have > 0 && memchr(c->in, '\n', c->have) != NULL;
}

/* Sends what the socket takes. */
static void flush(struct client *c)
{
    while (c->fd >= 0 && c->sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.text + c->sent, c->out.len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            forget(c);
            return;
        }
        c->sent += (size_t)n;
    }
    free(c->out.text);
    c->out = (struct control_answer){ .len = 0 };
    c->sent = 0;
}

static void answer_done(struct client *c)
{
    answer_newline(&c->out);
    flush(c);
}

static void on_sent(void *ctx, const char *result)
{
    struct client *c = ctx;
    answer_sent(&c->out, result, c->as_text);
    c->order = NULL;
    c->wait = CONTROL_NOW;
    answer_newline(&c->out); /* it leaves in the next round: a world's event is no place for a socket */
}

/* ---- requests
 * ------------------------------------------------------------------------------------------------- */

static void remember(struct control_door *d, const char *line, size_t len, uint64_t moment_ns)
{
    struct record_input in = {
        .kind = RECORD_CONTROL, .t_ns = moment_ns, .id = ++d->inputs, .data = line, .len = len
    };
    if (d->record)
        record_input(d->record, &in);
}

static void give(struct client *c, const struct control_request *r, const char *line, size_t len,
                 uint64_t moment_ns)
{
    struct control_door *d = c->door;
    struct control_given g;
    uint64_t before = d->room->world->trace.seq;
    bool accepted;
    d->room->sent = on_sent;
    d->room->sent_ctx = c;
    c->wait = CONTROL_SENT; /* until on_sent, if it comes at once */
    c->as_text = r->as_text;
    accepted = control_give(d->room, r, &g, &c->out);
    if (d->room->world->trace.seq != before)
        remember(d, line, len, moment_ns);
    if (g.wait != CONTROL_SENT || !accepted)
        c->wait = accepted ? g.wait : CONTROL_NOW;
    else if (c->wait == CONTROL_SENT)
        c->order = g.order;
    c->until_ns = g.until_ns;
    if (c->wait == CONTROL_NOW && c->out.len > 0 && c->out.text[c->out.len - 1] != '\n')
        answer_done(c);
}

static void take_line(struct client *c, char *line, size_t len, uint64_t moment_ns)
{
    struct control_request r;
    struct flat_object *o = core_alloc(sizeof *o);
    char *copy = core_alloc(len + 1);
    memcpy(copy, line, len);
    if (strlen(copy) != len) {
        answer_refuse(&c->out, "the line has a NUL");
        answer_done(c);
    } else if (!control_read(&r, o, line)) {
        answer_refuse(&c->out, o->error);
        answer_done(c);
    } else if (control_command(r.verb)->changes) {
        give(c, &r, copy, len, moment_ns);
    } else {
        control_look(c->door->room, &r, &c->out);
        answer_done(c);
    }
    free(copy);
    free(o);
}

/* The whole lines that have come, as long as answers leave. */
static void serve(struct client *c, uint64_t moment_ns)
{
    for (int i = 0; i < CONTROL_ROUND_MAX && c->fd >= 0 && idle(c); i++) {
        char *lf = c->have > 0 ? memchr(c->in, '\n', c->have) : NULL;
        size_t len = lf ? (size_t)(lf - c->in) : 0, used = len + 1;
        if (!lf)
            break;
        *lf = '\0';
        if (len > 0 && c->in[len - 1] == '\r')
            c->in[--len] = '\0';
        if (c->overlong)
            c->overlong = false;
        else
            take_line(c, c->in, len, moment_ns);
        if (c->fd < 0)
            return;
        c->have -= used;
        memmove(c->in, c->in + used, c->have);
    }
    if (c->fd >= 0 && c->have == CONTROL_REQUEST_MAX && !memchr(c->in, '\n', c->have)) {
        if (!c->overlong) {
            answer_refuse(&c->out, "a request has at most 65536 octets");
            answer_done(c);
        }
        c->overlong = true;
        c->have = 0;
    }
}

static void hear(struct client *c)
{
    ssize_t n;
    if (c->have == CONTROL_REQUEST_MAX)
        return;
    n = recv(c->fd, c->in + c->have, CONTROL_REQUEST_MAX - c->have, MSG_DONTWAIT);
    if (n > 0)
        c->have += (size_t)n;
    else if (n == 0)
        c->eof = true;
    else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
        forget(c);
}

static void let_in(struct control_door *d)
{
    static const char full[] = "{\"ok\":false,\"error\":\"16 others are connected; that is the most\"}\n";
    for (;;) {
        int i = 0, fd = accept(d->fd, NULL, NULL);
        if (fd < 0)
            return;
        while (i < CONTROL_CLIENTS_MAX && d->client[i].fd >= 0)
            i++;
        if (i == CONTROL_CLIENTS_MAX || !socket_prepare(fd)) {
            if (send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                errno = 0; /* who does not listen is not told */
            close(fd);
            continue;
        }
        d->client[i].fd = fd;
        d->client[i].in = core_alloc(CONTROL_REQUEST_MAX + 1);
    }
}

/* ---- the loop's part
 * --------------------------------------------------------------------------------------------- */

size_t control_door_poll(struct control_door *d, struct pollfd *fds)
{
    size_t n = 0;
    fds[n++] = (struct pollfd){ .fd = d->fd, .events = POLLIN };
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct client *c = &d->client[i];
        d->polled[i] = 0;
        if (c->fd < 0)
            continue;
        d->polled[i] = n + 1;
        fds[n++] = (struct pollfd){
            .fd = c->fd, .events = (short)((c->out.len > 0 ? POLLOUT : 0) | (idle(c) && !c->eof ? POLLIN : 0))
        };
    }
    return n;
}

bool control_door_owing(const struct control_door *d)
{
    bool any = false;
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        any |= d->client[i].fd >= 0 && idle(&d->client[i]) && has_line(&d->client[i]);
    return any;
}

bool control_door_knocks(const struct control_door *d, const struct pollfd *fds)
{
    bool any = fds[0].revents != 0;
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        any |= d->polled[i] > 0 && fds[d->polled[i] - 1].revents != 0;
    return any || control_door_owing(d);
}

void control_door_round(struct control_door *d, const struct pollfd *fds, uint64_t moment_ns)
{
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct client *c = &d->client[i];
        short events = d->polled[i] > 0 && c->fd >= 0 ? fds[d->polled[i] - 1].revents : 0;
        if (c->fd < 0 || (!events && !(idle(c) && has_line(c))))
            continue;
        if (events & POLLOUT)
            flush(c);
        if (c->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR)) && idle(c))
            hear(c);
        else if (c->fd >= 0 && (events & (POLLHUP | POLLERR)))
            forget(c); /* nobody is there to read the answer */
        if (c->fd >= 0)
            serve(c, moment_ns);
        if (c->fd >= 0 && c->eof && idle(c) && !has_line(c))
            forget(c);
    }
    if (fds[0].revents)
        let_in(d);
}

void control_door_tick(struct control_door *d, uint64_t now_ns)
{
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct client *c = &d->client[i];
        if (c->fd < 0 || c->wait != CONTROL_TIME_COMES || now_ns < c->until_ns)
            continue;
        c->wait = CONTROL_NOW;
        answer_time(&c->out, d->room, c->as_text);
        answer_done(c);
    }
}
