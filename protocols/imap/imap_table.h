#ifndef PROTOCOLS_IMAP_TABLE_H
#define PROTOCOLS_IMAP_TABLE_H
/*
 * imap_table - the words of IMAP4rev1 (RFC 3501), IMAP4rev2 (RFC 9051) and extensions, for engines and views.
 *
 *   not authenticated --LOGIN, AUTHENTICATE--> authenticated --SELECT, EXAMINE--> selected
 *          |                                     |    ^----CLOSE, UNSELECT-----------|
 *          `---------------LOGOUT----------------+---------------LOGOUT--------------+--> logout
 *
 *   one command            C: A7 FETCH 3 (FLAGS)          verb row: states, form, lesson, verdicts
 *   any number of these    S: * 3 FETCH (FLAGS (\Seen))   line row: lesson
 *   exactly one of these   S: A7 OK FETCH completed       verdict row: status, code, text, lesson
 *
 * The tables are what the engines run on, so a view that reads them tells the truth.
 */
#include "protocols/wire/ascii.h"
#include "protocols/wire/out.h"

#define IMAP_LINE_MAX                                                                                        \
    65536 /* octets of one command with its small literals; RFC 2683 section 3.2.1.5 asks for 8000 */
#define IMAP_TAG_MAX        32   /* octets of a tag; a limit of ours, clients use 4 to 8 */
#define IMAP_NAME_MAX       255  /* octets of a mailbox name; a limit of ours */
#define IMAP_SET_RANGES_MAX 2048 /* ranges in one command's sequence sets; a limit of ours */
#define IMAP_ITEMS_MAX      32   /* data items in one FETCH; a limit of ours */
#define IMAP_SECTION_MAX    63   /* octets of a section number such as 1.2.3; a limit of ours */
#define IMAP_KEYS_MAX       128  /* search keys in one SEARCH; a limit of ours */
#define IMAP_DEPTH_MAX      16   /* parentheses, NOT and OR inside one another; a limit of ours */
#define IMAP_TEXT_MAX       4096 /* octets of strings that a command keeps while it runs; a limit of ours */
#define IMAP_KEYWORDS_MAX   32   /* keywords in one mailbox; a limit of ours */
#define IMAP_HIERARCHY      '/'  /* between the levels of a mailbox name */
#define IMAP_PATTERNS_MAX   16   /* patterns in one LIST (RFC 5258); a limit of ours */
#define IMAP_SORT_KEYS_MAX  8    /* criteria in one SORT; a limit of ours */
#define IMAP_SORT_TEXT_MAX                                                                                   \
    256 /* octets of a subject or name that SORT and THREAD compare; a limit of ours                         \
         */
#define IMAP_LITERAL_MINUS_MAX 4096      /* octets of a literal that need not wait, RFC 7888 section 5 */
#define IMAP_MODSEQ_MAX        INT64_MAX /* a mod-sequence has 63 bits, RFC 7162 section 3.1 */

/* RFC 3501 section 3. */
enum imap_state { IMAP_NOT_AUTHENTICATED, IMAP_AUTHENTICATED, IMAP_SELECTED, IMAP_LOGOUT, IMAP_STATES };

/* Before the answer's text: RFC 3501 section 7.1. PLUS is the continuation request. */
enum imap_status { IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_BYE, IMAP_PREAUTH, IMAP_PLUS, IMAP_SILENT };

