/* The end of a world: every connection is ended, so that whoever uses one can clean up. */
#include "sim/net/tcp.h"
#include "sim/net/tcp_internal.h"

void tcp_abandon(struct net *net)
{
    struct net_tcp *tcp = net->tcp;
    for (size_t i = 0; tcp && i <= tcp->mask;) {
        struct tcp_conn *c = tcp->slots[i].c;
        if (c)
            tcp_abort(c); /* the table closes the gap: look at the same place again */
        else
            i++;
    }
}
