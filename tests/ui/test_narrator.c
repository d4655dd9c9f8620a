/* The narrator: a whole lesson word by word, at 80 columns, whatever a peer sends. */
#include "ui/narrator.h"

#include <errno.h>

#include "protocols/wire/utf8.h"
#include "tests/check_main.h"
#include "tests/export/sample.h"
#include "ui/page.h"

static char *text;
static size_t text_len;
static FILE *page;
static struct trace t;
static struct ui_narrator *n;

static void begin(enum trace_level level, bool ascii, bool colour)
{
    struct ui_narrator_options options = { .level = level, .ascii = ascii, .colour = colour };
    struct trace_sink sink;
    page = open_memstream(&text, &text_len);
    n = ui_narrator_open(page, &options);
    ck_assert_ptr_nonnull(n);
    sink = ui_narrator_sink(n);
    trace_init(&t);
    trace_add(&t, &sink);
    trace_open(&t, &sample_opening);
}

/* Ends the run; no row may be wider than the page. */
static void end(uint64_t t_ns)
{
    trace_close(&t, t_ns);
    ck_assert_int_eq(ui_narrator_close(n), 0);
    fclose(page);
    for (const char *row = text; *row;) {
        const char *lf = strchr(row, '\n');
        ck_assert_ptr_nonnull(lf);
        ck_assert_msg(wire_display_columns(row, (size_t)(lf - row)) <= 80, "%.*s", (int)(lf - row), row);
        ck_assert_msg(lf == row || lf[-1] != ' ', "space at the end: %.*s", (int)(lf - row), row);
        row = lf + 1;
    }
}

static void check_text(const char *want)
{
    size_t same = 0;
    while (text[same] && text[same] == want[same])
        same++;
    ck_assert_msg(text[same] == want[same], "got\n%.400s\nwanted\n%.400s", text + same, want + same);
}

static void check_has(const char *want)
{
    ck_assert_msg(strstr(text, want) != NULL, "wanted\n%s\nin\n%s", want, text);
}

static void phase(uint64_t t_ms, const char *title, const char *sentence, const char *lesson)
{
    struct trace_record r = sample_text(TRACE_KIND_PHASE, TRACE_NONE, 0, sentence, t_ms);
    r.title = title;
    r.lesson = lesson;
    r.section = "RFC 5321 section 2";
    trace_emit(&t, &r);
}

static void line(uint64_t t_ms, char dir, const char *what, const char *title, const char *lesson)
{
    struct trace_record r =
        sample_text(dir == 'C' ? TRACE_KIND_COMMAND : TRACE_KIND_REPLY, TRACE_SMTP, dir, what, t_ms);
    r.title = title;
    r.lesson = lesson;
    r.section = "RFC 5321 section 4";
    trace_emit(&t, &r);
}

static void content(uint64_t t_ms, const char *what)
{
    struct trace_record r = sample_text(TRACE_KIND_CONTENT, TRACE_SMTP, 'C', what, t_ms);
    trace_emit(&t, &r);
}

static void state(enum trace_kind kind, uint64_t t_ms, const char *const attr[][2])
{
    struct trace_record r = sample_record(kind, t_ms);
    r.host = 2;
    for (int i = 0; attr[i][0]; i++)
        trace_attr_str(&r, attr[i][0], attr[i][1]);
    trace_emit(&t, &r);
}

/* One small run, used at every level. */
static void run(void)
{
    static const char rcpt_title[] = "The client names one recipient";
    static const char rcpt_lesson[] = "One RCPT for each. A server may refuse one and take another.";
    static const char *const queued[][2] = { { "event", "accepted" },
                                             { "queue_id", "4F2A" },
                                             { NULL, NULL } };
    static const char *const cached[][2] = { { "event", "stored" },
                                             { "name", "example.org" },
                                             { NULL, NULL } };
    static const char *const met[][2] = {
        { "what", "delivered" }, { "expected", "lunch" }, { "got", "1" }, { "ok", "yes" }, { NULL, NULL }
    };
    static const char *const unmet[][2] = {
        { "what", "bounced" }, { "expected", "never" }, { "got", "2" }, { "ok", "no" }, { NULL, NULL }
    };
    struct trace_record packet =
        sample_text(TRACE_KIND_SENT, TRACE_TCP, 0,
                    "192.0.2.10:49152 > 198.51.100.25:25 [SYN] seq 0 win 65535 mss 1460", 412);
    phase(31, "The envelope: from whom, to whom", "alice names bob to mx", "Servers deliver by it alone.");
    line(412, 'C', "RCPT TO:<bob@example.org>", rcpt_title, rcpt_lesson);
    packet.frame = 17;
    trace_emit(&t, &packet);
    line(428, 'S', "250 2.1.5 Ok", "The recipient is accepted", NULL);
    line(429, 'C', "RCPT TO:<ann@example.org>", rcpt_title, rcpt_lesson);
    packet.kind = TRACE_KIND_DROPPED;
    packet.frame = 18;
    trace_attr_str(&packet, "why", "loss");
    trace_emit(&t, &packet);
    state(TRACE_KIND_QUEUE, 500, queued);
    state(TRACE_KIND_CACHE, 501, cached);
    state(TRACE_KIND_OUTCOME, 600, met);
    state(TRACE_KIND_OUTCOME, 600, unmet);
}

