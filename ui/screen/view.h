#ifndef UI_SCREEN_VIEW_H
#define UI_SCREEN_VIEW_H
/*
 * view - what the parts of the screen share: the screen's object, its views and its panels.
 *
 *   screen.c    events, header, bars, play           moves.c     steps, jumps, search
 *   panel.c     pages, lists and prompts on top      question.c  what comes next?
 *   why.c       from a failure to its setting        whatif.c    change a setting, compare two runs
 *   export.c    files from here                      view_*.c    one view each
 *
 * A view draws into the room it is given, from s->run->tape and s->place, and its own state. Its state holds
 * what a person chose (a selection, an open layer), never what the run said.
 */
#include "ui/screen/screen.h"
#include "ui/tape/compare.h"
#include "ui/tape/frames.h"
#include "ui/tape/history.h"
#include "ui/tape/letter.h"
#include "ui/tape/stages.h"

/* X(enum suffix, name in the bar) */
#define UI_VIEWS(X)                                                                                          \
    X(JOURNEY, "Journey")                                                                                    \
    X(LADDER, "Ladder")                                                                                      \
    X(PACKET, "Packet")                                                                                      \
    X(HOSTS, "Hosts")                                                                                        \
    X(MESSAGE, "Message")                                                                                    \
    X(GRID, "Grid")                                                                                          \
    X(TERMINAL, "Terminal")
#define X(name, word) UI_VIEW_##name,
enum ui_view_name { UI_VIEWS(X) UI_VIEW_COUNT };
#undef X

struct ui_screen;

struct ui_view {
    const char *name;
    size_t state_octets; /* zeroed at the start; s->state[view] */
    void (*draw)(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room);
    /* What a key means here; false: not mine. May be NULL, as all that follow. */
    bool (*act)(struct ui_screen *s, enum ui_action action);
    /* A key before it becomes an action, for a view that is typed into; true: taken. */
    bool (*type)(struct ui_screen *s, uint32_t key);
    /* A mouse press, or a wheel (-1, 1), in the view's room. */
    bool (*mouse)(struct ui_screen *s, int row, int col, int wheel);
    /* The place has changed, or the run: a selection that hung on it is forgotten. */
    void (*moved)(struct ui_screen *s);
    /* The record that is selected, for "why" and "copy"; 0: none. */
    uint32_t (*selected)(struct ui_screen *s);
    /* What its own keys do, for the row of hints: "Enter goes there  Tab octets". */
    const char *hint;
    void (*free)(void *state);
};

extern const struct ui_view ui_view_journey, ui_view_ladder, ui_view_packet, ui_view_hosts, ui_view_message,
    ui_view_grid, ui_view_terminal;

/* A run and the changes that made it. */
struct ui_run {
    unsigned number;   /* no two runs of a screen have the same */
    struct tape *tape; /* owned */
    char **change;     /* owned, each too */
    size_t nchanges;
    struct ui_models *models; /* owned; what views derive from the tape, each when it is first asked for */
};

/* models.c: of the run that is shown: what there was on each host at any place; its frames; its messages; how
 * far each conversation came. */
const struct history *ui_history(struct ui_screen *s);
const struct frames *ui_frames(struct ui_screen *s);
const struct letters *ui_letters(struct ui_screen *s);
const struct stages *ui_stages(struct ui_screen *s);
struct ladder *ui_ladder(struct ui_screen *s);
/* Makes all of them now: what a large run costs is paid where it is made, not at a key. */
void ui_models_make(struct ui_screen *s);
void ui_models_free(struct ui_models *models);

/* ---- panels: what lies on top of a view until it is left ---- */

enum ui_panel_kind { UI_PANEL_NONE, UI_PANEL_PAGE, UI_PANEL_LIST, UI_PANEL_PROMPT };

#define UI_PROMPT_MAX 512

