/* Between TCP and the engines: long messages, slow lines, what the trace says of it, what is left
 * afterwards. */
#include "tests/hosts/puppet.h"

#define BIG (5 * 1024 * 1024)

/* A message of about n octets: lines of all lengths, many of them beginning with dots. */
static struct spec_message *big_message(const char *name, const char *to, size_t n)
{
    struct spec_message *m = message_add(name, to);
    struct core_rng rng;
    char *raw = core_arena_take(&sm.arena, n + 2000);
    size_t used = (size_t)sprintf(
        raw, "From: <alice@a.test>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s@a.test>\r\n\r\n", to, name,
        name);
    core_rng_init(&rng, 1, name);
    while (used < n) {
        size_t len = core_rng_below(&rng, 20) == 0 ? core_rng_below(&rng, 900) : core_rng_below(&rng, 78);
        for (size_t i = 0; i < len; i++)
            raw[used++] = i < 3 && core_rng_below(&rng, 2) ? '.' : (char)('!' + core_rng_below(&rng, 90));
        raw[used++] = '\r';
        raw[used++] = '\n';
    }
    m->raw = raw;
    m->raw_len = used;
    return m;
}

static void slow(struct part *p, uint64_t bits_per_second)
{
    p->link->rate_bps = bits_per_second;
    p->link->queue_frames = 1000;
}

static unsigned intact(const char *host)
{
    return count(TRACE_KIND_CLIENT, host, "message", "intact", "yes", NULL);
}

static struct part *phone;

static void begin(void)
{
    two_domains();
    sm.levels = TRACE_BIT(TRACE_STATE);
    phone = host_add("phone");
    account_add(phone, "bob@b.test", mx_b, SPEC_IMAP);
}

START_TEST(five_megabytes_pass_every_protocol_intact)
{
    big_message("big", "bob@b.test", BIG);
    send_at(alice, "big", CORE_S);
    fetch_at(phone, 5 * CORE_MINUTE);
    fetch_at(bob, 10 * CORE_MINUTE);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(intact("phone"), 1);
    ck_assert_uint_eq(intact("bob"), 1);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    nothing_is_left_open();
}
END_TEST

START_TEST(five_megabytes_pass_with_every_line_in_the_trace)
{
    sm.levels = TRACE_BIT(TRACE_STATE) | TRACE_BIT(TRACE_LINE) | TRACE_BIT(TRACE_PHASE);
    big_message("big", "bob@b.test", BIG);
    send_at(alice, "big", CORE_S);
    fetch_at(phone, 5 * CORE_MINUTE);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(intact("phone"), 1);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_slow_line_takes_its_time_and_loses_nothing)
{
    slow(alice, 512000);
    slow(phone, 256000);
    slow(bob, 256000);
    fault_add(alice, SPEC_FAULT_LOSS, 0, CORE_NEVER)->ppm = 10000;
    fault_add(bob, SPEC_FAULT_LOSS, 0, CORE_NEVER)->ppm = 10000;
    fault_add(bob, SPEC_FAULT_REORDER, 0, CORE_NEVER)->ppm = 10000;
    bob->faults[1].extra_ns = 50 * CORE_MS;
    big_message("big", "bob@b.test", BIG);
    send_at(alice, "big", CORE_S);
    fetch_at(phone, 20 * CORE_MINUTE);
    fetch_at(bob, 40 * CORE_MINUTE);
    run_until(4 * CORE_HOUR);
    ck_assert_uint_eq(intact("phone"), 1);
    ck_assert_uint_eq(intact("bob"), 1);
    nothing_is_left_open();
}
END_TEST