#define OPENING                                                                                              \
    "First message\n"                                                                                        \
    "=============\n"                                                                                        \
    "Scenario first-message, seed 7. The clock begins at 2026-01-05 09:00:00 UTC.\n"                         \
    "\n"                                                                                                     \
    "Who is who\n"                                                                                           \
    "  alice  alice's laptop, 192.0.2.10, 2001:db8:1::10\n"                                                  \
    "  mx     mail server of example.org, mx.example.org, 198.51.100.25\n"
#define LEGEND                                                                                               \
    "\nC \xe2\x96\xb8 is said by a client to a server, S \xe2\x97\x82 by the server. \xe2\x80\xa2 is what "  \
    "changed.\n"                                                                                             \
    "Times count from the start of the run; +times from the heading above them.\n"
#define PHASE_1                                                                                              \
    "\n1. The envelope: from whom, to whom                                      0.031 s\n"                   \
    "    alice names bob to mx. Servers deliver by it alone. (RFC 5321 section 2)\n"
#define OUTCOME                                                                                              \
    "\nOutcome\n"                                                                                            \
    "  \xe2\x9c\x93 as expected  delivered: lunch (1)\n"                                                     \
    "  \xe2\x9c\x97 NOT expected bounced: never; it was: 2\n"                                                \
    "\nTotals\n"                                                                                             \
    "  0 messages put into mailboxes, 3 lines, 1 packet (1 dropped); the run ends at\n"                      \
    "  4 h 00 min\n"

START_TEST(at_level_line_it_reads_like_a_lesson)
{
    begin(TRACE_LINE, false, false);
    run();
    end(UINT64_C(14400000000000));
    check_text(OPENING LEGEND PHASE_1
               "\n    \xe2\x94\x80\xe2\x94\x80 alice \xe2\x94\x80\xe2\x96\xb8 mx, SMTP, connection 3\n"
               "    0.412 s C \xe2\x96\xb8 RCPT TO:<bob@example.org>\n"
               "                  The client names one recipient. One RCPT for each. A server\n"
               "                  may refuse one and take another. (RFC 5321 section 4)\n"
               "    0.428 s S \xe2\x97\x82 250 2.1.5 Ok\n"
               "                  The recipient is accepted\n"
               "    0.429 s C \xe2\x96\xb8 RCPT TO:<ann@example.org>\n"
               "                  The client names one recipient\n"
               "    0.412 s \xe2\x9c\x97 #18 is lost on the way to mx, a SYN\n"
               "    0.500 s \xe2\x80\xa2 mx has the message in its queue as 4F2A\n" OUTCOME);
    free(text);
}
END_TEST

START_TEST(at_level_phase_it_tells_the_journey)
{
    begin(TRACE_PHASE, false, false);
    run();
    end(UINT64_C(14400000000000));
    check_text(OPENING PHASE_1 OUTCOME);
    free(text);
}
END_TEST

START_TEST(at_level_packet_it_tells_frames_and_every_state)
{
    begin(TRACE_PACKET, false, false);
    run();
    end(UINT64_C(14400000000000));
    ck_assert_ptr_nonnull(
        strstr(text, "\n    0.412 s #17 192.0.2.10:49152 > 198.51.100.25:25 [SYN] seq 0 win 65535 mss\n"
                     "                  1460\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n    0.412 s \xe2\x9c\x97 #18 dropped loss: 192.0.2.10:49152 > "));
    ck_assert_ptr_nonnull(
        strstr(text, "\n    0.501 s \xe2\x80\xa2 mx: cache, event=stored, name=example.org\n"));
    free(text);
}
END_TEST

