#define _GNU_SOURCE /* struct ifreq */
/* Addresses and routes for the device, as `ip addr`, `ip link` and `ip route` would set them. */
#include "sim/gateway/tun.h"
#include "sim/gateway/say.h"

#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATUS_MACHINE 3

struct ip6_request { /* struct in6_ifreq of the kernel */
    struct in6_addr address;
    uint32_t bits;
    int index;
};

static void name_it(struct ifreq *r, const struct tun *t)
{
    memset(r, 0, sizeof *r);
    memcpy(r->ifr_name, t->name, strlen(t->name) + 1);
}

static void socket_address(struct sockaddr *out, const struct net_addr *a)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    memcpy(&in.sin_addr, a->b + 12, sizeof in.sin_addr);
    memcpy(out, &in, sizeof in);
}

static struct net_addr mask4(unsigned bits)
{
    uint32_t m = bits ? UINT32_MAX << (32 - bits) : 0;
    return net_addr4((uint8_t)(m >> 24), (uint8_t)(m >> 16), (uint8_t)(m >> 8), (uint8_t)m);
}

static bool address4(const struct tun *t, int fd, const struct spec_prefix *p)
{
    struct net_addr mask = mask4(p->bits);
    struct ifreq r;
    name_it(&r, t);
    socket_address(&r.ifr_addr, &p->addr);
    if (ioctl(fd, SIOCSIFADDR, &r) != 0)
        return false;
    socket_address(&r.ifr_netmask, &mask);
    return ioctl(fd, SIOCSIFNETMASK, &r) == 0;
}

static bool bring_up(const struct tun *t, int fd)
{
    struct ifreq r;
    name_it(&r, t);
    r.ifr_mtu = NET_MTU;
    if (ioctl(fd, SIOCSIFMTU, &r) != 0 || ioctl(fd, SIOCGIFFLAGS, &r) != 0)
        return false;
    r.ifr_flags = (short)(r.ifr_flags | IFF_UP);
    return ioctl(fd, SIOCSIFFLAGS, &r) == 0;
}

static bool route4(const struct tun *t, int fd, const struct spec_prefix *p)
{
    struct net_addr mask = mask4(p->bits);
    char name[TUN_NAME_MAX + 1];
    struct rtentry r;
    memset(&r, 0, sizeof r);
    memcpy(name, t->name, strlen(t->name) + 1);
    socket_address(&r.rt_dst, &p->addr);
    socket_address(&r.rt_genmask, &mask);
    r.rt_flags = RTF_UP;
    r.rt_dev = name;
    return ioctl(fd, SIOCADDRT, &r) == 0 || errno == EEXIST;
}

static bool address6(int fd, int index, const struct spec_prefix *p)
{
    struct ip6_request r = { .bits = p->bits, .index = index };
    memcpy(&r.address, p->addr.b, sizeof r.address);
    return ioctl(fd, SIOCSIFADDR, &r) == 0 || errno == EEXIST;
}

static bool route6(int fd, int index, const struct spec_prefix *p)
{
    struct in6_rtmsg r;
    memset(&r, 0, sizeof r);
    memcpy(&r.rtmsg_dst, p->addr.b, sizeof r.rtmsg_dst);
    r.rtmsg_dst_len = p->bits;
    r.rtmsg_metric = 1;
    r.rtmsg_flags = RTF_UP;
    r.rtmsg_ifindex = index;
    return ioctl(fd, SIOCADDRT, &r) == 0 || errno == EEXIST;
}

static int told(const struct tun *t, const char *what, const struct spec_prefix *p)
{
    char text[TUN_ADDRESS_TEXT];
    int error = errno;
    say_error("--tun-up: %s: %s%s: %s", t->name, what, p ? tun_address_text(p, text) : "", strerror(error));
    return STATUS_MACHINE;
}

static int up4(const struct tun *t, int fd, const struct tun_plan *plan, const struct spec_prefix *routes,
               size_t n)
{
    if (plan->ip4.bits && !address4(t, fd, &plan->ip4))
        return told(t, "cannot have the address ", &plan->ip4);
    if (!bring_up(t, fd))
        return told(t, "cannot be brought up", NULL);
    for (size_t i = 0; i < n && plan->ip4.bits; i++)
        if (net_addr_is4(&routes[i].addr) && !route4(t, fd, &routes[i]))
            return told(t, "cannot have a route to ", &routes[i]);
    return 0;
}

static void up6(const struct tun *t, const struct tun_plan *plan, const struct spec_prefix *routes, size_t n)
{
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), index = (int)if_nametoindex(t->name);
    if (fd < 0 || !address6(fd, index, &plan->ip6)) {
        told(t, "goes on without IPv6: cannot have the address ", &plan->ip6);
    } else {
        for (size_t i = 0; i < n; i++)
            if (!net_addr_is4(&routes[i].addr) && !route6(fd, index, &routes[i]))
                told(t, "cannot have a route to ", &routes[i]);
    }
    if (fd >= 0)
        close(fd);
}

int tun_up(const struct tun *t, const struct tun_plan *plan, const struct spec_world *w)
{
    struct spec_prefix routes[TUN_ROUTES_MAX];
    size_t n = tun_plan_routes(w, routes);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), status;
    if (fd < 0)
        return told(t, "no socket", NULL);
    status = up4(t, fd, plan, routes, n);
    close(fd);
    if (status == 0 && plan->ip6.bits)
        up6(t, plan, routes, n);
    return status;
}
