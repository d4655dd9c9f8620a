/* Pools, arenas and depots. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sim/core/pool.h"
#include "sim/core/rng.h"
#include "tests/check_main.h"

static bool aligned(const void *p)
{
    return ((uintptr_t)p & 15) == 0;
}

static bool all_are(const unsigned char *p, size_t len, unsigned char value)
{
    for (size_t i = 0; i < len; i++)
        if (p[i] != value)
            return false;
    return true;
}

START_TEST(the_last_block_given_back_is_the_next_one_taken)
{
    struct core_pool p;
    void *a, *b, *c;
    core_pool_init(&p, 40, 0);
    a = core_pool_take(&p);
    b = core_pool_take(&p);
    c = core_pool_take(&p);
    ck_assert_uint_eq(p.in_use, 3);
    core_pool_give(&p, a);
    core_pool_give(&p, c);
    ck_assert_uint_eq(p.in_use, 1);
    ck_assert_ptr_eq(core_pool_take(&p), c);
    ck_assert_ptr_eq(core_pool_take(&p), a);
    ck_assert_ptr_ne(core_pool_take(&p), b);
    core_pool_free(&p);
    ck_assert_uint_eq(p.in_use, 0);
    ck_assert_uint_eq(p.octets, 0);
}
END_TEST

START_TEST(blocks_are_aligned_and_do_not_overlap)
{
    enum { N = 5000 };
    static unsigned char *block[N];
    struct core_pool p;
    core_pool_init(&p, 37, 0);
    ck_assert_uint_eq(p.size, 48);
    for (int i = 0; i < N; i++) {
        block[i] = core_pool_take(&p);
        ck_assert(aligned(block[i]));
        memset(block[i], i, p.size);
    }
    for (int i = 0; i < N; i++)
        ck_assert(all_are(block[i], p.size, (unsigned char)i));
    ck_assert_uint_ge(p.octets, N * p.size);
    core_pool_free(&p);
}
END_TEST

START_TEST(a_pool_that_breathes_takes_no_more_from_the_system)
{
    struct core_pool p;
    void *block[200];
    size_t octets;
    core_pool_init(&p, 64, 100);
    for (int i = 0; i < 200; i++)
        block[i] = core_pool_take(&p);
    octets = p.octets;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 200; i++)
            core_pool_give(&p, block[i]);
        for (int i = 0; i < 200; i++)
            block[i] = core_pool_take(&p);
    }
    ck_assert_uint_eq(p.octets, octets);
    ck_assert_uint_eq(octets, 2 * (16 + 100 * 64));
    core_pool_free(&p);
}
END_TEST

START_TEST(a_freed_pool_is_ready_again)
{
    struct core_pool p;
    core_pool_init(&p, 100, 0);
    memset(core_pool_take(&p), 1, 100);
    core_pool_free(&p);
    memset(core_pool_take(&p), 2, 100);
    ck_assert_uint_eq(p.in_use, 1);
    core_pool_free(&p);
}
END_TEST

START_TEST(an_arena_hands_out_zeroed_aligned_memory_of_any_size)
{
    struct core_arena a = { 0 };
    struct core_rng rng;
    core_rng_init(&rng, 3, "arena");
    for (int i = 0; i < 3000; i++) {
        size_t n = i % 500 == 499 ? 200000 : core_rng_below(&rng, 600);
        unsigned char *p = core_arena_take(&a, n);
        ck_assert(aligned(p));
        ck_assert(all_are(p, n, 0));
        memset(p, 0xff, n); /* what follows must not be this */
    }
    core_arena_free(&a);
    ck_assert_uint_eq(a.octets, 0);
    ck_assert_uint_eq(*(unsigned char *)core_arena_take(&a, 1), 0);
    core_arena_free(&a);
}
END_TEST

START_TEST(an_arena_s_pieces_stay_where_they_are)
{
    struct core_arena a = { 0 };
    char *piece[1000];
    for (int i = 0; i < 1000; i++) {
        char text[16];
        piece[i] = core_arena_copy(&a, text, (size_t)snprintf(text, sizeof text, "%d", i));
    }
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(atoi(piece[i]), i);
    ck_assert_str_eq(core_arena_copy(&a, "abcdef", 3), "abc");
    ck_assert_str_eq(core_arena_copy(&a, NULL, 0), "");
    core_arena_free(&a);
}
END_TEST

START_TEST(a_depot_rounds_up_to_its_classes)
{
    static const size_t want[][2] = {
        { 0, 64 },         { 1, 64 },           { 64, 64 },           { 65, 256 },
        { 257, 1024 },     { 1025, 4096 },      { 4097, 16384 },      { 16385, 65536 },
        { 65537, 262144 }, { 262145, 1048576 }, { 1048577, 4194304 }, { 4194304, 4194304 }
    };
    struct core_depot d;
    core_depot_init(&d);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        size_t cap = 0;
        void *p = core_depot_take(&d, want[i][0], &cap);
        ck_assert_uint_eq(cap, want[i][1]);
        ck_assert(aligned(p));
        memset(p, 0x5a, cap);
        core_depot_give(&d, p, cap);
        ck_assert_uint_eq(d.large_octets, 0);
    }
    for (int i = 0; i < CORE_DEPOT_CLASSES; i++)
        ck_assert_uint_eq(d.pool[i].in_use, 0);
    core_depot_free(&d);
}
END_TEST

START_TEST(beyond_its_classes_a_depot_counts_what_is_out)
{
    struct core_depot d;
    size_t cap = 0, cap2 = 0;
    void *p, *r;
    core_depot_init(&d);
    p = core_depot_take(&d, 5000000, &cap);
    r = core_depot_take(&d, 4194305, &cap2);
    ck_assert_uint_eq(cap, 5000000);
    ck_assert_uint_eq(d.large_octets, 5000000 + 4194305);
    memset(p, 1, cap);
    core_depot_give(&d, p, cap);
    ck_assert_uint_eq(d.large_octets, 4194305);
    core_depot_give(&d, r, cap2);
    ck_assert_uint_eq(d.large_octets, 0);
    core_depot_give(&d, NULL, 0);
    core_depot_free(&d);
}
END_TEST

START_TEST(a_depot_s_buffer_comes_back_to_its_own_class)
{
    struct core_depot d;
    size_t cap, cap2;
    void *small, *big;
    core_depot_init(&d);
    small = core_depot_take(&d, 100, &cap);
    core_depot_give(&d, small, cap);
    big = core_depot_take(&d, 300, &cap2);
    ck_assert_ptr_ne(big, small);
    ck_assert_ptr_eq(core_depot_take(&d, 200, &cap), small);
    core_depot_free(&d);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("core pool");
    TCase *t = tcase_create("pool");
    tcase_add_test(t, the_last_block_given_back_is_the_next_one_taken);
    tcase_add_test(t, blocks_are_aligned_and_do_not_overlap);
    tcase_add_test(t, a_pool_that_breathes_takes_no_more_from_the_system);
    tcase_add_test(t, a_freed_pool_is_ready_again);
    tcase_add_test(t, an_arena_hands_out_zeroed_aligned_memory_of_any_size);
    tcase_add_test(t, an_arena_s_pieces_stay_where_they_are);
    tcase_add_test(t, a_depot_rounds_up_to_its_classes);
    tcase_add_test(t, beyond_its_classes_a_depot_counts_what_is_out);
    tcase_add_test(t, a_depot_s_buffer_comes_back_to_its_own_class);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
