#ifndef PROTOCOLS_IMAP_STORE_H
#define PROTOCOLS_IMAP_STORE_H
/*
 * imap_store - what the server engine asks of the mail store, which is the host's.
 *
 *   mailbox INBOX, the truth         uid 3   uid 7   uid 9   uid 12
 *   view of session A                1=3     2=7     3=9     4=12
 *   view of session B (older)        1=3     2=7     3=8(gone)  4=9
 *
 * A client speaks of messages by their place, and places move only when it is told.
 * So every session that has a mailbox open looks at it through a view: the list of
 * uids as that client knows it. The view belongs to the store. What other
 * sessions do (new mail, flags, expunges) waits behind the view until the engine
 * fetches it with next_change(), one change at a time; taking an IMAP_CHANGE_EXPUNGE
 * is the moment when the view closes the gap and later numbers move down by one.
 *
 * Promises of the store:
 *   - places are 1..exists; uids in a view ascend strictly;
 *   - a message that a view still counts keeps its octets at the same address, even
 *     after another session has expunged it;
 *   - octets, size, uid and internal date of a message never change;
 *   - keyword bits of a mailbox are never given another name;
 *   - what a session does to flags through its own view is not reported back to that view.
 *
 * Mod-sequences (RFC 7162): each mailbox counts its changes. A message that arrives or whose flags
 * change, and a uid that vanishes, take the next number; it never goes back while the
 * UIDVALIDITY stays.
 *
 * `host` is the host's context of one connection: it knows who has logged in.
 * Names are octets as on the wire (modified UTF-7, RFC 3501 section 5.1.3), 1 to
 * IMAP_NAME_MAX of them, without controls; "INBOX" in any spelling arrives as "INBOX".
 */
#include "protocols/imap/imap_table.h"

#define IMAP_DATE_NONE INT64_MIN /* APPEND without a date: the store takes the present */

/* LIST attributes (RFC 3501 section 7.2.2; RFC 3348; RFC 6154); bits. */
enum imap_attribute {
    IMAP_NOSELECT = 1 << 0,
    IMAP_NOINFERIORS = 1 << 1,
    IMAP_MARKED = 1 << 2,
    IMAP_UNMARKED = 1 << 3,
    IMAP_HAS_CHILDREN_ATTR = 1 << 4,
    IMAP_HAS_NO_CHILDREN_ATTR = 1 << 5,
    IMAP_USE_ALL = 1 << 6,
    IMAP_USE_ARCHIVE = 1 << 7,
    IMAP_USE_DRAFTS = 1 << 8,
    IMAP_USE_FLAGGED = 1 << 9,
    IMAP_USE_JUNK = 1 << 10,
    IMAP_USE_SENT = 1 << 11,
    IMAP_USE_TRASH = 1 << 12,
    /* The engine's own, for LIST-EXTENDED (RFC 5258): */
    IMAP_NONEXISTENT = 1 << 13,
    IMAP_SUBSCRIBED = 1 << 14
};

struct imap_mailbox_entry {
    struct wire_slice name; /* borrowed until the next call */
    unsigned attributes;    /* enum imap_attribute */
    bool exists;            /* false: only subscribed to */
    bool subscribed;
};

struct imap_mailbox_status {
    uint32_t messages, recent, unseen;
    uint32_t uidnext, uidvalidity;
    uint32_t first_unseen;   /* place; 0: none. Needed from open() only */
    unsigned permanent;      /* enum imap_flag bits that a client may change for good */
    bool keywords_can_grow;  /* a client may invent keywords */
    bool read_only;          /* open(): whatever was asked for, this is what was given */
    uint64_t highest_modseq; /* 0: the store keeps none for this mailbox (RFC 7162) */
    uint64_t size_octets;    /* of all messages (RFC 8438) */
    uint32_t deleted;        /* messages marked \\Deleted (RFC 9051 section 6.3.11) */
    uint64_t deleted_octets; /* of those (RFC 9208 section 4.1.4) */
};

struct imap_message {
    uint32_t uid;
    unsigned flags;           /* enum imap_flag; IMAP_RECENT is true for one session only */
    uint32_t keywords;        /* bit i: keyword(i) */
    int64_t internal_seconds; /* since 1970-01-01 00:00 UTC: when the store received it */
    int16_t zone_minutes;     /* in which INTERNALDATE tells it, as APPEND named it; east is positive */
    const char *bytes;        /* the message, CRLF line ends */
    size_t size_octets;
    uint64_t modseq; /* of its last change, as the mailbox has it now; 0: the store keeps none */
    bool gone;       /* another session has expunged it */
};

enum imap_change_kind { IMAP_CHANGE_EXPUNGE, IMAP_CHANGE_EXISTS, IMAP_CHANGE_FLAGS, IMAP_CHANGE_GONE };

