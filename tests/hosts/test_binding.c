/* Proofs tied to a TLS connection (SCRAM-SHA-256-PLUS): by every service and mail program, and what becomes
 * of a man in the middle whom the certificates do not give away. */
#include "sim/hosts/pump.h"
#include "sim/hosts/secure.h"
#include "tests/hosts/puppet.h"

#define PLUS "SCRAM-SHA-256-PLUS"

/* ---- the man in the middle: ends TLS towards both sides and passes on what they say -------------------- */

struct middle_end {
    struct pump pump;
    struct middle_end *other;
    const struct part *towards; /* the true server; set at the end that the client has come to */
    struct net_addr to;
    uint16_t port;
    bool secured;
};

static struct middle {
    struct middle_end end[64];
    unsigned used;
    bool strikes_plus; /* out of every list */
    struct wire_out out;
} middle;

static const struct wire_lesson passed_on = { "Passed on", "Somebody in between passes it on.", "RFC 5802" };

static const struct pump_ops middle_ops;

static void middle_opened(struct pump *p)
{
    struct middle_end *e = CORE_OWNER(p, struct middle_end, pump);
    if (e->towards)
        pump_secure(p, secure_server(p->host), NULL);
    else
        pump_secure(p, secure_client(&sm.world, TLS_CHECK_REQUIRED), "mail.a.test");
}

static void middle_secured(struct pump *p)
{
    struct middle_end *e = CORE_OWNER(p, struct middle_end, pump);
    e->secured = true;
    if (e->towards) {
        ck_assert_uint_lt(middle.used, 64);
        e->other = &middle.end[middle.used++];
        e->other->other = e;
        ck_assert(pump_connect(&e->other->pump, p->host, &middle_ops, &e->to, e->port));
    }
}

static size_t middle_step(struct pump *p, const char *in, size_t len)
{
    struct middle_end *e = CORE_OWNER(p, struct middle_end, pump);
    size_t n = len < 4000 ? len : 4000;
    char *found;
    if (!e->other || !e->other->secured)
        return 0;
    wire_out_reset(&middle.out);
    wire_out_line(&middle.out, &passed_on);
    wire_out_bytes(&middle.out, in, n);
    middle.out.text[middle.out.len] = '\0';
    if (middle.strikes_plus && (found = strstr(middle.out.text, PLUS)) != NULL)
        memcpy(found, "X-SOMETHING-STRUCK", sizeof "X-SOMETHING-STRUCK" - 1);
    pump_say(&e->other->pump, &middle.out);
    return n;
}

static bool middle_pull(struct pump *p)
{
    (void)p;
    return false;
}

static void middle_peer_closed(struct pump *p)
{
    struct middle_end *e = CORE_OWNER(p, struct middle_end, pump);
    pump_close(p);
    if (e->other)
        pump_close(&e->other->pump);
}

static void middle_ended(struct pump *p, enum tcp_end why)
{
    struct middle_end *e = CORE_OWNER(p, struct middle_end, pump);
    (void)why;
    if (e->other)
        e->other->other = NULL;
    e->other = NULL;
}

static const struct pump_ops middle_ops = { .proto = TRACE_SMTP,
                                            .dir = 'S',
                                            .opened = middle_opened,
                                            .step = middle_step,
                                            .pull = middle_pull,
                                            .peer_closed = middle_peer_closed,
                                            .ended = middle_ended,
                                            .secured = middle_secured };

static bool middle_accepts(struct net_host *host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops,
                           void **app)
{
    struct middle_end *e = &middle.end[middle.used++];
    uint16_t *port = ctx;
    (void)host;
    ck_assert_uint_lt(middle.used, 64);
    e->towards = mail_a;
    e->to = mail_a->address;
    e->port = *port;
    pump_accept(&e->pump, host_of_part(sm.parts[sm.spec.nhosts - 1]), &middle_ops, c, ops, app);
    return true;
}

/* ---- the cast ------------------------------------------------------------------------------------------ */

static struct part *pop_alice, *mallory;
static uint16_t ports[] = { 465, 993, 995 };

static void reads_inside_tls(struct part *p, uint16_t port)
{
    p->accounts[0].mechanisms = PLUS " SCRAM-SHA-256";
    p->accounts[0].submit_server = p->accounts[0].fetch_server = "mail.a.test";
    p->accounts[0].submit_port = 465;
    p->accounts[0].submit_security = p->accounts[0].fetch_security = SPEC_TLS;
    p->accounts[0].submit_auth = SPEC_AUTH_REQUIRED;
    p->accounts[0].fetch_port = port;
}

