#ifndef UI_NARRATOR_INTERNAL_H
#define UI_NARRATOR_INTERNAL_H
/* The narrator's object, shared by narrator.c (phases, lines, packets), narrator_fold.c (long messages),
 * narrator_note.c (state records) and narrator_frame.c (what stands before and after the run). */
#include "ui/narrator.h"
#include "ui/page.h"

#define NARRATOR_NAME     24  /* columns of a host's name; longer ones are cut */
#define NARRATOR_TIME     11  /* columns of the time */
#define NARRATOR_TEXT     16  /* the column where texts begin */
#define NARRATOR_LESSON   18  /* and what explains them */
#define NARRATOR_HEAD     10  /* lines of a message that are always told */
#define NARRATOR_TAIL     4   /* and at its end */
#define NARRATOR_ROWS     4   /* rows of one line */
#define NARRATOR_REMEMBER 12  /* sentences told again at the end */
#define NARRATOR_SENTENCE 240 /* octets of one, with NUL */

struct narrator_name {
    char text[NARRATOR_NAME * 4 + 8]; /* safe for the page */
};

/* Words that have been told: addresses of static strings. */
struct narrator_seen {
    const void **slot; /* owned; a power of two of them */
    size_t slots, count;
};

struct narrator_held {
    uint64_t t_ns;
    const char *title, *lesson, *section;
    size_t len;
    char text[UI_COLUMNS * 4]; /* as many octets as can be seen */
};

/* The run of content lines that is being told. */
struct narrator_fold {
    bool active;
    uint32_t conn;
    char dir;
    uint64_t total, hidden, base64; /* lines: so far, folded, of them base64 */
    bool attachment;                /* a field said so */
    unsigned first, held;           /* ring */
    struct narrator_held ring[NARRATOR_TAIL];
};

struct ui_narrator {
    struct ui_page page;
    enum trace_level level;
    struct narrator_name *name; /* owned; name[0] is host 1 */
    size_t nnames;
    struct narrator_seen seen;
    struct narrator_fold fold;
    bool gap;               /* an empty row comes before what is next */
    bool in_reply;          /* the last line was an SMTP reply that goes on */
    uint64_t repeated;      /* lines of it that are as before, and not told yet */
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

/* Ends a fold or a repeated answer, and writes the empty row that is due. Everything that writes calls it
 * first. */
void narrator_begin(struct ui_narrator *n);

/* The time, right-aligned, and a space. Late times count from the phase: "+0.412 s". */
void narrator_put_time(struct ui_narrator *n, uint64_t t_ns);

/* Title, and the first time also lesson and section, as one paragraph. `always`: even where it
 * would say the title that was just said. */
void narrator_put_lesson(struct ui_narrator *n, const char *title, const char *lesson, const char *section,
                         bool always);

/* "C ▸ text" from the time's column on. */
void narrator_put_line(struct ui_narrator *n, uint64_t t_ns, char dir, const char *text, size_t len,
                       unsigned rows);

/* True the first time it is asked about `words`. */
bool narrator_is_new(struct ui_narrator *n, const void *words);
/* The same without being told. */
bool narrator_is_told(const struct ui_narrator *n, const void *words);

void narrator_fold_line(struct ui_narrator *n, const struct trace_record *r);
void narrator_fold_end(struct ui_narrator *n);
/* A command or reply on this connection: what follows is another message. */
void narrator_fold_forget(struct ui_narrator *n, uint32_t conn);

void narrator_note(struct ui_narrator *n, const struct trace_record *r);

void narrator_opening(struct ui_narrator *n, const struct trace_opening *o);
void narrator_outcome(struct ui_narrator *n, const struct trace_record *r);
void narrator_ending(struct ui_narrator *n, uint64_t t_ns);
#endif
