/* Glossary: encryption, proof of identity, attacks and what is done against them. */
#include "ui/glossary.h"

static const struct glossary_entry entries[] = {
    { "STARTTLS|stls|opportunistic encryption",
      { "STARTTLS changes a clear connection to TLS",
        "The same port serves both. All that was said before is forgotten, EHLO comes again. POP3 says STLS. "
        "Whoever sits in "
        "between can take the offer away, so a client must insist.",
        "RFC 3207 section 4" },
      "Exams: STARTTLS upgrades an existing connection; SMTPS, IMAPS and POP3S are encrypted from the start.",
      "implicit tls, stripping, mta-sts" },
    { "implicit TLS|tls on connect|ssl/tls",
      { "With implicit TLS the handshake comes first of all",
        "Own ports: 465, 993, 995. There is no clear phase, so nothing to strip. RFC 8314 prefers it for "
        "mail programs.",
        "RFC 8314 section 3" },
      NULL,
      "starttls, 465, 993, 995" },
    { "opportunistic TLS|opportunistic",
      { "Encrypt if the other side can, else send in the clear",
        "The custom between servers: the certificate is not even checked. It stops those who only listen, "
        "not those who "
        "interfere; MTA-STS and DANE do.",
        "RFC 7435 section 1" },
      NULL,
      "starttls, mta-sts, dane" },
    { "stripping|starttls stripping|downgrade attack|striptls|on-path attack|man in the middle",
      { "An attacker on the path takes STARTTLS out of the list",
        "The client sees a server without TLS and goes on in the clear, password included. A client that "
        "insists on TLS, or implicit "
        "TLS, is safe.",
        "RFC 3207 section 6" },
      "Security+: a downgrade attack; on-path is the new name of man in the middle.",
      "starttls, implicit tls, mta-sts" },
    { "MTA-STS|sts",
      { "MTA-STS publishes that a domain's mail needs TLS",
        "A TXT record and a file on a web server: these MX hosts, valid certificates, or do not deliver. "
        "Senders keep it for weeks, so "
        "taking STARTTLS away does not help.",
        "RFC 8461 section 3" },
      NULL,
      "tls-rpt, dane, stripping" },
    { "TLS-RPT|tls reporting",
      { "TLS-RPT tells a domain how TLS to it went",
        "Senders report daily how many connections failed and why, to an address in a TXT record.",
        "RFC 8460 section 3" },
      NULL,
      "mta-sts" },
    { "DANE|tlsa",
      { "DANE puts the certificate's fingerprint into DNSSEC",
        "A TLSA record at _25._tcp.mx.example.org. The sender then demands TLS and this key; no certificate "
        "authority is needed.",
        "RFC 7672 section 2" },
      NULL,
      "dnssec, mta-sts" },
    { "certificate|x.509|ca|certificate authority",
      { "A certificate ties a name to a key",
        "An authority signs it; the client checks the signature, the dates and that the name is the one it "
        "wanted. Clicking a "
        "warning away means to talk to whoever answered.",
        "RFC 5280 section 3, RFC 7817" },
      NULL,
      "tls" },

    { "SMTP AUTH|auth|authentication",
      { "AUTH proves who is sending, before MAIL FROM",
        "235 the password was right, 535 it was not. After it the server relays for this user.",
        "RFC 4954 section 4" },
      NULL,
      "sasl, submission" },
    { "SASL|simple authentication and security layer",
      { "SASL is one set of logins for many protocols",
        "A mechanism, challenges and answers: the same in SMTP, IMAP and POP3, only wrapped differently.",
        "RFC 4422 section 2" },
      NULL,
      "plain, cram-md5, scram" },
    { "PLAIN|auth plain|sasl plain",
      { "PLAIN sends name and password in one base64 string",
        "Readable for everyone on the path, so only inside TLS. There it is fine, and the server may store "
        "passwords hashed.",
        "RFC 4616 section 2" },
      NULL,
      "base64, login, tls" },
    { "LOGIN|auth login|sasl login",
      { "LOGIN asks for name and password one after the other",
        "Never standardised, still common. As readable as PLAIN.", NULL },
      NULL,
      "plain" },
    { "CRAM-MD5|challenge-response",
      { "CRAM-MD5 proves the password without sending it",
        "The client returns a keyed digest of the server's challenge. But the server must keep the password "
        "itself, and a listener can "
        "guess at leisure: TLS with PLAIN or SCRAM is better.",
        "RFC 2195 section 2" },
      NULL,
      "scram, apop" },
    { "SCRAM|scram-sha-256",
      { "SCRAM proves the password and stores only a salted hash",
        "Both sides prove that they know it, and it can be tied to the TLS connection.",
        "RFC 5802 section 3, RFC 7677" },
      NULL,
      "cram-md5, sasl" },
    { "APOP",
      { "APOP logs in to POP3 with an MD5 digest",
        "The greeting holds a timestamp; the client answers with MD5 of it and the password. MD5 is too weak "
        "now: use TLS.",
        "RFC 1939 section 7" },
      NULL,
      "cram-md5, pop3" },
    { "OAuth|xoauth2|oauthbearer|modern authentication",
      { "OAuth logs in with a token instead of a password",
        "The user logs in on a web page, with a second factor if wanted; the mail program gets a token that "
        "can be withdrawn.",
        "RFC 7628 section 3" },
      "Security+: federation, tokens.",
      "mfa, sasl" },
    { "MFA|2fa|app password|two-factor",
      { "A second factor makes a stolen password useless",
        "SMTP and IMAP with a plain password cannot ask for it, hence app passwords and OAuth.", NULL },
      NULL,
      "oauth" },

    { "SPF|sender policy framework|v=spf1",
      { "SPF lists which servers may send for a domain",
        "A TXT record: v=spf1 mx ip4:192.0.2.25 -all. The receiver compares the client's address with it, "
        "for the domain of MAIL FROM "
        "or HELO, not of the From field.",
        "RFC 7208 section 3" },
      "Security+: SPF checks the sending server's address. It does not check the visible From.",
      "dkim, dmarc, alias" },
    { "DKIM|domainkeys identified mail|dkim-signature",
      { "DKIM signs a message in the name of a domain",
        "The server signs some header fields and the body; the public key is in DNS at selector._domainkey. "
        "It survives forwarding, but "
        "not a list that changes the subject.",
        "RFC 6376 section 3" },
      "Security+: DKIM is a digital signature: integrity, and origin from the domain.",
      "spf, dmarc, selector" },
    { "selector|_domainkey",
      { "The selector says which of a domain's DKIM keys is meant",
        "s= in the signature; several let keys change without a gap.", "RFC 6376 section 3.1" },
      NULL,
      "dkim" },
    { "DMARC|v=dmarc1|p=reject|p=quarantine",
      { "DMARC ties SPF and DKIM to the From that people see",
        "One of them must pass for the same domain. Else the owner's policy counts: none, quarantine or "
        "reject. Reports tell the owner "
        "who sends in its name.",
        "RFC 7489 section 3" },
      "Security+: DMARC tells receivers what to do when SPF and DKIM fail.",
      "alignment, spf, dkim" },
    { "alignment|identifier alignment",
      { "Aligned: the checked domain is that of the From field",
        "Relaxed: the same organisation, mail.example.org with example.org. Strict: exactly the same. A pass "
        "for another domain does "
        "not help.",
        "RFC 7489 section 3.1" },
      NULL,
      "dmarc" },
    { "ARC|authenticated received chain|authentication-results",
      { "ARC seals what an earlier server found out",
        "A list breaks SPF and DKIM; ARC lets it pass on that both were good when the mail came in.",
        "RFC 8617 section 1, RFC 8601 section 2" },
      NULL,
      "dmarc, mailing list" },
    { "spoofing|forged sender|email spoofing|impersonation",
      { "Spoofing is to write another's address as the sender",
        "SMTP lets anyone: neither MAIL FROM nor From is checked by itself. SPF, DKIM and DMARC together are "
        "the answer.",
        "RFC 5321 section 7.1" },
      NULL,
      "spf, dmarc, phishing" },
    { "phishing|spear phishing|whaling|bec|business email compromise",
      { "Phishing makes people hand over what they should not",
        "Spear phishing is made for one person, whaling for the boss, business e-mail compromise asks for a "
        "payment. Look at the "
        "real address, the link and the haste.",
        NULL },
      "Security+: phishing mail, smishing SMS, vishing voice; training, filters and DMARC against it.",
      "spoofing, reply-to" },
    { "spam|unsolicited|junk|uce",
      { "Spam is mail in bulk that nobody asked for",
        "Filters weigh where it comes from (blocklists, SPF), what it says and whom it reaches. Saying no "
        "during SMTP is fairer than "
        "a silent folder.",
        "RFC 2505 section 1" },
      NULL,
      "dnsbl, greylisting, open relay" },
    { "DNSBL|rbl|blocklist|blacklist|blackhole list",
      { "A DNS blocklist answers whether an address sends spam",
        "25.100.51.198.list.example has an A record in 127.0.0.0/8 if 198.51.100.25 is listed. Check there "
        "first when all one's mail is "
        "refused.",
        "RFC 5782 section 2.1" },
      NULL,
      "open relay, spam" },
    { "SMTP smuggling|smuggling",
      { "Smuggling hides a second mail inside the first",
        "Two servers disagree about where a message ends, because one takes a bare LF for a line end. The "
        "second mail then seems to "
        "come from the first server. The cure: only CR LF . CR LF ends a message.",
        "RFC 5321 section 4.1.1.4" },
      NULL,
      "crlf, dot-stuffing" },
    { "header injection|email injection",
      { "A line break in a form field adds header fields",
        "A contact form that copies the subject unchecked lets strangers add Bcc and text of their own. "
        "Refuse CR and LF in "
        "every field.",
        "RFC 5322 section 2.2" },
      "Security+: an injection attack; input validation.",
      "crlf, bcc" },
    { "dictionary attack|directory harvest|harvest attack|brute force|vrfy attack",
      { "Guessing names or passwords, thousands an hour",
        "RCPT TO and VRFY tell which addresses exist, AUTH which passwords are right. Limits, delays and "
        "locking out help.",
        "RFC 5321 section 7.3" },
      NULL,
      "rate limit, tarpit, smtp auth" },
    { "S/MIME|smime",
      { "S/MIME signs and encrypts the message itself",
        "From author to reader, with certificates: the servers between see only the envelope and the header. "
        "TLS protects a hop, "
        "this the whole way.",
        "RFC 8551 section 1" },
      "Security+: end to end, PKI; signing gives integrity and non-repudiation.",
      "pgp, tls" },
    { "OpenPGP|pgp|openpgp|gpg|pgp/mime",
      { "OpenPGP does the same with a web of trust",
        "Keys are exchanged between people and signed by those who know each other, without an authority.",
        "RFC 9580, RFC 3156" },
      NULL,
      "s/mime" },
    { "end-to-end encryption|e2ee",
      { "Only author and reader can read the text",
        "S/MIME and OpenPGP do it. Sender, recipients, subject and time stay visible: the servers need the "
        "envelope.",
        NULL },
      NULL,
      "s/mime, pgp, tls" },
    { "firewall|port blocking|packet filter",
      { "A firewall decides which packets may pass",
        "Dropping looks like a timeout, rejecting like a refusal: the second is kinder to a sending server. "
        "Outgoing 25 is often "
        "blocked for all but the mail server.",
        NULL },
      "Exams: allow 25 in to the mail server; 587, 993 and 995 for users.",
      "timeout, connection refused, 25" },
    { "mail gateway|secure email gateway|seg|content filter",
      { "A gateway filters mail before the real server",
        "The MX record points at it. It looks for malware, spam and what must not leave, and relays the "
        "rest.",
        "RFC 5321 section 2.3.10" },
      "Security+: an e-mail gateway, with DLP for outgoing mail.",
      "mx, spam" },
};

const struct glossary_part glossary_security = { "security", entries, sizeof entries / sizeof entries[0] };
