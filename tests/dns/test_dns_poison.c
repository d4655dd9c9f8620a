/* Replies that lie: the resolver believes a server for its own zone only, and only if it
 * was asked. */
#include "tests/dns/world.h"

#include "tests/check_main.h"

/* Appends a record to a reply, with whole names. */
static void append(struct packet *p, enum dns_section section, const char *owner, const char *type,
                   const char *text)
{
    const uint8_t *name = name_of(owner);
    size_t len, n = p->len, name_len = dns_name_len(name);
    uint16_t code = dns_type_from_text(type, strlen(type));
    uint8_t rdata[300];
    ck_assert_int_eq(dns_rdata_from_text(code, text, strlen(text), rdata, sizeof rdata, &len), DNS_RDATA_OK);
    memcpy(p->msg + n, name, name_len);
    n += name_len;
    dns_put16(p->msg + n, code);
    dns_put16(p->msg + n + 2, DNS_CLASS_IN);
    dns_put32(p->msg + n + 4, 86400);
    dns_put16(p->msg + n + 8, (unsigned)len);
    memcpy(p->msg + n + 10, rdata, len);
    p->len = (uint16_t)(n + 10 + len);
    uint8_t *count = p->msg + 4 + 2 * section;
    dns_put16(count, dns_get16(count) + 1u);
}

/* Keeps header and question of a reply, with given flags. */
static void strip(struct packet *p, uint16_t flags)
{
    struct dns_reader r;
    ck_assert(dns_reader_init(&r, p->msg, p->len));
    p->len = (uint16_t)r.at;
    dns_put16(p->msg + 2, flags);
    memset(p->msg + 6, 0, 6);
}

static void evil_extras(struct world *w, struct packet *p)
{
    struct dns_addr evil = addr_of("203.0.113.66");
    (void)w;
    if (!dns_addr_equal(&p->from, &evil))
        return;
    append(p, DNS_ADDITIONAL, "mx.example.org", "A", "203.0.113.99");
    append(p, DNS_ADDITIONAL, "ns.example.org", "A", "203.0.113.66");
}

