/* The POP3 server engine: transcripts, tables, long output, hostile input. */
#include "tests/pop3/pop3_fixture.h"
#include "tests/pop3/transcript.h"
#include "tests/check_main.h"

static struct fixture drop;
static struct pop3_server_config config;
static struct pop3_server server;
static struct pop3_step out;

static char sent[1 << 20];
static size_t sent_len;

static void setup(void)
{
    fixture_init(&drop);
    fixture_fill(&drop);
    config = (struct pop3_server_config){ .ops = &fixture_ops,
                                          .host_name = WIRE_SLICE("mail.example.com"),
                                          .user = true };
    pop3_server_init(&server, &config, &drop, &sasl_wire_server, &drop.sasl);
    sent_len = 0;
}

static void keep_sent(void)
{
    ck_assert(!out.send.full);
    ck_assert_uint_le(sent_len + out.send.len, sizeof sent);
    memcpy(sent + sent_len, out.send.text, out.send.len);
    sent_len += out.send.len;
}

/* Every step says what it did, in words, and marks every line it sends. */
static void check_step(void)
{
    ck_assert_ptr_nonnull(out.asked);
    ck_assert_ptr_nonnull(out.answered);
    ck_assert_msg(pop3_verb_can_end(out.verb, out.verdict), "%s cannot end in %s",
                  pop3_verb_info(out.verb)->name, pop3_verdict_info(out.verdict)->name);
    ck_assert_uint_ge(out.send.lines, 1);
    ck_assert_uint_eq(out.send.line[0].at, 0);
    ck_assert_ptr_eq(out.send.line[0].why, out.answered);
    for (uint32_t i = 0; i < out.send.lines; i++)
        ck_assert_ptr_nonnull(out.send.line[i].why);
    ck_assert_int_eq(out.after, server.state);
}

static void start(void)
{
    pop3_server_start(&server, 0, &out);
    check_step();
    keep_sent();
}

/* Feeds what there is, at most `chunk` octets more at a time; calls `each` after each step. */
typedef void each_step(void *ctx);

static void feed(const char *in, size_t len, size_t chunk, each_step *each, void *ctx)
{
    size_t from = 0, to = 0;
    while (from < len && server.state < POP3_UPDATE) {
        size_t n, have;
        char *exact;
        to = len - to < chunk ? len : to + chunk; /* the engine sees `chunk` octets more than last time */
        do {
            have = to - from;
            exact = malloc(have > 0 ? have : 1);
            memcpy(exact, in + from, have);
            n = pop3_server_step(&server, exact, have, &out);
            free(exact);
            from += n;
            if (n > 0) {
                check_step();
                keep_sent();
                while (out.more && pop3_server_pull(&server, &out))
                    keep_sent();
                if (out.start_tls) {
                    pop3_server_tls_started(&server);
                    drop.sasl.tls = true;
                }
                if (each)
                    each(ctx);
            }
        } while (n > 0 && from < to && server.state < POP3_UPDATE);
        if (to == len)
            break;
    }
}

static void say(const char *line)
{
    sent_len = 0;
    feed(line, strlen(line), SIZE_MAX, NULL, NULL);
}

static void log_in(void)
{
    start();
    say("USER alice\r\nPASS wonder land\r\n");
    ck_assert_int_eq(out.verdict, POP3_LOGGED_IN);
    sent_len = 0;
}

static bool was_sent(const char *text)
{
    return wire_equal(sent, sent_len, text, strlen(text));
}

/* ---- transcripts ---- */

static const char *const transcripts[] = {
    "rfc1939_session", "user_and_pass",     "states_and_arguments", "marks", "capabilities_and_tls", "sasl",
    "in_use",          "too_many_failures", "commit_fails",
};

struct play {
    const char *name;
    const struct transcript *t;
    size_t at; /* the next = entry */
};

