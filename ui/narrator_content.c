/* What the lines of a message mean: header fields, the parts of MIME, the three parts of a report. */
#include <string.h>

#include "ui/narrator_internal.h"

/* Where a row of the table holds. */
enum where {
    HEADER = 1, /* of the message, of a part, of a message inside */
    REPORT = 2, /* the header of a part of a multipart/report */
    STATUS = 4  /* inside message/delivery-status */
};

static const struct row {
    unsigned where;
    const char *begins; /* in lower case */
    struct narrator_words words;
} rows[] = {
    { HEADER,
      "return-path:",
      { "The last server has written the sender of the envelope here",
        "Final delivery adds this line. A bounce would go to this address; <> says that nothing may answer "
        "this message automatically.",
        "RFC 5321 section 4.4", false } },
    { HEADER,
      "received:",
      { "Each server on the way adds its own line on top",
        "So read from the bottom up to follow the way. from: who called, as it named itself, and in brackets "
        "its real address; by: who took the message; with ESMTPA: SMTP after a login. A sender can invent "
        "older lines; those of your own servers are sure.",
        "RFC 5321 section 4.4", false } },
    { HEADER,
      "message-id:",
      { "The name of this message",
        "The sender's program makes it up, and it should never occur twice. A reply quotes it in "
        "In-Reply-To, "
        "and the logs of the servers show it.",
        "RFC 5322 section 3.6.4", false } },
    { HEADER,
      "auto-submitted:",
      { "A program wrote this, not a person",
        "So no program should answer it: two out-of-office notices could talk to each other for ever.",
        "RFC 3834 section 5", false } },
    { HEADER,
      "content-type: multipart/mixed",
      { "The body has several parts",
        "Each part begins with a line of two dashes and the boundary; behind the last one the line ends with "
        "two more dashes. The boundary must not occur anywhere else.",
        "RFC 2046 section 5.1", false } },
    { HEADER,
      "content-type: multipart/report",
      { "This is a delivery report: three parts follow",
        "First words for people, then fields for programs, then what came back of the message.",
        "RFC 6522 section 3", true } },
    { REPORT,
      "content-type: text/plain",
      { "Part 1 of the report: words for people",
        "Every server words it differently. What counts is often quoted here: the answer of the other "
        "server.",
        "RFC 6522 section 3", true } },
    { REPORT,
      "content-type: message/delivery-status",
      { "Part 2 of the report: fields for programs",
        "One group of fields about the message, then one for each recipient. This part is the same from "
        "every server.",
        "RFC 3464 section 2.1", true } },
    { REPORT,
      "content-type: message/rfc822",
      { "Part 3 of the report: the message that could not be delivered",
        "So the sender knows which one it was. Some servers return the header only.", "RFC 6522 section 3",
        true } },
    { REPORT,
      "content-type: text/rfc822-headers",
      { "Part 3 of the report: the header of the message",
        "The text is left out: the header is enough to know which message it was.", "RFC 6522 section 4",
        true } },
    { HEADER,
      "content-transfer-encoding: base64",
      { "This part is written in base64",
        "3 octets become 4 letters, which survive every server on the way; the part grows by a third. It is "
        "not encryption: anybody can turn it back.",
        "RFC 2045 section 6.8", false } },
    { HEADER,
      "content-transfer-encoding: quoted-printable",
      { "This part is written as quoted-printable",
        "Letters outside ASCII become = and two digits; the rest can still be read.", "RFC 2045 section 6.7",
        false } },
    { HEADER,
      "content-disposition: attachment",
      { "This part is an attachment",
        "The file name is a proposal of the sender's. So is the type: a program that believes both can be "
        "tricked.",
        "RFC 2183 section 2", false } },
    { STATUS,
      "reporting-mta:",
      { "Who reports", "The server that held the message when it could go no further.",
        "RFC 3464 section 2.2.2", true } },
    { STATUS,
      "final-recipient:",
      { "About which recipient", "Whoever is not named in a group like this one is not affected.",
        "RFC 3464 section 2.3.2", true } },
    { STATUS,
      "action: failed",
      { "It is over for this recipient", "failed: given up, nobody will try again.", "RFC 3464 section 2.3.3",
        true } },
    { STATUS,
      "action: delayed",
      { "It is not over for this recipient", "delayed: the server goes on trying; there is nothing to do.",
        "RFC 3464 section 2.3.3", true } },
    { STATUS,
      "status:",
      { "Why, as three numbers",
        "The first says 5 final, 4 for now, 2 done; the second what it is about: 1 address, 2 mailbox, 4 "
        "network "
        "and routing, 7 policy; the third is the detail.",
        "RFC 3464 section 2.3.4", true } },
    { STATUS,
      "remote-mta:",
      { "Which server said so", "The server that was asked to take the message.", "RFC 3464 section 2.3.5",
        true } },
    { STATUS,
      "diagnostic-code:",
      { "What it said, word for word", "The most useful line when you have to ask somebody for help.",
        "RFC 3464 section 2.3.6", true } },
    { STATUS,
      "will-retry-until:",
      { "How long the server will go on trying", "After that the report will say Action: failed.",
        "RFC 3464 section 2.3.9", true } },
};

