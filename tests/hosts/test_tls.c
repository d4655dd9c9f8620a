/* TLS between hosts: where it is used, what a client makes of a certificate, and what somebody in the middle
 * gets. */
#include "sim/hosts/mua.h"
#include "tests/hosts/puppet.h"

/* alice submits to mail-a, bob reads at mx-b; each server has every kind of door. */
static void services(struct part *p)
{
    p->smtp[0].security = SPEC_STARTTLS;
    p->smtp[1].security = SPEC_STARTTLS;
    p->smtp[1].auth = SPEC_AUTH_REQUIRED;
    p->smtp[2] = (struct spec_service){
        .kind = SPEC_SMTP_SUBMISSION, .port = 465, .auth = SPEC_AUTH_REQUIRED, .security = SPEC_TLS
    };
    p->mta.nservices = 3;
    p->reading[0].security = p->reading[1].security = SPEC_STARTTLS;
    p->reading[2] = (struct spec_service){ .kind = SPEC_POP3, .port = 995, .security = SPEC_TLS };
    p->reading[3] = (struct spec_service){ .kind = SPEC_IMAP, .port = 993, .security = SPEC_TLS };
    p->store.nservices = 4;
}

static void submits_with(enum spec_security security)
{
    submits(alice);
    alice->accounts[0].submit_security = security;
    alice->accounts[0].submit_port = security == SPEC_TLS ? 465 : 587;
}

static void reads_with(enum spec_service_kind kind, enum spec_security security)
{
    struct spec_account *a = &bob->accounts[0];
    a->fetch_kind = kind;
    a->fetch_security = security;
    a->fetch_port =
        kind == SPEC_POP3 ? (security == SPEC_TLS ? 995 : 110) : (security == SPEC_TLS ? 993 : 143);
}

static struct part *stranger;

static void begin(void)
{
    two_domains();
    stranger = host_add("stranger");
    services(mail_a);
    services(mx_b);
    submits_with(SPEC_STARTTLS);
    reads_with(SPEC_IMAP, SPEC_STARTTLS);
}

/* ---- where it is used ----------------------------------------------------------------------------- */

static const struct way {
    enum spec_service_kind fetch;
    enum spec_security submit, read;
} ways[] = { { SPEC_IMAP, SPEC_STARTTLS, SPEC_STARTTLS },
             { SPEC_IMAP, SPEC_TLS, SPEC_TLS },
             { SPEC_POP3, SPEC_STARTTLS, SPEC_STARTTLS },
             { SPEC_POP3, SPEC_TLS, SPEC_TLS } };

static bool sealed(const struct seen *s)
{
    return strcmp(attr(s, "sealed"), "yes") == 0;
}

START_TEST(a_message_goes_all_the_way_encrypted)
{
    const struct way *w = &ways[_i];
    submits_with(w->submit);
    reads_with(w->fetch, w->read);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    fetch_at(bob, 20 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "alice", "sent", "result", "ok", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "bob", "fetched", "result", "ok", NULL));
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "alice", "tls", "certificate", "certificate-trusted", NULL),
                      1);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "bob", "tls", "certificate", "certificate-trusted", NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mail-a", "tls", "certificate", "certificate-trusted", NULL),
                      1);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, NULL, "tls-failed", NULL), 0);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, NULL, "tls-broken", NULL), 0);
    ck_assert(sealed(line(NULL, "alice", "MAIL FROM")));
    ck_assert(sealed(line(NULL, "mail-a", "MAIL FROM")));
    ck_assert(sealed(line(NULL, "alice", "Subject: hello")));
    ck_assert(sealed(line_with("mx-b", "Subject: hello")));
    ck_assert(!sealed(line(NULL, "alice", "ClientHello")));
    nothing_is_left_open();
}
END_TEST

START_TEST(after_starttls_the_session_starts_anew)
{
    const struct seen *hello, *again;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    hello = line(NULL, "alice", "EHLO");
    again = line(hello, "alice", "EHLO");
    ck_assert(!sealed(hello));
    ck_assert(sealed(again));
    ck_assert_uint_eq(lines("alice", "EHLO"), 2);
    ck_assert_ptr_nonnull(line(NULL, "mail-a", "250 STARTTLS"));
    ck_assert_ptr_null(line(again, "mail-a", "250 STARTTLS")); /* inside TLS it is not offered again */
    ck_assert_ptr_nonnull(line_with("mail-a", "AUTH"));
    ck_assert(sealed(line_with("mail-a", "AUTH"))); /* and AUTH not before */
}
END_TEST

