#include "ui/screen/exam.h"

#include <stdio.h>
#include <string.h>

struct note {
    const char *word, *says;
};

static const struct note notes[] = {
    /* steps of the journey */
    { "COMPOSE",
      "Who composes and shows mail? The MUA, the mail user agent; MTAs carry it, the MDA delivers it." },
    { "FIND_SERVER", "DNS uses port 53; an A record gives an IPv4 address, AAAA an IPv6 address." },
    { "FIND_HOST", "DNS uses port 53; an A record gives an IPv4 address, AAAA an IPv6 address." },
    { "CONNECT_SUBMIT", "587 is submission, 465 is SMTP over TLS, 25 is server to server. Many keys call 587 "
                        "\"secure SMTP\"; RFC 8314 prefers 465." },
    { "SUBMIT_HELLO", "EHLO begins ESMTP, HELO the old SMTP. The list behind 250 names the extensions." },
    { "SUBMIT_AUTH",
      "Submission wants a login (235 yes, 535 no); relaying for strangers makes an open relay." },
    { "ENVELOPE", "The order is MAIL, RCPT, DATA. The envelope decides where mail goes, not the header." },
    { "CONTENT", "354 asks for the text; a line with one dot ends it." },
    { "ACCEPTED", "250 after the dot: the server is responsible now. It delivers or it bounces." },
    { "QUEUE", "Store and forward: mail waits in a queue when the next server is away." },
    { "ROUTE", "Which record names a domain's mail server? MX. The lowest number is tried first." },
    { "CONNECT_RELAY", "Between servers SMTP uses TCP port 25." },
    { "RELAY_HELLO",
      "A server that sends is a client: the roles belong to the connection, not to the machine." },
    { "CONNECT_FETCH",
      "POP3 is 110 and 995 with TLS, IMAP 143 and 993 with TLS. SMTP sends, POP3 and IMAP read." },
    { "POP3_LOGIN", "POP3 locks the maildrop: one session at a time." },
    { "POP3_FETCH", "POP3 downloads; which protocol keeps mail on the server for several devices? IMAP." },
    { "POP3_DELETE", "POP3 usually deletes after the download; then the mail is on one device only." },
    { "IMAP_LOGIN", "IMAP has tags: answers may come in another order than the questions." },
    { "IMAP_SELECT", "IMAP has folders, and flags such as \\Seen; POP3 has neither." },
    { "IMAP_FETCH", "With IMAP mail stays on the server and is the same on all devices." },
    { "IMAP_CHANGE", "\\Deleted only marks; EXPUNGE removes." },
    { "TELNET", "telnet HOST 25 tests SMTP by hand: 220, EHLO, MAIL, RCPT, DATA, dot, QUIT." },
    { "LOOKUP", "nslookup -type=mx or dig mx asks for a domain's mail server." },
    { "PING", "ping uses ICMP echo. A host that answers may still have a closed port." },
    /* commands */
    { "EHLO", "EHLO, then the server lists its extensions: SIZE, STARTTLS, AUTH, PIPELINING." },
    { "HELO", "HELO is SMTP without extensions; EHLO came with ESMTP." },
    { "MAIL", "MAIL FROM is the return path: bounces go there. It need not equal From:, which is how "
              "spoofing works." },
    { "RCPT", "One RCPT for each recipient. MAIL, RCPT, DATA is the order that exams want." },
    { "DATA", "DATA is answered by 354; the text ends with a dot on a line of its own." },
    { "BDAT", "BDAT sends a chunk of known length; no dot is needed." },
    { "AUTH", "PLAIN and LOGIN are base64, and base64 is no encryption: they need TLS." },
    { "STARTTLS", "STARTTLS turns a plain connection into TLS on the same port; implicit TLS has a port of "
                  "its own (465, 993, 995)." },
    { "QUIT", "QUIT ends the session politely; in POP3 only QUIT deletes what DELE marked." },
    { "RSET", "RSET drops the envelope and keeps the connection." },
    { "VRFY", "VRFY would tell who exists; servers answer 252 so that spammers learn nothing." },
    { "USER", "USER and PASS send the password as it is; without TLS anyone on the path reads it." },
    { "PASS", "USER and PASS send the password as it is; without TLS anyone on the path reads it." },
    { "STAT", "STAT counts messages and octets." },
    { "LIST", "POP3 LIST gives sizes; IMAP LIST gives mailboxes." },
    { "RETR", "RETR downloads a message, DELE marks it, QUIT deletes it." },
    { "DELE", "DELE marks; nothing is gone before QUIT." },
    { "STLS", "STLS is POP3's STARTTLS, on port 110." },
    { "LOGIN", "IMAP LOGIN shows the password unless TLS is there; LOGINDISABLED forbids it." },
    { "SELECT", "SELECT opens a mailbox to read and write, EXAMINE to read only." },
    { "FETCH", "FETCH BODY[] sets \\Seen, BODY.PEEK[] does not." },
    { "IDLE", "IDLE is push mail: the server speaks when something arrives." },
    { "STORE", "STORE changes flags: read, answered, deleted." },
    { "EXPUNGE", "\\Deleted only marks; EXPUNGE removes." },
    { "LOGOUT", "LOGOUT is answered by BYE, then by OK." },
    /* extensions, as EHLO's answer lists them */
    { "PIPELINING", "PIPELINING: several commands in one packet; the answers come in the same order." },
    { "SIZE", "SIZE: the largest message that is taken; larger ones get 552 5.3.4." },
    { "8BITMIME", "SMTP was made for 7-bit ASCII; 8BITMIME allows octets above 127 in the body." },
    { "ENHANCEDSTATUSCODES", "5.1.1: class 5 (final), subject 1 (address), detail 1 (no such mailbox)." },
    { "SMTPUTF8", "SMTPUTF8: addresses with letters outside ASCII." },
    { "DSN", "DSN: delivery status notification, the standard form of a bounce." },
    { "CHUNKING", "CHUNKING: BDAT in place of DATA." },
    { "BINARYMIME", "MIME turns attachments into text, by base64; BINARYMIME would carry them as they are." },
    /* replies */
    { "220", "220: the service is ready. The server speaks first." },
    { "221", "221: the server closes the connection." },
    { "235", "235: the login was good; 535: it was not." },
    { "250", "250: requested action done." },
    { "queued", "250 after the dot: the server is responsible now. It delivers, or it sends a bounce." },
    { "354", "354: send the text, end it with a dot." },
    { "421", "421: the server closes now; try again later." },
    { "450", "4yz is temporary: the sending server keeps the mail and tries again." },
    { "451", "4yz is temporary: the sending server keeps the mail and tries again." },
    { "452", "452: not enough storage now; 552: the mailbox is over its limit." },
    { "500", "500 to 504: the command is wrong, not the address." },
    { "503", "503: bad sequence of commands." },
    { "530", "530: log in first." },
    { "535", "535: user name or password is wrong." },
    { "538", "538: this login needs TLS first." },
    { "550", "5yz is final: 550 often means that the mailbox does not exist. The sender gets a bounce." },
    { "552", "552: the mailbox is full, or the message too big." },
    { "554", "554: transaction failed; with 5.7.1, relaying was denied." },
    { "MX", "MX names mail servers; the lowest preference wins." },
    { "A", "A is an IPv4 address." },
    { "AAAA", "AAAA is an IPv6 address." },
    { "TXT", "SPF, DKIM and DMARC live in TXT records." },
    { "NXDOMAIN", "NXDOMAIN: the name does not exist; the mail bounces at once." },
    { "SERVFAIL", "SERVFAIL: the DNS failed; the mail waits." },
};

