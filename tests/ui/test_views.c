/* The views Packet, Hosts, Message and Grid: what they show, in the room that they have. */
#include "tests/ui/screen_fixture.h"
#include "ui/screen/exam.h"
#include "ui/screen/view.h"

static const int sizes[][2] = { { 24, 80 }, { 36, 120 }, { 60, 200 } };
static const char *const lessons[] = { "first-message", "no-such-user", "mx-down",
                                       "lossy-link",    "pop3-or-imap", "first-message-secure" };
#define LESSONS (sizeof lessons / sizeof lessons[0])

/* In ASCII nothing else is on it; header, bars and bottom are not written over. */
static void fits(struct face *f, int rows, int cols, bool ascii, const char *scenario)
{
    const char *text = face_text(f);
    char first[100];
    size_t lines = 0;
    snprintf(first, sizeof first, " %s", scenario);
    ck_assert_msg(strncmp(text, first, strlen(first)) == 0, "%s: the header is gone:\n%s", scenario, text);
    ck_assert_ptr_nonnull(strstr(text, "7 Terminal"));
    for (const char *at = text; *at; at++) {
        lines += *at == '\n';
        if (ascii && *at != '\n' && (*at < ' ' || *at >= 127))
            ck_abort_msg("%s: no ASCII:\n%s", scenario, text);
    }
    ck_assert_int_eq((int)lines, rows);
    ck_assert_int_eq(f->canvas.cols, cols);
}

/* Keys and presses of the mouse in one view. */
static void use(struct face *f, uint32_t view, const int size[2], bool ascii, const char *scenario)
{
    static const uint32_t keys[] = { ']', UI_KEY_TAB, UI_KEY_DOWN, UI_KEY_PAGE_DOWN, UI_KEY_UP, 'z' };
    ui_screen_key(f->s, view);
    ui_screen_key(f->s, UI_KEY_HOME);
    fits(f, size[0], size[1], ascii, scenario);
    for (int i = 0; i < 18; i++) {
        ui_screen_key(f->s, keys[i % 6]);
        fits(f, size[0], size[1], ascii, scenario);
    }
    ui_screen_key(f->s, UI_KEY_END);
    fits(f, size[0], size[1], ascii, scenario);
    for (int row = 0; row < size[0] - 3; row += 5) /* the bars below lead elsewhere */
        for (int col = 0; col < size[1]; col += 17)
            ui_screen_event(f->s, &(struct ui_event){ .kind = UI_EVENT_MOUSE, .row = row, .col = col });
    fits(f, size[0], size[1], ascii, scenario);
}

START_TEST(views_stay_in_their_room)
{
    struct face f;
    face_open(&f, lessons[_i], 24, 80, false, false);
    for (int look = 0; look < 4; look++) { /* UTF-8, ASCII; each also large */
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct ui_event e = { .kind = UI_EVENT_SIZE, .row = sizes[i][0], .col = sizes[i][1] };
            ui_screen_event(f.s, &e);
            for (uint32_t view = '3'; view <= '6'; view++)
                use(&f, view, sizes[i], look % 2 == 1, lessons[_i]);
        }
        ui_screen_key(f.s, 'a');
        if (look == 1)
            ui_screen_key(f.s, 'b');
    }
    face_close(&f);
}
END_TEST

START_TEST(packet_links_frame_layer_and_octets)
{
    struct face f;
    face_open(&f, "first-message", 24, 80, true, false);
    ui_screen_key(f.s, '3');
    ck_assert(face_shows(&f, "No frame has been sent yet."));
    while (!face_shows(&f, "EHLO [192.0.2.10]"))
        ui_screen_key(f.s, 'n');
    ck_assert(face_shows(&f, ">    27"));
    ck_assert(face_shows(&f, "layers of frame 27"));
    ck_assert(face_shows(&f, "Simple Mail Transfer Protocol  from the client"));
    ck_assert(face_shows(&f, "45 48  4c 4f"));
    ui_screen_key(f.s, UI_KEY_UP);
    ck_assert(face_shows(&f, "layers of frame 26"));
    ck_assert(face_shows(&f, "from the server"));
    ui_screen_key(f.s, UI_KEY_ENTER);
    ck_assert(face_shows(&f, ">    26"));
    ui_screen_key(f.s, UI_KEY_TAB);
    for (int i = 0; i < 3; i++)
        ui_screen_key(f.s, UI_KEY_UP);
    ui_screen_key(f.s, UI_KEY_ENTER);
    ui_screen_key(f.s, UI_KEY_DOWN);
    ck_assert(face_shows(&f, "Destination"));
    face_close(&f);
}
END_TEST

START_TEST(packet_says_why_a_frame_was_dropped)
{
    struct face f;
    face_open(&f, "lossy-link", 24, 80, true, false);
    ui_screen_key(f.s, '3');
    ui_screen_key(f.s, '!');
    ck_assert(face_shows(&f, "lost (lost-syn)"));
    ck_assert(face_shows(&f, "x>     3"));
    face_close(&f);
}
END_TEST

