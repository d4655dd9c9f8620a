/* Real ports. */
#include "sim/gateway/listen.h"
#include "sim/gateway/say.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATUS_USAGE   2
#define STATUS_MACHINE 3

struct wanted {
    const struct spec_host *host;
    uint16_t port, local;
};

bool socket_prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* ---- which --------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static int usage(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say_error_list(fmt, ap);
    va_end(ap);
    return STATUS_USAGE;
}

static int default_doors(const struct plan *p, const struct serve_options *o, struct wanted *w, size_t *n)
{
    const struct spec_doors *doors = p->world.doors;
    for (size_t i = 0; doors && i < doors->nopen; i++) {
        unsigned local = doors->open[i].port + o->port_base;
        bool mapped = false;
        for (size_t k = 0; k < o->nmaps; k++)
            mapped |=
                o->map[k].port == doors->open[i].port && strcmp(o->map[k].host, doors->open[i].host) == 0;
        if (mapped)
            continue;
        if (local > 65535)
            return usage("--port-base is too large for %s:%u", doors->open[i].host, doors->open[i].port);
        w[(*n)++] =
            (struct wanted){ plan_host(p, doors->open[i].host), doors->open[i].port, (uint16_t)local };
    }
    return 0;
}

static int mapped_doors(const struct plan *p, const struct serve_options *o, struct wanted *w, size_t *n)
{
    for (size_t i = 0; i < o->nmaps; i++) {
        const struct spec_host *h = plan_host(p, o->map[i].host);
        if (!h)
            return usage("--map %u=%s:%u: the scenario has no such host", o->map[i].local, o->map[i].host,
                         o->map[i].port);
        for (size_t k = 0; k < *n; k++)
            if (o->map[i].local && w[k].local == o->map[i].local)
                return usage("--map %u=%s:%u: another door has this port of the machine", o->map[i].local,
                             o->map[i].host, o->map[i].port);
        w[(*n)++] = (struct wanted){ h, o->map[i].port, o->map[i].local };
    }
    return 0;
}

/* ---- opening
 * ------------------------------------------------------------------------------------------------ */

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_storage room;
};

static socklen_t address_of(union address *a, const char *text, uint16_t port)
{
    memset(a, 0, sizeof *a);
    if (inet_pton(AF_INET, text, &a->four.sin_addr) == 1) {
        a->four.sin_family = AF_INET;
        a->four.sin_port = htons(port);
        return sizeof a->four;
    }
    inet_pton(AF_INET6, text, &a->six.sin6_addr);
    a->six.sin6_family = AF_INET6;
    a->six.sin6_port = htons(port);
    return sizeof a->six;
}

static bool open_one(struct listener *l)
{
    union address a;
    socklen_t len = address_of(&a, l->address, l->local_port);
    int on = 1, error;
    l->family = a.any.sa_family == AF_INET ? 4 : 6;
    l->fd = socket(a.any.sa_family, l->udp ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (l->fd < 0)
        return false;
    /* A port in TIME-WAIT is free; for UDP the option would let two programs share one. */
    if ((!l->udp && setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) ||
        (l->family == 6 && setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        !socket_prepare(l->fd) || bind(l->fd, &a.any, len) != 0 ||
        (!l->udp && listen(l->fd, LISTEN_QUEUE) != 0) || getsockname(l->fd, &a.any, &len) != 0) {
        error = errno;
        close(l->fd);
        errno = error;
        return false;
    }
    l->local_port = ntohs(l->family == 4 ? a.four.sin_port : a.six.sin6_port);
    return true;
}

static int refused(const struct listener *l)
{
    bool six = l->family == 6;
    say_error("%s%s%s:%u (%s): %s%s", six ? "[" : "", l->address, six ? "]" : "", l->local_port,
              l->service.name, strerror(errno),
              errno == EADDRINUSE ? "; --port-base N chooses other ports"
              : errno == EACCES   ? "; ports below 1024 are for the superuser, --port-base N chooses others"
                                  : "");
    return STATUS_MACHINE;
}

static int open_wanted(struct listeners *l, const struct wanted *w, const char *address)
{
    struct plan_service service = plan_service(w->host, w->port);
    uint16_t local = w->local;
    for (int udp = 0; udp <= (service.proto == TRACE_DNS); udp++) {
        struct listener *one = &l->all[l->count];
        *one = (struct listener){
            .udp = udp, .host = w->host, .port = w->port, .local_port = local, .service = service
        };
        snprintf(one->address, sizeof one->address, "%s", address);
        if (!open_one(one))
            return refused(one);
        l->count++;
        local = one->local_port; /* TCP and UDP at one port, if the kernel chose it */
    }
    return 0;
}

int listeners_open(struct listeners *l, const struct plan *p, const struct serve_options *o)
{
    struct wanted *w =
        core_alloc((SERVE_MAPS_MAX + (p->world.doors ? p->world.doors->nopen : 0)) * sizeof *w);
    size_t n = 0;
    int status = default_doors(p, o, w, &n);
    *l = (struct listeners){ .all = core_alloc(LISTENERS_MAX * sizeof *l->all) };
    if (status == 0)
        status = mapped_doors(p, o, w, &n);
    for (size_t a = 0; a < o->nlisten; a++)
        for (size_t i = 0; i < n && status == 0 && l->count + 2 <= LISTENERS_MAX; i++)
            status = open_wanted(l, &w[i], o->listen[a]);
    free(w);
    if (status != 0)
        listeners_close(l);
    return status;
}

void listeners_close(struct listeners *l)
{
    for (size_t i = 0; i < l->count; i++)
        close(l->all[i].fd);
    free(l->all);
    *l = (struct listeners){ .count = 0 };
}