START_TEST(addresses_outside_the_zone_are_thrown_away)
{
    struct dns_cache_entry entry;
    world->tamper = evil_extras;
    ck_assert_int_eq(world_ask("www.evil.net", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_uint_eq(world->events[DNS_EV_OUTSIDE], 2);
    ck_assert(!dns_cache_find(&world->cache, name_of("mx.example.org"), DNS_TYPE_A, world->now,
                              world->scratch, &entry));
    ck_assert_int_eq(world_ask("mx.example.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "A 198.51.100.10 ttl 3600");
}
END_TEST

static void evil_alias(struct world *w, struct packet *p)
{
    struct dns_addr evil = addr_of("203.0.113.66");
    (void)w;
    if (!dns_addr_equal(&p->from, &evil))
        return;
    strip(p, DNS_FLAG_QR | DNS_FLAG_AA);
    append(p, DNS_ANSWER, "www.evil.net", "CNAME", "mx.example.org");
    append(p, DNS_ANSWER, "mx.example.org", "A", "203.0.113.99");
}

START_TEST(the_target_of_an_alias_is_asked_of_its_own_zone)
{
    world->tamper = evil_alias;
    ck_assert_int_eq(world_ask("www.evil.net", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "CNAME mx.example.org; A 198.51.100.10 ttl 3600");
}
END_TEST

START_TEST(a_credulous_resolver_is_poisoned_and_that_is_the_lesson)
{
    world->config.no_ignore_outside = true;
    world->tamper = evil_alias;
    ck_assert_int_eq(world_ask("www.evil.net", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_int_eq(world_ask("mx.example.org", DNS_TYPE_A), DNS_CACHED);
    ck_assert_str_eq(world->line, "A 203.0.113.99 ttl 86400");
}
END_TEST

static void evil_referral(struct world *w, struct packet *p)
{
    struct dns_addr evil = addr_of("203.0.113.66");
    (void)w;
    if (!dns_addr_equal(&p->from, &evil))
        return;
    strip(p, DNS_FLAG_QR);
    append(p, DNS_AUTHORITY, "org", "NS", "ns.evil.net");
    append(p, DNS_AUTHORITY, "net", "NS", "ns.evil.net");
    append(p, DNS_AUTHORITY, ".", "NS", "ns.evil.net");
    append(p, DNS_ADDITIONAL, "ns.evil.net", "A", "203.0.113.66");
}

START_TEST(referrals_upwards_and_sideways_are_lame)
{
    struct dns_cache_entry entry;
    static const char *const names[] = { "org", "net", "." };
    world_ask("www.example.org", DNS_TYPE_A);
    dns_cache_flush(&world->cache);
    world->tamper = evil_referral;
    ck_assert_int_eq(world_ask("www.evil.net", DNS_TYPE_A), DNS_SERVFAIL);
    ck_assert_uint_eq(world->events[DNS_EV_BAD_SERVER], 1);
    for (int i = 0; i < 3; i++)
        if (dns_cache_find(&world->cache, name_of(names[i]), DNS_TYPE_NS, world->now, world->scratch,
                           &entry)) {
            size_t at = 0;
            uint16_t rdlen;
            ck_assert(!dns_name_equal(dns_cache_record(&entry, &at, &rdlen), name_of("ns.evil.net")));
        }
}
END_TEST

static void evil_no(struct world *w, struct packet *p)
{
    struct dns_addr evil = addr_of("203.0.113.66");
    (void)w;
    if (!dns_addr_equal(&p->from, &evil))
        return;
    strip(p, DNS_FLAG_QR | DNS_FLAG_AA | DNS_RCODE_NXDOMAIN);
    append(p, DNS_AUTHORITY, "net", "SOA", "a b 1 2 3 4 86400");
}

START_TEST(an_soa_from_above_the_zone_is_not_remembered)
{
    struct dns_cache_entry entry;
    world->tamper = evil_no;
    ck_assert_int_eq(world_ask("www.evil.net", DNS_TYPE_A), DNS_NXDOMAIN);
    ck_assert(!dns_cache_find(&world->cache, name_of("www.evil.net"), DNS_TYPE_A, world->now, world->scratch,
                              &entry));
}
END_TEST

/* Somebody off the path answers first: from the right address, guessing. */
static enum dns_verdict forge(uint16_t id, uint16_t port, const char *from, uint16_t from_port,
                              const char *name)
{
    struct packet p = { .from = addr_of(from) };
    p.len = (uint16_t)dns_query_write(p.msg, id, false, name_of(name), DNS_TYPE_A, 0);
    dns_put16(p.msg + 2, DNS_FLAG_QR | DNS_FLAG_AA);
    append(&p, DNS_ANSWER, "mx.example.org", "A", "203.0.113.99");
    return dns_resolver_reply(&world->r, world->now, &p.from, from_port, port, false, p.msg, p.len);
}

START_TEST(guessed_replies_must_fit_in_everything)
{
    uint16_t id, port;
    world_ask("example.org", DNS_TYPE_MX);
    world->sent = world->closed = 0;
    world_query("mx.example.org", DNS_TYPE_A, 5, 0);
    id = world->last_id, port = world->last_port;
    ck_assert_int_eq(forge((uint16_t)(id + 1), port, "198.51.100.53", 53, "mx.example.org"), DNS_MISMATCHED);
    ck_assert_int_eq(forge(id, (uint16_t)(port + 1), "198.51.100.53", 53, "mx.example.org"), DNS_MISMATCHED);
    ck_assert_int_eq(forge(id, port, "203.0.113.66", 53, "mx.example.org"), DNS_MISMATCHED);
    ck_assert_int_eq(forge(id, port, "198.51.100.53", 1053, "mx.example.org"), DNS_MISMATCHED);
    ck_assert_int_eq(forge(id, port, "198.51.100.53", 53, "mx2.example.org"), DNS_MISMATCHED);
    ck_assert_uint_eq(world->events[DNS_EV_IGNORED], 5);
    world_run();
    ck_assert_str_eq(world->line, "A 198.51.100.10 ttl 3600");
    ck_assert_int_eq(forge(id, port, "198.51.100.53", 53, "mx.example.org"), DNS_MISMATCHED); /* too late */
}
END_TEST

START_TEST(who_knows_id_and_port_wins_and_that_is_the_lesson)
{
    world_ask("example.org", DNS_TYPE_MX);
    world->config.no_port_random = true;
    world->config.port_low = 5353;
    world_query("mx.example.org", DNS_TYPE_A, 5, 0);
    ck_assert_uint_eq(world->last_port, 5353);
    ck_assert_int_eq(forge(world->last_id, 5353, "198.51.100.53", 53, "mx.example.org"), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "A 203.0.113.99 ttl 86400");
}
END_TEST

START_TEST(ids_and_ports_differ_from_query_to_query)
{
    uint16_t ids[16], ports[16];
    unsigned equal = 0;
    for (unsigned i = 0; i < 16; i++) {
        char name[24];
        snprintf(name, sizeof name, "h%u.example.org", i);
        world_ask(name, DNS_TYPE_A);
        ids[i] = world->last_id;
        ports[i] = world->last_port;
        ck_assert_uint_ge(ports[i], 1024);
        for (unsigned k = 0; k < i; k++)
            equal += ids[k] == ids[i] || ports[k] == ports[i];
    }
    ck_assert_uint_le(equal, 2);
}
END_TEST

static unsigned mutations;

static void mutate(struct world *w, struct packet *p)
{
    for (unsigned i = 0; i < 2; i++)
        p->msg[12 + world_random(w) % (p->len - 12u)] = (uint8_t)world_random(w);
    if (world_random(w) % 4 == 0)
        p->len = (uint16_t)(world_random(w) % p->len + 1u);
    mutations++;
}

START_TEST(mutated_replies_never_hurt_and_always_end)
{
    static const char *const names[] = { "www.example.org", "web.glueless.org", "lame.org",
                                         "nope.example.org" };
    world->tamper = mutate;
    for (unsigned i = 0; i < 1500; i++) {
        world_ask(names[i % 4], i % 3 ? DNS_TYPE_A : DNS_TYPE_MX);
        ck_assert_int_ne(dns_message_verdict(world->reply, world->reply_len), DNS_MALFORMED);
        if (i % 5 == 0)
            dns_cache_flush(&world->cache);
        world->now += 400 * S;
    }
    ck_assert_uint_gt(mutations, 1000);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dns_poison");
    TCase *t = tcase_create("poison");
    tcase_add_checked_fixture(t, world_setup, world_teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, addresses_outside_the_zone_are_thrown_away);
    tcase_add_test(t, a_credulous_resolver_is_poisoned_and_that_is_the_lesson);
    tcase_add_test(t, the_target_of_an_alias_is_asked_of_its_own_zone);
    tcase_add_test(t, referrals_upwards_and_sideways_are_lame);
    tcase_add_test(t, an_soa_from_above_the_zone_is_not_remembered);
    tcase_add_test(t, guessed_replies_must_fit_in_everything);
    tcase_add_test(t, who_knows_id_and_port_wins_and_that_is_the_lesson);
    tcase_add_test(t, ids_and_ports_differ_from_query_to_query);
    tcase_add_test(t, mutated_replies_never_hurt_and_always_end);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
