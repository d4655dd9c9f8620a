#ifndef TESTS_SCENARIOS_SUPPORT_H
#define TESTS_SCENARIOS_SUPPORT_H
/* support - what the tests of scenarios share: files, and errors to look into. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load/expect.h"
#include "scenarios/load/file.h"
#include "scenarios/load/scenario.h"

static struct scenario_errors errors;

/* A file of the repository; the tests run from its root. */
static __attribute__((noinline, unused)) char *test_file(const char *path, size_t *len)
{
    char *text = NULL;
    ck_assert_msg(file_read(path, SCENARIO_FILE_MAX, &text, len) == FILE_OK, "%s", path);
    return text;
}

/* Loads text with sets; the folder of files beside it is that of the tests. */
static inline bool test_load(struct scenario *s, const char *text, size_t len, const char *const *sets,
                             size_t nsets)
{
    return scenario_load(s, "test.json", "tests/scenarios", text, len, sets, nsets, &errors);
}

/* True if some error contains `part`. */
static inline bool test_told(const char *part)
{
    for (size_t i = 0; i < errors.count; i++)
        if (strstr(errors.line[i], part))
            return true;
    return false;
}

static inline const char *test_first_error(void)
{
    return errors.count ? errors.line[0] : "(no error)";
}
#endif
