/* Long messages: the first lines, how many more there are, the last lines. */
#include <string.h>

#include "ui/narrator_internal.h"

#define BASE64_LEAST 16 /* letters of a line that is taken for base64; words are shorter, or have spaces */

static bool is_base64(const char *text, size_t len)
{
    size_t i = 0;
    if (len < 4 || len % 4 != 0)
        return false;
    while (i < len && ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
                       (text[i] >= '0' && text[i] <= '9') || text[i] == '+' || text[i] == '/'))
        i++;
    if (i < len)
        return len - i <= 2 && text[len - 1] == '=' && text[i] == '=';
    return len >= BASE64_LEAST;
}

static bool begins(const char *text, size_t len, const char *lower)
{
    size_t n = strlen(lower);
    if (len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != lower[i])
            return false;
    }
    return true;
}

static void tell(struct ui_narrator *n, const struct narrator_held *h)
{
    narrator_put_line(n, h->t_ns, n->fold.dir, n->fold.sealed, h->text, h->len, 1);
    narrator_put_lesson(n, h->title, h->lesson, h->section, false);
    if (h->words && (h->words->always || !narrator_is_told(n, h->words->lesson)))
        narrator_put_lesson(n, h->words->title, h->words->lesson, h->words->section, true);
    n->last_title = h->title;
}

static void hide(struct narrator_fold *f, const struct narrator_held *h)
{
    f->hidden++;
    f->last = *h;
    if (is_base64(h->text, h->len))
        f->base64++;
}

static void tell_hidden(struct ui_narrator *n)
{
    const struct narrator_fold *f = &n->fold;
    struct ui_page *p = &n->page;
    const char *what = f->attachment ? ", an attachment" : "";
    char words[128];

    if (f->hidden == 1) {
        tell(n, &f->last);
        return;
    }
    if (f->base64 == f->hidden)
        snprintf(words, sizeof words, " %llu more lines of the message (base64%s)",
                 (unsigned long long)f->hidden, what);
    else if (f->base64 > 0)
        snprintf(words, sizeof words, " %llu more lines of the message (%llu base64%s)",
                 (unsigned long long)f->hidden, (unsigned long long)f->base64, what);
    else
        snprintf(words, sizeof words, " %llu more lines of the message", (unsigned long long)f->hidden);
    ui_page_to(p, NARRATOR_TEXT);
    ui_page_glyph(p, UI_GLYPH_MORE);
    ui_page_wrap(p, NARRATOR_LESSON, 2, words, strlen(words));
    ui_page_end(p);
}

/* All that is held is folded: what comes next is told. */
static void fold_held(struct ui_narrator *n)
{
    struct narrator_fold *f = &n->fold;
    for (; f->held > 0; f->held--) {
        hide(f, &f->ring[f->first]);
        f->first = (f->first + 1) % NARRATOR_TAIL;
    }
    if (f->hidden > 0)
        tell_hidden(n);
    f->hidden = f->base64 = 0;
}

/* A note interrupts an attachment: the lines before it say nothing. */
static bool held_is_base64(const struct narrator_fold *f)
{
    for (unsigned i = 0; i < NARRATOR_TAIL; i++)
        if (!is_base64(f->ring[i].text, f->ring[i].len))
            return false;
    return true;
}

void narrator_fold_end(struct ui_narrator *n)
{
    struct narrator_fold *f = &n->fold;

    if (!f->active)
        return;
    f->active = false;
    if (f->held == NARRATOR_TAIL && held_is_base64(f)) {
        fold_held(n);
        return;
    }
    if (f->hidden > 0)
        tell_hidden(n);
    for (; f->held > 0; f->held--) {
        tell(n, &f->ring[f->first]);
        f->first = (f->first + 1) % NARRATOR_TAIL;
    }
    f->hidden = f->base64 = 0;
}

void narrator_fold_forget(struct ui_narrator *n, uint32_t conn)
{
    if (n->fold.conn == conn)
        n->fold.total = 0;
}

static struct narrator_held held(const struct trace_record *r)
{
    struct narrator_held h = {
        .t_ns = r->t_ns, .title = r->title, .lesson = r->lesson, .section = r->section
    };
    h.len = r->text ? r->text_len : 0;
    if (h.len > sizeof h.text)
        h.len = sizeof h.text;
    if (h.len > 0)
        memcpy(h.text, r->text, h.len);
    return h;
}

static void hold(struct narrator_fold *f, const struct narrator_held *h)
{
    if (f->held == NARRATOR_TAIL) {
        hide(f, &f->ring[f->first]);
        f->first = (f->first + 1) % NARRATOR_TAIL;
        f->held--;
    }
    f->ring[(f->first + f->held) % NARRATOR_TAIL] = *h;
    f->held++;
}

void narrator_fold_line(struct ui_narrator *n, const struct trace_record *r)
{
    struct narrator_fold *f = &n->fold;
    struct narrator_held h = held(r);

    if (!f->active || f->conn != r->conn || f->dir != r->dir) {
        bool other = f->conn != r->conn || f->dir != r->dir;
        narrator_begin(n);
        if (other || f->total == 0) {
            f->total = 0;
            f->attachment = false;
            narrator_content_begin(&f->mime);
        }
        f->active = true;
        f->conn = r->conn;
        f->dir = r->dir;
        f->sealed = narrator_is_sealed(r);
    }
    f->total++;
    if (begins(h.text, h.len, "content-disposition: attachment"))
        f->attachment = true;
    h.words = narrator_content(&f->mime, r);
    if (f->total > NARRATOR_HEAD && h.words && (h.words->always || !narrator_is_told(n, h.words->lesson)))
        fold_held(n);
    else if (f->total > NARRATOR_HEAD) {
        hold(f, &h);
        return;
    }
    tell(n, &h);
}
