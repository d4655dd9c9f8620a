#ifndef SIM_HOSTS_STORE_H
#define SIM_HOSTS_STORE_H
/*
 * store - the mailboxes of one host: one truth, looked at by POP3 and IMAP sessions.
 *
 *   store --- user bob --- INBOX   [uid 1][uid 2][uid 5]   <- store_deliver adds
 *                     `--- Sent    [uid 1]
 *                            ^-- view of an IMAP session: its own numbering 1, 2, 3
 *                            ^-- lock of a POP3 session: a snapshot, changed at QUIT
 *
 * Messages are held through sim/hosts/mail.h and never change. A view keeps counting a message that
 * another session has removed until its client has been told (RFC 3501 section 7.4.1).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/imap/imap_table.h"
#include "protocols/wire/ascii.h"
#include "sim/hosts/host.h"

#define STORE_MAILBOXES_MAX 1000    /* of one user, names without a mailbox included */
#define STORE_MESSAGES_MAX  1000000 /* in one mailbox */
/* ranges of uids a mailbox remembers as removed; then it forgets them all */
#define STORE_VANISHED_MAX 256

struct stored { /* one message in one mailbox */
    struct mail *mail;
    uint32_t uid;
    uint32_t refs;     /* the mailbox, and every view that counts it */
    uint32_t flags;    /* enum imap_flag */
    uint32_t keywords; /* bits of the mailbox's keywords */
    uint32_t before;   /* octets of Return-Path in front of mail_text */
    bool gone;         /* no longer in the mailbox */
    bool seen_new;     /* some session has had it as \Recent */
    int16_t zone_min;  /* of date_s, as APPEND named it; else 0: UTC */
    int64_t date_s;
    uint64_t modseq; /* of its last change in this mailbox, RFC 7162 */
};

struct view_entry {
    struct stored *stored;
    bool dirty;  /* its flags changed behind the view's back */
    bool recent; /* \Recent for this session */
};

struct view {
    struct view *next;   /* of the same mailbox */
    struct mailbox *box; /* NULL: it has been deleted meanwhile */
    struct world *world;
    struct view_entry *entry;
    uint32_t count, cap;
    uint32_t dirty, gone; /* how many entries wait to be told */
    bool read_only;
    void (*wake)(void *ctx); /* something waits; may be NULL */
    void *ctx;
};

struct vanished { /* uids that were removed one after the other, in one go */
    uint32_t lo, hi;
    uint64_t modseq; /* of the last of them */
};

struct mailbox {
    struct mailbox *next; /* of the same user, in order of creation; INBOX is first */
    struct user *user;
    char *name;
    struct stored **message;
    uint32_t count, cap;
    uint32_t uidnext, uidvalidity;
    bool subscribed, noselect;
    char **keyword; /* NULL until one is used; then IMAP_KEYWORDS_MAX */
    struct view *views;
    uint64_t modseq;           /* of the latest change; every change takes the next */
    struct vanished *vanished; /* owned; by uid */
    uint32_t nvanished, cap_vanished;
    uint64_t forgot_modseq; /* up to here it has forgotten which uids vanished */
};

struct lone_name { /* subscribed to, while no mailbox has it: RFC 3501 section 6.3.9 */
    struct lone_name *next;
    char *name;
};

struct sasl_secret;

struct user {
    struct user *next_hash;
    const struct spec_user *spec;
    struct store *store;
    struct mailbox inbox;
    struct lone_name *lone; /* owned; in the order in which their mailboxes went */
    uint64_t used_octets;
    uint32_t names_version;    /* grows when a mailbox is made or removed */
    bool locked;               /* by a POP3 session */
    bool full;                 /* no room, whatever the quota says */
    bool gone;                 /* taken out of the settings: nobody finds it, its mail stays */
    struct sasl_secret *scram; /* the arena's; NULL before the first login by SCRAM */
};

