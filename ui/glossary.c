/* Finding a word in the glossary. */
#include "ui/glossary.h"

static const struct glossary_part *const parts[] = { &glossary_ports, &glossary_mail, &glossary_transfer,
                                                     &glossary_dns, &glossary_security };

const struct glossary_entry *glossary_at(size_t i, const char **part)
{
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
        if (i < parts[k]->count) {
            if (part)
                *part = parts[k]->name;
            return &parts[k]->entry[i];
        }
        i -= parts[k]->count;
    }
    return NULL;
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_filler(char c)
{
    return c == ' ' || c == '-' || c == '_';
}

/* Compares `word` with the spelling from `at` to `end`. */
static bool same(const char *at, const char *end, const char *word)
{
    for (;;) {
        while (at < end && is_filler(*at))
            at++;
        while (is_filler(*word))
            word++;
        if (at == end || *word == '\0')
            return at == end && *word == '\0';
        if (fold(*at++) != fold(*word++))
            return false;
    }
}

bool glossary_matches(const struct glossary_entry *entry, const char *word)
{
    for (const char *at = entry->words; *at;) {
        const char *end = at;
        while (*end && *end != '|')
            end++;
        if (same(at, end, word))
            return true;
        at = *end ? end + 1 : end;
    }
    return false;
}
