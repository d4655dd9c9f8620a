/* The mechanisms as tables: what travels, who can read it, what an exam calls it. */
#include "protocols/sasl/sasl.h"

static const struct sasl_mech_info mechs[SASL_MECHS] = {
    [SASL_PLAIN] = {
        .mech = SASL_PLAIN,
        .name = "PLAIN",
        .client_first = true,
        .clear_password = true,
        .messages = 1,
        .lesson = { "PLAIN sends name and password as they are",
                    "One message holds the name and the password. Base64 is a spelling, not encryption: "
                    "whoever sees the line can read both. Inside TLS that is fine, and the server can "
                    "keep a hash instead of the password.",
                    "RFC 4616 section 2" },
        .eavesdropper = "the name and the password",
        .challenge = { { "The server asks for the credentials",
                         "The challenge is empty: with PLAIN the client speaks first, and the server only "
                         "says that it may.",
                         "RFC 4616 section 2" } },
        .response = { { "The client sends its name and password",
                        "Three fields with a zero octet between them: whom to act as (often empty), the "
                        "name, the password. Decode the base64 and you have them.",
                        "RFC 4616 section 2" } },
        .exam = "clear text credentials; encoding is not encryption; use it only inside TLS",
    },
    [SASL_LOGIN] = {
        .mech = SASL_LOGIN,
        .name = "LOGIN",
        .client_first = false,
        .clear_password = true,
        .messages = 2,
        .lesson = { "LOGIN sends the name, then the password",
                    "The server asks twice and the client answers twice, in base64. It protects no more "
                    "than PLAIN and takes longer. It was never a standard, but old programs know nothing "
                    "else.",
                    "draft-murchison-sasl-login-00 section 2" },
        .eavesdropper = "the name and the password",
        .challenge = { { "The server asks for the name",
                         "The challenge is the word Username: in base64, VXNlcm5hbWU6. People who read "
                         "mail logs know it by sight.",
                         "draft-murchison-sasl-login-00 section 2.1" },
                       { "The server asks for the password",
                         "The challenge is the word Password: in base64, UGFzc3dvcmQ6. It comes whether "
                         "or not the name exists, so that nobody can try names out.",
                         "draft-murchison-sasl-login-00 section 2.1" } },
        .response = { { "The client sends its name",
                        "The name alone, in base64. Nothing is proven yet.",
                        "draft-murchison-sasl-login-00 section 2.1" },
                      { "The client sends its password",
                        "The password in base64: whoever carries these packets outside TLS can now log in "
                        "as this user.",
                        "draft-murchison-sasl-login-00 section 2.1" } },
        .exam = "clear text credentials; legacy; the same risk as PLAIN",
    },
    [SASL_CRAM_MD5] = {
        .mech = SASL_CRAM_MD5,
        .name = "CRAM-MD5",
        .client_first = false,
        .clear_password = false,
        .messages = 1,
        .lesson = { "CRAM-MD5 proves the password without sending it",
                    "The server sends a text it never sent before; the client returns a keyed hash of it. "
                    "A listener cannot use the answer again, but can guess passwords against it at "
                    "leisure. The server must keep the password itself, which is why it fell out of use.",
                    "RFC 2195 section 2" },
        .eavesdropper = "the name, the challenge and one answer to it: enough to guess passwords offline, not enough to log in",
        .challenge = { { "The server sends a text to be hashed",
                         "It holds a random number, the time and the server's name. It must never repeat: "
                         "then an answer overheard today opens nothing tomorrow.",
                         "RFC 2195 section 2" } },
        .response = { { "The client answers with a keyed hash",
                        "The name, a space, and 32 hexadecimal digits: HMAC-MD5 of the challenge with the "
                        "password as key. The server computes the same and compares.",
                        "RFC 2195 section 2" } },
        .exam = "challenge-response; nonce; stops replay attacks; open to offline dictionary attacks",
    },
    [SASL_SCRAM_SHA_256] = {
        .mech = SASL_SCRAM_SHA_256,
        .name = "SCRAM-SHA-256",
        .client_first = true,
        .mutual = true,
        .messages = 3,
        .lesson = { "SCRAM proves the password in both directions",
                    "Each side shows that it knows something made from the password; the password does not "
                    "travel, and the server does not keep it. What the server keeps cannot be used to log in "
                    "as the user, and a server that knows nothing is found out.",
                    "RFC 5802 section 3" },
        .eavesdropper = "the name, both nonces, the salt and one proof: each guess at the password costs thousands "
                        "of hashes, and the proof works nowhere else",
        .challenge = { { "The server asks for the first message",
                         "The challenge is empty: with SCRAM the client speaks first, and the server only says "
                         "that it may.",
                         "RFC 5802 section 5" },
                       { "The server sends its nonce, the salt and the rounds",
                         "r= is the client's nonce with the server's behind it, s= the salt of this user, i= how "
                         "often the hash is repeated. Many rounds (PBKDF2) make each guess slow; the salt makes "
                         "tables computed beforehand useless.",
                         "RFC 5802 section 5.1" },
                       { "The server proves that it knows the password too",
                         "v= is a signature over the whole exchange that only somebody with the user's record "
                         "can make. A false server, set up to catch passwords, stops here with nothing.",
                         "RFC 5802 section 3" } },
        .response = { { "The client sends its name and a nonce",
                        "n,, says that nothing ties this login to TLS; n= is the name, r= a random text used "
                        "once. Because of it an old answer of the server cannot be played again.",
                        "RFC 5802 section 5.1" },
                      { "The client sends its proof",
                        "p= is a key made from the password, hidden under a signature of this exchange. The server "
                        "lifts the signature off, hashes the key and compares it with what it keeps.",
                        "RFC 5802 section 3" },
                      { "The client has checked the server's proof",
                        "An empty answer: the signature was right, nothing more is to be said. Had it been wrong, "
                        "the client would have sent * and gone.",
                        "RFC 5802 section 5" } },
        .exam = "challenge-response; mutual authentication; nonce against replay; salt against rainbow tables; "
                "PBKDF2 is key stretching",
    },
    [SASL_SCRAM_SHA_256_PLUS] = {
        .mech = SASL_SCRAM_SHA_256_PLUS,
        .name = "SCRAM-SHA-256-PLUS",
        .client_first = true,
        .mutual = true,
        .messages = 3,
        .lesson = { "SCRAM-PLUS ties the login to this TLS connection",
                    "The proof also covers a secret that only the two ends of this TLS connection can compute. "
                    "Somebody in the middle, even with a certificate that the client believes, has two "
                    "connections with two secrets, and the proof made for one fails on the other.",
                    "RFC 5802 section 6" },
        .eavesdropper = "nothing: there is no -PLUS without TLS",
        .challenge = { { "The server asks for the first message",
                         "The challenge is empty: with SCRAM the client speaks first, and the server only says "
                         "that it may.",
                         "RFC 5802 section 5" },
                       { "The server sends its nonce, the salt and the rounds",
                         "As with plain SCRAM: both nonces, the salt of this user, and how often the hash is "
                         "repeated.",
                         "RFC 5802 section 5.1" },
                       { "The server proves that it knows the password too",
                         "v= signs the whole exchange, the secret of the TLS connection included: there is "
                         "nobody between the two.",
                         "RFC 5802 section 3" } },
        .response = { { "The client says which secret of TLS it uses",
                        "p=tls-exporter names the way in which both ends take a secret out of their TLS "
                        "connection; the name and the nonce follow as always.",
                        "RFC 9266 section 2" },
                      { "The client sends its proof, bound to this connection",
                        "c= holds the secret of the TLS connection, and the proof signs it. The server compares it "
                        "with its own: if they differ, somebody sits in between.",
                        "RFC 5802 section 6" },
                      { "The client has checked the server's proof",
                        "An empty answer: the signature was right, nothing more is to be said.",
                        "RFC 5802 section 5" } },
        .exam = "channel binding; stops on-path (man-in-the-middle) relay of a login",
    },
    [SASL_XOAUTH2] = {
        .mech = SASL_XOAUTH2,
        .name = "XOAUTH2",
        .client_first = true,
        .lesson = { "XOAUTH2 hands over a token instead of a password",
                    "The user logs in on a web page of the provider, and the mail program gets a token that is "
                    "good for a while and for mail only. It is one provider's draft, used by Google and Microsoft. "
                    "There is no such provider in this world, so it is refused by name: 504, -ERR or NO.",
                    "Google XOAUTH2 protocol; standard successor: RFC 7628" },
        .eavesdropper = "the token: as good as the password until it expires",
        .exam = "OAuth 2.0 delegates authorization; bearer token: whoever has it may use it",
    },
    [SASL_OAUTHBEARER] = {
        .mech = SASL_OAUTHBEARER,
        .name = "OAUTHBEARER",
        .client_first = true,
        .lesson = { "OAUTHBEARER is the standard way to send a token",
                    "As with XOAUTH2, somebody else has checked who the user is, and the token says so. The mail "
                    "server asks that provider whether the token is good. There is no such provider in this "
                    "world, so it is refused by name.",
                    "RFC 7628 section 3" },
        .eavesdropper = "the token: as good as the password until it expires",
        .exam = "OAuth 2.0 delegates authorization; bearer token: whoever has it may use it",
    },
};

