/* Expectations fed with hand-made records, each kind both ways. */
#include "scenarios/load/catalogue.h"
#include "tests/check_main.h"
#include "tests/scenarios/support.h"

enum { ALICE = 1, MAIL, MX, PHONE };

static struct scenario s;
static struct expect e;
static struct trace trace;
static uint64_t now_ns;

/* A scenario around one expectation. */
static void begin(const char *item)
{
    static const char *const names[] = { "alice", "mail", "mx", "phone" };
    struct trace_host hosts[4];
    struct trace_opening opening = {
        .scenario = "t", .title = "t", .version = "1", .hosts = hosts, .nhosts = 4
    };
    struct trace_sink sink;
    char text[3000];
    int n = snprintf(
        text, sizeof text,
        "{ \"title\": \"t\", \"until\": \"1d\", \"links\": { \"l\": {} }, \"hosts\": {"
        "\"alice\": { \"interfaces\": [\"l 192.0.2.1/24\"], \"client\": { \"accounts\": [{ \"address\": "
        "\"alice@example.com\","
        " \"password\": \"p\", \"submit\": { \"server\": \"192.0.2.2\" } }] } },"
        "\"mail\": { \"fqdn\": \"mail.example.com\", \"interfaces\": [\"l 192.0.2.2/24\"], \"mta\": { "
        "\"domains\": [\"example.com\"] },"
        " \"store\": { \"users\": { \"alice\": \"p\", \"bob\": \"p\" } } },"
        "\"mx\": { \"fqdn\": \"mx.example.org\", \"interfaces\": [\"l 192.0.2.3/24\"], \"mta\": { "
        "\"domains\": [\"example.org\"] },"
        " \"store\": { \"users\": { \"bob\": { \"password\": \"p\", \"messages\": [\"old\"] } } } },"
        "\"phone\": { \"interfaces\": [\"l 192.0.2.4/24\"] } },"
        "\"messages\": { \"lunch\": { \"to\": \"bob@example.org\" }, \"dinner\": { \"to\": "
        "\"bob@example.org\" }, \"old\": { \"to\": \"bob@example.org\" } },"
        "\"actions\": [ { \"name\": \"a\", \"do\": \"send\", \"host\": \"alice\", \"message\": \"lunch\" },"
        " { \"name\": \"b\", \"do\": \"send\", \"host\": \"alice\", \"message\": \"dinner\" } ],"
        "\"expect\": [%s] }",
        item);
    ck_assert_msg(test_load(&s, text, (size_t)n, NULL, 0), "%s", test_first_error());
    for (int i = 0; i < 4; i++)
        hosts[i] = (struct trace_host){ .name = names[i], .label = "", .fqdn = "", .role = "" };
    expect_init(&e, &s);
    trace_init(&trace);
    sink = expect_sink(&e);
    trace_add(&trace, &sink);
    trace_open(&trace, &opening);
    now_ns = CORE_S;
}

/* One record: "key=value key=value"; "code", "status" and "text" are fields of the record itself. */
static void tell(uint32_t host, enum trace_kind kind, const char *attrs)
{
    struct trace_record r = { .t_ns = now_ns, .kind = kind, .host = host };
    char copy[500], *at = copy;
    snprintf(copy, sizeof copy, "%s", attrs);
    while (*at) {
        char *key = at, *value = strchr(at, '='), *end = strchr(at, ' ');
        if (!end)
            end = at + strlen(at);
        at = *end ? end + 1 : end;
        *end = '\0';
        *value++ = '\0';
        if (strcmp(key, "code") == 0) {
            r.code = (uint16_t)atoi(value);
        } else if (strcmp(key, "status") == 0) {
            snprintf(r.status, sizeof r.status, "%s", value);
        } else if (strcmp(key, "peer") == 0) {
            r.peer = (uint32_t)atoi(value);
        } else if (strcmp(key, "text") == 0) {
            r.text = value;
            r.text_len = strlen(value);
        } else if (strcmp(key, "port") == 0 || strcmp(key, "messages") == 0) {
            trace_attr_num(&r, key, atoi(value));
        } else {
            trace_attr_str(&r, key, value);
        }
    }
    trace_emit(&trace, &r);
}