static void next_claim(void *ctx)
{
    struct play *p = ctx;
    char is[64];
    while (p->at < p->t->entries && p->t->entry[p->at].kind != '=')
        p->at++;
    ck_assert_msg(p->at < p->t->entries, "%s: more steps than claims", p->name);
    snprintf(is, sizeof is, "%s %s", pop3_verdict_info(out.verdict)->name, pop3_state_name(out.after));
    ck_assert_msg(strcmp(is, p->t->entry[p->at].text) == 0, "%s: %s, not %s", p->name, is,
                  p->t->entry[p->at].text);
    p->at++;
}

static void play(const char *name, size_t chunk)
{
    static struct transcript t;
    static char client[16384], expected[16384];
    char path[128];
    size_t client_len = 0, expected_len = 0;
    struct play p = { name, &t, 0 };
    snprintf(path, sizeof path, "tests/transcripts/pop3/%s.txt", name);
    transcript_read(&t, path);
    for (size_t i = 0; i < t.entries; i++) {
        char *dst = t.entry[i].kind == 'C' ? client : expected;
        size_t *n = t.entry[i].kind == 'C' ? &client_len : &expected_len;
        if (t.entry[i].kind == '=')
            continue;
        memcpy(dst + *n, t.entry[i].text, t.entry[i].len);
        *n += t.entry[i].len;
    }
    setup();
    config.user = transcript_has(&t, "user");
    config.stls = transcript_has(&t, "stls");
    config.apop = transcript_has(&t, "apop");
    config.user_needs_tls = transcript_has(&t, "user_needs_tls");
    config.failures_max = transcript_has(&t, "failures") ? 2 : 0;
    drop.sasl_config.clear_needs_tls = transcript_has(&t, "clear_needs_tls");
    drop.open_as = transcript_has(&t, "in_use") ? POP3_OPEN_IN_USE : POP3_OPEN_OK;
    drop.commit_fails = transcript_has(&t, "commit_fails");
    start();
    next_claim(&p);
    feed(client, client_len, chunk, next_claim, &p);
    ck_assert_msg(wire_equal(sent, sent_len, expected, expected_len),
                  "%s, %zu at a time, sent:\n%.*s\ninstead of:\n%.*s", name, chunk, (int)sent_len, sent,
                  (int)expected_len, expected);
    for (; p.at < t.entries; p.at++)
        ck_assert_msg(t.entry[p.at].kind != '=', "%s: fewer steps than claims", name);
    pop3_server_lost(&server);
    ck_assert_int_eq(drop.locks, 0);
}

START_TEST(transcripts_hold_whole_and_byte_by_byte)
{
    for (size_t i = 0; i < sizeof transcripts / sizeof transcripts[0]; i++) {
        play(transcripts[i], SIZE_MAX);
        play(transcripts[i], 1);
        play(transcripts[i], 7);
    }
}
END_TEST

/* ---- long output ---- */

/* A message with dots at line starts so dense that some fall on every edge of a piece. */
static char big[200000];

static void fill_big(void)
{
    static const char pattern[] =
        "..\r\n.\r\nx.\r\n\r\n.abc.\r\nlonger line with . dots . inside it\r\n\n.\n";
    for (size_t i = 0; i < sizeof big - 1; i++)
        big[i] = pattern[i % (sizeof pattern - 1)];
}

/* Takes the dots off again. */
static size_t unstuff(char *dst, const char *src, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        bool start_of_line = i == 0 || (i >= 2 && src[i - 1] == '\n' && src[i - 2] == '\r');
        if (start_of_line && src[i] == '.')
            continue;
        dst[n++] = src[i];
    }
    return n;
}

START_TEST(a_long_message_comes_in_pieces_with_every_dot_doubled)
{
    static char back[2 * sizeof big];
    size_t head, n;
    fill_big();
    drop.message[0] = wire_slice(big, sizeof big - 1);
    log_in();
    say("RETR 1\r\n");
    ck_assert_uint_gt(sent_len, sizeof big);
    head = (size_t)((char *)memchr(sent, '\n', sent_len) - sent) + 1;
    ck_assert_mem_eq(sent + sent_len - 5, "\r\n.\r\n", 5);
    n = unstuff(back, sent + head, sent_len - head - 3);
    ck_assert_uint_ge(n, sizeof big - 1);
    ck_assert_mem_eq(back, big, sizeof big - 1);
    /* The only line with a single dot is the last. */
    for (size_t i = head + 2; i + 5 < sent_len; i++)
        ck_assert(memcmp(sent + i - 2, "\r\n.\r\n", 5) != 0);
}
END_TEST

