/*
 * What comes next? The true next event and others from the engines' tables that could have come in its place.
 *
 *   next is            the wrong choices are
 *   a reply            other verdicts in which this command can end
 *   a command          other commands of the protocol
 *   a DNS question     other types; a DNS answer: other response codes
 *   a phase            other phases of this run
 *   a TCP segment      other flags
 *
 * Which place the right one has follows from its number in the run, so a lesson is the same each time.
 */
#include <stdio.h>
#include <string.h>

#include "ui/screen/view.h"
#include "ui/tape/record.h"

#define OTHERS_MAX 60
#define QUOTED_MAX 40 /* octets of what has been said, in a question */

/* ---- the choices -----------------------------------------------------------------------------------------
 */

struct choices {
    struct ui_question *q;
    unsigned n; /* choice[0] is the right one until they are mixed */
};

static void choice(struct choices *c, const char *text, const char *lesson)
{
    if (c->n == UI_CHOICES_MAX)
        return;
    snprintf(c->q->choice[c->n], sizeof c->q->choice[0], "%.159s", text);
    snprintf(c->q->why[c->n], sizeof c->q->why[0], "%.399s", lesson ? lesson : "");
    c->n++;
}

static unsigned mix(uint32_t seq)
{
    uint32_t h = seq * 2654435761u;
    return h >> 16;
}

/* The right one goes to its place, the others keep their order. */
static bool settle(struct choices *c, uint32_t next)
{
    struct ui_question *q = c->q;
    char text[sizeof q->choice[0]], why[sizeof q->why[0]];
    if (c->n < 2)
        return false;
    q->nchoices = c->n;
    q->right = mix(next) % c->n;
    memcpy(text, q->choice[0], sizeof text);
    memcpy(why, q->why[0], sizeof why);
    for (unsigned i = 0; i < q->right; i++) {
        memcpy(q->choice[i], q->choice[i + 1], sizeof text);
        memcpy(q->why[i], q->why[i + 1], sizeof why);
    }
    memcpy(q->choice[q->right], text, sizeof text);
    memcpy(q->why[q->right], why, sizeof why);
    return true;
}

/* Two choices that a learner could not tell apart: the same code of SMTP; elsewhere one begins as the other.
 */
static bool alike(enum trace_proto proto, const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b);
    return strncmp(a, b, proto == TRACE_SMTP ? 3 : m < n ? m : n) == 0;
}

/* The row of the table that the engine answered with: its words stand beside all others, so that style gives
 * nothing away. */
static bool is_row(const struct trace_record *r, const char *text, const struct ui_alternative *row)
{
    size_t word = strcspn(row->text, " ");
    if (r->lesson && row->lesson && strcmp(r->lesson, row->lesson) != 0)
        return false;
    if (r->proto == TRACE_IMAP && row->text[word])
        word += 1 + strcspn(row->text + word + 1, " ");
    return strncmp(text, row->text, r->proto == TRACE_SMTP ? 3 : word) == 0 &&
           (r->proto != TRACE_SMTP || !r->status[0] || strstr(row->text, r->status));
}

/* "334" alone says little: its title goes with it. A question in base64 says nothing at all. */
static void reply_words(char *buf, size_t cap, const char *text, const char *title)
{
    size_t word = strcspn(text, " ");
    bool bare = !text[word] || strcspn(text + word + 1, " ") > 24;
    snprintf(buf, cap, "%.*s%s%s", (int)(bare ? word : strlen(text)), text, bare && title ? ": " : "",
             bare && title ? title : "");
}

/* What was said, short enough to stand in a question. */
static const char *quoted(const char *asked, size_t len, char buf[60])
{
    if (len == 1 && *asked == '.')
        return "The dot that ends the message";
    if (strspn(asked, "*") == len && len > 1)
        return "A part of the login, masked";
    snprintf(buf, 60, "%.*s%s", (int)(len > QUOTED_MAX ? QUOTED_MAX - 3 : len), asked,
             len > QUOTED_MAX ? "..." : "");
    return buf;
}