/* ---- certificates ------------------------------------------------------------------------------------ */

static const struct {
    const char *fault, *verdict;
} faults[] = { { "expired", "certificate-expired" },
               { "not-yet-valid", "certificate-not-yet-valid" },
               { "wrong-name", "certificate-wrong-name" },
               { "self-signed", "certificate-self-signed" },
               { "unknown-ca", "certificate-unknown-ca" } };
enum { FAULTS = sizeof faults / sizeof faults[0] };

/* The client says why, and nothing of what it has for the server has left it. */
static void check_refused(const char *host, const char *event, const char *verdict)
{
    static const char *const secrets[] = { "AUTH", "MAIL", "USER", "PASS", "From:" };
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, host, event, "result", "not-secured", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, host, "tls-failed", "verdict", verdict, NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_ERROR, host, NULL, NULL));
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        ck_assert_msg(lines(host, secrets[i]) == 0, "%s said %s", host, secrets[i]);
    ck_assert_ptr_null(line_with(host, "LOGIN"));
    ck_assert_ptr_null(line_with(host, "AUTHENTICATE"));
    nothing_is_left_open();
}

START_TEST(a_sender_stops_at_a_bad_certificate)
{
    submits_with(_i < FAULTS ? SPEC_STARTTLS : SPEC_TLS);
    mail_a->host->certificate_fault = faults[_i % FAULTS].fault;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    check_refused("alice", "send-failed", faults[_i % FAULTS].verdict);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "accepted", NULL), 0);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
}
END_TEST

START_TEST(a_reader_stops_at_a_bad_certificate)
{
    unsigned way = (unsigned)_i / FAULTS;
    reads_with(ways[way].fetch, ways[way].read);
    mx_b->host->certificate_fault = faults[_i % FAULTS].fault;
    fetch_at(bob, CORE_S);
    run_until(CORE_MINUTE);
    check_refused("bob", "fetch-failed", faults[_i % FAULTS].verdict);
}
END_TEST

START_TEST(between_servers_a_bad_certificate_is_better_than_none)
{ /* RFC 7435 section 3 */
    mx_b->host->certificate_fault = faults[_i].fault;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_SESSION, "mail-a", "tls", "certificate", faults[_i].verdict, NULL));
    ck_assert(sealed(line(NULL, "mail-a", "MAIL FROM")));
    nothing_is_left_open();
}
END_TEST

/* ---- without an offer -------------------------------------------------------------------------------- */

START_TEST(a_program_that_wants_tls_does_not_go_on_without)
{
    mail_a->smtp[1].security = SPEC_PLAIN;
    mx_b->reading[0].security = mx_b->reading[1].security = SPEC_PLAIN;
    reads_with(_i == 0 ? SPEC_IMAP : SPEC_POP3, SPEC_STARTTLS);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    fetch_at(bob, 5 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_CLIENT, "alice", "send-failed", "result", "not-secured", NULL));
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_CLIENT, "bob", "fetch-failed", "result", "not-secured", NULL));
    ck_assert_uint_eq(
        lines("alice", "AUTH") + lines("alice", "MAIL") + lines("bob", "USER") + lines("bob", "PASS"), 0);
    ck_assert_ptr_null(line_with("bob", "LOGIN"));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    nothing_is_left_open();
}
END_TEST

/* The router between all hosts writes over what passes. */
static void tamper(const char *find_this, const char *with, uint16_t port)
{
    struct spec_rewrite *r = core_arena_take(&sm.arena, sizeof *r);
    *r = (struct spec_rewrite){ .name = "middle",
                                .pointer = "/hosts/core/rewrites/0",
                                .port = port,
                                .find = find_this,
                                .with = with,
                                .until_ns = CORE_NEVER };
    sm.hosts[0].rewrites = r;
    sm.hosts[0].nrewrites = 1;
}

