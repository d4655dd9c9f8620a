/* The server under load and under attack: long answers in pieces, several sessions, hostile input. */
#include "tests/imap/fixture.h"

#include "tests/check_main.h"

static struct mem_store *st;
static struct wire a, b;

static void setup(void)
{
    st = fixture_store();
    wire_open(&a, st);
    wire_open(&b, st);
}

static void teardown(void)
{
    wire_close(&a);
    wire_close(&b);
    ck_assert_int_eq(st->lent, 0);
    ck_assert_int_eq(st->views, 0);
    mem_free(st);
}

/* A big message whose octets tell their own offset. */
static char *big_mail(size_t len)
{
    static const char head[] = "Subject: big" CRLF CRLF;
    char *m = malloc(len);
    memcpy(m, head, sizeof head - 1);
    for (size_t i = sizeof head - 1; i < len; i++)
        m[i] = (char)('a' + (i * 7 + i / 251) % 26);
    return m;
}

static void fill(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        mem_add(st, mem_box(st, "INBOX"), mail_plain, sizeof mail_plain - 1, 0, 0, st->now);
}

/* ---- streaming ---- */

START_TEST(a_body_of_ten_megabytes_comes_in_pieces_and_whole)
{
    size_t size = 10 * 1024 * 1024, got = 0, pieces = 0, head;
    char *mail = big_mail(size);
    static const char command[] = "f FETCH 4 (BODY[] UID)\r\n";
    char want[64];
    mem_add(st, mem_box(st, "INBOX"), mail, size, IMAP_SEEN, 0, st->now);
    wire_select(&a);
    ck_assert_uint_eq(imap_server_step(&a.server, command, sizeof command - 1, &a.step), sizeof command - 1);
    head = (size_t)snprintf(want, sizeof want, "* 4 FETCH (BODY[] {%zu}\r\n", size);
    ck_assert_int_eq(memcmp(a.step.send.text, want, head), 0);
    ck_assert(a.step.more);
    ck_assert_int_eq(a.step.verdict, IMAP_RUNNING);
    for (;;) {
        const char *at = a.step.send.text + (pieces == 0 ? head : 0);
        size_t n = a.step.send.len - (pieces == 0 ? head : 0);
        if (n > size - got)
            n = size - got;
        ck_assert_int_eq(memcmp(at, mail + got, n), 0);
        got += n;
        pieces++;
        if (!a.step.more)
            break;
        ck_assert_int_eq(st->lent, 1);
        ck_assert(imap_server_pull(&a.server, &a.step));
    }
    ck_assert_uint_eq(got, size);
    ck_assert_uint_ge(pieces, size / WIRE_OUT_MAX);
    ck_assert_uint_le(pieces, size / WIRE_OUT_MAX + 3);
    ck_assert_int_eq(a.step.verdict, IMAP_COMPLETED);
    ck_assert(!imap_server_pull(&a.server, &a.step));
    free(mail);
}
END_TEST

START_TEST(two_sessions_stream_at_the_same_time_from_one_scratch)
{
    char *mail = big_mail(300000);
    static const char fetch_a[] = "f FETCH 4 BODY.PEEK[]<1000.200000>\r\n",
                      fetch_b[] = "g FETCH 4 BODY.PEEK[TEXT]\r\n";
    bool more = true;
    mem_add(st, mem_box(st, "INBOX"), mail, 300000, IMAP_SEEN, 0, st->now);
    wire_select(&a);
    wire_select(&b);
    a.out_len = b.out_len = 0;
    imap_server_step(&a.server, fetch_a, sizeof fetch_a - 1, &a.step);
    wire_collect(&a);
    imap_server_step(&b.server, fetch_b, sizeof fetch_b - 1, &b.step);
    wire_collect(&b);
    while (more) {
        more = false;
        if (imap_server_pull(&a.server, &a.step)) {
            wire_collect(&a);
            more = true;
        }
        if (imap_server_pull(&b.server, &b.step)) {
            wire_collect(&b);
            more = true;
        }
    }
    ck_assert_ptr_nonnull(strstr(a.out, "BODY[]<1000> {200000}\r\n"));
    ck_assert_int_eq(memcmp(strstr(a.out, "}\r\n") + 3, mail + 1000, 200000), 0);
    ck_assert_ptr_nonnull(strstr(b.out, "BODY[TEXT] {299984}\r\n"));
    ck_assert_int_eq(memcmp(strstr(b.out, "}\r\n") + 3, mail + 16, 299984), 0);
    free(mail);
}
END_TEST

