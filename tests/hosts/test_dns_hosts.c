/* Resolvers, name servers and those who ask them, as hosts on a network. */
#include "sim/hosts/dns_tcp.h"
#include "tests/hosts/puppet.h"

static struct part *alice_, *carl;
static struct spec_zone *zone;

static void begin(void)
{
    small_begin();
    alice_ = host_add("alice");
    carl = host_add("carl");
    zone = zone_add(sm.names, "b.test");
    record_add(zone, "www", "A", "192.0.2.80")->ttl = 60;
    record_add(zone, "www", "AAAA", "2001:db8::80");
}

static unsigned queries_to_names(void)
{
    return count(TRACE_KIND_QUERY, "resolver", NULL, NULL);
}

static struct spec_action *ask_at(uint64_t at_ns, const char *name, const char *type)
{
    struct spec_action *a = lookup_at(alice_, name, type, at_ns);
    a->name = text_of("ask %zu", sm.spec.nactions);
    return a;
}

/* The result of look-up n, from 1. */
static const struct seen *asked(unsigned n)
{
    const struct seen *r =
        find(NULL, TRACE_KIND_CLIENT, NULL, "lookup-done", "action", text_of("ask %u", n), NULL);
    ck_assert_msg(r, "look-up %u has no result", n);
    return r;
}

static void check_asked(unsigned n, const char *result)
{
    ck_assert_str_eq(attr(asked(n), "result"), result);
}

/* ---- the cache ------------------------------------------------------------------------------------ */

START_TEST(the_second_question_is_answered_from_the_cache)
{
    ask_at(CORE_S, "www.b.test", "A");
    ask_at(10 * CORE_S, "www.b.test", "A");
    ask_at(20 * CORE_S, "WWW.B.Test", "A");
    run_until(CORE_MINUTE);
    check_asked(1, "ok");
    check_asked(2, "ok");
    check_asked(3, "ok");
    ck_assert_uint_eq(queries_to_names(), 1);
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_CACHE, "resolver", "stored", "name", "www.b.test", "type", "A", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CACHE, "resolver", "CACHE_HIT", "name", "www.b.test", NULL));
    ck_assert_ptr_nonnull(strstr(attr(asked(2), "data"), "192.0.2.80"));
    nothing_is_left_open();
}
END_TEST

START_TEST(what_comes_from_the_cache_has_less_time_to_live)
{
    ask_at(CORE_S, "www.b.test", "A");
    ask_at(31 * CORE_S, "www.b.test", "A");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(attr(asked(1), "data"), "ttl 60"));
    ck_assert(strstr(attr(asked(2), "data"), "ttl 30") || strstr(attr(asked(2), "data"), "ttl 31"));
}
END_TEST

START_TEST(when_the_time_to_live_is_over_the_server_is_asked_again)
{
    ask_at(CORE_S, "www.b.test", "A");
    ask_at(60 * CORE_S, "www.b.test", "A");
    ask_at(63 * CORE_S, "www.b.test", "A");
    run_until(2 * CORE_MINUTE);
    check_asked(3, "ok");
    ck_assert_uint_eq(queries_to_names(), 2);
    ck_assert_uint_gt(find(NULL, TRACE_KIND_CACHE, "resolver", "expired", "name", "www.b.test", NULL)->t_ns,
                      60 * CORE_S);
}
END_TEST

START_TEST(that_a_name_does_not_exist_is_remembered_for_a_while)
{
    zone->negative_ttl = 30;
    ask_at(CORE_S, "nowhere.b.test", "A");
    ask_at(20 * CORE_S, "nowhere.b.test", "A");
    ask_at(25 * CORE_S, "nowhere.b.test", "MX"); /* NXDOMAIN is about the name: RFC 2308 section 5 */
    run_until(30 * CORE_S);
    ck_assert_uint_eq(queries_to_names(), 1);
    check_asked(1, "NXDOMAIN");
    check_asked(2, "NXDOMAIN");
    check_asked(3, "NXDOMAIN");
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_CACHE, "resolver", "negative", "name", "nowhere.b.test", NULL));
    small_end();
    begin();
    zone->negative_ttl = 30;
    ask_at(CORE_S, "nowhere.b.test", "A");
    ask_at(33 * CORE_S, "nowhere.b.test", "A");
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(queries_to_names(), 2);
}
END_TEST