START_TEST(who_removes_starttls_stops_those_who_insist)
{
    const struct seen *act;
    tamper("STARTTLS", "XXXXXXXA", 0);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_CLIENT, "alice", "send-failed", "result", "not-secured", NULL));
    ck_assert_uint_eq(lines("alice", "STARTTLS") + lines("alice", "AUTH") + lines("alice", "MAIL"), 0);
    act = find(NULL, TRACE_KIND_FAULT, "core", "rewrote", "name", "middle", "find", "STARTTLS", NULL);
    ck_assert_ptr_nonnull(act);
    ck_assert_str_eq(attr(act, "pointer"), "/hosts/core/rewrites/0");
    nothing_is_left_open();
}
END_TEST

START_TEST(who_removes_starttls_reads_the_mail_of_servers)
{
    tamper("STARTTLS", "XXXXXXXA", 25);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert(sealed(line(NULL, "alice", "MAIL FROM"))); /* port 587: another rule's business */
    ck_assert(!sealed(line(NULL, "mail-a", "MAIL FROM")));
    ck_assert(!sealed(line(NULL, "mail-a", "Subject: hello")));
    ck_assert_ptr_null(line(NULL, "mail-a", "ClientHello"));
}
END_TEST

START_TEST(inside_tls_there_is_nothing_to_write_over)
{
    submits_with(SPEC_TLS);
    tamper("hello", "HELLO", 465);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(count(TRACE_KIND_FAULT, "core", "rewrote", NULL), 0);
    ck_assert_ptr_nonnull(strstr(letter(mx_b, "bob", 0), "Subject: hello"));
}
END_TEST

/* Two rules and one segment: one frame more in the capture, with the words of both. */
START_TEST(what_a_router_has_changed_is_a_frame_of_its_own)
{
    struct spec_rewrite *r;
    const struct seen *act, *made;
    sm.levels |= TRACE_BIT(TRACE_PACKET);
    tamper("STARTTLS", "XXXXXXXA", 587);
    r = core_arena_take(&sm.arena, 2 * sizeof *r);
    r[0] = r[1] = sm.hosts[0].rewrites[0];
    r[1].name = "second";
    r[1].find = "8BITMIME";
    r[1].with = "7BITMIME";
    sm.hosts[0].rewrites = r;
    sm.hosts[0].nrewrites = 2;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    act = find(NULL, TRACE_KIND_FAULT, "core", "rewrote", "name", "second", NULL);
    ck_assert_ptr_nonnull(act);
    made = find(act, TRACE_KIND_SENT, "core", NULL, NULL);
    ck_assert_ptr_nonnull(made);
    ck_assert_uint_gt(made->frame, act->frame);
    ck_assert_uint_eq(strtoull(attr(made, "instead_of"), NULL, 10), act->frame);
    ck_assert_str_eq(attr(made, "changed"),
                     "middle: \"STARTTLS\" becomes \"XXXXXXXA\"; second: \"8BITMIME\" becomes \"7BITMIME\"");
    ck_assert_uint_eq(count(TRACE_KIND_FAULT, "core", "rewrote", NULL), 2);
    ck_assert_ptr_null(find(made, TRACE_KIND_SENT, "core", NULL, "changed", attr(made, "changed"), NULL));
}
END_TEST

/* The changed packets have good checksums at even and odd places and lengths: TCP would ask again otherwise,
 * and nothing would ever arrive. */
START_TEST(changed_text_arrives_changed_and_once)
{
    static const char *const words[][2] = {
        { "hello", "HOWDY" }, { "ello", "OWDY" }, { "l", "m" }, { "Hello.", "Bye..." }
    };
    struct spec_message *m;
    mx_b->smtp[0].security = SPEC_PLAIN;
    tamper(words[_i][0], words[_i][1], 25);
    m = mail_at(alice, "hello", "bob@b.test", CORE_S);
    m->text = "Hello.\r\n";
    run_until(10 * CORE_S);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_nonnull(strstr(letter(mx_b, "bob", 0), words[_i][1]));
    ck_assert_uint_ge(count(TRACE_KIND_FAULT, "core", "rewrote", NULL), 1);
    ck_assert_uint_lt(find(NULL, TRACE_KIND_QUEUE, "mx-b", "accepted", NULL)->t_ns,
                      3 * CORE_S); /* nothing was sent twice */
}
END_TEST

