/* The run as a lesson: phases, lines and packets, in the order in which they happen. */
#include "ui/narrator.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/wire/utf8.h"
#include "ui/narrator_internal.h"

#define NS_PER_S     UINT64_C(1000000000)
#define PHASE_INDENT 4
#define SOON_S       60   /* so long a late time counts from its phase */
#define WORDS_MAX    2048 /* octets of a title, a lesson and a section together */

const char *narrator_host(const struct ui_narrator *n, uint32_t host)
{
    return host > 0 && host <= n->nnames ? n->name[host - 1].text : "the network";
}

const char *narrator_link(const struct ui_narrator *n, uint32_t link)
{
    return link > 0 && link <= n->nlinks ? n->link[link - 1].text : "a link";
}

static void end_reply(struct ui_narrator *n)
{
    struct ui_page *p = &n->page;
    if (n->repeated == 0)
        return;
    ui_page_to(p, NARRATOR_TEXT);
    ui_page_glyph(p, UI_GLYPH_MORE);
    ui_page_str(p, " ");
    ui_page_number(p, n->repeated);
    ui_page_str(p, n->repeated == 1 ? " more line of this answer, as before"
                                    : " more lines of this answer, as before");
    ui_page_end(p);
    n->repeated = 0;
}

void narrator_settle(struct ui_narrator *n)
{
    end_reply(n);
    narrator_fold_end(n);
}

void narrator_begin(struct ui_narrator *n)
{
    narrator_settle(n);
    if (n->gap)
        ui_page_end(&n->page);
    n->gap = n->in_row = false;
}

void narrator_put_time(struct ui_narrator *n, uint64_t t_ns)
{
    char text[UI_TIME_MAX + 1] = "+";
    uint64_t since = t_ns - n->phase_t_ns;
    bool late = n->phases > 0 && t_ns / NS_PER_S >= UI_SECONDS_MAX && since / NS_PER_S < SOON_S;
    ui_time_text(late ? since : t_ns, text + 1);
    ui_page_right(&n->page, late ? text : text + 1, NARRATOR_TIME);
    ui_page_str(&n->page, " ");
}

/* ---- what has been told ----------------------------------------------------------------- */

static size_t slot_of(const struct narrator_seen *s, const void *words)
{
    size_t i = ((uintptr_t)words >> 3) * 0x9e3779b1u & (s->slots - 1);
    while (s->slot[i] && s->slot[i] != words)
        i = (i + 1) & (s->slots - 1);
    return i;
}

static bool grow(struct narrator_seen *s)
{
    struct narrator_seen bigger = { .slots = s->slots > 0 ? 2 * s->slots : 256, .count = s->count };
    bigger.slot = calloc(bigger.slots, sizeof *bigger.slot);
    if (!bigger.slot)
        return false;
    for (size_t i = 0; i < s->slots; i++)
        if (s->slot[i])
            bigger.slot[slot_of(&bigger, s->slot[i])] = s->slot[i];
    free(s->slot);
    *s = bigger;
    return true;
}

bool narrator_is_told(const struct ui_narrator *n, const void *words)
{
    return n->seen.slots > 0 && n->seen.slot[slot_of(&n->seen, words)] != NULL;
}

bool narrator_is_new(struct ui_narrator *n, const void *words)
{
    struct narrator_seen *s = &n->seen;
    size_t i;
    if (2 * (s->count + 1) > s->slots && !grow(s))
        return true; /* no memory: said once too often */
    i = slot_of(s, words);
    if (s->slot[i])
        return false;
    s->slot[i] = words;
    s->count++;
    n->attempt.news = true;
    return true;
}

/* ---- words ------------------------------------------------------------------------------ */

/* Appends `text` to a paragraph, a space before it, a full stop after it where it has none. */
static size_t add_sentence(char *to, size_t at, const char *text, size_t len)
{
    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len == 0 || len + 3 > WORDS_MAX - at)
        return at;
    if (at > 0)
        to[at++] = ' ';
    memcpy(to + at, text, len);
    at += len;
    if (!strchr(".!?:", text[len - 1]))
        to[at++] = '.';
    return at;
}

static size_t add_section(char *to, size_t at, const char *section)
{
    size_t len = strlen(section);
    if (len + 3 > WORDS_MAX - at)
        return at;
    to[at++] = ' ';
    to[at++] = '(';
    memcpy(to + at, section, len);
    at += len;
    to[at++] = ')';
    return at;
}

