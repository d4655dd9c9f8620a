/* The terminal view: a person types, a change is made, the scenario runs again; nothing before it is touched.
 */
#include "tests/ui/screen_fixture.h"
#include "ui/screen/view.h"

static struct face f;

static void open_terminal(const char *scenario)
{
    face_open(&f, scenario, 24, 80, true, false);
    face_keys(&f, "7 <Enter>");
}

static void type(const char *line)
{
    for (const char *c = line; *c; c++)
        ui_screen_key(f.s, (unsigned char)*c);
    ui_screen_key(f.s, UI_KEY_ENTER);
}

/* The first record of this kind with these attributes; 0: none. */
static uint32_t record(enum trace_kind kind, const char *event, const char *key, const char *value)
{
    const struct tape_list *list = tape_of_kind(ui_screen_tape(f.s), kind);
    struct trace_record r;
    for (size_t i = 0; list && i < list->n; i++) {
        const char *e, *v;
        ck_assert(tape_get(ui_screen_tape(f.s), list->seq[i], &r));
        e = trace_attr_get(&r, "event");
        v = trace_attr_get(&r, key);
        if (e && strcmp(e, event) == 0 && v && strcmp(v, value) == 0)
            return list->seq[i];
    }
    return 0;
}

static void shows(const char *words)
{
    ck_assert_msg(face_shows(&f, words), "\"%s\" is not on\n%s", words, face_text(&f));
}

static void same_record(const struct tape *a, const struct tape *b, uint32_t seq)
{
    struct trace_record x, y;
    ck_assert(tape_get(a, seq, &x) && tape_get(b, seq, &y));
    ck_assert_uint_eq(x.t_ns, y.t_ns);
    ck_assert_int_eq(x.kind, y.kind);
    ck_assert_uint_eq(x.cause, y.cause);
    ck_assert_uint_eq(x.conn, y.conn);
    ck_assert_uint_eq(x.frame, y.frame);
    ck_assert_uint_eq(x.nattr, y.nattr);
    ck_assert_uint_eq(x.text ? x.text_len : 0, y.text ? y.text_len : 0);
    ck_assert(!x.text || memcmp(x.text, y.text, x.text_len) == 0);
    ck_assert_uint_eq(x.nbytes, y.nbytes);
    ck_assert(x.nbytes == 0 || memcmp(x.bytes, y.bytes, x.nbytes) == 0);
}

/* The scenario with the first n changes of the run that is shown. */
static struct tape *run_with(size_t n)
{
    const struct ui_program *p = ui_play_program(f.program);
    char error[UI_ERROR_MAX];
    struct tape *t = p->run(p->ctx, f.s->scenario, (const char *const *)f.s->run.change, n, error);
    ck_assert_msg(t != NULL, "%s", error);
    return t;
}

/* The run with one more change equals the one before up to the moment of the line. */
static void nothing_before_is_touched(void)
{
    for (size_t n = 1; n <= f.s->run.nchanges; n++) {
        struct tape *before = run_with(n - 1), *after = run_with(n);
        uint32_t seq = 1, least = tape_last(before) < tape_last(after) ? tape_last(before) : tape_last(after);
        struct trace_record a, b;
        while (seq <= least && tape_get(before, seq, &a) && tape_get(after, seq, &b) && a.t_ns == b.t_ns &&
               a.kind == b.kind) {
            if (a.kind == TRACE_KIND_OUTCOME)
                break;
            same_record(before, after, seq++);
        }
        if (strstr(f.s->run.change[n - 1], "/-=\"") &&
            seq <= tape_last(after)) { /* a line is the difference */
            ck_assert(tape_get(after, seq, &b));
            ck_assert_msg((b.kind == TRACE_KIND_COMMAND || b.kind == TRACE_KIND_CONTENT ||
                           b.kind == TRACE_KIND_REPLY) &&
                              strstr(f.s->run.change[n - 1], b.text) != NULL,
                          "change %s: record %u differs and is a %s", f.s->run.change[n - 1], seq,
                          trace_kind_name(b.kind));
        }
        tape_free(before);
        tape_free(after);
    }
}

