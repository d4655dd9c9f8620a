/* The list of changes that makes a run. */
#include "ui/screen/changes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/tape/keep.h"

static void append(struct ui_changes *c, const char *text)
{
    size_t len = strlen(text) + 1;
    c->change = keep_grow(c->change, &c->cap, c->n + 1, sizeof *c->change);
    c->change[c->n] = keep_alloc(len);
    memcpy(c->change[c->n++], text, len);
}

struct ui_changes ui_changes_of(const struct ui_run *run)
{
    struct ui_changes c = { 0 };
    for (size_t i = 0; i < run->nchanges; i++)
        append(&c, run->change[i]);
    return c;
}

void ui_changes_free(struct ui_changes *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->change[i]);
    free(c->change);
    *c = (struct ui_changes){ 0 };
}

void ui_changes_set(struct ui_changes *c, const char *pointer, const char *value)
{
    struct ui_text t = { 0 };
    size_t len = strlen(pointer);
    bool list = len >= 2 && strcmp(pointer + len - 2, "/-") == 0;
    ui_text_add(&t, "%s=%s", pointer, value);
    for (size_t i = 0; !list && i < c->n; i++)
        if (strncmp(c->change[i], pointer, len) == 0 && c->change[i][len] == '=') {
            free(c->change[i]);
            c->change[i] = t.text;
            return;
        }
    append(c, t.text);
    free(t.text);
}

/* What ui_changes_set_from writes, and ui_change_words reads back. */
#define FROM_AT  "/changes/-={\"at\":\""
#define FROM_SET "ns\",\"set\":\""
#define FROM_TO  "\",\"to\":"

void ui_changes_set_from(struct ui_changes *c, uint64_t at_ns, const char *pointer, const char *value)
{
    struct ui_text t = { 0 };
    char quoted[UI_PROMPT_MAX * 2];
    ui_json_text(pointer, quoted, sizeof quoted);
    ui_text_add(&t, FROM_AT "%" PRIu64 FROM_SET "%s,\"to\":%s}", at_ns, quoted + 1, value);
    append(c, t.text);
    free(t.text);
}

const char *ui_change_words(const char *change, char *buf, size_t cap)
{
    const char *at = strncmp(change, FROM_AT, strlen(FROM_AT)) == 0 ? change + strlen(FROM_AT) : NULL;
    const char *set = at ? strstr(at, FROM_SET) : NULL, *to = set ? strstr(set, FROM_TO) : NULL;
    char when[24];
    if (!to) {
        snprintf(buf, cap, "%.*s", (int)cap - 1, change);
        return buf;
    }
    set += strlen(FROM_SET);
    snprintf(buf, cap, "from %s: %.*s=%.*s", ui_clock(strtoull(at, NULL, 10), when), (int)(to - set), set,
             (int)strlen(to + strlen(FROM_TO)) - 1, to + strlen(FROM_TO));
    return buf;
}

void ui_changes_drop(struct ui_changes *c, const char *pointer)
{
    size_t len = strlen(pointer), n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (strncmp(c->change[i], pointer, len) == 0 &&
            (c->change[i][len] == '=' || c->change[i][len] == '/'))
            free(c->change[i]);
        else
            c->change[n++] = c->change[i];
    c->n = n;
}

const char *ui_json_text(const char *text, char *buf, size_t cap)
{
    size_t n = 0;
    buf[n++] = '"';
    for (const char *c = text; *c && n + 8 < cap; c++) {
        if ((unsigned char)*c < ' ') {
            n += (size_t)snprintf(buf + n, cap - n, "\\u%04x", (unsigned)(unsigned char)*c);
            continue;
        }
        if (*c == '"' || *c == '\\')
            buf[n++] = '\\';
        buf[n++] = *c;
    }
    buf[n++] = '"';
    buf[n] = '\0';
    return buf;
}

void ui_changes_set_text(struct ui_changes *c, const char *pointer, const char *text)
{
    char value[2 * UI_PROMPT_MAX + 16];
    ui_changes_set(c, pointer, ui_json_text(text, value, sizeof value));
}

bool ui_changes_run(struct ui_screen *s, struct ui_changes *c)
{
    bool good = false;
    if (c->n > UI_CHANGES_MAX)
        ui_say(s, UI_STYLE_BAD, "These are %zu changes; %d are the most. o goes back to the original.", c->n,
               UI_CHANGES_MAX);
    else
        good = ui_run_again(s, (const char *const *)c->change, c->n, true);
    ui_changes_free(c);
    return good;
}

bool ui_setting(struct ui_screen *s, uint64_t at_ns, size_t i, struct ui_setting *out)
{
    return s->program->setting &&
           s->program->setting(s->program->ctx, s->scenario, (const char *const *)s->run.change,
                               s->run.nchanges, at_ns, i, out);
}

static bool setting(struct ui_screen *s, size_t i, struct ui_setting *out)
{
    return ui_setting(s, tape_time(s->run.tape, s->place), i, out);
}

const char *ui_setting_value(struct ui_screen *s, const char *pointer)
{
    struct ui_setting found;
    for (size_t i = 0; setting(s, i, &found); i++)
        if (strcmp(found.pointer, pointer) == 0)
            return found.value;
    return NULL;
}

unsigned ui_setting_count(struct ui_screen *s, const char *pointer)
{
    struct ui_setting found;
    size_t len = strlen(pointer);
    unsigned most = 0;
    for (size_t i = 0; setting(s, i, &found); i++)
        if (strncmp(found.pointer, pointer, len) == 0 && found.pointer[len] == '/') {
            unsigned n = (unsigned)strtoul(found.pointer + len + 1, NULL, 10) + 1;
            most = n > most ? n : most;
        }
    return most;
}
