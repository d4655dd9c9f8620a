#ifndef PROTOCOLS_IMAP_ENGINE_H
#define PROTOCOLS_IMAP_ENGINE_H
/*
 * imap_engine - what the files of the server engine share; nothing outside protocols/imap includes it.
 *
 *   imap_server.c   from octets to commands; the dispatcher
 *   imap_output.c   from verdicts to answers; what spans several steps
 *   imap_login.c    CAPABILITY, ID, STARTTLS, AUTHENTICATE, LOGIN, LOGOUT
 *   imap_enable.c   ENABLE: what is offered, what is on  imap_status.c  STATUS, GETQUOTA, GETQUOTAROOT
 *   imap_mailbox.c  CREATE .. SUBSCRIBE, NAMESPACE       imap_list.c    LIST, LSUB
 *   imap_select.c   SELECT, EXAMINE, CLOSE, UNSELECT     imap_sync.c    CONDSTORE, QRESYNC: VANISHED
 *   imap_append.c   APPEND, IDLE                         imap_change.c  STORE, EXPUNGE
 *   imap_copy.c     COPY, MOVE                           imap_match.c   a program of keys over messages
 *   imap_fetch.c    FETCH: responses                     imap_items.c   FETCH: its data items
 *   imap_body.c     ENVELOPE, BODYSTRUCTURE              imap_section.c BODY[...]
 *   imap_binary.c   BINARY[...]                          imap_search.c  SEARCH: its answer
 *   imap_keys.c     SEARCH: keys to a program            imap_saved.c   "$"
 *   imap_sort.c     SORT                                 imap_thread.c  THREAD
 *   imap_refs.c     THREAD by References
 *   imap_subject.c  the base subject of both
 *
 * A handler takes the arguments off the cursor, does its work, and returns a verdict; the dispatcher
 * answers. A handler whose data may not fit one step fills scratch->job and returns IMAP_RUNNING:
 * then imap_job_run_* is called for each piece.
 */
#include "protocols/imap/imap_parse.h"
#include "protocols/imap/imap_server.h"
#include "protocols/imap/imap_sink.h"
#include "protocols/wire/base64.h"
#include "protocols/wire/mime.h"
#include "protocols/wire/qp.h"

#define IMAP_CODE_MAX  4096 /* octets of COPYUID; a longer one is left out (RFC 4315 section 3: SHOULD) */
#define IMAP_ROOM_LINE 3072 /* octets that one short response needs at most: 32 keywords and a name */
/* Octets of a response with flags at most, and of FLAGS in front of it */
#define IMAP_ROOM_FLAGS (2 * IMAP_ROOM_LINE)

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
    IMAP_ITEM_SECTION,
    IMAP_ITEM_MODSEQ,
    IMAP_ITEM_BINARY,
    IMAP_ITEM_BINARY_SIZE
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
    uint8_t content;  /* BINARY: enum imap_content of the message under way */
    uint64_t decoded; /* BINARY: octets, once content is known */
};

enum imap_content { IMAP_CONTENT_UNKNOWN, IMAP_CONTENT_TEXT, IMAP_CONTENT_WITH_NUL, IMAP_CONTENT_MISSING };

struct imap_decoding { /* where the decoding of a part stood when a piece was full */
    uint64_t decoded;  /* octets out so far; 0: at its beginning */
    uint64_t at;       /* octets of the encoded body used */
    uint8_t item;      /* of which item */
    struct wire_base64_body base64;
    struct wire_qp_body qp;
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
    IMAP_KEY_TEXT,
    IMAP_KEY_MODSEQ /* day holds the number */
};

struct imap_key { /* one search key; a subtree is key[i .. next) */
    uint8_t kind;
    uint16_t next;
    uint16_t name_at, name_len, text_at, text_len; /* into job->text */
    uint32_t a, b;
    int64_t day;
};

enum imap_job_kind {
    IMAP_JOB_NONE,
    IMAP_JOB_FETCH,
    IMAP_JOB_STORE,
    IMAP_JOB_SEARCH,
    IMAP_JOB_LIST,
    IMAP_JOB_SORT,
    IMAP_JOB_THREAD
};