START_TEST(ten_thousand_messages_are_fetched_across_pulls)
{
    char *at;
    unsigned n = 0;
    fill(9997);
    wire_select(&a);
    at = (char *)(uintptr_t)wire_say(&a, "f UID FETCH 1:* (FLAGS)\r\n");
    while ((at = strstr(at, "* ")) != NULL) {
        unsigned seq = 0;
        ck_assert_int_eq(sscanf(at, "* %u FETCH (", &seq), 1);
        ck_assert_uint_eq(seq, ++n);
        at += 2;
    }
    ck_assert_uint_eq(n, 10000);
    ck_assert_int_eq(a.verdict, IMAP_COMPLETED);
    ck_assert_uint_eq(a.marks - a.unexplained >= 10000, 1);
}
END_TEST

START_TEST(a_search_over_ten_thousand_messages_is_one_line)
{
    const char *text, *at;
    unsigned n = 0;
    fill(9997);
    wire_select(&a);
    text = wire_say(&a, "f SEARCH NOT FLAGGED\r\n");
    ck_assert_int_eq(strncmp(text, "* SEARCH 1 2 4 5 ", 17), 0);
    for (at = text; *at != '\r'; at++)
        n += *at == ' ';
    ck_assert_uint_eq(n - 1, 9999);
    ck_assert_str_eq(at, "\r\nf OK SEARCH completed\r\n");
}
END_TEST

START_TEST(ten_thousand_expunges_are_told_across_pulls)
{
    const char *at;
    unsigned n = 0;
    fill(9997);
    wire_select(&a);
    wire_say(&a, "s STORE 1:* +FLAGS.SILENT (\\Deleted)\r\n");
    ck_assert_str_eq(a.out, "s OK STORE completed\r\n");
    at = wire_say(&a, "e EXPUNGE\r\n");
    while (strncmp(at, "* 1 EXPUNGE\r\n", 13) == 0) {
        at += 13;
        n++;
    }
    ck_assert_uint_eq(n, 10000);
    ck_assert_str_eq(at, "e OK EXPUNGE completed\r\n");
}
END_TEST

