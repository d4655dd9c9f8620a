/* Our client and our server back to back: what one sends the other understands, whatever the segments are. */
#include "tests/check_main.h"
#include "tests/smtp/fake_host.h"
#include "tests/smtp/fake_sender.h"

#define PIPE_MAX 400000

struct pipe {
    char octets[PIPE_MAX];
    size_t begin, end;
};

static struct fake_host host;
static struct fake_sender sender;
static struct smtp_server_config server_config;
static struct smtp_client_config client_config;
static struct smtp_server server;
static struct smtp_client client;
static struct smtp_server_step server_step;
static struct smtp_client_step client_step;
static struct pipe up, down; /* to the server, to the client */
static uint32_t random_state;

static void set_up(void)
{
    fake_host_init(&host);
    host.quiet = true;
    memset(&sender, 0, sizeof sender);
    smtp_server_config_mta(&server_config, "mx.example.org");
    client_config = (struct smtp_client_config){ .hostname = "client.example.net" };
    random_state = 7;
}

static void put(struct pipe *pipe, const struct wire_out *send)
{
    fake_check_marks(send);
    ck_assert_uint_le(pipe->end + send->len, PIPE_MAX);
    memcpy(pipe->octets + pipe->end, send->text, send->len);
    pipe->end += send->len;
}

/* How many octets the reader sees: all, one more at a time, or some. */
static size_t visible(const struct pipe *pipe, size_t waiting, int segments)
{
    size_t there = pipe->end - pipe->begin, n;
    random_state = random_state * 1664525u + 1013904223u;
    n = segments == 0 ? there : segments == 1 ? waiting + 1 : waiting + 1 + (random_state >> 16) % 1500;
    return n < there ? n : there;
}

static bool server_reads(int segments)
{
    static size_t waiting;
    size_t n = visible(&up, waiting, segments), used;
    if (n == 0 || server.state == SMTP_SERVER_CLOSED)
        return false;
    used = smtp_server_step(&server, up.octets + up.begin, n, &server_step);
    waiting = used == 0 ? n : 0;
    if (used == 0)
        return n < up.end - up.begin;
    up.begin += used;
    put(&down, &server_step.send);
    return true;
}

static bool client_reads(int segments)
{
    static size_t waiting;
    size_t n = visible(&down, waiting, segments), used;
    if (n == 0)
        return false;
    used = smtp_client_step(&client, down.octets + down.begin, n, &client_step);
    waiting = used == 0 ? n : 0;
    if (used == 0)
        return n < down.end - down.begin;
    down.begin += used;
    put(&up, &client_step.send);
    return true;
}

/* One session from greeting to the end. */
static void run(int segments)
{
    bool moved = true;
    up.begin = up.end = down.begin = down.end = 0;
    smtp_server_init(&server, &server_config, &fake_ops, &host);
    smtp_server_auth(&server, &fake_auth, &host);
    smtp_client_init(&client, &client_config, &fake_client_ops, &sender);
    smtp_client_auth(&client, &fake_auth_client, &sender);
    smtp_server_start(&server, false, &server_step);
    put(&down, &server_step.send);
    smtp_client_start(&client, false, &client_step);
    while (moved) {
        moved = server_reads(segments);
        moved |= client_reads(segments);
        ck_assert_uint_le(client.in_flight, SMTP_CLIENT_IN_FLIGHT_MAX);
        while (smtp_client_pull(&client, &client_step)) {
            put(&up, &client_step.send);
            moved = true;
        }
        if (server.state == SMTP_SERVER_TLS && client.state == SMTP_CLIENT_TLS) {
            smtp_server_tls_started(&server);
            smtp_client_tls_started(&client, &client_step);
            put(&up, &client_step.send);
            moved = true;
        }
        if (up.begin == up.end)
            up.begin = up.end = 0;
        if (down.begin == down.end)
            down.begin = down.end = 0;
    }
    ck_assert_int_eq(client.state, SMTP_CLIENT_DONE);
    ck_assert_int_eq(server.state, SMTP_SERVER_CLOSED);
}

static void deliver(const char *content, size_t len, bool bdat, int segments)
{
    set_up();
    server_config.bare = SMTP_BARE_PASS;
    server_config.refuse_nul = false;
    server_config.text_line_max = 0;
    client_config.use_bdat = bdat;
    client_config.chunk_octets = bdat && segments == 2 ? 700 : 0;
    fake_add(&sender, content, len, 1)->body = SMTP_BODY_8BITMIME;
    run(segments);
    ck_assert_str_eq(sender.log, "rcpt 0 ACCEPTED 250 2.1.5\ndone DELIVERED 250 2.0.0\n");
    if (!bdat && (len < 2 || memcmp(content + len - 2, "\r\n", 2) != 0) && len > 0) {
        /* DATA carries lines: the last one has got its end. */
        ck_assert_uint_eq(host.content_len, len + 2);
    } else {
        ck_assert_uint_eq(host.content_len, len);
    }
    ck_assert_mem_eq(host.content, content, len);
}