static bool goes_on(const struct ui_screen *s, const struct trace_record *r)
{
    const struct tape_list *list = tape_of_conn(s->run.tape, r->conn);
    uint32_t seq = tape_before(list, (uint32_t)r->seq);
    struct trace_record before;
    while (seq && tape_get(s->run.tape, seq, &before) && trace_kind_level(before.kind) != TRACE_LINE)
        seq = tape_before(list, seq);
    if (seq && before.kind == TRACE_KIND_REPLY && r->proto == TRACE_SMTP)
        return before.text_len > 3 && before.text[3] == '-';
    if (r->proto == TRACE_POP3)
        return r->text_len == 0 || (r->text[0] != '+' && r->text[0] != '-');
    return r->proto == TRACE_IMAP && r->text_len > 0 && r->text[0] == '*' && seq;
}

static bool ask_reply(struct ui_screen *s, const struct trace_record *r, struct choices *c)
{
    struct ui_alternative other[OTHERS_MAX];
    char asked[512], text[160], words[160], said[60];
    size_t len = ui_asked(s->run.tape, r, asked, sizeof asked), n;
    const char *title = r->title;
    if (goes_on(s, r) || (len == 0 && r->code != 220))
        return false;
    snprintf(text, sizeof text, "%.*s", (int)(r->text_len < 120 ? r->text_len : 120), r->text ? r->text : "");
    n = s->program->replies(s->program->ctx, r->proto, asked, len, other, OTHERS_MAX);
    for (size_t i = 0; i < n; i++)
        if (is_row(r, text, &other[i])) {
            snprintf(text, sizeof text, "%.119s", other[i].text);
            title = other[i].title;
            break;
        }
    reply_words(words, sizeof words, text, title);
    choice(c, words, r->lesson);
    for (int good = 1; good >= 0; good--) /* of what leads on, one more in SMTP, where codes differ */
        for (size_t i = 0; i < n && c->n < UI_CHOICES_MAX; i++) {
            bool twice = other[i].good != (good == 1) || (good && (r->proto != TRACE_SMTP || c->n > 1));
            reply_words(words, sizeof words, other[i].text, other[i].title);
            for (unsigned k = 0; k < c->n; k++)
                twice |= alike(r->proto, c->q->choice[k], words);
            if (!twice)
                choice(c, words, other[i].lesson);
        }
    snprintf(c->q->ask, sizeof c->q->ask, "%s: what does %s say?",
             len ? quoted(asked, len, said) : "A client has connected", tape_host(s->run.tape, r->host));
    return settle(c, (uint32_t)r->seq);
}

/* "RCPT: The client names one recipient"; "MX record: a host that ..." says its name itself. */
static void named(char *buf, size_t cap, const struct ui_alternative *a)
{
    size_t len = strlen(a->text);
    if (strncmp(a->title, a->text, len) == 0 && (a->title[len] == ' ' || a->title[len] == ':'))
        snprintf(buf, cap, "%s", a->title);
    else
        snprintf(buf, cap, "%.12s: %s", a->text, a->title);
}

static bool ask_command(struct ui_screen *s, const struct trace_record *r, struct choices *c)
{
    struct ui_alternative other[OTHERS_MAX];
    size_t n = s->program->commands(s->program->ctx, r->proto, other, OTHERS_MAX), word, right = SIZE_MAX;
    const char *verb = r->text;
    char text[160];
    if (r->proto == TRACE_IMAP && verb) {
        const char *space = memchr(verb, ' ', r->text_len);
        verb = space ? space + 1 : NULL;
    }
    if (!verb)
        return false;
    word = 0;
    while (verb + word < r->text + r->text_len && verb[word] != ' ' && verb[word] != '?')
        word++;
    for (size_t i = 0; i < n; i++)
        if (strlen(other[i].text) == word && memcmp(other[i].text, verb, word) == 0)
            right = i;
    if (right == SIZE_MAX)
        return false;
    named(text, sizeof text, &other[right]);
    choice(c, text, r->lesson);
    for (size_t i = 0, k = mix((uint32_t)r->seq) % (n ? n : 1); i < n && c->n < UI_CHOICES_MAX;
         i++, k = (k + 1) % n)
        if (k != right) {
            named(text, sizeof text, &other[k]);
            choice(c, text, other[k].lesson);
        }
    snprintf(c->q->ask, sizeof c->q->ask, "What does %s %s %s next?", tape_host(s->run.tape, r->host),
             r->proto == TRACE_DNS ? "ask" : "say to", tape_host(s->run.tape, r->peer));
    return settle(c, (uint32_t)r->seq);
}

