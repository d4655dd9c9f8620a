/* Extensions under load, without memory, and against hostile input; names in their two spellings. */
#include "tests/imap/fixture.h"

#include "protocols/imap/imap_parse.h"
#include "protocols/wire/base64.h"
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

static void fill(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        mem_add(st, mem_box(st, "INBOX"), mail_plain, sizeof mail_plain - 1, 0, 0, st->now);
}

/* ---- what is offered ---- */

static const char *offers(unsigned extensions, const struct imap_store_ops *store)
{
    fixture_config.extensions = extensions;
    fixture_config.store = store;
    wire_close(&a);
    wire_open(&a, st);
    return wire_say(&a, "c CAPABILITY\r\n");
}

START_TEST(what_the_store_cannot_do_is_not_offered)
{
    struct imap_store_ops poor = mem_ops;
    poor.known_modseq = NULL;
    ck_assert_ptr_null(strstr(offers(IMAP_EXT_ALL, &poor), "CONDSTORE"));
    ck_assert_ptr_null(strstr(a.out, "QRESYNC"));
    ck_assert_ptr_nonnull(strstr(a.out, " QUOTA QUOTA=RES-STORAGE "));
    poor = mem_ops;
    poor.vanished = NULL;
    poor.quota = NULL;
    ck_assert_ptr_nonnull(strstr(offers(IMAP_EXT_ALL, &poor), " CONDSTORE "));
    ck_assert_ptr_null(strstr(a.out, "QRESYNC"));
    ck_assert_ptr_null(strstr(a.out, "QUOTA"));
    wire_login(&a);
    wire_say(&a, "g GETQUOTA \"\"\r\n");
    ck_assert_int_eq(a.verdict, IMAP_UNKNOWN_COMMAND);
    wire_say(&a, "e ENABLE QRESYNC CONDSTORE\r\n");
    ck_assert_str_eq(a.out, "* ENABLED CONDSTORE\r\ne OK ENABLE completed\r\n");
}
END_TEST

START_TEST(the_newer_imap_needs_all_its_parts)
{
    ck_assert_ptr_nonnull(strstr(offers(IMAP_EXT_ALL, &mem_ops), " IMAP4rev2 "));
    for (unsigned bit = 1; bit <= IMAP_EXT_ALL; bit <<= 1) {
        bool part = (IMAP_EXT_REV2_PARTS & bit) != 0 || bit == IMAP_EXT_REV2;
        ck_assert_int_eq(strstr(offers(IMAP_EXT_ALL & ~bit, &mem_ops), " IMAP4rev2 ") == NULL, part);
    }
    ck_assert_ptr_null(strstr(offers(IMAP_EXT_ALL & ~(unsigned)IMAP_EXT_ESEARCH, &mem_ops), "SEARCHRES"));
    ck_assert_ptr_null(strstr(offers(IMAP_EXT_ALL, &mem_ops), "LITERAL-")); /* beside LITERAL+ */
    ck_assert_ptr_nonnull(
        strstr(offers(IMAP_EXT_ALL & ~(unsigned)IMAP_EXT_LITERAL_PLUS, &mem_ops), " LITERAL- "));
}
END_TEST

START_TEST(a_long_literal_may_not_come_unasked)
{
    static char text[6000];
    offers(IMAP_EXT_ALL & ~(unsigned)IMAP_EXT_LITERAL_PLUS, &mem_ops);
    wire_login(&a);
    memset(text, 'x', 5000);
    wire_say(&a, "s STATUS {5000+}\r\n");
    wire_say(&a, text);
    wire_say(&a, " (MESSAGES)\r\n");
    ck_assert_str_eq(a.out, "s BAD [TOOBIG] Literal must wait for permission\r\n");
    ck_assert_int_eq(a.verdict, IMAP_LITERAL_UNASKED);
    wire_say(&a, "s APPEND Sent {4097+}\r\n");
    text[4097] = '\0';
    wire_say(&a, text);
    wire_say(&a, "\r\n");
    ck_assert_int_eq(a.verdict, IMAP_LITERAL_UNASKED);
    wire_say(&a, "s APPEND Sent {4096+}\r\n");
    text[4096] = '\0';
    wire_say(&a, text);
    wire_say(&a, "\r\n");
    ck_assert_int_eq(a.verdict, IMAP_APPENDED);
}
END_TEST