START_TEST(in_ascii_no_octet_is_above_7e)
{
    begin(TRACE_PACKET, true, false);
    run();
    line(1, 'C', "gr\xc3\xbc\xc3\x9f dich \xe2\x9c\x93", "T", NULL);
    end(0);
    ck_assert_ptr_nonnull(strstr(text, "C > gr\\u00fc\\u00df dich \\u2713\n"));
    ck_assert_ptr_nonnull(strstr(text, "    -- alice -> mx, SMTP, connection 3\n"));
    for (size_t i = 0; i < text_len; i++)
        ck_assert((text[i] >= 0x20 && text[i] < 0x7f) || text[i] == '\n');
    free(text);
}
END_TEST

START_TEST(colour_only_where_it_is_asked_for)
{
    begin(TRACE_LINE, false, true);
    run();
    trace_close(&t, 0);
    ck_assert_int_eq(ui_narrator_close(n), 0);
    fclose(page);
    ck_assert_ptr_nonnull(strstr(text, "C \xe2\x96\xb8 RCPT"));
    ck_assert_ptr_nonnull(strstr(text, "\x1b[36mC "));
    free(text);
    begin(TRACE_LINE, false, false);
    run();
    end(0);
    ck_assert_ptr_null(strchr(text, '\x1b'));
    free(text);
}
END_TEST

START_TEST(hostile_text_stands_still)
{
    static const char evil[] = "\x1b[2J\x1b]0;t\x07\r\b\x9b"
                               "31m\xc2\x9b"
                               "0m\xff\xe2\x80\xae"
                               "cod.exe\xf0\x90\x00\x7f";
    struct trace_record r;
    static const char *const said[][2] = { { "event", "accepted" },
                                           { "queue_id", "\x1b[31m\n1. fake" },
                                           { NULL, NULL } };
    begin(TRACE_PACKET, false, false);
    r = sample_text(TRACE_KIND_COMMAND, TRACE_SMTP, 'C', evil, 1);
    r.text_len = sizeof evil - 1;
    r.title = evil; /* even what should be ours */
    trace_emit(&t, &r);
    r.kind = TRACE_KIND_CONTENT;
    trace_emit(&t, &r);
    r.kind = TRACE_KIND_PHASE;
    trace_emit(&t, &r);
    r.kind = TRACE_KIND_ERROR;
    trace_emit(&t, &r);
    r.kind = TRACE_KIND_SENT;
    trace_emit(&t, &r);
    r.kind = TRACE_KIND_DROPPED;
    trace_attr_str(&r, "why", evil);
    trace_emit(&t, &r);
    r.kind = TRACE_KIND_OUTCOME;
    trace_attr_str(&r, "what", evil);
    trace_emit(&t, &r);
    state(TRACE_KIND_QUEUE, 2, said);
    end(0);
    for (size_t i = 0; i < text_len; i++)
        ck_assert_msg((uint8_t)text[i] >= 0x20 || text[i] == '\n', "%d at %zu", text[i], i);
    ck_assert(wire_utf8_valid(text, text_len));
    ck_assert_ptr_null(strchr(text, 0x7f));
    ck_assert_ptr_null(strstr(text, "\xc2\x9b"));
    ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
    ck_assert_ptr_null(strstr(text, "\n1. fake"));
    ck_assert_ptr_nonnull(strstr(text, "\\x1b[2J\\x1b]0;t\\x07\\r\\x08\\x9b31m\\u009b0m\\xff\\u202ecod.exe"));
    free(text);
}
END_TEST

START_TEST(a_long_message_is_folded)
{
    char b64[61];
    memset(b64, 'A', 60);
    b64[60] = '\0';
    begin(TRACE_LINE, false, false);
    line(1, 'C', "DATA", "T", NULL);
    for (int i = 0; i < 8; i++)
        content(2, "Field: value");
    content(2, "Content-Disposition: attachment");
    content(2, "");
    for (int i = 0; i < 41; i++)
        content(3, b64);
    content(4, "AAA=");
    content(4, "--b--");
    content(4, "");
    content(4, ".");
    line(5, 'S', "250 Ok", "T", NULL);
    end(0);
    ck_assert_ptr_nonnull(
        strstr(text, "    0.002 s C \xe2\x96\xb8 Content-Disposition: attachment\n"
                     "                  This part is an attachment. The file name is a proposal of the\n"
                     "                  sender's. So is the type: a program that believes both can be\n"
                     "                  tricked. (RFC 2183 section 2)\n"
                     "    0.002 s C \xe2\x96\xb8\n"
                     "                \xe2\x80\xa6 41 more lines of the message (base64, an attachment)\n"
                     "    0.004 s C \xe2\x96\xb8 AAA=\n"
                     "    0.004 s C \xe2\x96\xb8 --b--\n"
                     "    0.004 s C \xe2\x96\xb8\n"
                     "    0.004 s C \xe2\x96\xb8 .\n"
                     "    0.005 s S"));
    free(text);
}
END_TEST

