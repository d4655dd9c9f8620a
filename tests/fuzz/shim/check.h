#ifndef TESTS_FUZZ_SHIM_CHECK_H
#define TESTS_FUZZ_SHIM_CHECK_H
/* The claims of libcheck as a fuzzer wants them: one that is false ends the process. With this folder in
 * front of the include path, fuzz targets use the fixtures of the tests as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CK_CLAIM(claim)                                                                                      \
    do {                                                                                                     \
        if (!(claim)) {                                                                                      \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);                       \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

#define ck_assert(claim) CK_CLAIM(claim)
#define ck_assert_msg(claim, ...)                                                                            \
    do {                                                                                                     \
        if (!(claim)) {                                                                                      \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                  \
            fprintf(stderr, __VA_ARGS__);                                                                    \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)
#define ck_abort_msg(...)         ck_assert_msg(0, __VA_ARGS__)

#define ck_assert_int_eq(a, b)    CK_CLAIM((a) == (b))
#define ck_assert_int_ne(a, b)    CK_CLAIM((a) != (b))
#define ck_assert_int_le(a, b)    CK_CLAIM((a) <= (b))
#define ck_assert_int_lt(a, b)    CK_CLAIM((a) < (b))
#define ck_assert_int_ge(a, b)    CK_CLAIM((a) >= (b))
#define ck_assert_int_gt(a, b)    CK_CLAIM((a) > (b))
#define ck_assert_uint_eq(a, b)   CK_CLAIM((a) == (b))
#define ck_assert_uint_ne(a, b)   CK_CLAIM((a) != (b))
#define ck_assert_uint_le(a, b)   CK_CLAIM((a) <= (b))
#define ck_assert_uint_lt(a, b)   CK_CLAIM((a) < (b))
#define ck_assert_uint_ge(a, b)   CK_CLAIM((a) >= (b))
#define ck_assert_uint_gt(a, b)   CK_CLAIM((a) > (b))
#define ck_assert_str_eq(a, b)    CK_CLAIM(strcmp(a, b) == 0)
#define ck_assert_mem_eq(a, b, n) CK_CLAIM(memcmp(a, b, n) == 0)
#define ck_assert_ptr_eq(a, b)    CK_CLAIM((a) == (b))
#define ck_assert_ptr_ne(a, b)    CK_CLAIM((a) != (b))
#define ck_assert_ptr_null(a)     CK_CLAIM((a) == NULL)
#define ck_assert_ptr_nonnull(a)  CK_CLAIM((a) != NULL)
#endif
