/* How a step of TLS ends, and what the alerts say. */
#include "protocols/tls/tls_verdict.h"

#include <assert.h>

#define LESSON(title, lesson, section)                                                                       \
    {                                                                                                        \
        title, lesson, section                                                                               \
    }
#define GOES_ON_SECTION "RFC 7435 section 3"

static const struct tls_verdict_info verdicts[TLS_VERDICTS] = {
    [TLS_GOES_ON] = { "goes-on",
                      LESSON("The handshake goes on",
                             "More octets are needed before either end can decide anything.",
                             "RFC 8446 section 2"),
                      { 0 } },
    [TLS_ESTABLISHED] = { "established",
                          LESSON("The connection is encrypted from here on",
                                 "Both ends have the same keys and have checked every octet of the "
                                 "handshake. Nobody between "
                                 "them can read or change what follows.",
                                 "RFC 8446 section 2"),
                          { 0 } },
    [TLS_DATA] = { "data",
                   LESSON("The protocol goes on inside TLS",
                          "A record arrived unchanged: its authentication tag fits. Had one bit been changed "
                          "on the "
                          "way, the connection would end here.",
                          "RFC 8446 section 5.2"),
                   { 0 } },
    [TLS_NOTIFIED] = { "close-notify",
                       LESSON("The peer says that this was all",
                              "close_notify is encrypted, so nobody else can forge it. An end of the "
                              "connection without it "
                              "may be an attacker's cut.",
                              "RFC 8446 section 6.1"),
                       { 0 } },
    [TLS_CERT_TRUSTED] = { "certificate-trusted",
                           LESSON("The certificate is right: chain, dates and name",
                                  "A CA that the client trusts has signed it, today lies within its dates, "
                                  "and it names the "
                                  "host that was called. So the key belongs to that host.",
                                  "RFC 5280 section 6"),
                           LESSON("The certificate is right, though it need not be",
                                  "The client would have gone on in any case: without a promise that this "
                                  "host always has a "
                                  "good one, an attacker could simply show a bad one.",
                                  GOES_ON_SECTION) },
    [TLS_CERT_EXPIRED] = { "certificate-expired",
                           LESSON(
                               "The certificate has expired",
                               "Its last day is over and nobody renewed it. The key may be as good as ever, "
                               "but the CA no "
                               "longer vouches for it, so the client refuses. Renewal belongs into a timer.",
                               "RFC 5280 section 4.1.2.5"),
                           LESSON("The certificate has expired, and the client goes on",
                                  "Opportunistic TLS takes any encryption over none, so an MTA delivers "
                                  "nevertheless. "
                                  "An eavesdropper is kept out; an impostor is not.",
                                  GOES_ON_SECTION) },
    [TLS_CERT_NOT_YET_VALID] = { "certificate-not-yet-valid",
                                 LESSON("The certificate is not valid yet",
                                        "Its first day has not come. Most often the clock is wrong, the "
                                        "client's or the one "
                                        "of the machine that made the certificate: look at the clocks first.",
                                        "RFC 5280 section 4.1.2.5"),
                                 LESSON("The certificate is not valid yet; the client goes on",
                                        "Opportunistic TLS takes any encryption over none. A wrong clock "
                                        "somewhere "
                                        "would otherwise stop the mail.",
                                        GOES_ON_SECTION) },
    [TLS_CERT_WRONG_NAME] = { "certificate-wrong-name",
                              LESSON("The certificate is for another host",
                                     "The CA vouches for a name, and it is not the one that was called. "
                                     "Either the client was "
                                     "told the wrong name, or somebody else is answering.",
                                     "RFC 9525 section 6"),
                              LESSON("The certificate is for another host; the client goes on",
                                     "Many MX hosts answer for thousands of domains with one certificate, so "
                                     "MTAs do not "
                                     "insist on the name. Only DANE or MTA-STS makes them.",
                                     GOES_ON_SECTION) },
    [TLS_CERT_SELF_SIGNED] = { "certificate-self-signed",
                               LESSON("The certificate is signed by nobody but itself",
                                      "Anybody can make one with any name in it within a second, so it "
                                      "proves nothing. Whoever "
                                      "clicks it away once will click an attacker's away too.",
                                      "RFC 5280 section 6.1"),
                               LESSON("A self-signed certificate, and the client goes on",
                                      "Between MTAs that is everyday life: most servers once came with one. "
                                      "It keeps "
                                      "listeners out, but not an impostor in the middle.",
                                      GOES_ON_SECTION) },
    [TLS_CERT_UNKNOWN_CA] = { "certificate-unknown-ca",
                              LESSON("The certificate's chain ends at nobody known",
                                     "No CA that the client trusts has signed it. Often the server forgot to "
                                     "send the CA "
                                     "between; sometimes it is a company's own CA, or an attacker's.",
                                     "RFC 5280 section 6.1"),
                              LESSON("An unknown CA has signed it; the client goes on",
                                     "There is no list of CAs that all MTAs share, so opportunistic TLS does "
                                     "not insist. It "
                                     "keeps listeners out, but not an impostor.",
                                     GOES_ON_SECTION) },
    [TLS_CERT_BAD] = { "certificate-bad",
                       LESSON("The certificate cannot be used",
                              "A signature does not fit, a key is too weak, or the CA did not allow it for "
                              "servers. Such a "
                              "certificate must be made anew.",
                              "RFC 5280 section 6.1"),
                       LESSON("A useless certificate, and the client goes on",
                              "Opportunistic TLS takes any encryption over none. The certificate proves "
                              "nothing.",
                              GOES_ON_SECTION) },
    [TLS_NO_VERSION] = { "no-shared-version",
                         LESSON("The two have no TLS version in common",
                                "One end is too old or the other too strict. TLS 1.0 and 1.1 are no longer "
                                "used, "
                                "whatever still speaks nothing else must be replaced.",
                                "RFC 8996 section 1"),
                         { 0 } },
    [TLS_NO_CIPHER] = { "no-shared-cipher",
                        LESSON("The two have no cipher suite in common",
                               "What one end offers the other refuses, or the server's key fits none of it. "
                               "A cipher list "
                               "copied from an old guide is the usual cause.",
                               "RFC 8446 section 4.1.1"),
                        { 0 } },
    [TLS_PLAIN_PEER] = { "plaintext-peer",
                         LESSON("The peer speaks plain text, not TLS",
                                "TLS begins with the octet 22; this is readable text. The port or the "
                                "setting is wrong: 465, "
                                "993 and 995 want TLS at once, 25, 587, 143 and 110 only after STARTTLS.",
                                "RFC 8314 section 3"),
                         { 0 } },
    [TLS_GARBAGE] = { "garbage",
                      LESSON("What arrives is not TLS",
                             "The first octets are no TLS record and no text either. Something else uses "
                             "this port, or a "
                             "stream has lost its beginning.",
                             "RFC 8446 section 5.1"),
                      { 0 } },
    [TLS_ALERTED] = { "alert",
                      LESSON("The peer gives up and says why",
                             "A fatal alert is the last thing that either end says. Its number tells what "
                             "the peer found "
                             "wrong with this end.",
                             "RFC 8446 section 6.2"),
                      { 0 } },
    [TLS_BROKEN] = { "broken",
                     LESSON("The peer breaks the rules, or octets were changed",
                            "A record's tag does not fit, a message is malformed or out of turn. TLS cannot "
                            "tell an error "
                            "from an attack, so it ends the connection and trusts nothing more of it.",
                            "RFC 8446 section 6.2"),
                     { 0 } },
    [TLS_PEER_CLOSED] = { "closed-in-handshake",
                          LESSON("The peer hangs up during the handshake",
                                 "No alert says why. A server that wants no TLS here, a firewall, or a peer "
                                 "that crashed "
                                 "looks like this; its own log may know more.",
                                 "RFC 8446 section 6.1"),
                          { 0 } },
    [TLS_TRUNCATED] = { "truncated",
                        LESSON(
                            "The connection ends without close_notify",
                            "Anybody on the way can end a TCP connection, nobody can forge close_notify. So "
                            "what arrived is "
                            "genuine, but whether it is all is unknown. Careless programs do this every day.",
                            "RFC 8446 section 6.1"),
                        { 0 } },
    [TLS_MACHINE] = { "machine",
                      LESSON("This end cannot go on",
                             "OpenSSL failed here for want of memory; the peer is not to blame.",
                             "RFC 8446 section 6.2"),
                      { 0 } },
};