START_TEST(every_length_near_the_piece_size_is_whole)
{
    static char back[2 * sizeof big];
    fill_big();
    log_in();
    for (size_t len = WIRE_OUT_MAX - 60; len < WIRE_OUT_MAX + 20; len++) {
        for (size_t shift = 0; shift < 5; shift++) {
            size_t head, n;
            drop.message[0] = wire_slice(big + shift, len);
            say("RETR 1\r\n");
            head = (size_t)((char *)memchr(sent, '\n', sent_len) - sent) + 1;
            n = unstuff(back, sent + head, sent_len - head - 3);
            ck_assert_mem_eq(back, big + shift, len);
            ck_assert(n == len || (n == len + 2 && memcmp(back + len, "\r\n", 2) == 0));
            ck_assert_mem_eq(sent + sent_len - 5, "\r\n.\r\n", 5);
        }
    }
}
END_TEST

START_TEST(an_empty_message_is_a_dot)
{
    drop.message[0] = wire_slice("", 0);
    log_in();
    say("RETR 1\r\n");
    ck_assert(was_sent("+OK 0 octets\r\n.\r\n"));
    say("TOP 1 5\r\n");
    ck_assert(was_sent("+OK top of message follows\r\n.\r\n"));
    say("TOP 1 99999999999\r\n"); /* any number that is not negative */
    ck_assert(was_sent("+OK top of message follows\r\n.\r\n"));
}
END_TEST

START_TEST(a_long_listing_is_complete)
{
    size_t lines = 0;
    while (drop.count < FIXTURE_MESSAGES_MAX)
        fixture_add(&drop, "X: y\r\n\r\nz\r\n");
    log_in();
    drop.mark[4321] = true;
    for (int uidl = 0; uidl < 2; uidl++) {
        say(uidl ? "UIDL\r\n" : "LIST\r\n");
        lines = 0;
        for (size_t i = 0; i < sent_len; i++)
            lines += sent[i] == '\n';
        ck_assert_uint_eq(lines, FIXTURE_MESSAGES_MAX - 1 + 2);
        ck_assert_mem_eq(sent + sent_len - 3, ".\r\n", 3);
    }
    ck_assert_ptr_null(strstr(sent, "\n4322 "));
    ck_assert(!pop3_server_pull(&server, &out));
}
END_TEST

/* ---- the session's edges ---- */

START_TEST(silence_ends_a_session_without_deleting)
{
    log_in();
    say("DELE 1\r\n");
    pop3_server_touch(&server, 5);
    ck_assert_uint_eq(pop3_server_deadline(&server), 5 + POP3_AUTOLOGOUT_NS);
    ck_assert(!pop3_server_expire(&server, 4 + POP3_AUTOLOGOUT_NS, &out));
    ck_assert(pop3_server_expire(&server, 5 + POP3_AUTOLOGOUT_NS, &out));
    ck_assert_int_eq(out.verdict, POP3_TIMED_OUT);
    ck_assert_int_eq(out.after, POP3_CLOSED);
    ck_assert(out.close);
    ck_assert_uint_eq(out.send.len, 0);
    ck_assert_int_eq(drop.committed, -1);
    ck_assert_int_eq(drop.locks, 0);
    ck_assert_uint_eq(pop3_server_deadline(&server), UINT64_MAX);
    ck_assert(!pop3_server_expire(&server, UINT64_MAX, &out));
}
END_TEST

START_TEST(a_lost_connection_unlocks_and_deletes_nothing)
{
    log_in();
    say("DELE 1\r\n");
    pop3_server_lost(&server);
    ck_assert_int_eq(drop.locks, 0);
    ck_assert_int_eq(drop.committed, -1);
    pop3_server_lost(&server);
    ck_assert_int_eq(drop.locks, 0);
}
END_TEST

