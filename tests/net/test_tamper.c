/* A router that writes over what passes: the frame that goes on is one of its own. */
#include "sim/net/tamper.h"

#include "tests/check_main.h"
#include "tests/net/net_world.h"

#define HEADER 20 /* octets of TCP without options */

static struct net_tamper one[] = {
    { .name = "strip", .pointer = "/r/0", .find = "STARTTLS", .write = "XXXXXXXA" },
    { .name = "seven", .pointer = "/r/1", .find = "8BIT", .write = "7BIT" },
};
static struct net_tamper other[] = {
    { .name = "later", .pointer = "/r/2", .find = "QUIT", .write = "QUIZ" }
};

/* Alice says this to port 25 of the server, in a segment of no connection. */
static void say(const char *text)
{
    size_t len = strlen(text), all = HEADER + len;
    struct net_packet *p = net_packet_take(&w.net, 4, all);
    uint8_t *tcp = net_packet_l4(p);
    uint16_t sum;
    memset(tcp, 0, HEADER);
    net_put16(tcp, 4000);
    net_put16(tcp + 2, 25);
    tcp[12] = HEADER / 4 << 4;
    tcp[13] = 0x18; /* PSH, ACK */
    memcpy(tcp + HEADER, text, len);
    sum = net_sum_finish(net_sum(tcp, all, net_sum_pseudo(&w.alice4, &w.server4, NET_PROTO_TCP, all)));
    memcpy(tcp + 16, &sum, sizeof sum);
    ck_assert(net_ip_send(w.alice, p, NET_PROTO_TCP, &w.alice4, &w.server4, NULL));
}

static bool has(const struct world_record *r, const char *text)
{
    size_t n = strlen(text);
    for (size_t at = 0; at + n <= r->nbytes; at++)
        if (memcmp(r->bytes + at, text, n) == 0)
            return true;
    return false;
}

static const struct world_record *forwarded(const struct net_host *by, uint64_t frame)
{
    const struct world_record *r;
    for (size_t i = 0; (r = world_find(TRACE_KIND_FORWARDED, TRACE_TCP, by, i)); i++)
        if (r->frame == frame)
            return r;
    return NULL;
}

/* The frame that r1 has made of alice's nth, with these words; it arrives, and alice's does not. */
static void check_changed(size_t nth, const char *was, const char *is, const char *words)
{
    const struct world_record *sent = world_get(TRACE_KIND_SENT, TRACE_TCP, w.alice, nth);
    const struct world_record *made = world_get(TRACE_KIND_SENT, TRACE_TCP, w.r1, nth), *on, *end;
    ck_assert(has(sent, was) && !has(sent, is));
    ck_assert(has(made, is) && !has(made, was));
    ck_assert_uint_gt(made->frame, sent->frame);
    ck_assert_uint_eq(made->instead_of, sent->frame);
    ck_assert_str_eq(made->changed, words);
    ck_assert_uint_eq(made->link, w.middle->number);
    ck_assert_ptr_null(forwarded(w.r1, sent->frame));
    ck_assert_ptr_null(forwarded(w.r2, sent->frame));
    on = forwarded(w.r2, made->frame);
    ck_assert_ptr_nonnull(on);
    end = world_get(TRACE_KIND_DELIVERED, TRACE_TCP, w.server, nth);
    ck_assert(end->frame == made->frame && has(end, is));
    ck_assert_uint_eq(on->instead_of, 0);
}

static void rules(struct net_tampers *t, struct net_tamper *rule, size_t n)
{
    *t = (struct net_tampers){ .rule = rule, .n = n, .before = w.r1->tampers };
    t->number = (uint8_t)(t->before ? t->before->number + 1 : 0);
    w.r1->tampers = t;
}

START_TEST(a_changed_packet_gets_a_number_and_a_maker_of_its_own)
{
    struct net_tampers t;
    uint64_t before;
    world_routers();
    rules(&t, one, 2);
    before = w.net.packets;
    say("250-8BITMIME\r\n250 STARTTLS\r\n");
    core_queue_run(&w.queue, CORE_S);
    check_changed(0, "STARTTLS", "XXXXXXXA",
                  "strip: \"STARTTLS\" becomes \"XXXXXXXA\"; seven: \"8BIT\" becomes \"7BIT\"");
    ck_assert_uint_eq(world_count(TRACE_KIND_FAULT, TRACE_NONE, w.r1), 2);
    ck_assert_uint_eq(w.trace.frames, w.net.packets - before);
    world_run();
    world_end();
}
END_TEST

START_TEST(what_has_not_been_changed_is_passed_on_with_its_number)
{
    struct net_tampers t;
    world_routers();
    rules(&t, one, 2);
    say("250 HELP\r\n");
    core_queue_run(&w.queue, CORE_S);
    ck_assert_uint_eq(world_get(TRACE_KIND_FORWARDED, TRACE_TCP, w.r1, 0)->frame,
                      world_get(TRACE_KIND_SENT, TRACE_TCP, w.alice, 0)->frame);
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_TCP, w.r1), 0);
    world_run();
    world_end();
}
END_TEST

/* The packet waits for ARP at r1 when somebody replaces the rules: with others, or with none. */
START_TEST(the_words_are_those_of_the_rules_that_have_written)
{
    struct net_tampers t, next, last;
    world_routers();
    rules(&t, one, 2);
    say("STARTTLS\r\n");
    core_queue_run(&w.queue, 4 * CORE_MS);
    ck_assert_uint_eq(world_count(TRACE_KIND_FAULT, TRACE_NONE, w.r1), 1);
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_TCP, w.r1), 0);
    rules(&next, other, _i == 0 ? 1 : 0);
    rules(&last, other, _i == 0 ? 1 : 0);
    core_queue_run(&w.queue, CORE_S);
    check_changed(0, "STARTTLS", "XXXXXXXA", "strip: \"STARTTLS\" becomes \"XXXXXXXA\"");
    if (_i == 0) {
        say("QUIT\r\n");
        core_queue_run(&w.queue, 2 * CORE_S);
        check_changed(1, "QUIT", "QUIZ", "later: \"QUIT\" becomes \"QUIZ\"");
    }
    world_run();
    world_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("net");
    TCase *t = tcase_create("tamper");
    tcase_add_test(t, a_changed_packet_gets_a_number_and_a_maker_of_its_own);
    tcase_add_test(t, what_has_not_been_changed_is_passed_on_with_its_number);
    tcase_add_loop_test(t, the_words_are_those_of_the_rules_that_have_written, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
