/* Sockets of real programs. */
#include "sim/gateway/peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_KEEP 16384 /* octets of an empty buffer that stay */

void peer_init(struct peer *p, int fd, uint32_t id, const struct listener *at)
{
    int on = 1;
    *p = (struct peer){ .fd = fd, .id = id, .at = at };
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* the simulated TCP decides about delays */
}

static bool later(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS;
}

/* Returns how many octets the socket took. */
static size_t send_some(struct peer *p, const char *octets, size_t len)
{
    size_t done = 0;
    while (done < len && !p->broken) {
        ssize_t n = send(p->fd, octets + done, len - done, MSG_NOSIGNAL);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR) {
            p->broken = !later(errno);
            break;
        }
    }
    p->owed += done;
    p->octets_out += done;
    return done;
}

static void keep(struct peer *p, const char *octets, size_t len)
{
    if (p->out_from > 0 && p->out_from + p->out_len + len > p->out_cap) {
        memmove(p->out, p->out + p->out_from, p->out_len);
        p->out_from = 0;
    }
    if (p->out_len + len > p->out_cap) {
        size_t cap = p->out_cap ? p->out_cap : 4096;
        while (cap < p->out_len + len)
            cap *= 2;
        p->out = core_realloc(p->out, cap);
        p->out_cap = cap;
    }
    memcpy(p->out + p->out_from + p->out_len, octets, len);
    p->out_len += len;
}

static void shut_if_due(struct peer *p)
{
    if (p->fin && !p->shut && p->out_len == 0 && !p->broken) {
        p->shut = true;
        if (shutdown(p->fd, SHUT_WR) != 0)
            p->broken = true;
    }
}

void peer_take(struct peer *p, const char *octets, size_t len)
{
    size_t done = p->out_len == 0 && !p->waiting ? send_some(p, octets, len) : 0;
    if (p->broken)
        p->owed += len - done; /* nobody will read it: out of the way */
    else if (done < len)
        keep(p, octets + done, len - done);
}

void peer_flush(struct peer *p)
{
    if (p->waiting)
        return;
    if (p->out_len > 0) {
        size_t done = send_some(p, p->out + p->out_from, p->out_len);
        p->out_from += done;
        p->out_len -= done;
        if (p->broken) {
            p->owed += p->out_len;
            p->out_len = 0;
        }
        if (p->out_len == 0) {
            p->out_from = 0;
            if (p->out_cap > PEER_KEEP) {
                free(p->out);
                p->out = NULL;
                p->out_cap = 0;
            }
        }
    }
    shut_if_due(p);
}

long peer_read(struct peer *p, char *buf, size_t room)
{
    ssize_t n = recv(p->fd, buf, room, 0);
    if (n > 0)
        p->octets_in += (uint64_t)n;
    if (n >= 0)
        return n;
    if (later(errno))
        return -1;
    p->broken = true;
    return -2;
}

void socket_refuse(int fd)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

void peer_close(struct peer *p)
{
    if (p->reset)
        socket_refuse(p->fd);
    else
        close(p->fd);
    free(p->out);
    p->out = NULL;
    p->fd = -1;
}
