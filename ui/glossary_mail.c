/* Glossary: who takes part in mail, and what a message is made of. */
#include "ui/glossary.h"

static const struct glossary_entry entries[] = {
    { "MUA|mail user agent|mail client|mail program|user agent",
      { "The MUA is the program a person reads and writes with",
        "Thunderbird, Outlook, mutt, a web page. It submits with SMTP and reads with IMAP or POP3; it does "
        "not look for the "
        "recipient's server itself.",
        "RFC 5598 section 4.2" },
      "Exams: client, or e-mail application.",
      "msa, mta, mda" },
    { "MSA|mail submission agent|message submission agent",
      { "The MSA takes new mail from users",
        "It asks for a login, may repair missing header fields, and takes responsibility. Often it is the "
        "same program as the "
        "MTA, on port 587 or 465.",
        "RFC 6409 section 3" },
      NULL,
      "submission, mua, mta" },
    { "MTA|mail transfer agent|message transfer agent|mail server|smtp server",
      { "The MTA carries mail from server to server",
        "It queues each message, looks up where the domain receives mail, and hands it on by SMTP. On the "
        "way it is client and "
        "server in turn. Postfix, Exim and Exchange are MTAs.",
        "RFC 5598 section 4.3" },
      "Exams: SMTP server, or mail relay.",
      "queue, relay, mx" },
    { "MDA|mail delivery agent|local delivery|delivery agent",
      { "The MDA puts a message into the mailbox",
        "The last step: it writes Return-Path on top, may sort by rules, and stores. From here on SMTP has "
        "nothing more to do.",
        "RFC 5598 section 4.3, RFC 5321 section 4.4" },
      NULL,
      "lmtp, mailbox, return-path" },
    { "MRA|message store|mail store|mailbox server",
      { "The message store keeps mail until it is read",
        "It serves IMAP and POP3. It need not be the machine that the MX record names.",
        "RFC 5598 section 4.2" },
      NULL,
      "imap, pop3, mailbox" },
    { "mailbox",
      { "A mailbox is where messages for an address are kept",
        "In SMTP also the address itself, local-part@domain. In IMAP every folder is a mailbox, and INBOX is "
        "the one that "
        "receives.",
        "RFC 5321 section 2.3.11" },
      NULL,
      "local part, inbox, maildir" },
    { "maildrop",
      { "The maildrop is what POP3 calls the mailbox",
        "It is locked for one session, its messages are numbered from 1, and deletions happen at QUIT only.",
        "RFC 1939 section 4" },
      NULL,
      "pop3, mailbox" },
    { "Maildir|mbox",
      { "Maildir keeps one file a message, mbox all in one file",
        "Two ways to store a mailbox on disk. One file a message needs no lock; one big file must be "
        "rewritten to delete from "
        "its middle. No protocol shows which it is.",
        "RFC 4155" },
      NULL,
      "mailbox" },
    { "INBOX",
      { "INBOX is the mailbox that receives",
        "Its name is the same for every user and in any case: inbox, Inbox. All others are made by the user.",
        "RFC 9051 section 5.1" },
      NULL,
      "imap, mailbox" },
    { "quota|over quota|mailbox full",
      { "A quota limits how much a mailbox holds",
        "When it is full, the server answers 452 4.2.2 or 552 5.2.2: later, or never. The sender sees a "
        "delay or a bounce.",
        "RFC 3463 section 3.3" },
      NULL,
      "bounce, transient failure" },
    { "UID|uidvalidity|unique identifier",
      { "A UID names a message for good, within its mailbox",
        "Sequence numbers move when something is deleted, UIDs do not. A new UIDVALIDITY says that all UIDs "
        "known so far are "
        "worthless.",
        "RFC 9051 section 2.3.1.1" },
      NULL,
      "imap, uidl" },
    { "UIDL|unique id listing",
      { "UIDL tells a POP3 client which messages it has already",
        "Each message gets an id that stays the same in later sessions, so mail can stay on the server "
        "without being downloaded "
        "twice.",
        "RFC 1939 section 7" },
      NULL,
      "pop3, uid" },
    { "flags|seen|\\seen|read flag|answered|deleted flag",
      { "Flags are marks on a message that the server keeps",
        "\\Seen, \\Answered, \\Flagged, \\Deleted, \\Draft. Every device of the user sees them. \\Deleted is "
        "only a mark until "
        "EXPUNGE.",
        "RFC 9051 section 2.3.2" },
      NULL,
      "imap, expunge" },
    { "EXPUNGE",
      { "EXPUNGE removes what is marked \\Deleted",
        "Two steps, so that a slip can be undone. After it the message is gone for all devices.",
        "RFC 9051 section 6.4.3" },
      NULL,
      "flags" },

    { "envelope|smtp envelope",
      { "The envelope says who sends and who shall receive",
        "It is MAIL FROM and RCPT TO, and it is not in the message. Servers deliver by it alone, as a "
        "postman does; From and To "
        "inside are the letterhead.",
        "RFC 5321 section 2.3.1" },
      NULL,
      "reverse-path, forward-path, bcc" },
    { "reverse-path|mail from|envelope sender|5321.mailfrom|bounce address",
      { "The reverse-path is where bounces go",
        "The address in MAIL FROM. It may differ from the From field, as with mailing lists. SPF checks its "
        "domain.",
        "RFC 5321 section 4.1.1.2" },
      NULL,
      "null reverse-path, return-path, spf" },
    { "null reverse-path|null sender|<>|empty sender|empty reverse-path",
      { "The empty sender <> keeps reports from being reported",
        "Bounces and other automatic reports are sent from <>. A report that cannot be delivered has no "
        "address to go back to, so "
        "no two servers write to each other for ever.",
        "RFC 5321 section 4.5.5" },
      NULL,
      "bounce, backscatter, double bounce" },
    { "forward-path|rcpt to|envelope recipient",
      { "The forward-path is one address to deliver to",
        "The address in RCPT TO. A message to three people has three, each with its own reply, and need not "
        "show them in To.",
        "RFC 5321 section 4.1.1.3" },
      NULL,
      "envelope, bcc" },
    { "Return-Path",
      { "Return-Path keeps the envelope sender in the message",
        "The last server writes it on top at final delivery. Where a bounce went, or would have gone, stands "
        "here.",
        "RFC 5321 section 4.4" },
      NULL,
      "reverse-path, received" },
    { "Received|trace fields|received header",
      { "Received lists each server on the way, newest on top",
        "Every server adds one: from whom, by whom, with which protocol, when. Read them from the bottom up; "
        "below the first server "
        "you trust, they may be forged.",
        "RFC 5321 section 4.4" },
      "Security+: read the header's Received lines to find where a phishing mail came from.",
      "mail loop, return-path" },
    { "Message-ID",
      { "Message-ID names one message in the whole world",
        "The sender's program makes it. Replies quote it in In-Reply-To and References, which is how threads "
        "are built; logs "
        "can be searched for it on every server.",
        "RFC 5322 section 3.6.4" },
      NULL,
      "queue id" },
    { "From|from field|from header|5322.from",
      { "From says who wrote the message, by its own word",
        "SMTP never checks it. DMARC does, by asking whether SPF or DKIM passed for the same domain.",
        "RFC 5322 section 3.6.2" },
      NULL,
      "spoofing, dmarc, reverse-path" },
    { "Sender, Reply-To|sender|reply-to",
      { "Sender and Reply-To part roles that From joins",
        "Sender is who pressed the button when that is not the author. Reply-To is where answers shall go "
        "instead of to From.",
        "RFC 5322 section 3.6.2" },
      "Security+: a Reply-To at another domain is a sign of phishing.",
      "from" },
    { "To, Cc|to|cc|carbon copy|to field",
      { "To and Cc show to whom the message is addressed",
        "They are for people. A server never reads them; it delivers by RCPT TO.", "RFC 5322 section 3.6.3" },
      NULL,
      "bcc, envelope" },
    { "Bcc|blind carbon copy",
      { "Bcc recipients are in the envelope, not in the message",
        "The mail program gives RCPT TO for them and leaves the field out. So the others cannot see them, "
        "and a reply to all does "
        "not reach them.",
        "RFC 5322 section 3.6.3" },
      NULL,
      "envelope, to" },
    { "header|header fields|mail header",
      { "The header is the lines before the first empty line",
        "Name, colon, text; a line that begins with a space goes on with the one before. Anyone on the way "
        "could have written "
        "them.",
        "RFC 5322 section 2.2" },
      NULL,
      "body, received" },
    { "body",
      { "The body is everything after the first empty line",
        "Plain text by itself; with MIME it can be a tree of parts.", "RFC 5322 section 2.3" },
      NULL,
      "mime, header" },
    { "MIME|multipurpose internet mail extensions",
      { "MIME lets mail carry more than English letters",
        "Content-Type says what a part is, Content-Transfer-Encoding how it was made fit for lines of text. "
        "Attachments, HTML and "
        "other scripts depend on it.",
        "RFC 2045 section 1" },
      NULL,
      "attachment, base64, quoted-printable" },
    { "attachment|content-disposition",
      { "An attachment is a MIME part that asks to be a file",
        "It travels inside the message as text, a third larger by base64. The name and type are the sender's "
        "word; what is in it "
        "may be another thing.",
        "RFC 2183 section 2" },
      "Security+: attachments are the usual way in for malware.",
      "mime, base64" },
    { "multipart|boundary|multipart/mixed|multipart/alternative",
      { "A multipart body holds several parts, split by a line",
        "mixed: one after the other, as with attachments. alternative: the same in several forms, best last. "
        "The boundary "
        "must not occur in any part.",
        "RFC 2046 section 5.1" },
      NULL,
      "mime" },
    { "base64",
      { "Base64 writes three octets as four letters",
        "It makes any file fit for lines of text, and makes it a third larger. It hides nothing: whoever "
        "sees it can decode it, "
        "passwords too.",
        "RFC 4648 section 4" },
      "Security+: encoding is not encryption.",
      "attachment, plain" },
    { "quoted-printable|qp",
      { "Quoted-printable writes odd octets as =XX",
        "For text that is nearly ASCII: it stays readable, and only special letters, long lines and final "
        "spaces are encoded.",
        "RFC 2045 section 6.7" },
      NULL,
      "base64, mime" },
    { "encoded-word|rfc 2047|=?utf-8?",
      { "Encoded words put other scripts into header fields",
        "=?UTF-8?B?...?= or =?UTF-8?Q?...?=, because a header was ASCII only. Text such as Gr=C3=BCsse in a "
        "subject is one that "
        "was not decoded.",
        "RFC 2047 section 2" },
      NULL,
      "smtputf8, mime" },
    { "8BITMIME|smtputf8|eai",
      { "SMTP extensions for octets above 127",
        "8BITMIME lets the body hold them, SMTPUTF8 also addresses and header fields. A server that lacks "
        "them gets the message "
        "encoded, or not at all.",
        "RFC 6152, RFC 6531 section 3" },
      NULL,
      "encoded-word, ehlo" },
    { "CR LF|crlf|line ending|bare lf|bare cr",
      { "CR LF ends every line of mail",
        "Octets 13 and 10, always together. A server that also took a bare LF would see another end of the "
        "message than its "
        "neighbour: that is how smuggling works.",
        "RFC 5321 section 2.3.8" },
      NULL,
      "smtp smuggling, dot-stuffing" },
    { "dot-stuffing|transparency|byte-stuffing|final dot|end of data",
      { "A dot alone ends the message; other dots are doubled",
        "The sender puts a second dot before a line that begins with one, the receiver takes it off. So a "
        "message can hold a "
        "line with a single dot and still arrive whole.",
        "RFC 5321 section 4.5.2" },
      NULL,
      "crlf, smtp smuggling" },
    { "local part|local-part",
      { "The local part is what stands before the @",
        "Only the server of the domain knows what it means, and whether Bob and bob are one. Everyone else "
        "must leave it as it "
        "is.",
        "RFC 5321 section 2.4" },
      NULL,
      "domain, plus addressing" },
    { "domain|domain part|email address|address",
      { "The domain after the @ says where the mail goes",
        "Its MX records name the servers. Case does not matter here.", "RFC 5321 section 2.3.5" },
      NULL,
      "mx, local part" },
    { "postmaster|abuse|role address",
      { "Every mail domain must have a postmaster",
        "Mail to postmaster must reach a person. abuse is the other name that one writes to when something "
        "is wrong.",
        "RFC 5321 section 4.5.1, RFC 2142" },
      NULL,
      "bounce" },
    { "alias|forwarding|redirect",
      { "An alias sends mail on to another address",
        "The server puts other recipients into the envelope and leaves the sender. SPF then fails at the "
        "next server, since "
        "the mail now comes from the forwarder; DKIM survives.",
        "RFC 5321 section 3.9.1" },
      NULL,
      "mailing list, srs, mail loop" },
    { "mailing list|list server",
      { "A mailing list sends each message to its members",
        "It replaces the envelope sender by its own, so that bounces come to the list and not to the author.",
        "RFC 5321 section 3.9.2" },
      NULL,
      "alias, reverse-path" },
    { "plus addressing|subaddress|detail",
      { "bob+shop@example.org is bob, with a label",
        "Many servers drop what follows the plus sign and deliver to bob. It shows who has passed on an "
        "address.",
        "RFC 5233 section 1" },
      NULL,
      "local part" },
    { "vacation|auto-reply|out of office",
      { "An automatic answer tells that nobody is reading",
        "It goes to the envelope sender, at most once in a while to each, and never to <> or to lists: else "
        "two of them would "
        "talk for ever.",
        "RFC 3834 section 2, RFC 5230" },
      NULL,
      "null reverse-path, sieve" },
    { "MDN|read receipt|disposition notification",
      { "A read receipt tells that a person opened the message",
        "The recipient's program sends it, if its user agrees. It is not a bounce, and its absence proves "
        "nothing.",
        "RFC 8098 section 2" },
      NULL,
      "dsn" },
    { "HTML mail|tracking pixel|remote image",
      { "A remote image tells the sender that mail was opened",
        "The address of a picture can be different for each recipient; loading it reports time and network. "
        "Mail programs "
        "therefore ask first.",
        NULL },
      NULL,
      "mime, phishing" },
};

const struct glossary_part glossary_mail = { "mail", entries, sizeof entries / sizeof entries[0] };