void narrator_put_lesson(struct ui_narrator *n, const char *title, const char *lesson, const char *section,
                         bool always)
{
    char words[WORDS_MAX];
    size_t len = 0;
    const char *key = lesson ? lesson : title;
    bool first = key && narrator_is_new(n, key);

    if (!key || (!first && !always && title == n->last_title))
        return;
    if (first && lesson) {
        if (title)
            len = add_sentence(words, len, title, strlen(title));
        len = add_sentence(words, len, lesson, strlen(lesson));
        if (section)
            len = add_section(words, len, section);
    } else if (title) {
        len = strlen(title) < WORDS_MAX ? strlen(title) : 0;
        memcpy(words, title, len);
    }
    if (len == 0)
        return;
    ui_page_to(&n->page, NARRATOR_LESSON);
    ui_page_wrap(&n->page, NARRATOR_LESSON, UINT_MAX, words, len);
    ui_page_end(&n->page);
}

static void tell_phase(struct ui_narrator *n, const struct trace_record *r)
{
    struct ui_page *p = &n->page;
    const char *remember = trace_attr_get(r, "remember");
    char words[WORDS_MAX], time[UI_TIME_MAX];
    const char *title = r->title ? r->title : "";
    size_t len = 0, width;

    n->gap = true;
    narrator_begin(n);
    n->phases++;
    n->phase_t_ns = r->t_ns;
    n->last_title = NULL;
    ui_page_ink(p, UI_HEADING);
    ui_page_number(p, n->phases);
    ui_page_str(p, ". ");
    ui_time_text(r->t_ns, time);
    width = strlen(time) + 2;
    ui_page_row(p, UI_COLUMNS - p->column - width, title, strlen(title));
    ui_page_ink(p, UI_PLAIN);
    ui_page_right(p, time, UI_COLUMNS - p->column);
    ui_page_end(p);
    if (r->text)
        len = add_sentence(words, len, r->text, r->text_len);
    if (r->lesson && narrator_is_new(n, r->lesson)) {
        len = add_sentence(words, len, r->lesson, strlen(r->lesson));
        if (r->section)
            len = add_section(words, len, r->section);
    }
    if (len > 0) {
        ui_page_to(p, PHASE_INDENT);
        ui_page_wrap(p, PHASE_INDENT, UINT_MAX, words, len);
        ui_page_end(p);
    }
    n->gap = n->level != TRACE_PHASE;
    if (remember && n->nremember < NARRATOR_REMEMBER && narrator_is_new(n, r->title))
        snprintf(n->remember[n->nremember++], NARRATOR_SENTENCE, "%s", remember);
}

/* ---- lines ------------------------------------------------------------------------------ */

/* Who talks to whom, where that is not as on the line before. */
static void tell_connection(struct ui_narrator *n, const struct trace_record *r)
{
    struct ui_page *p = &n->page;
    uint32_t client = r->dir == 'S' ? r->peer : r->host, server = r->dir == 'S' ? r->host : r->peer;
    char name[8];
    size_t i;

    if (r->conn == n->conn && client == n->client && r->conn > 0)
        return;
    if (r->conn == 0 && n->conn == 0 && client == n->client)
        return;
    n->gap = true;
    narrator_begin(n);
    n->conn = r->conn;
    n->client = client;
    n->last_title = NULL;
    ui_page_to(p, PHASE_INDENT);
    ui_page_glyph(p, UI_GLYPH_RULE);
    ui_page_str(p, " ");
    ui_page_wrap(p, PHASE_INDENT, 1, narrator_host(n, client), strlen(narrator_host(n, client)));
    ui_page_str(p, " ");
    ui_page_glyph(p, UI_GLYPH_ARROW);
    ui_page_str(p, " ");
    ui_page_wrap(p, PHASE_INDENT, 1, narrator_host(n, server), strlen(narrator_host(n, server)));
    snprintf(name, sizeof name, "%s", trace_proto_name(r->proto));
    for (i = 0; name[i]; i++)
        if (name[i] >= 'a' && name[i] <= 'z')
            name[i] = (char)(name[i] - 'a' + 'A');
    if (i > 0) {
        ui_page_str(p, ", ");
        ui_page_str(p, name);
    }
    if (r->conn > 0 && r->proto != TRACE_DNS) {
        ui_page_str(p, ", connection ");
        ui_page_number(p, r->conn);
    }
    ui_page_end(p);
}

