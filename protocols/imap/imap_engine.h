#ifndef PROTOCOLS_IMAP_ENGINE_H
#define PROTOCOLS_IMAP_ENGINE_H
/*
 * imap_engine - what the files of the server engine share; nothing outside protocols/imap includes it.
 *
 *   imap_server.c   from octets to commands; the dispatcher
 *   imap_output.c   from verdicts to answers; what spans several steps
 *   imap_login.c    CAPABILITY, ID, ENABLE, STARTTLS, AUTHENTICATE, LOGIN, LOGOUT
 *   imap_mailbox.c  SELECT .. STATUS, NAMESPACE          imap_list.c    LIST, LSUB
 *   imap_append.c   APPEND, IDLE                         imap_change.c  STORE, COPY, MOVE, EXPUNGE
 *   imap_fetch.c    FETCH: items                         imap_body.c    ENVELOPE, BODYSTRUCTURE, sections
 *   imap_search.c   SEARCH: keys to a program            imap_match.c   the program over messages
 *
 * A handler takes the arguments off the cursor, does its work, and returns a verdict; the dispatcher
 * answers. A handler whose data may not fit one step fills scratch->job and returns IMAP_RUNNING:
 * then imap_job_run_* is called for each piece.
 */
#include "protocols/imap/imap_parse.h"
#include "protocols/imap/imap_server.h"
#include "protocols/imap/imap_sink.h"
#include "protocols/wire/mime.h"

#define IMAP_CODE_MAX  4096 /* octets of COPYUID; a longer one is left out (RFC 4315 section 3: SHOULD) */
#define IMAP_ROOM_LINE 3072 /* octets that one short response needs at most: 32 keywords and a name */

enum imap_item_kind {
    IMAP_ITEM_UID,
    IMAP_ITEM_FLAGS,
    IMAP_ITEM_INTERNALDATE,
    IMAP_ITEM_SIZE,
    IMAP_ITEM_ENVELOPE,
    IMAP_ITEM_BODY, /* without the extension data */
    IMAP_ITEM_BODYSTRUCTURE,
    IMAP_ITEM_RFC822, /* the three old names of sections */
    IMAP_ITEM_RFC822_HEADER,
    IMAP_ITEM_RFC822_TEXT,
    IMAP_ITEM_SECTION
};

enum imap_section_text {
    IMAP_SECTION_ALL,
    IMAP_SECTION_HEADER,
    IMAP_SECTION_FIELDS,
    IMAP_SECTION_FIELDS_NOT,
    IMAP_SECTION_MIME,
    IMAP_SECTION_TEXT
};

struct imap_item { /* one data item of FETCH; offsets are into job->text */
    uint8_t kind, section;
    bool partial;
    uint8_t part_len; /* of the section number, "1.2" */
    uint16_t part_at;
    uint16_t fields_at, fields; /* so many names, each a length octet and its letters */
    uint32_t start, count;
};

enum imap_key_kind {
    IMAP_KEY_AND, /* all that follow, up to next */
    IMAP_KEY_OR,
    IMAP_KEY_NOT,
    IMAP_KEY_FLAGS,   /* (flags & a) == b */
    IMAP_KEY_KEYWORD, /* text */
    IMAP_KEY_PLACES,  /* range[a .. a + b) */
    IMAP_KEY_LARGER,
    IMAP_KEY_SMALLER,
    IMAP_KEY_BEFORE, /* day */
    IMAP_KEY_ON,
    IMAP_KEY_SINCE,
    IMAP_KEY_SENTBEFORE,
    IMAP_KEY_SENTON,
    IMAP_KEY_SENTSINCE,
    IMAP_KEY_HEADER, /* name, text */
    IMAP_KEY_BODY,
    IMAP_KEY_TEXT
};

struct imap_key { /* one search key; a subtree is key[i .. next) */
    uint8_t kind;
    uint16_t next;
    uint16_t name_at, name_len, text_at, text_len; /* into job->text */
    uint32_t a, b;
    int64_t day;
};

enum imap_job_kind { IMAP_JOB_NONE, IMAP_JOB_FETCH, IMAP_JOB_STORE, IMAP_JOB_SEARCH, IMAP_JOB_LIST };

struct imap_job { /* relocatable: holds no address, but of itself */
    uint8_t kind;
    bool uid; /* the command said UID */
    bool silent, failed;
    bool with_flags; /* FETCH: this message's \Seen was set by it, so its flags are reported */
    bool begun;      /* SEARCH: the line has begun */
    uint8_t items;
    uint8_t mode; /* STORE: enum imap_flag_mode */
    uint16_t keys;
    uint16_t text_len;
    uint32_t ranges, range_at; /* the set; and the one being worked on */
    uint32_t seq;              /* next place within it, 0: its first */
    uint32_t index;            /* LIST: next mailbox */
    uint64_t sent;             /* octets of the response under way that have gone out */
    unsigned flags;            /* FETCH: as they were when the response began; STORE: the list */
    uint32_t keywords;
    uint16_t keyword_at[IMAP_KEYWORDS_MAX]; /* STORE: in text; the length octet first */
    uint16_t code_len;                      /* octets of the answer's code, at text */
    struct imap_item item[IMAP_ITEMS_MAX];
    struct imap_key key[IMAP_KEYS_MAX];
    char text[IMAP_TEXT_MAX];
    struct imap_range range[IMAP_SET_RANGES_MAX]; /* last: only those in use are kept */
};