static void end(bool want, const char *got)
{
    size_t n;
    const struct expect_result *r = expect_results(&e, &n);
    ck_assert_uint_eq(n, s.nexpect);
    ck_assert_msg(r[0].ok == want && expect_ok(r, n) == want, "%s: expected %s, got %s: %s", r[0].what,
                  r[0].expected, r[0].got, r[0].ok ? "ok" : "not ok");
    if (got)
        ck_assert_msg(strstr(r[0].got, got) != NULL, "got \"%s\", not \"%s\"", r[0].got, got);
    ck_assert_str_eq(r[0].pointer, "/expect/0");
    ck_assert(r[0].expected[0] != '\0');
    ck_assert_ptr_eq(expect_results(&e, &n), r);
    expect_free(&e);
    scenario_free(&s);
}

/* Each row: an item; records, one a line: "HOST kind attrs"; whether it holds. */
static const struct {
    const char *item, *records;
    bool ok;
} rows[] = {
#define SENDING  "1 client event=sending action=a message=lunch message_id=<1@a>\n"
#define ACCEPTED "2 queue event=accepted queue_id=Q1 message_id=<1@a> from=alice@example.com\n"
    /* delivered */
    { "{\"what\":\"delivered\",\"message\":\"lunch\",\"to\":\"bob@example.org\"}",
      SENDING "3 mailbox event=stored user=bob mailbox=INBOX message_id=<1@a>", true },
    { "{\"what\":\"delivered\",\"message\":\"lunch\",\"to\":\"bob@example.org\"}",
      SENDING "3 mailbox event=stored user=x address=Bob@Example.ORG mailbox=INBOX message_id=1@a", true },
    { "{\"what\":\"delivered\",\"message\":\"lunch\",\"to\":\"bob@example.org\"}",
      SENDING "2 mailbox event=stored user=bob mailbox=INBOX message_id=<1@a>", false },
    { "{\"what\":\"delivered\",\"message\":\"lunch\",\"to\":\"bob@example.org\"}",
      SENDING "3 mailbox event=stored user=bob mailbox=INBOX message_id=<2@a>", false },
    { "{\"what\":\"delivered\",\"message\":\"lunch\",\"to\":\"bob@example.org\"}",
      SENDING "3 mailbox event=expunged user=bob mailbox=INBOX message_id=<1@a>", false },
    { "{\"what\":\"delivered\",\"message\":\"lunch\",\"mailbox\":\"Junk\"}",
      SENDING "3 mailbox event=stored user=bob mailbox=INBOX message_id=<1@a>", false },
    { "{\"what\":\"delivered\",\"message\":\"dinner\"}",
      SENDING "3 mailbox event=stored user=bob mailbox=INBOX message_id=<1@a>", false },
    { "{\"what\":\"delivered\",\"host\":\"mail\"}",
      SENDING "3 mailbox event=stored user=bob mailbox=INBOX message_id=<1@a>", false },
    { "{\"what\":\"delivered\",\"count\":1}",
      "3 mailbox event=stored user=bob mailbox=INBOX\n3 mailbox event=stored user=bob mailbox=INBOX", false },
    { "{\"what\":\"delivered\",\"count\":2}",
      "3 mailbox event=stored user=bob mailbox=INBOX\n3 mailbox event=stored user=bob mailbox=INBOX", true },
    { "{\"what\":\"delivered\",\"count\":0}", "", true },
    { "{\"what\":\"delivered\",\"within\":\"1s\"}", "3 mailbox event=stored user=bob mailbox=INBOX", true },
    { "{\"what\":\"delivered\",\"within\":\"999ms\"}", "3 mailbox event=stored user=bob mailbox=INBOX",
      false },
    { "{\"what\":\"delivered\",\"never\":true}", "", true },
    { "{\"what\":\"delivered\",\"never\":true}", "3 mailbox event=stored user=bob mailbox=INBOX", false },
    { "{\"what\":\"delivered\",\"never\":true,\"within\":\"999ms\"}",
      "3 mailbox event=stored user=bob mailbox=INBOX", true },
    { "{\"what\":\"delivered\"}", "", false },
    /* fetched */
    { "{\"what\":\"fetched\",\"host\":\"phone\",\"message\":\"lunch\",\"via\":\"imap\",\"intact\":true}",
      "4 client event=message message=lunch via=imap intact=yes", true },
    { "{\"what\":\"fetched\",\"host\":\"phone\",\"message\":\"lunch\",\"via\":\"imap\",\"intact\":true}",
      "4 client event=message message=lunch via=imap intact=no", false },
    { "{\"what\":\"fetched\",\"intact\":false}", "4 client event=message message=lunch via=imap intact=no",
      true },
    { "{\"what\":\"fetched\",\"host\":\"phone\",\"via\":\"pop3\"}",
      "4 client event=message message=lunch via=imap", false },
    { "{\"what\":\"fetched\",\"host\":\"alice\"}", "4 client event=message message=lunch via=imap", false },
    { "{\"what\":\"fetched\",\"message\":\"lunch\"}", "4 client event=fetched message=lunch via=imap",
      false },
    /* bounced: by Message-ID, by queue id, with and without the bounce itself */
    { "{\"what\":\"bounced\",\"message\":\"lunch\",\"recipient\":\"x@example.org\",\"status\":\"5.1.1\"}",
      SENDING ACCEPTED "2 queue event=bounced queue_id=Q1 to=x@example.org dsn=5.1.1", true },
    { "{\"what\":\"bounced\",\"message\":\"lunch\",\"status\":\"5.x.x\"}",
      SENDING ACCEPTED "2 queue event=expired queue_id=Q1 to=x@example.org dsn=5.4.7", true },
    { "{\"what\":\"bounced\",\"message\":\"lunch\",\"status\":\"5.2.x\"}",
      SENDING ACCEPTED "2 queue event=expired queue_id=Q1 to=x@example.org dsn=5.4.7", false },
    { "{\"what\":\"bounced\",\"message\":\"lunch\"}",
      SENDING ACCEPTED "3 queue event=bounced queue_id=Q1 to=x@example.org dsn=5.1.1", false },
    { "{\"what\":\"bounced\",\"recipient\":\"y@example.org\"}",
      "2 queue event=bounced queue_id=Q1 to=x@example.org dsn=5.1.1", false },
    { "{\"what\":\"bounced\",\"recipient\":\"y@example.org\"}",
      "2 queue event=bounced queue_id=Q1 to=x@example.org orig_to=y@example.org dsn=5.1.1", true },
    { "{\"what\":\"bounced\",\"status\":\"5.1.1\"}", "2 queue event=bounced status=5.1.1", true },
    { "{\"what\":\"bounced\",\"to\":\"alice@example.com\"}",
      "2 queue event=bounced queue_id=Q1\n2 queue event=bounce-made queue_id=Q2 to=alice@example.com", true },
    { "{\"what\":\"bounced\",\"to\":\"alice@example.com\"}",
      "2 queue event=bounced queue_id=Q1\n2 queue event=bounce-made queue_id=Q2 to=bob@example.org", false },
    { "{\"what\":\"bounced\",\"to\":\"alice@example.com\"}",
      "2 queue event=bounce-made queue_id=Q2 to=alice@example.com", false },
    { "{\"what\":\"bounced\",\"never\":true}", "2 queue event=deferred queue_id=Q1", true },
    /* delay_notice, deferred */
    { "{\"what\":\"delay_notice\",\"to\":\"alice@example.com\"}",
      "2 queue event=delay-notice queue_id=Q2 to=alice@example.com", true },
    { "{\"what\":\"delay_notice\",\"to\":\"bob@example.org\"}",
      "2 queue event=delay-notice queue_id=Q2 to=alice@example.com", false },
    { "{\"what\":\"deferred\",\"message\":\"lunch\",\"status\":\"4.4.x\"}",
      SENDING ACCEPTED "2 queue event=deferred queue_id=Q1 dsn=4.4.1", true },
    { "{\"what\":\"deferred\",\"message\":\"dinner\"}",
      SENDING ACCEPTED "2 queue event=deferred queue_id=Q1 dsn=4.4.1", false },
    /* refused */
    { "{\"what\":\"refused\",\"host\":\"mx\",\"command\":\"RCPT\",\"code\":550,\"status\":\"5.1.1\"}",
      "3 session event=reject command=RCPT code=550 status=5.1.1", true },
    { "{\"what\":\"refused\",\"host\":\"mx\",\"command\":\"RCPT\",\"code\":550,\"status\":\"5.1.1\"}",
      "3 session event=reject command=RCPT code=554 status=5.1.1", false },
    { "{\"what\":\"refused\",\"host\":\"mx\",\"command\":\"RCPT\"}",
      "3 session event=reject command=MAIL code=550", false },
    { "{\"what\":\"refused\",\"host\":\"mx\"}", "2 session event=reject command=MAIL code=550", false },
    { "{\"what\":\"refused\",\"command\":\"HELO\"}", "2 session event=reject command=EHLO code=501", true },
    { "{\"what\":\"refused\",\"command\":\"AUTH\"}", "2 session event=auth-failed code=535", true },
    { "{\"what\":\"refused\",\"recipient\":\"bob@example.org\"}",
      "2 session event=reject command=RCPT line=TO:<bob@example.org> code=554", true },
    { "{\"what\":\"refused\",\"recipient\":\"bo@example.org\"}",
      "2 session event=reject command=RCPT line=TO:<bob@example.org> code=554", false },
    /* connection */
    { "{\"what\":\"connection\",\"host\":\"alice\",\"port\":25,\"result\":\"timed-out\"}",
      "1 session event=connect-failed port=25 result=timed-out", true },
    { "{\"what\":\"connection\",\"host\":\"alice\",\"port\":25,\"result\":\"timed-out\"}",
      "1 client event=send-failed port=25 result=timed-out", true },
    { "{\"what\":\"connection\",\"host\":\"alice\",\"port\":25,\"result\":\"timed-out\"}",
      "1 client event=send-failed port=25 result=refused", false },
    { "{\"what\":\"connection\",\"host\":\"alice\",\"port\":25,\"result\":\"refused\"}",
      "1 client event=send-failed port=26 result=refused", false },
    { "{\"what\":\"connection\",\"host\":\"alice\",\"port\":25,\"result\":\"connected\"}",
      "2 session event=connect peer=1 port=25", true },
    { "{\"what\":\"connection\",\"host\":\"phone\",\"port\":25,\"result\":\"connected\"}",
      "2 session event=connect peer=1 port=25", false },
    { "{\"what\":\"connection\",\"result\":\"lost\"}", "2 session event=lost", true },
    /* sent, send_failed, action */
    { "{\"what\":\"sent\",\"action\":\"a\",\"result\":\"ok\",\"message\":\"lunch\"}",
      "1 client event=sent action=a result=ok message=lunch", true },
    { "{\"what\":\"sent\",\"action\":\"a\",\"result\":\"ok\"}", "1 client event=sent action=a result=partly",
      false },
    { "{\"what\":\"sent\",\"action\":\"b\"}", "1 client event=sent action=a result=ok", false },
    { "{\"what\":\"sent\"}", "1 client event=send-failed action=a result=rejected", false },
    { "{\"what\":\"send_failed\",\"result\":\"rejected\",\"code\":554}",
      "1 client event=send-failed action=a result=rejected code=554", true },
    { "{\"what\":\"send_failed\",\"result\":\"rejected\",\"code\":550}",
      "1 client event=send-failed action=a result=rejected code=554", false },
    { "{\"what\":\"action\",\"action\":\"b\",\"result\":\"ok\"}",
      "1 client event=action-done action=b result=ok", true },
    { "{\"what\":\"action\",\"action\":\"b\",\"result\":\"ok\"}",
      "1 client event=action-done action=b result=lost", false },
    { "{\"what\":\"action\",\"action\":\"b\"}", "1 client event=sending action=b", false },
    /* queue_empty, mailbox */
    { "{\"what\":\"queue_empty\",\"host\":\"mail\"}", ACCEPTED "2 queue event=removed queue_id=Q1", true },
    { "{\"what\":\"queue_empty\",\"host\":\"mail\"}", ACCEPTED "2 queue event=active queue_id=Q1", false },
    { "{\"what\":\"queue_empty\",\"host\":\"mail\"}",
      ACCEPTED "2 queue event=removed queue_id=Q1\n2 queue event=bounce-made queue_id=Q2", false },
    { "{\"what\":\"queue_empty\",\"host\":\"mail\"}", "", false },
    { "{\"what\":\"queue_empty\",\"host\":\"mx\"}", ACCEPTED "2 queue event=removed queue_id=Q1", false },
    { "{\"what\":\"mailbox\",\"user\":\"bob\",\"host\":\"mx\",\"messages\":1}", "", true },
    { "{\"what\":\"mailbox\",\"user\":\"bob\",\"host\":\"mx\",\"messages\":2}",
      "3 mailbox event=stored user=bob mailbox=INBOX messages=2", true },
    { "{\"what\":\"mailbox\",\"user\":\"bob\",\"host\":\"mx\",\"messages\":2}",
      "3 mailbox event=stored user=bob mailbox=INBOX messages=2\n3 mailbox event=expunged user=bob "
      "mailbox=INBOX messages=1",
      false },
    { "{\"what\":\"mailbox\",\"user\":\"bob@example.org\",\"messages\":0}",
      "2 mailbox event=stored user=bob mailbox=INBOX messages=7\n3 mailbox event=expunged user=bob "
      "mailbox=INBOX messages=0",
      true },
    { "{\"what\":\"mailbox\",\"user\":\"bob\",\"host\":\"mx\",\"mailbox\":\"Sent\",\"messages\":0}",
      "3 mailbox event=stored user=bob mailbox=INBOX messages=2", true },
    /* flagged, over_quota */
    { "{\"what\":\"flagged\",\"user\":\"bob\",\"flag\":\"flagged\"}",
      "3 mailbox event=flags user=bob mailbox=INBOX flags=\\Seen,\\Flagged", false },
    { "{\"what\":\"flagged\",\"user\":\"bob\",\"flag\":\"flagged\"}",
      "3 mailbox event=flags user=bob mailbox=INBOX flags=\\Flagged", true },
    { "{\"what\":\"flagged\",\"user\":\"bob\",\"flag\":\"seen\"}",
      "3 mailbox event=flags user=bob mailbox=INBOX flags=\\Flagged", false },
    { "{\"what\":\"flagged\",\"user\":\"alice\"}",
      "3 mailbox event=flags user=bob mailbox=INBOX flags=\\Flagged", false },
    { "{\"what\":\"over_quota\",\"user\":\"bob\",\"host\":\"mx\"}",
      "3 mailbox event=over-quota user=bob mailbox=INBOX", true },
    { "{\"what\":\"over_quota\",\"user\":\"bob\",\"host\":\"mx\"}",
      "3 mailbox event=stored user=bob mailbox=INBOX", false },
    /* retransmissions */
    { "{\"what\":\"retransmissions\",\"host\":\"alice\",\"min\":1}", "1 timer timer=rto", true },
    { "{\"what\":\"retransmissions\",\"host\":\"alice\",\"min\":2}",
      "1 timer timer=rto\n1 timer timer=persist\n2 timer timer=rto", false },
    { "{\"what\":\"retransmissions\",\"max\":1}", "1 timer timer=rto\n1 timer timer=fast-retransmit", false },
    { "{\"what\":\"retransmissions\",\"max\":0}", "", true },
    /* line */
    { "{\"what\":\"line\",\"host\":\"mail\",\"text\":\"no_such\",\"code\":550}",
      "2 reply text=550_no_such_user code=550 status=5.1.1", true },
    { "{\"what\":\"line\",\"host\":\"mail\",\"text\":\"no_such\",\"status\":\"5.1.x\"}",
      "2 reply text=550_no_such code=550 status=5.1.1", true },
    { "{\"what\":\"line\",\"host\":\"mail\",\"text\":\"no_such\",\"code\":250}",
      "2 reply text=550_no_such_user code=550", false },
    { "{\"what\":\"line\",\"text\":\"no_such_userx\"}", "2 reply text=550_no_such_user code=550", false },
    /* what is told at the end is no evidence */
    { "{\"what\":\"line\",\"text\":\"x\"}", "2 outcome text=x", false },
};