START_TEST(a_huge_envelope_and_structure_stream_too)
{
    size_t cap = 400000, len = 0, parens = 0;
    char *mail = malloc(cap);
    const char *at;
    len += (size_t)sprintf(mail, "Subject: many\r\nTo: ");
    for (int i = 0; i < 990; i++)
        len += (size_t)sprintf(mail + len, "Person %d <person%d@example.org>,\r\n ", i, i);
    len +=
        (size_t)sprintf(mail + len, "last@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (int i = 0; i < 240; i++)
        len += (size_t)sprintf(
            mail + len, "--b\r\nContent-Type: text/plain; name=\"a rather long name %d\"\r\n\r\nx\r\n", i);
    len += (size_t)sprintf(mail + len, "--b--\r\n");
    ck_assert_uint_lt(len, cap);
    mem_add(st, mem_box(st, "INBOX"), mail, len, IMAP_SEEN, 0, st->now);
    wire_select(&a);
    wire_say(&a, "f FETCH 4 (ENVELOPE BODYSTRUCTURE)\r\n");
    ck_assert_ptr_nonnull(
        strstr(a.out, "(\"Person 989\" NIL \"person989\" \"example.org\")(NIL NIL \"last\""));
    ck_assert_ptr_nonnull(strstr(a.out, "a rather long name 239"));
    for (at = a.out; *at; at++)
        parens += *at == '(' ? 1u : *at == ')' ? (size_t)-1 : 0;
    ck_assert_uint_eq(parens, 0);
    ck_assert_int_eq(a.verdict, IMAP_COMPLETED);
    free(mail);
}
END_TEST

START_TEST(flags_that_change_while_a_body_streams_do_not_tear_the_response)
{
    char *mail = big_mail(100000);
    static const char fetch[] = "f FETCH 4 (FLAGS BODY.PEEK[] FLAGS)\r\n";
    struct mem_message *m = mem_add(st, mem_box(st, "INBOX"), mail, 100000, 0, 0, st->now);
    wire_select(&a);
    a.out_len = 0;
    imap_server_step(&a.server, fetch, sizeof fetch - 1, &a.step);
    wire_collect(&a);
    m->flags = IMAP_SEEN | IMAP_ANSWERED | IMAP_FLAGGED; /* another device */
    while (imap_server_pull(&a.server, &a.step))
        wire_collect(&a);
    ck_assert_int_eq(strncmp(a.out, "* 4 FETCH (FLAGS (\\Recent) BODY[] {100000}\r\n", 44), 0);
    ck_assert_str_eq(a.out + 44 + 100000, " FLAGS (\\Recent))\r\nf OK FETCH completed\r\n");
    free(mail);
}
END_TEST

START_TEST(without_memory_a_long_answer_ends_the_connection)
{
    static const char fetch[] = "f FETCH 1:* BODY.PEEK[]\r\n";
    fill(300);
    wire_select(&a);
    st->no_memory = true;
    imap_server_step(&a.server, fetch, sizeof fetch - 1, &a.step);
    ck_assert(a.step.close);
    ck_assert(!a.step.more);
    ck_assert_uint_eq(imap_server_step(&a.server, fetch, sizeof fetch - 1, &a.step), 0);
    wire_say(&b, "l LOGIN {5}\r\n");
    ck_assert_int_eq(b.verdict, IMAP_LIMIT);
}
END_TEST

/* ---- two sessions on one mailbox ---- */

START_TEST(what_one_session_does_the_other_is_told)
{
    wire_select(&a);
    wire_select(&b);
    wire_say(&b, "i IDLE\r\n");
    wire_say(&a, "s STORE 2 +FLAGS (\\Flagged)\r\n");
    ck_assert_str_eq(a.out, "* 2 FETCH (FLAGS (\\Flagged \\Recent))\r\ns OK STORE completed\r\n");
    b.out_len = 0;
    ck_assert(imap_server_poll(&b.server, &b.step));
    wire_collect(&b);
    ck_assert_str_eq(b.out, "* 2 FETCH (FLAGS (\\Flagged))\r\n"); /* \Recent belongs to the first session */
    wire_say(&a, "t UID MOVE 1 Sent\r\n");
    ck_assert_str_eq(a.out, "* OK [COPYUID 1002 1 1] Moved\r\n* 1 EXPUNGE\r\nt OK UID MOVE completed\r\n");
    b.out_len = 0;
    ck_assert(imap_server_poll(&b.server, &b.step));
    wire_collect(&b);
    ck_assert_str_eq(b.out, "* 1 EXPUNGE\r\n");
    ck_assert(!imap_server_poll(&b.server, &b.step));
    ck_assert(!imap_server_poll(&a.server, &a.step));
}
END_TEST

START_TEST(numbers_stand_still_until_the_client_is_told)
{
    wire_select(&a);
    wire_select(&b);
    wire_say(&a, "s STORE 1 +FLAGS.SILENT (\\Deleted)\r\n");
    wire_say(&a, "e EXPUNGE\r\n");
    wire_say(&b, "f FETCH 3 UID\r\n");
    ck_assert_ptr_nonnull(strstr(b.out, "* 3 FETCH (UID 3)\r\n"));
    ck_assert_ptr_null(strstr(b.out, "EXPUNGE"));
    wire_say(&b, "g FETCH 1 BODY.PEEK[TEXT]\r\n"); /* still there for the session that counts it */
    ck_assert_ptr_nonnull(strstr(b.out, "lunch at noon?"));
    wire_say(&b, "h NOOP\r\n");
    ck_assert_str_eq(b.out, "* 1 EXPUNGE\r\nh OK NOOP completed\r\n");
    wire_say(&b, "i FETCH 2 UID\r\n");
    ck_assert_str_eq(b.out, "* 2 FETCH (UID 3)\r\ni OK FETCH completed\r\n");
}
END_TEST

START_TEST(reading_a_body_marks_it_for_the_other_device)
{
    wire_select(&a);
    wire_select(&b);
    wire_say(&a, "f FETCH 2 BODY[1]\r\n");
    wire_say(&b, "n NOOP\r\n");
    ck_assert_str_eq(b.out, "* 2 FETCH (FLAGS (\\Seen))\r\nn OK NOOP completed\r\n");
}
END_TEST

/* ---- hostile input ---- */

START_TEST(deep_parentheses_are_refused)
{
    char text[40000] = "s SEARCH ";
    size_t n = strlen(text);
    memset(text + n, '(', 30000);
    memcpy(text + n + 30000, "\r\n", 3);
    wire_select(&a);
    wire_say(&a, text);
    ck_assert_str_eq(a.out, "s BAD Command is too complex\r\n");
    n = (size_t)sprintf(text, "s SEARCH ");
    for (int i = 0; i < 5000; i++)
        n += (size_t)sprintf(text + n, "NOT ");
    sprintf(text + n, "ALL\r\n");
    wire_say(&a, text);
    ck_assert_int_eq(a.verdict, IMAP_TOO_COMPLEX);
    n = (size_t)sprintf(text, "s SEARCH ALL");
    for (int i = 0; i < 1000; i++)
        n += (size_t)sprintf(text + n, " ALL");
    sprintf(text + n, "\r\n");
    wire_say(&a, text);
    ck_assert_int_eq(a.verdict, IMAP_TOO_COMPLEX);
    wire_say(&a, "n NOOP\r\n");
    ck_assert_int_eq(a.verdict, IMAP_COMPLETED);
}
END_TEST

START_TEST(huge_sequence_sets_are_refused_and_backward_ones_sorted)
{
    static char text[IMAP_LINE_MAX];
    size_t n = (size_t)sprintf(text, "s FETCH 1");
    for (int i = 0; i < 20000; i++)
        n += (size_t)sprintf(text + n, ",%d", i % 3 + 1);
    sprintf(text + n, " UID\r\n");
    wire_select(&a);
    wire_say(&a, text);
    ck_assert_int_eq(a.verdict, IMAP_TOO_COMPLEX);
    n = (size_t)sprintf(text, "s UID FETCH 4294967295:4294967290");
    for (int i = 2000; i > 0; i--)
        n += (size_t)sprintf(text + n, ",%d", i);
    sprintf(text + n, " UID\r\n");
    wire_say(&a, text);
    ck_assert_str_eq(
        a.out, "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n* 3 FETCH (UID 3)\r\ns OK UID FETCH completed\r\n");
    wire_say(&a, "s FETCH 4294967296 UID\r\n");
    ck_assert_int_eq(a.verdict, IMAP_BAD_SYNTAX);
}
END_TEST

START_TEST(an_endless_line_ends_the_connection)
{
    static char text[IMAP_LINE_MAX + 10];
    memset(text, 'x', sizeof text);
    wire_feed(&a, text, sizeof text, 1000);
    ck_assert_int_eq(a.verdict, IMAP_LINE_TOO_LONG);
    ck_assert(a.step.close);
    ck_assert_int_eq(strncmp(a.out, "* BYE ", 6), 0);
}
END_TEST

START_TEST(a_literal_of_four_gigabytes_is_refused_before_it_comes)
{
    wire_say(&a, "l LOGIN {4294967295}\r\n");
    ck_assert_str_eq(a.out, "l BAD Literal is too big\r\n");
    wire_login(&a);
    wire_say(&a, "l APPEND Sent {4294967295}\r\n");
    ck_assert_str_eq(a.out, "l NO [TOOBIG] Message is too big\r\n");
    wire_say(&a, "l APPEND Sent {4294967295+}\r\n");
    ck_assert_str_eq(a.out, "* BYE Literal is too big\r\n");
    ck_assert_int_eq(a.verdict, IMAP_FLOODED);
    ck_assert(a.step.close);
}
END_TEST

START_TEST(many_literals_do_not_add_up_beyond_the_limit)
{
    wire_say(&a, "l LOGIN {8000+}\r\n");
    for (int i = 0; i < 80; i++)
        wire_say(&a, "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiii"
                     "iiijjjjjjjjjj");
    wire_say(&a, " {8000+}\r\n");
    for (int i = 0; i < 80; i++)
        wire_say(&a, "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiii"
                     "iiijjjjjjjjjj");
    wire_say(&a, "\r\n");
    ck_assert_int_eq(a.verdict, IMAP_LITERAL_TOO_BIG);
    ck_assert_int_eq(st->lent, 0);
    wire_login(&a);
}
END_TEST

START_TEST(too_many_errors_end_the_connection)
{
    for (int i = 0; i < IMAP_ERRORS_MAX - 1; i++) {
        wire_say(&a, "l LOGIN alice guess\r\n");
        ck_assert_int_eq(a.verdict, IMAP_WRONG_PASSWORD);
    }
    wire_say(&a, "l LOGIN alice guess\r\n");
    ck_assert_int_eq(a.verdict, IMAP_TOO_MANY_ERRORS);
    ck_assert_ptr_nonnull(strstr(a.out, "* BYE Too many errors\r\n"));
    ck_assert(a.step.close);
    ck_assert_int_eq(a.step.after, IMAP_LOGOUT);
}
END_TEST

START_TEST(bare_line_feeds_and_nuls_end_no_command)
{
    wire_say(&a, "l LOGIN alice secret\n");
    ck_assert_str_eq(a.out, "* BAD Syntax error\r\n");
    wire_say(&a, "l LOGIN alice\rx secret\r\n");
    ck_assert_int_eq(a.verdict, IMAP_BAD_SYNTAX);
    a.out_len = 0;
    wire_feed(&a, "l LOGIN al\0ce secret\r\n", 22, 22);
    ck_assert_int_eq(a.verdict, IMAP_BAD_SYNTAX);
    ck_assert_int_eq(a.server.state, IMAP_NOT_AUTHENTICATED);
}
END_TEST

START_TEST(hostile_list_patterns_cost_little)
{
    char name[300] = "", text[900];
    wire_login(&a);
    for (int i = 0; i < 120; i++)
        strcat(name, i ? "/a" : "a");
    snprintf(text, sizeof text, "c CREATE %s/c\r\n", name);
    wire_say(&a, text);
    ck_assert_int_eq(a.verdict, IMAP_COMPLETED);
    wire_say(&a, "l LIST \"\" *a%*a%*a%*a%*a%*a%*a%*a%*a%*a%*a%*a%*a%*a%*a%*a%*a%*a%\r\n");
    ck_assert_int_eq(a.verdict, IMAP_COMPLETED);
    wire_say(&a, "l LIST \"\" *a%\r\n");
    ck_assert_int_eq(a.verdict, IMAP_COMPLETED);
}
END_TEST

START_TEST(random_octets_never_break_the_server)
{
    static const char *const words[] = { "a ",
                                         "FETCH ",
                                         "SEARCH ",
                                         "STORE ",
                                         "1:*",
                                         "(",
                                         ")",
                                         "BODY[",
                                         "]",
                                         "<0.5>",
                                         "{3}",
                                         "{2+}",
                                         "{99999999+}",
                                         "{9000}",
                                         "NOOP",
                                         "AUTHENTICATE ",
                                         "UID EXPUNGE ",
                                         "MOVE ",
                                         "RENAME ",
                                         "LSUB ",
                                         "\"INBOX\"",
                                         "{99999999+}",
                                         "{9000}",
                                         "NOOP",
                                         "AUTHENTICATE ",
                                         "UID EXPUNGE ",
                                         "MOVE ",
                                         "RENAME ",
                                         "\r\n",
                                         "\r\n",
                                         "\"",
                                         "UID ",
                                         "HEADER",
                                         ".FIELDS",
                                         " ",
                                         "FLAGS",
                                         "\\Seen",
                                         "INBOX",
                                         "*",
                                         "%",
                                         "OR ",
                                         "NOT ",
                                         "1.2",
                                         "LIST ",
                                         "APPEND ",
                                         "COPY ",
                                         "IDLE",
                                         "DONE",
                                         "SELECT ",
                                         "+FLAGS ",
                                         "ALL",
                                         "1-Jan-2024",
                                         "FROM ",
                                         "ENVELOPE",
                                         "\n",
                                         "\x80",
                                         "STATUS ",
                                         "MESSAGES",
                                         "EXPUNGE",
                                         "=",
                                         "," };
    uint32_t seed = 12345;
    for (int round = 0; round < 40; round++) {
        char text[4000];
        size_t n = 0;
        wire_close(&a);
        fixture_config.errors_max = 100000;
        wire_open(&a, st);
        if (round % 4 != 0)
            wire_select(&a);
        while (n < 3900) {
            const char *word;
            seed = seed * 1664525u + 1013904223u;
            word = words[(seed >> 8) % (sizeof words / sizeof words[0])];
            memcpy(text + n, word, strlen(word));
            n += strlen(word);
        }
        a.out_len = 0;
        wire_feed(&a, text, n, 1 + seed % 97);
    }
}
END_TEST

/* ---- secrets, time, greeting ---- */

START_TEST(passwords_are_marked_for_masking)
{
    static const char login[] = "l LOGIN alice \"sec ret\"\r\n", sasl[] = "l AUTHENTICATE PLAIN AGE=\r\n",
                      literal[] = "l LOGIN alice {6}\r\n";
    imap_server_step(&a.server, login, sizeof login - 1, &a.step);
    ck_assert_uint_eq(a.step.secret_at, 14);
    ck_assert_uint_eq(a.step.secret_len, 9);
    imap_server_step(&a.server, sasl, sizeof sasl - 1, &a.step);
    ck_assert_uint_eq(a.step.secret_at, 21);
    ck_assert_uint_eq(a.step.secret_len, 4);
    imap_server_step(&a.server, literal, sizeof literal - 1, &a.step);
    ck_assert_int_eq(a.step.verdict, IMAP_SEND_LITERAL);
    imap_server_step(&a.server, "secret", 6, &a.step);
    ck_assert_uint_eq(a.step.secret_len, 6);
    imap_server_step(&a.server, "\r\n", 2, &a.step);
    ck_assert_int_eq(a.step.verdict, IMAP_LOGGED_IN);
}
END_TEST

START_TEST(a_busy_server_and_a_silent_client_get_a_bye)
{
    ck_assert_uint_eq(imap_server_patience_ns(&a.server), IMAP_PATIENCE_NS);
    imap_server_expire(&a.server, false, &a.step);
    ck_assert_int_eq(a.step.verdict, IMAP_TIMED_OUT);
    ck_assert_int_eq(strncmp(a.step.send.text, "* BYE ", 6), 0);
    ck_assert(a.step.close);
    imap_server_init(&b.server, &fixture_config, &b.session, NULL, false);
    imap_server_greet(&b.server, true, &b.step);
    ck_assert_int_eq(b.step.verdict, IMAP_BUSY);
    ck_assert(b.step.close);
}
END_TEST

START_TEST(a_connection_that_breaks_gives_everything_back)
{
    wire_select(&a);
    wire_say(&a, "p APPEND Sent {100}\r\n");
    ck_assert_int_eq(a.verdict, IMAP_SEND_LITERAL);
    wire_say(&a, "only some of it");
    wire_select(&b);
    wire_say(&b, "s SEARCH TEXT {50}\r\n");
    ck_assert_int_eq(st->lent, 1);
    wire_close(&a);
    wire_close(&b);
    ck_assert_int_eq(st->lent, 0);
    ck_assert_int_eq(st->views, 0);
    ck_assert_uint_eq(mem_box(st, "Sent")->n, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("imap server");
    TCase *t = tcase_create("long answers");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_body_of_ten_megabytes_comes_in_pieces_and_whole);
    tcase_add_test(t, two_sessions_stream_at_the_same_time_from_one_scratch);
    tcase_add_test(t, ten_thousand_messages_are_fetched_across_pulls);
    tcase_add_test(t, a_search_over_ten_thousand_messages_is_one_line);
    tcase_add_test(t, ten_thousand_expunges_are_told_across_pulls);
    tcase_add_test(t, a_huge_envelope_and_structure_stream_too);
    tcase_add_test(t, flags_that_change_while_a_body_streams_do_not_tear_the_response);
    tcase_add_test(t, without_memory_a_long_answer_ends_the_connection);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    t = tcase_create("several sessions");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_one_session_does_the_other_is_told);
    tcase_add_test(t, numbers_stand_still_until_the_client_is_told);
    tcase_add_test(t, reading_a_body_marks_it_for_the_other_device);
    suite_add_tcase(s, t);
    t = tcase_create("hostile input");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, deep_parentheses_are_refused);
    tcase_add_test(t, huge_sequence_sets_are_refused_and_backward_ones_sorted);
    tcase_add_test(t, an_endless_line_ends_the_connection);
    tcase_add_test(t, a_literal_of_four_gigabytes_is_refused_before_it_comes);
    tcase_add_test(t, many_literals_do_not_add_up_beyond_the_limit);
    tcase_add_test(t, too_many_errors_end_the_connection);
    tcase_add_test(t, bare_line_feeds_and_nuls_end_no_command);
    tcase_add_test(t, hostile_list_patterns_cost_little);
    tcase_add_test(t, random_octets_never_break_the_server);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    t = tcase_create("the connection");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, passwords_are_marked_for_masking);
    tcase_add_test(t, a_busy_server_and_a_silent_client_get_a_bye);
    tcase_add_test(t, a_connection_that_breaks_gives_everything_back);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