START_TEST(hosts_have_a_queue_with_its_next_try)
{
    struct face f;
    face_open(&f, "mx-down", 24, 80, true, false);
    face_keys(&f, "4 @ 4 0 0 s <Enter> H m x 2 <Enter> <Tab>");
    ck_assert(face_shows(&f, "mx2: backup MX (mta)"));
    ck_assert(face_shows(&f, "*Queue 1"));
    ck_assert(face_shows(&f, "deferred"));
    ck_assert(face_shows(&f, "to bob@example.org"));
    ck_assert(face_shows(&f, "16 m 09 s (in 597"));
    ck_assert(face_shows(&f, "host unreachable"));
    ui_screen_key(f.s, UI_KEY_HOME);
    ck_assert(face_shows(&f, "*Queue 0"));
    ui_screen_key(f.s, UI_KEY_END);
    ck_assert(face_shows(&f, "*Queue 0"));
    face_close(&f);
}
END_TEST

START_TEST(hosts_have_mailboxes_caches_and_connections)
{
    struct face f;
    face_open(&f, "first-message", 24, 80, true, false);
    face_keys(&f, "4 <End> H r e s <Enter> <Tab> <Tab> <Tab>");
    ck_assert(face_shows(&f, "example.org: 10 mx.example.org"));
    ck_assert(face_shows(&f, "*Cache 10"));
    face_keys(&f, "H m x <Enter> <Shift-Tab>");
    ck_assert(face_shows(&f, "INBOX of bob: 1 message"));
    ck_assert_msg(face_shows(&f, "Lunch at the"), "%s", face_text(&f));
    face_keys(&f, "<Tab> <Tab> <Tab>");
    ck_assert(face_shows(&f, "TIME-WAIT") || face_shows(&f, "CLOSED"));
    ck_assert(face_shows(&f, "smtpd: disconnect"));
    face_keys(&f, "<Home> <Shift-Tab> <Shift-Tab> <Shift-Tab>");
    ck_assert(face_shows(&f, "*Mail 0"));
    face_close(&f);
}
END_TEST

START_TEST(message_grows_from_hop_to_hop)
{
    struct face f;
    face_open(&f, "first-message", 24, 80, true, false);
    ui_screen_key(f.s, '5');
    ck_assert(face_shows(&f, "No message has been written yet."));
    ui_screen_key(f.s, ']');
    ui_screen_key(f.s, 'n');
    ck_assert(face_shows(&f, "alice has written it: Lunch at the lake?"));
    ck_assert(face_shows(&f, "Nothing of it has crossed a wire yet."));
    ui_screen_key(f.s, UI_KEY_END);
    ck_assert(face_shows(&f, "content: 1017 octets, complete"));
    ck_assert(face_shows(&f, "2  mail to mx"));
    ui_screen_key(f.s, UI_KEY_TAB);
    ck_assert(face_shows(&f, "Return-Path: <alice@example.com>                      hop 3: mx"));
    ck_assert(face_shows(&f, "Subject: Lunch at the lake?                           hop 1: alice"));
    ui_screen_key(f.s, UI_KEY_TAB);
    ck_assert(face_shows(&f, "image/png  map.png"));
    ck_assert(face_shows(&f, "base64, 326 octets for 235"));
    face_close(&f);
}
END_TEST

START_TEST(grid_leads_to_the_record_that_failed)
{
    struct face f;
    struct trace_record r;
    face_open(&f, "no-such-user", 24, 80, true, false);
    ui_screen_key(f.s, '6');
    ck_assert(face_shows(&f, "No conversation has begun yet."));
    ui_screen_key(f.s, UI_KEY_END);
    ck_assert(face_shows(&f, "x550"));
    ui_screen_key(f.s, UI_KEY_UP);
    while (!face_shows(&f, "mail > mx:25, RCPT"))
        ui_screen_key(f.s, UI_KEY_TAB);
    ui_screen_key(f.s, UI_KEY_ENTER);
    ck_assert(tape_get(ui_screen_tape(f.s), ui_screen_place(f.s), &r));
    ck_assert_uint_eq(r.code, 550);
    ui_screen_key(f.s, 'p');
    ck_assert(!face_shows(&f, "x550"));
    face_close(&f);
}
END_TEST

START_TEST(a_frame_that_arrives_came_from_its_sender)
{
    struct face f;
    face_open(&f, "first-message", 24, 80, false, false);
    face_keys(&f, "g n n n"); /* the ARP question of alice reaches her router */
    ck_assert(face_shows(&f, "who has 192.0.2.1? tell 192.0.2.10"));
    for (int i = 0; i < 4; i++, face_keys(&f, "n"))
        ck_assert(!face_shows(&f, "who has 192.0.2.1") ||
                  face_shows(&f, "alice \xe2\x94\x80\xe2\x96\xb8 home-router"));
    face_close(&f);
}
END_TEST