START_TEST(a_message_of_words_is_not_called_base64)
{
    begin(TRACE_LINE, false, false);
    for (int i = 0; i < 30; i++)
        content(2, "What about lunch today?");
    end(0);
    ck_assert_ptr_nonnull(strstr(text, "\xe2\x80\xa6 16 more lines of the message\n"));
    free(text);
}
END_TEST

START_TEST(a_short_message_is_whole)
{
    int rows = 0;
    begin(TRACE_LINE, false, false);
    for (int i = 0; i < 14; i++)
        content(2, "x");
    end(0);
    for (const char *at = text; (at = strstr(at, "\xe2\x96\xb8 x\n")) != NULL; at++)
        rows++;
    ck_assert_int_eq(rows, 14);
    ck_assert_ptr_null(strstr(text, "more line"));
    free(text);
}
END_TEST

START_TEST(an_interrupted_message_does_not_begin_again)
{
    static const char *const stored[][2] = {
        { "event", "stored" }, { "mailbox", "INBOX" }, { "user", "bob" }, { NULL, NULL }
    };
    int rows = 0;
    begin(TRACE_LINE, false, false);
    for (int i = 0; i < 30; i++)
        content(2, "x");
    state(TRACE_KIND_MAILBOX, 3, stored);
    for (int i = 0; i < 30; i++)
        content(4, "x");
    end(0);
    for (const char *at = text; (at = strstr(at, "\xe2\x96\xb8 x\n")) != NULL; at++)
        rows++;
    ck_assert_int_eq(rows, 10 + 4 + 4);
    ck_assert_ptr_nonnull(strstr(text, "\xe2\x80\xa2 mx stores the message in INBOX of bob\n"));
    free(text);
}
END_TEST

START_TEST(an_answer_that_was_told_is_not_told_again)
{
    static const char *const said[] = { "250-mx", "250-SIZE", "250-DSN", "250 HELP" };
    static const char lesson[][8] = { "hello.", "size.", "dsn.", "help." };
    begin(TRACE_LINE, false, false);
    for (int twice = 0; twice < 2; twice++) {
        line(1, 'C', "EHLO", "T", NULL);
        for (int i = 0; i < 4; i++)
            line(2, 'S', said[i], lesson[i], lesson[i]);
    }
    end(0);
    ck_assert_ptr_nonnull(strstr(text, "250 HELP\n                  help. help. (RFC 5321 section 4)\n"));
    ck_assert_ptr_nonnull(strstr(text,
                                 "250-mx\n                  hello.\n"
                                 "                \xe2\x80\xa6 3 more lines of this answer, as before\n"));
    free(text);
}
END_TEST

START_TEST(lines_without_words_of_their_own_are_folded)
{
    begin(TRACE_LINE, false, false);
    line(1, 'S', "* 1 FETCH (BODY[] {5000}", "The server sends it", NULL);
    for (int i = 0; i < 100; i++)
        line(1, 'S', "x", NULL, NULL);
    line(2, 'S', "A1 OK", "Done", NULL);
    end(0);
    ck_assert_ptr_nonnull(strstr(text, "\xe2\x80\xa6 86 more lines of the message\n"));
    free(text);
}
END_TEST

START_TEST(late_times_count_from_the_phase)
{
    begin(TRACE_LINE, false, false);
    phase(14400000, "The server tries again", "mail tries again", "Nobody presses Send.");
    line(14400412, 'C', "EHLO mail", "T", NULL);
    end(0);
    ck_assert_ptr_nonnull(strstr(text, " 4 h 00 min\n    mail tries again."));
    ck_assert_ptr_nonnull(strstr(text, "\n   +0.412 s C \xe2\x96\xb8 EHLO mail\n"));
    free(text);
}
END_TEST

