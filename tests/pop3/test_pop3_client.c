/* The POP3 client engine: against scripts, and against the server engine. */
#include "protocols/pop3/pop3_client.h"
#include "tests/pop3/pop3_fixture.h"
#include "tests/pop3/transcript.h"
#include "tests/check_main.h"

/* ---- the host behind the client ---- */

struct mailbox {
    uint32_t count, fetched, removed;
    uint64_t octets;
    uint32_t skip;   /* a number that is not wanted; 0: none */
    uint32_t refuse; /* a number that cannot be kept; 0: none */
    bool leave;
    char uidl[8][16];
    size_t len; /* of the message at hand */
    size_t kept_len[8];
    char kept[8][70000];
    uint32_t at; /* number of the message at hand */
};

static struct mailbox box;

static void got_status(void *host, uint32_t count, uint64_t octets)
{
    ((struct mailbox *)host)->octets = octets + count * 0;
}

static void got_listed(void *host, uint32_t number, uint64_t octets)
{
    (void)octets;
    ((struct mailbox *)host)->count = number;
}

static void got_identified(void *host, uint32_t number, struct wire_slice uidl)
{
    if (number < 8)
        snprintf(((struct mailbox *)host)->uidl[number], 16, "%.*s", (int)uidl.len, uidl.at);
}

static bool is_wanted(void *host, uint32_t number)
{
    return number != ((struct mailbox *)host)->skip;
}

static void begin_message(void *host, uint32_t number)
{
    struct mailbox *b = host;
    b->at = number;
    b->len = 0;
}

static void take_body(void *host, const char *bytes, size_t len)
{
    struct mailbox *b = host;
    ck_assert_uint_gt(len, 0);
    ck_assert_uint_lt(b->at, 8);
    ck_assert_uint_le(b->len + len, sizeof b->kept[0]);
    memcpy(b->kept[b->at] + b->len, bytes, len);
    b->len += len;
}

static bool end_message(void *host, uint32_t number)
{
    struct mailbox *b = host;
    ck_assert_uint_eq(number, b->at);
    b->kept_len[number] = b->len;
    b->fetched++;
    return number != b->refuse;
}

static bool remove_message(void *host, uint32_t number)
{
    struct mailbox *b = host;
    (void)number;
    b->removed += b->leave ? 0 : 1;
    return !b->leave;
}

static const struct pop3_client_ops client_ops = {
    got_status, got_listed, got_identified, is_wanted, begin_message, take_body, end_message, remove_message,
};

static struct pop3_client_config config;
static struct pop3_client client;
static struct pop3_client_step out;
static struct sasl_client sasl;

static struct sasl_client_config account;

static void setup(void)
{
    memset(&box, 0, sizeof box);
    account = (struct sasl_client_config){
        .user = "alice", .password = "wonder land", .digest = &fixture_digest, .mechs = SASL_ALL
    };
    config = (struct pop3_client_config){ .ops = &client_ops };
    sasl_client_init(&sasl, &account);
    pop3_client_init(&client, &config, &box, &sasl_wire_client, &sasl);
}

static void check_step(void)
{
    ck_assert_ptr_nonnull(out.read);
    ck_assert(!out.send.full);
    ck_assert_int_eq(out.after, client.state);
    ck_assert_int_eq(out.send.lines > 0, out.send.len > 0);
    for (uint32_t i = 0; i < out.send.lines; i++)
        ck_assert_ptr_nonnull(out.send.line[i].why);
    ck_assert_int_eq(out.close, out.after == POP3C_DONE || out.after == POP3C_FAILED);
}

/* ---- transcripts ---- */

static char said[65536];
static size_t said_len;

static void keep_said(void)
{
    memcpy(said + said_len, out.send.text, out.send.len);
    said_len += out.send.len;
}

static size_t exact_step(const char *in, size_t len)
{
    char *exact = malloc(len > 0 ? len : 1);
    size_t n;
    memcpy(exact, in, len);
    n = pop3_client_step(&client, exact, len, &out);
    free(exact);
    return n;
}

static void next_claim(const struct transcript *t, size_t *at, const char *name)
{
    char is[64];
    if (out.verdict == POP3C_MESSAGE_PIECE)
        return; /* how many pieces there are depends on how the octets come */
    while (*at < t->entries && t->entry[*at].kind != '=')
        ++*at;
    ck_assert_msg(*at < t->entries, "%s: more steps than claims", name);
    snprintf(is, sizeof is, "%s %s", pop3_client_verdict_info(out.verdict)->name,
             pop3_client_state_name(out.after));
    ck_assert_msg(strcmp(is, t->entry[*at].text) == 0, "%s: %s, not %s", name, is, t->entry[*at].text);
    ++*at;
}