/* RFC 1939 section 3: the timer of ten minutes is about inactivity, and a download is no inactivity. */
START_TEST(a_pop3_download_may_take_longer_than_the_autologout)
{
    slow(bob, 56000);
    big_message("big", "bob@b.test", BIG);
    send_at(alice, "big", CORE_S);
    fetch_at(bob, 5 * CORE_MINUTE);
    run_until(4 * CORE_HOUR);
    ck_assert_uint_eq(intact("bob"), 1);
    ck_assert_uint_gt(find(NULL, TRACE_KIND_CLIENT, "bob", "message", NULL)->t_ns, 16 * CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "bob", "fetched", "result", "ok", NULL));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    nothing_is_left_open();
}
END_TEST

START_TEST(an_imap_download_may_take_longer_than_the_autologout)
{
    slow(phone, 16000);
    big_message("big", "bob@b.test", BIG);
    send_at(alice, "big", CORE_S);
    fetch_at(phone, 5 * CORE_MINUTE);
    run_until(8 * CORE_HOUR);
    ck_assert_uint_eq(intact("phone"), 1);
    ck_assert_uint_gt(find(NULL, TRACE_KIND_CLIENT, "phone", "message", NULL)->t_ns, 45 * CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "phone", "fetched", "result", "ok", NULL));
    nothing_is_left_open();
}
END_TEST

/* A client that asks for a big message and does not take it: its window is closed, nothing moves. */
static struct puppet *stuffed(uint16_t port, const char *words)
{
    struct puppet *p;
    big_message("big", "bob@b.test", BIG);
    send_at(alice, "big", CORE_S);
    small_build();
    p = puppet_call(phone, mx_b, port, CORE_MINUTE);
    p->deaf = true;
    puppet_says(p, CORE_MINUTE + CORE_S, words);
    return p;
}

START_TEST(a_pop3_client_that_takes_nothing_is_logged_out)
{
    struct puppet *p =
        stuffed(110, "USER bob\r\nPASS secret\r\nDELE 1\r\nRSET\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n");
    run_until(9 * CORE_MINUTE);
    ck_assert(user_of(mx_b, "bob")->locked);
    run_until(3 * CORE_HOUR);
    ck_assert(p->ended);
    ck_assert(!user_of(mx_b, "bob")->locked);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    nothing_is_left_open();
}
END_TEST

START_TEST(an_imap_client_that_takes_nothing_is_logged_out)
{
    struct puppet *p =
        stuffed(143, "a LOGIN bob secret\r\nb SELECT INBOX\r\nc FETCH 1 BODY[]\r\nd LOGOUT\r\n");
    run_until(20 * CORE_MINUTE);
    ck_assert(!p->ended);
    ck_assert_uint_eq(sm.world.imap_in.in_use, 1);
    run_until(3 * CORE_HOUR);
    nothing_is_left_open();
}
END_TEST

/* The same, but it wakes up when the server has lost patience and is about to close. */
START_TEST(a_client_that_wakes_up_too_late_gets_no_rubbish)
{
    struct puppet *p = stuffed(110, "USER bob\r\nPASS secret\r\nRETR 1\r\n");
    run_until(CORE_MINUTE + 10 * CORE_MINUTE + 30 * CORE_S);
    p->deaf = false;
    if (p->conn)
        tcp_read(p->conn);
    run_until(3 * CORE_HOUR);
    ck_assert(p->ended);
    ck_assert_ptr_null(strstr(p->got, "\r\n-ERR"));
    nothing_is_left_open();
}
END_TEST

START_TEST(a_modem_can_send_too)
{
    slow(alice, 9600);
    big_message("letter", "bob@b.test", 300000);
    send_at(alice, "letter", CORE_S);
    run_until(CORE_HOUR);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "alice", "sent", "result", "ok", NULL));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_server_may_relay_over_a_modem)
{
    slow(mx_b, 9600);
    big_message("letter", "bob@b.test", 1000000);
    send_at(alice, "letter", CORE_S);
    run_until(4 * CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "deferred", NULL), 0);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    nothing_is_left_open();
}
END_TEST