START_TEST(a_message_with_an_octet_of_zero_is_not_stored)
{
    static const char plain[] = "p APPEND Sent {12+}\r\nSubject: \0x\n\r\n",
                      literal8[] = "q APPEND Sent ~{12+}\r\nSubject: \0x\n\r\n";
    wire_login(&a);
    wire_feed(&a, plain, sizeof plain - 1, 5);
    ck_assert_int_eq(a.verdict, IMAP_UNKNOWN_CTE);
    wire_feed(&a, literal8, sizeof literal8 - 1, 5);
    ck_assert_int_eq(a.verdict, IMAP_UNKNOWN_CTE);
    ck_assert_uint_eq(mem_box(st, "Sent")->n, 0);
}
END_TEST

/* ---- load ---- */

static uint32_t count_of(const char *text, const char *what)
{
    uint32_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

START_TEST(ten_thousand_messages_are_sorted_across_pulls)
{
    fill(9997);
    wire_select(&a);
    wire_say(&a, "s SORT (REVERSE ARRIVAL REVERSE SUBJECT SUBJECT) UTF-8 4:*\r\n");
    ck_assert_int_eq(strncmp(a.out, "* SORT 4 5 6 ", 13), 0); /* all alike: by place */
    wire_say(&a, "s UID SORT (SIZE) UTF-8 UNSEEN\r\n");
    ck_assert_uint_eq(count_of(a.out, " ") - 1 - 4, 9999);
    wire_say(&a, "s SORT (DATE FROM TO CC SIZE) UTF-8 ALL\r\n");
    ck_assert_int_eq(a.verdict, IMAP_COMPLETED);
}
END_TEST

START_TEST(a_chain_of_five_thousand_answers_is_threaded)
{
    char mail[256];
    size_t depth = 0, deepest = 0;
    for (int i = 0; i < 5000; i++) {
        int n = snprintf(mail, sizeof mail,
                         "Message-ID: <%d@x>\r\nIn-Reply-To: <%d@x>\r\nSubject: %d\r\n\r\n", i, i - 1, i);
        mem_add(st, mem_box(st, "Sent"), mail, (size_t)n, 0, 0, st->now);
    }
    wire_login(&a);
    wire_say(&a, "s SELECT Sent\r\n");
    wire_say(&a, "t THREAD REFERENCES UTF-8 ALL\r\n");
    ck_assert_int_eq(a.verdict, IMAP_COMPLETED);
    for (const char *c = a.out; *c != '\r'; c++) {
        depth += *c == '(' ? 1u : *c == ')' ? (size_t)-1 : 0;
        deepest = depth > deepest ? depth : deepest;
    }
    ck_assert_uint_eq(depth, 0);
    ck_assert_uint_eq(deepest, 1);              /* one answer each: no brackets inside */
    ck_assert_uint_eq(count_of(a.out, "("), 5); /* a chain may be 1000 deep */
    wire_say(&a, "t UID THREAD ORDEREDSUBJECT UTF-8 ALL\r\n");
    ck_assert_uint_eq(count_of(a.out, "("), 5000);
}
END_TEST

START_TEST(a_large_attachment_is_decoded_across_pulls)
{
    static const char head[] = "Subject: big\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    size_t octets = 3000000, cap = WIRE_BASE64_LINES_LEN(octets) + sizeof head, len = sizeof head - 1;
    char *raw = malloc(octets), *mail = malloc(cap), want[64];
    const char *at;
    for (size_t i = 0; i < octets; i++)
        raw[i] = (char)((i * 7 + i / 251) & 0xff);
    memcpy(mail, head, len);
    len += wire_base64_encode_lines(mail + len, raw, octets);
    mem_add(st, mem_box(st, "INBOX"), mail, len, 0, 0, st->now);
    wire_select(&a);
    /* The collector is a megabyte: three pieces of the whole, which must join. */
    for (size_t from = 0; from < octets; from += 1000000) {
        snprintf(want, sizeof want, "f FETCH 4 (BINARY.PEEK[1]<%zu.1000000> BINARY.SIZE[1])\r\n", from);
        wire_say(&a, want);
        snprintf(want, sizeof want, "* 4 FETCH (BINARY[1]<%zu> ~{1000000}\r\n", from);
        ck_assert_int_eq(strncmp(a.out, want, strlen(want)), 0);
        at = a.out + strlen(want);
        ck_assert_int_eq(memcmp(at, raw + from, 1000000), 0);
        ck_assert_str_eq(at + 1000000, " BINARY.SIZE[1] 3000000)\r\nf OK FETCH completed\r\n");
    }
    free(raw);
    free(mail);
}
END_TEST

START_TEST(ten_thousand_vanish_in_few_lines)
{
    fill(9997);
    wire_login(&a);
    wire_say(&a, "e ENABLE QRESYNC\r\n");
    wire_say(&a, "s SELECT INBOX\r\n");
    wire_select(&b);
    for (uint32_t uid = 1; uid <= 10000; uid += 2)
        mem_remove(mem_box(st, "INBOX"), mem_by_uid(mem_box(st, "INBOX"), uid));
    wire_say(&a, "n NOOP\r\n");
    ck_assert_int_eq(strncmp(a.out, "* VANISHED 1,3,5,7,", 19), 0);
    ck_assert_uint_lt(count_of(a.out, "VANISHED"), 10);
    ck_assert_uint_eq(count_of(a.out, ",") + count_of(a.out, "VANISHED"), 5000);
    wire_say(&a, "s SELECT INBOX (QRESYNC (1001 1 2:9000))\r\n");
    ck_assert_uint_eq(count_of(a.out, ",") + count_of(a.out, "VANISHED"), 4499);
    ck_assert_uint_eq(count_of(a.out, " FETCH (UID "), 4500);
    ck_assert_int_eq(a.verdict, IMAP_OPENED);
    wire_say(&a, "d STORE 1:* +FLAGS.SILENT (\\Deleted)\r\n");
    wire_say(&a, "x EXPUNGE\r\n");
    ck_assert_ptr_nonnull(strstr(a.out, ",9998,10000\r\nx OK [HIGHESTMODSEQ "));
}
END_TEST

START_TEST(a_condition_fails_for_many_and_the_code_stays_whole)
{
    const char *code, *end;
    fill(9997);
    wire_select(&a);
    for (uint32_t i = 0; i < 10000; i += 2)
        mem_box(st, "INBOX")->at[i]->modseq = 1;
    wire_say(&a, "s STORE 1:* (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Answered one two three)\r\n");
    ck_assert_int_eq(a.verdict, IMAP_MODIFIED);
    code = strstr(a.out, "s OK [MODIFIED 2,4,6,");
    ck_assert_ptr_nonnull(code);
    end = strchr(code, ']');
    ck_assert_uint_le((size_t)(end - code), IMAP_TEXT_MAX);
    ck_assert_int_eq(strncmp(end - 6, ":10000]", 7),
                     0); /* the rest in one range: too many are named, none is missing */
}
END_TEST

/* ---- without memory ---- */

START_TEST(a_result_that_cannot_be_saved_is_nothing)
{
    wire_select(&a);
    wire_say(&a, "s SEARCH RETURN (SAVE) ALL\r\n");
    st->no_memory = true;
    wire_say(&a, "s SEARCH RETURN (SAVE COUNT) UNSEEN\r\n");
    ck_assert_str_eq(a.out,
                     "* ESEARCH (TAG \"s\") COUNT 2\r\ns NO [NOTSAVED] Search result is not saved\r\n");
    wire_say(&a, "f FETCH $ UID\r\n");
    ck_assert_str_eq(a.out, "f OK FETCH completed\r\n");
    wire_say(&a, "s SORT (DATE) UTF-8 ALL\r\n");
    ck_assert_int_eq(a.verdict, IMAP_LIMIT);
    wire_say(&a, "t THREAD REFERENCES UTF-8 ALL\r\n");
    ck_assert_int_eq(a.verdict, IMAP_LIMIT);
}
END_TEST

START_TEST(a_result_of_too_many_pieces_is_not_saved)
{
    fill(9997);
    for (uint32_t i = 0; i < 10000; i += 2)
        mem_box(st, "INBOX")->at[i]->flags = IMAP_DRAFT;
    wire_select(&a);
    wire_say(&a, "s SEARCH RETURN (SAVE) DRAFT\r\n");
    ck_assert_int_eq(a.verdict, IMAP_NOT_SAVED);
    wire_say(&a, "s SEARCH RETURN (SAVE) ALL\r\n");
    ck_assert_int_eq(a.verdict, IMAP_COMPLETED);
    wire_say(&a, "s SEARCH RETURN (COUNT) $\r\n");
    ck_assert_str_eq(a.out, "* ESEARCH (TAG \"s\") COUNT 10000\r\ns OK SEARCH completed\r\n");
}
END_TEST

START_TEST(a_connection_that_breaks_while_it_sorts_gives_everything_back)
{
    static const char sort[] = "s SORT (SUBJECT) UTF-8 ALL\r\n",
                      thread[] = "t THREAD REFERENCES UTF-8 ALL\r\n";
    fill(9997);
    wire_select(&a);
    wire_select(&b);
    wire_say(&a, "s SEARCH RETURN (SAVE) ALL\r\n");
    imap_server_step(&a.server, sort, sizeof sort - 1, &a.step);
    ck_assert(a.step.more);
    imap_server_step(&b.server, thread, sizeof thread - 1, &b.step);
    ck_assert(b.step.more);
    ck_assert_int_gt(st->lent, 3);
}
END_TEST

/* ---- hostile ---- */

START_TEST(random_words_never_break_the_extensions)
{
    static const char *const words[] = { "a ",
                                         "SELECT INBOX ",
                                         "(QRESYNC (1001 1 ",
                                         "1:*",
                                         "*",
                                         "(CONDSTORE)",
                                         "$",
                                         "SEARCH RETURN (",
                                         "SAVE ",
                                         "MIN ",
                                         "ALL",
                                         ")",
                                         "(",
                                         "UID ",
                                         "SORT ",
                                         "(REVERSE DATE)",
                                         " UTF-8 ",
                                         "THREAD REFERENCES UTF-8 ",
                                         "ORDEREDSUBJECT ",
                                         "FETCH ",
                                         "STORE ",
                                         "(UNCHANGEDSINCE 3) ",
                                         "FLAGS ",
                                         "+FLAGS (\\Seen)",
                                         " (CHANGEDSINCE 2 VANISHED)",
                                         "MODSEQ ",
                                         "BINARY[",
                                         "BINARY.SIZE[1]",
                                         "BINARY.PEEK[2]<0.3>",
                                         "]",
                                         "1.2",
                                         "LIST ",
                                         "(SUBSCRIBED RECURSIVEMATCH) ",
                                         "\"\" ",
                                         "%",
                                         "RETURN (STATUS (SIZE ",
                                         "CHILDREN",
                                         "ENABLE IMAP4rev2",
                                         "ENABLE QRESYNC",
                                         "ENABLE UTF8=ACCEPT",
                                         "\r\n",
                                         "\r\n",
                                         "\r\n",
                                         "\r\na ",
                                         "\r\na ",
                                         "\r\na ",
                                         "~{3+}\r\n",
                                         "{2}",
                                         "\"&AOk-\"",
                                         "\"\xc3\xa9\"",
                                         "&",
                                         "GETQUOTAROOT ",
                                         "GETQUOTA ",
                                         "APPEND Sent ",
                                         "UTF8 (~{4+}\r\nabc\n)\r\n",
                                         "EXPUNGE",
                                         "NOOP",
                                         "MOVE ",
                                         "COPY ",
                                         "Sent",
                                         "STATUS ",
                                         "IDLE\r\n",
                                         "DONE\r\n",
                                         "9223372036854775807",
                                         "18446744073709551616",
                                         "UNSELECT",
                                         "CLOSE" };
    uint32_t seed = 4711;
    for (int round = 0; round < 200; round++) {
        char text[4000];
        size_t n = 0;
        wire_close(&a);
        fixture_config.errors_max = 100000;
        wire_open(&a, st);
        if (round % 4 != 0)
            wire_select(&a);
        if (round % 3 != 0)
            wire_say(&a, "e ENABLE QRESYNC IMAP4rev2\r\n");
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

/* ---- names ---- */

START_TEST(names_have_one_spelling)
{
    static const struct {
        const char *mutf7, *utf8;
    } pairs[] = { { "INBOX", "INBOX" },
                  { "R&-D", "R&D" },
                  { "Entw&APw-rfe", "Entw\xc3\xbcrfe" },
                  { "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
                    "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
                  { "&2D3eAA-", "\xf0\x9f\x98\x80" } };
    static const char *const bad[] = { "R&D",   "&",        "&AOk",     "&AOk-&AOk-", "&AGE-", "&AAo-",
                                       "&2D0-", "&3gA-",    "&AOl-",    "&AO-",       "&A-",   "&AOk=-",
                                       "\x7f",  "\xc3\xa9", "&AOnYPQ-", "a&/-" };
    char text[IMAP_NAME_UTF8_MAX];
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct wire_slice m = wire_slice_str(pairs[i].mutf7), u = wire_slice_str(pairs[i].utf8);
        size_t n = imap_name_to_mutf7(text, sizeof text, u);
        ck_assert(imap_name_is_mutf7(m));
        ck_assert_msg(wire_equal(text, n, m.at, m.len), "%s", pairs[i].mutf7);
        n = imap_name_to_utf8(text, sizeof text, m);
        ck_assert_msg(wire_equal(text, n, u.at, u.len), "%s", pairs[i].mutf7);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!imap_name_is_mutf7(wire_slice_str(bad[i])), "%s", bad[i]);
    ck_assert_uint_eq(imap_name_to_mutf7(text, sizeof text, WIRE_SLICE("a\xff")), 0);
    ck_assert_uint_eq(imap_name_to_mutf7(text, sizeof text, WIRE_SLICE("a\xc2\x85")), 0);
    ck_assert_uint_gt(imap_name_to_mutf7(text, 2, WIRE_SLICE("\xc3\xa9")), 2);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("imap extensions");
    TCase *t = tcase_create("offers");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_the_store_cannot_do_is_not_offered);
    tcase_add_test(t, the_newer_imap_needs_all_its_parts);
    tcase_add_test(t, a_long_literal_may_not_come_unasked);
    tcase_add_test(t, a_message_with_an_octet_of_zero_is_not_stored);
    suite_add_tcase(s, t);
    t = tcase_create("load");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, ten_thousand_messages_are_sorted_across_pulls);
    tcase_add_test(t, a_chain_of_five_thousand_answers_is_threaded);
    tcase_add_test(t, a_large_attachment_is_decoded_across_pulls);
    tcase_add_test(t, ten_thousand_vanish_in_few_lines);
    tcase_add_test(t, a_condition_fails_for_many_and_the_code_stays_whole);
    tcase_add_test(t, a_result_that_cannot_be_saved_is_nothing);
    tcase_add_test(t, a_result_of_too_many_pieces_is_not_saved);
    tcase_add_test(t, a_connection_that_breaks_while_it_sorts_gives_everything_back);
    tcase_add_test(t, random_words_never_break_the_extensions);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    t = tcase_create("names");
    tcase_add_test(t, names_have_one_spelling);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