/* By kinds of answers, not by what this one says: records among three refusals would give themselves away. */
static bool ask_answer(struct ui_screen *s, const struct trace_record *r, struct choices *c)
{
    struct ui_alternative other[8];
    char asked[512], text[160], said[60];
    size_t len = ui_asked(s->run.tape, r, asked, sizeof asked),
           n = s->program->replies(s->program->ctx, TRACE_DNS, asked, len, other, 8), right = 0;
    if (len == 0 || n == 0 || !r->text)
        return false;
    for (size_t i = 1; i < n; i++) /* the first row: records */
        if (record_begins(r, other[i].text))
            right = i;
    if (right == 0 && (tape_is_bad(r) || record_begins(r, "truncated") || record_begins(r, "malformed")))
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t k = i == 0 ? right : i <= right ? i - 1 : i;
        named(text, sizeof text, &other[k]);
        choice(c, text, k == right ? r->lesson : other[k].lesson);
    }
    snprintf(c->q->ask, sizeof c->q->ask, "%s: what does %s answer?", quoted(asked, len, said),
             tape_host(s->run.tape, r->host));
    return settle(c, (uint32_t)r->seq);
}

static bool ask_phase(struct ui_screen *s, const struct trace_record *r, struct choices *c)
{
    const struct tape_list *phases = tape_phases(s->run.tape);
    if (!r->title)
        return false;
    choice(c, r->title, r->lesson);
    for (size_t i = 0, k = mix((uint32_t)r->seq) % phases->n; i < phases->n && c->n < UI_CHOICES_MAX;
         i++, k = (k + 1) % phases->n) {
        struct trace_record other;
        bool twice = false;
        tape_get(s->run.tape, phases->seq[k], &other);
        for (unsigned n = 0; n < c->n; n++)
            twice |= other.title && strncmp(c->q->choice[n], other.title, sizeof c->q->choice[0] - 1) == 0;
        if (other.title && !twice)
            choice(c, other.title, other.lesson);
    }
    snprintf(c->q->ask, sizeof c->q->ask, "Which step of the journey comes next?");
    return settle(c, (uint32_t)r->seq);
}

static bool ask_segment(struct ui_screen *s, const struct trace_record *r, struct choices *c)
{
    static const struct {
        const char *flags, *why;
    } segments[] = { { "[SYN]", "SYN asks for a connection: the first of three." },
                     { "[SYN, ACK]", "SYN-ACK takes the connection: somebody listens on the port." },
                     { "[ACK]", "ACK confirms what came; the third of three at the start." },
                     { "[FIN, ACK]", "FIN says that this side has nothing more to send." },
                     { "[RST, ACK]", "RST refuses or breaks the connection." } };
    size_t right = SIZE_MAX, all = sizeof segments / sizeof segments[0];
    char text[200];
    snprintf(text, sizeof text, "%.*s", (int)(r->text_len < 190 ? r->text_len : 190), r->text ? r->text : "");
    for (size_t i = 0; i < all; i++)
        if (strstr(text, segments[i].flags) && !strstr(text, " len "))
            right = i;
    if (right == SIZE_MAX)
        return false;
    choice(c, segments[right].flags, segments[right].why);
    for (size_t i = 0, k = mix((uint32_t)r->seq) % all; i < all && c->n < UI_CHOICES_MAX;
         i++, k = (k + 1) % all)
        if (k != right)
            choice(c, segments[k].flags, segments[k].why);
    snprintf(c->q->ask, sizeof c->q->ask, "Which TCP segment does %s send to %s next?",
             tape_host(s->run.tape, r->host), tape_host(s->run.tape, r->peer));
    return settle(c, (uint32_t)r->seq);
}

