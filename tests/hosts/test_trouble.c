/* Servers that are late, hang up or have no room, because the scenario says so. */
#include "sim/hosts/trouble.h"

#include "tests/hosts/small_world.h"

static struct spec_delay *delay_add(struct part *p, uint64_t by_ns, const char *after)
{
    size_t n = p->host->ndelays++;
    struct spec_delay *all = core_arena_take(&sm.arena, (n + 1) * sizeof *all);
    if (n > 0)
        memcpy(all, p->host->delays, n * sizeof *all);
    all[n] = (struct spec_delay){ .pointer = text_of("/hosts/%s/delays/%zu", p->host->name, n),
                                  .by_ns = by_ns,
                                  .after = after,
                                  .until_ns = CORE_NEVER };
    p->host->delays = all;
    return &all[n];
}

static struct spec_drop *drop_add(struct part *p, const char *after)
{
    size_t n = p->host->ndrops++;
    struct spec_drop *all = core_arena_take(&sm.arena, (n + 1) * sizeof *all);
    if (n > 0)
        memcpy(all, p->host->drops, n * sizeof *all);
    all[n] = (struct spec_drop){ .pointer = text_of("/hosts/%s/drops/%zu", p->host->name, n),
                                 .after = after,
                                 .until_ns = CORE_NEVER };
    p->host->drops = all;
    return &all[n];
}

/* When the answer to the line came, counted from the line. */
static uint64_t answer_after(const char *client, const char *server, const char *said, const char *answer)
{
    const struct seen *question = line(NULL, client, said), *reply;
    ck_assert_msg(question != NULL, "%s never said %s", client, said);
    reply = line(question, server, answer);
    ck_assert_msg(reply != NULL, "%s never said %s", server, answer);
    return reply->t_ns - question->t_ns;
}

static const struct seen *decided(const char *host, const char *pointer)
{
    return find(NULL, TRACE_KIND_CONFIG, host, NULL, "pointer", pointer, NULL);
}

#define DOT "The dot is sent, and its answer does not come"

#define ABOUT(ns, want)                                                                                      \
    do {                                                                                                     \
        ck_assert_uint_ge(ns, want);                                                                         \
        ck_assert_uint_lt(ns, (want) + 100 * CORE_MS);                                                       \
    } while (0)

/* RFC 1047: the message is accepted, the client does not hear it, and sends it again. */
START_TEST(who_answers_the_dot_too_late_gets_the_message_twice)
{
    const struct seen *late;
    delay_add(mx_b, 11 * CORE_MINUTE, "CONTENT")->first = 1;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 2);
    ck_assert_str_eq(strstr(letter(mx_b, "bob", 0), "Message-ID"),
                     strstr(letter(mx_b, "bob", 1), "Message-ID"));
    late = decided("mx-b", "/hosts/mx-b/delays/0");
    ck_assert_ptr_nonnull(late);
    ck_assert_str_eq(attr(late, "value"), "answers 11 min late after the message, once");
    ABOUT(find(late, TRACE_KIND_QUEUE, "mail-a", "deferred", NULL)->t_ns - late->t_ns + 20 * CORE_MS,
          10 * CORE_MINUTE); /* from the dot on: it was 10 ms on its way */
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "deferred", NULL), 1);
    ck_assert_str_eq(find(NULL, TRACE_KIND_SESSION, "mail-a", "timeout", NULL)->title, DOT);
}
END_TEST

/* The server's five minutes for the next command begin when its answer has left (RFC 5321 section 4.5.3.2.7).
 */
START_TEST(a_server_does_not_lose_patience_while_its_own_answer_waits)
{
    delay_add(mx_b, 9 * CORE_MINUTE, "CONTENT");
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mx-b", "timeout", NULL), 0);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "deferred", NULL), 0);
    ABOUT(find(NULL, TRACE_KIND_QUEUE, "mail-a", "sent", NULL)->t_ns -
              find(NULL, TRACE_KIND_QUEUE, "mx-b", "accepted", NULL)->t_ns,
          9 * CORE_MINUTE);
}
END_TEST