struct ui_panel {
    enum ui_panel_kind kind;
    char title[120];
    char *text;       /* PAGE: owned */
    char **item;      /* LIST: owned, each too */
    uint32_t *number; /* LIST, PAGE: what each stands for; owned, may be NULL */
    size_t nitems, chosen;
    int top;                   /* the first row shown */
    char filter[64];           /* LIST: what was typed; only items with it are shown */
    bool filtering;            /* LIST: characters filter */
    char input[UI_PROMPT_MAX]; /* PROMPT */
    size_t caret;              /* octets */
    char note[UI_ERROR_MAX];   /* PROMPT: why the last answer was refused */
    size_t completions;        /* Tabs in a row */
    char stem[UI_PROMPT_MAX];  /* what Tab completes */
    /* LIST: `index` of the item and its number; PROMPT: the text. The panel is closed before it is called. */
    void (*on_item)(struct ui_screen *s, size_t index, uint32_t number);
    void (*on_text)(struct ui_screen *s, const char *text);
    /* PROMPT: the n-th completion of `stem` into `buf`; false: there are fewer. May be NULL. */
    bool (*complete)(struct ui_screen *s, const char *stem, size_t n, char *buf, size_t cap);
    const char *leaving; /* what Esc leaves: "the help page" */
};

/* They copy what they are given, except `text` and the arrays, which they own from then on. */
void ui_panel_page(struct ui_screen *s, const char *title, char *text);
void ui_panel_list(struct ui_screen *s, const char *title, char **item, uint32_t *number, size_t n,
                   void (*on_item)(struct ui_screen *s, size_t index, uint32_t number));
void ui_panel_prompt(struct ui_screen *s, const char *title, const char *initial,
                     void (*on_text)(struct ui_screen *s, const char *text),
                     bool (*complete)(struct ui_screen *s, const char *stem, size_t n, char *buf,
                                      size_t cap));
void ui_panel_close(struct ui_screen *s);
bool ui_panel_event(struct ui_screen *s, const struct ui_event *e); /* true: taken */
void ui_panel_draw(struct ui_screen *s, struct ui_canvas *c);

/* A list under construction: items are copied. */
struct ui_items {
    char **item;
    uint32_t *number;
    size_t n, cap, number_cap;
};
__attribute__((format(printf, 3, 4))) void ui_items_add(struct ui_items *items, uint32_t number,
                                                        const char *fmt, ...);

/* More behind the last item. */
__attribute__((format(printf, 2, 3))) void ui_items_more(struct ui_items *items, const char *fmt, ...);

/* A text under construction. */
struct ui_text {
    char *text; /* owned; NULL while empty */
    size_t len, cap;
};
__attribute__((format(printf, 2, 3))) void ui_text_add(struct ui_text *t, const char *fmt, ...);
void ui_text_raw(struct ui_text *t, const char *at, size_t len);

/* ---- a question: what comes next? ---- */

#define UI_CHOICES_MAX 4

struct ui_question {
    bool open, answered;
    uint32_t next; /* the record that is asked for */
    unsigned nchoices, right, taken;
    char ask[200];
    char choice[UI_CHOICES_MAX][160];
    char why[UI_CHOICES_MAX][400]; /* why it is, or is not, what comes next */
};

/* ---- another run: whatif.c ---- */

struct ui_what_if {
    char pointer[300]; /* of the setting whose new value is asked for; "": of none, a whole change is */
    char typed[UI_PROMPT_MAX]; /* the value, while it is asked from when on it holds */
    bool is_text;              /* the value is a JSON string */
    struct compare *compare;   /* owned: the original and the run; NULL until asked for */
    char **kept;               /* owned, each too: the changes that were left behind by going back */
    size_t nkept;
};

/* ---- the screen ---- */

struct ui_screen {
    const struct ui_program *program; /* borrowed */
    char *scenario;                   /* owned; NULL: none was chosen yet */
    unsigned runs;                    /* made so far */
    struct ui_run run, original;      /* `original` holds a tape only while `run` is another one */
    bool comparing;                   /* both side by side */
    uint32_t place, other_place;      /* in run; in original, when it was left */
    struct ui_what_if what_if;
    enum tape_grain grain;
    enum ui_view_name view;
    void *state[UI_VIEW_COUNT]; /* owned */
    int rows, cols;
    bool ascii, big, questions, playing;
    enum ui_theme theme;
    int speed;          /* index into the table of speeds */
    uint64_t waited_ms; /* since the last step of play */
    uint32_t host;      /* the host that was chosen; 0: none */
    uint32_t follow;    /* the conversation that is followed; 0: all */
    char find[64];      /* what was searched for */
    uint32_t last_key;
    enum ui_action last_action;
    char said[300]; /* the message row */
    enum ui_style said_style;
    struct ui_panel panel;
    struct ui_question question;
    unsigned asked, right; /* the score */
    struct ui_rect room;   /* the view's, as drawn last */
    char *copied;          /* owned */
    struct {
        unsigned what; /* the form of the export times 2, 1 more for the whole run */
        char path[UI_PROMPT_MAX];
    } saving;
    unsigned after; /* UI_AFTER_ bits of the event that is being handled */
};