/* A listing that is much longer than one step's output. */
START_TEST(a_listing_of_thousands_of_messages_arrives_whole)
{
    enum { N = 3000 };
    const char **names = core_arena_take(&sm.arena, N * sizeof *names);
    message_add("m", "bob@b.test")->from = "alice@a.test";
    for (int i = 0; i < N; i++)
        names[i] = "m";
    mx_b->users[0].messages = names;
    mx_b->users[0].nmessages = N;
    slow(phone, 200000);
    action_add(SPEC_DO_MARK, phone, CORE_S)->flag = "\\Seen"; /* reads all envelopes to find the newest */
    bob->accounts[0].keep = true;                             /* LIST and UIDL of all, RETR of all */
    fetch_at(bob, CORE_HOUR);
    run_until(4 * CORE_HOUR);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "phone", "marked", "result", "ok", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_MAILBOX, "mx-b", "flags", "uid", "3000", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "bob", "fetched", "count", "3000", NULL));
    nothing_is_left_open();
}
END_TEST

/* ---- the trace of lines --------------------------------------------------------------------------- */

/* All that a host said on a connection, put together again. */
static const char *said_by(const char *host, uint32_t conn)
{
    size_t n = 0, cap = 4 * 1024 * 1024;
    char *all = core_arena_take(&sm.arena, cap);
    for (size_t i = 0; i < watch.n; i++) {
        const struct seen *r = watch.seen[i];
        if (r->conn != conn || !is_line(r, host, ""))
            continue;
        ck_assert_uint_lt(n + r->text_len + 3, cap);
        memcpy(all + n, r->text, r->text_len);
        n += r->text_len;
        if (r->eol == TRACE_EOL_CRLF)
            n += (size_t)sprintf(all + n, "\r\n");
    }
    return all;
}

static void trace_lines(void)
{
    sm.levels = TRACE_BIT(TRACE_STATE) | TRACE_BIT(TRACE_LINE);
}

START_TEST(the_lines_of_the_trace_are_the_octets_of_the_stream)
{
    struct puppet *p, *i;
    trace_lines();
    big_message("letter", "bob@b.test", 40000);
    send_at(alice, "letter", CORE_S);
    small_build();
    p = puppet_call(alice, mx_b, 110, CORE_MINUTE);
    puppet_says(p, CORE_MINUTE + CORE_S,
                "CAPA\r\nUSER bob\r\nPASS secret\r\nLIST\r\nUIDL 1\r\nTOP 1 3\r\nRETR 1\r\nNONSENSE\r\n");
    puppet_says(p, CORE_MINUTE + 5 * CORE_S, "QUIT\r\n");
    run_until(2 * CORE_MINUTE);
    ck_assert(p->ended && p->n > 40000);
    ck_assert_str_eq(said_by("mx-b", line(NULL, "mx-b", "+OK mx.b.test")->conn), p->got);
    i = puppet_call(alice, mx_b, 143, 3 * CORE_MINUTE);
    puppet_says(i, 3 * CORE_MINUTE + CORE_S,
                "a LOGIN bob secret\r\nb SELECT INBOX\r\nc FETCH 1 (FLAGS ENVELOPE BODY[])\r\nd FETCH 1 "
                "BODY[TEXT]<7.100>\r\ne "
                "LOGOUT\r\n");
    run_until(5 * CORE_MINUTE);
    ck_assert(i->ended && i->n > 40000);
    ck_assert_str_eq(said_by("mx-b", line(NULL, "mx-b", "* OK [CAPABILITY")->conn), i->got);
}
END_TEST

static const char *takes_all(struct puppet *p, const char *said)
{
    static bool content;
    (void)p;
    if (content) {
        if (strcmp(said, ".") != 0)
            return NULL;
        content = false;
        return "250 ok\r\n";
    }
    if (strcmp(said, "DATA") == 0) {
        content = true;
        return "354 go\r\n";
    }
    if (strcmp(said, "QUIT") == 0) {
        tcp_close(p->conn);
        return NULL;
    }
    return strncmp(said, "EHLO", 4) == 0 ? "250-x\r\n250 PIPELINING\r\n" : "250 ok\r\n";
}