const struct sasl_mech_info *sasl_mech_info(enum sasl_mech mech)
{
    return (unsigned)mech < SASL_MECHS ? &mechs[mech] : NULL;
}

enum sasl_mech sasl_mech_find(struct wire_slice name)
{
    for (unsigned m = 0; m < SASL_MECHS; m++)
        if (wire_slice_is_nocase(name, mechs[m].name))
            return (enum sasl_mech)m;
    return SASL_MECHS;
}

const struct wire_lesson *sasl_verdict_lesson(enum wire_auth verdict)
{
    static const struct wire_lesson lessons[] = {
        [WIRE_AUTH_MORE] = { "The exchange goes on",
                             "The mechanism needs one more message. What is sent is a challenge or the "
                             "answer to one, in base64.",
                             "RFC 4422 section 3.3" },
        [WIRE_AUTH_OK] = { "The user has proven who they are",
                           "From here on the server knows a name it can trust, and decides what that name "
                           "may do. Proving is authentication, deciding is authorization.",
                           "RFC 4422 section 3.6" },
        [WIRE_AUTH_DENIED] = { "Name and password do not match",
                               "The server does not say which of the two is wrong: a stranger would learn "
                               "which names exist.",
                               "RFC 4422 section 3.6" },
        [WIRE_AUTH_MALFORMED] = { "The message does not follow the mechanism",
                                  "What arrived is not in the form that the mechanism prescribes, so the "
                                  "password was not even looked at. It points to a program at fault, not "
                                  "to "
                                  "a mistyped password.",
                                  "RFC 4422 section 3.6" },
        [WIRE_AUTH_NO_MECH] = { "The mechanism is not offered here",
                                "Server and client must have one mechanism in common. The server lists "
                                "those "
                                "it has; the client chose another.",
                                "RFC 4422 section 3.2" },
        [WIRE_AUTH_NEED_TLS] = { "The password must not travel in the clear",
                                 "This server takes passwords only inside TLS. The refusal comes before "
                                 "the "
                                 "password is sent: turn on encryption and try again.",
                                 "RFC 2595 section 2.3" },
        [WIRE_AUTH_TEMPFAIL] = { "The accounts cannot be consulted now",
                                 "The server cannot reach its list of users. Nothing is known about the "
                                 "password; the same one may work in a minute.",
                                 "RFC 4422 section 3.6" },
    };
    return (unsigned)verdict < sizeof lessons / sizeof lessons[0] ? &lessons[verdict] : NULL;
}