/* clang-format off */
/* enum name, name on the wire */
#define IMAP_VERBS(X) \
    X(CAPABILITY, "CAPABILITY") X(NOOP, "NOOP") X(LOGOUT, "LOGOUT") X(ID, "ID") \
    X(STARTTLS, "STARTTLS") X(AUTHENTICATE, "AUTHENTICATE") X(LOGIN, "LOGIN") \
    X(ENABLE, "ENABLE") X(SELECT, "SELECT") X(EXAMINE, "EXAMINE") X(CREATE, "CREATE") X(DELETE, "DELETE") \
    X(RENAME, "RENAME") X(SUBSCRIBE, "SUBSCRIBE") X(UNSUBSCRIBE, "UNSUBSCRIBE") X(LIST, "LIST") X(LSUB, "LSUB") \
    X(NAMESPACE, "NAMESPACE") X(GETQUOTA, "GETQUOTA") X(GETQUOTAROOT, "GETQUOTAROOT") X(STATUS, "STATUS") X(APPEND, "APPEND") X(IDLE, "IDLE") \
    X(CHECK, "CHECK") X(CLOSE, "CLOSE") X(UNSELECT, "UNSELECT") X(EXPUNGE, "EXPUNGE") X(SEARCH, "SEARCH") X(SORT, "SORT") X(THREAD, "THREAD") \
    X(FETCH, "FETCH") X(STORE, "STORE") X(COPY, "COPY") X(MOVE, "MOVE") \
    X(UID_FETCH, "UID FETCH") X(UID_STORE, "UID STORE") X(UID_COPY, "UID COPY") X(UID_MOVE, "UID MOVE") \
    X(UID_SEARCH, "UID SEARCH") X(UID_EXPUNGE, "UID EXPUNGE") X(UID_SORT, "UID SORT") X(UID_THREAD, "UID THREAD")

/* What a server can decide about one command; tests assert on these, not on texts. */
#define IMAP_VERDICTS(X) \
    /* OK */ \
    X(GREETED) X(COMPLETED) X(LOGGED_IN) X(OPENED) X(OPENED_READ_ONLY) X(APPENDED) X(COPIED) X(REMOVED) X(MODIFIED) X(TLS_BEGINS) \
    /* the command goes on */ \
    X(TAKEN) X(RUNNING) X(SEND_LITERAL) X(SEND_CREDENTIALS) X(IDLING) \
    /* NO: understood, refused */ \
    X(NO_MAILBOX) X(TRY_CREATE) X(NAME_TAKEN) X(NOT_POSSIBLE) X(NO_PERMISSION) X(HAS_CHILDREN) X(READ_ONLY) \
    X(OVER_QUOTA) X(TOO_BIG) X(LIMIT) X(EXPUNGE_ISSUED) X(BAD_CHARSET) X(WRONG_PASSWORD) X(PRIVACY_REQUIRED) \
    X(NO_MECHANISM) X(UNAVAILABLE) X(NOT_SAVED) X(UNKNOWN_CTE) X(NO_QUOTA_ROOT) \
    /* BAD: not understood */ \
    X(UNKNOWN_COMMAND) X(WRONG_STATE) X(BAD_SYNTAX) X(BAD_TAG) X(BAD_NUMBER) X(TOO_COMPLEX) X(LITERAL_TOO_BIG) X(LITERAL_UNASKED) \
    X(AUTH_CANCELLED) X(AUTH_MALFORMED) X(IDLE_NOT_DONE) \
    /* BYE: the connection ends */ \
    X(GOODBYE) X(TIMED_OUT) X(LINE_TOO_LONG) X(TOO_MANY_ERRORS) X(FLOODED) X(MAILBOX_GONE) X(BUSY) X(SHUTTING_DOWN)

/* Lines that are not the answer to a command: the server's data, and what a client sends inside a command. */
#define IMAP_LINES(X) \
    X(CAPABILITY) X(ENABLED) X(ID) X(NAMESPACE) X(QUOTAROOT) X(QUOTA) X(LIST) X(LSUB) X(STATUS) X(SEARCH) X(ESEARCH) \
    X(SORT) X(THREAD) X(CLOSED) X(CLOSED_DELETED) X(FLAGS) X(EXISTS) X(RECENT) \
    X(UNSEEN) X(PERMANENTFLAGS) X(UIDVALIDITY) X(UIDNEXT) X(HIGHESTMODSEQ) X(NOMODSEQ) X(COPYUID) X(EXPUNGE) \
    X(VANISHED) X(VANISHED_EARLIER) X(FETCH) X(FETCH_FLAGS) X(FETCH_CHANGED) \
    X(CONTENT) X(CLIENT_LITERAL) X(CLIENT_MESSAGE) X(CLIENT_CREDENTIALS) X(CLIENT_CANCELS) X(CLIENT_DONE)