struct store {
    struct host *host;
    struct user **hash;
    uint32_t mask;
    struct user *users; /* nusers of them */
    size_t nusers;
    uint32_t uidvalidity_next;
    struct user_more *more, *more_last; /* added while the world runs; NULL: none */
};

struct user_more { /* the arena's */
    struct user_more *next;
    struct user user;
};

struct store *store_new(struct host *host, const struct spec_store *spec);
void store_free(struct store *s); /* mails and arrays; not the arena's part */

/* The domain of its users: the first that the mail server of this host takes mail for. */
const char *store_domain(const struct store *s);

/* Takes over other settings while the world runs: passwords and quotas; users who are new, with an empty
 * INBOX, and users who are no more. One who comes back finds the old mail. Services: services_reload. */
void store_reload(struct store *s, const struct spec_store *spec);

/* The user after that one, in the order of the settings; NULL: the first; returns NULL behind the last. */
struct user *store_next(struct store *s, const struct user *after);

/* By bare name, without regard to case; NULL: no such user. */
struct user *store_user(struct store *s, struct wire_slice name);
bool store_password_is(const struct user *u, struct wire_slice password);

enum store_verdict { STORE_OK, STORE_OVER_QUOTA, STORE_FULL };

/* Says that nothing more fits, or that the quota decides again. */
void store_set_full(struct user *u, bool full);
/* Octets that the user may keep; 0: there is no limit. */
uint64_t store_limit(const struct user *u);

/* Would so many octets more fit? */
bool store_has_room(const struct user *u, uint64_t octets);

/* Adds a message to a mailbox. Takes a hold of its own on `mail`. `before`: octets in front of mail_text that
 * belong to it here. *uid may be NULL. */
enum store_verdict store_add(struct mailbox *box, struct mail *mail, uint32_t before, uint32_t flags,
                             uint32_t keywords, int64_t date_s, uint32_t *uid);

/* Takes a message out of its mailbox; views are told. */
void store_remove(struct mailbox *box, struct stored *m);

/* Puts a message of the scenario into the INBOX before the run. False: unknown, not valid, or over quota. */
bool store_preload(struct user *u, const char *message);

struct mailbox *store_mailbox(struct user *u, struct wire_slice name);
struct mailbox *store_mailbox_create(struct user *u, struct wire_slice name);
void store_mailbox_remove(struct user *u, struct mailbox *box);

/* Subscriptions are names, and outlive their mailboxes. Keeping: the name that a subscribed mailbox is about
 * to lose. Taking: whether the name was kept; it is not any more. */
void store_lone_keep(struct user *u, struct wire_slice name);
bool store_lone_take(struct user *u, struct wire_slice name);

/* Lets go of one hold; the last one frees it. */
void stored_drop(struct world *w, struct stored *m);

/* ---- views ---- */
struct view *store_view_open(struct mailbox *box, bool read_only);
void store_view_close(struct view *v);
/* The next range of uids from `from` on that vanished after that change; false behind the last. */
bool store_vanished(const struct mailbox *box, uint64_t since, uint32_t from, uint32_t *lo, uint32_t *hi);
/* The change that took this uid away; 0: not known, or it is there. */
uint64_t store_vanished_modseq(const struct mailbox *box, uint32_t uid);
/* The flags of `m` have changed: it takes the next mod-sequence. All changed flags of `m` are told to every
 * view but `by` (NULL: to all). */
void store_flags_changed(struct mailbox *box, struct stored *m, const struct view *by);

static inline const char *stored_octets(const struct stored *m)
{
    return mail_text(m->mail) - m->before;
}

static inline size_t stored_len(const struct stored *m)
{
    return m->mail->len + m->before;
}

/* A `mailbox` record about one message (NULL: about the mailbox). `proto`: who did it; TRACE_NONE:
 * delivery. */
void store_tell(struct user *u, const struct mailbox *box, enum trace_proto proto, const char *event,
                const struct stored *m);
#endif
