#ifndef UI_NARRATOR_INTERNAL_H
#define UI_NARRATOR_INTERNAL_H
/* The narrator's object, shared by narrator.c (phases, lines, packets), narrator_fold.c and
 * narrator_content.c (messages), narrator_note.c (state records), narrator_loss.c (lost frames),
 * narrator_retry.c (attempts like one before) and narrator_frame.c (what stands before and after the run). */
#include "ui/narrator.h"
#include "ui/page.h"

#define NARRATOR_NAME       24  /* columns of a host's name; longer ones are cut */
#define NARRATOR_TIME       11  /* columns of the time */
#define NARRATOR_TEXT       16  /* the column where texts begin */
#define NARRATOR_LESSON     18  /* and what explains them */
#define NARRATOR_HEAD       10  /* lines of a message that are always told */
#define NARRATOR_TAIL       4   /* and at its end */
#define NARRATOR_ROWS       4   /* rows of one line */
#define NARRATOR_REMEMBER   12  /* sentences told again at the end */
#define NARRATOR_SENTENCE   240 /* octets of one, with NUL */

#define NARRATOR_BOUNDARIES 4  /* multiparts inside one another */
#define NARRATOR_BOUNDARY   70 /* octets of one: RFC 2046 section 5.1.1 */
#define NARRATOR_LOST       32 /* lost frames that wait to be mended; older ones are forgotten */
#define NARRATOR_LOST_TEXT  256
#define NARRATOR_QUEUED     64 /* messages in queues whose attempts are counted */
#define NARRATOR_ENDINGS    64 /* ways in which attempts have ended */
#define NARRATOR_SILENT     64 /* addresses that nobody answered for */

struct narrator_name {
    char text[NARRATOR_NAME * 4 + 8]; /* safe for the page */
};

/* Words that have been told: addresses of static strings. */
struct narrator_seen {
    const void **slot; /* owned; a power of two of them */
    size_t slots, count;
};

/* Words about a line of a message. `always`: the title each time, not the first time only. */
struct narrator_words {
    const char *title, *lesson, *section;
    bool always;
};

/* Where in a message the next line is. */
struct narrator_mime {
    bool header, status, report; /* in a header; in message/delivery-status; inside a multipart/report */
    bool type;                   /* the last field was Content-Type */
    bool embedded; /* behind the header of a message/rfc822 part: in the message that it holds */
    enum {
        NARRATOR_TEXT_PART,
        NARRATOR_STATUS_PART,
        NARRATOR_MESSAGE_PART
    } inside;       /* what the header announces */
    unsigned depth; /* boundaries that are open */
    char boundary[NARRATOR_BOUNDARIES][NARRATOR_BOUNDARY];
    size_t boundary_len[NARRATOR_BOUNDARIES];
};

struct narrator_held {
    uint64_t t_ns;
    const char *title, *lesson, *section;
    const struct narrator_words *words; /* NULL: none */
    size_t len;
    char text[UI_COLUMNS * 4]; /* as many octets as can be seen */
};

/* The run of content lines that is being told. */
struct narrator_fold {
    bool active;
    uint32_t conn;
    char dir;
    bool sealed;
    uint64_t total, hidden, base64; /* lines: so far, folded, of them base64 */
    bool attachment;                /* a field said so */
    struct narrator_mime mime;
    struct narrator_held last; /* that was folded: told if it is the only one */
    unsigned first, held;      /* ring */
    struct narrator_held ring[NARRATOR_TAIL];
};

struct narrator_lost {
    uint32_t conn;
    uint64_t frame; /* 0: mended */
    uint64_t t_ns, seq, len;
    bool syn;
    size_t flow_len;
    char flow[NARRATOR_LOST_TEXT]; /* "192.0.2.10:53341 > 198.51.100.25:587" */
};

struct narrator_queued {
    uint32_t host;
    char id[24];
    unsigned attempts;
    uint64_t deferred_ns; /* when it was last put off; 0: never */
};

/* The attempt that is being told into memory. */
struct narrator_attempt {
    bool active, news; /* news: words in it were new */
    bool in_row;       /* it comes right after such a row */
    uint32_t host;
    uint64_t t_ns, waited_ns, phase; /* phase: number of its first */
    uint64_t ending;                 /* hash of how it ended */
    struct narrator_queued *queued;
    FILE *file, *memory; /* file: the page's own */
    char *text;          /* owned */
    size_t len;
};

