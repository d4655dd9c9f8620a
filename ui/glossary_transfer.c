/* Glossary: how mail gets on, waits, and comes back. */
#include "ui/glossary.h"

static const struct glossary_entry entries[] = {
    { "relay|relaying|mail relay",
      { "To relay is to take mail for another server's users",
        "A server relays for those who have logged in or come from its own networks, and refuses all others "
        "with 550 5.7.1 or "
        "554 5.7.1.",
        "RFC 5321 section 3.6.2" },
      NULL,
      "open relay, submission, smart host" },
    { "open relay|third-party relay",
      { "An open relay takes mail from anyone to anyone",
        "Spammers find it within hours, blocklists soon after, and then nobody takes its mail. The cure: "
        "relay only after a login "
        "or for one's own networks.",
        "RFC 2505 section 2.1" },
      "Security+: a misconfigured mail server that lets anyone send through it.",
      "relay, dnsbl" },
    { "smart host|smarthost|relayhost",
      { "A smart host takes all outgoing mail of a server",
        "Instead of looking up MX records a server hands everything to one that is better placed: with a "
        "good name, or past a "
        "firewall that blocks port 25.",
        "RFC 5321 section 3.6.2" },
      NULL,
      "relay, 25" },
    { "submission|message submission",
      { "Submission is the first step: a user hands mail in",
        "It is apart from relaying: other port, a login, and the right to send anywhere. A domain can thus "
        "refuse strangers on 25 "
        "and still serve its users everywhere.",
        "RFC 6409 section 1" },
      NULL,
      "587, msa, smtp auth" },
    { "store and forward|store-and-forward",
      { "Each server keeps the mail until the next one has it",
        "Sender and recipient need not be online together. 250 after the message moves the responsibility "
        "one step on.",
        "RFC 5321 section 2.1" },
      NULL,
      "queue, bounce" },
    { "queue|mail queue|mailq|spool",
      { "The queue holds mail that is accepted but not delivered",
        "On disk, so that it survives a crash. Each message is tried, kept on a 4xx, and leaves the queue "
        "when it is delivered or a "
        "bounce has been written.",
        "RFC 5321 section 4.5.4.1" },
      NULL,
      "retry, back-off, queue id" },
    { "queue id",
      { "A queue id names a message on one server",
        "250 2.0.0 Ok: queued as 4F2A gives it to the sender; grep it in the log for all that happened. The "
        "next server gives "
        "another one.",
        NULL },
      NULL,
      "queue, message-id" },
    { "retry|retries|retry interval",
      { "Temporary failures are tried again for days",
        "At least 30 minutes apart, and for four to five days before the sender gets a bounce. Nobody has to "
        "press Send twice.",
        "RFC 5321 section 4.5.4.1" },
      NULL,
      "back-off, queue, expired" },
    { "back-off|backoff|exponential back-off",
      { "Waiting longer after each failure is back-off",
        "A server that is down is not helped by a knock every second. The pause grows, up to some hours.",
        "RFC 5321 section 4.5.4.1" },
      NULL,
      "retry, queue" },
    { "expired|queue lifetime|4.4.7|5.4.7",
      { "The message has waited too long and is given up",
        "After the queue's lifetime, days, a temporary failure becomes final: status 4.4.7, and a bounce to "
        "the sender.",
        "RFC 3463 section 3.5" },
      NULL,
      "retry, bounce" },
    { "bounce|ndr|ndn|non-delivery report|undeliverable|mailer-daemon",
      { "A bounce tells the sender that mail was not delivered",
        "The server that has accepted the message and cannot get rid of it writes it, from <>, to the "
        "envelope sender. Inside "
        "are the reason and the server that gave it.",
        "RFC 5321 section 6.1, RFC 3464 section 2" },
      NULL,
      "dsn, null reverse-path, backscatter" },
    { "DSN|delivery status notification",
      { "A DSN is a report that programs can read too",
        "Three parts: words for people, fields such as Action and Status for programs, and the message or "
        "its header. Bounces are "
        "DSNs; so are notices of delay or of success. In a log, dsn= is the status code.",
        "RFC 3464 section 2" },
      NULL,
      "bounce, enhanced status code, delayed" },
    { "delayed|delay notice|delay warning|delivery delayed",
      { "A delay notice says: not yet, still trying",
        "Action: delayed. The sender need not do anything; sending again makes two.",
        "RFC 3464 section 2.3.3" },
      NULL,
      "queue, dsn" },
    { "double bounce|lost bounce",
      { "A bounce that cannot be delivered ends here",
        "Its sender is <>, so there is nobody to tell but the postmaster. Anything else would be a loop.",
        "RFC 5321 section 4.5.5" },
      NULL,
      "null reverse-path, backscatter" },
    { "backscatter",
      { "Bounces to people who never sent anything",
        "A server that first accepts spam and later bounces it writes to the forged sender. Refusing during "
        "the SMTP dialogue "
        "avoids it: then nobody is written to.",
        "RFC 5321 section 6.2" },
      NULL,
      "bounce, spoofing, reject" },
    { "reject|rejection|refused mail",
      { "To reject is to say no while the sender is on the line",
        "A 5xx in the dialogue leaves the message where it is: the sending side must tell its user. Nothing "
        "is lost and nobody "
        "else is written to.",
        "RFC 5321 section 4.2.1" },
      NULL,
      "bounce, permanent failure" },
    { "transient failure|temporary failure|4xx|4yz|soft bounce|persistent transient",
      { "4xx means: not now, try again later",
        "Mailbox busy, disk full, greylisting, DNS trouble. The sending server keeps the message; a mail "
        "program shows an error "
        "and leaves it in the outbox.",
        "RFC 5321 section 4.2.1" },
      NULL,
      "queue, retry, permanent failure" },
    { "permanent failure|5xx|5yz|hard bounce",
      { "5xx means: no, and do not repeat it like this",
        "No such user, relaying denied, refused by policy. Trying the same again is forbidden; the sender "
        "must be told.",
        "RFC 5321 section 4.2.1" },
      NULL,
      "bounce, transient failure" },
    { "2xx|2yz|positive completion",
      { "2xx means: done",
        "After the final dot it means more: from now on this server is responsible for the message.",
        "RFC 5321 section 4.2.1" },
      NULL,
      "reply code, 3xx" },
    { "3xx|3yz|positive intermediate",
      { "3xx means: go on, I am waiting for the rest",
        "354 after DATA asks for the message, 334 during AUTH for the next answer.",
        "RFC 5321 section 4.2.1" },
      NULL,
      "reply code" },
    { "reply code|status code|smtp reply|response code",
      { "Three digits: how it went, what about, which case",
        "First digit: 2 done, 3 go on, 4 later, 5 no. Second: 0 syntax, 1 information, 2 connection, 5 mail "
        "system. Programs obey "
        "the digits, the text is for people.",
        "RFC 5321 section 4.2.1" },
      NULL,
      "enhanced status code, transient failure, permanent failure" },
    { "enhanced status code|enhanced mail system status code|extended status",
      { "Three numbers say more exactly what happened",
        "5.1.1: 5 permanent, 1 about the address, 1 no such mailbox. Second number: 1 address, 2 mailbox, 3 "
        "mail system, 4 network, 5 "
        "protocol, 6 content, 7 security or policy.",
        "RFC 3463 section 2" },
      NULL,
      "reply code, dsn" },
    { "greeting|banner|220 banner",
      { "The server speaks first: 220 and its name",
        "A client that talks before the greeting is most likely a spam program. What the banner tells about "
        "the software helps "
        "attackers too.",
        "RFC 5321 section 3.1" },
      "Security+: banner grabbing is reconnaissance.",
      "ehlo, tarpit" },
    { "HELO|ehlo|hello",
      { "The client gives its name, the server lists what it can",
        "EHLO asks for extensions: SIZE, STARTTLS, AUTH, PIPELINING. HELO is the old form without them. The "
        "name is the client's "
        "word; a server may check it but not refuse mail for it alone.",
        "RFC 5321 section 4.1.1.1, 4.1.4" },
      NULL,
      "greeting, fcrdns" },
    { "pipelining",
      { "Pipelining sends several commands without waiting",
        "MAIL, RCPT, RCPT, DATA in one packet save a round trip each. Replies come in the same order.",
        "RFC 2920 section 3.1" },
      NULL,
      "ehlo" },
    { "SIZE|size limit|message too big",
      { "SIZE tells how large a message may be, before it is sent",
        "The server names its limit after EHLO, the client the size in MAIL FROM. 552 5.3.4 then costs one "
        "line instead of the whole "
        "upload.",
        "RFC 1870 section 6" },
      NULL,
      "ehlo, quota" },
    { "transaction|mail transaction|session",
      { "A session can carry several mails, one by one",
        "A transaction is MAIL, RCPT, DATA and the final dot. Afterwards MAIL may begin the next; RSET drops "
        "what was begun.",
        "RFC 5321 section 3.3" },
      NULL,
      "envelope" },
    { "greylisting|greylist",
      { "Greylisting says later to strangers, once",
        "A new pair of server, sender and recipient gets a 4xx. A real server comes back after some minutes "
        "and passes; much spam "
        "software does not. The price is the wait.",
        "RFC 6647 section 2" },
      NULL,
      "transient failure, retry" },
    { "mail loop|loop|too many hops|hop count|5.4.6",
      { "A loop: servers pass a message round in a circle",
        "Two aliases that point at each other are enough. Each server counts the Received lines and stops at "
        "a limit with 554 5.4.6. The standard wants 100 or more; many servers stop earlier.",
        "RFC 5321 section 6.3" },
      NULL,
      "received, alias" },
    { "tarpit|tarpitting|greet delay",
      { "A tarpit answers suspicious clients slowly",
        "Each reply takes some seconds longer. A person does not notice, a program that wants to send "
        "millions does.",
        NULL },
      NULL,
      "greeting, dictionary attack" },
    { "rate limit|rate limiting|throttling|4.7.28",
      { "A rate limit allows so many mails in a time",
        "The rest gets a 4xx and comes later. It makes a stolen account or a broken script hurt less.",
        NULL },
      NULL,
      "transient failure" },
    { "catch-all|catchall",
      { "A catch-all takes mail for every name in a domain",
        "No typing error is lost, and all the spam to guessed names comes too. No sender ever learns that an "
        "address is wrong.",
        NULL },
      NULL,
      "alias, dictionary attack" },
    { "SRS|sender rewriting scheme",
      { "SRS gives forwarded mail a sender of the forwarder",
        "Then SPF passes at the next server, and bounces find their way back through the forwarder.", NULL },
      NULL,
      "alias, spf" },
    { "maillog|mail.log|postfix log",
      { "A mail log has one line for each step of a message",
        "Follow the queue id: client=, from=, to= with relay=, dsn= and status=, removed. The reply of the "
        "other server stands in "
        "brackets.",
        NULL },
      NULL,
      "queue id" },
    { "round trip|rtt|latency",
      { "A round trip is there and back again",
        "SMTP is a dialogue: a dozen round trips a message. On a far link they, not the bandwidth, decide "
        "how long it takes.",
        NULL },
      NULL,
      "pipelining, tcp" },
};

const struct glossary_part glossary_transfer = { "transfer", entries, sizeof entries / sizeof entries[0] };
