/*
 * What somebody says to a served world.
 *
 * Input: lines. Each is read as a request, and as the same request without its last octet; what can be read
 * has values within the limits of its table's row, and words for the trace that are printable.
 */
#include "sim/gateway/control_words.h"
#include "tests/fuzz/fuzz.h"

static void check_values(const struct control_request *r)
{
    const struct control_command *c = control_command(r->verb);
    for (size_t i = 0; i < CONTROL_ARGS_MAX && c->arg[i].key; i++) {
        const struct control_arg *a = &c->arg[i];
        const struct control_value *v = &r->value[i];
        HOLDS(v->given || !a->needed);
        HOLDS(v->given || (!v->text && !v->number));
        HOLDS(v->given == control_given(r, a->key) && v->text == control_text(r, a->key));
        if (!v->given)
            continue;
        HOLDS(a->type != CONTROL_NUMBER || (v->number >= a->least && v->number <= a->most));
        HOLDS(a->type != CONTROL_CHANCE || v->number <= 1000000);
        HOLDS(a->type != CONTROL_DURATION || v->number > 0);
        HOLDS((a->type != CONTROL_TEXT && a->type != CONTROL_FILE) || v->text);
    }
}

static void check_line(const uint8_t *data, size_t len)
{
    static struct flat_object o;
    static struct control_request r;
    char words[CONTROL_WORDS_MAX], *line = malloc(len + 1);
    HOLDS(line);
    memcpy(line, data, len);
    line[len] = '\0';
    o.error[0] = '\0';
    if (control_read(&r, &o, line)) {
        size_t n = control_words(&r, words);
        HOLDS(n < sizeof words && strlen(words) == n && n > 0);
        for (size_t i = 0; i < n; i++)
            HOLDS(words[i] >= ' ' && words[i] < 127);
        check_values(&r);
    } else {
        HOLDS(o.error[0] != '\0' && strlen(o.error) < sizeof o.error);
    }
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    while (size > 0) {
        const uint8_t *lf = memchr(data, '\n', size);
        size_t len = lf ? (size_t)(lf - data) : size, used = lf ? len + 1 : len;
        check_line(data, len);
        if (len > 0)
            check_line(data, len - 1);
        data += used;
        size -= used;
    }
    return 0;
}