static void begin(void)
{
    memset(&middle, 0, sizeof middle);
    two_domains();
    mail_a->smtp[1] = (struct spec_service){
        .kind = SPEC_SMTP_SUBMISSION, .port = 465, .auth = SPEC_AUTH_REQUIRED, .security = SPEC_TLS
    };
    mail_a->reading[0] = (struct spec_service){ .kind = SPEC_POP3, .port = 995, .security = SPEC_TLS };
    mail_a->reading[1] = (struct spec_service){ .kind = SPEC_IMAP, .port = 993, .security = SPEC_TLS };
    mail_a->smtp[2] =
        (struct spec_service){ .kind = SPEC_SMTP_SUBMISSION, .port = 587, .auth = SPEC_AUTH_OFFERED };
    mail_a->reading[2] = (struct spec_service){ .kind = SPEC_POP3, .port = 110 };
    mail_a->reading[3] = (struct spec_service){ .kind = SPEC_IMAP, .port = 143 };
    mail_a->mta.nservices = 3;
    mail_a->store.nservices = 4;
    pop_alice = host_add("pop-alice");
    account_add(pop_alice, "alice@a.test", mail_a, SPEC_POP3);
    reads_inside_tls(alice, 993);
    reads_inside_tls(pop_alice, 995);
    mallory = host_add("mallory"); /* the last one */
    mail_at(alice, "hello", "alice@a.test", CORE_S);
    fetch_at(alice, CORE_MINUTE);
    fetch_at(pop_alice, 2 * CORE_MINUTE);
}

/* The name leads to Mallory, who has tricked a CA out of a certificate for it. */
static void mallory_sits_between(void)
{
    static const char *const names[] = { "mail.a.test" };
    struct spec_zone *z = zone_named("a.test");
    for (size_t i = 0; i < z->nrecords; i++)
        if (strcmp(z->records[i].type, "A") == 0)
            ((struct spec_record *)(uintptr_t)&z->records[i])->data = mallory->address_text;
    mallory->host->certificate_names = names;
    mallory->host->ncertificate_names = 1;
    small_build();
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        ck_assert(tcp_listen(host_of_part(mallory)->net, ports[i], middle_accepts, &ports[i]));
}

static void logged_in_by(const char *method)
{
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "alice", "sent", "result", "ok", NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "alice", "fetched", "result", "ok", NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "pop-alice", "fetched", "result", "ok", NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mail-a", "login", "daemon", "imap", "method", method, NULL),
                      1);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mail-a", "login", "daemon", "pop3", "method", method, NULL),
                      1);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mail-a", "auth-failed", NULL), 0);
}

/* Three logins, each refused for that reason, which the server keeps to itself. */
static void refused_because(enum sasl_fault fault)
{
    const struct seen *s = NULL;
    unsigned n = 0;
    while ((s = find(s, TRACE_KIND_SESSION, "mail-a", "auth-failed", NULL)) != NULL) {
        if (fault != SASL_FAULT_DOWNGRADE) /* which shows before the name is looked at */
            ck_assert_str_eq(attr(s, "user"), "alice");
        ck_assert_str_eq(s->title ? s->title : "", sasl_fault_lesson(fault)->title);
        n++;
    }
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mail-a", "login", NULL), 0);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "alice", "sent", NULL), 0);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "alice", "send-failed", "result", "auth-failed", NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "alice", "fetch-failed", "result", "auth-failed", NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "pop-alice", "fetch-failed", "result", "auth-failed", NULL),
                      1);
}

START_TEST(every_service_and_program_binds_its_proof_to_tls)
{
    run_until(CORE_HOUR);
    logged_in_by(PLUS);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_proof_relayed_by_somebody_in_between_is_refused)
{
    mallory_sits_between();
    run_until(CORE_HOUR);
    refused_because(SASL_FAULT_BINDING);
    nothing_is_left_open();
}
END_TEST

START_TEST(without_binding_somebody_in_between_is_let_in)
{
    alice->accounts[0].mechanisms = pop_alice->accounts[0].mechanisms = "SCRAM-SHA-256";
    mallory_sits_between();
    run_until(CORE_HOUR);
    logged_in_by("SCRAM-SHA-256");
    nothing_is_left_open();
}
END_TEST

START_TEST(striking_plus_from_the_list_is_found_out)
{
    middle.strikes_plus = true;
    mallory_sits_between();
    run_until(CORE_HOUR);
    refused_because(SASL_FAULT_DOWNGRADE);
    nothing_is_left_open();
}
END_TEST