START_TEST(quit_commits_once)
{
    log_in();
    say("DELE 1\r\nDELE 3\r\nQUIT\r\n");
    ck_assert(out.close);
    ck_assert_int_eq(drop.committed, 2);
    ck_assert_int_eq(drop.locks, 0);
    pop3_server_lost(&server);
    ck_assert_int_eq(drop.locks, 0);
}
END_TEST

START_TEST(a_line_of_255_octets_is_the_longest)
{
    char line[600];
    memset(line, 'x', sizeof line);
    start();
    memcpy(line + 253, "\r\n", 2);
    ck_assert_uint_eq(pop3_server_step(&server, line, 255, &out), 255);
    ck_assert_int_eq(out.verdict, POP3_UNKNOWN);
    memset(line, 'x', sizeof line);
    memcpy(line, "PASS ", 5);
    memcpy(line + 254, "\r\n", 2);
    ck_assert_uint_eq(pop3_server_step(&server, line, 254, &out), 0);
    ck_assert_uint_eq(pop3_server_step(&server, line, 256, &out), 255);
    ck_assert_int_eq(out.verdict, POP3_LINE_TOO_LONG);
    ck_assert_int_eq(out.after, POP3_CLOSED);
    ck_assert(out.close);
    ck_assert_uint_eq(out.secret_at, 5);
    ck_assert_uint_eq(out.secret_len, 250);
}
END_TEST

START_TEST(an_auth_line_may_be_longer)
{
    static char line[POP3_AUTH_LINE_MAX + 10];
    start();
    say("AUTH LOGIN\r\n");
    memset(line, 'Q', sizeof line);
    memcpy(line + 400, "\r\n", 2);
    ck_assert_uint_eq(pop3_server_step(&server, line, 402, &out), 402);
    ck_assert_int_eq(out.verdict, POP3_BAD_RESPONSE);
    say("AUTH LOGIN\r\n");
    memset(line, 'Q', sizeof line);
    ck_assert_uint_eq(pop3_server_step(&server, line, POP3_AUTH_LINE_MAX - 1, &out), 0);
    ck_assert_uint_eq(pop3_server_step(&server, line, POP3_AUTH_LINE_MAX, &out), POP3_AUTH_LINE_MAX);
    ck_assert_int_eq(out.verdict, POP3_LINE_TOO_LONG);
}
END_TEST

START_TEST(passwords_are_pointed_out_for_masking)
{
    start();
    say("USER alice\r\n");
    ck_assert_uint_eq(out.secret_len, 0);
    say("PASS wonder land\r\n");
    ck_assert_uint_eq(out.secret_at, 5);
    ck_assert_uint_eq(out.secret_len, 11);
    setup();
    start();
    say("AUTH PLAIN AGFsaWNlAHdyb25n\r\n");
    ck_assert_uint_eq(out.secret_at, 11);
    ck_assert_uint_eq(out.secret_len, 16);
    say("AUTH LOGIN\r\n");
    say("YWxpY2U=\r\n");
    ck_assert_uint_eq(out.secret_at, 0);
    ck_assert_uint_eq(out.secret_len, 8);
    say("PASS wonder land\n");
    ck_assert_int_eq(out.verdict, POP3_BAD_LINE);
    ck_assert_uint_gt(out.secret_len, 10);
}
END_TEST

START_TEST(tls_forgets_what_was_said_in_the_clear)
{
    config.stls = true;
    start();
    say("USER alice\r\nSTLS\r\n");
    ck_assert_int_eq(out.verdict, POP3_TLS_READY);
    say("PASS wonder land\r\n");
    ck_assert_int_eq(out.verdict, POP3_USER_FIRST);
}
END_TEST

