/*
 * The parts of a message, their parameters and content; and delivery reports.
 *
 * Input: octet 0: how many parts the reader has room for (0: all); the rest is the message.
 */
#include "protocols/wire/report.h"
#include "tests/fuzz/fuzz.h"

static bool inside(struct wire_slice s, const char *text, size_t len)
{
    return s.len == 0 || (s.at >= text && s.at + s.len <= text + len);
}

static bool count(void *ctx, const char *bytes, size_t len)
{
    size_t *n = ctx;
    if (len > 0) {
        volatile char touched = (char)(bytes[0] ^ bytes[len - 1]);
        (void)touched;
    }
    *n += len;
    return true;
}

static bool stop(void *ctx, const char *bytes, size_t len)
{
    (void)ctx, (void)bytes, (void)len;
    return false;
}

static void check_params(struct wire_slice params, const char *text, size_t len)
{
    struct wire_mime_params p;
    struct wire_mime_param one;
    size_t seen = 0, need;
    char small[4];
    wire_mime_params_begin(&p, params);
    while (wire_mime_param_next(&p, &one)) {
        char *out;
        HOLDS(++seen <= WIRE_MIME_PARAMS_MAX);
        HOLDS(inside(one.name, text, len) && inside(one.value, text, len));
        need = wire_mime_param_text(NULL, 0, &one);
        HOLDS(need <= one.value.len);
        out = malloc(need + 1);
        HOLDS(out && wire_mime_param_text(out, need, &one) == need);
        free(out);
    }
    if (wire_mime_param_find(params, "name", NULL, 0, &need)) {
        char *out = malloc(need + 1);
        size_t again;
        HOLDS(out && wire_mime_param_find(params, "name", out, need, &again) && again == need);
        HOLDS(wire_mime_param_find(params, "name", small, sizeof small, &again) && again == need);
        free(out);
    }
}

static void check_part(const char *text, size_t len, const struct wire_mime_part *part, size_t parts,
                       size_t i)
{
    const struct wire_mime_part *p = &part[i];
    const struct wire_slice slices[] = { p->params,  p->id,          p->description,        p->encoding_word,
                                         p->md5,     p->disposition, p->disposition_params, p->language,
                                         p->location };
    char section[64];
    size_t n, decoded = 0;
    HOLDS(p->header_at <= p->body_at && p->body_at <= p->body_end && p->body_end <= len);
    HOLDS(p->type.len > 0 && p->subtype.len > 0 && p->depth <= WIRE_MIME_DEPTH_MAX);
    HOLDS(i == 0 ? p->parent == WIRE_MIME_NONE : p->parent >= 0 && (size_t)p->parent < i);
    HOLDS(p->first_child == WIRE_MIME_NONE || ((size_t)p->first_child > i && (size_t)p->first_child < parts));
    HOLDS(p->next_sibling == WIRE_MIME_NONE ||
          ((size_t)p->next_sibling > i && (size_t)p->next_sibling < parts));
    if (p->parent >= 0)
        HOLDS(p->header_at >= part[p->parent].body_at && p->body_end <= part[p->parent].body_end);
    for (size_t s = 0; s < sizeof slices / sizeof slices[0]; s++)
        HOLDS(inside(slices[s], text, len));
    n = wire_mime_section(section, sizeof section, part, parts, (int)i);
    HOLDS(n <= sizeof section);
    if (n > 0) {
        int found = wire_mime_find(part, parts, wire_slice(section, n));
        HOLDS(found >= 0 && (size_t)found < parts);
    }
    check_params(p->params, text, len);
    check_params(p->disposition_params, text, len);
    HOLDS(wire_mime_decode(text, p, count, &decoded));
    HOLDS(decoded <= p->body_end - p->body_at);
    (void)wire_mime_decode(text, p, stop, NULL);
}

static void check_report(const char *text, size_t len, struct wire_mime_part *part)
{
    struct wire_report_reader r;
    struct wire_report_recipient one;
    size_t seen = 0;
    if (!wire_report_open(&r, text, len, part, WIRE_MIME_PARTS_MAX))
        return;
    HOLDS(inside(r.reporting_mta, text, len) && inside(r.explanation, text, len) &&
          inside(r.returned, text, len));
    while (wire_report_next(&r, &one)) {
        HOLDS(++seen <= WIRE_REPORT_RECIPIENTS_MAX);
        HOLDS(one.action < WIRE_REPORT_ACTIONS && one.final.len > 0 && one.status.len > 0);
        HOLDS(inside(one.final, text, len) && inside(one.status, text, len) &&
              inside(one.diagnostic, text, len));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire_mime_part part[WIRE_MIME_PARTS_MAX];
    struct fuzz_input in = { data, size };
    size_t cap = fuzz_u8(&in), parts;
    char *text = fuzz_exact(in.at, in.len);
    if (cap == 0)
        cap = WIRE_MIME_PARTS_MAX;
    parts = wire_mime_parse(text, in.len, part, cap);
    HOLDS(parts >= 1 && parts <= cap);
    for (size_t i = 0; i < parts; i++)
        check_part(text, in.len, part, parts, i);
    check_report(text, in.len, part);
    free(text);
    return 0;
}
