#ifndef UI_SCREEN_CHANGES_H
#define UI_SCREEN_CHANGES_H
/*
 * changes - the list of changes that makes a run, under construction.
 *
 *   ui_changes_of(run) -> ui_changes_set(..., "/hosts/alice/...", "588") -> ui_changes_run -> another run
 *
 * A pointer is changed once: a later value replaces an earlier one. What is appended to a list ("/-") piles
 * up.
 */
#include "ui/screen/view.h"

#define UI_CHANGES_MAX 900 /* fewer than --set may be given */

struct ui_changes {
    char **change; /* owned, each too */
    size_t n, cap;
};

struct ui_changes ui_changes_of(const struct ui_run *run);
void ui_changes_free(struct ui_changes *c);
/* `value` is JSON. */
void ui_changes_set(struct ui_changes *c, const char *pointer, const char *value);
/* `text` as a JSON string. */
void ui_changes_set_text(struct ui_changes *c, const char *pointer, const char *text);
/* The same from a moment on: "the administrator edits the file, and reloads". `value` is JSON. */
void ui_changes_set_from(struct ui_changes *c, uint64_t at_ns, const char *pointer, const char *value);
/* Takes out all changes at or below the pointer. */
void ui_changes_drop(struct ui_changes *c, const char *pointer);

/* Runs with them; the run before the first change stays as the original. Frees the list. False: a sentence
 * says why not. */
bool ui_changes_run(struct ui_screen *s, struct ui_changes *c);

/* A change for people: "/hosts/mx/mta/open_relay=true", "from 1.478 s: /hosts/...". Returns buf. */
const char *ui_change_words(const char *change, char *buf, size_t cap);

/* Text as JSON, with its quotes; cut where `cap` is too small. Returns buf. */
const char *ui_json_text(const char *text, char *buf, size_t cap);

/* The i-th value of the scenario, as it is at `at_ns` in the run that is shown; false: there are fewer. Good
 * until the next question. */
bool ui_setting(struct ui_screen *s, uint64_t at_ns, size_t i, struct ui_setting *out);
/* The value of a setting in the run that is shown, at its place, as JSON; NULL: it is not in the file. Good
 * until the next question. */
const char *ui_setting_value(struct ui_screen *s, const char *pointer);
/* How many elements an array has there: the settings' "/actions/3/..." make it 4. */
unsigned ui_setting_count(struct ui_screen *s, const char *pointer);
#endif
