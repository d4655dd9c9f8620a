/* The cache: time, trust, negative entries, bounded memory. */
#include "protocols/dns/dns_cache.h"

#include "protocols/dns/dns_text.h"
#include "tests/check_main.h"
#include "tests/dns/zones.h"

#define S 1000000000ull

static struct dns_cache_slot slots[8];
static struct dns_cache cache;
static uint8_t scratch[DNS_CACHE_ENTRY_MAX];
static struct dns_cache_entry found;
static unsigned changes[4];

static void count(void *host, enum dns_cache_change change, const struct dns_cache_entry *entry)
{
    ck_assert_ptr_null(host);
    ck_assert_ptr_nonnull(entry->name);
    changes[change]++;
}

static void setup(void)
{
    memset(slots, 0xee, sizeof slots); /* init needs no cleared memory */
    memset(changes, 0, sizeof changes);
    dns_cache_init(&cache, slots, 8, count, NULL);
}

static bool put_a(const char *name, uint8_t last, uint32_t ttl, enum dns_trust trust, uint64_t now)
{
    uint8_t data[] = { 0, 4, 192, 0, 2, last };
    struct dns_cache_entry e = { .kind = DNS_CACHE_RRSET,
                                 .trust = trust,
                                 .name = name_of(name),
                                 .type = DNS_TYPE_A,
                                 .records = 1,
                                 .ttl = ttl,
                                 .data = data,
                                 .octets = sizeof data };
    return dns_cache_store(&cache, &e, now);
}

static bool put_no(const char *name, enum dns_cache_kind kind, uint16_t type, uint32_t ttl, uint64_t now)
{
    uint8_t data[100], rdata[80];
    size_t len, n = dns_name_len(name_of("test"));
    dns_rdata_from_text(DNS_TYPE_SOA, "ns.test h.test 1 2 3 4 5", 24, rdata, sizeof rdata, &len);
    memcpy(data, name_of("test"), n);
    dns_put16(data + n, (unsigned)len);
    memcpy(data + n + 2, rdata, len);
    struct dns_cache_entry e = { .kind = kind,
                                 .trust = DNS_TRUST_AUTHORITY,
                                 .name = name_of(name),
                                 .type = type,
                                 .ttl = ttl,
                                 .data = data,
                                 .octets = n + 2 + len };
    return dns_cache_store(&cache, &e, now);
}

static bool find(const char *name, uint16_t type, uint64_t now)
{
    return dns_cache_find(&cache, name_of(name), type, now, scratch, &found);
}

static uint8_t last_octet(void)
{
    size_t at = 0;
    uint16_t rdlen;
    const uint8_t *rdata = dns_cache_record(&found, &at, &rdlen);
    ck_assert_ptr_nonnull(rdata);
    ck_assert_uint_eq(rdlen, 4);
    return rdata[3];
}

START_TEST(an_entry_lives_as_long_as_its_ttl)
{
    ck_assert(put_a("A.test", 1, 60, DNS_TRUST_AUTHORITY, 5 * S));
    ck_assert(find("a.TEST", DNS_TYPE_A, 5 * S));
    ck_assert_uint_eq(found.left_s, 60);
    ck_assert_uint_eq(found.expires_ns, 65 * S);
    ck_assert_uint_eq(last_octet(), 1);
    ck_assert(!find("a.test", DNS_TYPE_AAAA, 5 * S));
    ck_assert(!find("b.test", DNS_TYPE_A, 5 * S));
    ck_assert(find("a.test", DNS_TYPE_A, 65 * S - 1));
    ck_assert_uint_eq(found.left_s, 1);
    ck_assert(!find("a.test", DNS_TYPE_A, 65 * S));
    ck_assert_uint_eq(changes[DNS_CACHE_EXPIRED], 1);
    ck_assert_uint_eq(cache.entries, 0);
    ck_assert_uint_eq(cache.free_slots, 8);
}
END_TEST

