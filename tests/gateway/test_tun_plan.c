/* What --tun adds to a world, and packets in recordings. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scenarios/load/scenario.h"
#include "sim/gateway/plan.h"
#include "sim/gateway/record.h"
#include "tests/check_main.h"

static struct scenario s;
static struct scenario_errors errors;
static struct plan plan;
static char why[PLAN_ERROR_MAX];

static void open_world(const char *name)
{
    ck_assert(scenario_open(&s, name, NULL, 0, &errors));
}

static bool planned(const struct tun_plan *t, const char *link)
{
    why[0] = '\0';
    return plan_make(&plan, &s.world, link, 3, false, NULL, t, why);
}

static const struct spec_host *host(const char *name)
{
    const struct spec_host *h = plan_host(&plan, name);
    ck_assert_msg(h != NULL, "%s", name);
    return h;
}

static struct tun_plan usual(void)
{
    struct tun_plan t;
    tun_plan_init(&t);
    ck_assert(!t.on);
    t.on = true;
    return t;
}

START_TEST(addresses_are_those_that_a_network_can_have)
{
    static const char *const good[] = { "198.18.0.2/30", "10.1.2.3/8", "2001:db8:ffff::2/64",
                                        "2001:db8::1/126" };
    static const char *const bad[] = { "",
                                       "198.18.0.2",
                                       "198.18.0.2/",
                                       "198.18.0.2/31",
                                       "198.18.0.2/7",
                                       "198.18.0.0/30",
                                       "198.18.0.3/30",
                                       "127.0.0.2/8",
                                       "224.0.0.2/30",
                                       "0.0.0.1/8",
                                       "198.18.0.2/30x",
                                       "198.18.0.2/0030",
                                       "fe80::1/64",
                                       "::1/64",
                                       "ff02::1/64",
                                       "2001:db8::1/127",
                                       "2001:db8::1/999",
                                       "mail/30" };
    struct spec_prefix p;
    char text[TUN_ADDRESS_TEXT];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(tun_address_parse(&p, good[i]), "%s", good[i]);
        ck_assert_str_eq(tun_address_text(&p, text), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!tun_address_parse(&p, bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(a_device_has_a_name_that_the_kernel_takes)
{
    static const char *const bad[] = { "",     ".",    "..",      "a/b",
                                       "a b",  "a:1",  "tun%d",   "abcdefghijklmnop",
                                       "a\"b", "\x01", "\xc3\xbc" };
    ck_assert(tun_name_is_good("mw0"));
    ck_assert(tun_name_is_good("abcdefghijklmno"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!tun_name_is_good(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(a_router_leads_to_the_kernel)
{
    struct tun_plan t = usual();
    char text[NET_ADDR_TEXT];
    open_world("mail-world");
    ck_assert_msg(planned(&t, NULL), "%s", why);
    ck_assert(host(TUN_ROUTER)->forwards && !host(TUN_KERNEL)->forwards);
    ck_assert_uint_eq(host(TUN_ROUTER)->nifaces, 2);
    ck_assert_str_eq(host(TUN_ROUTER)->ifaces[0].link, "street");
    ck_assert_str_eq(host(TUN_ROUTER)->ifaces[1].link, TUN_LINK);
    ck_assert_str_eq(net_addr_text(&host(TUN_ROUTER)->ifaces[0].ip4.addr, text), "192.0.2.2");
    ck_assert_str_eq(net_addr_text(&plan.tun.gate4, text), "198.18.0.1");
    ck_assert_str_eq(net_addr_text(&plan.tun.gate6, text), "2001:db8:ffff::1");
    ck_assert_str_eq(net_addr_text(&host(TUN_KERNEL)->ifaces[0].ip6.addr, text), "2001:db8:ffff::2");
    /* The doors have other addresses. */
    ck_assert_str_eq(net_addr_text(&plan.door[0].ip4, text), "192.0.2.3");
    ck_assert_str_eq(host("door-1")->name, plan.world.hosts[plan.first_host].name);
    plan_free(&plan);
    scenario_free(&s);
}
END_TEST