START_TEST(a_header_in_utf8_is_for_clients_that_ask_for_it)
{
    drop.message[0] = WIRE_SLICE("Subject: Gr\xc3\xbc\xc3\x9f"
                                 "e\r\n\r\nx\r\n");
    drop.message[1] = WIRE_SLICE("Subject: plain\r\n\r\nGr\xc3\xbc\xc3\x9f"
                                 "e\r\n");
    config.stls = true;
    start();
    say("USER alice\r\nPASS wonder land\r\nRETR 1\r\n");
    ck_assert_int_eq(out.verdict, POP3_NEEDS_UTF8);
    say("TOP 1 0\r\n");
    ck_assert_int_eq(out.verdict, POP3_NEEDS_UTF8);
    say("RETR 2\r\n");
    ck_assert_int_eq(out.verdict, POP3_MESSAGE);
    say("UTF8\r\n");
    ck_assert_int_eq(out.verdict, POP3_WRONG_STATE);
    setup();
    drop.message[0] = WIRE_SLICE("Subject: Gr\xc3\xbc\xc3\x9f"
                                 "e\r\n\r\nx\r\n");
    config.stls = true;
    start();
    say("UTF8 x\r\n");
    ck_assert_int_eq(out.verdict, POP3_BAD_ARGS);
    say("UTF8\r\n");
    ck_assert_int_eq(out.verdict, POP3_UTF8_ON);
    say("USER alice\r\nPASS wonder land\r\nRETR 1\r\n");
    ck_assert_int_eq(out.verdict, POP3_MESSAGE);
    setup();
    drop.message[0] = WIRE_SLICE("Subject: Gr\xc3\xbc\xc3\x9f"
                                 "e\r\n\r\nx\r\n");
    config.stls = true;
    start();
    say("UTF8\r\nSTLS\r\n");
    ck_assert_int_eq(out.verdict, POP3_TLS_READY);
    say("USER alice\r\nPASS wonder land\r\nRETR 1\r\n"); /* what was said in clear is forgotten */
    ck_assert_int_eq(out.verdict, POP3_NEEDS_UTF8);
}
END_TEST

START_TEST(maildrops_that_do_not_open_say_why)
{
    static const struct {
        enum pop3_open open_as;
        enum pop3_verdict want;
    } rows[] = { { POP3_OPEN_IN_USE, POP3_IN_USE },
                 { POP3_OPEN_TEMPFAIL, POP3_TEMPFAIL },
                 { POP3_OPEN_PERMFAIL, POP3_PERMFAIL },
                 { POP3_OPEN_OK, POP3_LOGGED_IN } };
    start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        drop.open_as = rows[i].open_as;
        say("USER alice\r\nPASS wonder land\r\n");
        ck_assert_int_eq(out.verdict, rows[i].want);
    }
}
END_TEST

/* ---- tables ---- */

static void check_lesson(const struct wire_lesson *l, const char *of)
{
    ck_assert_msg(l->title && l->lesson && l->section, "%s lacks words", of);
    ck_assert_msg(strlen(l->title) <= 60, "%s: title too long", of);
    ck_assert_msg(l->title[strlen(l->title) - 1] != '.', "%s: full stop in the title", of);
    ck_assert_msg(strncmp(l->section, "RFC ", 4) == 0, "%s: section", of);
    for (const char *p = l->lesson; *p; p++)
        ck_assert_msg(*p >= ' ' && *p < 0x7f, "%s: not ASCII", of);
}

START_TEST(the_tables_have_no_holes)
{
    bool reachable[POP3_VERDICTS] = { false };
    for (unsigned v = 0; v < POP3_VERBS; v++) {
        const struct pop3_verb_info *info = pop3_verb_info((enum pop3_verb)v);
        ck_assert_uint_eq(info->verb, v);
        ck_assert_ptr_nonnull(info->form);
        check_lesson(&info->lesson, info->name);
        ck_assert(info->verdicts[0] != POP3_VERDICTS);
        if (info->name[0] != '\0')
            ck_assert_uint_eq(pop3_verb_find(info->name, strlen(info->name)), v);
        for (unsigned k = 0; k < POP3_VERDICTS; k++)
            reachable[k] |= pop3_verb_can_end((enum pop3_verb)v, (enum pop3_verdict)k);
    }
    for (unsigned k = 0; k < POP3_VERDICTS; k++) {
        const struct pop3_verdict_info *info = pop3_verdict_info((enum pop3_verdict)k);
        ck_assert_uint_eq(info->verdict, k);
        ck_assert(info->name && info->status && info->code && info->text);
        check_lesson(&info->lesson, info->name);
        ck_assert_msg(reachable[k], "%s ends no verb", info->name);
    }
    for (unsigned d = 0; d < POP3_DATA_LINES; d++)
        check_lesson(pop3_data_lesson((enum pop3_data)d), "data");
    for (unsigned s = 0; s < POP3_STATES; s++)
        ck_assert(pop3_state_name((enum pop3_state)s)[0] != '\0');
    ck_assert_int_eq(pop3_verb_find("TO", 2), POP3_OTHER);
    ck_assert_int_eq(pop3_verb_find("", 0), POP3_OTHER);
    ck_assert_int_eq(pop3_verb_find("RETRY", 5), POP3_OTHER);
    ck_assert_int_eq(pop3_verb_find("top", 3), POP3_TOP);
}
END_TEST

