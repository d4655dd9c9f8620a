#ifndef SIM_HOSTS_MTA_SESSION_H
#define SIM_HOSTS_MTA_SESSION_H
/*
 * mta_session - one SMTP session at a mail server: for the files that serve it, decide for it and tell about
 * it.
 *
 *   mta_serve.c         pump and engine, listeners
 *   mta_policy.c        what the engine asks: who may send what to whom; the content becomes a queue item
 *   mta_session_tell.c  session, reject and config records
 */
#include "sim/hosts/mta.h"
#include "sim/hosts/pump.h"

#define SMTP_COUNTED 9 /* commands that the log line of a disconnect counts */

struct smtp_session {
    struct pump pump;
    struct mta_listener *listener;
    struct smtp_server engine;
    struct service_auth auth;
    struct queue_item *item; /* the transaction; NULL: none */
    char *helo;              /* owned; NULL before */
    size_t helo_cap;
    uint8_t helo_len;
    bool extended;
    uint64_t content;                               /* octets on the wire of the message that is coming in */
    uint8_t said[SMTP_COUNTED], good[SMTP_COUNTED]; /* commands, and those answered 2yz or 3yz; up to 255 */
};

static inline struct mta *smtp_mta(const struct smtp_session *s)
{
    return s->listener->mta;
}

static inline struct world *smtp_world(const struct smtp_session *s)
{
    return smtp_mta(s)->host->world;
}

extern const struct smtp_server_ops mta_policy_ops; /* host is a struct smtp_session */

/* Gives up the transaction, if there is one. */
void mta_policy_reset(struct smtp_session *s);

void smtp_tell_session(struct smtp_session *s, const char *event);
/* A command that was refused, with what the log of a real server would say. */
void smtp_tell_reject(struct smtp_session *s, const struct smtp_server_step *out);
/* The setting that decided: where "why" leads. `pointer`/`key`, or `pointer` itself if key is NULL. */
void smtp_tell_config(struct smtp_session *s, const char *pointer, const char *key, const char *value);
/* For the disconnect line; only while somebody reads the trace. */
void smtp_count_command(struct smtp_session *s, const struct smtp_server_step *out);
#endif
