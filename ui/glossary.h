#ifndef UI_GLOSSARY_H
#define UI_GLOSSARY_H
/*
 * glossary - the words of e-mail that belong to no single engine: ports, roles, security, DNS, the queue.
 *
 *   words "open relay|relay open"  row { title, lesson, section }  exam: what an answer key says
 *
 * Two truths are kept apart: `row` says what the standards say; `exam` is not NULL where the exams for
 * Network+, A+, Security+ or GCSE word it otherwise, or ask for it in one fixed form.
 */
#include <stdbool.h>
#include <stddef.h>

#include "protocols/wire/out.h"

struct glossary_entry {
    const char *words; /* as printed; other spellings after '|' */
    struct wire_lesson row;
    const char *exam; /* NULL: nothing to add */
    const char *see;  /* words of other entries, separated by ", "; NULL */
};

struct glossary_part {
    const char *name; /* "port", "role", ... */
    const struct glossary_entry *entry;
    size_t count;
};

extern const struct glossary_part glossary_ports, glossary_mail, glossary_transfer, glossary_dns,
    glossary_security;

/* The i-th entry of all parts, from 0; NULL at the end. *part, if not NULL, is set to its part's name. */
const struct glossary_entry *glossary_at(size_t i, const char **part);

/* True if `word` is one of the entry's spellings: without regard to case, spaces, '-' and '_'. */
bool glossary_matches(const struct glossary_entry *entry, const char *word);
#endif
