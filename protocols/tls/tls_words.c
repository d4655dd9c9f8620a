/* What travels in a TLS handshake, told to a learner and as an eavesdropper hears it. */
#include "protocols/tls/tls_verdict.h"

#define LESSON(title, lesson, section)                                                                       \
    {                                                                                                        \
        title, lesson, section                                                                               \
    }

static const struct tls_message_info messages[] = {
    { TLS_HELLO_REQUEST,
      "HelloRequest",
      LESSON("The server asks for a new handshake",
             "A relic of TLS 1.2: renegotiation on an open connection. Attackers spliced their own octets in "
             "before "
             "it (CVE-2009-3555), so TLS 1.3 has none and this program refuses it.",
             "RFC 5246 section 7.4.1.1"),
      { 0 },
      LESSON("An eavesdropper sees a request to begin again", "It says nothing more than that.",
             "RFC 5246 section 7.4.1.1") },
    { TLS_CLIENT_HELLO,
      "ClientHello",
      LESSON("The client says what it can and whom it wants",
             "It offers versions, cipher suites and random octets, in TLS 1.3 also a key share, and names "
             "the server "
             "(SNI), because one address can serve many names. Nothing here is secret yet.",
             "RFC 8446 section 4.1.2"),
      { 0 },
      LESSON("An eavesdropper reads which server is meant",
             "The server name, versions and cipher suites travel in the clear. Whoever carries the packets "
             "learns "
             "which mail service this person uses, though not a word of the mail.",
             "RFC 6066 section 3") },
    { TLS_SERVER_HELLO, "ServerHello",
      LESSON("The server chooses, and both can compute the key",
             "It picks version and cipher suite and sends its own key share. From the two shares both ends "
             "compute one "
             "secret that never travels, and all that follows is encrypted.",
             "RFC 8446 section 4.1.3"),
      LESSON("The server chooses version and cipher suite",
             "In TLS 1.2 the key exchange is still to come, so the certificate that follows travels in the "
             "clear.",
             "RFC 5246 section 7.4.1.3"),
      LESSON("An eavesdropper reads version and cipher suite",
             "It cannot compute the secret from what it sees. An attacker who changed the offer to force an "
             "old version "
             "would be found out, because the handshake's own octets are checked at its end.",
             "RFC 8446 section 4.1.3") },
    { TLS_NEW_SESSION_TICKET, "NewSessionTicket",
      LESSON("The server hands out a ticket for next time",
             "With it the client can resume later without the certificate being checked again. Virtual "
             "servers give none; "
             "real ones usually give two.",
             "RFC 8446 section 4.6.1"),
      LESSON("The server hands out a ticket for next time",
             "It holds the session's state, sealed with a key that only the server has, so the server need "
             "not remember. "
             "Virtual servers give none.",
             "RFC 5077 section 3.3"),
      LESSON("An eavesdropper sees the ticket, sealed",
             "In TLS 1.2 the ticket travels in the clear. It cannot be opened, but it is recognised when it "
             "is used again.",
             "RFC 5077 section 5") },
    { TLS_END_OF_EARLY_DATA,
      "EndOfEarlyData",
      LESSON("The client ends its early data",
             "Early data is sent with a ticket's key before the handshake is over; an attacker can replay "
             "it. Mail "
             "protocols have no use for that.",
             "RFC 8446 section 4.5"),
      { 0 },
      LESSON("An eavesdropper sees a record", "Early data is encrypted.", "RFC 8446 section 4.5") },
    { TLS_ENCRYPTED_EXTENSIONS,
      "EncryptedExtensions",
      LESSON("The server answers the rest of the offer, encrypted",
             "Whatever is not needed to agree on the key is answered here, out of an eavesdropper's sight. "
             "Often it is empty.",
             "RFC 8446 section 4.3.1"),
      { 0 },
      LESSON("An eavesdropper sees a record", "The extensions are encrypted.", "RFC 8446 section 4.3.1") },
    { TLS_CERTIFICATE, "Certificate",
      LESSON("The server shows its certificate, encrypted",
             "It ties a name to a public key, with a CA's signature under it; the CAs between follow. The "
             "root is left out: "
             "the client must have it already, or it proves nothing.",
             "RFC 8446 section 4.4.2"),
      LESSON("The server shows its certificate, in the clear",
             "It ties a name to a public key, with a CA's signature under it; the CAs between follow. The "
             "root is left out: "
             "the client must have it already, or it proves nothing.",
             "RFC 5246 section 7.4.2"),
      LESSON("An eavesdropper reads the certificate",
             "In TLS 1.2 every name in it can be read on the way, even where the client sent no SNI. TLS 1.3 "
             "encrypts it.",
             "RFC 8446 section 1.2") },
    { TLS_SERVER_KEY_EXCHANGE,
      "ServerKeyExchange",
      LESSON("The server sends a fresh public key, signed",
             "The key is made for this connection alone, and the certificate's key signs it. Who steals that "
             "key later still cannot read today's mail: forward secrecy.",
             "RFC 8422 section 5.4"),
      { 0 },
      LESSON("An eavesdropper sees a public key",
             "It is of no use without one of the two private keys, and those are forgotten when the "
             "connection ends.",
             "RFC 8422 section 5.4") },
    { TLS_CERTIFICATE_REQUEST, "CertificateRequest",
      LESSON("The server asks the client for a certificate",
             "Mail clients rarely have one and answer with an empty list; they prove who they are with a "
             "password inside "
             "TLS instead. Some MTAs ask one another.",
             "RFC 8446 section 4.3.2"),
      LESSON("The server asks the client for a certificate",
             "Mail clients rarely have one and answer with an empty list. In TLS 1.2 the answer would travel "
             "in the clear.",
             "RFC 5246 section 7.4.4"),
      LESSON("An eavesdropper reads which CAs the server accepts",
             "In TLS 1.2 this request and the client's certificate travel in the clear.",
             "RFC 5246 section 7.4.4") },
    { TLS_SERVER_HELLO_DONE,
      "ServerHelloDone",
      LESSON("The server has said its part",
             "It now waits for the client's key. TLS 1.3 saves this round trip.", "RFC 5246 section 7.4.5"),
      { 0 },
      LESSON("An eavesdropper sees the end of the server's part", "The message is empty.",
             "RFC 5246 section 7.4.5") },
    { TLS_CERTIFICATE_VERIFY, "CertificateVerify",
      LESSON("The server proves that the certificate is its own",
             "Anybody can copy a certificate. Only the owner of its private key can sign all that was said "
             "so far, and a "
             "signature over these octets is of no use in any other connection.",
             "RFC 8446 section 4.4.3"),
      LESSON("The client proves that the certificate is its own",
             "Only the owner of the private key can sign all that was said so far.",
             "RFC 5246 section 7.4.8"),
      LESSON("An eavesdropper sees a signature", "It fits this handshake and no other.",
             "RFC 5246 section 7.4.8") },
    { TLS_CLIENT_KEY_EXCHANGE,
      "ClientKeyExchange",
      LESSON("The client sends its fresh public key",
             "From its own private key and the other's public one each end computes the same secret. It "
             "never travels.",
             "RFC 8422 section 5.7"),
      { 0 },
      LESSON("An eavesdropper sees the second public key",
             "Two public keys do not give the secret away. With the old RSA key exchange, whoever had the "
             "server's key "
             "could read everything recorded.",
             "RFC 8422 section 5.7") },
    { TLS_FINISHED, "Finished",
      LESSON("Finished: a check over the whole handshake",
             "It is computed from the new key and from every octet of the handshake. If anybody changed one "
             "on the way, "
             "the two ends disagree here and the connection ends.",
             "RFC 8446 section 4.4.4"),
      LESSON("Finished: the first message under the new keys",
             "It is computed from the secret and from every octet of the handshake. If anybody changed one "
             "on the way, "
             "the two ends disagree here and the connection ends.",
             "RFC 5246 section 7.4.9"),
      LESSON("An eavesdropper sees a record", "Finished is always encrypted.", "RFC 8446 section 4.4.4") },
    { TLS_CERTIFICATE_STATUS,
      "CertificateStatus",
      LESSON("The server brings proof that it is not revoked",
             "A statement of the CA, a few days old at most, so that the client need not ask the CA itself "
             "and tell it "
             "whom it visits (OCSP stapling).",
             "RFC 6066 section 8"),
      { 0 },
      LESSON("An eavesdropper reads the CA's statement", "It tells no more than the certificate does.",
             "RFC 6066 section 8") },
    { TLS_KEY_UPDATE,
      "KeyUpdate",
      LESSON("One end changes to its next key",
             "After very much data a key should be replaced. The next one is computed from it, so nothing is "
             "agreed anew.",
             "RFC 8446 section 4.6.3"),
      { 0 },
      LESSON("An eavesdropper sees a record", "KeyUpdate is encrypted.", "RFC 8446 section 4.6.3") },
    { TLS_HELLO_RETRY_REQUEST,
      "HelloRetryRequest",
      LESSON("The server asks for another key share",
             "The client guessed which group the server likes, and guessed wrong. It repeats its ClientHello "
             "with the "
             "group named here; that costs a round trip.",
             "RFC 8446 section 4.1.4"),
      { 0 },
      LESSON("An eavesdropper reads which group the server wants", "Nothing secret has been said yet.",
             "RFC 8446 section 4.1.4") },
    { TLS_CHANGE_CIPHER_SPEC, "ChangeCipherSpec",
      LESSON("An empty gesture for old firewalls",
             "TLS 1.3 does not need it. It is sent so that boxes on the way that know only TLS 1.2 see what "
             "they expect "
             "and let the connection pass.",
             "RFC 8446 appendix D.4"),
      LESSON("From here on this end encrypts",
             "One octet that says: what I send next uses the new keys. The other end says the same for its "
             "own direction.",
             "RFC 5246 section 7.1"),
      LESSON("An eavesdropper sees where encryption begins",
             "In TLS 1.2 this is the line between what it can read and what it cannot; in TLS 1.3 the line "
             "was the "
             "ServerHello.",
             "RFC 5246 section 7.1") },
};

