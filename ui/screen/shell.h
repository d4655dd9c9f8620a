#ifndef UI_SCREEN_SHELL_H
#define UI_SCREEN_SHELL_H
/*
 * shell - what a person types in the terminal view, and what came of it.
 *
 *   "telnet mx 25"  --shell_enter--> a change, the scenario runs again --> an item of the list
 *   "EHLO me"       --shell_enter--> another change, the same item
 *   items, tape and place --shell_print--> rows, as a terminal would show them
 *
 * Nothing is remembered but what was typed; what servers and clients said is read from the tape each time. An
 * item whose change is no longer among the run's is not shown.
 */
#include "ui/screen/changes.h"

enum shell_kind { SHELL_SAYS, SHELL_TELNET, SHELL_DIG, SHELL_PING, SHELL_BE };

struct shell_item {
    enum shell_kind kind;
    char *typed;  /* owned: the command */
    char *text;   /* owned: SAYS, what it prints */
    char *change; /* owned: the change that made it; NULL: SAYS */
    char name[32];
    unsigned index; /* of the action */
    uint32_t host;  /* who typed; BE: which host answers */
    uint16_t port;  /* TELNET, BE */
    bool left;      /* the person has turned away from it */
};

struct shell {
    struct shell_item *item; /* owned */
    size_t n, cap;
    uint32_t from;   /* the host where the person sits; 0: not chosen yet */
    char *scenario;  /* owned: which one the items belong to */
    bool asks_names; /* the host has a resolver to ask about names */
    uint32_t asked;  /* the host for which that was looked up */
};

/* One row of what is printed. */
struct shell_row {
    enum ui_style style;
    int mark; /* enum ui_mark, or -1 */
    size_t at, len;
};
struct shell_page {
    struct ui_text text;
    struct shell_row *row; /* owned */
    size_t n, cap;
};

void shell_free(struct shell *sh);
/* Forgets everything if another scenario is open now; chooses a host if none is. */
void shell_settle(struct ui_screen *s, struct shell *sh);
/* The item that takes what is typed next; NULL: a command is expected. */
struct shell_item *shell_open_item(struct ui_screen *s, struct shell *sh);
bool shell_alive(const struct ui_screen *s, const struct shell_item *item);
/* A line is typed: a command, or a line for the open item. */
void shell_enter(struct ui_screen *s, struct shell *sh, const char *line);
/* The person turns away from the open item: Ctrl-]. */
void shell_leave(struct ui_screen *s, struct shell *sh);

/* ---- shell_read.c: what the tape says about an item ---- */

struct shell_talk {             /* one conversation */
    uint32_t conn, first, done; /* records: it begins, it is over; 0: not, or not yet */
};
bool shell_telnet_talk(const struct tape *t, const char *name, struct shell_talk *out);
/* The n-th conversation that a person has on this port of the host. */
bool shell_hand_talk(const struct tape *t, uint32_t host, uint16_t port, size_t n, struct shell_talk *out);
/* The record that ends a telnet, dig or ping; the n-th of its kind by this action. 0: none. */
uint32_t shell_client_record(const struct tape *t, const char *event, const char *name, size_t n);
/* Where it comes to rest after `from`: the last record of the conversation before a pause. */
uint32_t shell_rest(const struct tape *t, const struct shell_talk *talk, uint32_t from);
/* The last line that `host` said in it, 0: none. */
uint32_t shell_last_line(const struct tape *t, const struct shell_talk *talk, uint32_t host);
/* Where the place goes when an item was made, or a line was typed. */
uint32_t shell_answer(const struct tape *t, const struct shell_item *item);

void shell_print(const struct ui_screen *s, const struct shell *sh, struct shell_page *page);
void shell_page_free(struct shell_page *page);

/* ---- shell_hint.c: what could be typed next ---- */

struct shell_hint {
    char type[160];  /* "EHLO laptop.example.com"; "": nothing in particular */
    const char *why; /* why, and what an exam would say */
};
void shell_hint(const struct ui_screen *s, const struct shell *sh, const struct shell_item *open,
                struct shell_hint *out);
/* The n-th completion of `stem`; false: there are fewer. */
bool shell_complete(struct ui_screen *s, struct shell *sh, const char *stem, size_t n, char *buf, size_t cap);
const char *shell_help(void);
#endif
