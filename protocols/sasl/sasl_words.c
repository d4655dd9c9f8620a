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
                                 "RFC 8314 section 3" },
        [WIRE_AUTH_TEMPFAIL] = { "The accounts cannot be consulted now",
                                 "The server cannot reach its list of users. Nothing is known about the "
                                 "password; the same one may work in a minute.",
                                 "RFC 4422 section 3.6" },
    };
    return (unsigned)verdict < sizeof lessons / sizeof lessons[0] ? &lessons[verdict] : NULL;
}
