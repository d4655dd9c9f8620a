/* The message itself: DATA with its dots, BDAT with its count. Nothing is copied: the host sees slices of the
 * input. */
#include "protocols/smtp/smtp_server_inner.h"

#include <assert.h>

/* ---- what goes by ---- */

/* Notes a run of octets of one line; `lf`: the LF that follows is there too. Only CRLF ends a line: RFC 5321
 * section 2.3.8. A CR or LF alone is content, and remembered as a flaw. */
static void note_line(struct smtp_server *s, const char *at, size_t n, bool lf)
{
    const char *cr;
    if (n > 0) {
        cr = memchr(at, '\r', n);
        s->content.bare_cr |= s->after_cr || (cr && cr != at + n - 1);
        s->after_cr = at[n - 1] == '\r';
        s->line_start = false;
    }
    s->line_octets += (uint32_t)(n + lf < UINT32_MAX / 2 ? n + lf : UINT32_MAX / 2);
    if (s->config->text_line_max > 0 && s->line_octets > s->config->text_line_max)
        s->content.long_line = true;
    if (s->line_octets > UINT32_MAX / 2)
        s->line_octets = UINT32_MAX / 2;
    if (!lf)
        return;
    if (s->after_cr) {
        s->line_start = true;
        s->line_octets = 0;
    } else {
        s->content.bare_lf = true;
        s->line_start = false;
    }
    s->after_cr = false;
}

/* Notes lines up to `end`, or to a dot at the start of a line if `dots`; returns where it stopped. */
static const char *note_lines(struct smtp_server *s, const char *at, const char *end, bool dots)
{
    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const char *stop = lf ? lf : end;
        note_line(s, at, (size_t)(stop - at), lf != NULL);
        at = lf ? lf + 1 : end;
        if (dots && s->line_start && at < end && *at == '.')
            break;
    }
    return at;
}

/* Hands a piece to the host, unless this message is already lost. */
static void deliver(struct smtp_server *s, const char *at, size_t n, struct smtp_server_step *out)
{
    unsigned odd;
    if (n == 0)
        return;
    odd = smtp_odd(at, n);
    s->content.eight_bit |= (odd & SMTP_ODD_8BIT) != 0;
    s->content.nul |= (odd & SMTP_ODD_NUL) != 0;
    s->content.octets += n;
    if (s->doomed == SMTP_SILENT && s->config->size_max > 0 && s->content.octets > s->config->size_max)
        s->doomed = SMTP_TOO_BIG;
    if (s->doomed == SMTP_SILENT) {
        enum smtp_verdict verdict = s->ops->content(s->host, wire_slice(at, n));
        out->content_octets += n;
        if (verdict != SMTP_OK)
            s->doomed = verdict;
    }
}

/* ---- the end ---- */

/* What is wrong with the content as a whole; SMTP_OK if nothing is. */
static enum smtp_verdict flaw(const struct smtp_server *s)
{
    const struct smtp_content *c = &s->content;
    bool binary = s->body == SMTP_BODY_BINARYMIME;
    if (s->doomed != SMTP_SILENT)
        return s->doomed;
    if (binary)
        return SMTP_OK;
    if ((c->bare_cr || c->bare_lf) && s->config->bare == SMTP_BARE_REFUSE)
        return SMTP_BARE_LINE_END;
    if (c->long_line)
        return SMTP_TEXT_LINE_TOO_LONG;
    if (c->nul && s->config->refuse_nul)
        return SMTP_NUL_IN_CONTENT;
    if (c->eight_bit && s->config->refuse_8bit && s->body == SMTP_BODY_7BIT)
        return SMTP_EIGHT_BIT_CONTENT;
    return SMTP_OK;
}

static void finish(struct smtp_server *s, struct smtp_server_step *out)
{
    struct wire_slice text = SMTP_NO_TEXT;
    enum smtp_verdict verdict;
    s->content.bare_cr |= s->after_cr; /* the last octet was a CR */
    verdict = flaw(s);
    if (verdict == SMTP_OK) {
        verdict = smtp_server_done(SMTP_VERB_CONTENT, s->ops->data_end(s->host, &s->content, &text));
        smtp_server_end_transaction(s, true);
    } else {
        smtp_server_end_transaction(s, false);
    }
    smtp_server_enter(s, SMTP_SERVER_READY);
    smtp_server_answer(s, out, verdict, text);
}

/* ---- DATA ---- */

