/* What is answered to somebody who watches a served world: JSON, or rows for people. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/pool.h"
#include "sim/gateway/control.h"

static void add(struct control_answer *a, const char *at, size_t len)
{
    if (a->cap - a->len < len + 1) {
        a->cap = a->len + len + 1 > 2 * a->cap ? a->len + len + 1 : 2 * a->cap;
        a->text = core_realloc(a->text, a->cap);
    }
    if (len > 0)
        memcpy(a->text + a->len, at, len);
    a->len += len;
    a->text[a->len] = '\0';
}

static void add_str(struct control_answer *a, const char *text)
{
    add(a, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static void add_fmt(struct control_answer *a, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    add_str(a, text);
}

/* The inside of a JSON string: an octet outside ASCII is the character of that number. */
static void add_octets(struct control_answer *a, const char *at, size_t len)
{
    size_t from = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)at[i];
        char escaped[8];
        if (c >= ' ' && c < 127 && c != '"' && c != '\\')
            continue;
        add(a, at + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c == '\n' || c == '\r' || c == '\t')
            snprintf(escaped, sizeof escaped, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else
            snprintf(escaped, sizeof escaped, "\\u%04x", c);
        add_str(a, escaped);
    }
    add(a, at + from, len - from);
}

/* A value in a row for people: no control characters, and quotes around what has spaces. It stands inside a
 * JSON string, so a backslash is two and a quote has one in front. */
static void add_shown(struct control_answer *a, const char *at, size_t len)
{
    bool quoted = len == 0;
    for (size_t i = 0; i < len; i++)
        quoted |= at[i] == ' ';
    if (quoted)
        add_str(a, "\\\"");
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)at[i];
        if (c < ' ' || c >= 127)
            add_fmt(a, "\\\\x%02x", c);
        else if (c == '"' || c == '\\')
            add_fmt(a, "\\%c", c);
        else
            add(a, at + i, 1);
    }
    if (quoted)
        add_str(a, "\\\"");
}

/* ---- whole answers ----------------------------------------------------------------------------------------
 */

void answer_refuse(struct control_answer *a, const char *error)
{
    add_str(a, "{\"ok\":false,\"error\":\"");
    add_octets(a, error, strlen(error));
    add_str(a, "\"}");
}

void answer_begin(struct control_answer *a, const char *name, bool as_text)
{
    a->as_text = as_text;
    if (as_text)
        add_str(a, "{\"ok\":true,\"text\":\"");
    else
        add_fmt(a, "{\"ok\":true,\"%s\":[", name);
}

void answer_newline(struct control_answer *a)
{
    add_str(a, "\n");
}

void answer_end(struct control_answer *a)
{
    if (a->as_text && a->left_out > 0)
        add_fmt(a, "(%zu more)\\n", a->left_out);
    add_str(a, a->as_text ? "\"" : "]");
    if (!a->as_text && a->left_out > 0)
        add_fmt(a, ",\"left_out\":%zu", a->left_out);
    add_str(a, "}");
}

void answer_begin_flat(struct control_answer *a, bool as_text)
{
    a->as_text = as_text;
    add_str(a, as_text ? "{\"ok\":true,\"text\":\"" : "{\"ok\":true");
    a->row_begun = !as_text;
}

void answer_end_flat(struct control_answer *a)
{
    add_str(a, a->as_text ? "\\n\"}" : "}");
}

/* ---- rows -------------------------------------------------------------------------------------------------
 */

bool answer_row(struct control_answer *a)
{
    if (a->len >= CONTROL_ANSWER_MAX) {
        a->left_out++;
        return false;
    }
    if (!a->as_text)
        add_str(a, a->rows > 0 ? ",{" : "{");
    a->row_begun = false;
    return true;
}

static void key(struct control_answer *a, const char *name)
{
    if (a->as_text)
        add_fmt(a, "%s%s=", a->row_begun ? " " : "", name);
    else
        add_fmt(a, "%s\"%s\":", a->row_begun ? "," : "", name);
    a->row_begun = true;
}

void answer_str(struct control_answer *a, const char *name, const char *at, size_t len)
{
    key(a, name);
    if (a->as_text) {
        add_shown(a, at, len);
        return;
    }
    add_str(a, "\"");
    add_octets(a, at, len);
    add_str(a, "\"");
}

void answer_word(struct control_answer *a, const char *name, const char *word)
{
    if (word)
        answer_str(a, name, word, strlen(word));
}

void answer_num(struct control_answer *a, const char *name, uint64_t number)
{
    key(a, name);
    add_fmt(a, "%llu", (unsigned long long)number);
}

void answer_yes(struct control_answer *a, const char *name, bool yes)
{
    key(a, name);
    add_str(a, a->as_text ? (yes ? "yes" : "no") : yes ? "true" : "false");
}

void answer_row_end(struct control_answer *a)
{
    add_str(a, a->as_text ? "\\n" : "}");
    a->rows++;
}