START_TEST(delays_of_one_command_and_of_all_add_up)
{
    delay_add(mx_b, 200 * CORE_MS, NULL);
    delay_add(mx_b, 400 * CORE_MS, "mail");
    delay_add(mx_b, 800 * CORE_MS, "MAIL")->first = 1;
    typed_at(alice, mx_b, 25, CORE_S, "EHLO x", "MAIL FROM:<a@a.test>", "RSET", "MAIL FROM:<b@a.test>",
             "QUIT", NULL);
    run_until(CORE_MINUTE);
    ABOUT(line(NULL, "mx-b", "220")->t_ns, 1200 * CORE_MS);
    ABOUT(answer_after("alice", "mx-b", "EHLO", "250"), 200 * CORE_MS);
    ABOUT(answer_after("alice", "mx-b", "MAIL FROM:<a", "250"), 1400 * CORE_MS);
    ABOUT(answer_after("alice", "mx-b", "RSET", "250"), 200 * CORE_MS);
    ABOUT(answer_after("alice", "mx-b", "MAIL FROM:<b", "250"), 600 * CORE_MS);
}
END_TEST

START_TEST(a_delay_has_its_port_and_its_time)
{
    struct spec_delay *d = delay_add(mx_b, CORE_S, NULL);
    d->port = 25;
    d->from_ns = 10 * CORE_S;
    d->until_ns = 20 * CORE_S;
    for (uint64_t t = 5; t < 30; t += 10) {
        typed_at(alice, mx_b, 25, t * CORE_S, text_of("NOOP %llu", (unsigned long long)t), "QUIT", NULL);
        typed_at(bob, mx_b, 587, t * CORE_S, text_of("NOOP %llu", (unsigned long long)t), "QUIT", NULL);
    }
    run_until(CORE_MINUTE);
    ABOUT(answer_after("alice", "mx-b", "NOOP 5", "250"), 0);
    ABOUT(answer_after("alice", "mx-b", "NOOP 15", "250"), CORE_S);
    ABOUT(answer_after("alice", "mx-b", "NOOP 25", "250"), 0);
    ABOUT(answer_after("bob", "mx-b", "NOOP 15", "250"), 0);
    ck_assert_uint_eq(count(TRACE_KIND_FAULT, NULL, "over", "pointer", "/hosts/mx-b/delays/0", NULL), 1);
    ABOUT(find(NULL, TRACE_KIND_FAULT, NULL, "over", NULL)->t_ns, 20 * CORE_S);
}
END_TEST

static const struct {
    const char *after;
    uint64_t octets;
    bool reset;
    unsigned copies; /* in the end */
    const char *words;
} drops[] = {
    { "CONNECT", 0, false, 1, "hangs up after CONNECT, once" },
    { "RCPT", 0, true, 1, "resets the connection after RCPT, once" },
    { "DATA", 0, false, 1, "hangs up after DATA, once" },
    { "DATA", 100, false, 1, "hangs up after 100 octets of the message, once" },
    { "CONTENT", 100, true, 1, "resets the connection after 100 octets of the message, once" },
    { "CONTENT", 0, false, 2, "hangs up after the message, once" },
    { "content", 0, true, 2, "resets the connection after content, once" },
};

/* Before the dot nothing was accepted; behind it everything was (RFC 5321 section 4.2.5). */
START_TEST(a_broken_connection_repeats_what_was_not_confirmed)
{
    const struct seen *act;
    struct spec_drop *d = drop_add(mx_b, drops[_i].after);
    d->octets = drops[_i].octets;
    d->reset = drops[_i].reset;
    d->first = 1;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    act = decided("mx-b", "/hosts/mx-b/drops/0");
    ck_assert_ptr_nonnull(act);
    ck_assert_str_eq(attr(act, "value"), drops[_i].words);
    ck_assert_uint_eq(count(TRACE_KIND_CONFIG, "mx-b", NULL, "pointer", "/hosts/mx-b/drops/0", NULL), 1);
    ck_assert_uint_eq(inbox(mx_b, "bob"), drops[_i].copies);
    ck_assert_str_eq(find(NULL, TRACE_KIND_SESSION, "mail-a", "lost", NULL)->title,
                     drops[_i].octets || drops[_i].copies == 2 ? DOT : "");
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "deferred", NULL), 1);
}
END_TEST

START_TEST(readers_meet_late_and_broken_servers_too)
{
    bob->accounts[0].fetch_kind = _i ? SPEC_POP3 : SPEC_IMAP;
    bob->accounts[0].fetch_port = _i ? 110 : 143;
    delay_add(mx_b, 3 * CORE_S, _i ? "RETR" : "FETCH")->first = 1;
    drop_add(mx_b, _i ? "LIST" : "SELECT")->first = 1;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    fetch_at(bob, 5 * CORE_S)->times = 3;
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "bob", "fetch-failed", NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "bob", "message", NULL), 1);
    ABOUT(answer_after("bob", "mx-b", _i ? "RETR" : "A3 UID FETCH", _i ? "+OK" : "*"), 3 * CORE_S);
}
END_TEST