START_TEST(ttls_are_capped_and_zero_is_not_kept)
{
    ck_assert(!put_a("zero.test", 1, 0, DNS_TRUST_AUTHORITY, 0));
    ck_assert(put_a("long.test", 1, 0x7fffffff, DNS_TRUST_AUTHORITY, 0));
    ck_assert(find("long.test", DNS_TYPE_A, 0));
    ck_assert_uint_eq(found.left_s, DNS_CACHE_TTL_MAX_S);
    ck_assert(put_no("no.test", DNS_CACHE_NXDOMAIN, 0, 86400, 0));
    ck_assert(find("no.test", DNS_TYPE_A, 0));
    ck_assert_uint_eq(found.left_s, DNS_CACHE_NEGATIVE_MAX_S);
}
END_TEST

START_TEST(nxdomain_denies_every_type_nodata_only_one)
{
    const uint8_t *owner, *rdata;
    uint16_t rdlen;
    struct dns_soa soa;
    ck_assert(put_no("no.test", DNS_CACHE_NXDOMAIN, DNS_TYPE_MX, 300, 0));
    ck_assert(find("no.test", DNS_TYPE_MX, 0) && found.kind == DNS_CACHE_NXDOMAIN);
    ck_assert(find("no.test", DNS_TYPE_A, 0) && found.kind == DNS_CACHE_NXDOMAIN);
    ck_assert(dns_cache_soa(&found, &owner, &rdata, &rdlen));
    ck_assert(dns_name_equal(owner, name_of("test")));
    dns_rdata_soa(rdata, &soa);
    ck_assert_uint_eq(soa.minimum_s, 5);
    ck_assert(put_no("half.test", DNS_CACHE_NODATA, DNS_TYPE_MX, 300, 0));
    ck_assert(find("half.test", DNS_TYPE_MX, 0) && found.kind == DNS_CACHE_NODATA);
    ck_assert(!find("half.test", DNS_TYPE_A, 0));
}
END_TEST

START_TEST(nxdomain_and_data_displace_each_other)
{
    ck_assert(put_a("x.test", 1, 60, DNS_TRUST_ANSWER, 0));
    ck_assert(put_no("x.test", DNS_CACHE_NXDOMAIN, 0, 60, 0));
    ck_assert(find("x.test", DNS_TYPE_A, 0) && found.kind == DNS_CACHE_NXDOMAIN);
    ck_assert_uint_eq(changes[DNS_CACHE_EVICTED], 1);
    ck_assert(!put_a("x.test", 2, 60, DNS_TRUST_ADDITIONAL, 0)); /* glue does not disprove it */
    ck_assert(put_a("x.test", 2, 60, DNS_TRUST_AUTHORITY, 0));
    ck_assert(find("x.test", DNS_TYPE_A, 0) && found.kind == DNS_CACHE_RRSET);
    ck_assert_uint_eq(cache.entries, 1);
}
END_TEST

START_TEST(less_trust_never_replaces_more)
{
    ck_assert(put_a("x.test", 1, 60, DNS_TRUST_ADDITIONAL, 0));
    ck_assert(put_a("x.test", 2, 60, DNS_TRUST_ADDITIONAL, 0));
    ck_assert(find("x.test", DNS_TYPE_A, 0) && last_octet() == 2);
    ck_assert(put_a("x.test", 3, 60, DNS_TRUST_AUTHORITY, 0));
    ck_assert(!put_a("x.test", 4, 600, DNS_TRUST_ANSWER, 0));
    ck_assert(!put_a("x.test", 4, 600, DNS_TRUST_REFERRAL, 0));
    ck_assert(find("x.test", DNS_TYPE_A, 0) && last_octet() == 3);
    ck_assert_uint_eq(changes[DNS_CACHE_INSERTED], 1);
    ck_assert_uint_eq(changes[DNS_CACHE_REPLACED], 2);
    ck_assert(put_a("x.test", 5, 60, DNS_TRUST_ADDITIONAL, 60 * S)); /* what is dead protects nothing */
    ck_assert_uint_eq(changes[DNS_CACHE_EXPIRED], 1);
}
END_TEST