static void runs_again_as_it_was(void)
{
    struct tape *t = run_with(f.s->run.nchanges);
    ck_assert_uint_eq(tape_last(t), tape_last(ui_screen_tape(f.s)));
    for (uint32_t seq = 1; seq <= tape_last(t); seq++)
        same_record(t, ui_screen_tape(f.s), seq);
    tape_free(t);
}

START_TEST(a_whole_smtp_session_by_hand_delivers_a_message)
{
    static const char *const lines[] = { "EHLO laptop.example.com",
                                         "MAIL FROM:<alice@example.com>",
                                         "RCPT TO:<postmaster@example.com>",
                                         "DATA",
                                         "Subject: by hand",
                                         "",
                                         "Typed.",
                                         ".",
                                         "QUIT" };
    static const char *const answers[] = { "250 BINARYMIME", "250 2.1.0",        "250 2.1.5",
                                           "354 ",           "Subject: by hand", "",
                                           "Typed.",         "250 2.0.0 queued", "telnet-done" };
    open_terminal("first-message");
    type("telnet mail.example.com 25");
    shows("< 220 mail.example.com");
    shows("Tab: EHLO");
    for (size_t i = 0; i < 9; i++) {
        uint32_t before = ui_screen_place(f.s);
        type(lines[i]);
        ck_assert_uint_gt(ui_screen_place(f.s), before);
        if (i < 7 && *answers[i])
            shows(answers[i]);
    }
    ck_assert_uint_gt(record(TRACE_KIND_CLIENT, "telnet-done", "result", "ok"), 0);
    ck_assert_uint_le(record(TRACE_KIND_CLIENT, "telnet-done", "result", "ok"), ui_screen_place(f.s));
    shows("221 2.0.0");
    shows("Connection closed.");
    ck_assert_uint_gt(record(TRACE_KIND_MAILBOX, "stored", "user", "postmaster"), 0);
    nothing_before_is_touched();
    runs_again_as_it_was();
    face_close(&f);
}
END_TEST

START_TEST(it_begins_at_the_place_and_goes_back_to_the_original)
{
    uint64_t hash;
    uint32_t place;
    face_open(&f, "first-message", 24, 80, true, false);
    face_keys(&f, "n n n n n n n n n n n n n n n n");
    place = ui_screen_place(f.s);
    hash = face_hash(&f);
    face_keys(&f, "7 <Enter>");
    type("ping mx");
    shows("seq=3");
    ck_assert_uint_ge(tape_time(ui_screen_tape(f.s), ui_screen_place(f.s)),
                      tape_time(f.s->original.tape, place) + 2000000000u);
    nothing_before_is_touched();
    face_keys(&f, "<Esc> o 1");
    ck_assert_uint_eq(ui_screen_place(f.s), place);
    f.s->last_key = 0;
    f.s->last_action = 0;
    ck_assert_uint_eq(face_hash(&f), hash);
    face_close(&f);
}
END_TEST

START_TEST(stepping_back_takes_the_lines_back)
{
    open_terminal("first-message");
    type("telnet mail.example.com 25");
    type("NOOP");
    shows("250 OK");
    face_keys(&f, "<Esc> <Home>");
    ck_assert(!face_shows(&f, "250 OK"));
    ck_assert(!face_shows(&f, "220 mail"));
    shows("telnet mail.example.com 25");
    face_close(&f);
}
END_TEST

START_TEST(dig_and_ping_answer_like_the_tools)
{
    open_terminal("first-message");
    type("dig example.org MX");
    shows("example.org. 3600 IN MX 10 mx.example.org.");
    shows("SERVER: resolver");
    type("dig @ns.example.org example.org mx");
    shows("aa rd");
    shows("SERVER: ns-org");
    type("dig nothing.example.org");
    shows("SERVER: resolver");
    type("ping mail.example.com");
    shows("3 sent, 3 came back");
    type("ping nowhere.example.com");
    shows("name or service not known");
    face_close(&f);
}
END_TEST

