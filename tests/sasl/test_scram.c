/* SCRAM-SHA-256, with and without channel binding. */
#include "tests/sasl/fixture.h"

/* ---- SCRAM ---- */

#define FIRST        "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
#define NONCES       "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SERVER_FIRST "r=" NONCES ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define FINAL_BARE   "c=biws,r=" NONCES
#define PROOF        "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static struct sasl_client_config account;
static struct sasl_client client;
static char answer[WIRE_AUTH_DATA_MAX];
static size_t answer_len;

static void scram_client(const char *user, const char *password, const char *offered)
{
    account = (struct sasl_client_config){ user, password, &digest, SASL_ALL, false, client_nonce, NULL };
    sasl_client_init(&client, &account);
    ck_assert_ptr_nonnull(sasl_client_choose(&client, offered));
    ck_assert(sasl_client_initial(&client, answer, &answer_len));
}

static enum wire_auth tell_client(const char *text)
{
    return sasl_wire_client.respond(&client, text, strlen(text), answer, &answer_len);
}

static bool is_answer(const char *text)
{
    return wire_equal(answer, answer_len, text, strlen(text));
}

/* The whole exchange of RFC 7677 section 3. */
START_TEST(the_scram_server_does_the_example_of_rfc_7677)
{
    ck_assert_int_eq(BEGIN("SCRAM-SHA-256", FIRST), WIRE_AUTH_MORE);
    ck_assert(is_out(SERVER_FIRST));
    ck_assert_int_eq(step(FINAL_BARE ",p=" PROOF), WIRE_AUTH_MORE);
    ck_assert(is_out(SERVER_FINAL));
    ck_assert_int_eq(step(""), WIRE_AUTH_OK);
    ck_assert(is_who("user"));
    ck_assert_int_eq(server.fault, SASL_FAULT_NONE);
}
END_TEST

START_TEST(the_scram_client_does_the_example_of_rfc_7677)
{
    scram_client("user", "pencil", "SCRAM-SHA-256");
    ck_assert(is_answer(FIRST));
    ck_assert_int_eq(tell_client(SERVER_FIRST), WIRE_AUTH_MORE);
    ck_assert(is_answer(FINAL_BARE ",p=" PROOF));
    ck_assert(!sasl_client_complete(&client));
    ck_assert_int_eq(tell_client(SERVER_FINAL), WIRE_AUTH_MORE);
    ck_assert_uint_eq(answer_len, 0);
    ck_assert(sasl_client_complete(&client));
    ck_assert_int_eq(tell_client(SERVER_FINAL), WIRE_AUTH_MALFORMED);
}
END_TEST

