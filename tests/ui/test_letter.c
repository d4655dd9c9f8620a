/* letter and stages: what crossed the wire is the message that was sent; how far each conversation came. */
#include "ui/tape/letter.h"

#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/ui/catalogue.h"
#include "ui/tape/stages.h"

static const char *attr(const struct trace_record *r, const char *key)
{
    const char *value = trace_attr_get(r, key);
    return value ? value : "";
}

static uint64_t number(const struct trace_record *r, const char *key)
{
    for (unsigned i = 0; i < r->nattr; i++)
        if (strcmp(r->attr[i].key, key) == 0)
            return (uint64_t)r->attr[i].number;
    return 0;
}

static ptrdiff_t letter_named(const struct letters *l, const char *message_id)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->letter[i].message_id, message_id) == 0)
            return (ptrdiff_t)i;
    return -1;
}

/* The first copy of a letter. */
static const struct letter_copy *first_copy(const struct letters *l, size_t letter)
{
    for (size_t i = 0; i < l->ncopies; i++)
        if (l->copy[i].letter == letter)
            return &l->copy[i];
    return NULL;
}

static size_t copies_read;

/* A mail program says how many octets it sends, and how many it has got: as many have crossed the wire. */
static void octets_are_those_that_were_told(const char *name, struct tape *t)
{
    struct letters *l = letters_new(t);
    const struct tape_list *list = tape_of_kind(t, TRACE_KIND_CLIENT);
    struct letter_text text = { 0 };
    struct trace_record r;
    for (size_t i = 0; i < list->n; i++) {
        const struct letter_copy *c;
        ptrdiff_t letter;
        bool sends, gets;
        ck_assert(tape_get(t, list->seq[i], &r));
        sends = strcmp(attr(&r, "event"), "sending") == 0;
        gets = strcmp(attr(&r, "event"), "message") == 0;
        if (!sends && !gets)
            continue;
        letter = letter_named(l, attr(&r, "message_id"));
        ck_assert_msg(letter >= 0, "%s: no letter %s", name, attr(&r, "message_id"));
        c = sends ? first_copy(l, (size_t)letter) : letters_copy(l, (size_t)letter, list->seq[i], NULL);
        if (!c || !c->end || (sends && c->from != r.host))
            continue; /* it never came so far */
        letter_text_read(&text, t, c, tape_last(t));
        ck_assert(text.complete);
        ck_assert_msg(text.len == number(&r, "octets"), "%s: %s at %u: %zu octets, not %lu", name,
                      attr(&r, "message_id"), list->seq[i], text.len, (unsigned long)number(&r, "octets"));
        ck_assert(!strstr(text.octets, "\r\n..\r\n"));
        copies_read++;
        letter_text_read(&text, t, c, c->first - 1); /* before its first octet there is nothing */
        ck_assert_uint_eq(text.len, 0);
        ck_assert(!text.complete);
        letter_text_read(&text, t, c, c->first);
        ck_assert_uint_gt(text.len, 0);
        ck_assert(c->first == c->last || !text.complete);
    }
    letter_text_free(&text);
    letters_free(l);
}

START_TEST(a_copy_has_the_octets_that_were_sent)
{
    catalogue_each(octets_are_those_that_were_told);
    ck_assert_uint_gt(copies_read, 20);
}
END_TEST

/* Each content line crosses once: put together, lines are what the copy is, whichever record is asked for. */
START_TEST(a_message_keeps_its_octets_from_hop_to_hop)
{
    struct tape *t = catalogue_tape("first-message");
    struct letters *l = letters_new(t);
    struct letter_text first = { 0 }, last = { 0 };
    const struct letter_copy *c = letters_copy(l, 0, tape_last(t), NULL);
    size_t n = 0, body;
    ck_assert_uint_eq(l->n, 1);
    for (; c; c = letters_copy(l, 0, tape_last(t), c), n++) {
        struct letter_text *text = n == 0 ? &last : &first;
        letter_text_read(text, t, c, tape_last(t));
        ck_assert(text->complete);
        if (c->proto != TRACE_SMTP)
            continue;
        ck_assert_uint_ne(c->mail_reply, 0);
        ck_assert_uint_ne(c->verdict, 0);
        ck_assert_uint_eq(c->nrcpt, 1);
        ck_assert_uint_ne(l->rcpt[c->rcpt].reply, 0);
    }
    ck_assert_uint_eq(n, 4);
    ck_assert_uint_gt(last.len, first.len);
    body = first.len; /* hops add on top: the rest is the message as alice wrote it */
    ck_assert_int_eq(memcmp(last.octets + last.len - body, first.octets, body), 0);
    ck_assert_int_eq(strncmp(last.octets, "Return-Path: <alice@example.com>\r\n", 34), 0);
    letter_text_free(&first);
    letter_text_free(&last);
    letters_free(l);
    tape_free(t);
}
END_TEST