static const struct tls_message_info unknown = {
    0xff,
    "unknown message",
    LESSON("A handshake message that no RFC names here",
           "The peer sends a type that this version of TLS does not have. The only answer is the alert "
           "unexpected_message.",
           "RFC 8446 section 4"),
    { 0 },
    LESSON("An eavesdropper sees the same unknown message", "It can make no more of it than the peer.",
           "RFC 8446 section 4")
};

const struct wire_lesson tls_overheard_sealed = LESSON(
    "An eavesdropper sees only that something was sent",
    "It sees a record of a certain length, with a header that always says TLS 1.2 and application data. What "
    "kind of message it is cannot be read.",
    "RFC 8446 section 5.2");
const struct wire_lesson tls_overheard_alert =
    LESSON("An eavesdropper reads the alert",
           "Before the keys are agreed, alerts travel in the clear, and an attacker can forge one to end the "
           "connection. "
           "More than that it cannot do with it.",
           "RFC 8446 section 6");
const struct wire_lesson tls_overheard_data =
    LESSON("An eavesdropper sees when, how much and between whom",
           "Addresses, ports, times and lengths stay visible; commands, passwords and the message are not. "
           "The length "
           "alone can tell that a large attachment went by.",
           "RFC 8446 appendix E.3");
const struct wire_lesson tls_words_data = LESSON("The protocol goes on inside TLS",
                                                 "The same commands and replies as without TLS, each piece "
                                                 "encrypted and protected against change. TLS ends at "
                                                 "the server: there the message lies readable again.",
                                                 "RFC 8446 section 5.2");

const struct tls_message_info *tls_message_info(uint8_t number)
{
    for (unsigned i = 0; i < sizeof messages / sizeof messages[0]; i++)
        if (messages[i].number == number)
            return &messages[i];
    return &unknown;
}

const struct tls_message_info *tls_message_at(unsigned index)
{
    return index < sizeof messages / sizeof messages[0] ? &messages[index] : NULL;
}