void narrator_put_line(struct ui_narrator *n, uint64_t t_ns, char dir, bool sealed, const char *text,
                       size_t len, unsigned rows)
{
    struct ui_page *p = &n->page;

    narrator_put_time(n, t_ns);
    ui_page_ink(p, dir == 'C' ? UI_CLIENT : dir == 'S' ? UI_SERVER : UI_PLAIN);
    if (dir == 'C' || dir == 'S') {
        ui_page_str(p, dir == 'C' ? "C " : "S ");
        ui_page_glyph(p, dir == 'C' ? UI_GLYPH_TO_SERVER : UI_GLYPH_TO_CLIENT);
    }
    if (sealed) {
        ui_page_to(p, NARRATOR_TEXT - 1);
        ui_page_glyph(p, UI_GLYPH_SEALED);
    }
    if (len > 0) {
        ui_page_to(p, NARRATOR_TEXT);
        ui_page_wrap(p, NARRATOR_TEXT, rows, text, len);
    }
    ui_page_ink(p, UI_PLAIN);
    ui_page_end(p);
}

/* A line within an SMTP reply of several ("250-SIZE ...") whose words have been told before. */
static bool repeats(struct ui_narrator *n, const struct trace_record *r)
{
    const char *key = r->lesson ? r->lesson : r->title;
    bool within = n->in_reply && r->conn == n->conn && r->dir == 'S';
    n->in_reply = r->proto == TRACE_SMTP && r->dir == 'S' && r->text_len > 3 && r->text[3] == '-';
    return within && key && narrator_is_told(n, key);
}

/* What the mark of a sealed line means, once. */
static void tell_sealed(struct ui_narrator *n)
{
    static const struct narrator_words words = { .title = "The bar in front says: inside TLS",
                                                 .lesson =
                                                     "You read this line because both ends know the key. "
                                                     "Whoever listens on a link of the way sees when, "
                                                     "how much and between whom, and none of the words.",
                                                 .section = "RFC 8446 appendix E.3" };
    if (!narrator_is_told(n, words.lesson))
        narrator_put_lesson(n, words.title, words.lesson, words.section, true);
}

bool narrator_is_sealed(const struct trace_record *r)
{
    return trace_attr_get(r, "sealed") != NULL;
}

/* What whoever listens gets of a message of the handshake; each such sentence once. */
static void tell_overheard(struct ui_narrator *n, const struct trace_record *r)
{
    const char *overheard = r->proto == TRACE_TLS ? trace_attr_get(r, "overheard") : NULL;
    if (overheard && !narrator_is_told(n, overheard))
        narrator_put_lesson(n, overheard, NULL, NULL, true);
}

static void tell_line(struct ui_narrator *n, const struct trace_record *r)
{
    const struct narrator_words *over;

    n->lines++;
    if (n->level == TRACE_PHASE)
        return;
    if (repeats(n, r)) {
        n->repeated++;
        return;
    }
    tell_connection(n, r);
    if (r->kind == TRACE_KIND_CONTENT || (!r->title && !narrator_literal_over(r))) {
        narrator_fold_line(n, r);
        return;
    }
    narrator_begin(n);
    narrator_fold_forget(n, r->conn);
    narrator_put_line(n, r->t_ns, r->dir, narrator_is_sealed(r), r->text ? r->text : "",
                      r->text ? r->text_len : 0, NARRATOR_ROWS);
    over = narrator_literal_over(r);
    if (over)
        narrator_put_lesson(n, over->title, over->lesson, over->section, true);
    else
        narrator_put_lesson(n, r->title, r->lesson, r->section, false);
    if (narrator_is_sealed(r))
        tell_sealed(n);
    tell_overheard(n, r);
    n->last_title = r->title;
}

/* ---- packets ---------------------------------------------------------------------------- */

static void tell_packet(struct ui_narrator *n, const struct trace_record *r)
{
    struct ui_page *p = &n->page;
    const char *why = trace_attr_get(r, "why");
    bool dropped = r->kind == TRACE_KIND_DROPPED;

    if (r->kind == TRACE_KIND_SENT)
        n->packets++;
    else if (dropped)
        n->dropped++;
    if (dropped)
        narrator_dropped(n, r);
    if (n->level != TRACE_PACKET || (r->kind != TRACE_KIND_SENT && !dropped))
        return;
    narrator_begin(n);
    narrator_put_time(n, r->t_ns);
    ui_page_ink(p, dropped ? UI_BAD : UI_PLAIN);
    if (dropped) {
        ui_page_glyph(p, UI_GLYPH_BAD);
        ui_page_str(p, " ");
    }
    ui_page_str(p, "#");
    ui_page_number(p, r->frame);
    ui_page_str(p, " ");
    if (dropped) {
        ui_page_str(p, "dropped ");
        ui_page_row(p, 24, why ? why : "", why ? strlen(why) : 0);
        ui_page_str(p, ": ");
    } else if (trace_attr_number(r, "instead_of")) {
        ui_page_str(p, "instead of #");
        ui_page_number(p, (uint64_t)trace_attr_number(r, "instead_of"));
        ui_page_str(p, ", from ");
        ui_page_str(p, narrator_host(n, r->host));
        ui_page_str(p, ": ");
    }
    if (r->text) {
        ui_page_wrap(p, NARRATOR_LESSON, 2, r->text, r->text_len);
    } else {
        ui_page_number(p, r->nbytes);
        ui_page_str(p, " octets");
    }
    ui_page_ink(p, UI_PLAIN);
    ui_page_end(p);
}