static const struct narrator_words part_begins = {
    "A part begins", "It has a small header of its own, an empty line, and its content.",
    "RFC 2046 section 5.1", false
};

/* Behind an IMAP literal the response goes on in the same line. */
static const struct narrator_words literal_over = { "The literal is over, and the answer goes on behind it",
                                                    "The client has counted the octets, so it knows without "
                                                    "any mark where the message ended. The bracket closes "
                                                    "what FETCH opened.",
                                                    "RFC 3501 section 4.3", false };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool begins(const char *text, size_t len, const char *lower_case)
{
    size_t n = strlen(lower_case);
    if (len < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(text[i]) != lower_case[i])
            return false;
    return true;
}

/* Takes the value of boundary= off this line, if there is one. */
static void open_boundary(struct narrator_mime *m, const char *text, size_t len)
{
    static const char key[] = "boundary=";
    for (size_t i = 0; i + sizeof key - 1 < len; i++) {
        size_t at = i + sizeof key - 1, n = 0;
        bool quoted;
        if (!begins(text + i, len - i, key) || m->depth == NARRATOR_BOUNDARIES)
            continue;
        quoted = text[at] == '"';
        at += quoted;
        while (at + n < len && n < NARRATOR_BOUNDARY && (quoted ? text[at + n] != '"' : text[at + n] > ' ') &&
               (quoted || text[at + n] != ';'))
            n++;
        if (n == 0)
            return;
        memcpy(m->boundary[m->depth], text + at, n);
        m->boundary_len[m->depth++] = n;
        return;
    }
}

/* "--boundary" begins a part, "--boundary--" ends the last one. */
static const struct narrator_words *delimiter(struct narrator_mime *m, const char *text, size_t len)
{
    for (unsigned d = m->depth; d-- > 0;) {
        size_t n = m->boundary_len[d];
        bool last;
        if (len < n + 2 || text[0] != '-' || text[1] != '-' || memcmp(text + 2, m->boundary[d], n) != 0)
            continue;
        last = len >= n + 4 && text[n + 2] == '-' && text[n + 3] == '-';
        if (!last && len > n + 2)
            continue;
        m->depth = last ? d : d + 1;
        m->report = m->report && m->depth > 0;
        m->header = !last;
        m->inside = NARRATOR_TEXT_PART;
        m->status = m->type = m->embedded = false;
        return last ? NULL : &part_begins;
    }
    return NULL;
}

static const struct narrator_words *field(const struct narrator_mime *m, const char *text, size_t len)
{
    unsigned where = m->status                                    ? STATUS
                     : m->report && m->depth == 1 && !m->embedded ? REPORT | HEADER
                                                                  : HEADER;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((rows[i].where & where) && begins(text, len, rows[i].begins))
            return &rows[i].words;
    return NULL;
}

static void end_header(struct narrator_mime *m)
{
    m->header = m->inside == NARRATOR_MESSAGE_PART; /* the header of the message inside comes next */
    m->embedded = m->embedded || m->header;
    m->status = m->inside == NARRATOR_STATUS_PART;
    m->inside = NARRATOR_TEXT_PART;
    m->type = false;
}

const struct narrator_words *narrator_content(struct narrator_mime *m, const struct trace_record *r)
{
    const char *text = r->text ? r->text : "";
    size_t len = r->text ? r->text_len : 0;
    const struct narrator_words *words = delimiter(m, text, len);

    if (words || !(m->header || m->status))
        return words;
    if (m->status)
        return field(m, text, len);
    if (len == 0) {
        end_header(m);
        return NULL;
    }
    if (text[0] == ' ' || text[0] == '\t') {
        if (m->type)
            open_boundary(m, text, len);
        return NULL;
    }
    words = field(m, text, len);
    m->type = begins(text, len, "content-type:");
    if (m->type) {
        m->report = m->report || begins(text, len, "content-type: multipart/report");
        if (begins(text, len, "content-type: message/delivery-status"))
            m->inside = NARRATOR_STATUS_PART;
        else if (begins(text, len, "content-type: message/rfc822") ||
                 begins(text, len, "content-type: message/global"))
            m->inside = NARRATOR_MESSAGE_PART;
        open_boundary(m, text, len);
    }
    return words;
}

const struct narrator_words *narrator_literal_over(const struct trace_record *r)
{
    bool goes_on = r->text && r->text_len > 0 && (r->text[0] == ' ' || r->text[0] == ')');
    return r->proto == TRACE_IMAP && r->dir == 'S' && goes_on ? &literal_over : NULL;
}

void narrator_content_begin(struct narrator_mime *m)
{
    memset(m, 0, sizeof *m);
    m->header = true;
}