START_TEST(a_user_has_no_room_for_a_time_whatever_is_there)
{
    struct spec_user *u = (struct spec_user *)(uintptr_t)&mx_b->users[0];
    ck_assert_str_eq(u->name, "bob");
    u->full_from_ns = 2 * CORE_S;
    u->full_until_ns = CORE_MINUTE;
    mail_at(alice, "before", "bob@b.test", CORE_S);
    mail_at(alice, "between", "bob@b.test", 10 * CORE_S);
    mail_at(alice, "behind", "bob@b.test", 2 * CORE_MINUTE);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mx-b", "reject", "command", "RCPT", NULL), 1);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CONFIG, "mx-b", NULL, "pointer", "/users/bob/full", "value",
                               "no room for bob", NULL));
    ABOUT(find(NULL, TRACE_KIND_FAULT, NULL, "over", NULL)->t_ns, CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob") + count(TRACE_KIND_QUEUE, "mail-a", "bounced", NULL), 3);
}
END_TEST

START_TEST(a_link_that_lags_is_late_with_every_frame_and_loses_none)
{
    fault_add(mx_b, SPEC_FAULT_LAG, CORE_S, CORE_NEVER)->extra_ns = 200 * CORE_MS;
    typed_at(alice, mx_b, 25, CORE_S, "NOOP", "QUIT", NULL);
    run_until(CORE_MINUTE);
    ABOUT(answer_after("alice", "mx-b", "NOOP", "250") + 5 * CORE_MS, 200 * CORE_MS);
    ck_assert_uint_eq(count(TRACE_KIND_DROPPED, NULL, NULL, NULL), 0);
}
END_TEST

/* The loader finds these too; who makes a world without it is told where the mistake is. */
START_TEST(an_order_that_cannot_be_is_told_with_its_place)
{
    struct world_error error;
    switch (_i) {
    case 0:
        delay_add(mx_b, CORE_S, "LUNCH");
        break;
    case 1:
        delay_add(mx_b, CORE_S, "RCPT")->port = 26;
        break;
    default:
        delay_add(alice, CORE_S, "RCPT")->from_ns = CORE_S;
        break;
    }
    world_init(&sm.world, &sm.spec);
    ck_assert(!world_build(&sm.world, &error));
    ck_assert_str_eq(error.pointer, _i == 2 ? "/hosts/alice/delays/0" : "/hosts/mx-b/delays/0");
    ck_assert_ptr_nonnull(strstr(error.text, _i == 0 ? "'LUNCH'" : _i == 1 ? "port 26" : "'alice'"));
    world_free(&sm.world);
}
END_TEST

/* Those of later moments need room too: none is left out when its time comes. */
START_TEST(more_orders_than_there_is_room_for_are_refused_at_the_start)
{
    struct world_error error;
    for (size_t i = 0; i < TROUBLES_MAX + (size_t)_i; i++)
        delay_add(mx_b, CORE_S, "RCPT")->from_ns = i % 2 * CORE_S;
    world_init(&sm.world, &sm.spec);
    ck_assert(world_build(&sm.world, &error) == (_i == 0));
    if (_i > 0)
        ck_assert_str_eq(error.pointer, "/hosts/mx-b/delays/1000");
    else {
        size_t n = 0;
        world_run(&sm.world, CORE_MINUTE);
        for (const struct trouble *t = NULL; (t = trouble_next(&sm.world, t));)
            n++;
        ck_assert_uint_eq(n, TROUBLES_MAX);
    }
    world_free(&sm.world);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts");
    TCase *t = tcase_create("trouble");
    tcase_add_checked_fixture(t, two_domains, small_end);
    tcase_add_test(t, who_answers_the_dot_too_late_gets_the_message_twice);
    tcase_add_test(t, a_server_does_not_lose_patience_while_its_own_answer_waits);
    tcase_add_test(t, delays_of_one_command_and_of_all_add_up);
    tcase_add_test(t, a_delay_has_its_port_and_its_time);
    tcase_add_loop_test(t, a_broken_connection_repeats_what_was_not_confirmed, 0,
                        (int)(sizeof drops / sizeof drops[0]));
    tcase_add_loop_test(t, readers_meet_late_and_broken_servers_too, 0, 2);
    tcase_add_test(t, a_user_has_no_room_for_a_time_whatever_is_there);
    tcase_add_test(t, a_link_that_lags_is_late_with_every_frame_and_loses_none);
    tcase_add_loop_test(t, an_order_that_cannot_be_is_told_with_its_place, 0, 3);
    tcase_add_loop_test(t, more_orders_than_there_is_room_for_are_refused_at_the_start, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
