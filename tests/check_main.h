#ifndef TESTS_CHECK_MAIN_H
#define TESTS_CHECK_MAIN_H
/* The main() that every test program ends with: run one suite, exit 1 on a failure.
 * CK_FORK=no (set under sanitizers) keeps it in one process. */
#include <check.h>
#include <stdlib.h>

#define CHECK_MAIN(suite_fn)                                                                                 \
    int main(void)                                                                                           \
    {                                                                                                        \
        SRunner *runner = srunner_create(suite_fn());                                                        \
        int failed;                                                                                          \
        srunner_run_all(runner, CK_ENV);                                                                     \
        failed = srunner_ntests_failed(runner);                                                              \
        srunner_free(runner);                                                                                \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                                    \
    }
#endif