START_TEST(a_server_that_cannot_prove_itself_is_not_believed)
{
    scram_client("user", "pencil", "SCRAM-SHA-256");
    tell_client(SERVER_FIRST);
    ck_assert_int_eq(tell_client("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(client.fault, SASL_FAULT_SERVER_SIGNATURE);
    ck_assert(!sasl_client_complete(&client));
    scram_client("user", "pencil", "SCRAM-SHA-256");
    tell_client(SERVER_FIRST);
    ck_assert_int_eq(tell_client("e=invalid-proof"), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(client.fault, SASL_FAULT_SERVER_REFUSES);
    scram_client("user", "pencil", "SCRAM-SHA-256");
    tell_client(SERVER_FIRST);
    ck_assert_int_eq(tell_client(""), WIRE_AUTH_MALFORMED);
    ck_assert(!sasl_client_complete(&client));
}
END_TEST

START_TEST(the_client_distrusts_a_strange_first_message)
{
    static const struct {
        const char *text;
        enum sasl_fault fault;
    } bad[] = {
        { "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", SASL_FAULT_NONCE },
        { "r=xOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", SASL_FAULT_NONCE },
        { "r=" NONCES ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095", SASL_FAULT_ROUNDS },
        { "r=" NONCES ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000001", SASL_FAULT_ROUNDS },
        { "r=" NONCES ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=", SASL_FAULT_ROUNDS },
        { "r=" NONCES ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096x", SASL_FAULT_ROUNDS },
        { "r=" NONCES ",s=,i=4096", SASL_FAULT_NONE },
        { "r=" NONCES ",s=W22Z!,i=4096", SASL_FAULT_NONE },
        { "m=x,r=" NONCES ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", SASL_FAULT_NONE },
        { "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", SASL_FAULT_NONE },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        scram_client("user", "pencil", "SCRAM-SHA-256");
        ck_assert_msg(tell_client(bad[i].text) == WIRE_AUTH_MALFORMED, "%s", bad[i].text);
        ck_assert_msg(client.fault == bad[i].fault, "%s", bad[i].text);
    }
}
END_TEST

START_TEST(a_client_without_initial_response_is_asked_for_it_once)
{
    scram_client("user", "pencil", "SCRAM-SHA-256");
    ck_assert_int_eq(begin("SCRAM-SHA-256", NULL, 0), WIRE_AUTH_MORE);
    ck_assert_uint_eq(out_len, 0);
    ck_assert_int_eq(tell_client(""), WIRE_AUTH_MORE);
    ck_assert(is_answer(FIRST));
    ck_assert_int_eq(step(FIRST), WIRE_AUTH_MORE);
    ck_assert(is_out(SERVER_FIRST));
    ck_assert_int_eq(tell_client(""), WIRE_AUTH_MALFORMED);
}
END_TEST

START_TEST(wrong_proofs_are_denied)
{
    BEGIN("SCRAM-SHA-256", FIRST);
    ck_assert_int_eq(step(FINAL_BARE ",p=eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), WIRE_AUTH_DENIED);
    ck_assert_int_eq(server.fault, SASL_FAULT_PROOF);
    ck_assert_uint_eq(who.len, 0);
    ck_assert_int_eq(step(""), WIRE_AUTH_MALFORMED);
    /* A name that nobody has gets a salt too, and the same verdict. */
    ck_assert_int_eq(BEGIN("SCRAM-SHA-256", "n,,n=nobody,r=rOprNGfwEbeRWgbNEkqO"), WIRE_AUTH_MORE);
    ck_assert(is_out(SERVER_FIRST));
    ck_assert_int_eq(step(FINAL_BARE ",p=" PROOF), WIRE_AUTH_DENIED);
    ck_assert_int_eq(server.fault, SASL_FAULT_UNKNOWN_USER);
    BEGIN("SCRAM-SHA-256", FIRST);
    ck_assert_int_eq(step(FINAL_BARE ",p="), WIRE_AUTH_MALFORMED);
    BEGIN("SCRAM-SHA-256", FIRST);
    ck_assert_int_eq(step(FINAL_BARE ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7An"), WIRE_AUTH_MALFORMED);
    BEGIN("SCRAM-SHA-256", FIRST);
    ck_assert_int_eq(step(FINAL_BARE ",p=" PROOF ",x=1"), WIRE_AUTH_MALFORMED);
    BEGIN("SCRAM-SHA-256", FIRST);
    ck_assert_int_eq(step(FINAL_BARE), WIRE_AUTH_MALFORMED);
    BEGIN("SCRAM-SHA-256", FIRST);
    step(FINAL_BARE ",p=" PROOF);
    ck_assert_int_eq(step("x"), WIRE_AUTH_MALFORMED); /* the answer to v= is empty */
    ck_assert_uint_eq(who.len, 0);
    accounts_down = true;
    ck_assert_int_eq(BEGIN("SCRAM-SHA-256", FIRST), WIRE_AUTH_TEMPFAIL);
}
END_TEST

START_TEST(a_replayed_proof_meets_another_nonce)
{
    server_says = "anotherone";
    BEGIN("SCRAM-SHA-256", FIRST);
    ck_assert_int_eq(step(FINAL_BARE ",p=" PROOF), WIRE_AUTH_DENIED);
    ck_assert_int_eq(server.fault, SASL_FAULT_NONCE);
    BEGIN("SCRAM-SHA-256", FIRST); /* with the nonce put right, the proof is wrong */
    ck_assert_int_eq(step("c=biws,r=rOprNGfwEbeRWgbNEkqOanotherone,p=" PROOF), WIRE_AUTH_DENIED);
    ck_assert_int_eq(server.fault, SASL_FAULT_PROOF);
}
END_TEST

static void bind_both(const char *ours, const char *theirs)
{
    server.binding = wire_slice_str(ours);
    client.binding = wire_slice_str(theirs);
    server.binding_type = client.binding_type = SASL_BINDING_TLS_EXPORTER;
}

START_TEST(a_login_relayed_to_another_tls_connection_fails)
{
    account = (struct sasl_client_config){ "tim", "tanstaaftanstaaf", &digest, SASL_ALL,
                                           false, client_nonce,       NULL };
    sasl_client_init(&client, &account);
    bind_both("the secret of one connection", "the secret of one connection");
    ck_assert_str_eq(sasl_server_mechanisms(&server),
                     "SCRAM-SHA-256-PLUS SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN");
    ck_assert_int_eq(converse(&client), WIRE_AUTH_OK);
    ck_assert_int_eq(server.mech, SASL_SCRAM_SHA_256_PLUS);
    bind_both("the secret of one connection", "the secret of other connection");
    ck_assert_int_eq(converse(&client), WIRE_AUTH_DENIED);
    ck_assert_int_eq(server.fault, SASL_FAULT_BINDING);
    bind_both("the secret of one connection", "the secret of two connection");
    ck_assert_int_eq(converse(&client), WIRE_AUTH_DENIED);
    ck_assert_int_eq(server.fault, SASL_FAULT_BINDING);
    client.binding_type = SASL_BINDING_TLS_UNIQUE;
    ck_assert_int_eq(converse(&client), WIRE_AUTH_DENIED);
    ck_assert_int_eq(server.fault, SASL_FAULT_BINDING_TYPE);
}
END_TEST

START_TEST(a_list_without_plus_is_found_out)
{
    account = (struct sasl_client_config){ "tim", "tanstaaftanstaaf", &digest, SASL_ALL,
                                           false, client_nonce,       NULL };
    sasl_client_init(&client, &account);
    bind_both("secret", "secret");
    ck_assert_str_eq(sasl_client_choose(&client, "SCRAM-SHA-256 PLAIN"), "SCRAM-SHA-256");
    sasl_client_initial(&client, answer, &answer_len);
    ck_assert(is_answer("y,,n=tim,r=rOprNGfwEbeRWgbNEkqO"));
    ck_assert_int_eq(begin("SCRAM-SHA-256", answer, answer_len), WIRE_AUTH_DENIED);
    ck_assert_int_eq(server.fault, SASL_FAULT_DOWNGRADE);
    server.binding_type = SASL_BINDING_NONE; /* a server that really has none believes it */
    ck_assert_int_eq(begin("SCRAM-SHA-256", answer, answer_len), WIRE_AUTH_MORE);
    client.binding_type = SASL_BINDING_NONE;
    sasl_client_choose(&client, "SCRAM-SHA-256");
    sasl_client_initial(&client, answer, &answer_len);
    ck_assert(is_answer("n,,n=tim,r=rOprNGfwEbeRWgbNEkqO"));
}
END_TEST

START_TEST(flag_and_mechanism_must_agree)
{
    ck_assert_int_eq(BEGIN("SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=user,r=abc"), WIRE_AUTH_NO_MECH);
    bind_both("secret", "secret");
    ck_assert_int_eq(BEGIN("SCRAM-SHA-256-PLUS", "n,,n=user,r=abc"), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(BEGIN("SCRAM-SHA-256-PLUS", "y,,n=user,r=abc"), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(BEGIN("SCRAM-SHA-256", "p=tls-exporter,,n=user,r=abc"), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(BEGIN("SCRAM-SHA-256-PLUS", "p=tls-unique,,n=user,r=abc"), WIRE_AUTH_DENIED);
    ck_assert_int_eq(BEGIN("SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=user,r=abc"), WIRE_AUTH_MORE);
}
END_TEST

START_TEST(malformed_first_messages_are_refused)
{
    static const char *const bad[] = { "",
                                       "n",
                                       "n,",
                                       "n,,",
                                       "n,,n=user",
                                       "n,,n=user,r=",
                                       "n,,n=,r=abc",
                                       "n,,r=abc",
                                       "n,,m=x,n=user,r=abc",
                                       "x,,n=user,r=abc",
                                       "n,b=x,n=user,r=abc",
                                       "n,,n=us=er,r=abc",
                                       "n,,n=user=2,r=abc",
                                       "n,,n=user=2c,r=abc",
                                       "n,,n=us\001er,r=abc",
                                       "n,,n=\303,r=abc",
                                       "n,,n=user,r=a c",
                                       "n,,n=user,r=a\303\244" };
    char long_one[SASL_FIRST_MAX + 64];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(begin("SCRAM-SHA-256", bad[i], strlen(bad[i])) == WIRE_AUTH_MALFORMED, "%s", bad[i]);
    memset(long_one, 'x', sizeof long_one);
    memcpy(long_one, "n,,n=user,r=", 12);
    ck_assert_int_eq(begin("SCRAM-SHA-256", long_one, SASL_FIRST_MAX + 1), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(begin("SCRAM-SHA-256", long_one, SASL_FIRST_MAX), WIRE_AUTH_MORE);
    memset(long_one, 'x', sizeof long_one);
    memcpy(long_one, "n,,n=", 5);
    memcpy(long_one + 5 + SASL_USER_MAX + 1, ",r=abc", 6);
    ck_assert_int_eq(begin("SCRAM-SHA-256", long_one, 5 + SASL_USER_MAX + 1 + 6), WIRE_AUTH_MALFORMED);
}
END_TEST

START_TEST(scram_names_keep_their_commas)
{
    scram_client("a,b=c", "pencil", "SCRAM-SHA-256");
    ck_assert(is_answer("n,,n=a=2Cb=3Dc,r=rOprNGfwEbeRWgbNEkqO"));
    ck_assert_int_eq(begin("SCRAM-SHA-256", answer, answer_len), WIRE_AUTH_MORE);
    ck_assert(is_who("a,b=c"));
}
END_TEST

/* A client of its own making, because ours never asks to act as somebody else. */
static enum wire_auth act_as(const char *as)
{
    char first[256], final[512], text[512];
    unsigned char sig[32], proof[32];
    struct sasl_secret s;
    unsigned char salted[32], key[32];
    size_t n;
    secret(NULL, WIRE_SLICE("tim"), &s);
    n = (size_t)snprintf(first, sizeof first, "n,a=%s,n=tim,r=abc", as);
    if (begin("SCRAM-SHA-256", first, n) != WIRE_AUTH_MORE)
        return WIRE_AUTH_MALFORMED;
    n = (size_t)snprintf(text, sizeof text, "n,a=%s,", as);
    memcpy(final, "c=", 2);
    n = 2 + wire_base64_encode(final + 2, text, n);
    n += (size_t)snprintf(final + n, sizeof final - n, ",r=abc%s", server_says);
    n = (size_t)snprintf(text, sizeof text, "n=tim,r=abc,%.*s,%.*s", (int)out_len, out, (int)n, final);
    digest_pbkdf2_sha256("tanstaaftanstaaf", 16, s.salt, s.salt_len, s.rounds, salted);
    digest_hmac_sha256(salted, 32, "Client Key", 10, key);
    digest_hmac_sha256(s.stored_key, 32, text, n, sig);
    for (size_t i = 0; i < 32; i++)
        proof[i] = key[i] ^ sig[i];
    n = strlen(final);
    memcpy(final + n, ",p=", 3);
    n += 3 + wire_base64_encode(final + n + 3, proof, 32);
    final[n] = '\0';
    return step(final);
}

START_TEST(scram_may_act_as_another_only_if_allowed)
{
    ck_assert_int_eq(act_as("office"), WIRE_AUTH_MORE);
    ck_assert_int_eq(step(""), WIRE_AUTH_OK);
    ck_assert(is_who("office"));
    ck_assert_int_eq(act_as("tim"), WIRE_AUTH_MORE);
    ck_assert(is_who("tim"));
    ck_assert_int_eq(act_as("boss"), WIRE_AUTH_DENIED);
    ck_assert_uint_eq(who.len, 0);
}
END_TEST

START_TEST(cut_and_spoilt_scram_messages_do_no_harm)
{
    static const char first[] = FIRST, final[] = FINAL_BARE ",p=" PROOF, reply[] = SERVER_FIRST;
    for (size_t n = 0; n < sizeof first - 1; n++) {
        char *copy = malloc(n + 1);
        memcpy(copy, first, n);
        ck_assert_int_eq(begin("SCRAM-SHA-256", copy, n) == WIRE_AUTH_MORE, n > 12);
        free(copy);
    }
    for (size_t n = 0; n < sizeof final - 1; n++) {
        char *copy = malloc(n + 1);
        memcpy(copy, final, n);
        BEGIN("SCRAM-SHA-256", FIRST);
        ck_assert_int_ne(sasl_wire_server.step(&server, copy, n, out, &out_len), WIRE_AUTH_MORE);
        free(copy);
        copy = malloc(sizeof final);
        memcpy(copy, final, sizeof final);
        copy[n] ^= 1;
        BEGIN("SCRAM-SHA-256", FIRST);
        ck_assert_int_ne(sasl_wire_server.step(&server, copy, sizeof final - 1, out, &out_len),
                         WIRE_AUTH_MORE);
        free(copy);
    }
    for (size_t n = 0; n < sizeof reply - 3; n++) { /* "i=40" at the longest */
        char *copy = malloc(n + 1);
        memcpy(copy, reply, n);
        scram_client("user", "pencil", "SCRAM-SHA-256");
        ck_assert_int_eq(n > 0 ? sasl_wire_client.respond(&client, copy, n, answer, &answer_len)
                               : WIRE_AUTH_MALFORMED,
                         WIRE_AUTH_MALFORMED);
        free(copy);
    }
}
END_TEST

START_TEST(without_what_it_needs_scram_is_not_offered)
{
    struct sasl_digest_ops only_md5 = { .hmac_md5 = digest_hmac_md5 };
    struct sasl_server_ops few = ops;
    config.digest = &only_md5;
    ck_assert_str_eq(sasl_server_mechanisms(&server), "CRAM-MD5 PLAIN LOGIN");
    config.digest = &digest;
    few.secret = NULL;
    config.ops = &few;
    ck_assert_str_eq(sasl_server_mechanisms(&server), "CRAM-MD5 PLAIN LOGIN");
    ck_assert_int_eq(BEGIN("SCRAM-SHA-256", FIRST), WIRE_AUTH_NO_MECH);
    config.mechs = SASL_BIT(SASL_SCRAM_SHA_256);
    config.ops = &ops;
    ck_assert_str_eq(sasl_server_mechanisms(&server), "SCRAM-SHA-256");
    account = (struct sasl_client_config){ "tim\001", "x", &digest, SASL_ALL, false, client_nonce, NULL };
    sasl_client_init(&client, &account); /* SASLprep has no spelling of this name */
    ck_assert_ptr_null(sasl_client_choose(&client, "SCRAM-SHA-256"));
}
END_TEST

START_TEST(tokens_are_known_by_name_and_refused)
{
    ck_assert_int_eq(BEGIN("XOAUTH2", "user=tim\001auth=Bearer x\001\001"), WIRE_AUTH_NO_MECH);
    ck_assert_int_eq(server.mech, SASL_XOAUTH2);
    ck_assert_int_eq(begin("OAUTHBEARER", NULL, 0), WIRE_AUTH_NO_MECH);
    ck_assert_int_eq(server.mech, SASL_OAUTHBEARER);
    ck_assert_int_eq(step(""), WIRE_AUTH_MALFORMED);
    scram_client("tim", "x", "XOAUTH2 OAUTHBEARER SCRAM-SHA-256");
    ck_assert_int_eq(client.mech, SASL_SCRAM_SHA_256);
}
END_TEST

START_TEST(saslprep_spells_one_way_or_refuses)
{
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } rows[] = {
        { "user", "user" },    { "USER", "USER" },       { "I\302\255X", "IX" }, /* RFC 4013 section 3 */
        { "\302\252", NULL },  { "\342\205\250", NULL }, { "\007", NULL },
        { "\330\2471", NULL }, { "a\302\240b", "a b" },  { "stra\303\237e", "stra\303\237e" },
        { "e\314\201", NULL }, { "\302\255", NULL },     { "", NULL },
        { "\377", NULL },      { "\177", NULL },         { "\344\270\255", "\344\270\255" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32];
        size_t n;
        bool good = sasl_prep(wire_slice_str(rows[i].in), text, &n);
        ck_assert_int_eq(good, rows[i].out != NULL);
        ck_assert(!good || wire_equal(text, n, rows[i].out, strlen(rows[i].out)));
    }
}
END_TEST

START_TEST(a_nonce_is_192_bits_as_text)
{
    char text[SASL_NONCE_MAX];
    uint64_t random[3] = { 0, UINT64_MAX, 1 };
    ck_assert_uint_eq(sasl_nonce_put(text, random), SASL_NONCE_MAX);
    ck_assert(wire_equal(text, sizeof text, "AAAAAAAAAAD//////////wAAAAAAAAAB", 32));
}
END_TEST

static const char *hex(const unsigned char *bytes, size_t n)
{
    static char text[80];
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, sizeof text - 2 * i, "%02x", bytes[i]);
    return text;
}

START_TEST(the_digests_match_their_rfcs)
{
    unsigned char d[DIGEST_SHA256_LEN];
    digest_md5("", 0, d); /* RFC 1321 */
    ck_assert_str_eq(hex(d, 16), "d41d8cd98f00b204e9800998ecf8427e");
    digest_md5("<1896.697170952@dbc.mtview.ca.us>tanstaaf", 41, d); /* RFC 1939 section 7, APOP */
    ck_assert_str_eq(hex(d, 16), "c4c9334bac560ecc979e58001b3e22fb");
    digest_sha256("abc", 3, d); /* FIPS 180-4 */
    ck_assert_str_eq(hex(d, 32), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_hmac_md5("Jefe", 4, "what do ya want for nothing?", 28, d); /* RFC 2104 */
    ck_assert_str_eq(hex(d, 16), "750c783e6ab0b503eaa86e310a5db738");
    digest_hmac_md5("", 0, "", 0, d);
    ck_assert_str_eq(hex(d, 16), "74e6f7298a9c2d168935f58c001bad88");
    digest_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, d); /* RFC 4231 */
    ck_assert_str_eq(hex(d, 32), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    digest_pbkdf2_sha256("passwd", 6, "salt", 4, 1, d); /* RFC 7914 section 11 */
    ck_assert_str_eq(hex(d, 32), "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("scram");
    TCase *t = tcase_create("scram");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, the_scram_server_does_the_example_of_rfc_7677);
    tcase_add_test(t, the_scram_client_does_the_example_of_rfc_7677);
    tcase_add_test(t, a_server_that_cannot_prove_itself_is_not_believed);
    tcase_add_test(t, the_client_distrusts_a_strange_first_message);
    tcase_add_test(t, a_client_without_initial_response_is_asked_for_it_once);
    tcase_add_test(t, wrong_proofs_are_denied);
    tcase_add_test(t, a_replayed_proof_meets_another_nonce);
    tcase_add_test(t, a_login_relayed_to_another_tls_connection_fails);
    tcase_add_test(t, a_list_without_plus_is_found_out);
    tcase_add_test(t, flag_and_mechanism_must_agree);
    tcase_add_test(t, malformed_first_messages_are_refused);
    tcase_add_test(t, scram_names_keep_their_commas);
    tcase_add_test(t, scram_may_act_as_another_only_if_allowed);
    tcase_add_test(t, cut_and_spoilt_scram_messages_do_no_harm);
    tcase_add_test(t, without_what_it_needs_scram_is_not_offered);
    tcase_add_test(t, tokens_are_known_by_name_and_refused);
    tcase_add_test(t, saslprep_spells_one_way_or_refuses);
    tcase_add_test(t, a_nonce_is_192_bits_as_text);
    tcase_add_test(t, the_digests_match_their_rfcs);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