START_TEST(a_section_is_not_torn_apart)
{
    begin(TRACE_LINE, false, false);
    line(1, 'C', "X", "T", "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk ll");
    end(0);
    ck_assert_ptr_null(strstr(text, "RFC\n"));
    ck_assert_ptr_null(strstr(text, "section\n"));
    ck_assert_ptr_null(strstr(text, "5321\n"));
    ck_assert_ptr_nonnull(strstr(text, "ll.\n                  (RFC 5321 section 4)\n"));
    free(text);
}
END_TEST

START_TEST(a_long_line_is_wrapped_and_cut)
{
    char big[5000];
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    begin(TRACE_LINE, false, false);
    line(1, 'C', big, "T", NULL);
    end(0);
    ck_assert_ptr_nonnull(strstr(text, "xxx\xe2\x80\xa6\n"));
    ck_assert_uint_lt(text_len, 1200);
    free(text);
}
END_TEST

START_TEST(what_to_remember_is_told_once_at_the_end)
{
    struct trace_record r = sample_text(TRACE_KIND_PHASE, TRACE_NONE, 0, "x", 0);
    r.title = "T";
    trace_attr_str(&r, "remember", "MX first, then A.");
    begin(TRACE_LINE, false, false);
    trace_emit(&t, &r);
    trace_emit(&t, &r);
    end(0);
    ck_assert_ptr_nonnull(strstr(text, "\n\nWhat to remember\n  \xe2\x80\xa2 MX first, then A.\n\nTotals\n"));
    ck_assert_ptr_null(strstr(strstr(text, "MX first") + 1, "MX first"));
    free(text);
}
END_TEST

START_TEST(what_the_run_teaches_stands_at_the_end)
{
    static const char *const teaches[] = { "A server queues.", "So nothing is lost." };
    struct trace_opening o = sample_opening;
    struct ui_narrator_options options = { .level = TRACE_PHASE };
    struct trace_sink sink;
    o.teaches = teaches;
    o.nteaches = 2;
    page = open_memstream(&text, &text_len);
    n = ui_narrator_open(page, &options);
    sink = ui_narrator_sink(n);
    trace_init(&t);
    trace_add(&t, &sink);
    trace_open(&t, &o);
    end(0);
    check_has("\nWhat to remember\n  \xe2\x80\xa2 A server queues.\n"
              "  \xe2\x80\xa2 So nothing is lost.\n\nTotals\n");
    free(text);
}
END_TEST

START_TEST(a_host_without_a_label_says_what_it_is)
{
    struct trace_host hosts[] = { sample_hosts[0], sample_hosts[1] };
    struct trace_opening o = sample_opening;
    struct ui_narrator_options options = { .level = TRACE_PHASE };
    struct trace_sink sink;
    hosts[0].label = "alice";          /* its name */
    hosts[1].label = "mx.example.org"; /* its full name */
    o.hosts = hosts;
    page = open_memstream(&text, &text_len);
    n = ui_narrator_open(page, &options);
    sink = ui_narrator_sink(n);
    trace_init(&t);
    trace_add(&t, &sink);
    trace_open(&t, &o);
    end(0);
    check_has("  alice  a computer with a mail program, 192.0.2.10, 2001:db8:1::10\n"
              "  mx     mail server, mx.example.org, 198.51.100.25\n");
    free(text);
}
END_TEST

static void step(uint64_t t_ms, const char *name, const char *title)
{
    struct trace_record r = sample_record(TRACE_KIND_PHASE, t_ms);
    r.host = 2;
    r.title = title;
    trace_attr_str(&r, "step", name);
    trace_emit(&t, &r);
}

/* An attempt of mx to deliver 4F2A. */
static void attempt(uint64_t t_ms, const char *why)
{
    const char *const active[][2] = { { "event", "active" }, { "queue_id", "4F2A" }, { NULL, NULL } };
    const char *const deferred[][2] = {
        { "event", "deferred" }, { "queue_id", "4F2A" }, { "status_text", why }, { NULL, NULL }
    };
    step(t_ms, "RETRY", "The server tries again");
    state(TRACE_KIND_QUEUE, t_ms, active);
    step(t_ms, "CONNECT_RELAY", "One server calls another");
    state(TRACE_KIND_QUEUE, t_ms, deferred);
    step(t_ms, "DEFER", "The message has to wait");
}