START_TEST(tls_is_typed_through)
{
    open_terminal("first-message-secure");
    type("openssl s_client -connect mx.example.org:993 -crlf");
    shows("TLS 1.3");
    shows("certificate-trusted");
    shows("* OK");
    type("a1 LOGIN bob builder");
    shows("a1 OK");
    nothing_before_is_touched();
    runs_again_as_it_was();
    ui_screen_key(f.s, UI_CTRL(']'));
    shows("Connection closed.");
    type("openssl s_client -connect mx:25 -starttls smtp");
    shows("STARTTLS");
    shows("TLS 1.3");
    type("EHLO me");
    shows("250");
    face_close(&f);
}
END_TEST

START_TEST(who_is_the_server_may_refuse_and_it_bounces)
{
    open_terminal("first-message");
    type("be mx:25");
    shows("--- mail connects");
    shows("Tab: 220");
    type("220 mx.example.org hello");
    shows("> EHLO mail.example.com");
    type("250-mx.example.org");
    type("250 SIZE 1000000");
    shows("> MAIL FROM:<alice@example.com>");
    type("250 ok");
    shows("> RCPT TO:<bob@example.org>");
    type("550 5.1.1 nobody of that name");
    shows("> QUIT");
    type("221 bye");
    ck_assert_uint_gt(record(TRACE_KIND_QUEUE, "bounced", "to", "bob@example.org"), 0);
    ck_assert_uint_gt(record(TRACE_KIND_MAILBOX, "stored", "user", "alice"), 0);
    nothing_before_is_touched();
    runs_again_as_it_was();
    face_close(&f);
}
END_TEST

START_TEST(who_is_a_pop3_server_answers_a_mail_program)
{
    open_terminal("first-message");
    type("be mx:110");
    shows("bob-desktop connects");
    type("+OK hello");
    shows("> USER bob");
    type("+OK");
    shows("> PASS builder");
    type("-ERR wrong password");
    shows("> QUIT");
    type("+OK");
    ck_assert_uint_gt(record(TRACE_KIND_CLIENT, "fetch-failed", "result", "auth-failed"), 0);
    face_close(&f);
}
END_TEST

START_TEST(wrong_commands_are_told_what_is_allowed)
{
    static const char *const rows[][2] = {
        { "telnet mx", "telnet HOST PORT is allowed" },
        { "telnet mx 99999", "telnet HOST PORT is allowed" },
        { "openssl x509", "openssl s_client -connect" },
        { "openssl s_client -connect mx", "openssl s_client -connect" },
        { "openssl s_client -connect mx:25 -starttls ftp", "openssl s_client -connect" },
        { "dig", "dig [@SERVER] NAME [TYPE] is allowed" },
        { "dig example.org NONSENSE", "is not known here; allowed: A, AAAA" },
        { "ping", "ping HOST is allowed" },
        { "be nobody:25", "there is no such host" },
        { "be mx", "be HOST:PORT is allowed" },
        { "from nobody", "bob-phone" },
        { "base64 x", "base64 USER PASSWORD is allowed" },
        { "rm -rf", "help tells what can be typed" },
    };
    open_terminal("first-message");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        type(rows[i][0]);
        shows(rows[i][1]);
        ck_assert_uint_eq(f.s->run.nchanges, 0);
    }
    face_close(&f);
}
END_TEST