START_TEST(that_a_name_has_no_such_record_is_remembered_too)
{
    ask_at(CORE_S, "www.b.test", "MX");
    ask_at(10 * CORE_S, "www.b.test", "MX");
    ask_at(20 * CORE_S, "www.b.test", "A");
    run_until(CORE_MINUTE);
    check_asked(1, "NODATA");
    check_asked(2, "NODATA");
    check_asked(3, "ok");
    ck_assert_uint_eq(queries_to_names(), 2);
}
END_TEST

/* ---- servers that fail ---------------------------------------------------------------------------- */

START_TEST(a_fault_of_a_name_server_keeps_to_its_time)
{
    static const char *const faults[] = { "servfail", "refuse", "drop" };
    small_end();
    for (int i = 0; i < 3; i++) {
        begin();
        sm.names->dns.fault = faults[i];
        sm.names->dns.fault_from_ns = 10 * CORE_S;
        sm.names->dns.fault_until_ns = 100 * CORE_S;
        ask_at(CORE_S, "www.b.test", "A");
        ask_at(11 * CORE_S, "www.b.test", "AAAA"); /* not in the cache */
        ask_at(40 * CORE_S, "www.b.test", "A");    /* in the cache, though nobody answers */
        ask_at(200 * CORE_S, "www.b.test", "AAAA");
        run_until(CORE_HOUR);
        check_asked(1, "ok");
        ck_assert_str_ne(attr(asked(2), "result"), "ok");
        ck_assert_str_ne(attr(asked(2), "result"), "NXDOMAIN");
        check_asked(3, "ok");
        check_asked(4, "ok");
        nothing_is_left_open();
        small_end();
    }
    begin();
}
END_TEST

START_TEST(a_lost_question_is_asked_again)
{
    struct spec_fault *f = fault_add(alice_, SPEC_FAULT_DROP, 0, CORE_NEVER),
                      *g = fault_add(sm.names, SPEC_FAULT_DROP, 0, CORE_NEVER);
    static const uint32_t first[] = { 1 };
    f->proto = g->proto = NET_PROTO_UDP;
    f->nth = g->nth = first;
    f->nnth = g->nnth = 1;
    ask_at(CORE_S, "www.b.test", "A");
    run_until(CORE_MINUTE);
    check_asked(1, "ok");
    ck_assert_uint_ge(count(TRACE_KIND_QUERY, "alice", NULL, NULL), 2);
    ck_assert_uint_ge(queries_to_names(), 2);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_second_resolver_steps_in_for_one_that_is_down)
{
    static struct net_addr both[2];
    struct part *dead = host_add("dead");
    dead->host->down_until_ns = CORE_NEVER;
    both[0] = dead->address;
    both[1] = sm.resolver_part->address;
    alice_->host->resolvers = both;
    alice_->host->nresolvers = 2;
    ask_at(CORE_S, "www.b.test", "A");
    run_until(CORE_MINUTE);
    check_asked(1, "ok");
    ck_assert_uint_gt(asked(1)->t_ns, 2 * CORE_S);
}
END_TEST

START_TEST(a_host_without_a_resolver_knows_no_names)
{
    alice_->host->nresolvers = 0;
    ask_at(CORE_S, "www.b.test", "A");
    run_until(CORE_MINUTE);
    ck_assert_str_ne(attr(asked(1), "result"), "ok");
    ck_assert_str_ne(attr(asked(1), "result"), "NXDOMAIN");
}
END_TEST

START_TEST(a_resolver_that_is_unplugged_times_out)
{
    sm.resolver_part->host->down_until_ns = CORE_NEVER;
    ask_at(CORE_S, "www.b.test", "A");
    run_until(CORE_HOUR);
    ck_assert_str_ne(attr(asked(1), "result"), "ok");
    nothing_is_left_open();
}
END_TEST

/* ---- delegation ----------------------------------------------------------------------------------- */

static struct part *delegate(const char *name, const char *zone_name)
{
    struct part *p = host_add(name);
    struct spec_zone *root = zone_named("."), *z;
    record_add(root, text_of("%s.", zone_name), "NS", text_of("%s.%s.", name, zone_name));
    record_add(root, text_of("%s.%s.", name, zone_name), "A", p->address_text);
    z = zone_add(p, zone_name);
    record_add(z, "@", "NS", text_of("%s.%s.", name, zone_name));
    record_add(z, text_of("%s.%s.", name, zone_name), "A", p->address_text);
    record_add(z, "www", "A", "192.0.2.81");
    return p;
}