/* ---- octets before the handshake ------------------------------------------------------------------------
 */

static const struct {
    uint16_t port;
    const char *typed, *last, *never;
} injections[] = {
    { 25, "EHLO x\r\n", "220 2.0.0 ", "250 2.1.0" },
    { 587, "EHLO x\r\n", "220 2.0.0 ", "250 2.1.0" },
    { 110, "CAPA\r\n", "+OK begin", "+OK bye" },
    { 143, "a CAPABILITY\r\n", "b OK ", "c OK" },
};

/* RFC 3207 section 4.2, CVE-2011-0411: what stands behind STARTTLS in the same segment is not a command that
 * came encrypted, and not one that came in clear. */
START_TEST(a_server_discards_what_comes_with_starttls)
{
    static const char *const commands[] = { "STARTTLS\r\nMAIL FROM:<x@x.test>\r\n", "STLS\r\nQUIT\r\n",
                                            "b STARTTLS\r\nc LOGOUT\r\n" };
    const char *after, *command = commands[_i < 2 ? 0 : _i - 1];
    struct puppet *p;
    small_build();
    p = puppet_call(stranger, mx_b, injections[_i].port, CORE_S);
    puppet_says(p, 2 * CORE_S, injections[_i].typed);
    puppet_says(p, 3 * CORE_S, command);
    run_until(30 * CORE_S);
    after = strstr(p->got, injections[_i].last);
    ck_assert_msg(after, "%s", p->got);
    ck_assert_str_eq(strchr(after, '\n'), "\n"); /* the last word in clear text */
    ck_assert_ptr_null(strstr(p->got, injections[_i].never));
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mx-b", "tls-failed", NULL),
                      0); /* it waits for a ClientHello */
    puppet_closes(p, 31 * CORE_S);
    run_until(20 * CORE_MINUTE);
    nothing_is_left_open();
}
END_TEST

static const char *injecting(struct puppet *p, const char *line_read)
{
    (void)p;
    if (strncmp(line_read, "EHLO", 4) == 0)
        return "250-other\r\n250 STARTTLS\r\n";
    return strncmp(line_read, "STARTTLS", 8) == 0 ? "220 go\r\n250-other\r\n250 AUTH PLAIN\r\n" : NULL;
}

/* The same the other way round: replies that somebody has put behind 220 are no replies of the server. */
START_TEST(a_client_discards_what_comes_with_220)
{
    alice->accounts[0].submit_server = stranger->address_text;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    small_build();
    puppet_serve(stranger, 587, "220 other\r\n", injecting);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(lines("alice", "AUTH") + lines("alice", "MAIL"), 0);
    ck_assert_uint_eq(lines("alice", "EHLO"), 1);
    ck_assert_ptr_nonnull(line(NULL, "alice", "ClientHello"));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "alice", "send-failed", NULL));
    nothing_is_left_open();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts tls");
    TCase *t = tcase_create("tls");
    tcase_add_checked_fixture(t, begin, small_end);
    tcase_add_loop_test(t, a_message_goes_all_the_way_encrypted, 0, sizeof ways / sizeof ways[0]);
    tcase_add_test(t, after_starttls_the_session_starts_anew);
    tcase_add_loop_test(t, a_sender_stops_at_a_bad_certificate, 0, 2 * FAULTS);
    tcase_add_loop_test(t, a_reader_stops_at_a_bad_certificate, 0, 4 * FAULTS);
    tcase_add_loop_test(t, between_servers_a_bad_certificate_is_better_than_none, 0, FAULTS);
    tcase_add_loop_test(t, a_program_that_wants_tls_does_not_go_on_without, 0, 2);
    tcase_add_test(t, who_removes_starttls_stops_those_who_insist);
    tcase_add_test(t, who_removes_starttls_reads_the_mail_of_servers);
    tcase_add_test(t, what_a_router_has_changed_is_a_frame_of_its_own);
    tcase_add_test(t, inside_tls_there_is_nothing_to_write_over);
    tcase_add_loop_test(t, changed_text_arrives_changed_and_once, 0, 4);
    tcase_add_loop_test(t, a_server_discards_what_comes_with_starttls, 0, 4);
    tcase_add_test(t, a_client_discards_what_comes_with_220);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
