#ifndef SIM_GATEWAY_CONTROL_H
#define SIM_GATEWAY_CONTROL_H
/*
 * control - does what somebody says to a served world, and answers.
 *
 *   control_read -> changes the world?  yes: control_give   at a moment of its own, recorded, told in the
 * trace no:  control_look   leaves no trace answer: {"ok":true,"fault":3} or {"ok":false,"error":"..."}, one
 * object a line
 *
 * control_give depends on the world and on the request alone, so a replay that gives the same requests at the
 * same moments is the same run.
 */
#include "sim/gateway/control_words.h"
#include "sim/gateway/transcript.h"
#include "sim/hosts/world.h"

#define CONTROL_ANSWER_MAX  4194304 /* octets of rows; what is more is left out, and counted */
#define CONTROL_PIECE_MAX   1048576 /* octets of a message in one answer */
#define CONTROL_ADVANCE_MAX (365 * CORE_DAY)

struct control_answer { /* a growing text; zero it, free(text) */
    char *text;
    size_t len, cap;
    size_t rows, left_out;
    bool as_text, row_begun;
};

/* Answers that come later. */
enum control_wait { CONTROL_NOW, CONTROL_SENT, CONTROL_TIME_COMES };

struct control_given {
    enum control_wait wait;
    struct mua_ordered *order; /* SENT: for mua_order_forget */
    uint64_t until_ns;         /* TIME_COMES */
};

/* What a request may need besides the world. */
struct control_room {
    struct world *world;
    const struct transcripts *transcripts; /* NULL: none are kept */
    uint64_t now_ns;                       /* of the clock; the world's may be a little behind */
    uint64_t end_ns;                       /* 0: it ends when it is told to */
    /* The end of a send, perhaps before control_give returns; NULL: nobody waits. */
    void (*sent)(void *ctx, const char *result);
    void *sent_ctx;
    void (*advance)(void *ctx, uint64_t to_ns); /* the clock shall show this now; NULL in a replay */
    void *advance_ctx;
};

/* The world must stand at the moment of the input. Returns whether it was accepted; the answer is complete
 * unless g->wait says otherwise. */
bool control_give(const struct control_room *room, const struct control_request *r, struct control_given *g,
                  struct control_answer *a);
void control_look(const struct control_room *room, const struct control_request *r, struct control_answer *a);

/* ---- answers ---- */
void answer_refuse(struct control_answer *a, const char *error);
void answer_sent(struct control_answer *a, const char *result, bool as_text);
void answer_time(struct control_answer *a, const struct control_room *room, bool as_text);
/* {"ok":true,...keys...}, or one row of text. */
void answer_begin_flat(struct control_answer *a, bool as_text);
void answer_end_flat(struct control_answer *a);
/* {"ok":true,"NAME":[rows]}, or text. */
void answer_begin(struct control_answer *a, const char *name, bool as_text);
bool answer_row(struct control_answer *a); /* false: it does not fit any more, and is counted as left out */
void answer_str(struct control_answer *a, const char *key, const char *at, size_t len);
void answer_word(struct control_answer *a, const char *key, const char *word); /* NULL: nothing is added */
void answer_num(struct control_answer *a, const char *key, uint64_t number);
void answer_yes(struct control_answer *a, const char *key, bool yes);
void answer_row_end(struct control_answer *a);
void answer_end(struct control_answer *a);
void answer_newline(struct control_answer *a);
#endif