START_TEST(content_arrives_as_it_was_sent)
{
    static const struct {
        const char *at;
        size_t len;
    } contents[] = {
        { "", 0 },
        { "\r\n", 2 },
        { ".\r\n", 3 },
        { "..\r\n.\r\n...\r\n", 12 },
        { "Subject: x\r\n\r\n.hidden\r\nend.\r\n", 29 },
        { "a\0b\r\n\0\r\n", 8 },
        { "\xff\xfe\r\n.\x80\r\n", 9 },
        { "bare\nlf\n.\nand\rcr\r\r\n", 19 },
        { "\n.\r\n.\r.\r\n", 9 },
        { "x", 1 },
        { ".", 1 },
        { "no end", 6 },
        { "ends in cr\r", 11 },
    };
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++)
        for (int segments = 0; segments < 3; segments++) {
            deliver(contents[i].at, contents[i].len, false, segments);
            deliver(contents[i].at, contents[i].len, true, segments);
        }
}
END_TEST

START_TEST(random_content_arrives_as_it_was_sent)
{
    static const char alphabet[] = { '.', '.', '\r', '\n', '\r', '\n', 'x', '\0', '\xe4' };
    static char content[20000];
    for (int round = 0; round < 30; round++) {
        size_t len = 0, max = (size_t)(round * round * 5) + 1;
        random_state = (uint32_t)round + 1000;
        while (len + 2 < max) {
            random_state = random_state * 1664525u + 1013904223u;
            if (random_state >> 30 == 0) {
                content[len++] = '\r';
                content[len++] = '\n';
            } else {
                content[len++] = alphabet[(random_state >> 16) % sizeof alphabet];
            }
        }
        content[len++] = '\r';
        content[len++] = '\n';
        deliver(content, len, false, round % 3);
        deliver(content, len, true, round % 3);
    }
}
END_TEST

START_TEST(large_content_with_short_and_endless_lines_arrives)
{
    static char content[250000];
    for (size_t i = 0; i < sizeof content; i += 2)
        memcpy(content + i, "\r\n", 2);
    deliver(content, sizeof content, false, 0);
    memset(content, '.', sizeof content);
    memcpy(content + sizeof content - 2, "\r\n", 2);
    deliver(content, sizeof content, false, 2);
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (char)(i % 79 == 77 ? '\r' : i % 79 == 78 ? '\n' : '.');
    memcpy(content + sizeof content - 2, "\r\n", 2);
    deliver(content, sizeof content, false, 2);
    deliver(content, sizeof content, true, 2);
}
END_TEST

START_TEST(a_thousand_recipients_are_served_with_and_without_pipelining)
{
    for (int mode = 0; mode < 4; mode++) {
        set_up();
        client_config.no_pipelining = mode & 1;
        fake_add(&sender, "hi\r\n", 4, 1000);
        run(mode & 2 ? 2 : 0);
        ck_assert_uint_eq(sender.accepted, 1000);
        ck_assert_uint_eq(host.recipients, 1000);
        ck_assert_uint_eq(host.messages, 1);
        ck_assert_ptr_nonnull(strstr(sender.log, "done DELIVERED"));
    }
}
END_TEST

START_TEST(recipients_beyond_the_limit_are_temporary_and_the_rest_is_served)
{
    set_up();
    server_config.recipients_max = 100;
    fake_add(&sender, "hi\r\n", 4, 250);
    run(0);
    ck_assert_uint_eq(sender.accepted, 100);
    ck_assert_uint_eq(sender.refused, 150);
    ck_assert_ptr_nonnull(strstr(sender.log, "rcpt 99 ACCEPTED 250 2.1.5\nrcpt 100 TEMPFAIL 452 4.5.3\n"));
    ck_assert_ptr_nonnull(strstr(sender.log, "done DELIVERED"));
}
END_TEST