struct imap_scratch {
    struct imap_job job;
    char text[IMAP_LINE_MAX]; /* unquoted strings while parsing; unfolded fields while writing */
    char auth_in[WIRE_AUTH_DATA_MAX], auth_out[WIRE_AUTH_DATA_MAX];
    uint16_t fail[IMAP_TEXT_MAX + 1]; /* of the string matcher */
    struct wire_mime_part part[WIRE_MIME_PARTS_MAX];
    const char *parsed; /* whose parts those are; NULL: nobody's */
    size_t parts;
};

struct imap_part { /* the lines and literals of a command so far */
    uint32_t len, cap;
    char text[];
};

/* ---- imap_output.c ---- */
void imap_step_begin(const struct imap_server *s, struct imap_step *out);
void imap_enter(struct imap_server *s, enum imap_state next);
void imap_leave_mailbox(struct imap_server *s); /* closes the view, if one is open */
bool imap_extends(const struct imap_server *s, unsigned extension);
void imap_give(struct imap_server *s, void *memory); /* back to the store; NULL is nothing */
/* A handler has decided: its data, the news and its answer go out, as far as they fit. */
void imap_decide(struct imap_server *s, enum imap_verdict verdict, struct imap_step *out);
/* The same at the end of a command that took more than one line. */
void imap_conclude(struct imap_server *s, enum imap_verdict verdict, struct imap_step *out);
/* One status line: tag or "*", status, code, text. */
void imap_status_line(struct imap_server *s, const char *tag, enum imap_verdict verdict,
                      struct imap_step *out);
void imap_hang_up(struct imap_server *s, struct imap_step *out);

/* ---- imap_mailbox.c ---- */
bool imap_name_usable(struct wire_slice name);

/* ---- marks: the lesson of a line of data ---- */
const struct wire_lesson *imap_lesson(enum imap_line line);
void imap_data(struct imap_step *out, enum imap_line line, const char *text);

/* ---- imap_set.c: sequence sets against the open view ---- */
/* Turns range[from .. n) into places, in order, without overlap. False: a place is beyond the mailbox. */
bool imap_set_resolve(struct imap_server *s, struct imap_range *range, uint32_t *n, uint32_t from, bool uid,
                      bool clip);
/* The next place of the job's set; 0 when it is through. */
uint32_t imap_job_next(const struct imap_job *job);
void imap_job_advance(struct imap_job *job);
/* Keeps a string for the time the job runs; false (too_complex) when there is no room. */
bool imap_job_keep(struct imap_cursor *c, struct imap_job *job, struct wire_slice s, uint16_t *at);
/* Clears what a job needs cleared. */
void imap_job_begin(struct imap_job *job, enum imap_job_kind kind, bool uid);

/* ---- a piece of a running job: true when it is through, with its verdict in *verdict ---- */
bool imap_fetch_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                    enum imap_verdict *verdict);
bool imap_store_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                    enum imap_verdict *verdict);
bool imap_search_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                     enum imap_verdict *verdict);
bool imap_list_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                   enum imap_verdict *verdict);

/* Removes what is marked \\Deleted, in the n place ranges, or everywhere if range is NULL. */
enum imap_verdict imap_expunge_deleted(struct imap_server *s, const struct imap_range *range, uint32_t n);

/* ---- pieces of responses ---- */
void imap_put_flags(struct imap_sink *k, struct imap_server *s, unsigned flags, uint32_t keywords);
void imap_put_flags_response(struct imap_server *s, uint32_t seq, bool uid, enum imap_line line,
                             struct imap_step *out);
void imap_put_envelope(struct imap_sink *k, struct imap_scratch *x, const char *at, size_t len);
void imap_put_structure(struct imap_sink *k, struct imap_scratch *x, const struct imap_message *m,
                        bool extended);
void imap_put_section(struct imap_sink *k, struct imap_scratch *x, const struct imap_message *m,
                      const struct imap_item *item, const char *text);
void imap_parse_parts(struct imap_scratch *x, const struct imap_message *m);
void imap_put_capability(struct imap_sink *k, const struct imap_server *s);
/* Does the message satisfy key[0]? */
bool imap_match(struct imap_server *s, const struct imap_job *job, uint32_t seq,
                const struct imap_message *m);

/* ---- input in modes other than commands ---- */
/* c stands behind "APPEND SP", its end before the brace of the last literal. False: that literal is no
 * message. Else *verdict is IMAP_TAKEN (the store waits for the octets) or why not. */
bool imap_append_begin(struct imap_server *s, struct imap_cursor *c, uint64_t octets,
                       enum imap_verdict *verdict);
void imap_append_data(struct imap_server *s, const char *bytes, size_t len);
void imap_append_line(struct imap_server *s, struct wire_slice line,
                      struct imap_step *out); /* behind the message */
void imap_auth_line(struct imap_server *s, struct wire_slice line, struct imap_step *out); /* without CRLF */

/* ---- handlers: the table names one for each verb ---- */
typedef enum imap_verdict imap_run_fn(struct imap_server *s, struct imap_cursor *c, struct imap_step *out);
imap_run_fn imap_run_capability, imap_run_noop, imap_run_logout, imap_run_id, imap_run_starttls,
    imap_run_authenticate, imap_run_login, imap_run_enable, imap_run_select, imap_run_create, imap_run_delete,
    imap_run_rename, imap_run_subscribe, imap_run_list, imap_run_namespace, imap_run_status, imap_run_append,
    imap_run_idle, imap_run_close, imap_run_expunge, imap_run_search, imap_run_fetch, imap_run_store,
    imap_run_copy;
imap_run_fn *imap_verb_handler(enum imap_verb verb);
#endif
