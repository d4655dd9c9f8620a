#ifndef SIM_HOSTS_MUA_IMAP_INSIDE_H
#define SIM_HOSTS_MUA_IMAP_INSIDE_H
/*
 * mua_imap_inside - what the files of an IMAP session of a mail program share.
 *
 *   mua_imap_work.c   what to ask next: the list of work     mua_imap_next()
 *   mua_imap.c        what the server says, and how it ends
 *
 *   SELECT -> [CHANGES] -> LIST -> BODIES -> (fetch: each new body; else: STORE, EXPUNGE, COPY or MOVE) ->
 * LOGOUT
 */
#include "protocols/imap/imap_client.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/tell.h"

#define SET_TEXT 64

enum stage {
    STAGE_SELECT,
    STAGE_CHANGES, /* of messages that it has */
    STAGE_LIST,
    STAGE_BODIES,
    STAGE_FLAG,
    STAGE_COPY,
    STAGE_MOVE,
    STAGE_EXPUNGE,
    STAGE_APPEND,
    STAGE_LOGOUT,
    STAGE_OVER
};

struct new_message { /* as the summary told */
    uint32_t uid;
    unsigned flags;
    bool summed; /* its summary has come */
};

struct mua_imap {
    struct pump pump;
    struct imap_client engine;
    struct sasl_client sasl;
    struct imap_client_config config;
    struct errand errand;
    enum stage stage;
    struct read_box *box; /* the account's, of the mailbox that is open; NULL before */
    struct imap_task task;
    char set[SET_TEXT], flags[64];
    struct new_message *message; /* owned */
    uint32_t nmessages, cap, at, fetched;
    uint32_t exists;
    uint64_t modseq;            /* as the mailbox was opened */
    uint32_t changed, vanished; /* of what it has, since it was here last */
    bool enabled, catches_up;
    struct mail *incoming; /* a body that comes in */
    struct mail *save;     /* to APPEND; NULL: another errand */
    bool opened, failed, finished, tried_create;
    enum imap_answer failure;
    char *said; /* by the server, when it failed; owned; NULL: nothing */
};

static inline enum spec_action_kind mua_imap_kind(const struct mua_imap *s)
{
    return s->errand.run->spec->kind;
}

/* The next command, for the engine's next_task; `host` is a struct mua_imap. */
const struct imap_task *mua_imap_next(void *host);
void mua_imap_phase(struct mua_imap *s, enum phase p, const char *words);
#endif