/* Shows a sentence in the message row until the next key. */
__attribute__((format(printf, 3, 4))) void ui_say(struct ui_screen *s, enum ui_style style, const char *fmt,
                                                  ...);

/* Runs the scenario with these changes and puts it in s->run; the old run is kept as the original where
 * `keep_original` is true and there is none yet. False: a sentence says why not, and nothing has changed. */
bool ui_run_again(struct ui_screen *s, const char *const *changes, size_t nchanges, bool keep_original);
void ui_run_free(struct ui_run *run);
bool ui_open_scenario(struct ui_screen *s, const char *name, const char *const *changes, size_t nchanges,
                      char error[UI_ERROR_MAX]);
void ui_lessons_open(struct ui_screen *s);

/* moves.c: all of them stop playing, leave an open question, and say so if there is nowhere to go. */
void ui_go(struct ui_screen *s, uint32_t place);
bool ui_move(struct ui_screen *s, enum ui_action action); /* false: the action is no move */
/* The record that the place is about: itself, or at the very start 0. */
uint32_t ui_selected(struct ui_screen *s);
/* Position and number of stops at the present grain: "step 14 of 41". */
void ui_steps(const struct ui_screen *s, size_t *at, size_t *of);

bool ui_act(struct ui_screen *s, enum ui_action action);

/* question.c: true: a question is open now, the step waits. */
bool ui_question_before(struct ui_screen *s, uint32_t next);
bool ui_question_key(struct ui_screen *s, uint32_t key); /* true: taken */
int ui_question_rows(const struct ui_screen *s);
void ui_question_draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room);

/* The question about the record `next`, without asking it. False: there is none to ask. */
bool ui_question_make(struct ui_screen *s, uint32_t next, struct ui_question *q);

void ui_why_open(struct ui_screen *s);
void ui_why_chosen(struct ui_screen *s, size_t index, uint32_t number);
void ui_what_if_open(struct ui_screen *s);
void ui_what_if_original(struct ui_screen *s);
void ui_what_if_compare(struct ui_screen *s);
/* The run, or the original, is another one now. */
void ui_what_if_changed(struct ui_screen *s);
void ui_what_if_free(struct ui_screen *s);
void ui_compare_draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room);
void ui_export_open(struct ui_screen *s);
void ui_copy(struct ui_screen *s);
void ui_help_open(struct ui_screen *s);

/* ---- words about a record, for all views ---- */

/* "RCPT TO:<bob@example.org>", "mail: 4F2A deferred": what a record says, in one line. Returns buf. */
const char *ui_record_text(const struct tape *t, const struct trace_record *r, char *buf, size_t cap);
enum ui_style ui_record_style(const struct trace_record *r);
/* The client's line that a reply or answer is about; a command is its own. Returns its octets, 0: none. */
uint32_t ui_answered(const struct tape *t, const struct trace_record *r); /* its record; 0: none */
size_t ui_asked(const struct tape *t, const struct trace_record *r, char *buf, size_t cap);
/* What explains a record: its own words; of a packet or a change of state without, those of a table or of the
 * line that led to it. Never NULL, perhaps empty; static or the tape's. */
struct ui_words {
    const char *title, *lesson, *section;
};
void ui_record_words(const struct tape *t, const struct trace_record *r, struct ui_words *out);
/* "SYN to port 25", "512 octets from 1": what a packet does. `bad`: it tells of a failure. */
void ui_packet_text(const struct trace_record *r, bool bad, char *buf, size_t cap);
/* Why a frame came no further, "a firewall drops it", and what explains it. Static, or the tape's. */
const char *ui_drop_text(const struct trace_record *r);
const struct ui_words *ui_drop_words(const struct trace_record *r);

/* "queue 1  INBOX 2": what a host holds at the place; "" for nothing. */
void ui_host_counts(struct ui_screen *s, uint32_t host, char *buf, size_t cap);
/* Before anything has happened: the title and what there is to learn. */
void ui_start_draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room);

/* "0.412 s" */
const char *ui_clock(uint64_t t_ns, char buf[24]);
#endif
