#ifndef UI_TAPE_RECORD_H
#define UI_TAPE_RECORD_H
/* record - short questions about one record of a trace, for all who read tapes. */
#include <stdbool.h>
#include <string.h>

#include "sim/core/trace.h"

/* Its text begins with these octets. */
static inline bool record_begins(const struct trace_record *r, const char *word)
{
    size_t len = strlen(word);
    return r->text && r->text_len >= len && memcmp(r->text, word, len) == 0;
}

/* An attribute's string; "" where there is none. */
static inline const char *record_attr(const struct trace_record *r, const char *key)
{
    const char *value = trace_attr_get(r, key);
    return value ? value : "";
}

/* It has this attribute, with this value. */
static inline bool record_is(const struct trace_record *r, const char *key, const char *value)
{
    const char *got = trace_attr_get(r, key);
    return got && strcmp(got, value) == 0;
}

/* Who speaks, and to whom: of a frame that has arrived, the trace names the receiver first. 0: nobody. */
static inline uint32_t record_from(const struct trace_record *r)
{
    return r->kind == TRACE_KIND_DELIVERED && r->peer ? r->peer : r->host;
}

static inline uint32_t record_to(const struct trace_record *r)
{
    return r->kind == TRACE_KIND_DELIVERED && r->peer ? r->host : r->peer;
}

/* A frame that is lost where it should arrive: the trace names its goal twice, and not its sender. */
static inline bool record_lost_at_goal(const struct trace_record *r)
{
    return r->kind == TRACE_KIND_DROPPED && r->host == r->peer;
}

/* An attribute's number; `otherwise` where there is none. */
static inline int64_t record_number(const struct trace_record *r, const char *key, int64_t otherwise)
{
    for (unsigned i = 0; i < r->nattr; i++)
        if (strcmp(r->attr[i].key, key) == 0)
            return r->attr[i].number;
    return otherwise;
}
#endif