struct imap_change {
    enum imap_change_kind kind;
    uint32_t seq;            /* EXPUNGE: its place until now; FLAGS: its place */
    uint32_t uid;            /* EXPUNGE: of the message that went */
    uint32_t exists, recent; /* EXISTS: how many there are now */
};

struct imap_flag_list {
    unsigned flags; /* enum imap_flag, without IMAP_RECENT */
    uint32_t keywords;
    struct wire_slice keyword[IMAP_KEYWORDS_MAX]; /* borrowed for the call */
};

struct imap_append {
    struct wire_slice mailbox;
    const struct imap_flag_list *flags;
    int64_t internal_seconds; /* or IMAP_DATE_NONE */
    int16_t zone_minutes;
    uint64_t size_octets;
};

/* Every verdict below is IMAP_COMPLETED or one with status NO from imap_table.h. */
struct imap_store_ops {
    /* ---- names. The index runs from 0; false behind the last. INBOX is one of them. ---- */
    bool (*mailbox_at)(void *host, uint32_t index, struct imap_mailbox_entry *out);
    enum imap_verdict (*create)(void *host, struct wire_slice name); /* NAME_TAKEN, NOT_POSSIBLE, ... */
    enum imap_verdict (*remove)(void *host, struct wire_slice name); /* NO_MAILBOX, HAS_CHILDREN, ... */
    /* Of INBOX: its messages move to the new name, and an empty INBOX stays (RFC 3501 section 6.3.5).
     * Children move along with any other name. */
    enum imap_verdict (*rename)(void *host, struct wire_slice from, struct wire_slice to);
    enum imap_verdict (*subscribe)(void *host, struct wire_slice name, bool on);
    enum imap_verdict (*status)(void *host, struct wire_slice name, struct imap_mailbox_status *out);

    /* ---- an open mailbox: one view for each session ---- */
    enum imap_verdict (*open)(void *host, struct wire_slice name, bool read_only,
                              struct imap_mailbox_status *out, void **view);
    void (*close)(void *host, void *view);
    uint32_t (*exists)(void *host, void *view);
    void (*message)(void *host, void *view, uint32_t seq, struct imap_message *out); /* 1 <= seq <= exists */
    uint32_t (*seq_at_uid)(void *host, void *view,
                           uint32_t uid); /* first place with at least that uid; exists + 1 */
    const char *(*keyword)(void *host, void *view, unsigned bit); /* NULL: not in use */
    /* Takes the next change off the view's queue. With expunges false, an expunge stays in
     * the queue, and so does whatever must come after it. */
    bool (*next_change)(void *host, void *view, bool expunges, struct imap_change *out);
    enum imap_verdict (*set_flags)(void *host, void *view, uint32_t seq, enum imap_flag_mode mode,
                                   const struct imap_flag_list *list);
    /* Removes the message from the mailbox. The view goes on counting it until next_change() says so. */
    enum imap_verdict (*expunge)(void *host, void *view, uint32_t seq);

    /* ---- all or nothing: begin, any number of messages in the order of the view, end ---- */
    enum imap_verdict (*copy_begin)(void *host, void *view,
                                    struct wire_slice to); /* TRY_CREATE, OVER_QUOTA, ... */
    enum imap_verdict (*copy_message)(void *host, void *view, uint32_t seq, uint32_t *uid);
    enum imap_verdict (*copy_end)(void *host, void *view, bool commit, uint32_t *uidvalidity);
    /* One at a time for each connection. end(false) forgets it. */
    enum imap_verdict (*append_begin)(void *host, const struct imap_append *what);
    enum imap_verdict (*append_data)(void *host, const char *bytes, size_t len);
    enum imap_verdict (*append_end)(void *host, bool commit, uint32_t *uidvalidity, uint32_t *uid);

    /* ---- may be NULL: then what needs them is not offered ---- */
    /* The mailbox's highest mod-sequence now; while expunges wait, the one before the first of them, so that
     * whoever comes back with the number is told of them. 0: none kept. */
    uint64_t (*known_modseq)(void *host, void *view);
    /* The next range of uids >= from that have vanished since that mod-sequence; false behind the last. A
     * store that has forgotten may name uids that vanished before, or never were, but none that is there.
     * What the view still waits to be told of may be among them. */
    bool (*vanished)(void *host, void *view, uint64_t since, uint32_t from, uint32_t *lo, uint32_t *hi);
    /* What the user's mailboxes take and may take (0: no limit). */
    void (*quota)(void *host, uint64_t *used_octets, uint64_t *limit_octets);

    /* ---- memory of this connection, for a command that outlives one step: kept from take to give,
     * NULL when there is none left. Aligned for any object. ---- */
    void *(*take)(void *host, size_t octets);
    void (*give)(void *host, void *memory);
};
#endif