/* clang-format on */

#define IMAP_ENUM_VERB(name, text) IMAP_VERB_##name,
#define IMAP_ENUM_VERDICT(name)    IMAP_##name,
#define IMAP_ENUM_LINE(name)       IMAP_LINE_##name,
enum imap_verb { IMAP_VERB_NONE, IMAP_VERBS(IMAP_ENUM_VERB) IMAP_VERBS_END };
enum imap_verdict { IMAP_VERDICTS(IMAP_ENUM_VERDICT) IMAP_VERDICTS_END };
enum imap_line { IMAP_LINES(IMAP_ENUM_LINE) IMAP_LINES_END };

/* What a server offers beyond RFC 3501; bits. imap_extension_at() has the order of the CAPABILITY line. */
enum imap_extension {
    IMAP_EXT_LITERAL_PLUS = 1 << 0,    /* RFC 7888 */
    IMAP_EXT_SASL_IR = 1 << 1,         /* RFC 4959 */
    IMAP_EXT_ID = 1 << 2,              /* RFC 2971 */
    IMAP_EXT_ENABLE = 1 << 3,          /* RFC 5161 */
    IMAP_EXT_IDLE = 1 << 4,            /* RFC 2177 */
    IMAP_EXT_NAMESPACE = 1 << 5,       /* RFC 2342 */
    IMAP_EXT_UIDPLUS = 1 << 6,         /* RFC 4315 */
    IMAP_EXT_MOVE = 1 << 7,            /* RFC 6851 */
    IMAP_EXT_UNSELECT = 1 << 8,        /* RFC 3691 */
    IMAP_EXT_CHILDREN = 1 << 9,        /* RFC 3348 */
    IMAP_EXT_SPECIAL_USE = 1 << 10,    /* RFC 6154 */
    IMAP_EXT_LITERAL_MINUS = 1 << 11,  /* RFC 7888; with LITERAL+ beside it, LITERAL+ is what is offered */
    IMAP_EXT_REV2 = 1 << 12,           /* RFC 9051; offered only together with IMAP_EXT_REV2_PARTS */
    IMAP_EXT_LIST_EXTENDED = 1 << 13,  /* RFC 5258 */
    IMAP_EXT_LIST_STATUS = 1 << 14,    /* RFC 5819 */
    IMAP_EXT_ESEARCH = 1 << 15,        /* RFC 4731 */
    IMAP_EXT_SEARCHRES = 1 << 16,      /* RFC 5182 */
    IMAP_EXT_STATUS_SIZE = 1 << 17,    /* RFC 8438 */
    IMAP_EXT_BINARY = 1 << 18,         /* RFC 3516 */
    IMAP_EXT_CONDSTORE = 1 << 19,      /* RFC 7162; needs the store's highest_modseq */
    IMAP_EXT_QRESYNC = 1 << 20,        /* RFC 7162; needs the store's vanished */
    IMAP_EXT_QUOTA = 1 << 21,          /* RFC 9208; needs the store's quota */
    IMAP_EXT_QUOTA_STORAGE = 1 << 22,  /* RFC 9208: QUOTA=RES-STORAGE, goes with QUOTA */
    IMAP_EXT_SORT = 1 << 23,           /* RFC 5256 */
    IMAP_EXT_THREAD_SUBJECT = 1 << 24, /* RFC 5256: THREAD=ORDEREDSUBJECT */
    IMAP_EXT_THREAD_REFS = 1 << 25,    /* RFC 5256: THREAD=REFERENCES */
    IMAP_EXT_UTF8 = 1 << 26,           /* RFC 9755: UTF8=ACCEPT */
    IMAP_EXT_APPENDLIMIT = 1 << 27,    /* RFC 7889 */
    IMAP_EXT_ALL = (1 << 28) - 1,
    /* What IMAP4rev2 takes for granted (RFC 9051 appendix E). */
    IMAP_EXT_REV2_PARTS = IMAP_EXT_SASL_IR | IMAP_EXT_ENABLE | IMAP_EXT_IDLE | IMAP_EXT_NAMESPACE |
                          IMAP_EXT_UIDPLUS | IMAP_EXT_MOVE | IMAP_EXT_UNSELECT | IMAP_EXT_CHILDREN |
                          IMAP_EXT_SPECIAL_USE | IMAP_EXT_LIST_EXTENDED | IMAP_EXT_LIST_STATUS |
                          IMAP_EXT_ESEARCH | IMAP_EXT_SEARCHRES | IMAP_EXT_STATUS_SIZE | IMAP_EXT_BINARY
};

