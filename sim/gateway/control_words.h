#ifndef SIM_GATEWAY_CONTROL_WORDS_H
#define SIM_GATEWAY_CONTROL_WORDS_H
/*
 * control_words - what can be said to a served world: one table for the socket, for `mailwalk ctl` and for
 * help.
 *
 *   {"do":"refuse","match":"bob@example.com","code":451,"first":2}          a line on the socket
 *   mailwalk ctl --socket PATH refuse bob@example.com --code 451 --first 2  the same as a command
 *
 *   line -> control_read -> struct control_request: the row of the table, and a value for each of its
 * arguments
 */
#include "sim/gateway/flat.h"

#define CONTROL_REQUEST_MAX 65536 /* octets of a line, without its LF; a recording's limit too */
#define CONTROL_ARGS_MAX    9
#define CONTROL_WORDS_MAX   400 /* octets with NUL of a request told in one line */

enum control_type {
    CONTROL_TEXT,     /* a string */
    CONTROL_EITHER,   /* a string, or a whole number */
    CONTROL_NUMBER,   /* a whole number, or a string of digits */
    CONTROL_DURATION, /* "250ms", "90s", "4h" */
    CONTROL_CHANCE,   /* "5%" */
    CONTROL_FLAG,     /* true; on the command line the option alone */
    CONTROL_FILE      /* a string; on the command line the name of a file that has it, or - */
};

struct control_arg {
    const char *key; /* NULL ends the list */
    enum control_type type;
    bool placed; /* on the command line: no option, a word by its place. Placed ones come first */
    bool needed;
    uint64_t least, most; /* NUMBER */
    const char *what;
};

/* X(enum suffix, name) */
#define CONTROL_VERBS(X)                                                                                     \
    X(REFUSE, "refuse")                                                                                      \
    X(DELAY, "delay")                                                                                        \
    X(DROP, "drop")                                                                                          \
    X(FILL, "fill")                                                                                          \
    X(DNS, "dns")                                                                                            \
    X(DOWN, "down")                                                                                          \
    X(UP, "up")                                                                                              \
    X(LOSS, "loss")                                                                                          \
    X(LAG, "lag")                                                                                            \
    X(FAULTS, "faults")                                                                                      \
    X(CLEAR, "clear")                                                                                        \
    X(MESSAGES, "messages")                                                                                  \
    X(MESSAGE, "message")                                                                                    \
    X(QUEUE, "queue")                                                                                        \
    X(SESSIONS, "sessions")                                                                                  \
    X(TRANSCRIPT, "transcript")                                                                              \
    X(SEND, "send")                                                                                          \
    X(ADVANCE, "advance")                                                                                    \
    X(TIME, "time")
#define X(name, word) CONTROL_##name,
enum control_verb { CONTROL_VERBS(X) CONTROL_VERB_COUNT };
#undef X

struct control_command {
    const char *name;
    bool changes; /* the world: it is an input, recorded and told in the trace */
    const char *help;
    struct control_arg arg[CONTROL_ARGS_MAX + 1];
};

const struct control_command *control_command(enum control_verb verb);
/* CONTROL_VERB_COUNT: there is none of that name. */
enum control_verb control_verb_find(const char *name);

struct control_value {
    bool given;
    const char *text; /* as it came; of a number given as such NULL */
    uint64_t number;  /* NUMBER; DURATION in ns; CHANCE in ppm; FLAG 0 or 1 */
};

struct control_request {
    enum control_verb verb;
    bool as_text; /* "as":"text": rows for people */
    struct control_value value[CONTROL_ARGS_MAX];
};

/* `line` is changed, and must outlive the request. False: o->error says what is wrong and what is allowed. */
bool control_read(struct control_request *r, struct flat_object *o, char *line);

const char *control_text(const struct control_request *r, const char *key); /* NULL: not given */
uint64_t control_number(const struct control_request *r, const char *key);  /* 0: not given */
bool control_given(const struct control_request *r, const char *key);

/* "refuse bob@example.com --code 451 --first 2": for people and for the trace. Long texts are cut, what is no
 * printable ASCII is a question mark. Returns its length. */
size_t control_words(const struct control_request *r, char out[CONTROL_WORDS_MAX]);

/* All commands with their arguments, in at most 80 columns. */
void control_help(FILE *to);
/* "refuse MATCH [--at COMMAND] ...": of one command, without a line end. */
void control_usage(FILE *to, enum control_verb verb);
#endif