START_TEST(an_attempt_like_one_before_takes_one_row)
{
    static const char *const down[][2] = {
        { "event", "began" }, { "name", "mx" }, { "fault", "host down" }, { NULL, NULL }
    };
    begin(_i == 0 ? TRACE_LINE : TRACE_PHASE, false, false);
    attempt(1, "refused");
    attempt(300001, "refused");
    attempt(900001, "refused");
    state(TRACE_KIND_FAULT, 900002, down);
    attempt(2100001, "timed out"); /* something new */
    attempt(9900001, "refused");
    end(0);
    check_has("\n\n1. The server tries again ");
    check_has("\n\n4-6. mx, attempt 2 for 4F2A, 5 min later: as before                    300.001 s\n"
              "    An attempt that ends like one that was told takes one row from here on.\n"
              "    Between the attempts nothing happens: the message lies in the queue.\n"
              "7-9. mx, attempt 3 for 4F2A, 10 min later: as before                 15 min 00 s\n");
    check_has("\n\n10. The server tries again ");
    check_has("\n\n13-15. mx, attempt 5 for 4F2A, 2 h 10 min later: as before            2 h 45 min\n");
    free(text);
}
END_TEST

START_TEST(an_attempt_in_which_more_happens_is_told)
{
    static const char *const sent[][2] = { { "event", "sent" }, { "queue_id", "77" }, { NULL, NULL } };
    begin(TRACE_LINE, false, false);
    attempt(0, "refused");
    step(300000, "RETRY", "The server tries again");
    state(TRACE_KIND_QUEUE, 300001, sent);
    step(300002, "DEFER", "The message has to wait");
    step(300003, "RETRY", "The server tries again"); /* and the run ends here */
    end(0);
    ck_assert_ptr_null(strstr(text, "as before"));
    check_has("\n6. The server tries again");
    free(text);
}
END_TEST

START_TEST(at_level_packet_every_attempt_is_told)
{
    begin(TRACE_PACKET, false, false);
    for (unsigned i = 0; i < 4; i++)
        attempt(i, "refused");
    end(0);
    ck_assert_ptr_null(strstr(text, "as before"));
    free(text);
}
END_TEST

static void frame(enum trace_kind kind, uint64_t t_ms, uint64_t number, const char *what, const char *why)
{
    struct trace_record r = sample_text(kind, TRACE_TCP, 0, what, t_ms);
    r.frame = number;
    if (why)
        trace_attr_str(&r, "why", why);
    trace_emit(&t, &r);
}

START_TEST(a_lost_frame_and_the_one_that_mends_it_are_told)
{
    begin(TRACE_LINE, false, false);
    frame(TRACE_KIND_DROPPED, 1, 7, "192.0.2.10:1 > 192.0.2.9:25 [ACK] seq 100 ack 1 win 9 len 50", "loss");
    frame(TRACE_KIND_SENT, 2, 8, "192.0.2.10:1 > 192.0.2.9:25 [ACK] seq 150 ack 1 win 9 len 50", NULL);
    frame(TRACE_KIND_SENT, 3, 9, "192.0.2.9:25 > 192.0.2.10:1 [ACK] seq 100 ack 1 win 9 len 50", NULL);
    frame(TRACE_KIND_DROPPED, 4, 10, "192.0.2.9:25 > 192.0.2.10:1 [ACK] seq 150 ack 1 win 9", "loss");
    frame(TRACE_KIND_SENT, 213, 11, "192.0.2.10:1 > 192.0.2.9:25 [ACK] seq 90 ack 1 win 9 len 60", NULL);
    frame(TRACE_KIND_SENT, 214, 12, "192.0.2.10:1 > 192.0.2.9:25 [ACK] seq 100 ack 1 win 9 len 50", NULL);
    frame(TRACE_KIND_DROPPED, 215, 13, "192.0.2.10:1 > 192.0.2.9:25 [SYN] seq 0", "firewall");
    end(0);
    check_has("    0.001 s \xe2\x9c\x97 #7 is lost on the way to mx, octets 100 to 149 of the conversation\n"
              "    0.004 s \xe2\x9c\x97 #10 is lost on the way to mx, an ACK without data: the next ACK\n"
              "              says it again\n"
              "    0.213 s \xe2\x80\xa2 #11 brings again what #7 lost, 0.212 s later\n"
              "\nTotals\n");
    free(text);
}
END_TEST