static void play(const char *name, size_t chunk)
{
    static struct transcript t;
    static char server[16384], expected[16384];
    char path[128];
    size_t server_len = 0, expected_len = 0, from = 0, to = 0, claim = 0;
    snprintf(path, sizeof path, "tests/transcripts/pop3/%s.txt", name);
    transcript_read(&t, path);
    for (size_t i = 0; i < t.entries; i++) {
        char *dst = t.entry[i].kind == 'S' ? server : expected;
        size_t *n = t.entry[i].kind == 'S' ? &server_len : &expected_len;
        if (t.entry[i].kind == '=')
            continue;
        memcpy(dst + *n, t.entry[i].text, t.entry[i].len);
        *n += t.entry[i].len;
    }
    setup();
    said_len = 0;
    config.capa = transcript_has(&t, "capa");
    config.stls = transcript_has(&t, "stls");
    config.tls_required = transcript_has(&t, "required");
    config.sasl = transcript_has(&t, "sasl");
    config.stat = transcript_has(&t, "stat");
    config.uidl = transcript_has(&t, "uidl");
    config.utf8 = transcript_has(&t, "utf8");
    box.leave = transcript_has(&t, "leave");
    box.skip = transcript_has(&t, "skip2") ? 2 : 0;
    pop3_client_start(&client, 0, &out);
    check_step();
    while (from < server_len && !out.close) {
        size_t n;
        to = server_len - to < chunk ? server_len : to + chunk;
        while (from < to && !out.close && (n = exact_step(server + from, to - from)) > 0) {
            from += n;
            check_step();
            keep_said();
            next_claim(&t, &claim, name);
            if (out.start_tls) {
                sasl.tls = true;
                pop3_client_tls_started(&client, &out);
                check_step();
                keep_said();
            }
        }
        ck_assert_msg(to < server_len || from == server_len || out.close, "%s: octets left over", name);
    }
    ck_assert_msg(wire_equal(said, said_len, expected, expected_len),
                  "%s, %zu at a time, said:\n%.*s\ninstead of:\n%.*s", name, chunk, (int)said_len, said,
                  (int)expected_len, expected);
    for (; claim < t.entries; claim++)
        ck_assert_msg(t.entry[claim].kind != '=', "%s: fewer steps than claims", name);
    ck_assert(out.close);
}

START_TEST(transcripts_hold_whole_and_byte_by_byte)
{
    static const char *const names[] = { "client_minimal",     "client_full",          "client_login_auth",
                                         "client_denied",      "client_in_use",        "client_old_server",
                                         "client_needs_tls",   "client_bad_challenge", "client_not_pop3",
                                         "client_turned_away", "client_bad_listing" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        play(names[i], SIZE_MAX);
        play(names[i], 1);
        play(names[i], 5);
    }
    play("client_minimal", 3);
    ck_assert(wire_equal(box.kept[1], box.kept_len[1], "hello\r\n.dot\r\n", 13));
    play("client_full", 1);
    ck_assert_uint_eq(box.kept_len[1], 0);
    ck_assert_str_eq(box.uidl[3], "ccc");
    ck_assert_uint_eq(box.octets, 30);
    ck_assert_int_eq(pop3_client_outcome(&client), POP3C_FINISHED);
    play("client_in_use", 1);
    ck_assert_int_eq(pop3_client_outcome(&client), POP3C_IN_USE);
}
END_TEST

/* ---- against the server engine ---- */

static struct fixture drop;
static struct pop3_server_config server_config;
static struct pop3_server server;
static struct pop3_step reply;

struct pipe {
    char at[1 << 18];
    size_t from, to;
};

static struct pipe to_client, to_server;

static void push(struct pipe *p, const struct wire_out *send)
{
    ck_assert_uint_le(p->to + send->len, sizeof p->at);
    memcpy(p->at + p->to, send->text, send->len);
    p->to += send->len;
}

