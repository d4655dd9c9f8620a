/* Errors in a scenario, and the names that were probably meant. */
#include "scenarios/load/errors.h"

#include <string.h>

#include "protocols/wire/ascii.h"
#include "protocols/wire/utf8.h"

void errors_add_v(struct scenario_errors *errors, const char *source, uint32_t line, const char *pointer,
                  const char *fmt, va_list args)
{
    char raw[SCENARIO_ERROR_MAX], *out;
    size_t used, len;
    int n;

    errors->total++;
    if (errors->count == SCENARIO_ERRORS_MAX)
        return;
    if (line > 0)
        n = snprintf(raw, sizeof raw, "%.200s:%lu: %.200s: ", source, (unsigned long)line,
                     *pointer ? pointer : "/");
    else
        n = snprintf(raw, sizeof raw, "%.200s: %.200s%s", source, pointer, *pointer ? ": " : "");
    used = n < 0 ? 0 : (size_t)n;
    if (used < sizeof raw - 1)
        vsnprintf(raw + used, sizeof raw - used, fmt, args);
    out = errors->line[errors->count++];
    len = wire_display_escape(out, SCENARIO_ERROR_MAX - 1, raw, strlen(raw));
    if (len > SCENARIO_ERROR_MAX - 1) {
        /* Only whole characters were written; the rest of the buffer is as it was: end it where it fits. */
        len = SCENARIO_ERROR_MAX - 1;
        memset(out, 0, SCENARIO_ERROR_MAX);
        wire_display_escape(out, SCENARIO_ERROR_MAX - 1, raw, strlen(raw));
    }
    out[len] = '\0';
}

void errors_add(struct scenario_errors *errors, const char *source, uint32_t line, const char *pointer,
                const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    errors_add_v(errors, source, line, pointer, fmt, args);
    va_end(args);
}

void scenario_errors_print(const struct scenario_errors *errors, FILE *to)
{
    for (size_t i = 0; i < errors->count; i++)
        fprintf(to, "mailwalk: %s\n", errors->line[i]);
    if (errors->total > errors->count)
        fprintf(to, "mailwalk: and %zu more\n", errors->total - errors->count);
}

/* Optimal string alignment: rows of the table, of which the last two are kept. */
unsigned nearest_distance(const char *a, const char *b, unsigned limit)
{
    unsigned row[3][NEAREST_LENGTH_MAX + 1];
    size_t na = strlen(a), nb = strlen(b);
    if (na > NEAREST_LENGTH_MAX || nb > NEAREST_LENGTH_MAX)
        return limit + 1;
    if ((na > nb ? na - nb : nb - na) > limit)
        return limit + 1;
    for (size_t j = 0; j <= nb; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned *now = row[i % 3], *before = row[(i + 2) % 3], *older = row[(i + 1) % 3];
        char x = wire_to_lower(a[i - 1]);
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            char y = wire_to_lower(b[j - 1]);
            unsigned d = before[j - 1] + (x != y);
            if (before[j] + 1 < d)
                d = before[j] + 1;
            if (now[j - 1] + 1 < d)
                d = now[j - 1] + 1;
            if (i > 1 && j > 1 && x == wire_to_lower(b[j - 2]) && wire_to_lower(a[i - 2]) == y &&
                older[j - 2] + 1 < d)
                d = older[j - 2] + 1;
            now[j] = d;
        }
    }
    return row[na % 3][nb] > limit ? limit + 1 : row[na % 3][nb];
}

void nearest_init(struct nearest *n, const char *wanted)
{
    size_t len = strlen(wanted);
    *n = (struct nearest){ .wanted = wanted };
    /* A third of the letters may be wrong, three at most; one in a short name. */
    n->distance = len < 5 ? 1 : len < 9 ? 2 : 3;
    n->distance++;
}

void nearest_try(struct nearest *n, const char *candidate)
{
    unsigned d;
    if (n->tried++ >= NEAREST_TRIED_MAX || n->distance == 0)
        return;
    d = nearest_distance(n->wanted, candidate, n->distance - 1);
    if (d < n->distance) {
        n->distance = d;
        n->best = candidate;
    }
}

const char *nearest_text(const struct nearest *n, char *buf, size_t cap)
{
    buf[0] = '\0';
    if (n->best)
        snprintf(buf, cap, "; did you mean \"%.80s\"?", n->best);
    return buf;
}

void namelist_add(struct namelist *l, const char *name)
{
    size_t need = strlen(name) + 2;
    if (l->full)
        return;
    if (l->len + need + 5 > sizeof l->text) {
        memcpy(l->text + l->len, ", ...", 6);
        l->full = true;
        return;
    }
    if (l->len > 0) {
        memcpy(l->text + l->len, ", ", 2);
        l->len += 2;
    }
    memcpy(l->text + l->len, name, need - 1);
    l->len += need - 2;
}
