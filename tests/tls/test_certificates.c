/* Claims about certificates: what the CA issues, what a client thinks of it, what both tell. */
#include "tests/check_main.h"
#include "tests/tls/pair.h"

static struct pair p;

static const enum tls_version versions[] = { TLS_VERSION_1_2, TLS_VERSION_1_3 };

static void run(const struct pair_config *config)
{
    pair_open(&p, config);
    pair_start(&p);
    pair_run(&p);
}

/* ---- faults ---- */

static const struct {
    enum tls_fault fault;
    enum tls_verdict verdict;
    uint8_t alert;
    const char *text; /* the client's */
} faults[] = {
    { TLS_FAULT_EXPIRED, TLS_CERT_EXPIRED, 45,
      "the client fails: certificate-expired: it ended on 2025-12-28, today is 2026-01-01" },
    { TLS_FAULT_NOT_YET_VALID, TLS_CERT_NOT_YET_VALID, 42,
      "the client fails: certificate-not-yet-valid: it begins on 2026-01-31, today is 2026-01-01" },
    { TLS_FAULT_WRONG_NAME, TLS_CERT_WRONG_NAME, 42,
      "the client fails: certificate-wrong-name: it is for www.example.com, and wanted is mail.example.com" },
    { TLS_FAULT_SELF_SIGNED, TLS_CERT_SELF_SIGNED, 48, "the client fails: certificate-self-signed" },
    { TLS_FAULT_UNKNOWN_CA, TLS_CERT_UNKNOWN_CA, 48,
      "the client fails: certificate-unknown-ca: not in the list of CAs: CN=Unlisted Root CA,O=Unlisted" },
    { TLS_FAULT_NO_INTERMEDIATE, TLS_CERT_UNKNOWN_CA, 48,
      "the client fails: certificate-unknown-ca: not in the list of CAs: CN=Mailwalk Issuing CA,O=Mailwalk" },
};
#define FAULTS (int)(sizeof faults / sizeof faults[0])

START_TEST(a_required_check_fails_and_says_why)
{
    for (int v = 0; v < 2; v++) {
        const struct pair_event *e;
        run(&(struct pair_config){ .max = versions[v], .fault = faults[_i].fault });
        ck_assert_int_eq(p.end[TLS_CLIENT].failed, faults[_i].verdict);
        ck_assert_int_eq(tls_session_trust(p.end[TLS_CLIENT].s), faults[_i].verdict);
        ck_assert(p.end[TLS_CLIENT].alert_sent);
        ck_assert_int_eq(p.end[TLS_CLIENT].alert, faults[_i].alert);
        ck_assert_int_eq(p.end[TLS_SERVER].failed, TLS_ALERTED);
        ck_assert_int_eq(p.end[TLS_SERVER].alert, faults[_i].alert);
        ck_assert_ptr_nonnull(e = pair_find(&p, true, TLS_EVENT_VERDICT, (uint8_t)faults[_i].verdict));
        ck_assert_str_eq(e->text, faults[_i].text);
        ck_assert(e->e.fatal);
        ck_assert_ptr_eq(e->e.why, &tls_verdict_info(faults[_i].verdict)->words);
        ck_assert_ptr_nonnull(e = pair_find(&p, false, TLS_EVENT_ALERT, faults[_i].alert));
        ck_assert(!e->e.sent);
        ck_assert_ptr_null(pair_find(&p, true, TLS_EVENT_VERDICT, TLS_ESTABLISHED));
        pair_close(&p);
    }
}
END_TEST