static void serve(size_t chunk)
{
    size_t n, have = to_server.to - to_server.from;
    while (server.state < POP3_UPDATE && have > 0 &&
           (n = pop3_server_step(&server, to_server.at + to_server.from, have < chunk ? have : chunk,
                                 &reply)) > 0) {
        to_server.from += n;
        have -= n;
        push(&to_client, &reply.send);
        while (reply.more && pop3_server_pull(&server, &reply))
            push(&to_client, &reply.send);
        if (reply.start_tls) {
            pop3_server_tls_started(&server);
            drop.sasl.tls = true;
        }
    }
}

/* Runs a whole session; the client sees `chunk` octets more at a time. */
static void converse(size_t chunk)
{
    size_t seen = 0, n;
    to_client.from = to_client.to = to_server.from = to_server.to = 0;
    pop3_server_init(&server, &server_config, &drop, &sasl_wire_server, &drop.sasl);
    pop3_server_start(&server, 0, &reply);
    push(&to_client, &reply.send);
    pop3_client_start(&client, 0, &out);
    while (!out.close) {
        size_t have = to_client.to - to_client.from;
        seen = have - seen < chunk ? have : seen + chunk;
        n = exact_step(to_client.at + to_client.from, seen);
        ck_assert_msg(n > 0 || seen < have, "the client waits for more than there is in %s",
                      pop3_client_state_name((enum pop3_client_state)client.state));
        if (n == 0)
            continue;
        to_client.from += n;
        seen -= n;
        check_step();
        push(&to_server, &out.send);
        if (out.start_tls) {
            serve(SIZE_MAX);
            sasl.tls = true;
            pop3_client_tls_started(&client, &out);
            check_step();
            push(&to_server, &out.send);
        }
        serve(SIZE_MAX);
    }
    pop3_server_lost(&server);
    ck_assert_int_eq(drop.locks, 0);
}

static void meet(void)
{
    setup();
    fixture_init(&drop);
    fixture_fill(&drop);
    server_config = (struct pop3_server_config){
        .ops = &fixture_ops, .host_name = WIRE_SLICE("mail.example.com"), .user = true, .stls = true
    };
}

START_TEST(client_and_server_agree_in_every_configuration)
{
    for (unsigned bits = 0; bits < 128; bits++) {
        meet();
        config.capa = bits & 1;
        config.stls = bits & 2;
        config.sasl = bits & 4;
        config.stat = bits & 8;
        config.uidl = bits & 16;
        box.leave = bits & 32;
        converse(bits & 64 ? 1 : SIZE_MAX);
        ck_assert_int_eq(pop3_client_outcome(&client), POP3C_FINISHED);
        ck_assert_uint_eq(box.fetched, 3);
        ck_assert_int_eq(server.tls, (bits & 3) == 3);
        for (uint32_t i = 0; i < 2; i++)
            ck_assert(
                wire_equal(box.kept[i + 1], box.kept_len[i + 1], drop.message[i].at, drop.message[i].len));
        /* A last line without an end gets one on the way. */
        ck_assert_uint_eq(box.kept_len[3], drop.message[2].len + 2);
        ck_assert_int_eq(drop.committed, box.leave ? 0 : 3);
        if (config.uidl)
            ck_assert_str_eq(box.uidl[2], "id-2");
    }
}
END_TEST

START_TEST(a_message_of_dots_survives_any_cutting)
{
    static char big[60000];
    static const char pattern[] = "..\r\n.\r\n\r\n.a\r\r\n.\rb\n.\r\nc.\r\n";
    for (size_t i = 0; i < sizeof big - 1; i++)
        big[i] = pattern[i % (sizeof pattern - 1)];
    for (size_t chunk = 1; chunk < 40; chunk += 6) {
        meet();
        drop.count = 1;
        drop.message[0] = wire_slice(big, 59000 / (sizeof pattern - 1) * (sizeof pattern - 1));
        converse(chunk);
        ck_assert_uint_eq(box.kept_len[1], drop.message[0].len);
        ck_assert_mem_eq(box.kept[1], big, box.kept_len[1]);
    }
}
END_TEST

START_TEST(a_message_that_was_not_kept_is_not_deleted)
{
    meet();
    box.refuse = 2;
    converse(SIZE_MAX);
    ck_assert_int_eq(pop3_client_outcome(&client), POP3C_FINISHED);
    ck_assert_int_eq(drop.committed, 2);
    ck_assert(drop.mark[0] && !drop.mark[1] && drop.mark[2]);
}
END_TEST