START_TEST(long_entries_take_several_slots_and_come_back_whole)
{
    uint8_t data[600];
    char name[256] = "";
    for (int i = 0; i < 60; i++)
        strcat(name, "abc.");
    for (size_t octets = 2; octets < sizeof data; octets += 37) {
        for (size_t i = 2; i < octets; i++)
            data[i] = (uint8_t)(i * 7);
        dns_put16(data, (unsigned)octets - 2);
        struct dns_cache_entry e = { .kind = DNS_CACHE_RRSET,
                                     .trust = DNS_TRUST_AUTHORITY,
                                     .name = name_of(name),
                                     .type = 65280,
                                     .records = 1,
                                     .ttl = 60,
                                     .data = data,
                                     .octets = octets };
        ck_assert(dns_cache_store(&cache, &e, 0));
        ck_assert(find(name, 65280, 0));
        ck_assert_uint_eq(found.octets, octets);
        ck_assert_mem_eq(found.data, data, octets);
        ck_assert(dns_name_equal(found.name, name_of(name)));
        ck_assert_uint_eq(cache.free_slots, 8 - (241 + octets + 143) / 144);
    }
    dns_cache_flush(&cache);
    ck_assert_uint_eq(cache.free_slots, 8);
}
END_TEST

START_TEST(what_is_too_long_is_not_kept)
{
    static uint8_t data[DNS_CACHE_ENTRY_MAX];
    struct dns_cache_entry e = { .kind = DNS_CACHE_RRSET,
                                 .name = name_of("x.test"),
                                 .type = DNS_TYPE_TXT,
                                 .records = 1,
                                 .ttl = 60,
                                 .data = data,
                                 .octets = sizeof data };
    ck_assert(!dns_cache_store(&cache, &e, 0));
    e.octets = 8 * DNS_CACHE_SLOT_OCTETS; /* more than all slots together */
    ck_assert(!dns_cache_store(&cache, &e, 0));
    ck_assert_uint_eq(cache.free_slots, 8);
}
END_TEST

START_TEST(the_clock_spares_what_is_used)
{
    char name[24];
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "h%d.test", i);
        ck_assert(put_a(name, (uint8_t)i, 60, DNS_TRUST_ANSWER, 0));
    }
    ck_assert(put_a("first.test", 1, 60, DNS_TRUST_ANSWER, 0)); /* one round: all lose their mark, h0 goes */
    for (int i = 0; i < 20; i++) {
        ck_assert(find("h5.test", DNS_TYPE_A, 0));
        snprintf(name, sizeof name, "new%d.test", i);
        ck_assert(put_a(name, 1, 60, DNS_TRUST_ANSWER, 0));
        ck_assert_uint_eq(cache.entries, 8);
    }
    ck_assert(find("h5.test", DNS_TYPE_A, 0));
    ck_assert(!find("h4.test", DNS_TYPE_A, 0));
    ck_assert_uint_eq(cache.evictions, 21);
    ck_assert_uint_eq(changes[DNS_CACHE_EVICTED], 21);
}
END_TEST

START_TEST(without_slots_nothing_is_remembered)
{
    dns_cache_init(&cache, NULL, 0, NULL, NULL);
    ck_assert(!put_a("x.test", 1, 60, DNS_TRUST_ANSWER, 0));
    ck_assert(!find("x.test", DNS_TYPE_A, 0));
    ck_assert_uint_eq(dns_cache_sweep(&cache, S), 0);
}
END_TEST