START_TEST(more_losses_than_are_remembered_do_no_harm)
{
    char what[80];
    begin(TRACE_LINE, false, false);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(what, sizeof what, "a > b [ACK] seq %u ack 1 win 9 len 10", 10 * i);
        frame(TRACE_KIND_DROPPED, i, i + 1, what, "loss");
    }
    frame(TRACE_KIND_SENT, 500, 200, "a > b [ACK] seq 0 ack 1 win 9 len 10", NULL);
    frame(TRACE_KIND_SENT, 501, 201, "a > b [ACK] seq 990 ack 1 win 9 len 10", NULL);
    end(0);
    ck_assert_ptr_null(strstr(text, "#200 brings"));
    check_has("#201 brings again what #100 lost");
    free(text);
}
END_TEST

START_TEST(the_parts_of_a_bounce_are_pointed_out)
{
    static const char *const bounce[] = { "Return-Path: <>",
                                          "Subject: no",
                                          "A: b",
                                          "A: b",
                                          "A: b",
                                          "A: b",
                                          "A: b",
                                          "Content-Type: multipart/report; report-type=delivery-status;",
                                          " boundary=\"q 1\"",
                                          "",
                                          "--q 1",
                                          "Content-Type: text/plain",
                                          "",
                                          "Sorry.",
                                          "--q 1",
                                          "Content-Type: message/delivery-status",
                                          "",
                                          "Reporting-MTA: dns; mx",
                                          "",
                                          "Final-Recipient: rfc822; bob@x",
                                          "Action: failed",
                                          "Status: 5.1.1",
                                          "--q 1",
                                          "Content-Type: message/rfc822",
                                          "",
                                          "Action: failed",
                                          "Content-Type: text/plain",
                                          "",
                                          "Status: 5.9.9",
                                          "--q 1--",
                                          "." };
    static const char *const want[] = {
        "Part 1 of the report",  "Part 2 of the report",          "Who reports",
        "About which recipient", "It is over for this recipient", "Why, as three numbers",
        "Part 3 of the report"
    };
    const char *at;
    int over = 0;
    begin(TRACE_LINE, false, false);
    for (size_t i = 0; i < sizeof bounce / sizeof bounce[0]; i++)
        content(2, bounce[i]);
    end(0);
    at = text;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        at = strstr(at, want[i]);
        ck_assert_msg(at != NULL, "%s, in\n%s", want[i], text);
    }
    for (at = text; (at = strstr(at, "It is over for this recipient")) != NULL; at++)
        over++; /* "Action: failed" in the message that came back is none of the report's */
    ck_assert_int_eq(over, 1);
    ck_assert_ptr_null(strstr(strstr(text, "Part 1") + 1, "Part 1")); /* nor is its Content-Type */
    free(text);
}
END_TEST

START_TEST(behind_an_imap_literal_the_answer_goes_on)
{
    struct trace_record r = sample_text(TRACE_KIND_REPLY, TRACE_IMAP, 'S', " UID 1)", 2);
    r.title = "The server sends what was asked";
    begin(TRACE_LINE, false, false);
    trace_emit(&t, &r);
    end(0);
    check_has(" UID 1)\n                  The literal is over, and the answer goes on behind it.");
    ck_assert_ptr_null(strstr(text, "what was asked"));
    free(text);
}
END_TEST

START_TEST(a_silent_address_is_told_twice)
{
    static const char *const failed[][2] = { { "event", "failed" },
                                             { "address", "203.0.113.25" },
                                             { NULL, NULL } };
    static const char *const other[][2] = { { "event", "failed" },
                                            { "address", "203.0.113.26" },
                                            { NULL, NULL } };
    unsigned rows = 0;
    begin(TRACE_LINE, false, false);
    for (unsigned i = 0; i < 5; i++)
        state(TRACE_KIND_NEIGHBOUR, i, failed);
    state(TRACE_KIND_NEIGHBOUR, 9, other);
    end(0);
    for (const char *at = text; (at = strstr(at, "nobody answers for 203.0.113.25 ")) != NULL; at++)
        rows++;
    ck_assert_uint_eq(rows, 2);
    check_has("nobody answers for 203.0.113.26 on this link\n");
    free(text);
}
END_TEST