START_TEST(plus_is_offered_only_inside_tls)
{
    small_build();
    struct puppet *smtp = puppet_call(bob, mail_a, 587, CORE_S),
                  *pop3 = puppet_call(bob, mail_a, 110, CORE_S),
                  *imap = puppet_call(bob, mail_a, 143, CORE_S);
    puppet_says(smtp, 2 * CORE_S, "EHLO x\r\nAUTH " PLUS "\r\n");
    puppet_says(pop3, 2 * CORE_S, "CAPA\r\nAUTH " PLUS "\r\n");
    puppet_says(imap, 2 * CORE_S, "a CAPABILITY\r\nb AUTHENTICATE " PLUS "\r\n");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(smtp->got, "SCRAM-SHA-256"));
    ck_assert_ptr_nonnull(strstr(pop3->got, "SCRAM-SHA-256"));
    ck_assert_ptr_nonnull(strstr(imap->got, "AUTH=SCRAM-SHA-256"));
    ck_assert_ptr_null(strstr(smtp->got, PLUS));
    ck_assert_ptr_null(strstr(pop3->got, PLUS));
    ck_assert_ptr_null(strstr(imap->got, PLUS));
    ck_assert_ptr_nonnull(strstr(smtp->got, "\r\n504 5.5.4 "));
    ck_assert_ptr_nonnull(strstr(pop3->got, "\r\n-ERR "));
    ck_assert_ptr_nonnull(strstr(imap->got, "\r\nb NO "));
}
END_TEST

START_TEST(tokens_are_refused_by_name)
{
    static const char *const names[] = { "XOAUTH2", "OAUTHBEARER", "XOAUTH2" };
    static const char *const bearers[] = { " dXNlcj1hAWF1dGg9QmVhcmVyIHgBAQ==", "", " not-base64" };
    static const char *const known = " is known, but not offered here\r\n";
    small_build();
    for (unsigned i = 0; i < 3; i++) {
        struct puppet *smtp = puppet_call(bob, mail_a, 587, i * CORE_MINUTE + CORE_S),
                      *pop3 = puppet_call(bob, mail_a, 110, i * CORE_MINUTE + CORE_S),
                      *imap = puppet_call(bob, mail_a, 143, i * CORE_MINUTE + CORE_S);
        const char *bearer = bearers[i], *junk = i == 2 ? bearer : "";
        puppet_says(smtp, i * CORE_MINUTE + 2 * CORE_S,
                    text_of("EHLO x\r\nAUTH %s%s\r\nAUTH NOSUCH%s\r\nNOOP\r\n", names[i], bearer, junk));
        puppet_says(pop3, i * CORE_MINUTE + 2 * CORE_S,
                    text_of("AUTH %s%s\r\nAUTH NOSUCH%s\r\nCAPA\r\n", names[i], bearer, junk));
        puppet_says(
            imap, i * CORE_MINUTE + 2 * CORE_S,
            text_of("a AUTHENTICATE %s%s\r\nb AUTHENTICATE NOSUCH%s\r\nc NOOP\r\n", names[i], bearer, junk));
        run_until((i + 1) * CORE_MINUTE);
        ck_assert_ptr_nonnull(strstr(smtp->got, text_of("\r\n504 5.5.4 %s%s", names[i], known)));
        ck_assert_ptr_nonnull(strstr(smtp->got, "\r\n504 5.5.4 Unrecognized authentication type\r\n250 "));
        ck_assert_ptr_null(strstr(smtp->got, text_of("250 AUTH %s", names[i])));
        ck_assert_ptr_nonnull(strstr(pop3->got, text_of("\r\n-ERR %s%s", names[i], known)));
        ck_assert_ptr_nonnull(strstr(pop3->got, "\r\n-ERR mechanism not offered\r\n+OK"));
        ck_assert_ptr_nonnull(strstr(imap->got, text_of("\r\na NO [CANNOT] %s%s", names[i], known)));
        ck_assert_ptr_nonnull(strstr(imap->got, "\r\nb NO [CANNOT] Mechanism is not offered\r\nc OK "));
        ck_assert_ptr_null(strstr(imap->got, text_of("AUTH=%s", names[i])));
        ck_assert_ptr_null(line_with(NULL, "Bearer"));
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts binding");
    TCase *t = tcase_create("binding");
    tcase_add_checked_fixture(t, begin, small_end);
    tcase_add_test(t, every_service_and_program_binds_its_proof_to_tls);
    tcase_add_test(t, a_proof_relayed_by_somebody_in_between_is_refused);
    tcase_add_test(t, without_binding_somebody_in_between_is_let_in);
    tcase_add_test(t, striking_plus_from_the_list_is_found_out);
    tcase_add_test(t, plus_is_offered_only_inside_tls);
    tcase_add_test(t, tokens_are_refused_by_name);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
