/* APPEND: a message from the client into a mailbox. IDLE: a client that waits. */
#include "protocols/imap/imap_engine.h"

#include <assert.h>

/* mailbox [SP flags] [SP date-time] SP ["UTF8 ("], up to the literal. */
static bool take_head(struct imap_server *s, struct imap_cursor *c, struct imap_append *a,
                      struct imap_flag_list *flags)
{
    s->append_utf8 = false;
    flags->flags = 0;
    flags->keywords = 0;
    a->flags = flags;
    a->internal_seconds = IMAP_DATE_NONE;
    a->zone_minutes = 0;
    if (!imap_take_mailbox(c, &a->mailbox) || !imap_take_sp(c))
        return false;
    if (imap_peek(c, '(') && (!imap_take_flags(c, false, flags) || !imap_take_sp(c)))
        return false;
    if (imap_peek(c, '"') &&
        (!imap_take_date_time(c, &a->internal_seconds, &a->zone_minutes) || !imap_take_sp(c)))
        return false;
    /* Also before ENABLE: Thunderbird says it on all connections of an account once one of them has enabled
     * it. */
    if (imap_extends(s, IMAP_EXT_UTF8) && imap_take_word(c, "UTF8")) {
        s->append_utf8 = true;
        return imap_take_sp(c) && imap_take_char(c, '(') && imap_at_end(c);
    }
    return imap_at_end(c);
}

bool imap_append_begin(struct imap_server *s, struct imap_cursor *c, uint64_t octets, bool literal8,
                       enum imap_verdict *verdict)
{
    struct imap_flag_list flags;
    struct imap_append a;
    uint64_t most = s->config->append_max ? s->config->append_max : IMAP_APPEND_MAX;
    if (!take_head(s, c, &a, &flags)) {
        *verdict = imap_parse_failure(c);
        /* A literal in front may be the name of the mailbox: then nothing has been taken yet. */
        return *verdict == IMAP_TOO_COMPLEX || !imap_at_end(c);
    }
    if (literal8 ? !s->append_utf8 && !imap_extends(s, IMAP_EXT_BINARY) : s->append_utf8) {
        *verdict = IMAP_BAD_SYNTAX; /* a tilde belongs to UTF8 (RFC 6855 section 4) and BINARY (RFC 3516) */
        return true;
    }
    a.size_octets = octets;
    if (octets == 0 || octets > most)
        *verdict = octets == 0 ? IMAP_NOT_POSSIBLE : IMAP_TOO_BIG;
    else if (!imap_name_usable(a.mailbox))
        *verdict = IMAP_NOT_POSSIBLE;
    else
        *verdict = s->config->store->append_begin(s->host, &a);
    if (*verdict == IMAP_COMPLETED) {
        *verdict = IMAP_TAKEN;
        s->verdict = IMAP_COMPLETED;
        s->appending = true;
    }
    return true;
}

void imap_append_data(struct imap_server *s, const char *bytes, size_t len)
{
    enum imap_verdict verdict;
    assert(s->appending);
    if (s->verdict != IMAP_COMPLETED)
        return;                           /* it has failed already; the octets must still pass */
    if (memchr(bytes, '\0', len) != NULL) /* no mail can carry it: RFC 3516 section 4.4 */
        verdict = IMAP_UNKNOWN_CTE;
    else
        verdict = s->config->store->append_data(s->host, bytes, len);
    s->verdict = (uint8_t)verdict;
}

/* Only the end of the line may follow: MULTIAPPEND (RFC 3502) is not offered. */
void imap_append_line(struct imap_server *s, struct wire_slice line, struct imap_step *out)
{
    enum imap_verdict verdict = (enum imap_verdict)s->verdict, end;
    bool fit = s->append_utf8 ? wire_slice_is(line, ")\r\n") : wire_slice_is(line, "\r\n");
    assert(s->appending);
    if (!fit)
        verdict = IMAP_BAD_SYNTAX;
    end = s->config->store->append_end(s->host, verdict == IMAP_COMPLETED, &s->uidvalidity, &s->uid);
    s->appending = false;
    if (verdict == IMAP_COMPLETED)
        verdict = end;
    if (!imap_extends(s, IMAP_EXT_UIDPLUS) || verdict != IMAP_COMPLETED)
        s->uid = 0;
    imap_conclude(s, verdict == IMAP_COMPLETED ? IMAP_APPENDED : verdict, out);
}

/* Reached only when the command line ended without the message's literal. */
enum imap_verdict imap_run_append(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    (void)s, (void)c, (void)out;
    return IMAP_BAD_SYNTAX;
}

enum imap_verdict imap_run_idle(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    (void)c;
    wire_out_line(&out->send, &imap_verdict_info(IMAP_IDLING)->lesson);
    wire_out_str(&out->send, "+ idling\r\n");
    s->input = IMAP_INPUT_IDLE;
    return IMAP_IDLING;
}