bool ui_question_make(struct ui_screen *s, uint32_t next, struct ui_question *q)
{
    struct choices c = { .q = q };
    struct trace_record r;
    *q = (struct ui_question){ .next = next };
    if (!s->program->replies || !s->program->commands || !tape_get(s->run.tape, next, &r))
        return false;
    switch (r.kind) {
    case TRACE_KIND_REPLY:
        return ask_reply(s, &r, &c);
    case TRACE_KIND_COMMAND:
    case TRACE_KIND_QUERY:
        return ask_command(s, &r, &c);
    case TRACE_KIND_ANSWER:
        return ask_answer(s, &r, &c);
    case TRACE_KIND_PHASE:
        return s->grain == TAPE_PHASE && ask_phase(s, &r, &c);
    case TRACE_KIND_SENT:
        return r.proto == TRACE_TCP && ask_segment(s, &r, &c);
    default:
        return false;
    }
}

/* ---- the conversation ------------------------------------------------------------------------------------
 */

bool ui_question_before(struct ui_screen *s, uint32_t next)
{
    if (s->question.open && s->question.next == next)
        return false; /* a second press: just show me */
    s->question.open = ui_question_make(s, next, &s->question);
    return s->question.open;
}

bool ui_question_key(struct ui_screen *s, uint32_t key)
{
    struct ui_question *q = &s->question;
    if (key == UI_KEY_ENTER) {
        ui_go(s, q->next);
        return true;
    }
    if (key < '1' || key > '9')
        return false;
    if (q->answered || key - '1' >= q->nchoices) {
        ui_say(s, UI_STYLE_WARN, q->answered ? "Enter goes on." : "There are %u choices.", q->nchoices);
        return true;
    }
    q->answered = true;
    q->taken = (unsigned)(key - '1');
    s->asked++;
    s->right += q->taken == q->right;
    return true;
}

int ui_question_rows(const struct ui_screen *s)
{
    return s->question.answered ? 7 : (int)s->question.nchoices + 3;
}

static void draw_answer(struct ui_screen *s, struct ui_canvas *c, struct ui_rect in)
{
    const struct ui_question *q = &s->question;
    bool good = q->taken == q->right;
    int row = in.row, used;
    char text[700];
    ui_mark(c, row, in.col + 1, good ? UI_STYLE_GOOD : UI_STYLE_BAD, good ? UI_MARK_DONE : UI_MARK_FAIL);
    ui_putf(c, row++, in.col + 3, in.cols - 4, good ? UI_STYLE_GOOD : UI_STYLE_BAD, "%s  %u  %s",
            good ? "Right:" : "What comes is", q->right + 1, q->choice[q->right]);
    snprintf(text, sizeof text, "%.399s", q->why[q->right]);
    used = ui_wrap(c, (struct ui_rect){ row, in.col + 3, good ? 3 : 2, in.cols - 4 }, 0, UI_STYLE_TEXT, text,
                   strlen(text));
    row += used < 2 ? used : 2;
    if (!good) {
        snprintf(text, sizeof text, "%u would have meant: %s", q->taken + 1, q->why[q->taken]);
        ui_wrap(c, (struct ui_rect){ row, in.col + 3, in.row + in.rows - row, in.cols - 4 }, 0, UI_STYLE_DIM,
                text, strlen(text));
    }
}

void ui_question_draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    const struct ui_question *q = &s->question;
    struct ui_rect in;
    char title[100];
    if (s->asked)
        snprintf(title, sizeof title, "what comes next?  (%u of %u right)", s->right, s->asked);
    else
        snprintf(title, sizeof title, "what comes next?");
    in = ui_box(c, room, title);
    ui_put(c, room.row + room.rows - 1, room.col + room.cols - 30, 28, UI_STYLE_DIM,
           q->answered ? " Enter goes on " : " Enter: just show me ");
    if (q->answered) {
        draw_answer(s, c, in);
        return;
    }
    ui_put_text(c, in.row, in.col + 1, in.cols - 2, UI_STYLE_ASK, q->ask, strlen(q->ask));
    for (unsigned i = 0; i < q->nchoices; i++) {
        ui_putf(c, in.row + 1 + (int)i, in.col + 2, 2, UI_STYLE_KEY, "%u", i + 1);
        ui_put_text(c, in.row + 1 + (int)i, in.col + 5, in.cols - 6, UI_STYLE_TEXT, q->choice[i],
                    strlen(q->choice[i]));
    }
}