START_TEST(an_opportunistic_client_notes_the_fault_and_goes_on)
{
    for (int v = 0; v < 2; v++) {
        const struct pair_event *e;
        run(&(struct pair_config){ .max = versions[v],
                                   .fault = faults[_i].fault,
                                   .any_check = true,
                                   .check = TLS_CHECK_OPPORTUNISTIC });
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(tls_session_state(p.end[i].s), TLS_OPEN);
        ck_assert_int_eq(tls_session_trust(p.end[TLS_CLIENT].s), faults[_i].verdict);
        ck_assert_ptr_nonnull(e = pair_find(&p, true, TLS_EVENT_VERDICT, (uint8_t)faults[_i].verdict));
        ck_assert(!e->e.fatal);
        ck_assert_ptr_eq(e->e.why, &tls_verdict_info(faults[_i].verdict)->tolerated);
        pair_close(&p);
    }
}
END_TEST

START_TEST(without_a_check_nobody_looks)
{
    run(&(struct pair_config){ .fault = faults[_i].fault, .any_check = true, .check = TLS_CHECK_NONE });
    ck_assert_int_eq(tls_session_state(p.end[TLS_SERVER].s), TLS_OPEN);
    ck_assert_int_eq(tls_session_trust(p.end[TLS_CLIENT].s), TLS_GOES_ON);
    ck_assert_uint_ge(p.chain_len, 1);
    pair_close(&p);
}
END_TEST

/* ---- names ---- */

START_TEST(the_name_decides)
{
    static const struct {
        const char *wanted;
        enum tls_verdict verdict;
    } names[] = {
        { "mail.example.com", TLS_CERT_TRUSTED },
        { "MAIL.Example.COM", TLS_CERT_TRUSTED },
        { "192.0.2.25", TLS_CERT_TRUSTED },
        { "2001:db8::25", TLS_CERT_TRUSTED },
        { "192.0.2.26", TLS_CERT_WRONG_NAME },
        { "example.com", TLS_CERT_WRONG_NAME },
        { "a.mail.example.com", TLS_CERT_WRONG_NAME },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        run(&(struct pair_config){ .server_name = names[i].wanted });
        ck_assert_int_eq(tls_session_trust(p.end[TLS_CLIENT].s), names[i].verdict);
        pair_close(&p);
    }
}
END_TEST

START_TEST(an_address_is_not_sent_as_sni)
{
    run(&(struct pair_config){ .server_name = "192.0.2.25" });
    ck_assert_str_eq(p.hello.name, "");
    ck_assert_str_eq(tls_session_server_name(p.end[TLS_SERVER].s), "");
    ck_assert_str_eq(pair_find(&p, false, TLS_EVENT_MESSAGE, TLS_CLIENT_HELLO)->text,
                     "ClientHello: names no server; offers TLS 1.3, TLS 1.2; 9 cipher suites");
    pair_close(&p);
}
END_TEST

START_TEST(a_root_can_come_as_pem)
{
    char pem[TLS_PEM_MAX];
    pair_open(&p, &(struct pair_config){ 0 });
    ck_assert_uint_gt(tls_pki_pem(p.pki, pem, sizeof pem), 0);
    pair_close(&p);
    run(&(struct pair_config){ .no_trust = true });
    ck_assert_int_eq(p.end[TLS_CLIENT].failed, TLS_CERT_UNKNOWN_CA);
    pair_close(&p);
    run(&(struct pair_config){ .no_trust = true, .trust_pem = pem });
    ck_assert_int_eq(tls_session_trust(p.end[TLS_CLIENT].s), TLS_CERT_TRUSTED);
    pair_close(&p);
    pair_open(&p, &(struct pair_config){ 0 });
    ck_assert_ptr_null(tls_context_new(
        p.lib, &(struct tls_context_config){ .side = TLS_CLIENT, .trust_pem = "not a certificate" }));
    pair_close(&p);
}
END_TEST

/* ---- what nobody shares ---- */

START_TEST(no_shared_version_is_told_to_both)
{
    run(&(struct pair_config){ .client_min = TLS_VERSION_1_3, .max = TLS_VERSION_1_2 });
    ck_assert_int_eq(p.end[TLS_SERVER].failed, TLS_NO_VERSION);
    ck_assert_int_eq(p.end[TLS_SERVER].alert, 70);
    ck_assert_int_eq(p.end[TLS_CLIENT].failed, TLS_ALERTED);
    ck_assert_int_eq(p.end[TLS_CLIENT].alert, 70);
    pair_close(&p);
}
END_TEST