static void places_have_letters(const char *name, struct tape *t)
{
    struct letters *l = letters_new(t);
    for (uint32_t seq = 0; seq <= tape_last(t); seq++) {
        ptrdiff_t letter = letters_of_place(l, t, seq);
        ck_assert_msg(letter < (ptrdiff_t)l->n, "%s at %u", name, seq);
        if (letter >= 0)
            ck_assert_msg(l->letter[letter].first <= seq, "%s at %u: a letter of the future", name, seq);
    }
    for (size_t i = 0; i < l->ncopies; i++)
        ck_assert(l->copy[i].letter < l->n && (i == 0 || l->copy[i - 1].begin <= l->copy[i].begin));
    letters_free(l);
}

START_TEST(no_place_shows_a_message_of_the_future)
{
    catalogue_each(places_have_letters);
}
END_TEST

/* ---- stages ---- */

/* The cells of a row as words: "ok ok - 250 250 x550 - - -". */
static const char *row_text(const struct stages *g, size_t row, uint32_t place, char buf[200])
{
    int n = 0;
    for (int i = 0; i < STAGE_COUNT; i++) {
        const struct stages_event *e = stages_cell(g, row, (enum stage)i, place);
        n += snprintf(buf + n, 200 - (size_t)n, "%s%s%s", i ? " " : "", e && e->bad ? "x" : "",
                      e ? e->word : "-");
    }
    return buf;
}

static void rows_are(const char *scenario, const char *const *rows, size_t n)
{
    struct tape *t = catalogue_tape(scenario);
    struct letters *l = letters_new(t);
    struct stages *g = stages_new(t, l);
    char text[200];
    ck_assert_uint_eq(stages_begun(g, 0), 0);
    ck_assert_uint_eq(g->n, n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_str_eq(row_text(g, i, tape_last(t), text), rows[i]);
        ck_assert_str_eq(row_text(g, i, g->row[i].first > 1 ? 1 : 0, text), "- - - - - - - - -");
        for (int k = 0; k < STAGE_COUNT; k++) {
            const struct stages_event *e = stages_cell(g, i, (enum stage)k, tape_last(t));
            if (e && e->seq > 1 && !e->bad)
                ck_assert(stages_cell(g, i, (enum stage)k, e->seq) == e);
        }
    }
    stages_free(g);
    letters_free(l);
    tape_free(t);
}

#define ROWS_ARE(scenario, ...)                                                                              \
    rows_are(scenario, (const char *const[]){ __VA_ARGS__ },                                                 \
             sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

START_TEST(stages_of_a_message_that_arrives)
{
    ROWS_ARE("first-message", "ok ok - ok 250 250 250 - -", "ok ok - - 250 250 250 ok -",
             "ok ok - ok - - - - ok", "ok ok - ok - - - - ok");
}
END_TEST

START_TEST(stages_of_a_message_for_nobody)
{
    ROWS_ARE("no-such-user", "ok ok - ok 250 250 250 - -", "ok ok - - 250 x550 - - -",
             "ok ok - ok - - - - ok");
}
END_TEST

START_TEST(stages_of_wrong_ports)
{
    ROWS_ARE("plaintext-to-465", "ok ok - - xtimed-out - - - -"); /* it waited for the greeting */
    ROWS_ARE("wrong-port", "ok xtimed-out - - - - - - -", "ok xrefused - - - - - - -",
             "ok ok - - 250 x554 - - -", "ok ok - - xnot-smtp - - - -", "ok ok - - xnot-smtp - - - -",
             "ok xrefused - - - - - - -", "ok ok - ok 250 250 250 ok -");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("letter");
    TCase *c = tcase_create("messages");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, a_copy_has_the_octets_that_were_sent);
    tcase_add_test(c, a_message_keeps_its_octets_from_hop_to_hop);
    tcase_add_test(c, no_place_shows_a_message_of_the_future);
    tcase_add_test(c, stages_of_a_message_that_arrives);
    tcase_add_test(c, stages_of_a_message_for_nobody);
    tcase_add_test(c, stages_of_wrong_ports);
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(suite)
