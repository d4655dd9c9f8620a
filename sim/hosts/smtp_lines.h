#ifndef SIM_HOSTS_SMTP_LINES_H
#define SIM_HOSTS_SMTP_LINES_H
/* smtp_lines - which lines of an SMTP client are the message, and which are commands: for the trace. */
#include "protocols/smtp/smtp_client.h"

static inline bool smtp_is_content(const struct smtp_client *c, const struct wire_lesson *why)
{
    if (c->state != SMTP_CLIENT_CONTENT && c->state != SMTP_CLIENT_CHUNK && c->state != SMTP_CLIENT_END)
        return false;
    for (int v = 0; v < SMTP_VERBS; v++)
        if (v != SMTP_VERB_CONTENT && why == &smtp_verb_info((enum smtp_verb)v)->lesson)
            return false;
    return true;
}

/* True if this step read 354, or could send BDAT at once: the message begins to cross the wire. */
static inline bool smtp_begins_content(const struct smtp_client_step *out, const struct smtp_client *c)
{
    return out->before == SMTP_CLIENT_ENVELOPE && !c->empty_end &&
           (out->after == SMTP_CLIENT_CONTENT || out->after == SMTP_CLIENT_CHUNK ||
            out->after == SMTP_CLIENT_END);
}
#endif