START_TEST(no_shared_cipher_is_told_to_both)
{
    run(&(struct pair_config){ .client_max = TLS_VERSION_1_2,
                               .client_ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256",
                               .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384" });
    ck_assert_int_eq(p.end[TLS_SERVER].failed, TLS_NO_CIPHER);
    ck_assert_int_eq(p.end[TLS_SERVER].alert, 40);
    ck_assert_int_eq(p.end[TLS_CLIENT].failed, TLS_ALERTED);
    ck_assert_int_eq(p.end[TLS_CLIENT].alert, 40);
    pair_close(&p);
    run(&(struct pair_config){ .client_min = TLS_VERSION_1_3,
                               .client_suites = "TLS_AES_128_GCM_SHA256",
                               .suites = "TLS_AES_256_GCM_SHA384" });
    ck_assert_int_eq(p.end[TLS_SERVER].failed, TLS_NO_CIPHER);
    ck_assert_int_eq(p.end[TLS_CLIENT].alert, 40);
    pair_close(&p);
}
END_TEST

/* ---- what is told ---- */

/* "C> ClientHello" and so on, in order, as one end tells it; "*" where it is sealed. */
static void story(bool client, char *out, size_t size)
{
    size_t len = 0;
    for (unsigned i = 0; i < p.events; i++) {
        const struct pair_event *e = &p.event[i];
        if (e->client == client)
            len += (size_t)snprintf(out + len, size - len, "%s%s%s\n",
                                    e->e.kind == TLS_EVENT_VERDICT ? "= "
                                    : e->e.sent                    ? "> "
                                                                   : "< ",
                                    e->e.sealed ? "*" : "", e->e.name);
    }
}

START_TEST(the_story_of_tls_1_3)
{
    char told[1024];
    run(&(struct pair_config){ 0 });
    story(true, told, sizeof told);
    ck_assert_str_eq(
        told, "> ClientHello\n< ServerHello\n< ChangeCipherSpec\n< *EncryptedExtensions\n< *Certificate\n"
              "= certificate-trusted\n< *CertificateVerify\n< *Finished\n> ChangeCipherSpec\n"
              "> *Finished\n= established\n");
    story(false, told, sizeof told);
    ck_assert_str_eq(
        told, "< ClientHello\n> ServerHello\n> ChangeCipherSpec\n> *EncryptedExtensions\n> *Certificate\n"
              "> *CertificateVerify\n> *Finished\n< ChangeCipherSpec\n< *Finished\n= established\n");
    pair_close(&p);
}
END_TEST

START_TEST(the_story_of_tls_1_2)
{
    char told[1024];
    run(&(struct pair_config){ .max = TLS_VERSION_1_2 });
    story(true, told, sizeof told);
    ck_assert_str_eq(
        told, "> ClientHello\n< ServerHello\n< Certificate\n= certificate-trusted\n< ServerKeyExchange\n"
              "< ServerHelloDone\n> ClientKeyExchange\n> ChangeCipherSpec\n> *Finished\n"
              "< ChangeCipherSpec\n< *Finished\n= established\n");
    story(false, told, sizeof told);
    ck_assert_str_eq(told,
                     "< ClientHello\n> ServerHello\n> Certificate\n> ServerKeyExchange\n> ServerHelloDone\n"
                     "< ClientKeyExchange\n< ChangeCipherSpec\n< *Finished\n> ChangeCipherSpec\n> *Finished\n"
                     "= established\n");
    ck_assert_ptr_eq(pair_find(&p, true, TLS_EVENT_MESSAGE, TLS_CERTIFICATE)->e.why,
                     &tls_message_info(TLS_CERTIFICATE)->words12);
    pair_close(&p);
}
END_TEST

START_TEST(messages_are_told_in_words)
{
    run(&(struct pair_config){ 0 });
    ck_assert_str_eq(pair_find(&p, true, TLS_EVENT_MESSAGE, TLS_SERVER_HELLO)->text,
                     "ServerHello: chooses TLS 1.3, TLS_AES_256_GCM_SHA384, x25519");
    ck_assert_str_eq(pair_find(&p, false, TLS_EVENT_MESSAGE, TLS_CLIENT_HELLO)->text,
                     "ClientHello: for mail.example.com; offers TLS 1.3, TLS 1.2; 9 cipher suites");
    ck_assert_str_eq(pair_find(&p, true, TLS_EVENT_MESSAGE, TLS_CERTIFICATE_VERIFY)->text,
                     "CertificateVerify: signed with ecdsa_secp256r1_sha256");
    ck_assert_str_eq(pair_find(&p, true, TLS_EVENT_VERDICT, TLS_ESTABLISHED)->text,
                     "the client finds: established: TLS 1.3, TLS_AES_256_GCM_SHA384");
    pair_close(&p);
}
END_TEST

START_TEST(a_wrong_guess_of_the_group_costs_a_round_trip)
{
    run(&(struct pair_config){ .client_groups = "X25519:P-256", .groups = "P-256" });
    ck_assert_int_eq(tls_session_state(p.end[TLS_SERVER].s), TLS_OPEN);
    ck_assert_str_eq(pair_find(&p, true, TLS_EVENT_MESSAGE, TLS_HELLO_RETRY_REQUEST)->text,
                     "HelloRetryRequest: wants TLS 1.3, TLS_AES_256_GCM_SHA384, secp256r1");
    ck_assert_str_eq(pair_find(&p, true, TLS_EVENT_MESSAGE, TLS_SERVER_HELLO)->text,
                     "ServerHello: chooses TLS 1.3, TLS_AES_256_GCM_SHA384, secp256r1");
    pair_close(&p);
}
END_TEST

START_TEST(no_shared_group_is_no_shared_cipher)
{
    run(&(struct pair_config){ .client_groups = "X25519", .groups = "P-256" });
    ck_assert_int_eq(p.end[TLS_SERVER].failed, TLS_NO_CIPHER);
    ck_assert_int_eq(p.end[TLS_CLIENT].failed, TLS_ALERTED);
    pair_close(&p);
}
END_TEST

START_TEST(settings_that_mean_nothing_are_refused)
{
    struct tls_context_config c = { .side = TLS_CLIENT };
    pair_open(&p, &(struct pair_config){ 0 });
    c.ciphers = "NO-SUCH-CIPHER";
    ck_assert_ptr_null(tls_context_new(p.lib, &c));
    c.ciphers = NULL;
    c.groups = "P-1";
    ck_assert_ptr_null(tls_context_new(p.lib, &c));
    c.groups = NULL;
    c.side = TLS_SERVER; /* without a certificate */
    ck_assert_ptr_null(tls_context_new(p.lib, &c));
    pair_close(&p);
}
END_TEST

START_TEST(the_chain_is_told_to_both)
{
    static const char want[] =
        "Certificate: for mail.example.com 192.0.2.25 2001:db8::25; from 2025-12-02 to 2026-03-01; signed by "
        "CN=Mailwalk Issuing CA,O=Mailwalk; sent with CN=Mailwalk Issuing CA,O=Mailwalk, signed by "
        "CN=Mailwalk Root CA,O=Mailwalk";
    run(&(struct pair_config){ .max = versions[_i] });
    ck_assert_uint_eq(p.chain_len, 2);
    ck_assert_str_eq(p.chain[0].subject, "CN=mail.example.com");
    ck_assert_str_eq(p.chain[0].issuer, p.chain[1].subject);
    ck_assert_str_eq(p.chain[0].names, "mail.example.com 192.0.2.25 2001:db8::25");
    ck_assert_uint_eq(strlen(p.chain[0].serial), 32);
    ck_assert_int_eq(p.chain[0].not_before_s, PAIR_NOW_S - 30 * TLS_DAY_S);
    ck_assert_int_eq(p.chain[0].not_after_s, PAIR_NOW_S + 60 * TLS_DAY_S - 1);
    ck_assert(!p.chain[0].self_issued && !p.chain[1].self_issued);
    for (int i = 0; i < 2; i++) {
        const struct pair_event *e = pair_find(&p, i == 0, TLS_EVENT_MESSAGE, TLS_CERTIFICATE);
        ck_assert_ptr_nonnull(e);
        ck_assert_str_eq(e->text, want);
        ck_assert(e->e.sealed == (versions[_i] == TLS_VERSION_1_3));
        ck_assert_ptr_eq(e->e.heard, versions[_i] == TLS_VERSION_1_3
                                         ? &tls_overheard_sealed
                                         : &tls_message_info(TLS_CERTIFICATE)->overheard);
    }
    pair_close(&p);
}
END_TEST

/* ---- the authority ---- */

static size_t issue(struct tls_pki *pki, const char *name, int64_t now_s, enum tls_fault fault, char *pem)
{
    const char *const names[] = { name };
    struct tls_cert *cert = tls_cert_new(
        pki, &(struct tls_cert_config){ .names = names, .names_len = 1, .now_s = now_s, .fault = fault });
    size_t len = 0;
    if (cert)
        len = tls_cert_pem(cert, TLS_PEM_CHAIN, pem, TLS_PEM_MAX);
    tls_cert_free(cert);
    return len;
}

START_TEST(a_ca_issues_the_same_in_any_order)
{
    char first[TLS_PEM_MAX], again[TLS_PEM_MAX], other[TLS_PEM_MAX];
    pair_open(&p, &(struct pair_config){ .seed = 3 });
    ck_assert_uint_gt(issue(p.pki, "a.example", PAIR_NOW_S, TLS_FAULT_NONE, first), 0);
    ck_assert_uint_gt(issue(p.pki, "b.example", PAIR_NOW_S, TLS_FAULT_NONE, other), 0);
    ck_assert_uint_gt(issue(p.pki, "a.example", PAIR_NOW_S, TLS_FAULT_NONE, again), 0);
    ck_assert_str_eq(first, again);
    ck_assert_str_ne(first, other);
    ck_assert_uint_gt(issue(p.pki, "a.example", PAIR_NOW_S + 1, TLS_FAULT_NONE, other), 0);
    ck_assert_str_ne(first, other);
    pair_close(&p);
    pair_open(&p, &(struct pair_config){ .seed = 3 });
    ck_assert_uint_gt(issue(p.pki, "b.example", PAIR_NOW_S, TLS_FAULT_NONE, other), 0);
    ck_assert_uint_gt(issue(p.pki, "a.example", PAIR_NOW_S, TLS_FAULT_NONE, again), 0);
    ck_assert_str_eq(first, again);
    pair_close(&p);
    pair_open(&p, &(struct pair_config){ .seed = 4 });
    ck_assert_uint_gt(issue(p.pki, "a.example", PAIR_NOW_S, TLS_FAULT_NONE, again), 0);
    ck_assert_str_ne(first, again);
    pair_close(&p);
}
END_TEST

START_TEST(names_that_no_certificate_can_carry_are_refused)
{
    static const char *const good[] = { "a",         "*.example.com", "xn--mgba.example",
                                        "192.0.2.1", "2001:db8::1",   "a_b.example" };
    static const char *const bad[] = {
        "", ".", "a..b", "a b", "a\nb", "*", "*.", "a.*.b", "m\303\244il.example", "a."
    };
    char pem[TLS_PEM_MAX], longest[TLS_NAME_MAX + 2], label[65];
    pair_open(&p, &(struct pair_config){ 0 });
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(issue(p.pki, good[i], PAIR_NOW_S, TLS_FAULT_NONE, pem) > 0, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(issue(p.pki, bad[i], PAIR_NOW_S, TLS_FAULT_NONE, pem) == 0, "%s", bad[i]);
    memset(label, 'a', 64);
    label[64] = '\0';
    ck_assert_uint_eq(issue(p.pki, label, PAIR_NOW_S, TLS_FAULT_NONE, pem), 0);
    for (size_t i = 0; i < TLS_NAME_MAX + 1; i++)
        longest[i] = i % 60 == 59 ? '.' : 'a';
    longest[TLS_NAME_MAX + 1] = '\0';
    ck_assert_uint_eq(issue(p.pki, longest, PAIR_NOW_S, TLS_FAULT_NONE, pem), 0);
    longest[TLS_NAME_MAX] = '\0'; /* too long for a common name as well: the subject stays empty */
    ck_assert_uint_gt(issue(p.pki, longest, PAIR_NOW_S, TLS_FAULT_NONE, pem), 0);
    ck_assert_uint_gt(issue(p.pki, longest, PAIR_NOW_S, TLS_FAULT_WRONG_NAME, pem), 0);
    ck_assert_ptr_null(tls_cert_new(p.pki, &(struct tls_cert_config){ .names_len = 0, .now_s = PAIR_NOW_S }));
    pair_close(&p);
}
END_TEST

START_TEST(pem_text_fits_or_is_left_out)
{
    char pem[TLS_PEM_MAX];
    size_t len;
    pair_open(&p, &(struct pair_config){ 0 });
    len = tls_cert_pem(p.cert, TLS_PEM_CHAIN, pem, sizeof pem);
    ck_assert_uint_gt(len, 0);
    ck_assert_uint_eq(len, strlen(pem));
    ck_assert_ptr_nonnull(strstr(strstr(pem, "BEGIN") + 1, "BEGIN CERTIFICATE")); /* two of them */
    ck_assert_uint_eq(tls_cert_pem(p.cert, TLS_PEM_CHAIN, pem, len), 0);
    ck_assert_uint_eq(tls_cert_pem(p.cert, TLS_PEM_CHAIN, pem, len + 1), len);
    ck_assert_uint_gt(tls_cert_pem(p.cert, TLS_PEM_KEY, pem, sizeof pem), 0);
    ck_assert_int_eq(strncmp(pem, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
    pair_close(&p);
}
END_TEST

static Suite *certificates_suite(void)
{
    Suite *suite = suite_create("tls_certificates");
    TCase *t = tcase_create("certificates");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_required_check_fails_and_says_why, 0, FAULTS);
    tcase_add_loop_test(t, an_opportunistic_client_notes_the_fault_and_goes_on, 0, FAULTS);
    tcase_add_loop_test(t, without_a_check_nobody_looks, 0, FAULTS);
    tcase_add_test(t, the_name_decides);
    tcase_add_test(t, an_address_is_not_sent_as_sni);
    tcase_add_test(t, a_root_can_come_as_pem);
    tcase_add_test(t, no_shared_version_is_told_to_both);
    tcase_add_test(t, no_shared_cipher_is_told_to_both);
    tcase_add_test(t, the_story_of_tls_1_3);
    tcase_add_test(t, the_story_of_tls_1_2);
    tcase_add_test(t, messages_are_told_in_words);
    tcase_add_test(t, a_wrong_guess_of_the_group_costs_a_round_trip);
    tcase_add_test(t, no_shared_group_is_no_shared_cipher);
    tcase_add_test(t, settings_that_mean_nothing_are_refused);
    tcase_add_loop_test(t, the_chain_is_told_to_both, 0, 2);
    tcase_add_test(t, a_ca_issues_the_same_in_any_order);
    tcase_add_test(t, names_that_no_certificate_can_carry_are_refused);
    tcase_add_test(t, pem_text_fits_or_is_left_out);
    suite_add_tcase(suite, t);
    return suite;
}

CHECK_MAIN(certificates_suite)
