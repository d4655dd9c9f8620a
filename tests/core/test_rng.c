/* Random streams: the same numbers on every machine, one stream for each name, no favourites. */
#include <string.h>

#include "sim/core/rng.h"
#include "tests/check_main.h"

/* The authors' generator from the state 1, 2, 3, 4: the vector that other implementations test with. */
START_TEST(the_generator_is_xoshiro256_starstar)
{
    static const uint64_t want[] = { 11520,
                                     0,
                                     1509978240,
                                     UINT64_C(1215971899390074240),
                                     UINT64_C(1216172134540287360),
                                     UINT64_C(607988272756665600) };
    struct core_rng rng = { { 1, 2, 3, 4 } };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        ck_assert_uint_eq(core_rng_next(&rng), want[i]);
}
END_TEST

/* Published vectors of FNV-1a, 64 bits. */
START_TEST(the_hash_is_fnv_1a)
{
    ck_assert_uint_eq(core_hash("", 0), UINT64_C(0xcbf29ce484222325));
    ck_assert_uint_eq(core_hash("a", 1), UINT64_C(0xaf63dc4c8601ec8c));
    ck_assert_uint_eq(core_hash("foobar", 6), UINT64_C(0x85944171f73967e8));
}
END_TEST

/* Computed apart from this program, from the description in rng.h. */
START_TEST(seed_and_name_give_known_numbers)
{
    static const struct {
        uint64_t seed;
        const char *name;
        uint64_t first[3];
    } want[] = {
        { 1,
          "mx",
          { UINT64_C(0xd446c2b37e025fed), UINT64_C(0x124b21224ada9e92), UINT64_C(0x8ee50b4c4e2c2fac) } },
        { 7,
          "link:home",
          { UINT64_C(0x271ea56f9cddde8c), UINT64_C(0xcf7cca155532fcdc), UINT64_C(0x38f0f572e2da904a) } },
        { 0,
          "",
          { UINT64_C(0x21382ef092ed7068), UINT64_C(0x5b54c052757adf62), UINT64_C(0xa64cb2cf68795072) } },
    };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct core_rng rng;
        core_rng_init(&rng, want[i].seed, want[i].name);
        for (int k = 0; k < 3; k++)
            ck_assert_uint_eq(core_rng_next(&rng), want[i].first[k]);
    }
}
END_TEST

START_TEST(one_more_draw_here_changes_nothing_there)
{
    struct core_rng a, b, b_alone;
    core_rng_init(&a, 7, "link:home");
    core_rng_init(&b, 7, "mx-shuffle");
    core_rng_init(&b_alone, 7, "mx-shuffle");
    for (int i = 0; i < 1000; i++) {
        core_rng_next(&a);
        ck_assert_uint_eq(core_rng_next(&b), core_rng_next(&b_alone));
        for (int k = i % 3; k > 0; k--)
            core_rng_next(&a);
    }
}
END_TEST

START_TEST(names_and_seeds_give_streams_of_their_own)
{
    struct core_rng a, b, c;
    int same = 0;
    core_rng_init(&a, 7, "link:home");
    core_rng_init(&b, 7, "link:hom");
    core_rng_init(&c, 8, "link:home");
    for (int i = 0; i < 1000; i++) {
        uint64_t x = core_rng_next(&a), y = core_rng_next(&b), z = core_rng_next(&c);
        same += x == y || y == z || x == z;
    }
    ck_assert_int_eq(same, 0);
}
END_TEST

START_TEST(below_stays_below)
{
    struct core_rng rng;
    static const uint64_t bounds[] = { 1,         2, 3, 7, 1000, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1,
                                       UINT64_MAX };
    core_rng_init(&rng, 1, "below");
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        for (int k = 0; k < 2000; k++)
            ck_assert_uint_lt(core_rng_below(&rng, bounds[i]), bounds[i]);
}
END_TEST

/* A bound of 3 * 2^62: without rejection the first third would come up in half of all draws. */
START_TEST(below_favours_nobody)
{
    struct core_rng rng;
    const uint64_t third = UINT64_C(1) << 62;
    const int n = 30000;
    int first = 0, face[6] = { 0 };
    core_rng_init(&rng, 1, "fair");
    for (int i = 0; i < n; i++) {
        first += core_rng_below(&rng, 3 * third) < third;
        face[core_rng_below(&rng, 6)]++;
    }
    ck_assert_int_gt(first, n / 3 - 500); /* 6 standard deviations are 490 */
    ck_assert_int_lt(first, n / 3 + 500);
    for (int i = 0; i < 6; i++) {
        ck_assert_int_gt(face[i], n / 6 - 390);
        ck_assert_int_lt(face[i], n / 6 + 390);
    }
}
END_TEST

START_TEST(chance_is_in_a_million)
{
    struct core_rng rng;
    int hits = 0;
    core_rng_init(&rng, 1, "chance");
    for (int i = 0; i < 100000; i++) {
        ck_assert(!core_rng_chance(&rng, 0));
        ck_assert(core_rng_chance(&rng, 1000000));
        hits += core_rng_chance(&rng, 20000);
    }
    ck_assert_int_gt(hits, 2000 - 270);
    ck_assert_int_lt(hits, 2000 + 270);
}
END_TEST

START_TEST(fill_gives_the_octets_of_the_numbers_little_end_first)
{
    struct core_rng a, b;
    unsigned char octets[21];
    uint64_t n[3];
    core_rng_init(&a, 5, "fill");
    core_rng_init(&b, 5, "fill");
    memset(octets, 0xee, sizeof octets);
    core_rng_fill(&a, octets, 20);
    for (int i = 0; i < 3; i++)
        n[i] = core_rng_next(&b);
    for (int i = 0; i < 20; i++)
        ck_assert_uint_eq(octets[i], n[i / 8] >> (8 * (i % 8)) & 255);
    ck_assert_uint_eq(octets[20], 0xee);
    ck_assert_uint_eq(core_rng_next(&a), core_rng_next(&b));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("core rng");
    TCase *t = tcase_create("rng");
    tcase_add_test(t, the_generator_is_xoshiro256_starstar);
    tcase_add_test(t, the_hash_is_fnv_1a);
    tcase_add_test(t, seed_and_name_give_known_numbers);
    tcase_add_test(t, one_more_draw_here_changes_nothing_there);
    tcase_add_test(t, names_and_seeds_give_streams_of_their_own);
    tcase_add_test(t, below_stays_below);
    tcase_add_test(t, below_favours_nobody);
    tcase_add_test(t, chance_is_in_a_million);
    tcase_add_test(t, fill_gives_the_octets_of_the_numbers_little_end_first);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