START_TEST(several_messages_share_one_connection)
{
    set_up();
    for (int i = 0; i < 6; i++)
        fake_add(&sender, "hi\r\n", 4, 2);
    sender.messages[1].sender = WIRE_SLICE("forged@example.com");
    sender.messages[3].content = WIRE_SLICE("bare\nlf\r\n");
    sender.messages[4].sender = WIRE_SLICE("");
    for (int segments = 0; segments < 3; segments++) {
        sender.given = sender.done = 0;
        sender.log_len = 0;
        host.messages = 0;
        run(segments);
        ck_assert_uint_eq(host.messages, 4);
        ck_assert_str_eq(sender.log,
                         "rcpt 0 ACCEPTED 250 2.1.5\nrcpt 1 ACCEPTED 250 2.1.5\ndone DELIVERED 250 2.0.0\n"
                         "done PERMFAIL 550 5.7.23\n"
                         "rcpt 0 ACCEPTED 250 2.1.5\nrcpt 1 ACCEPTED 250 2.1.5\ndone DELIVERED 250 2.0.0\n"
                         "rcpt 0 ACCEPTED 250 2.1.5\nrcpt 1 ACCEPTED 250 2.1.5\ndone PERMFAIL 554 5.6.0\n"
                         "rcpt 0 ACCEPTED 250 2.1.5\nrcpt 1 ACCEPTED 250 2.1.5\ndone DELIVERED 250 2.0.0\n"
                         "rcpt 0 ACCEPTED 250 2.1.5\nrcpt 1 ACCEPTED 250 2.1.5\ndone DELIVERED 250 2.0.0\n");
    }
}
END_TEST

START_TEST(submission_with_tls_and_login)
{
    for (int segments = 0; segments < 3; segments++) {
        set_up();
        smtp_server_config_submission(&server_config, "mx.example.org");
        client_config.tls = client_config.auth = SMTP_POLICY_REQUIRED;
        sender.mech = "PLAIN";
        sender.initial = "\0ann\0secret";
        sender.initial_len = 11;
        fake_add(&sender, "hi\r\n", 4, 1);
        run(segments);
        ck_assert(server.tls && server.authenticated);
        ck_assert_str_eq(sender.log, "rcpt 0 ACCEPTED 250 2.1.5\ndone DELIVERED 250 2.0.0\n");
    }
}
END_TEST

START_TEST(submission_without_login_is_refused)
{
    set_up();
    smtp_server_config_submission(&server_config, "mx.example.org");
    fake_add(&sender, "hi\r\n", 4, 1);
    run(0);
    ck_assert_str_eq(sender.log, "done PERMFAIL 530 5.7.0\n");
}
END_TEST

START_TEST(an_old_server_and_a_new_client_agree_on_helo)
{
    for (int segments = 0; segments < 3; segments++) {
        set_up();
        server_config.helo_only = true;
        fake_add(&sender, "hi\r\n", 4, 3);
        run(segments);
        ck_assert_uint_eq(sender.accepted, 3);
        ck_assert_ptr_nonnull(strstr(sender.log, "done DELIVERED 250"));
    }
}
END_TEST

START_TEST(binary_content_needs_and_uses_bdat)
{
    static const char binary[] = "\0\n.\r\n\xff.\r";
    set_up();
    fake_add(&sender, binary, 8, 1)->body = SMTP_BODY_BINARYMIME;
    run(1);
    ck_assert_uint_eq(host.messages, 1);
    ck_assert_uint_eq(host.content_len, 8);
    ck_assert_mem_eq(host.content, binary, 8);
}
END_TEST

START_TEST(what_the_client_smuggles_the_server_refuses)
{
    static const char text[] = "one\r\n\n.\nMAIL FROM:<evil@example.net>\r\n";
    set_up();
    fake_add(&sender, text, sizeof text - 1, 1);
    run(0);
    ck_assert_str_eq(sender.log, "rcpt 0 ACCEPTED 250 2.1.5\ndone PERMFAIL 554 5.6.0\n");
    ck_assert_uint_eq(host.messages, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smtp_pair");
    TCase *t = tcase_create("pair");
    tcase_add_test(t, content_arrives_as_it_was_sent);
    tcase_add_test(t, random_content_arrives_as_it_was_sent);
    tcase_add_test(t, large_content_with_short_and_endless_lines_arrives);
    tcase_add_test(t, a_thousand_recipients_are_served_with_and_without_pipelining);
    tcase_add_test(t, recipients_beyond_the_limit_are_temporary_and_the_rest_is_served);
    tcase_add_test(t, several_messages_share_one_connection);
    tcase_add_test(t, submission_with_tls_and_login);
    tcase_add_test(t, submission_without_login_is_refused);
    tcase_add_test(t, an_old_server_and_a_new_client_agree_on_helo);
    tcase_add_test(t, binary_content_needs_and_uses_bdat);
    tcase_add_test(t, what_the_client_smuggles_the_server_refuses);
    tcase_set_timeout(t, 30);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
