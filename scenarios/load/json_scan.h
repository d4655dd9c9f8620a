#ifndef SCENARIOS_LOAD_JSON_SCAN_H
#define SCENARIOS_LOAD_JSON_SCAN_H
/*
 * json_scan - is this text JSON that may be trusted to a parser, and on which line is what? (RFC 8259)
 *
 *   { "a": 1,            1   line[0] = 1   the object
 *     "b": [             2   line[1] = 1   /a
 *        true ] }        3   line[2] = 2   /b
 *                            line[3] = 3   /b/0
 *
 * One pass, before the parser sees the text. It refuses what RFC 8259 refuses, and more: broken UTF-8
 * (RFC 3629), a NUL in a string, lone surrogates, numbers that a double cannot hold, arrays and objects
 * deeper than SCENARIO_DEPTH_MAX, more than SCENARIO_VALUES_MAX values. Duplicate keys are json_tree's
 * business.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_POINTER_MAX   512 /* octets of a pointer in an error, with NUL */
#define JSON_NUMBER_DIGITS 40  /* octets of a number */
#define JSON_KEY_MAX       256 /* octets of a key as it stands in the file */

struct json_scan {
    uint32_t *line; /* owned: of each value, or of its key in an object, in the order of the text */
    size_t values, cap;
    /* after a refusal */
    uint32_t error_line;
    char pointer[JSON_POINTER_MAX];
    char what[200];
};

/* True: the text is good. Either way json_scan_free must follow. */
bool json_scan(struct json_scan *s, const char *text, size_t len);
void json_scan_free(struct json_scan *s);
#endif
