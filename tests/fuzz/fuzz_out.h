#ifndef TESTS_FUZZ_FUZZ_OUT_H
#define TESTS_FUZZ_FUZZ_OUT_H
/* fuzz_out - what holds for everything an engine wants sent. */
#include "protocols/wire/out.h"
#include "tests/fuzz/fuzz.h"

/* Nothing was lost, marks stand in order inside the text, secrets inside their line. `whole`: it begins a
 * line. */
static inline void fuzz_check_out(const struct wire_out *out, bool whole)
{
    HOLDS(!out->full);
    HOLDS(out->len <= WIRE_OUT_MAX && out->lines <= WIRE_OUT_LINES_MAX);
    HOLDS(out->len == 0 || !whole || (out->lines > 0 && out->line[0].at == 0 && out->line[0].why));
    for (uint32_t i = 0; i < out->lines; i++) {
        const struct wire_line *l = &out->line[i];
        HOLDS(l->at <= out->len);
        HOLDS(i == 0 || l->at >= out->line[i - 1].at);
        HOLDS(l->secret_len == 0 || (size_t)l->at + l->secret_at + l->secret_len <= out->len);
    }
}

/* Text that ends in CRLF, without an octet that could end a line earlier than its mark says. */
static inline void fuzz_check_lines(const struct wire_out *out)
{
    HOLDS(out->len == 0 ||
          (out->len >= 2 && out->text[out->len - 2] == '\r' && out->text[out->len - 1] == '\n'));
    for (uint32_t i = 0; i < out->len; i++) {
        HOLDS(out->text[i] != '\0');
        HOLDS(out->text[i] != '\n' || (i > 0 && out->text[i - 1] == '\r'));
        HOLDS(out->text[i] != '\r' || (i + 1 < out->len && out->text[i + 1] == '\n'));
    }
}
#endif
