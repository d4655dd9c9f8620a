#ifndef UI_TAPE_STAGES_H
#define UI_TAPE_STAGES_H
/*
 * stages - how far each conversation came: a row for each, a column for each stage of a message's way.
 *
 *                   DNS    TCP    TLS   AUTH   MAIL   RCPT   DATA   delivered  fetched
 *   alice > mail    ok     ok     1.3   235    250    250    250    -          -
 *   mail  > mx      ok     ok     -     -      250    x 550  -      -          -
 *
 * A row is a TCP connection with the lookup that led to it, or a lookup of a mail program that led to none. A
 * cell is the record that decided it: the last failure of that stage up to the place, else the last success.
 */
#include "ui/tape/tape.h"

/* X(enum suffix, name) */
#define STAGES(X)                                                                                            \
    X(DNS, "DNS")                                                                                            \
    X(TCP, "TCP")                                                                                            \
    X(TLS, "TLS")                                                                                            \
    X(AUTH, "AUTH")                                                                                          \
    X(MAIL, "MAIL")                                                                                          \
    X(RCPT, "RCPT")                                                                                          \
    X(DATA, "DATA")                                                                                          \
    X(DELIVERED, "delivered")                                                                                \
    X(FETCHED, "fetched")
#define X(name, word) STAGE_##name,
enum stage { STAGES(X) STAGE_COUNT };
#undef X

#define STAGES_WORD_MAX 12

struct stages_event {
    uint32_t seq, row;
    uint8_t stage;
    bool bad;
    char word[STAGES_WORD_MAX]; /* "250", "refused", "1.3", "ok" */
};

struct stages_row {
    uint32_t conn, client, server, first; /* `first`: the record with which it begins */
    uint32_t port;                        /* 0: nobody told */
    bool up;                              /* the connection came about */
    size_t event, nevents;                /* in stages.event, by seq */
};

struct stages {
    struct stages_row *row; /* owned; by `first` */
    size_t n, cap;
    struct stages_event *event; /* owned */
    size_t nevents, events_cap;
};

struct letters;

struct stages *stages_new(const struct tape *t, const struct letters *letters); /* never NULL */
void stages_free(struct stages *s);                                             /* NULL is allowed */
size_t stages_begun(const struct stages *s, uint32_t place);                    /* rows that had begun */
/* NULL: that stage was not reached. */
const struct stages_event *stages_cell(const struct stages *s, size_t row, enum stage stage, uint32_t place);
#endif