/* What SEARCH RETURN asks for (RFC 4731, RFC 5182); bits. */
enum imap_return {
    IMAP_RETURN_MIN = 1 << 0,
    IMAP_RETURN_MAX = 1 << 1,
    IMAP_RETURN_ALL = 1 << 2,
    IMAP_RETURN_COUNT = 1 << 3,
    IMAP_RETURN_SAVE = 1 << 4
};

/* What LIST chooses and returns (RFC 5258, RFC 5819, RFC 6154); bits. */
enum imap_list_option {
    IMAP_LIST_SUBSCRIBED = 1 << 0,
    IMAP_LIST_REMOTE = 1 << 1,
    IMAP_LIST_RECURSIVE = 1 << 2,
    IMAP_LIST_SPECIAL_USE = 1 << 3,
    IMAP_LIST_EXTENDED = 1 << 4, /* some option or a list of patterns was there */
    IMAP_LIST_RETURN_SUBSCRIBED = 1 << 5,
    IMAP_LIST_RETURN_STATUS = 1 << 6
};

struct imap_results { /* of a SEARCH under way */
    uint32_t count, min, max;
    uint32_t first, last; /* of the range that is still open; 0: none */
    uint32_t saved_place; /* the last one saved */
    uint64_t modseq, min_modseq, max_modseq;
    bool listing; /* ALL has begun */
};