START_TEST(an_unknown_host_is_the_network)
{
    struct trace_record r = sample_text(TRACE_KIND_ERROR, TRACE_NONE, 0, "x", 0);
    r.host = 77;
    begin(TRACE_LINE, false, false);
    trace_emit(&t, &r);
    end(0);
    ck_assert_ptr_nonnull(strstr(text, "the program on the network tells its user: x\n"));
    free(text);
}
END_TEST

START_TEST(a_full_disk_is_found)
{
    struct ui_narrator_options options = { .level = TRACE_LINE };
    FILE *full = fopen("/dev/full", "w");
    struct trace_record r = sample_record(TRACE_KIND_PHASE, 0);
    if (!full) {
        fprintf(stderr, "skipped: no /dev/full\n");
        return;
    }
    n = ui_narrator_open(full, &options);
    ui_narrator_sink(n).record(n, &r);
    ck_assert_int_eq(ui_narrator_close(n), ENOSPC);
    fclose(full);
}
END_TEST

START_TEST(into_a_pipe_there_is_no_colour_whatever_the_locale)
{
    struct ui_narrator_options o;
    FILE *f = tmpfile();
    setenv("LC_ALL", "C", 1);
    o = ui_narrator_defaults(f);
    ck_assert(!o.colour && !o.ascii && o.level == TRACE_LINE);
    fclose(f);
}
END_TEST

static const struct {
    uint64_t t_ns;
    const char *want;
} times[] = {
    { 0, "0.000 s" },
    { 412999999, "0.412 s" },
    { 599999999999, "599.999 s" },
    { 600000000000, "10 min 00 s" },
    { 3599000000000, "59 min 59 s" },
    { 14400000000000, "4 h 00 min" },
    { 86399000000000, "23 h 59 min" },
    { 432000000000000, "5 d" },
    { 439200000000000, "5 d 02 h" },
    { UINT64_MAX, "213503 d 23 h" },
};

START_TEST(times_are_for_people)
{
    char buf[UI_TIME_MAX];
    ck_assert_str_eq(ui_time_text(times[_i].t_ns, buf), times[_i].want);
}
END_TEST

static Suite *narrator_suite(void)
{
    Suite *s = suite_create("narrator");
    TCase *c = tcase_create("narrator");
    tcase_add_test(c, at_level_line_it_reads_like_a_lesson);
    tcase_add_test(c, at_level_phase_it_tells_the_journey);
    tcase_add_test(c, at_level_packet_it_tells_frames_and_every_state);
    tcase_add_test(c, in_ascii_no_octet_is_above_7e);
    tcase_add_test(c, colour_only_where_it_is_asked_for);
    tcase_add_test(c, hostile_text_stands_still);
    tcase_add_test(c, a_long_message_is_folded);
    tcase_add_test(c, a_message_of_words_is_not_called_base64);
    tcase_add_test(c, a_short_message_is_whole);
    tcase_add_test(c, an_interrupted_message_does_not_begin_again);
    tcase_add_test(c, an_answer_that_was_told_is_not_told_again);
    tcase_add_test(c, lines_without_words_of_their_own_are_folded);
    tcase_add_test(c, late_times_count_from_the_phase);
    tcase_add_test(c, a_section_is_not_torn_apart);
    tcase_add_test(c, a_long_line_is_wrapped_and_cut);
    tcase_add_test(c, what_to_remember_is_told_once_at_the_end);
    tcase_add_test(c, what_the_run_teaches_stands_at_the_end);
    tcase_add_test(c, a_host_without_a_label_says_what_it_is);
    tcase_add_loop_test(c, an_attempt_like_one_before_takes_one_row, 0, 2);
    tcase_add_test(c, an_attempt_in_which_more_happens_is_told);
    tcase_add_test(c, at_level_packet_every_attempt_is_told);
    tcase_add_test(c, a_lost_frame_and_the_one_that_mends_it_are_told);
    tcase_add_test(c, more_losses_than_are_remembered_do_no_harm);
    tcase_add_test(c, the_parts_of_a_bounce_are_pointed_out);
    tcase_add_test(c, behind_an_imap_literal_the_answer_goes_on);
    tcase_add_test(c, a_silent_address_is_told_twice);
    tcase_add_test(c, an_unknown_host_is_the_network);
    tcase_add_test(c, a_full_disk_is_found);
    tcase_add_test(c, into_a_pipe_there_is_no_colour_whatever_the_locale);
    tcase_add_loop_test(c, times_are_for_people, 0, (int)(sizeof times / sizeof times[0]));
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(narrator_suite)
