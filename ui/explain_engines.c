/* The tables of the protocol engines, for `mailwalk explain`. */
#include "ui/explain_engines.h"

#include <string.h>
#include <strings.h>

#include "protocols/dns/dns_code.h"
#include "protocols/imap/imap_table.h"
#include "protocols/pop3/pop3_server.h"
#include "protocols/sasl/sasl.h"
#include "protocols/smtp/smtp_reply.h"
#include "protocols/smtp/smtp_verb.h"

/* ---- SMTP: commands, reply codes, enhanced status codes, extensions ------------------------------------ */

static bool smtp_find(const char *word, const struct wire_lesson **row, size_t i)
{
    const struct wire_lesson *found[4] = { NULL };
    size_t n = 0;
    struct wire_slice s = wire_slice_str(word);
    uint64_t code;
    if (s.len == 3 && wire_parse_u64(s, 599, &code) && smtp_code_lesson((int)code))
        found[n++] = smtp_code_lesson((int)code);
    if (s.len >= 5 && s.at[1] == '.' && smtp_status_lesson(word))
        found[n++] = smtp_status_lesson(word);
    if (!strchr(word, ' ') && smtp_verb_lesson(word))
        found[n++] = smtp_verb_lesson(word);
    if (smtp_ext_find(s))
        found[n++] = &smtp_ext_find(s)->lesson;
    if (i >= n)
        return false;
    *row = found[i];
    return true;
}

static const char *smtp_word(size_t i)
{
    for (int v = SMTP_VERB_UNKNOWN + 1; v < SMTP_VERB_CONNECT; v++)
        if (i-- == 0)
            return smtp_verb_info((enum smtp_verb)v)->name;
    return i < SMTP_EXTS ? smtp_ext_at(i)->name : NULL;
}

/* ---- POP3 ---------------------------------------------------------------------------------------------- */

static bool pop3_find(const char *word, const struct wire_lesson **row, size_t i)
{
    enum pop3_verb v = pop3_verb_find(word, strlen(word));
    if (i > 0 || v == POP3_OTHER)
        return false;
    *row = &pop3_verb_info(v)->lesson;
    return true;
}

static const char *pop3_word(size_t i)
{
    for (int v = 0; v < POP3_VERBS; v++)
        if (pop3_verb_info((enum pop3_verb)v)->name[0] && i-- == 0)
            return pop3_verb_info((enum pop3_verb)v)->name;
    return NULL;
}

/* ---- IMAP ---------------------------------------------------------------------------------------------- */

static bool imap_find(const char *word, const struct wire_lesson **row, size_t i)
{
    for (int v = IMAP_VERB_NONE + 1; v < IMAP_VERBS_END; v++)
        if (strcasecmp(imap_verb_info((enum imap_verb)v)->name, word) == 0 && i-- == 0) {
            *row = &imap_verb_info((enum imap_verb)v)->lesson;
            return true;
        }
    return false;
}

static const char *imap_word(size_t i)
{
    return i + 1 < IMAP_VERBS_END ? imap_verb_info((enum imap_verb)(i + 1))->name : NULL;
}

/* ---- DNS ----------------------------------------------------------------------------------------------- */

static bool dns_find(const char *word, const struct wire_lesson **row, size_t i)
{
    for (int t = 0; t < DNS_TABLES; t++) {
        const struct dns_code *c = dns_code_named((enum dns_table)t, word, strlen(word));
        if (c && i-- == 0) {
            *row = &c->why;
            return true;
        }
    }
    return false;
}

static const char *dns_word(size_t i)
{
    for (int t = 0; t < DNS_TABLES; t++)
        for (size_t k = 0; dns_code_at((enum dns_table)t, k); k++)
            if (i-- == 0)
                return dns_code_at((enum dns_table)t, k)->name;
    return NULL;
}

/* ---- SASL ---------------------------------------------------------------------------------------------- */

static bool sasl_find(const char *word, const struct wire_lesson **row, size_t i)
{
    enum sasl_mech m = sasl_mech_find(wire_slice_str(word));
    if (i > 0 || m == SASL_MECHS)
        return false;
    *row = &sasl_mech_info(m)->lesson;
    return true;
}

static const char *sasl_word(size_t i)
{
    return i < SASL_MECHS ? sasl_mech_info((enum sasl_mech)i)->name : NULL;
}

const struct explain_source *ui_explain_engines(size_t *count)
{
    static const struct explain_source sources[] = { { "SMTP", smtp_find, smtp_word },
                                                     { "POP3", pop3_find, pop3_word },
                                                     { "IMAP", imap_find, imap_word },
                                                     { "DNS", dns_find, dns_word },
                                                     { "SASL", sasl_find, sasl_word } };
    *count = sizeof sources / sizeof sources[0];
    return sources;
}
