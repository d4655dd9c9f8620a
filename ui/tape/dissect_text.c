/* Lines of SMTP (RFC 5321), POP3 (RFC 1939) and IMAP (RFC 9051). */
#include <stdio.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "ui/tape/dissect_layers.h"

#define LINES_MAX 100 /* shown of one segment; a limit of ours */

enum talk { TALK_NONE, TALK_SMTP, TALK_POP3, TALK_IMAP };

static enum talk talk_of(uint16_t port)
{
    switch (port) {
    case 25:
    case 465:
    case 587:
    case 2525:
        return TALK_SMTP;
    case 110:
    case 995:
        return TALK_POP3;
    case 143:
    case 993:
        return TALK_IMAP;
    default:
        return TALK_NONE;
    }
}

/* Sealed octets look like anything but text. */
static bool is_text(const struct dissect *d, size_t at, size_t end)
{
    size_t odd = 0, n = end - at < 512 ? end - at : 512;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = dissect_u8(d, at + i);
        odd += (c < ' ' && c != '\t' && c != '\r' && c != '\n') || c >= 127;
    }
    return odd * 8 <= n;
}

static bool is_verb(const struct dissect *d, size_t at, size_t end)
{
    static const char *const verbs[] = { "EHLO", "HELO", "MAIL", "RCPT", "DATA",     "BDAT", "RSET",
                                         "QUIT", "NOOP", "AUTH", "VRFY", "STARTTLS", "HELP", "EXPN" };
    for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++) {
        size_t len = strlen(verbs[v]);
        if (end - at >= len && (end - at == len || dissect_u8(d, at + len) == ' ') &&
            wire_equal_nocase((const char *)d->bytes + at, len, verbs[v], len))
            return true;
    }
    return false;
}

static const char *line_name(const struct dissect *d, size_t at, size_t end, enum talk talk, bool server)
{
    uint8_t c = dissect_u8(d, at);
    if (talk == TALK_SMTP && server)
        return end - at >= 3 && wire_is_digit((char)c) && wire_is_digit((char)dissect_u8(d, at + 1)) &&
                       wire_is_digit((char)dissect_u8(d, at + 2))
                   ? "Reply"
                   : "Line";
    if (talk == TALK_SMTP)
        return is_verb(d, at, end) ? "Command" : end - at == 1 && c == '.' ? "End of content" : "Line";
    if (talk == TALK_POP3 && server)
        return end - at >= 3 && (c == '+' || (c == '-' && dissect_u8(d, at + 1) == 'E')) ? "Response"
               : end - at == 1 && c == '.'                                               ? "End of lines"
                                                                                         : "Line";
    if (talk == TALK_IMAP && server)
        return c == '*' ? "Untagged response" : c == '+' ? "Continuation request" : "Line";
    return talk == TALK_POP3 ? "Command" : "Line";
}

bool dissect_lines(struct dissect *d, size_t at, size_t end, uint16_t source, uint16_t destination)
{
    static const char *const names[] = { "", "SMTP", "POP3", "IMAP" };
    static const char *const titles[] = { "", "Simple Mail Transfer Protocol", "Post Office Protocol 3",
                                          "Internet Message Access Protocol" };
    enum talk to = talk_of(destination), from = talk_of(source), talk = from ? from : to;
    size_t lines = 0, first_end = 0;
    char summary[300];
    int layer;
    if (talk == TALK_NONE || !is_text(d, at, end))
        return false;
    layer = dissect_put(d, 0, titles[talk], at, end - at, "from the %s", from ? "server" : "client");
    for (size_t line = at; line < end; lines++) {
        size_t stop = line, next;
        while (stop < end && dissect_u8(d, stop) != '\n')
            stop++;
        next = stop < end ? stop + 1 : stop;
        if (stop > line && stop < end && dissect_u8(d, stop - 1) == '\r')
            stop--;
        if (lines < LINES_MAX) {
            int node =
                dissect_words(d, 1, line_name(d, line, stop, talk, from != TALK_NONE), line, stop - line);
            dissect_stretch(d, node, next - line);
        }
        if (lines == 0)
            first_end = stop;
        line = next;
    }
    if (lines > LINES_MAX) {
        dissect_put(d, 1, "Line", at, 0, "and %zu lines more", lines - LINES_MAX);
        d->cut = true;
    }
    (void)layer;
    {
        size_t n = 0;
        for (; n < sizeof summary - 40 && at + n < first_end; n++) {
            uint8_t c = dissect_u8(d, at + n);
            summary[n] = c < ' ' || c == 127 ? '.' : (char)c;
        }
        summary[n] = '\0';
    }
    if (lines > 1)
        dissect_summaryf(d, names[talk], "%s (+%zu lines)", summary, lines - 1);
    else
        dissect_summaryf(d, names[talk], "%s", summary);
    return true;
}