size_t smtp_content_data(struct smtp_server *s, const char *in, size_t len, struct smtp_server_step *out)
{
    const char *at = in, *end;
    if (s->line_start && in[0] == '.') {
        if (len < 2 || (in[1] == '\r' && len < 3))
            return 0;
        if (in[1] == '\r' && in[2] == '\n') {
            smtp_server_begin(s, out, SMTP_VERB_CONTENT);
            finish(s, out);
            return 3;
        }
        at++; /* the dot that the client doubled: RFC 5321 section 4.5.2 */
        s->line_start = false;
    }
    smtp_server_begin(s, out, SMTP_VERB_CONTENT);
    end = note_lines(s, at, in + len, true);
    deliver(s, at, (size_t)(end - at), out);
    return (size_t)(end - in);
}

/* ---- BDAT ---- */

/* "86 LAST": RFC 3030 section 2. */
static bool bdat_parse(struct wire_slice arg, uint64_t *octets, bool *last)
{
    size_t n = 0;
    *last = false;
    while (n < arg.len && wire_is_digit(arg.at[n]))
        n++;
    if (!wire_parse_u64(wire_slice(arg.at, n), SMTP_CHUNK_OCTETS_MAX, octets))
        return false;
    while (n < arg.len && arg.at[n] == ' ')
        n++;
    if (n == arg.len)
        return true;
    *last = true;
    return arg.at[n - 1] == ' ' && wire_slice_is_nocase(wire_slice(arg.at + n, arg.len - n), "LAST");
}

/* All octets of the chunk have come. */
static void chunk_end(struct smtp_server *s, struct smtp_server_step *out)
{
    enum smtp_verdict doomed = s->doomed;
    char text[WIRE_U64_MAX_DIGITS + 16];
    size_t n;
    if (s->stray_chunk) {
        s->doomed = SMTP_SILENT;
        smtp_server_enter(s, s->resume);
        smtp_server_answer(s, out, doomed, SMTP_NO_TEXT);
    } else if (s->last_chunk) {
        finish(s, out);
    } else if (doomed != SMTP_SILENT) {
        /* The rest of the message has no place to go: what follows is answered with 503. */
        smtp_server_end_transaction(s, false);
        smtp_server_enter(s, SMTP_SERVER_READY);
        smtp_server_answer(s, out, doomed, SMTP_NO_TEXT);
    } else {
        smtp_server_enter(s, SMTP_SERVER_CHUNKS);
        n = wire_put_u64(text, s->content.octets);
        memcpy(text + n, " octets received", 16);
        smtp_server_answer(s, out, SMTP_CHUNK_OK, wire_slice(text, n + 16));
    }
}

static void chunk_begin(struct smtp_server *s, uint64_t octets, struct smtp_server_step *out)
{
    s->chunk_left = octets;
    s->resume = s->state;
    smtp_server_enter(s, SMTP_SERVER_CHUNK);
    out->after = s->state;
    if (octets == 0)
        chunk_end(s, out);
}

void smtp_bdat_refuse(struct smtp_server *s, struct wire_slice arg, enum smtp_verdict verdict,
                      struct smtp_server_step *out)
{
    uint64_t octets;
    bool last;
    if (!bdat_parse(arg, &octets, &last)) {
        smtp_server_answer(s, out, SMTP_CHUNK_LOST, SMTP_NO_TEXT);
        return;
    }
    s->stray_chunk = true;
    s->doomed = verdict;
    chunk_begin(s, octets, out);
}

void smtp_run_bdat(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    struct wire_slice text = SMTP_NO_TEXT;
    uint64_t octets;
    bool last;
    enum smtp_verdict verdict = SMTP_OK;
    if (!bdat_parse(arg, &octets, &last)) {
        smtp_server_answer(s, out, SMTP_CHUNK_LOST, SMTP_NO_TEXT);
        return;
    }
    if (s->state == SMTP_SERVER_RCPT) {
        s->line_start = true;
        s->after_cr = false;
        s->line_octets = 0;
        if (s->ops->data_begin)
            verdict = s->ops->data_begin(s->host, &text);
    }
    s->stray_chunk = false;
    s->last_chunk = last;
    if (verdict != SMTP_OK)
        s->doomed = verdict;
    else if (s->config->size_max > 0 && octets > s->config->size_max - s->content.octets)
        s->doomed = SMTP_TOO_BIG;
    chunk_begin(s, octets, out);
}

size_t smtp_content_chunk(struct smtp_server *s, const char *in, size_t len, struct smtp_server_step *out)
{
    size_t n = s->chunk_left < len ? (size_t)s->chunk_left : len;
    assert(n > 0);
    smtp_server_begin(s, out, SMTP_VERB_BDAT);
    out->lesson = &smtp_verb_info(SMTP_VERB_CONTENT)->lesson;
    s->chunk_left -= n;
    if (!s->stray_chunk) {
        if (s->body != SMTP_BODY_BINARYMIME)
            note_lines(s, in, in + n, false);
        deliver(s, in, n, out);
    } else {
        out->discarded = true;
    }
    if (s->chunk_left == 0)
        chunk_end(s, out);
    return n;
}
