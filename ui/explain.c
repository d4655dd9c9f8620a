/* `mailwalk explain`: words split into terms, terms looked up, what is unknown told with what is near. */
#include "ui/explain.h"

#include <limits.h>
#include <string.h>

#include "ui/glossary.h"
#include "ui/page.h"

#define TOKENS_MAX 64 /* words on one command line */
#define NEAR_MAX   4  /* suggestions */
#define INDENT     2
#define NOTE       8 /* under "Exam: " and "See: " */
#define ROWS_SEEN  32

struct look_up {
    struct ui_page page;
    const struct explain_source *sources;
    size_t nsources;
    bool first;                                /* nothing is printed yet */
    const struct wire_lesson *seen[ROWS_SEEN]; /* of this term */
    size_t nseen;
};

/* ---- printing --------------------------------------------------------------------------- */

static void put_paragraph(struct ui_page *p, const char *label, size_t indent, const char *text)
{
    ui_page_to(p, INDENT);
    ui_page_str(p, label);
    ui_page_to(p, indent);
    ui_page_wrap(p, indent, UINT_MAX, text, strlen(text));
    ui_page_end(p);
}

/* Two tables may hold the same words; one telling is enough. */
static bool is_new(struct look_up *l, const struct wire_lesson *row)
{
    for (size_t i = 0; i < l->nseen; i++)
        if (l->seen[i] == row ||
            (strcmp(l->seen[i]->title, row->title) == 0 && strcmp(l->seen[i]->lesson, row->lesson) == 0))
            return false;
    if (l->nseen < ROWS_SEEN)
        l->seen[l->nseen++] = row;
    return true;
}

static void put_row(struct look_up *l, const char *word, size_t word_len, const char *where,
                    const struct wire_lesson *row)
{
    struct ui_page *p = &l->page;

    if (!l->first)
        ui_page_end(p);
    l->first = false;
    ui_page_row(p, 40, word, word_len);
    ui_page_str(p, " (");
    ui_page_row(p, 30, where, strlen(where));
    ui_page_str(p, ")");
    ui_page_end(p);
    put_paragraph(p, "", INDENT, row->title);
    if (row->lesson)
        put_paragraph(p, "", INDENT, row->lesson);
    if (row->section)
        put_paragraph(p, "", INDENT, row->section);
}

/* ---- looking up ------------------------------------------------------------------------- */

static bool from_glossary(struct look_up *l, const char *word)
{
    const struct glossary_entry *e;
    const char *part;
    bool found = false;

    for (size_t i = 0; (e = glossary_at(i, &part)) != NULL; i++) {
        if (!glossary_matches(e, word) || !is_new(l, &e->row))
            continue;
        put_row(l, e->words, strcspn(e->words, "|"), part, &e->row);
        if (e->exam)
            put_paragraph(&l->page, "Exam:", NOTE, e->exam);
        if (e->see)
            put_paragraph(&l->page, "See:", NOTE, e->see);
        found = true;
    }
    return found;
}