START_TEST(a_referral_leads_to_the_server_of_the_zone)
{
    delegate("ns", "c.test");
    ask_at(CORE_S, "www.c.test", "A");
    ask_at(10 * CORE_S, "other.c.test", "A"); /* the way is known now */
    run_until(CORE_MINUTE);
    check_asked(1, "ok");
    check_asked(2, "NXDOMAIN");
    ck_assert_uint_eq(count(TRACE_KIND_ANSWER, "names", NULL, NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_ANSWER, "ns", NULL, NULL), 2);
}
END_TEST

START_TEST(one_dead_server_of_two_does_not_matter)
{
    struct part *ns = delegate("ns", "c.test"), *dead = host_add("dead");
    struct spec_zone *root = zone_named(".");
    dead->host->down_until_ns = CORE_NEVER;
    record_add(root, "c.test.", "NS", "ns2.c.test.");
    record_add(root, "ns2.c.test.", "A", dead->address_text);
    record_add(zone_named("c.test"), "@", "NS", "ns2.c.test.");
    for (unsigned i = 0; i < 5; i++)
        ask_at((1 + i * 60) * CORE_S, text_of("x%u.c.test", i), "A");
    run_until(CORE_HOUR);
    for (unsigned i = 1; i <= 5; i++)
        check_asked(i, "NXDOMAIN");
    ck_assert_uint_eq(count(TRACE_KIND_ANSWER, "ns", NULL, NULL), 5);
    (void)ns;
}
END_TEST

START_TEST(a_zone_whose_servers_all_fail_is_servfail_and_not_nxdomain)
{
    delegate("ns", "c.test")->host->down_until_ns = CORE_NEVER;
    ask_at(CORE_S, "www.c.test", "A");
    run_until(CORE_HOUR);
    ck_assert_str_ne(attr(asked(1), "result"), "ok");
    ck_assert_str_ne(attr(asked(1), "result"), "NXDOMAIN");
    nothing_is_left_open();
}
END_TEST

START_TEST(an_alias_is_followed_into_another_zone)
{
    delegate("ns", "c.test");
    record_add(zone, "web", "CNAME", "www.c.test.");
    ask_at(CORE_S, "web.b.test", "A");
    run_until(CORE_MINUTE);
    check_asked(1, "ok");
    ck_assert_ptr_nonnull(strstr(attr(asked(1), "data"), "192.0.2.81"));
}
END_TEST

START_TEST(aliases_in_a_circle_end)
{
    record_add(zone, "ping", "CNAME", "pong");
    record_add(zone, "pong", "CNAME", "ping");
    ask_at(CORE_S, "ping.b.test", "A");
    run_until(CORE_HOUR);
    ck_assert_str_ne(attr(asked(1), "result"), "ok");
    nothing_is_left_open();
}
END_TEST

/* ---- TCP ------------------------------------------------------------------------------------------ */

static void many_addresses(void)
{
    for (unsigned i = 0; i < 60;
         i++) /* 60 times 16 octets and more fit in no 512, nor, with names, in 1232 */
        record_add(zone, "big", "TXT", text_of("\"%030u\"", i));
}

START_TEST(an_answer_too_long_for_udp_comes_over_tcp)
{
    many_addresses();
    ask_at(CORE_S, "big.b.test", "TXT");
    ask_at(10 * CORE_S, "big.b.test", "TXT");
    run_until(2 * CORE_MINUTE);
    check_asked(1, "ok");
    check_asked(2, "ok");
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_TCP_STATE, "names", NULL, "to", "ESTABLISHED", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_TCP_STATE, "alice", NULL, "to", "ESTABLISHED", NULL));
    ck_assert_uint_eq(count(TRACE_KIND_TCP_STATE, "names", NULL, "to", "ESTABLISHED", NULL),
                      1); /* then it is cached */
    nothing_is_left_open();
}
END_TEST