/* A change of state is told by its own words, in English, not by those of the line that led to it. */
START_TEST(a_frame_that_is_lost_does_not_come_from_where_it_is_lost)
{
    struct face f;
    face_open(&f, "mx-moved", 24, 80, false, false);
    face_keys(&f, "!");
    ck_assert(face_shows(&f, "SYN to port 25: the host is off"));
    ck_assert(face_shows(&f, "lost at old  TCP"));
    face_keys(&f, "<F2>");
    ck_assert(face_shows(&f, "mail \xe2\x96\xb8 old  #116 SYN to port 25: the host is off"));
    face_close(&f);
}
END_TEST

START_TEST(an_answer_to_the_dot_that_does_not_come_is_told)
{
    struct face f;
    face_open(&f, "slow-server", 24, 80, false, false);
    face_keys(&f, "/ answers <Space> 11 <Enter>");
    ck_assert(face_shows(&f, "The server has done what it was asked to do, and"));
    face_keys(&f, "p n"); /* it is a step */
    ck_assert(face_shows(&f, "The answer is held back."));
    face_keys(&f, "n n n"); /* the queue, final delivery, and ten minutes later */
    ck_assert(face_shows(&f, "The dot is sent, and its answer does not come."));
    ck_assert(face_shows(&f, "mail has waited too long and hangs up"));
    face_keys(&f, "<F6>");
    ck_assert(face_shows(&f, "250   250  \xe2\x9c\x97late"));
    face_keys(&f, "<F5>");
    ck_assert(face_shows(&f, "octets, complete"));
    ck_assert(!face_shows(&f, "no reply yet"));
    face_keys(&f, "<End>");
    ck_assert(face_shows(&f, "octets, cut off"));
    ck_assert(face_shows(&f, "mail: the connection is lost"));
    face_close(&f);
}
END_TEST

START_TEST(changes_of_state_have_words_of_their_own)
{
    struct face f;
    struct trace_record r;
    struct ui_words w;
    char text[1024];
    bool local = false;
    face_open(&f, "first-message-secure", 24, 80, false, false);
    for (uint32_t seq = 1; seq <= tape_last(f.s->run.tape); seq++) {
        if (!tape_get(f.s->run.tape, seq, &r))
            continue;
        ui_record_text(f.s->run.tape, &r, text, sizeof text);
        ui_record_words(f.s->run.tape, &r, &w);
        if (r.kind == TRACE_KIND_MAILBOX)
            ck_assert_msg(strstr(text, "is flags") == NULL, "%s", text);
        if (r.kind == TRACE_KIND_CLIENT || r.kind == TRACE_KIND_QUEUE)
            ck_assert_msg(strstr(w.title, "close_notify") == NULL, "%s: %s", text, w.title);
        if (strncmp(text, "220 2.0.0", 9) == 0) /* nobody is greeted here */
            ck_assert_ptr_nonnull(strstr(ui_exam_note(&r), "STARTTLS"));
        if (strstr(text, "delivered to mailbox")) {
            local = true;
            ck_assert_str_eq(w.title, "Delivered"); /* no next server has said anything */
        }
    }
    ck_assert(local);
    face_close(&f);
}
END_TEST

START_TEST(words_stand_where_their_headings_say)
{
    struct face f;
    face_open(&f, "mailbox-full", 24, 80, false, false);
    face_keys(&f, "! 4");
    ck_assert(face_shows(&f, "/hosts/mx/store/users/bob/quota = 64000"));
    face_keys(&f, "<End> <Tab> <Tab>");
    ck_assert(face_shows(&f, "from; subject"));
    ck_assert(face_shows(&f, "alice@example.com; A photo, second attempt"));
    face_keys(&f, "5 f"); /* a report that no program at a desk has written */
    ck_assert(face_shows(&f, "Your message was not delivered"));
    face_keys(&f, "<Esc> @ 9d <Enter>");
    ck_assert(face_shows(&f, "The run ends at 111.937 s."));
    face_close(&f);
    face_open(&f, "no-such-user", 24, 80, false, false);
    face_keys(&f, "! 4");
    ck_assert(face_shows(&f, "2001:db8:d::25/64"));
    face_keys(&f, "2"); /* hints are whole words or not there */
    ck_assert(face_shows(&f, "e export"));
    face_close(&f);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("views");
    TCase *c = tcase_create("drawing");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, views_stay_in_their_room, 0, (int)LESSONS);
    tcase_add_test(c, packet_links_frame_layer_and_octets);
    tcase_add_test(c, packet_says_why_a_frame_was_dropped);
    tcase_add_test(c, a_frame_that_arrives_came_from_its_sender);
    tcase_add_test(c, a_frame_that_is_lost_does_not_come_from_where_it_is_lost);
    tcase_add_test(c, an_answer_to_the_dot_that_does_not_come_is_told);
    tcase_add_test(c, words_stand_where_their_headings_say);
    tcase_add_test(c, changes_of_state_have_words_of_their_own);
    tcase_add_test(c, hosts_have_a_queue_with_its_next_try);
    tcase_add_test(c, hosts_have_mailboxes_caches_and_connections);
    tcase_add_test(c, message_grows_from_hop_to_hop);
    tcase_add_test(c, grid_leads_to_the_record_that_failed);
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(suite)