/* ---- the sink --------------------------------------------------------------------------- */

static void keep_name(const struct ui_narrator *n, struct narrator_name *to, const char *name)
{
    size_t len = wire_display_fit(to->text, sizeof to->text - 1, name ? name : "", name ? strlen(name) : 0,
                                  NARRATOR_NAME, n->page.ascii, NULL);
    to->text[len] = '\0';
}

static void narrator_open(void *ctx, const struct trace_opening *o)
{
    struct ui_narrator *n = ctx;

    n->name = calloc(o->nhosts + 1, sizeof *n->name);
    n->link = calloc(o->nlinks + 1, sizeof *n->link);
    if (!n->name || !n->link) {
        n->page.error = ENOMEM;
        return;
    }
    n->nnames = o->nhosts;
    n->nlinks = o->nlinks;
    for (size_t i = 0; i < o->nhosts; i++)
        keep_name(n, &n->name[i], o->hosts[i].name);
    for (size_t i = 0; i < o->nlinks; i++)
        keep_name(n, &n->link[i], o->links[i].label ? o->links[i].label : o->links[i].name);
    narrator_opening(n, o);
}

static void narrator_record(void *ctx, const struct trace_record *r)
{
    struct ui_narrator *n = ctx;

    narrator_retry_before(n, r);
    if (r->kind == TRACE_KIND_OUTCOME) {
        narrator_outcome(n, r);
        return;
    }
    switch (trace_kind_level(r->kind)) {
    case TRACE_PHASE:
        tell_phase(n, r);
        break;
    case TRACE_LINE:
        tell_line(n, r);
        break;
    case TRACE_PACKET:
        tell_packet(n, r);
        if (r->kind == TRACE_KIND_SENT)
            narrator_sent(n, r);
        break;
    default:
        narrator_note(n, r);
        break;
    }
    narrator_retry_after(n, r);
}

static void narrator_close(void *ctx, uint64_t t_ns)
{
    narrator_retry_end(ctx);
    narrator_ending(ctx, t_ns);
}

static const char *first_set(const char *a, const char *b, const char *c)
{
    const char *names[] = { a, b, c };
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0])
            return value;
    }
    return NULL;
}

struct ui_narrator_options ui_narrator_defaults(FILE *file)
{
    struct ui_narrator_options o = { .level = TRACE_LINE };
    const char *locale = first_set("LC_ALL", "LC_CTYPE", "LANG"), *term = getenv("TERM"),
               *no = getenv("NO_COLOR");

    if (fileno(file) < 0 || !isatty(fileno(file)))
        return o;
    o.colour = !(no && no[0]) && term && term[0] && strcmp(term, "dumb") != 0;
    o.ascii = locale && !strstr(locale, "UTF-8") && !strstr(locale, "utf8") && !strstr(locale, "UTF8") &&
              !strstr(locale, "utf-8");
    return o;
}

struct ui_narrator *ui_narrator_open(FILE *file, const struct ui_narrator_options *options)
{
    struct ui_narrator *n = calloc(1, sizeof *n);
    if (n) {
        ui_page_init(&n->page, file, options->ascii, options->colour);
        n->level = options->level;
    }
    return n;
}

struct trace_sink ui_narrator_sink(struct ui_narrator *n)
{
    return (struct trace_sink){ .levels = TRACE_ALL, /* packets are counted at every level */
                                .ctx = n,
                                .open = narrator_open,
                                .record = narrator_record,
                                .close = narrator_close };
}

int ui_narrator_close(struct ui_narrator *n)
{
    int error;
    narrator_retry_end(n);
    error = ui_page_flush(&n->page);
    free(n->name);
    free(n->link);
    free(n->seen.slot);
    free(n);
    return error;
}