struct imap_job { /* relocatable: holds no address, but of itself */
    uint8_t kind;
    bool uid; /* the command said UID */
    bool silent, failed;
    bool with_flags; /* FETCH: this message's \Seen was set by it, so its flags are reported */
    bool begun;      /* SEARCH, SORT, THREAD: the line has begun */
    uint8_t items;
    uint8_t mode;      /* STORE: enum imap_flag_mode */
    uint8_t end;       /* FETCH: enum imap_verdict when all is told; SELECT uses it */
    bool saved;        /* the set is "$": uids, whatever the command says */
    bool since;        /* CHANGEDSINCE, UNCHANGEDSINCE: modseq is the limit */
    bool vanished;     /* FETCH: vanished uids come first, the set is still one of uids */
    bool changed_line; /* FETCH: responses are told as changes the client has missed */
    bool extended;     /* SEARCH: the answer is ESEARCH */
    bool with_modseq;  /* SEARCH: a key was MODSEQ, so the answer has one */
    uint8_t returns;   /* SEARCH: enum imap_return */
    uint8_t options;   /* LIST: enum imap_list_option */
    uint8_t patterns;  /* LIST: so many, each a length octet and its letters, at text; SORT: criteria there */
    uint16_t asks;     /* LIST: the items of STATUS */
    uint64_t modseq;
    uint64_t shown_modseq; /* FETCH: of the message when its response began */
    struct imap_results results;
    struct imap_decoding decoding;
    uint16_t keys;
    uint16_t text_len;
    uint32_t ranges, range_at; /* the set; and the one being worked on */
    uint32_t seq;              /* next place within it, 0: its first */
    uint32_t index;            /* LIST: next mailbox; SEARCH: messages looked at; FETCH: next vanished uid */
    uint64_t sent;             /* octets of the response under way that have gone out */
    unsigned flags;            /* FETCH: as they were when the response began; STORE: the list */
    uint32_t keywords;
    uint16_t keyword_at[IMAP_KEYWORDS_MAX]; /* STORE: in text; the length octet first */
    uint16_t code_at;                       /* in text: the answer's code, s->codes octets */
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

struct imap_saved { /* ranges of uids, ascending */
    uint32_t n, cap;
    struct imap_range range[];
};

struct imap_found { /* SORT: places. THREAD: the tree, see imap_thread.c */
    uint32_t n, cap;
    uint32_t at[];
};

/* ---- imap_enable.c ---- */
unsigned imap_offered(const struct imap_server_config *config);
static inline bool imap_has(const struct imap_server *s, unsigned enabled)
{
    return (s->enabled & enabled) != 0;
}
/* Mailbox names travel as UTF-8. */
static inline bool imap_in_utf8(const struct imap_server *s)
{
    return imap_has(s, IMAP_ENABLED_REV2 | IMAP_ENABLED_UTF8);
}
/* A command implies that the client knows CONDSTORE (RFC 7162 section 3.1). */
void imap_enable_condstore(struct imap_server *s);

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
/* What has happened in the mailbox. False while there is more than fits. */
bool imap_news(struct imap_server *s, bool expunges, struct imap_step *out);

/* ---- imap_mailbox.c ---- */
bool imap_name_usable(struct wire_slice name);

/* ---- imap_status.c ---- */
/* "(" status-att ... ")": bits for imap_put_status. */
bool imap_take_asks(struct imap_server *s, struct imap_cursor *c, uint16_t *wanted);
/* The STATUS line of a mailbox; nothing unless its verdict is IMAP_COMPLETED. */
enum imap_verdict imap_put_status(struct imap_server *s, struct wire_slice name, uint16_t wanted,
                                  struct imap_step *out);

/* ---- imap_sync.c: RFC 7162 ---- */
/* "(" [CONDSTORE] [QRESYNC (...)] ")" behind SELECT: fills the job for what must be told behind the counts.
 */
struct imap_resync {
    bool wanted;
    uint32_t uidvalidity;
};
bool imap_take_select_parameters(struct imap_server *s, struct imap_cursor *c, struct imap_job *job,
                                 struct imap_resync *resync);
/* The job's set becomes ranges of uids, the vanished ones among them are told, then it becomes places. False
 * while there is more than fits. */
void imap_vanished_begin(struct imap_server *s, struct imap_job *job);
bool imap_vanished_run(struct imap_server *s, struct imap_job *job, struct imap_step *out);
void imap_put_highest(struct imap_server *s, uint64_t modseq, struct imap_step *out);
void imap_put_modseq(struct imap_sink *k, uint64_t modseq); /* "MODSEQ (7)" */
uint64_t imap_highest(struct imap_server *s);

/* ---- imap_saved.c: RFC 5182 ---- */
void imap_saved_drop(struct imap_server *s);
bool imap_saved_add(struct imap_server *s, uint32_t uid, bool next_to_last); /* false: no memory */
/* A sequence set, or "$". */
bool imap_take_places(struct imap_server *s, struct imap_cursor *c, struct imap_job *job);
bool imap_take_saved(struct imap_server *s, struct imap_cursor *c, struct imap_job *job);

/* ---- imap_keys.c ---- */
/* Search keys up to the end of the command become job->key. */
bool imap_take_keys(struct imap_server *s, struct imap_cursor *c, struct imap_job *job);
bool imap_charset_known(struct wire_slice charset);

/* ---- imap_items.c ---- */
bool imap_take_items(struct imap_server *s, struct imap_cursor *c, struct imap_job *job);
bool imap_add_item(struct imap_cursor *c, struct imap_job *job, enum imap_item_kind kind);

/* ---- imap_sort.c, imap_subject.c ---- */
struct imap_room { /* memory that grows: taken from the store, one block at a time */
    char *at;
    size_t len, cap;
};
/* Makes room for `more` octets behind len; false when there is no memory. */
bool imap_room_grow(struct imap_server *s, struct imap_room *room, size_t more);
void imap_room_give(struct imap_server *s, struct imap_room *room);
/* The subject without Re:, Fwd: and list names (RFC 5256 section 2.1), in capitals. Returns its octets, at
 * most cap; *is_reply, if not NULL, whether anything of an answer was taken off. */
size_t imap_base_subject(struct imap_scratch *x, const struct imap_message *m, char *dst, size_t cap,
                         bool *is_reply);
int64_t imap_sent_seconds(const struct imap_message *m);
void imap_found_drop(struct imap_server *s);

/* ---- imap_binary.c ---- */
/* IMAP_UNKNOWN_CTE if an item asks for a part that cannot be decoded; fills in what else is known. */
enum imap_verdict imap_binary_look(struct imap_server *s, struct imap_job *job, const struct imap_message *m);
void imap_put_binary(struct imap_sink *k, struct imap_server *s, struct imap_job *job, unsigned item,
                     const struct imap_message *m);

/* ---- marks: the lesson of a line of data ---- */
const struct wire_lesson *imap_lesson(enum imap_line line);
void imap_data(struct imap_step *out, enum imap_line line, const char *text);

/* ---- imap_set.c: sequence sets against the open view ---- */
/* Turns range[from .. n) into places, in order, without overlap. False: a place is beyond the mailbox. */
bool imap_set_resolve(struct imap_server *s, struct imap_range *range, uint32_t *n, uint32_t from, bool uid,
                      bool clip);
/* Sorts ranges and joins those that touch. */
void imap_set_order(struct imap_range *range, uint32_t *n);
/* The next place of the job's set; 0 when it is through. */
uint32_t imap_job_next(const struct imap_job *job);
void imap_job_advance(struct imap_job *job);
/* Keeps a string for the time the job runs; false (too_complex) when there is no room. */
bool imap_job_keep(struct imap_cursor *c, struct imap_job *job, struct wire_slice s, uint16_t *at);
/* The job's set, as the command gave it, to places. */
bool imap_job_resolve(struct imap_server *s, struct imap_job *job, bool clip);
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
bool imap_sort_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                   enum imap_verdict *verdict);
bool imap_thread_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                     enum imap_verdict *verdict);