const struct wire_lesson *sasl_fault_lesson(enum sasl_fault fault)
{
    static const struct wire_lesson lessons[SASL_FAULT_COUNT] = {
        [SASL_FAULT_NONE] = { "Nothing was wrong with the exchange",
                              "Each message was what the mechanism prescribes, as far as it came.",
                              "RFC 4422 section 3" },
        [SASL_FAULT_PROOF] = { "The proof was made with another password",
                               "The server took the signature off the proof and hashed what was left: it is "
                               "not "
                               "what it keeps for this user. Most often somebody has mistyped.",
                               "RFC 5802 section 3" },
        [SASL_FAULT_UNKNOWN_USER] = { "There is no user of that name",
                                      "The server played the exchange to its end with a salt made up from "
                                      "the "
                                      "name, and then refused as for a wrong password. So nobody can find "
                                      "out "
                                      "which names exist.",
                                      "RFC 5802 section 9" },
        [SASL_FAULT_NONCE] = { "The nonce is not the one of this exchange",
                               "A message from an older login looks right in all other ways. The random "
                               "text, new "
                               "each time, gives it away: it is a replay.",
                               "RFC 5802 section 5.1" },
        [SASL_FAULT_BINDING] = { "The proof belongs to another TLS connection",
                                 "Client and server see different secrets of TLS, so they are not the two "
                                 "ends of "
                                 "one connection. Somebody in between reads and passes on what both say.",
                                 "RFC 5802 section 6" },
        [SASL_FAULT_BINDING_TYPE] = { "The two ends know no common channel binding",
                                      "The client bound its proof in a way that this server cannot compute. "
                                      "Nothing "
                                      "is wrong with the password.",
                                      "RFC 5802 section 6" },
        [SASL_FAULT_DOWNGRADE] = { "Somebody has struck -PLUS from the server's list",
                                   "The client says y: it could bind to TLS, but saw no -PLUS offered. The "
                                   "server "
                                   "did offer it. Between the two the list was changed, so that the login "
                                   "would be "
                                   "easier to relay.",
                                   "RFC 5802 section 6" },
        [SASL_FAULT_ROUNDS] = { "The number of rounds is not acceptable",
                                "Few rounds would make it cheap to guess the password from the proof; "
                                "millions would "
                                "keep the client busy for minutes. A client that is asked for either goes "
                                "away.",
                                "RFC 7677 section 4" },
        [SASL_FAULT_SERVER_SIGNATURE] = { "The server does not know the password",
                                          "Its signature is not the one that only the true server could "
                                          "make. It "
                                          "wanted the client to believe that the login had worked.",
                                          "RFC 5802 section 3" },
        [SASL_FAULT_SERVER_REFUSES] = { "The server's last message is an error",
                                        "Instead of its signature the server sent e= and a reason. The "
                                        "exchange is "
                                        "over.",
                                        "RFC 5802 section 7" },
    };
    return (unsigned)fault < SASL_FAULT_COUNT ? &lessons[fault] : NULL;
}
