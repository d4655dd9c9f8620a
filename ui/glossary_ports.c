/* Glossary: ports, and the protocols behind them. */
#include "ui/glossary.h"

static const struct glossary_entry entries[] = {
    { "25|smtp port|port 25",
      { "Servers hand mail to servers on port 25",
        "Every server that receives mail for a domain listens here, without a password: anyone may bring "
        "mail for its "
        "own users. Access networks block outgoing port 25 so that infected computers cannot send spam.",
        "RFC 5321 section 4.5.4.2" },
      "Exams: 25 is SMTP, unencrypted. In practice servers add STARTTLS on the same port.",
      "587, relay, mta" },
    { "587|submission port|port 587|smtps 587",
      { "Mail programs hand new mail to their server on port 587",
        "Submission has its own port because its rule differs: the user logs in first, then may send to the "
        "whole "
        "world. Encryption begins with STARTTLS.",
        "RFC 6409 section 3.1" },
      "CompTIA's lists call 587 SMTPS, SMTP over TLS or secure SMTP: tick it. The standards say that 587 "
      "starts in "
      "clear text and changes to TLS by STARTTLS; RFC 8314 prefers 465.",
      "465, starttls, submission" },
    { "465|smtps|submissions|port 465|ssmtp",
      { "Mail programs submit over TLS from the first octet on 465",
        "The TLS handshake comes before the greeting, so nothing can be stripped or read on the way. RFC "
        "8314 registered "
        "465 for submission and prefers it to 587.",
        "RFC 8314 section 3.3" },
      "Older keys call 465 deprecated, or SMTP over SSL: so it was from 1998 to 2018. Newer ones accept 465 "
      "and 587 as "
      "secure SMTP. Never answer that 465 is between servers.",
      "587, implicit tls" },
    { "110|port 110",
      { "POP3 listens on port 110",
        "The session starts in clear text; STLS can encrypt it before the password is sent. Without that, "
        "the password is "
        "in the packets for everyone on the path.",
        "RFC 1939 section 3" },
      "Exams: 110 is POP3, 995 is POP3 over SSL/TLS.",
      "pop3, 995" },
    { "995|pop3s|port 995",
      { "POP3 over TLS from the first octet on port 995",
        "The same POP3 as on 110, inside TLS from the start. RFC 8314 asks mail programs to use it instead "
        "of 110.",
        "RFC 8314 section 3.1" },
      "Exams: POP3S, or POP3 over SSL.",
      "pop3, implicit tls" },
    { "143|port 143",
      { "IMAP listens on port 143",
        "The session starts in clear text; STARTTLS can encrypt it. A server that takes passwords safely "
        "refuses LOGIN "
        "before that.",
        "RFC 9051 section 2.1" },
      "Exams: 143 is IMAP4, 993 is IMAP over SSL/TLS.",
      "imap, 993" },
    { "993|imaps|port 993",
      { "IMAP over TLS from the first octet on port 993",
        "The same IMAP as on 143, inside TLS from the start. RFC 8314 asks mail programs to use it instead "
        "of 143.",
        "RFC 8314 section 3.2" },
      "Exams: IMAPS, or IMAP over SSL.",
      "imap, implicit tls" },
    { "53|port 53|dns port",
      { "DNS servers listen on port 53, UDP and TCP",
        "A question and a short answer fit into one UDP packet each. A truncated answer is asked for again "
        "over TCP, which "
        "every server must offer.",
        "RFC 1035 section 4.2, RFC 7766 section 5" },
      "Older keys: UDP 53 for queries, TCP 53 for zone transfers. TCP serves long answers too.",
      "dns, truncation" },
    { "853|dot|dns over tls|port 853",
      { "DNS over TLS uses port 853",
        "The questions tell which servers one writes to, so they are worth hiding. TLS hides them between "
        "the computer and "
        "its resolver, not beyond.",
        "RFC 7858 section 3.1" },
      NULL,
      "53, resolver" },
    { "2525|port 2525",
      { "Some providers also take submissions on port 2525",
        "No standard assigns it to mail. It gets round networks that block 25 and 587, and speaks the same "
        "protocol as 587.",
        NULL },
      NULL,
      "587" },
    { "24|port 24|lmtp",
      { "LMTP hands mail to the mailbox server",
        "A sister of SMTP for the last step: after the message it gives one reply for each recipient, so one "
        "full mailbox "
        "does not spoil the delivery to the others. It says LHLO and never uses port 25.",
        "RFC 2033 section 4.2" },
      NULL,
      "mda, smtp" },
    { "4190|sieve|managesieve",
      { "Sieve rules sort mail on the server",
        "A small language: file into a folder, reject, forward, answer while on holiday. ManageSieve uploads "
        "the rules, on "
        "port 4190.",
        "RFC 5228, RFC 5804" },
      NULL,
      "mda, vacation" },
    { "23|telnet|port 23",
      { "Telnet opens a connection for typing",
        "A login service of the old days on port 23, all in clear text. Its client still serves for tests: "
        "telnet mx 25 "
        "shows the greeting, and one can speak SMTP by hand.",
        "RFC 854" },
      "Exams: telnet is insecure, use SSH (22). As a test of an open mail port it is a right answer.",
      "25, greeting" },
    { "443|port 443|webmail|jmap",
      { "Webmail reads mail through a web server on port 443",
        "The browser speaks HTTPS; behind the web server IMAP and SMTP go on as ever. JMAP is a mail "
        "protocol made for "
        "this way.",
        "RFC 8621 section 1" },
      "Exams: webmail needs only a browser and 443.",
      "imap, mua" },

    { "SMTP|simple mail transfer protocol|esmtp",
      { "SMTP pushes mail towards the recipient's server",
        "The client gives an envelope and a message, the server answers each step with a three-digit code. "
        "It is used from "
        "the sender's program to the last server, not to read mail.",
        "RFC 5321 section 2" },
      "Exams: SMTP sends, POP3 and IMAP receive. Port 25.",
      "25, envelope, reply code" },
    { "POP3|pop|post office protocol|pop3 protocol",
      { "POP3 downloads mail from one mailbox",
        "It knows one INBOX, lists it, copies messages and deletes them at QUIT. It keeps no folders and no "
        "read marks on "
        "the server, so several devices do not agree with each other.",
        "RFC 1939 section 1" },
      "Exams: POP3 downloads and deletes; choose it for one device or to read without a connection. In life "
      "most programs "
      "can leave a copy on the server.",
      "110, imap, maildrop" },
    { "IMAP|imap4|internet message access protocol|imap4rev1|imap4rev2",
      { "IMAP works on mailboxes that stay on the server",
        "Folders, flags and searches live on the server, so every device sees the same. Each command has a "
        "tag that its "
        "answer repeats.",
        "RFC 9051 section 1" },
      "Exams: IMAP keeps mail on the server and synchronises devices; choose it for phone and laptop "
      "together.",
      "143, flags, uid" },
    { "DNS|domain name system",
      { "DNS turns names into addresses and mail servers",
        "A tree of names, looked after zone by zone. Mail asks it twice at least: which servers take mail "
        "for a domain, and "
        "which addresses they have.",
        "RFC 1034 section 2" },
      "Exams: port 53; records A, AAAA, CNAME, MX, TXT, PTR, NS, SRV.",
      "mx, resolver, ttl" },
    { "TCP|transmission control protocol",
      { "TCP carries a stream of octets without loss",
        "SYN, SYN-ACK, ACK open a connection; lost segments are sent again; FIN ends it. All mail protocols "
        "run over it.",
        "RFC 9293 section 3" },
      "Exams: connection-oriented, three-way handshake; the mail ports are TCP.",
      "udp, connection refused" },
    { "UDP|user datagram protocol",
      { "UDP sends one packet and hopes",
        "No handshake, no repetition: right for a short question and answer such as DNS, where asking again "
        "is cheap.",
        "RFC 768" },
      "Exams: connectionless; DNS, DHCP, TFTP, SNMP.",
      "tcp, dns" },
    { "TLS|ssl|transport layer security|secure sockets layer",
      { "TLS encrypts a connection and names the server",
        "A handshake agrees on keys and shows a certificate; after that, whoever carries the packets sees "
        "lengths and "
        "times but no text. It protects one hop, not the message on the servers between.",
        "RFC 8446 section 1" },
      "Keys often say SSL; every SSL version is broken and forbidden. What runs is TLS 1.2 or 1.3.",
      "starttls, implicit tls, certificate" },
    { "ARP|address resolution protocol|ndp",
      { "ARP finds the hardware address behind an IPv4 address",
        "Before the first packet to a neighbour, a host asks all on the link who has this address. IPv6 does "
        "the same with "
        "Neighbor Discovery over ICMPv6.",
        "RFC 826, RFC 4861 section 4.3" },
      NULL,
      "icmp" },
    { "ICMP|ping|destination unreachable",
      { "ICMP reports that a packet could not be delivered",
        "Echo is ping. Destination unreachable tells a mail server at once what it would else learn by a "
        "timeout. A host that "
        "answers ping may still run no mail server.",
        "RFC 792" },
      NULL,
      "connection refused, timeout" },
    { "connection refused|econnrefused|rst",
      { "The host is there, but nothing listens on the port",
        "The answer to SYN is RST: wrong port, or the server program is not running. A sending server treats "
        "it as "
        "temporary and tries the next address or later.",
        "RFC 9293 section 3.5.2" },
      "Exams: ping works and telnet to 25 is refused: the service is down, or a firewall rejects.",
      "timeout, queue" },
    { "timeout|connection timed out|etimedout",
      { "No answer within the time allowed",
        "A host that is switched off or a firewall that drops looks like this. SMTP waits minutes: 5 for the "
        "greeting and for "
        "most commands, 10 after the final dot.",
        "RFC 5321 section 4.5.3.2" },
      NULL,
      "connection refused, firewall" },
};

const struct glossary_part glossary_ports = { "ports and protocols", entries,
                                              sizeof entries / sizeof entries[0] };