static enum trace_kind kind_of(const char *word, size_t len)
{
    static const struct {
        const char *word;
        enum trace_kind kind;
    } kinds[] = { { "client", TRACE_KIND_CLIENT },   { "queue", TRACE_KIND_QUEUE },
                  { "mailbox", TRACE_KIND_MAILBOX }, { "session", TRACE_KIND_SESSION },
                  { "timer", TRACE_KIND_TCP_TIMER }, { "reply", TRACE_KIND_REPLY },
                  { "outcome", TRACE_KIND_OUTCOME } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].word) == len && memcmp(kinds[i].word, word, len) == 0)
            return kinds[i].kind;
    ck_abort_msg("%s", word);
    return TRACE_KIND_COUNT;
}

START_TEST(an_expectation_holds_or_it_does_not)
{
    char records[1000], *at = records;
    snprintf(records, sizeof records, "%s", rows[_i].records);
    begin(rows[_i].item);
    while (*at) {
        char *lf = strchr(at, '\n'), *space = strchr(at + 2, ' ');
        if (lf)
            *lf = '\0';
        tell((uint32_t)(*at - '0'), kind_of(at + 2, (size_t)(space - at) - 2), space + 1);
        at = lf ? lf + 1 : at + strlen(at);
    }
    end(rows[_i].ok, NULL);
}
END_TEST

