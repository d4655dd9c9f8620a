#ifndef UI_SCREEN_HOST_ROWS_H
#define UI_SCREEN_HOST_ROWS_H
/*
 * host_rows - what one host has at a place, as rows of text: one list for each tab of the view Hosts.
 *
 *   host, place --host_rows_fill--> entries --host_rows_text--> "6136000002  deferred  next try 304.100 s"
 *
 * Entries are things and records, so long lists cost little; a row becomes text when it is drawn.
 */
#include "ui/screen/view.h"

/* X(enum suffix, name in the row of tabs, what its columns are) */
#define HOST_TABS(X)                                                                                         \
    X(ABOUT, "About", "")                                                                                    \
    X(QUEUE, "Queue", "queue id       size  state      next try              from, recipients")              \
    X(MAIL, "Mail", "   uid      size  flags           from; subject")                                       \
    X(CACHE, "Cache", "type    seconds left  name and data")                                                 \
    X(NEIGHBOURS, "Neighbours", "state      until        address, link-layer address, link")                 \
    X(CONNECTIONS, "Connections", "number  since        with             TCP           session")             \
    X(LOG, "Log", "")
#define X(name, word, columns) HOST_TAB_##name,
enum host_tab { HOST_TABS(X) HOST_TAB_COUNT };
#undef X

struct host_row {
    const struct history_thing *thing; /* NULL: a record, or words */
    uint32_t seq;                      /* the record that made it what it is; 0: none */
    int about;                         /* ABOUT: which words; else how deep */
};

struct host_rows {
    struct host_row *row; /* owned */
    size_t n, cap;
};

void host_rows_free(struct host_rows *rows);
void host_rows_fill(struct ui_screen *s, struct host_rows *rows, enum host_tab tab, uint32_t host);
/* How many there are, for the row of tabs. */
size_t host_rows_count(struct ui_screen *s, enum host_tab tab, uint32_t host);
enum ui_style host_rows_text(struct ui_screen *s, const struct host_row *row, enum host_tab tab,
                             uint32_t host, char *buf, size_t cap);
#endif