START_TEST(the_kernel_is_told_each_network_once)
{
    struct tun_plan t = usual();
    struct spec_prefix routes[TUN_ROUTES_MAX];
    char text[TUN_ADDRESS_TEXT], all[2000] = "";
    size_t n;
    open_world("mail-world");
    ck_assert(planned(&t, NULL));
    n = tun_plan_routes(&plan.world, routes);
    for (size_t i = 0; i < n; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s ", tun_address_text(&routes[i], text));
    ck_assert_str_eq(all, "192.0.2.0/24 198.51.100.0/25 203.0.113.0/24 198.51.100.128/25 2001:db8:5::/64 "
                          "2001:db8:c::/64 2001:db8:d::/64 ");
    plan_free(&plan);
    scenario_free(&s);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    struct tun_plan t = usual();
    open_world("mail-world");
    ck_assert(tun_address_parse(&t.ip4, "198.51.100.200/16"));
    ck_assert(!planned(&t, NULL));
    ck_assert_ptr_nonnull(strstr(why, "--tun-address 198.51.100.200/16"));
    t = usual();
    ck_assert(!planned(&t, "nowhere"));
    ck_assert(tun_address_parse(&t.ip6, "2001:db8:d::7/48"));
    ck_assert(!planned(&t, NULL));
    ck_assert_ptr_nonnull(strstr(why, "\"org\""));
    scenario_free(&s);
}
END_TEST

START_TEST(a_link_without_ipv6_has_a_door_without_it)
{
    struct tun_plan t = usual();
    char text[2 * TUN_ADDRESS_TEXT];
    open_world("mail-world");
    ck_assert_msg(planned(&t, "far-away"), "%s", why);
    ck_assert_str_eq(tun_plan_text(&plan.tun, text), "198.18.0.2/30");
    ck_assert(plan.tun.ip6.bits == 0 && host(TUN_KERNEL)->ifaces[0].ip6.bits == 0);
    plan_free(&plan);
    scenario_free(&s);
}
END_TEST

START_TEST(addresses_go_into_a_recording_and_come_back)
{
    static const char *const bad[] = {
        "", " ", "198.18.0.2/30 198.18.0.6/30", "198.18.0.2/30  ", "x", "198.18.0.2/30,2001:db8::2/64"
    };
    struct tun_plan t = usual(), back;
    char text[2 * TUN_ADDRESS_TEXT], again[2 * TUN_ADDRESS_TEXT];
    ck_assert_str_eq(tun_plan_text(&t, text), TUN_IP4 " " TUN_IP6);
    ck_assert(tun_plan_read(&back, text) && back.on);
    ck_assert_str_eq(tun_plan_text(&back, again), text);
    ck_assert(tun_plan_read(&back, TUN_IP6) && back.ip4.bits == 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!tun_plan_read(&back, bad[i]), "%s", bad[i]);
}
END_TEST

/* ---- recordings ---------------------------------------------------------------------------------------- */

#define HEAD                                                                                                 \
    "{\"mailwalk\":\"0.1.0\",\"recording\":1,\"scenario\":\"x\",\"text\":\"0000000000000000\",\"link\":"     \
    "\"a\",\"doors\":1,\"actions\":false"

static char path[] = "/tmp/mailwalk-tun-XXXXXX";
static struct record_reader reader;
static struct record_header header;

/* Reads a recording; NULL: all is well, else what is wrong. */
static const char *read_it(const char *text)
{
    int fd;
    bool good;
    strcpy(path, "/tmp/mailwalk-tun-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    ck_assert(record_open(&reader, path));
    unlink(path);
    good = record_read_header(&reader, &header) && record_check(&reader);
    return good ? NULL : reader.error;
}

static void done(void)
{
    record_header_free(&header);
    record_close(&reader);
}

START_TEST(packets_are_numbered_and_kept_octet_by_octet)
{
    struct record_input in;
    ck_assert_ptr_null(
        read_it(HEAD ",\"tun\":\"198.18.0.2/30\"}\n{\"t\":5,\"packet\":1,\"data\":\"E\\u0000\\u00ff\\n\"}\n"
                     "{\"t\":5,\"packet\":2,\"data\":\"\"}\n"));
    ck_assert_str_eq(header.tun, "198.18.0.2/30");
    ck_assert_int_eq(record_read(&reader, &in), 1);
    ck_assert_int_eq(in.kind, RECORD_PACKET);
    ck_assert_uint_eq(in.len, 4);
    ck_assert_mem_eq(in.data, "E\0\xff\n", 4);
    ck_assert_int_eq(record_read(&reader, &in), 1);
    ck_assert_int_eq(record_read(&reader, &in), 0);
    done();
}
END_TEST

START_TEST(a_recording_of_before_is_read_as_ever)
{
    ck_assert_ptr_null(
        read_it(HEAD "}\n{\"t\":5,\"connect\":1,\"door\":1,\"to\":\"192.0.2.1\",\"port\":25}\n"));
    ck_assert_ptr_null(header.tun);
    done();
}
END_TEST

START_TEST(packets_out_of_order_are_refused)
{
    ck_assert_ptr_nonnull(strstr(read_it(HEAD "}\n{\"t\":5,\"packet\":2,\"data\":\"E\"}\n"), "packet 2"));
    done();
    ck_assert_ptr_nonnull(strstr(
        read_it(HEAD "}\n{\"t\":5,\"packet\":1,\"data\":\"E\"}\n{\"t\":5,\"packet\":1,\"data\":\"E\"}\n"),
        "packet 1"));
    done();
    ck_assert_ptr_nonnull(strstr(read_it(HEAD "}\n{\"t\":5,\"packet\":1}\n"), "data"));
    done();
    ck_assert_ptr_nonnull(strstr(read_it(HEAD ",\"tun\":4}\n"), "tun"));
    done();
}
END_TEST

static Suite *tun_suite(void)
{
    Suite *suite = suite_create("gateway/tun_plan");
    TCase *t = tcase_create("plan");
    tcase_add_test(t, addresses_are_those_that_a_network_can_have);
    tcase_add_test(t, a_device_has_a_name_that_the_kernel_takes);
    tcase_add_test(t, a_router_leads_to_the_kernel);
    tcase_add_test(t, the_kernel_is_told_each_network_once);
    tcase_add_test(t, what_does_not_fit_is_refused);
    tcase_add_test(t, a_link_without_ipv6_has_a_door_without_it);
    tcase_add_test(t, addresses_go_into_a_recording_and_come_back);
    tcase_add_test(t, packets_are_numbered_and_kept_octet_by_octet);
    tcase_add_test(t, a_recording_of_before_is_read_as_ever);
    tcase_add_test(t, packets_out_of_order_are_refused);
    suite_add_tcase(suite, t);
    return suite;
}

CHECK_MAIN(tun_suite)