/* The system flags (RFC 3501 section 2.3.2); bits. */
enum imap_flag {
    IMAP_SEEN = 1 << 0,
    IMAP_ANSWERED = 1 << 1,
    IMAP_FLAGGED = 1 << 2,
    IMAP_DELETED = 1 << 3,
    IMAP_DRAFT = 1 << 4,
    IMAP_RECENT = 1 << 5, /* the server's own: no client can set it */
    IMAP_FLAGS_SETTABLE = (1 << 5) - 1
};

/* What STORE does with its list. */
enum imap_flag_mode { IMAP_FLAGS_REPLACE, IMAP_FLAGS_ADD, IMAP_FLAGS_REMOVE };

#define IMAP_IN(state)        (1u << (state))
#define IMAP_CAN_END(verdict) (UINT64_C(1) << (verdict))

struct imap_verb_info {
    const char *name;   /* "UID FETCH" */
    const char *form;   /* its arguments, "" for none: "SP sequence-set SP items" */
    uint8_t states;     /* IMAP_IN() bits: where it is allowed */
    uint32_t extension; /* enum imap_extension bits of which one must be offered; 0: base protocol */
    uint64_t verdicts;  /* IMAP_CAN_END() bits: how it can end */
    struct wire_lesson lesson;
};

struct imap_verdict_info {
    const char *name; /* "WRONG_PASSWORD" */
    enum imap_status status;
    const char *code; /* the response code between [ ], "" for none or when it carries data */
    const char *text;
    struct wire_lesson lesson;
};

struct imap_line_info {
    const char *name;
    struct wire_lesson lesson;
};

struct imap_extension_info {
    enum imap_extension bit;
    const char *name; /* as CAPABILITY says it: "LITERAL+"; with "=" at its end a number follows */
    struct wire_lesson lesson;
};

/* Verbs are IMAP_VERB_NONE + 1 .. IMAP_VERBS_END - 1. NONE has a row without a name. */
const struct imap_verb_info *imap_verb_info(enum imap_verb verb);
const struct imap_verdict_info *imap_verdict_info(enum imap_verdict verdict);
const struct imap_line_info *imap_line_info(enum imap_line line);
/* NULL behind the last. */
const struct imap_extension_info *imap_extension_at(size_t index);

/* "Could this command have ended like that?" IMAP_CAN_END() bits. */
uint64_t imap_verb_verdicts(enum imap_verb verb);

/* "not authenticated", "selected"...; "OK", "BYE", "+"... */
const char *imap_state_name(enum imap_state state);
const char *imap_status_name(enum imap_status status);

/* The verb of that name, case ignored; UID FETCH and its sisters are found by FETCH with uid set.
 * IMAP_VERB_NONE if there is none. */
enum imap_verb imap_verb_find(struct wire_slice name, bool uid);

/* "\Seen" for one bit of enum imap_flag; and the bit of a name, 0 if it is no system flag. */
const char *imap_flag_name(enum imap_flag flag);
unsigned imap_flag_find(struct wire_slice name);
#endif