START_TEST(a_large_body_is_taken_in_one_step)
{
    static char in[50100];
    size_t n;
    setup();
    pop3_client_start(&client, 0, &out);
    exact_step("+OK\r\n", 5);
    exact_step("+OK\r\n", 5);
    exact_step("+OK\r\n", 5);
    exact_step("+OK\r\n", 5);
    exact_step("1 50000\r\n", 9);
    exact_step(".\r\n", 3);
    exact_step("+OK\r\n", 5);
    ck_assert_int_eq(client.state, POP3C_BODY);
    memset(in, 'x', sizeof in);
    memcpy(in + 49998, "\r\n.\r\n", 5);
    n = exact_step(in, 50003);
    ck_assert_uint_eq(n, 50000);
    ck_assert_int_eq(out.verdict, POP3C_MESSAGE_PIECE);
    ck_assert_uint_eq(exact_step(in + n, 1), 0);
    ck_assert_uint_eq(exact_step(in + n, 2), 0);
    ck_assert_uint_eq(exact_step(in + n, 3), 3);
    ck_assert_int_eq(out.verdict, POP3C_MESSAGE_END);
    ck_assert_uint_eq(box.kept_len[1], 50000);
}
END_TEST

START_TEST(a_server_that_goes_away_deletes_nothing)
{
    setup();
    pop3_client_start(&client, 7, &out);
    ck_assert_uint_eq(pop3_client_deadline(&client), 7 + POP3_CLIENT_WAIT_NS);
    ck_assert(!pop3_client_expire(&client, 8, &out));
    exact_step("+OK\r\n", 5);
    pop3_client_lost(&client, &out);
    ck_assert_int_eq(out.verdict, POP3C_CUT_OFF);
    ck_assert_int_eq(pop3_client_outcome(&client), POP3C_CUT_OFF);
    setup();
    pop3_client_start(&client, 7, &out);
    ck_assert(pop3_client_expire(&client, 7 + POP3_CLIENT_WAIT_NS, &out));
    ck_assert_int_eq(pop3_client_outcome(&client), POP3C_TIMED_OUT);
    ck_assert_uint_eq(pop3_client_deadline(&client), UINT64_MAX);
}
END_TEST

START_TEST(endless_lines_are_cut_off)
{
    static char line[POP3_CLIENT_LINE_MAX];
    memset(line, 'x', sizeof line);
    setup();
    pop3_client_start(&client, 0, &out);
    ck_assert_uint_eq(exact_step(line, sizeof line - 1), 0);
    ck_assert_uint_gt(exact_step(line, sizeof line), 0);
    ck_assert_int_eq(out.verdict, POP3C_NOT_POP3);
    setup();
    pop3_client_start(&client, 0, &out);
    exact_step("+OK\r\n", 5);
    exact_step(line, sizeof line);
    ck_assert_int_eq(out.verdict, POP3C_LINE_TOO_LONG);
}
END_TEST

START_TEST(a_password_with_a_line_break_is_never_sent)
{
    setup();
    account.password = "x\r\nDELE 1";
    pop3_client_start(&client, 0, &out);
    exact_step("+OK\r\n", 5);
    ck_assert_int_eq(out.verdict, POP3C_NO_MECHANISM);
    ck_assert(wire_equal(out.send.text, out.send.len, "QUIT\r\n", 6));
}
END_TEST

START_TEST(what_is_secret_is_marked)
{
    setup();
    pop3_client_start(&client, 0, &out);
    exact_step("+OK\r\n", 5);
    ck_assert_uint_eq(out.send.line[0].secret_len, 0);
    exact_step("+OK\r\n", 5);
    ck_assert_uint_eq(out.send.line[0].secret_at, 5);
    ck_assert_uint_eq(out.send.line[0].secret_len, 11);
}
END_TEST

/* An exchange that the client has cancelled does not succeed. */
START_TEST(a_login_that_was_cancelled_is_not_believed)
{
    setup();
    config.capa = config.sasl = true;
    pop3_client_start(&client, 0, &out);
    exact_step("+OK\r\n", 5);
    exact_step("+OK\r\n", 5);
    exact_step("SASL CRAM-MD5\r\n", 15);
    exact_step(".\r\n", 3);
    ck_assert(wire_equal(out.send.text, out.send.len, "AUTH CRAM-MD5\r\n", 15));
    exact_step("+ \r\n", 4); /* a challenge of nothing */
    ck_assert(wire_equal(out.send.text, out.send.len, "*\r\n", 3));
    exact_step("+OK welcome\r\n", 13);
    ck_assert_int_eq(out.verdict, POP3C_BAD_REPLY);
    ck_assert(out.close);
}
END_TEST