START_TEST(what_a_client_says_is_traced_octet_for_octet_too)
{
    struct puppet_server *v;
    struct part *other = host_add("other");
    const struct seen *r;
    trace_lines();
    alice->accounts[0].submit_server = other->address_text;
    big_message("letter", "bob@b.test", 40000);
    send_at(alice, "letter", CORE_S);
    small_build();
    v = puppet_serve(other, 25, "220 x\r\n", takes_all);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(v->connections, 1);
    r = line(NULL, "alice", "EHLO ");
    ck_assert_str_eq(said_by("alice", r->conn), v->first->got);
    /* commands are commands, and the message is content */
    ck_assert_int_eq(line(NULL, "alice", "DATA")->kind, TRACE_KIND_COMMAND);
    ck_assert_int_eq(line(NULL, "alice", "Subject: letter")->kind, TRACE_KIND_CONTENT);
    ck_assert_int_eq(line(NULL, "alice", "QUIT")->kind, TRACE_KIND_COMMAND);
    ck_assert_uint_gt(count(TRACE_KIND_CONTENT, "alice", NULL, NULL), 400);
}
END_TEST

START_TEST(passwords_are_masked_when_the_scenario_says_so)
{
    trace_lines();
    sm.spec.mask_passwords = true;
    submits(alice);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    bob->accounts[0].fetch_auth_plain_command = true;
    phone->accounts[0].fetch_auth_plain_command = true;
    fetch_at(bob, 10 * CORE_S);
    fetch_at(phone, 20 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "bob", "fetched", "result", "ok", NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "phone", "fetched", "result", "ok", NULL), 1);
    ck_assert_ptr_null(line_with(NULL, "secret"));
    ck_assert_ptr_null(line_with(NULL, "AGFsaWNlAHNlY3JldA")); /* base64 of \0alice\0secret */
    ck_assert_ptr_nonnull(line_with("bob", "PASS ***"));
    ck_assert_ptr_nonnull(line_with("alice", "AUTH PLAIN ***"));
    ck_assert_ptr_nonnull(line_with("phone", "LOGIN "));
}
END_TEST

/* ---- pieces --------------------------------------------------------------------------------------- */

#define SESSION                                                                                              \
    "EHLO x.test\r\nMAIL FROM:<e@evil.test>\r\nRCPT TO:<bob@b.test>\r\nRCPT TO:<nobody@b.test>\r\nDATA\r\n"  \
    "Subject: pieces\r\n\r\n..\r\n.a\r\nb\r\n.\r\nMAIL FROM:<>\r\nRSET\r\nNOOP\r\nQUIT\r\n"

/* Without queue ids, which differ. */
static const char *without_ids(const char *text)
{
    char *copy = core_arena_copy(&sm.arena, text, strlen(text)), *id = copy;
    while ((id = strstr(id, "queued as ")) != NULL) {
        id += 10;
        memset(id, 'X', 10);
    }
    return copy;
}

START_TEST(a_session_is_the_same_in_one_piece_and_octet_by_octet)
{
    struct puppet *whole, *pieces;
    const char *text = SESSION;
    small_build();
    whole = puppet_call(alice, mx_b, 25, CORE_S);
    pieces = puppet_call(alice, mx_b, 25, CORE_S);
    puppet_says(whole, 2 * CORE_S, text);
    for (size_t i = 0; text[i]; i++)
        puppet_says(pieces, (2 + i) * CORE_S, text_of("%c", text[i]));
    run_until(CORE_HOUR);
    ck_assert(whole->ended && pieces->ended);
    ck_assert_ptr_nonnull(strstr(whole->got, "\r\n221 "));
    ck_assert_str_eq(without_ids(whole->got), without_ids(pieces->got));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 2);
    nothing_is_left_open();
}
END_TEST