START_TEST(a_session_is_small)
{
    ck_assert_uint_le(sizeof(struct pop3_server), 200);
}
END_TEST

START_TEST(random_commands_never_break_the_engine)
{
    static const char *const words[] = { "USER alice",
                                         "PASS wonder land",
                                         "AUTH PLAIN AGFsaWNlAHdvbmRlciBsYW5k",
                                         "AUTH LOGIN",
                                         "YWxpY2U=",
                                         "*",
                                         "STAT",
                                         "LIST",
                                         "LIST 1",
                                         "UIDL",
                                         "RETR 2",
                                         "TOP 2 1",
                                         "DELE 3",
                                         "RSET",
                                         "NOOP",
                                         "CAPA",
                                         "STLS",
                                         "APOP alice 0123456789abcdef0123456789abcdef",
                                         "\x80\xff",
                                         "RETR 18446744073709551617",
                                         "  ",
                                         "TOP 3 4294967296",
                                         "USER \t" };
    uint32_t random = 12345;
    for (int session = 0; session < 300; session++) {
        setup();
        config.stls = session % 2;
        config.apop = session % 3 == 0;
        start();
        for (int i = 0; i < 30 && server.state < POP3_UPDATE; i++) {
            char line[128];
            size_t n;
            random = random * 1664525U + 1013904223U;
            n = (size_t)snprintf(line, sizeof line, "%s\r\n",
                                 words[(random >> 16) % (sizeof words / sizeof words[0])]);
            if ((random >> 8) % 11 == 0)
                line[(random >> 20) % n] = (char)random;
            sent_len = 0;
            feed(line, n, (random >> 28) % 4 + 1, NULL, NULL);
            if (memchr(line, '\n', n) == NULL || line[n - 1] != '\n')
                break; /* half a line is left over */
        }
        pop3_server_lost(&server);
        ck_assert_int_eq(drop.locks, 0);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pop3 server");
    TCase *t = tcase_create("server");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, transcripts_hold_whole_and_byte_by_byte);
    tcase_add_test(t, a_long_message_comes_in_pieces_with_every_dot_doubled);
    tcase_add_test(t, every_length_near_the_piece_size_is_whole);
    tcase_add_test(t, an_empty_message_is_a_dot);
    tcase_add_test(t, a_long_listing_is_complete);
    tcase_add_test(t, silence_ends_a_session_without_deleting);
    tcase_add_test(t, a_lost_connection_unlocks_and_deletes_nothing);
    tcase_add_test(t, quit_commits_once);
    tcase_add_test(t, a_line_of_255_octets_is_the_longest);
    tcase_add_test(t, an_auth_line_may_be_longer);
    tcase_add_test(t, passwords_are_pointed_out_for_masking);
    tcase_add_test(t, tls_forgets_what_was_said_in_the_clear);
    tcase_add_test(t, maildrops_that_do_not_open_say_why);
    tcase_add_test(t, the_tables_have_no_holes);
    tcase_add_test(t, a_header_in_utf8_is_for_clients_that_ask_for_it);
    tcase_add_test(t, a_session_is_small);
    tcase_add_test(t, random_commands_never_break_the_engine);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