START_TEST(every_kind_is_tried_both_ways)
{
    bool held[EXPECT_KIND_COUNT] = { false }, failed[EXPECT_KIND_COUNT] = { false };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int k = 0; k < EXPECT_KIND_COUNT; k++) {
            char want[60];
            snprintf(want, sizeof want, "\"what\":\"%s\"", expect_kind_name((enum expect_kind)k));
            if (strstr(rows[i].item, want))
                (rows[i].ok ? held : failed)[k] = true;
        }
    for (int k = 0; k < EXPECT_KIND_COUNT; k++)
        ck_assert_msg(held[k] && failed[k], "%s", expect_kind_name((enum expect_kind)k));
}
END_TEST

START_TEST(results_are_sentences)
{
    size_t n;
    const struct expect_result *r;
    begin("{\"what\":\"bounced\",\"message\":\"lunch\",\"recipient\":\"x@example.org\",\"status\":\"5.1.1\","
          "\"to\":\"alice@example.com\",\"within\":\"90s\"}");
    tell(ALICE, TRACE_KIND_CLIENT, "event=sending message=lunch message_id=<1@a>");
    now_ns = 2310 * CORE_MS;
    tell(MAIL, TRACE_KIND_QUEUE, "event=bounced message_id=<1@a> to=x@example.org dsn=5.1.1");
    r = expect_results(&e, &n);
    ck_assert_str_eq(r[0].what, "bounced");
    ck_assert_str_eq(r[0].expected,
                     "lunch, back to alice@example.com, for x@example.org, 5.1.1, within 90 s");
    ck_assert_str_eq(r[0].got, "1, first at 2.310 s, but no bounce to alice@example.com");
    end(false, "no bounce");
}
END_TEST