const char *ui_exam_word(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        if (strlen(notes[i].word) == len && memcmp(notes[i].word, word, len) == 0)
            return notes[i].says;
    return NULL;
}

static size_t word_at(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] != ' ' && text[n] != '?')
        n++;
    return n;
}

/* Only the 250 that answers a message is about this. */
#define TAKES_OVER "RFC 5321 section 6.1"

const char *ui_exam_note(const struct trace_record *r)
{
    const char *step = trace_attr_get(r, "step"), *text = r->text;
    char code[8];
    size_t len = r->text_len;
    if (step)
        return ui_exam_word(step, strlen(step));
    if (r->code == 250 && len > 4) { /* a line of EHLO's answer */
        const char *extension = ui_exam_word(text + 4, word_at(text + 4, len - 4));
        if (extension)
            return extension;
    }
    if (r->code == 250 && r->section && strcmp(r->section, TAKES_OVER) == 0)
        return ui_exam_word("queued", strlen("queued"));
    if (r->code == 220 && r->status[0]) /* no greeting: it answers STARTTLS */
        return ui_exam_word("STARTTLS", strlen("STARTTLS"));
    if (r->code) {
        snprintf(code, sizeof code, "%u", (unsigned)r->code);
        return ui_exam_word(code, strlen(code));
    }
    if (trace_kind_level(r->kind) != TRACE_LINE || r->kind == TRACE_KIND_CONTENT || !text)
        return NULL;
    if (r->proto == TRACE_IMAP && r->kind == TRACE_KIND_COMMAND) { /* behind the tag */
        size_t tag = word_at(text, len);
        if (tag + 1 >= len)
            return NULL;
        text += tag + 1;
        len -= tag + 1;
        if (len > 4 && memcmp(text, "UID ", 4) == 0) {
            text += 4;
            len -= 4;
        }
    }
    return ui_exam_word(text, word_at(text, len));
}