static bool from_sources(struct look_up *l, const char *word)
{
    const struct wire_lesson *row;
    bool found = false;

    for (size_t s = 0; s < l->nsources; s++)
        for (size_t i = 0; l->sources[s].find(word, &row, i); i++) {
            found = true;
            if (is_new(l, row))
                put_row(l, word, strlen(word), l->sources[s].name, row);
        }
    return found;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A reply code or status that no table has is still explained by its first digit. */
static bool from_digits(struct look_up *l, const char *word)
{
    char family[4] = "?xx", heading[EXPLAIN_WORD_MAX + 32];
    const struct glossary_entry *e;
    const char *part;
    bool code = strlen(word) == 3 && is_digit(word[1]) && is_digit(word[2]);
    bool status = word[0] && word[1] == '.' && is_digit(word[2]) && strchr(word + 2, '.') &&
                  strspn(word, "0123456789.") == strlen(word);

    if (word[0] < '2' || word[0] > '5' || !(code || status))
        return false;
    family[0] = word[0];
    for (size_t i = 0; (e = glossary_at(i, &part)) != NULL; i++)
        if (glossary_matches(e, family)) {
            snprintf(heading, sizeof heading, "%s, by its first digit", word);
            put_row(l, heading, strlen(heading), part, &e->row);
            return true;
        }
    return false;
}

static bool look_up(struct look_up *l, const char *word)
{
    bool found;
    l->nseen = 0;
    found = from_glossary(l, word);
    return from_sources(l, word) || found;
}

/* ---- did you mean ----------------------------------------------------------------------- */

struct near {
    size_t count;
    unsigned distance[NEAR_MAX];
    const char *at[NEAR_MAX];
    size_t len[NEAR_MAX];
};

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Letters to insert, drop, change or swap with their neighbour to get from one to the other. */
static unsigned distance(const char *a, size_t alen, const char *b, size_t blen)
{
    unsigned rows[3][EXPLAIN_WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];

    if (blen > EXPLAIN_WORD_MAX)
        return UINT_MAX;
    for (size_t k = 0; k <= blen; k++)
        last[k] = before[k] = (unsigned)k;
    for (size_t i = 1; i <= alen; i++) {
        unsigned *free_row = before;
        now[0] = (unsigned)i;
        for (size_t k = 1; k <= blen; k++) {
            char x = fold(a[i - 1]), y = fold(b[k - 1]);
            now[k] = least(least(last[k], now[k - 1]) + 1, last[k - 1] + (x != y));
            if (i > 1 && k > 1 && x == fold(b[k - 2]) && fold(a[i - 2]) == y)
                now[k] = least(now[k], before[k - 2] + 1);
        }
        before = last;
        last = now;
        now = free_row;
    }
    return last[blen];
}

static bool is_listed(const struct near *n, const char *at, size_t len)
{
    for (size_t i = 0; i < n->count; i++)
        if (n->len[i] == len && memcmp(n->at[i], at, len) == 0)
            return true;
    return false;
}

/* Keeps the nearest, in order; among equals the first. */
static void consider(struct near *n, const char *word, const char *at, size_t len)
{
    unsigned d = distance(word, strlen(word), at, len);
    size_t i;

    if (d > 1 + strlen(word) / 4 || d >= len || is_listed(n, at, len))
        return;
    for (i = n->count < NEAR_MAX ? n->count++ : NEAR_MAX; i > 0 && n->distance[i - 1] > d; i--)
        if (i < NEAR_MAX) {
            n->distance[i] = n->distance[i - 1];
            n->at[i] = n->at[i - 1];
            n->len[i] = n->len[i - 1];
        }
    if (i < NEAR_MAX) {
        n->distance[i] = d;
        n->at[i] = at;
        n->len[i] = len;
    }
}

static void find_near(const struct look_up *l, const char *word, struct near *n)
{
    const struct glossary_entry *e;
    const char *at;

    *n = (struct near){ .count = 0 };
    for (size_t i = 0; (e = glossary_at(i, NULL)) != NULL; i++)
        for (at = e->words; *at; at += *at == '|') {
            size_t len = strcspn(at, "|");
            consider(n, word, at, len);
            at += len;
        }
    for (size_t s = 0; s < l->nsources; s++)
        for (size_t i = 0; l->sources[s].word && (at = l->sources[s].word(i)) != NULL; i++)
            consider(n, word, at, strlen(at));
}

static void tell_unknown(const struct look_up *l, struct ui_page *p, const char *word)
{
    struct near n;

    find_near(l, word, &n);
    ui_page_str(p, "mailwalk: explain: no entry for \"");
    ui_page_row(p, 40, word, strlen(word));
    ui_page_str(p, "\"");
    ui_page_end(p);
    if (n.count == 0)
        return;
    ui_page_str(p, "  did you mean:");
    for (size_t i = 0; i < n.count; i++) {
        ui_page_str(p, i > 0 ? ", " : " ");
        ui_page_wrap(p, INDENT, 2, n.at[i], n.len[i]);
    }
    ui_page_str(p, "?");
    ui_page_end(p);
}

/* ---- terms ------------------------------------------------------------------------------ */

struct tokens {
    size_t count;
    char text[TOKENS_MAX][EXPLAIN_WORD_MAX];
};

/* Splits at spaces; drops what punctuation follows a word. */
static void split(struct tokens *t, const char *words)
{
    while (*words && t->count < TOKENS_MAX) {
        size_t len = strcspn(words, " \t\n");
        size_t kept = len;
        while (kept > 1 && strchr(":,?!;\"", words[kept - 1]))
            kept--;
        if (kept > 0) {
            if (kept >= EXPLAIN_WORD_MAX)
                kept = EXPLAIN_WORD_MAX - 1;
            memcpy(t->text[t->count], words, kept);
            t->text[t->count][kept] = '\0';
            t->count++;
        }
        words += len;
        words += strspn(words, " \t\n");
    }
}

/* `n` tokens from `from` on with a space between them; false if that is too long for a term. */
static bool join(const struct tokens *t, size_t from, size_t n, char term[EXPLAIN_WORD_MAX])
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(t->text[from + i]);
        if (at + len + 2 > EXPLAIN_WORD_MAX)
            return n == 1;
        if (i > 0)
            term[at++] = ' ';
        memcpy(term + at, t->text[from + i], len);
        at += len;
        term[at] = '\0';
    }
    return true;
}

int ui_explain(FILE *out, FILE *err, const char *const *words, size_t nwords,
               const struct explain_source *sources, size_t nsources)
{
    struct look_up l = { .sources = sources, .nsources = nsources, .first = true };
    struct tokens t = { .count = 0 };
    struct ui_page errors;
    char term[EXPLAIN_WORD_MAX];
    int status = 0, error;

    ui_page_init(&l.page, out, false, false);
    ui_page_init(&errors, err, false, false);
    for (size_t i = 0; i < nwords; i++)
        split(&t, words[i]);
    if (t.count == 0) {
        ui_page_str(&errors, "mailwalk: explain: which word? For example: mailwalk explain 550 5.1.1");
        ui_page_end(&errors);
        ui_page_flush(&errors);
        return 2;
    }
    for (size_t i = 0, taken; i < t.count; i += taken) {
        taken = t.count - i < EXPLAIN_TERM_WORDS ? t.count - i : EXPLAIN_TERM_WORDS;
        while (taken > 0 && !(join(&t, i, taken, term) && look_up(&l, term)))
            taken--;
        if (taken > 0)
            continue;
        taken = 1;
        join(&t, i, 1, term);
        if (from_digits(&l, term))
            continue;
        tell_unknown(&l, &errors, term);
        status = 2;
    }
    ui_page_flush(&errors);
    error = ui_page_flush(&l.page);
    if (error == 0)
        return status;
    fprintf(err, "mailwalk: standard output: %s\n", strerror(error));
    return 3;
}