/* ---- what is left --------------------------------------------------------------------------------- */

START_TEST(a_world_that_has_drained_holds_no_memory)
{
    const struct core_depot *depot = &sm.world.net.depot;
    sm.levels = TRACE_BIT(TRACE_LINE); /* without STATE nobody keeps copies of what was sent */
    bob->accounts[0].fetch_auth_plain_command = true;
    for (unsigned i = 0; i < 20; i++)
        mail_at(alice, text_of("m%u", i), i % 5 ? "bob@b.test" : "nobody@b.test", (i + 1) * CORE_S);
    big_message("big", "bob@b.test", BIG);
    send_at(alice, "big", CORE_S);
    fetch_at(bob, 10 * CORE_MINUTE);
    action_add(SPEC_DO_REMOVE, alice, 20 * CORE_MINUTE)->every_ns = CORE_S;
    sm.actions[sm.spec.nactions - 1].times = 4;
    run_until(2 * CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
    nothing_is_left_open();
    ck_assert_uint_eq(sm.world.stored.in_use, 0);
    ck_assert_uint_eq(sm.world.mails.pool.in_use, 0);
    for (int i = 0; i < CORE_DEPOT_CLASSES; i++)
        ck_assert_msg(depot->pool[i].in_use == 0, "%zu buffers of %zu octets", depot->pool[i].in_use,
                      depot->pool[i].size);
    ck_assert_uint_eq(depot->large_octets, 0);
}
END_TEST

/* A message beyond the depot's classes is on its own heap block: whoever holds it when the world ends lets
 * go. */
START_TEST(a_world_can_end_while_a_big_message_is_anywhere)
{
    struct core_rng rng;
    core_rng_init(&rng, 1, "end");
    small_end();
    for (int i = 0; i < 30; i++) {
        begin();
        slow(alice, 10000000);
        slow(mx_b, 10000000);
        alice->accounts[0].submit_server = "mail.a.test"; /* a look-up first */
        alice->accounts[0].save_sent = true;
        big_message("big", "bob@b.test", BIG);
        send_at(alice, "big", CORE_S);
        fetch_at(phone, 12 * CORE_S);
        fetch_at(bob, 14 * CORE_S);
        run_until(CORE_S +
                  (i < 10 ? core_rng_below(&rng, 200 * CORE_MS) : core_rng_below(&rng, 25 * CORE_S)));
        small_end();
    }
    begin();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts pump");
    TCase *t = tcase_create("pump");
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, begin, small_end);
    tcase_add_test(t, five_megabytes_pass_every_protocol_intact);
    tcase_add_test(t, five_megabytes_pass_with_every_line_in_the_trace);
    tcase_add_test(t, a_slow_line_takes_its_time_and_loses_nothing);
    tcase_add_test(t, a_pop3_download_may_take_longer_than_the_autologout);
    tcase_add_test(t, an_imap_download_may_take_longer_than_the_autologout);
    tcase_add_test(t, a_pop3_client_that_takes_nothing_is_logged_out);
    tcase_add_test(t, an_imap_client_that_takes_nothing_is_logged_out);
    tcase_add_test(t, a_client_that_wakes_up_too_late_gets_no_rubbish);
    tcase_add_test(t, a_modem_can_send_too);
    tcase_add_test(t, a_server_may_relay_over_a_modem);
    tcase_add_test(t, a_listing_of_thousands_of_messages_arrives_whole);
    tcase_add_test(t, the_lines_of_the_trace_are_the_octets_of_the_stream);
    tcase_add_test(t, what_a_client_says_is_traced_octet_for_octet_too);
    tcase_add_test(t, passwords_are_masked_when_the_scenario_says_so);
    tcase_add_test(t, a_session_is_the_same_in_one_piece_and_octet_by_octet);
    tcase_add_test(t, a_world_that_has_drained_holds_no_memory);
    tcase_add_test(t, a_world_can_end_while_a_big_message_is_anywhere);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