START_TEST(replies_are_read_strictly)
{
    static const char *const bad[] = { "+ok\r\n", "+OKAY\r\n", "OK\r\n",    "-ERROR\r\n",
                                       "+\r\n",   "\r\n",      "250 ok\r\n" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setup();
        pop3_client_start(&client, 0, &out);
        exact_step("+OK\r\n", 5);
        exact_step(bad[i], strlen(bad[i]));
        ck_assert_msg(out.verdict == POP3C_BAD_REPLY, "%s", bad[i]);
        ck_assert(out.close);
    }
}
END_TEST

START_TEST(random_servers_never_break_the_engine)
{
    static const char *const lines[] = { "+OK\r\n",
                                         "+OK 3 30\r\n",
                                         "-ERR\r\n",
                                         "-ERR [SYS/TEMP] x\r\n",
                                         "+ \r\n",
                                         "+ AAAA\r\n",
                                         ".\r\n",
                                         "1 5\r\n",
                                         "2 99999999999999999999\r\n",
                                         "1 abc\r\n",
                                         "..\r\n",
                                         ".x\r\n",
                                         "SASL LOGIN\r\n",
                                         "USER\r\n",
                                         "UIDL\r\n",
                                         "text\r\n",
                                         "\r\n",
                                         "+OK\r\n",
                                         "+OK\r\n",
                                         "STLS\r\n" };
    uint32_t random = 99;
    for (int session = 0; session < 2000; session++) {
        setup();
        config.capa = session & 1;
        config.stat = session & 2;
        config.uidl = session & 4;
        config.sasl = session & 8;
        config.stls = session & 16;
        pop3_client_start(&client, 0, &out);
        for (int i = 0; i < 40 && !out.close; i++) {
            char line[64];
            size_t n, from = 0, used;
            random = random * 1664525U + 1013904223U;
            n = (size_t)snprintf(line, sizeof line, "%s",
                                 i == 0 ? "+OK\r\n"
                                        : lines[(random >> 16) % (sizeof lines / sizeof lines[0])]);
            if (i > 0 && (random >> 8) % 23 == 0)
                line[(random >> 20) % n] = (char)random;
            if (line[n - 1] != '\n')
                break;
            while (from < n && !out.close && (used = exact_step(line + from, n - from)) > 0) {
                from += used;
                check_step();
                if (out.start_tls) {
                    pop3_client_tls_started(&client, &out);
                    check_step();
                }
            }
        }
        pop3_client_lost(&client, &out);
        check_step();
    }
}
END_TEST

START_TEST(the_tables_have_no_holes)
{
    for (unsigned v = 0; v < POP3C_VERDICTS; v++) {
        const struct pop3_client_verdict_info *info = pop3_client_verdict_info((enum pop3_client_verdict)v);
        ck_assert_uint_eq(info->verdict, v);
        ck_assert(info->name && info->lesson.title && info->lesson.lesson && info->lesson.section);
        ck_assert_uint_le(strlen(info->lesson.title), 60);
        for (const char *p = info->lesson.lesson; *p; p++)
            ck_assert(*p >= ' ' && *p < 0x7f);
    }
    for (unsigned s = 0; s < POP3C_STATES; s++)
        ck_assert(pop3_client_state_name((enum pop3_client_state)s)[0] != '\0');
    ck_assert_uint_le(sizeof(struct pop3_client), 200);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pop3 client");
    TCase *t = tcase_create("client");
    tcase_add_test(t, transcripts_hold_whole_and_byte_by_byte);
    tcase_add_test(t, client_and_server_agree_in_every_configuration);
    tcase_add_test(t, a_message_of_dots_survives_any_cutting);
    tcase_add_test(t, a_message_that_was_not_kept_is_not_deleted);
    tcase_add_test(t, a_large_body_is_taken_in_one_step);
    tcase_add_test(t, a_server_that_goes_away_deletes_nothing);
    tcase_add_test(t, endless_lines_are_cut_off);
    tcase_add_test(t, a_password_with_a_line_break_is_never_sent);
    tcase_add_test(t, what_is_secret_is_marked);
    tcase_add_test(t, a_login_that_was_cancelled_is_not_believed);
    tcase_add_test(t, replies_are_read_strictly);
    tcase_add_test(t, random_servers_never_break_the_engine);
    tcase_add_test(t, the_tables_have_no_holes);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