START_TEST(history_completion_and_where_one_sits)
{
    open_terminal("first-message");
    type("from bob-phone");
    shows("you sit at bob-phone");
    type("base64 alice wonderland");
    shows("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=");
    face_keys(&f, "<Up> <Up>");
    shows("> from bob-phone");
    face_keys(&f, "<Down> <Down>");
    face_keys(&f, "tel <Tab>");
    shows("> telnet mail.example.com 25");
    ui_screen_key(f.s, UI_CTRL('U'));
    face_keys(&f, "fr <Tab>");
    face_keys(&f, "al <Tab>");
    shows("> from alice");
    type("");
    shows("you sit at alice");
    face_keys(&f, "<Esc> 1");
    ck_assert_int_eq(f.s->view, UI_VIEW_JOURNEY);
    face_close(&f);
}
END_TEST

START_TEST(every_size_has_its_prompt)
{
    static const int sizes[][2] = { { 24, 80 }, { 36, 120 }, { 60, 200 } };
    open_terminal("first-message");
    type("telnet mail.example.com 25");
    for (size_t i = 0; i < 3; i++) {
        struct ui_event size = { .kind = UI_EVENT_SIZE, .row = sizes[i][0], .col = sizes[i][1] };
        ui_screen_event(f.s, &size);
        shows("alice, connected >");
        shows("220 mail.example.com");
        ck_assert_int_eq(f.canvas.cursor_row, sizes[i][0] - 5);
    }
    face_close(&f);
}
END_TEST

/* ---- anything ---- */

static uint64_t state;

static uint32_t draw_number(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static void do_anything(void)
{
    static const char *const lines[] = { "telnet mail 25",
                                         "telnet mx 143",
                                         "EHLO x",
                                         "a1 LOGIN bob builder",
                                         "QUIT",
                                         "DATA",
                                         ".",
                                         "",
                                         "Subject: x",
                                         "openssl s_client -connect mx:25 -starttls smtp",
                                         "dig example.org mx",
                                         "ping mx",
                                         "be mx:25",
                                         "be mail:587",
                                         "220 hi",
                                         "250 ok",
                                         "354 go",
                                         "550 5.1.1 no",
                                         "from mx",
                                         "help",
                                         "base64 a b",
                                         "\"q\\uote'",
                                         "* OK x",
                                         "+OK",
                                         "a1 APPEND x {9}",
                                         "BDAT 5",
                                         "250-" };
    static const char *const keys[] = {
        "o",         "c", "n n n",  "p p", "<Home>", "<End>", "x <Down> <Enter> <Enter> <Esc>",
        "x <Enter>", "a", "w <Esc>"
    };
    face_keys(&f, "<Esc> <Esc> 7 <Enter>");
    if (draw_number(3) == 0) {
        face_keys(&f, "<Esc>");
        face_keys(&f, keys[draw_number(sizeof keys / sizeof keys[0])]);
    } else {
        type(lines[draw_number(sizeof lines / sizeof lines[0])]);
        if (draw_number(12) == 0)
            ui_screen_key(f.s, UI_CTRL(']'));
    }
    face_text(&f);
}

START_TEST(nothing_that_is_typed_breaks_it)
{
    state = (uint64_t)_i + 1;
    face_open(&f, _i % 2 ? "first-message" : "first-message-secure", 24, 80, _i % 2 == 0, false);
    for (int n = 0; n < 30; n++)
        do_anything();
    face_close(&f);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ui terminal");
    TCase *t = tcase_create("terminal");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_whole_smtp_session_by_hand_delivers_a_message);
    tcase_add_test(t, it_begins_at_the_place_and_goes_back_to_the_original);
    tcase_add_test(t, stepping_back_takes_the_lines_back);
    tcase_add_test(t, dig_and_ping_answer_like_the_tools);
    tcase_add_test(t, tls_is_typed_through);
    tcase_add_test(t, who_is_the_server_may_refuse_and_it_bounces);
    tcase_add_test(t, who_is_a_pop3_server_answers_a_mail_program);
    tcase_add_test(t, wrong_commands_are_told_what_is_allowed);
    tcase_add_test(t, history_completion_and_where_one_sits);
    tcase_add_test(t, every_size_has_its_prompt);
    tcase_add_loop_test(t, nothing_that_is_typed_breaks_it, 0, 4);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
