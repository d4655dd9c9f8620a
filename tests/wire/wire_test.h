#ifndef TESTS_WIRE_TEST_H
#define TESTS_WIRE_TEST_H
/*
 * wire_test - what the tests of wire share: slices compared, and hostile input made.
 *
 * wire_try_cut() gives a parser every beginning of a text, and wire_try_spoilt() the text with octets
 * changed, each in a block of exactly that size, so that the sanitizer sees one octet too far.
 */
#include "protocols/wire/ascii.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define ck_slice(s, want)                                                                                    \
    do {                                                                                                     \
        struct wire_slice ck_s = (s);                                                                        \
        ck_assert_msg(wire_slice_is(ck_s, want), "%s is \"%.*s\", not \"%s\"", #s, (int)ck_s.len,            \
                      ck_s.len ? ck_s.at : "", want);                                                        \
    } while (0)

typedef void wire_try(const char *at, size_t len);

static inline void wire_try_exact(const char *at, size_t len, wire_try *fn)
{
    char *copy = malloc(len > 0 ? len : 1);
    ck_assert_ptr_nonnull(copy);
    if (len > 0)
        memcpy(copy, at, len);
    fn(copy, len);
    free(copy);
}

static inline void wire_try_cut(const char *at, size_t len, wire_try *fn)
{
    for (size_t n = 0; n <= len; n++)
        wire_try_exact(at, n, fn);
}

static inline void wire_try_spoilt(const char *at, size_t len, unsigned rounds, wire_try *fn)
{
    static const char octets[] = "\0\r\n\t \"\\()<>@:;,=?*'%-._~[]{}/aA09\x7f\x80\xc3\xa9\xff";
    uint32_t random = 2463534242U;
    char *copy = malloc(len + 1);
    ck_assert_ptr_nonnull(copy);
    for (unsigned round = 0; round < rounds && len > 0; round++) {
        memcpy(copy, at, len);
        for (int i = 0; i < 4; i++) {
            random ^= random << 13, random ^= random >> 17, random ^= random << 5;
            copy[random % len] = octets[(random >> 16) % (sizeof octets - 1)];
        }
        wire_try_exact(copy, len, fn);
    }
    free(copy);
}
#endif