START_TEST(a_view_sees_what_lives_and_sweep_removes_the_rest)
{
    uint32_t at = 0;
    char text[100];
    put_a("a.test", 1, 10, DNS_TRUST_ANSWER, 0);
    put_a("b.test", 2, 20, DNS_TRUST_ANSWER, 0);
    put_no("c.test", DNS_CACHE_NXDOMAIN, 0, 30, 0);
    put_no("d.test", DNS_CACHE_NODATA, DNS_TYPE_MX, 30, 0);
    ck_assert(dns_cache_next(&cache, &at, 15 * S, scratch, &found));
    dns_text_cache(text, sizeof text, &found);
    ck_assert_str_eq(text, "A b.test: 192.0.2.2, 5 s left");
    ck_assert(dns_cache_next(&cache, &at, 15 * S, scratch, &found));
    dns_text_cache(text, sizeof text, &found);
    ck_assert_str_eq(text, "NXDOMAIN c.test, 15 s left");
    ck_assert(dns_cache_next(&cache, &at, 15 * S, scratch, &found));
    dns_text_cache(text, sizeof text, &found);
    ck_assert_str_eq(text, "NODATA MX d.test, 15 s left");
    ck_assert(!dns_cache_next(&cache, &at, 15 * S, scratch, &found));
    ck_assert_uint_eq(dns_cache_sweep(&cache, 15 * S), 1);
    ck_assert_uint_eq(dns_cache_sweep(&cache, 25 * S), 1);
    ck_assert_uint_eq(cache.entries, 2);
}
END_TEST

START_TEST(random_use_keeps_the_lists_whole)
{
    uint32_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        char name[24];
        seed = seed * 1664525 + 1013904223;
        uint64_t now = (unsigned)i * (S / 10);
        snprintf(name, sizeof name, "h%u.test", seed >> 10 & 15);
        switch (seed >> 28) {
        case 0:
            dns_cache_sweep(&cache, now);
            break;
        case 1:
        case 2:
            put_no(name, seed >> 20 & 1 ? DNS_CACHE_NXDOMAIN : DNS_CACHE_NODATA, DNS_TYPE_A, 3, now);
            break;
        case 3:
        case 4:
        case 5:
            if (find(name, DNS_TYPE_A, now))
                ck_assert(dns_name_equal(found.name, name_of(name)));
            break;
        default:
            put_a(name, (uint8_t)i, 1 + (seed >> 16 & 15), DNS_TRUST_ANSWER, now);
            break;
        }
        uint32_t live = 0;
        for (uint32_t k = 0; k < 8; k++)
            live += slots[k].kind >= DNS_CACHE_RRSET;
        ck_assert_uint_eq(live, cache.entries);
        ck_assert_uint_eq(live + cache.free_slots, 8); /* all of them short here */
    }
    ck_assert_uint_gt(cache.evictions, 100);
    ck_assert_uint_gt(changes[DNS_CACHE_EXPIRED], 100);
    ck_assert_uint_eq(changes[DNS_CACHE_INSERTED] - changes[DNS_CACHE_EXPIRED] - changes[DNS_CACHE_EVICTED],
                      cache.entries);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dns_cache");
    TCase *t = tcase_create("cache");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, an_entry_lives_as_long_as_its_ttl);
    tcase_add_test(t, ttls_are_capped_and_zero_is_not_kept);
    tcase_add_test(t, nxdomain_denies_every_type_nodata_only_one);
    tcase_add_test(t, nxdomain_and_data_displace_each_other);
    tcase_add_test(t, less_trust_never_replaces_more);
    tcase_add_test(t, long_entries_take_several_slots_and_come_back_whole);
    tcase_add_test(t, what_is_too_long_is_not_kept);
    tcase_add_test(t, the_clock_spares_what_is_used);
    tcase_add_test(t, without_slots_nothing_is_remembered);
    tcase_add_test(t, a_view_sees_what_lives_and_sweep_removes_the_rest);
    tcase_add_test(t, random_use_keeps_the_lists_whole);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