struct ui_narrator {
    struct ui_page page;
    enum trace_level level;
    struct narrator_name *name; /* owned; name[0] is host 1 */
    size_t nnames;
    struct narrator_name *link; /* owned; link[0] is link 1 */
    size_t nlinks;
    struct narrator_seen seen;
    struct narrator_fold fold;
    bool gap;          /* an empty row comes before what is next */
    bool in_reply;     /* the last line was an SMTP reply that goes on */
    uint64_t repeated; /* lines of it that are as before, and not told yet */
    struct narrator_attempt attempt;
    bool in_row; /* the last row told an attempt like one before */
    struct narrator_lost lost[NARRATOR_LOST];
    unsigned nlost, lost_from; /* ring: those between are not mended */
    struct narrator_queued queued[NARRATOR_QUEUED];
    unsigned nqueued;
    uint64_t ending[NARRATOR_ENDINGS];
    unsigned nendings;
    uint64_t silent[NARRATOR_SILENT]; /* hashes of host and address */
    unsigned nsilent;
    uint64_t phase_t_ns;    /* of the last phase */
    uint32_t conn;          /* of the last line */
    uint32_t client;        /* its client */
    const char *last_title; /* of the last line */
    uint64_t phases, lines, packets, dropped, stored, bounced;
    unsigned met, unmet; /* outcomes */
    unsigned nremember;
    char remember[NARRATOR_REMEMBER][NARRATOR_SENTENCE];
};

const char *narrator_host(const struct ui_narrator *n, uint32_t host); /* "the network" for 0 */
const char *narrator_link(const struct ui_narrator *n, uint32_t link); /* "a link" for 0 */

/* Ends a fold or a repeated answer, and writes the empty row that is due. Everything that writes calls it
 * first. */
void narrator_begin(struct ui_narrator *n);
/* The fold or repeated answer alone. */
void narrator_settle(struct ui_narrator *n);

/* The time, right-aligned, and a space. Late times count from the phase: "+0.412 s". */
void narrator_put_time(struct ui_narrator *n, uint64_t t_ns);

/* Title, and the first time also lesson and section, as one paragraph. `always`: even where it
 * would say the title that was just said. */
void narrator_put_lesson(struct ui_narrator *n, const char *title, const char *lesson, const char *section,
                         bool always);

/* "C ▸ text" from the time's column on; "C ▸┃text" if it is `sealed`, inside TLS. */
void narrator_put_line(struct ui_narrator *n, uint64_t t_ns, char dir, bool sealed, const char *text,
                       size_t len, unsigned rows);

/* The line travels inside TLS. */
bool narrator_is_sealed(const struct trace_record *r);

/* True the first time it is asked about `words`. */
bool narrator_is_new(struct ui_narrator *n, const void *words);
/* The same without being told. */
bool narrator_is_told(const struct ui_narrator *n, const void *words);

void narrator_fold_line(struct ui_narrator *n, const struct trace_record *r);
void narrator_fold_end(struct ui_narrator *n);
/* A command or reply on this connection: what follows is another message. */
void narrator_fold_forget(struct ui_narrator *n, uint32_t conn);

/* Words about a line of a message; call for each, in order. NULL: none. */
const struct narrator_words *narrator_content(struct narrator_mime *m, const struct trace_record *r);
void narrator_content_begin(struct narrator_mime *m);
/* Words about a line of an IMAP server that goes on behind a literal; NULL: it is none. */
const struct narrator_words *narrator_literal_over(const struct trace_record *r);

void narrator_note(struct ui_narrator *n, const struct trace_record *r);

/* Frames: notes about those that are lost, and those that mend it. */
void narrator_dropped(struct ui_narrator *n, const struct trace_record *r);
void narrator_sent(struct ui_narrator *n, const struct trace_record *r);

/* Around each record: attempts that end like one before take one row. */
void narrator_retry_before(struct ui_narrator *n, const struct trace_record *r);
void narrator_retry_after(struct ui_narrator *n, const struct trace_record *r);
void narrator_retry_end(struct ui_narrator *n);

void narrator_opening(struct ui_narrator *n, const struct trace_opening *o);
void narrator_outcome(struct ui_narrator *n, const struct trace_record *r);
void narrator_ending(struct ui_narrator *n, uint64_t t_ns);
#endif