/* Removes what is marked \\Deleted, in the n place ranges, or everywhere if range is NULL. */
enum imap_verdict imap_expunge_deleted(struct imap_server *s, const struct imap_range *range, uint32_t n);

/* The verdict of a command that has removed messages. */
enum imap_verdict imap_removed(const struct imap_server *s);

/* ---- pieces of responses ---- */
void imap_put_flags(struct imap_sink *k, struct imap_server *s, unsigned flags, uint32_t keywords);
/* FLAGS once more, if one of these keywords is new to the client (RFC 3501 section 7.2.6). Room for a line is
 * there. */
void imap_tell_keywords(struct imap_server *s, uint32_t keywords, struct imap_step *out);
/* A FETCH response unasked: flags (unless silent), and what the client has enabled beside them. */
void imap_put_flags_response(struct imap_server *s, uint32_t seq, bool uid, bool silent,
                             struct imap_step *out);
void imap_put_envelope(struct imap_sink *k, struct imap_scratch *x, const char *at, size_t len);
void imap_put_structure(struct imap_sink *k, struct imap_scratch *x, const struct imap_message *m,
                        bool extended);
void imap_put_section(struct imap_sink *k, struct imap_scratch *x, const struct imap_message *m,
                      const struct imap_item *item, const char *text);
/* "BODY[2.HEADER]<0> ", or what the item is called otherwise. */
void imap_put_section_name(struct imap_sink *k, const struct imap_item *item, const char *text);
/* How many octets it has as it stands in the message; 0: there is no such part. */
uint64_t imap_section_len(struct imap_scratch *x, const struct imap_message *m, const struct imap_item *item,
                          const char *text);
/* The octets of the message that a section without fields means; false: there is no such part. */
bool imap_section_span(struct imap_scratch *x, const struct imap_message *m, const struct imap_item *item,
                       const char *text, size_t *from, size_t *end, int *part);
void imap_parse_parts(struct imap_scratch *x, const struct imap_message *m);
void imap_put_capability(struct imap_sink *k, const struct imap_server *s);
/* Does the message satisfy key[0]? */
bool imap_match(struct imap_server *s, const struct imap_job *job, uint32_t seq,
                const struct imap_message *m);

/* ---- input in modes other than commands ---- */
/* c stands behind "APPEND SP", its end before the brace of the last literal. False: that literal is no
 * message. Else *verdict is IMAP_TAKEN (the store waits for the octets) or why not. */
bool imap_append_begin(struct imap_server *s, struct imap_cursor *c, uint64_t octets, bool literal8,
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
    imap_run_copy, imap_run_getquota, imap_run_sort, imap_run_thread;
imap_run_fn *imap_verb_handler(enum imap_verb verb);
#endif
