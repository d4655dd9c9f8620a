#ifndef SIM_HOSTS_MUA_ORDER_H
#define SIM_HOSTS_MUA_ORDER_H
/*
 * mua_order - somebody who watches the run has a virtual mail program send a message.
 *
 *   from is an account of the world      its mail program submits, with its server, password and TLS
 *   via "mx", port 25                    a mail program without account brings it there, no AUTH, no TLS
 *
 * The session is that of mua_send.c: the same look-ups, packets and records as an action of the scenario.
 */
#include "sim/hosts/host.h"

#define MUA_ORDER_RECIPIENTS_MAX 100   /* of one order */
#define MUA_ORDERS_MAX           10000 /* of one run: each keeps its text until the end */
#define MUA_ORDER_ERROR_MAX      300

struct mua_order {    /* strings are copied; NULL: not said */
    const char *from; /* address or name of an account; with `via` any address, with `raw` too "" for <> */
    const char *to;   /* addresses with commas between them */
    const char *subject, *text; /* one line; lines that end in LF or CRLF */
    const char *raw;            /* a whole message with CRLF lines; then no subject and text */
    const char *via;            /* a host's short name */
    const char *at; /* the host whose mail program does it; NULL: the account's, with `via` the first */
    uint16_t port;  /* with `via`; 0: 25 */
    /* Called once, at the end: "ok", or one word for what went wrong. May be NULL. */
    void (*done)(void *ctx, const char *result);
    void *ctx;
};

struct mua_ordered;

/* Begins now. NULL: error says what is wrong and what is allowed, and nothing has begun. */
struct mua_ordered *mua_order(struct world *w, const struct mua_order *o, char error[MUA_ORDER_ERROR_MAX]);
/* Whoever waited is gone: done() will not be called. */
void mua_order_forget(struct mua_ordered *o);
#endif