START_TEST(mail_finds_servers_whose_records_need_tcp)
{
    struct part *mail = mail_server("mail", "mail.a.test", "a.test"), *mx, *sender;
    struct spec_zone *z = zone_add(sm.names, "many.test");
    mx = mail_server_bare("mx", "mx.many.test", "many.test");
    user_add(mx, "bob");
    record_add(z, "@", "MX", "1 mx");
    record_add(z, "mx", "A", mx->address_text);
    for (unsigned i = 0; i < 40; i++)
        record_add(z, "@", "MX", text_of("%u a-rather-long-name-number-%u", 10 + i, i));
    sender = person("sender", "sue@a.test", mail, SPEC_IMAP);
    user_add(mail, "sue");
    mail_at(sender, "hello", "bob@many.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx, "bob"), 1);
}
END_TEST

START_TEST(a_world_may_end_during_a_lookup_over_tcp)
{
    small_end();
    for (unsigned i = 0; i < 40; i++) {
        begin();
        many_addresses();
        ask_at(CORE_S, "big.b.test", "TXT");
        run_until(CORE_S + i * 5 * CORE_MS);
        small_end();
    }
    begin();
}
END_TEST

START_TEST(a_silent_tcp_client_is_closed_after_ten_seconds)
{
    struct puppet *p, *q;
    small_build();
    p = puppet_call(alice_, sm.names, 53, CORE_S);
    q = puppet_call(alice_, sm.resolver_part, 53, CORE_S);
    run_until(CORE_S + DNS_TCP_IDLE_NS / 2);
    ck_assert(p->opened && q->opened && !p->peer_closed && !q->peer_closed);
    run_until(CORE_MINUTE);
    ck_assert(p->ended && q->ended);
    nothing_is_left_open();
}
END_TEST

START_TEST(half_a_message_does_not_hold_a_tcp_connection)
{
    struct puppet *p;
    small_build();
    p = puppet_call(alice_, sm.resolver_part, 53, CORE_S);
    puppet_says(p, 2 * CORE_S, "\x01"); /* the first octet of a length */
    run_until(CORE_MINUTE);
    ck_assert(p->ended);
    nothing_is_left_open();
}
END_TEST

START_TEST(more_tcp_clients_than_places_are_not_left_waiting)
{
    enum { N = 40 };
    struct puppet *p[N];
    small_build();
    for (int i = 0; i < N; i++) {
        p[i] = puppet_call(alice_, sm.resolver_part, 53, CORE_S + (uint64_t)i * CORE_MS);
        puppet_says(p[i], 2 * CORE_S, "\x01");
    }
    run_until(CORE_MINUTE);
    for (int i = 0; i < N; i++)
        ck_assert(p[i]->ended);
    nothing_is_left_open();
}
END_TEST

/* ---- many at once --------------------------------------------------------------------------------- */

START_TEST(two_hosts_that_ask_at_the_same_moment_have_exchanges_of_their_own)
{
    const struct seen *q = NULL;
    ask_at(CORE_S, "www.b.test", "A");
    lookup_at(carl, "www.b.test", "AAAA", CORE_S)->name = "ask 2";
    run_until(CORE_MINUTE);
    check_asked(1, "ok");
    check_asked(2, "ok");
    while ((q = find(q, TRACE_KIND_QUERY, NULL, NULL, NULL)) != NULL) {
        const struct seen *a = find(q, TRACE_KIND_ANSWER, NULL, NULL, NULL);
        while (a && !(a->peer == q->host && a->host == q->peer && a->conn == q->conn))
            a = find(a, TRACE_KIND_ANSWER, NULL, NULL, NULL);
        ck_assert_msg(a, "%s asked %.*s in exchange %u, and no answer says so", host_name(q),
                      (int)q->text_len, q->text, q->conn);
    }
}
END_TEST

START_TEST(a_burst_of_questions_is_answered_as_far_as_the_resolver_can_work)
{
    enum { N = 150 };
    unsigned known = 0;
    for (unsigned i = 0; i < N; i++)
        ask_at(CORE_S, text_of("n%u.b.test", i), "A");
    ask_at(CORE_MINUTE, "n149.b.test", "A");
    run_until(CORE_HOUR);
    for (unsigned i = 1; i <= N; i++) {
        bool is = strcmp(attr(asked(i), "result"), "NXDOMAIN") == 0;
        known += is;
        ck_assert(is || strcmp(attr(asked(i), "result"), "SERVFAIL") ==
                            0); /* too busy is no answer about the name */
    }
    ck_assert_uint_ge(known, 64);
    check_asked(N + 1, "NXDOMAIN");
    nothing_is_left_open();
}
END_TEST

/* ---- who asks and does not read ------------------------------------------------------------------- */

/* big.b.test TXT, as a message for TCP. */
static const char query[] = "\0\x1c"
                            "\x12\x34\x01\0\0\1\0\0\0\0\0\0"
                            "\3big\1b\4test\0"
                            "\0\x10\0\1";

START_TEST(a_tcp_client_that_asks_and_never_reads_is_cut_off)
{
    enum { TIMES = 200 };
    const size_t len = sizeof query - 1;
    char *all = core_arena_take(&sm.arena, TIMES * len);
    struct puppet *p, *q;
    for (unsigned i = 0; i < TIMES; i++)
        memcpy(all + i * len, query, len);
    many_addresses();
    small_build();
    p = puppet_call(alice_, sm.names, 53, CORE_S);
    q = puppet_call(alice_, sm.resolver_part, 53, CORE_S);
    p->deaf = q->deaf = true;
    puppet_sends(p, 2 * CORE_S, all, TIMES * len);
    puppet_sends(q, 2 * CORE_S, all, TIMES * len);
    run_until(10 * CORE_MINUTE);
    nothing_is_left_open();
    ck_assert(p->opened && q->opened);
}
END_TEST

/* How many whole messages, each with its length before it. */
static unsigned messages_in(const struct puppet *p)
{
    const uint8_t *at = (const uint8_t *)p->got, *end = at + p->n;
    unsigned n = 0;
    while (end - at >= 2 && end - at >= 2 + (at[0] << 8 | at[1])) {
        at += 2 + (at[0] << 8 | at[1]);
        n++;
    }
    ck_assert_ptr_eq(at, end);
    return n;
}

START_TEST(a_tcp_client_that_asks_much_at_once_gets_every_answer)
{
    enum { TIMES = 80 }; /* answers of 2,000 octets and more: several send buffers full */
    const size_t len = sizeof query - 1;
    char *all = core_arena_take(&sm.arena, TIMES * len);
    struct puppet *p[4];
    for (unsigned i = 0; i < TIMES; i++) {
        memcpy(all + i * len, query, len);
        all[i * len + 3] = (char)i; /* the id */
    }
    many_addresses();
    ask_at(CORE_S / 2, "big.b.test", "TXT"); /* the resolver knows it */
    small_build();
    for (unsigned i = 0; i < 4; i++) {
        p[i] = puppet_call(alice_, i % 2 ? sm.resolver_part : sm.names, 53, CORE_S + i * 10 * CORE_S);
        puppet_sends(p[i], p[i]->start.at_ns + CORE_S, all, TIMES * len);
        if (i >= 2) /* it has nothing more to ask, and waits for the answers */
            puppet_closes(p[i], p[i]->start.at_ns + CORE_S);
    }
    run_until(CORE_MINUTE);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_gt(p[i]->n, 2 * TCP_SEND_MAX);
        ck_assert_uint_eq(messages_in(p[i]), TIMES);
        ck_assert(p[i]->ended && p[i]->why == TCP_END_NORMAL);
    }
    nothing_is_left_open();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts dns");
    TCase *t = tcase_create("dns");
    tcase_add_checked_fixture(t, begin, small_end);
    tcase_add_test(t, the_second_question_is_answered_from_the_cache);
    tcase_add_test(t, what_comes_from_the_cache_has_less_time_to_live);
    tcase_add_test(t, when_the_time_to_live_is_over_the_server_is_asked_again);
    tcase_add_test(t, that_a_name_does_not_exist_is_remembered_for_a_while);
    tcase_add_test(t, that_a_name_has_no_such_record_is_remembered_too);
    tcase_add_test(t, a_fault_of_a_name_server_keeps_to_its_time);
    tcase_add_test(t, a_lost_question_is_asked_again);
    tcase_add_test(t, a_second_resolver_steps_in_for_one_that_is_down);
    tcase_add_test(t, a_host_without_a_resolver_knows_no_names);
    tcase_add_test(t, a_resolver_that_is_unplugged_times_out);
    tcase_add_test(t, a_referral_leads_to_the_server_of_the_zone);
    tcase_add_test(t, one_dead_server_of_two_does_not_matter);
    tcase_add_test(t, a_zone_whose_servers_all_fail_is_servfail_and_not_nxdomain);
    tcase_add_test(t, an_alias_is_followed_into_another_zone);
    tcase_add_test(t, aliases_in_a_circle_end);
    tcase_add_test(t, an_answer_too_long_for_udp_comes_over_tcp);
    tcase_add_test(t, mail_finds_servers_whose_records_need_tcp);
    tcase_add_test(t, a_world_may_end_during_a_lookup_over_tcp);
    tcase_add_test(t, a_silent_tcp_client_is_closed_after_ten_seconds);
    tcase_add_test(t, half_a_message_does_not_hold_a_tcp_connection);
    tcase_add_test(t, more_tcp_clients_than_places_are_not_left_waiting);
    tcase_add_test(t, two_hosts_that_ask_at_the_same_moment_have_exchanges_of_their_own);
    tcase_add_test(t, a_burst_of_questions_is_answered_as_far_as_the_resolver_can_work);
    tcase_add_test(t, a_tcp_client_that_asks_and_never_reads_is_cut_off);
    tcase_add_test(t, a_tcp_client_that_asks_much_at_once_gets_every_answer);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
