#ifndef SIM_HOSTS_LOOK_H
#define SIM_HOSTS_LOOK_H
/*
 * look - what a person who watches a running world may ask: mailboxes, queues, connections.
 *
 *   look_messages(w, "bob@example.com", see, ctx)   -> see() once for each message
 *   look_queues, look_sessions                      -> the same
 *
 * Looking changes nothing and leaves no record: a run that is looked at is the run that is not. What see() is
 * shown is valid during the call; when it returns false nothing more is shown.
 */
#include "protocols/wire/ascii.h"
#include "sim/hosts/host.h"

#define LOOK_FLAGS_MAX 256 /* octets with NUL; keywords that do not fit are left out */

struct look_message {
    const char *host, *user, *mailbox;
    char address[400];
    char flags[LOOK_FLAGS_MAX]; /* "\Seen \Flagged" */
    uint32_t uid;
    struct wire_slice octets; /* the whole message */
    struct wire_slice message_id, subject, from;
};

/* `address`: one user's, NULL: all. False: nobody has it. */
bool look_messages(struct world *w, const char *address, bool (*see)(void *ctx, const struct look_message *m),
                   void *ctx);

struct look_recipient { /* one that a queue still has to do with */
    const char *host, *id;
    struct wire_slice sender, recipient, message_id;
    size_t octets;
    const char *state;                /* "waiting", "trying", "sent", "failed" */
    uint64_t arrival_ns, next_try_ns; /* next 0: it is being tried */
    uint32_t attempts;
    struct wire_slice remote, said; /* the last answer: who gave it, and what it was */
    uint16_t code;
    const char *status;
};

/* `host` NULL: all. False: it is no mail server. */
bool look_queues(struct world *w, const char *host, bool (*see)(void *ctx, const struct look_recipient *r),
                 void *ctx);

struct look_session { /* one end of a connection */
    uint32_t conn;
    const char *host, *role; /* "server", "client" */
    const char *proto;       /* "smtp" */
    struct net_addr local, peer;
    uint16_t local_port, peer_port;
    const char *peer_host; /* NULL: unknown */
    const char *tcp;       /* "ESTABLISHED" */
    const char *state;     /* of the server's engine; NULL: a client */
    const char *user;      /* who has logged in; NULL: nobody */
    bool tls;
};

/* In the order of connections; of each the server first. */
void look_sessions(struct world *w, bool (*see)(void *ctx, const struct look_session *s), void *ctx);
#endif