static const struct tls_alert_info alerts[] = {
    { 0, "close_notify",
      LESSON("close_notify: this end says no more",
             "The proper end of one direction. It is encrypted, so nobody can cut a conversation short "
             "unnoticed.",
             "RFC 8446 section 6.1") },
    { 10, "unexpected_message",
      LESSON("unexpected_message: out of turn",
             "A message came that does not belong here, such as text before the handshake is over.",
             "RFC 8446 section 6.2") },
    { 20, "bad_record_mac",
      LESSON("bad_record_mac: a record was changed",
             "The authentication tag does not fit. Somebody or something changed octets on the way, or the "
             "keys differ.",
             "RFC 8446 section 6.2") },
    { 21, "decryption_failed",
      LESSON("decryption_failed: an alert of the past",
             "Telling it apart from bad_record_mac helped attackers, so no one may send it any more.",
             "RFC 5246 section 7.2.2") },
    { 22, "record_overflow",
      LESSON("record_overflow: a record is too long",
             "A record holds at most 16384 octets of plaintext. A peer that sends more is broken, or is not "
             "speaking TLS.",
             "RFC 8446 section 6.2") },
    { 30, "decompression_failure",
      LESSON("decompression_failure: an alert of the past",
             "TLS compressed once; the lengths gave secrets away (CRIME), so nobody does any more.",
             "RFC 5246 section 7.2.2") },
    { 40, "handshake_failure",
      LESSON(
          "handshake_failure: nothing in common",
          "The peer found no cipher suite, group or signature that both accept, and says no more than that.",
          "RFC 8446 section 6.2") },
    { 41, "no_certificate",
      LESSON("no_certificate: an alert of SSL 3.0", "SSL 3.0 is no longer used (RFC 7568).",
             "RFC 8446 section 6") },
    { 42, "bad_certificate",
      LESSON("bad_certificate: the peer refuses the certificate",
             "A signature does not fit, or the name or the dates are wrong: OpenSSL says 42 for a wrong name "
             "and for a "
             "certificate that is not valid yet.",
             "RFC 8446 section 6.2") },
    { 43, "unsupported_certificate",
      LESSON("unsupported_certificate: made for something else",
             "The certificate's type or purpose does not fit a server.", "RFC 8446 section 6.2") },
    { 44, "certificate_revoked",
      LESSON(
          "certificate_revoked: the CA took it back",
          "Usually because the private key was lost or stolen. A new certificate with a new key is needed.",
          "RFC 8446 section 6.2") },
    { 45, "certificate_expired",
      LESSON("certificate_expired: renew it",
             "The client found the server's certificate out of date. The server's log has only this alert to "
             "show for it.",
             "RFC 8446 section 6.2") },
    { 46, "certificate_unknown",
      LESSON("certificate_unknown: refused, for some reason",
             "The client will not have the certificate and does not say why. Often a person pressed Cancel.",
             "RFC 8446 section 6.2") },
    { 47, "illegal_parameter",
      LESSON("illegal_parameter: two fields contradict",
             "A field of the handshake has a value that is not allowed there. That is a bug, or an attack.",
             "RFC 8446 section 6.2") },
    { 48, "unknown_ca",
      LESSON("unknown_ca: the client does not know the CA",
             "Self-signed, a private CA, or the certificate of the CA between was not sent. The last is the "
             "server's "
             "mistake and is mended there.",
             "RFC 8446 section 6.2") },
    { 49, "access_denied",
      LESSON("access_denied: known, and not let in",
             "The certificate is good, but its owner has no right to connect.", "RFC 8446 section 6.2") },
    { 50, "decode_error",
      LESSON("decode_error: a message cannot be read",
             "A length or a field does not add up. A bug in one of the two, or octets were damaged.",
             "RFC 8446 section 6.2") },
    { 51, "decrypt_error",
      LESSON("decrypt_error: a signature or Finished does not fit",
             "The other end could not prove its key, or the two saw different handshakes: somebody changed "
             "it on the way.",
             "RFC 8446 section 6.2") },
    { 60, "export_restriction",
      LESSON("export_restriction: an alert of the past",
             "From the years when strong encryption could not be exported.", "RFC 5246 section 7.2.2") },
    { 70, "protocol_version",
      LESSON("protocol_version: no version in common",
             "The peer does not speak any version that this end offered. One of the two is too old or too "
             "strict.",
             "RFC 8446 section 6.2") },
    { 71, "insufficient_security",
      LESSON("insufficient_security: too weak for the peer",
             "There would be a cipher suite in common, but the peer will not go that low.",
             "RFC 8446 section 6.2") },
    { 80, "internal_error",
      LESSON("internal_error: the peer's own trouble",
             "Memory or configuration failed there, such as a key file that does not fit the certificate. "
             "Its log knows.",
             "RFC 8446 section 6.2") },
    { 86, "inappropriate_fallback",
      LESSON("inappropriate_fallback: why so old a version?",
             "The client came back with an older version, and the server knows a newer one: somebody may be "
             "forcing it down.",
             "RFC 7507 section 3") },
    { 90, "user_canceled",
      LESSON("user_canceled: somebody changed his mind", "The handshake is given up without a fault.",
             "RFC 8446 section 6.1") },
    { 100, "no_renegotiation",
      LESSON("no_renegotiation: not once more",
             "The peer asked for a second handshake on an open connection; this end wants none.",
             "RFC 5246 section 7.2.2") },
    { 109, "missing_extension",
      LESSON("missing_extension: something needed was left out",
             "TLS 1.3 cannot do without certain extensions; the peer did not find one.",
             "RFC 8446 section 6.2") },
    { 110, "unsupported_extension",
      LESSON("unsupported_extension: nobody asked for that",
             "An answer holds an extension that was never offered.", "RFC 8446 section 6.2") },
    { 112, "unrecognized_name",
      LESSON("unrecognized_name: no such server here",
             "The name in SNI is not served at this address. Often DNS points at the wrong machine.",
             "RFC 6066 section 3") },
    { 113, "bad_certificate_status_response",
      LESSON("bad_certificate_status_response: stapling failed",
             "The proof that the certificate is not revoked is itself no good.", "RFC 8446 section 6.2") },
    { 115, "unknown_psk_identity",
      LESSON("unknown_psk_identity: key not known", "The peer has no shared key of that name.",
             "RFC 8446 section 6.2") },
    { 116, "certificate_required",
      LESSON("certificate_required: the client must show one",
             "The server insists on a client certificate and got none.", "RFC 8446 section 6.2") },
    { 120, "no_application_protocol",
      LESSON("no_application_protocol: for something else",
             "The two have no application protocol in common (ALPN). Mail does not normally use it.",
             "RFC 7301 section 3.2") },
};

static const struct tls_alert_info unknown = {
    255, "unknown alert",
    LESSON("An alert that no RFC names here",
           "The peer gives up with a number that TLS does not assign. It "
           "counts as fatal like any other.",
           "RFC 8446 section 6.2")
};

const struct tls_verdict_info *tls_verdict_info(enum tls_verdict verdict)
{
    assert(verdict >= 0 && verdict < TLS_VERDICTS);
    return &verdicts[verdict];
}

const struct tls_alert_info *tls_alert_info(uint8_t number)
{
    for (unsigned i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
        if (alerts[i].number == number)
            return &alerts[i];
    return &unknown;
}

const struct tls_alert_info *tls_alert_at(unsigned index)
{
    return index < sizeof alerts / sizeof alerts[0] ? &alerts[index] : NULL;
}
