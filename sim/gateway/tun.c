#define _GNU_SOURCE /* struct ifreq */
/* Packets in and out of the device. */
#include "sim/gateway/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sim/gateway/record.h"
#include "sim/gateway/say.h"

#define STATUS_MACHINE 3
#define TUN_DEVICE     "/dev/net/tun"

_Static_assert(TUN_NAME_MAX == IFNAMSIZ - 1, "a device's name");

/* ---- the device ---------------------------------------------------------------------------------------- */

static int refused(const char *name, const char *why)
{
    say_error("--tun %s: %s", name, why);
    return STATUS_MACHINE;
}

static int refused_device(const char *name, int error)
{
    if (error == ENOENT || error == ENODEV || error == ENXIO)
        return refused(name, "this machine has no " TUN_DEVICE "; 'modprobe tun' as root may bring it");
    if (error == EACCES || error == EPERM)
        return refused(name, "no permission to open " TUN_DEVICE "; try as root");
    return refused(name, strerror(error));
}

static int refused_attach(const char *name, int error)
{
    if (error == EPERM || error == EACCES)
        return refused(name,
                       "no permission to make or use this device; try as root, or let root make it for you "
                       "with 'ip tuntap add dev NAME mode tun user YOU'");
    if (error == EINVAL)
        return refused(name, "a device of this name exists and is no TUN device");
    if (error == EBUSY)
        return refused(name, "another program uses this device");
    return refused(name, strerror(error));
}

int tun_open(struct tun *t, const char *name)
{
    struct ifreq request;
    t->name = name;
    t->fd = open(TUN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (t->fd < 0)
        return refused_device(name, errno);
    memset(&request, 0, sizeof request);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    memcpy(request.ifr_name, name, strlen(name) + 1);
    if (ioctl(t->fd, TUNSETIFF, &request) != 0) {
        int error = errno;
        tun_close(t);
        return refused_attach(name, error);
    }
    return 0;
}

void tun_close(struct tun *t)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

/* ---- out ----------------------------------------------------------------------------------------------- */

/* Like a cable: what cannot be taken is lost, and whoever sent it will find out. */
static void to_kernel(void *ctx, const uint8_t *ip, size_t len)
{
    struct tun *t = ctx;
    ssize_t n;
    if (t->fd < 0)
        return;
    do
        n = write(t->fd, ip, len);
    while (n < 0 && errno == EINTR);
    t->packets_out++;
    if (n >= 0)
        return;
    t->lost_out++;
    announce_trouble(&t->trouble, t->real_ns, "%s: packets for the kernel are lost: %s", t->name,
                     errno == EIO ? "the device is down; 'ip link set NAME up' is missing" : strerror(errno));
}

void tun_attach(struct tun *t, struct world *w, FILE *record)
{
    t->world = w;
    t->record = record;
    t->link = tun_world_open(w, to_kernel, t);
}

/* ---- in ------------------------------------------------------------------------------------------------ */

static void take(struct tun *t, size_t len, uint64_t moment_ns)
{
    struct record_input in = {
        .kind = RECORD_PACKET, .t_ns = moment_ns, .data = (const char *)t->packet, .len = len
    };
    if (!tun_world_give(t->world, t->link, t->packet, len)) {
        announce_trouble(
            &t->trouble, t->real_ns,
            "%s: a packet of %zu octets cannot come in: it must be IPv4 or IPv6, of at most %u octets",
            t->name, len, t->link->params.mtu);
        return;
    }
    t->packets_in++;
    in.id = ++t->last_id;
    if (t->record)
        record_input(t->record, &in);
}

bool tun_round(struct tun *t, uint64_t moment_ns, uint64_t real_ns)
{
    t->real_ns = real_ns;
    for (int i = 0; i < TUN_BATCH && t->fd >= 0; i++) {
        ssize_t n = read(t->fd, t->packet, sizeof t->packet);
        if (n > 0) {
            take(t, (size_t)n, moment_ns);
        } else if (n == 0 || errno == EAGAIN) {
            return false;
        } else if (errno != EINTR) {
            say_error(
                "--tun %s: the device has gone: %s; serve ends, since nobody can come in by it any more",
                t->name, strerror(errno));
            t->gone = true;
            tun_close(t);
        }
    }
    return t->fd >= 0;
}