START_TEST(many_messages_keep_their_names)
{
    begin("{\"what\":\"delivered\",\"message\":\"dinner\",\"count\":1000}");
    for (int i = 0; i < 2000; i++) {
        char attrs[200];
        snprintf(attrs, sizeof attrs, "event=sending message=%s message_id=<%d@a>",
                 i % 2 ? "dinner" : "lunch", i);
        tell(ALICE, TRACE_KIND_CLIENT, attrs);
    }
    for (int i = 0; i < 2000; i++) {
        char attrs[200];
        snprintf(attrs, sizeof attrs, "event=stored user=bob mailbox=INBOX message_id=<%d@a>", i);
        tell(MX, TRACE_KIND_MAILBOX, attrs);
    }
    end(true, "1000, first at 1 s");
}
END_TEST

/* A run in which nothing happens satisfies no lesson. */
START_TEST(every_lesson_can_fail)
{
    char name[100];
    size_t n;
    const struct expect_result *r;
    struct trace_host hosts[50];
    struct trace_opening opening = { .hosts = hosts };
    struct trace_sink sink;
    ck_assert(scenario_open(&s, catalogue_name((size_t)_i, name, sizeof name), NULL, 0, &errors));
    for (size_t i = 0; i < s.world.nhosts; i++)
        hosts[i] = (struct trace_host){ .name = s.world.hosts[i].name };
    opening.nhosts = s.world.nhosts;
    expect_init(&e, &s);
    sink = expect_sink(&e);
    sink.open(sink.ctx, &opening);
    r = expect_results(&e, &n);
    ck_assert_msg(!expect_ok(r, n), "%s is content with nothing", name);
    expect_free(&e);
    scenario_free(&s);
}
END_TEST

START_TEST(no_expectation_is_content_with_anything)
{
    size_t n;
    static const char text[] =
        "{\"title\":\"t\",\"links\":{\"l\":{}},\"hosts\":{\"h\":{\"interfaces\":[\"l 192.0.2.1/24\"]}}}";
    ck_assert_msg(test_load(&s, text, sizeof text - 1, NULL, 0), "%s", test_first_error());
    expect_init(&e, &s);
    ck_assert(expect_ok(expect_results(&e, &n), 0));
    ck_assert_uint_eq(n, 0);
    expect_free(&e);
    scenario_free(&s);
}
END_TEST

static Suite *expect_suite(void)
{
    Suite *suite = suite_create("scenarios/expect");
    TCase *t = tcase_create("expect");
    tcase_add_loop_test(t, an_expectation_holds_or_it_does_not, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(t, every_kind_is_tried_both_ways);
    tcase_add_test(t, results_are_sentences);
    tcase_add_test(t, many_messages_keep_their_names);
    tcase_add_loop_test(t, every_lesson_can_fail, 0, (int)catalogue_count());
    tcase_add_test(t, no_expectation_is_content_with_anything);
    suite_add_tcase(suite, t);
    return suite;
}

CHECK_MAIN(expect_suite)
