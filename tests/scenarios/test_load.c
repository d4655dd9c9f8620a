/* Whole files: the catalogue, hostile ones, and those that contradict themselves. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "scenarios/load/catalogue.h"
#include "tests/check_main.h"
#include "tests/scenarios/support.h"

#define REFUSED_WITHIN (2 * CLOCKS_PER_SEC) /* a second, and another for sanitizers */

static bool has_line_number(const char *error)
{
    const char *colon = strchr(error, ':');
    return colon && colon[1] >= '1' && colon[1] <= '9';
}

/* ---- the catalogue ------------------------------------------------------------------------------ */

START_TEST(every_lesson_loads_and_says_what_it_teaches)
{
    char name[100];
    struct scenario s;
    struct catalogue_entry e;
    struct core_arena arena = { 0 };
    catalogue_name((size_t)_i, name, sizeof name);
    ck_assert_msg(scenario_open(&s, name, NULL, 0, &errors), "%s: %s", name, test_first_error());
    ck_assert_str_eq(s.world.name, name);
    ck_assert(catalogue_describe((size_t)_i, &arena, &e));
    ck_assert_str_eq(e.title, s.world.title);
    ck_assert_str_eq(e.summary, s.world.summary);
    ck_assert(e.nteaches == s.world.nteaches && e.nteaches >= 3 && strlen(e.summary) > 80);
    ck_assert_msg(s.nexpect >= 4, "%s expects too little", name);
    for (size_t i = 0; i < s.world.nactions; i++)
        ck_assert_msg(s.world.actions[i].title && s.world.actions[i].lesson, "%s: action %zu has no words",
                      name, i);
    core_arena_free(&arena);
    scenario_free(&s);
}
END_TEST

START_TEST(the_catalogue_begins_with_the_first_message)
{
    char name[100];
    ck_assert_uint_eq(catalogue_count(), 18);
    ck_assert_str_eq(catalogue_name(0, name, sizeof name), "first-message");
    for (size_t i = 0; i < 18; i++) {
        char other[100];
        catalogue_name(i, name, sizeof name);
        ck_assert_ptr_nonnull(catalogue_find(name));
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(name, catalogue_name(j, other, sizeof other));
    }
    ck_assert_ptr_null(catalogue_find("first"));
    ck_assert_ptr_null(catalogue_find("ORDER"));
    ck_assert_str_eq(catalogue_name(18, name, sizeof name), "");
    ck_assert_ptr_nonnull(catalogue_file("map.png"));
}
END_TEST

static void assert_example_domain(const char *address)
{
    static const char *const good[] = { "@example.com", "@example.org", "@example.net", ".example", ".test" };
    bool found = false;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        size_t len = strlen(address), g = strlen(good[i]);
        found |= len > g && strcmp(address + len - g, good[i]) == 0;
    }
    ck_assert_msg(found, "%s", address);
}

/* RFC 5737, RFC 3849 */
static void assert_documentation_address(const struct net_addr *a)
{
    char text[NET_ADDR_TEXT];
    net_addr_text(a, text);
    ck_assert_msg(strncmp(text, "192.0.2.", 8) == 0 || strncmp(text, "198.51.100.", 11) == 0 ||
                      strncmp(text, "203.0.113.", 10) == 0 || strncmp(text, "2001:db8:", 9) == 0,
                  "%s", text);
}

START_TEST(lessons_use_names_and_addresses_that_nobody_has)
{
    char name[100];
    struct scenario s;
    ck_assert(scenario_open(&s, catalogue_name((size_t)_i, name, sizeof name), NULL, 0, &errors));
    for (size_t m = 0; m < s.world.nmessages; m++)
        for (size_t i = 0; i < s.world.messages[m].nto; i++)
            assert_example_domain(s.world.messages[m].to[i]);
    for (size_t h = 0; h < s.world.nhosts; h++)
        for (size_t i = 0; i < s.world.hosts[h].nifaces; i++) {
            const struct spec_iface *f = &s.world.hosts[h].ifaces[i];
            if (f->ip4.bits)
                assert_documentation_address(&f->ip4.addr);
            if (f->ip6.bits)
                assert_documentation_address(&f->ip6.addr);
        }
    scenario_free(&s);
}
END_TEST

START_TEST(lessons_are_the_files_of_the_repository)
{
    char name[100], path[200];
    struct scenario s;
    const char *paths[1] = { path };
    FILE *nothing = tmpfile();
    catalogue_name((size_t)_i, name, sizeof name);
    snprintf(path, sizeof path, "scenarios/%s.json", name);
    ck_assert_msg(scenario_open(&s, path, NULL, 0, &errors), "%s", test_first_error());
    ck_assert_str_eq(s.world.name, name);
    scenario_free(&s);
    ck_assert_int_eq(scenario_check(paths, 1, nothing, nothing), 0);
    fclose(nothing);
}
END_TEST

/* ---- hostile files ------------------------------------------------------------------------------- */

START_TEST(a_file_that_is_cut_off_anywhere_is_refused_with_a_line)
{
    size_t len;
    char *text = test_file("scenarios/pop3-or-imap.json", &len), *cut;
    struct scenario s;
    while (len > 0 && text[len - 1] != '}')
        len--;
    for (size_t n = 0; n < len; n++) {
        cut = malloc(n + 1); /* so that a sanitizer sees a read too far */
        memcpy(cut, text, n);
        ck_assert_msg(!test_load(&s, cut, n, NULL, 0), "%zu octets are taken", n);
        ck_assert(errors.count > 0);
        ck_assert_msg(has_line_number(errors.line[0]), "%s", errors.line[0]);
        free(cut);
    }
    ck_assert(test_load(&s, text, len, NULL, 0));
    scenario_free(&s);
    file_free(text);
}
END_TEST

START_TEST(a_file_with_one_octet_changed_never_crashes)
{
    size_t len;
    char *text = test_file("tests/scenarios/full.json", &len);
    struct scenario s;
    unsigned state = 1;
    for (int i = 0; i < 1500; i++) {
        size_t at;
        char was;
        state = state * 1103515245u + 12345u;
        at = (state >> 8) % len;
        was = text[at];
        text[at] = (char)(state >> 4);
        if (test_load(&s, text, len, NULL, 0))
            scenario_free(&s);
        else
            ck_assert_msg(has_line_number(errors.line[0]), "%s", errors.line[0]);
        text[at] = was;
    }
    file_free(text);
}
END_TEST

/* Loads `len` octets that are `unit` again and again behind `head`. */
static void refuse_big(const char *head, const char *unit, size_t len, const char *want)
{
    char *text = malloc(len + 1);
    size_t n = strlen(head), u = strlen(unit);
    struct scenario s;
    clock_t before = clock();
    memcpy(text, head, n);
    for (; n + u <= len; n += u)
        memcpy(text + n, unit, u);
    ck_assert(!test_load(&s, text, n, NULL, 0));
    ck_assert_msg(test_told(want), "%s: %s", unit, test_first_error());
    ck_assert_msg(clock() - before < REFUSED_WITHIN, "%s takes too long", unit);
    free(text);
}

START_TEST(big_files_are_refused_quickly)
{
    refuse_big("", "[", SCENARIO_FILE_MAX, "more than 32 deep");
    refuse_big("", "{\"a\":", SCENARIO_FILE_MAX, "more than 32 deep");
    refuse_big("[0", ",0", SCENARIO_FILE_MAX, "more than 1000000 values");
    refuse_big("\"", "a", SCENARIO_FILE_MAX, "the file ends inside a string");
    refuse_big("", " ", SCENARIO_FILE_MAX, "the file is empty");
    refuse_big("", "\n", SCENARIO_FILE_MAX, "test.json:16777217: /: the file is empty");
    refuse_big("1", "1", SCENARIO_FILE_MAX, "a number of");
    refuse_big("", " ", SCENARIO_FILE_MAX + 1, "too big");
}
END_TEST

START_TEST(a_file_of_100_megabytes_is_not_even_read)
{
    char path[] = "/tmp/mailwalk-test-XXXXXX";
    int fd = mkstemp(path);
    struct scenario s;
    clock_t before = clock();
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 100 << 20), 0);
    ck_assert(!scenario_open(&s, path, NULL, 0, &errors));
    ck_assert(test_told("too big"));
    ck_assert(clock() - before < REFUSED_WITHIN);
    close(fd);
    unlink(path);
    ck_assert(!scenario_open(&s, "/dev/zero", NULL, 0, &errors));
    ck_assert(test_told("too big"));
}
END_TEST

/* An object with many keys. */
static void many(const char *head, const char *format, int n, const char *tail, const char *want)
{
    size_t cap = strlen(head) + strlen(tail) + (size_t)n * (strlen(format) + 12) + 1, len;
    char *text = malloc(cap);
    struct scenario s;
    clock_t before = clock();
    len = (size_t)snprintf(text, cap, "%s", head);
    for (int i = 0; i < n; i++) {
        len += (size_t)snprintf(text + len, cap - len, "%s", i ? "," : "");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        len += (size_t)snprintf(text + len, cap - len, format, i, i);
#pragma GCC diagnostic pop
    }
    len += (size_t)snprintf(text + len, cap - len, "%s", tail);
    ck_assert(!test_load(&s, text, len, NULL, 0));
    ck_assert_msg(test_told(want), "%s: %s", format, test_first_error());
    ck_assert_msg(clock() - before < REFUSED_WITHIN, "%s takes too long", format);
    ck_assert_uint_le(errors.count, SCENARIO_ERRORS_MAX);
    free(text);
}

START_TEST(huge_counts_are_refused_quickly)
{
    many("{\"hosts\":{", "\"h%d\":{}", 20001, "}}", "has 20001 entries; at most 20000");
    many("{\"hosts\":{", "\"h%d\":{\"x\":%d}", 20000, "}}", "unknown key");
    many("{\"title\":\"t\",\"links\":{\"l\":{}},\"hosts\":{", "\"h%d\":{\"interfaces\":[\"m 192.0.2.1/24\"]}",
         20000, "}}", "there is no link \"m\"");
    many("{\"title\":\"t\",\"links\":{\"l\":{}},\"hosts\":{\"h\":{\"interfaces\":[\"l "
         "192.0.2.1/24\"]}},\"actions\":[",
         "{\"do\":\"ping\",\"host\":\"h%d\",\"server\":\"192.0.2.1\",\"name\":\"a%d\"}", 10000, "]}",
         "there is no host \"h0\"");
    many("{", "\"k%d\":%d", 300000, "}", "unknown key");
    many("[", "{\"k\":1,\"k\":%d}", 100000, "]", "this key is here twice");
    many("{\"messages\":{",
         "\"m%d\":{\"to\":\"a@example.com\",\"attachments\":[{\"name\":\"x\",\"size\":\"16MiB\"}]}", 100,
         "}}", "more than 67108864 octets together");
}
END_TEST

/* ---- names, paths and sets -------------------------------------------------------------------------- */

START_TEST(a_lesson_that_does_not_exist_is_answered_with_one_that_does)
{
    struct scenario s;
    ck_assert(!scenario_open(&s, "first-mesage", NULL, 0, &errors));
    ck_assert_msg(test_told("did you mean \"first-message\"?"), "%s", errors.line[0]);
    ck_assert(!scenario_open(&s, "no/such.json", NULL, 0, &errors));
    ck_assert_msg(test_told("there is no such file"), "%s", errors.line[0]);
    ck_assert(!scenario_open(&s, "tests/scenarios", NULL, 0, &errors));
    ck_assert_msg(test_told("this is a folder"), "%s", errors.line[0]);
}
END_TEST

START_TEST(check_tells_good_from_bad)
{
    static const char *const files[] = { "scenarios/mx-down.json", "tests/scenarios/attached.txt" };
    char *out = NULL, *err = NULL;
    size_t nout, nerr;
    FILE *to = open_memstream(&out, &nout), *wrong = open_memstream(&err, &nerr);
    ck_assert_int_eq(scenario_check(files, 2, to, wrong), 2);
    fclose(to);
    fclose(wrong);
    ck_assert_msg(strstr(out, "scenarios/mx-down.json: good") != NULL, "%s", out);
    ck_assert_msg(strncmp(err, "mailwalk: tests/scenarios/attached.txt:1: /: ", 44) == 0, "%s", err);
    free(out);
    free(err);
}
END_TEST

START_TEST(a_set_is_told_as_a_set_and_a_file_as_a_file)
{
    static const char *const wrong[] = { "/until=5d", "/hosts/mx/mta/open_realy=true" };
    static const char *const right[] = { "/hosts/mx/down={\"until\":\"90s\"}", "/seed=77", "/title=Mine" };
    struct scenario s;
    ck_assert(!scenario_open(&s, "no-such-user", wrong, 2, &errors));
    ck_assert_uint_eq(errors.count, 1);
    ck_assert_msg(
        strncmp(errors.line[0],
                "--set:2: /hosts/mx/mta/open_realy: unknown key in mta; did you mean \"open_relay\"?",
                80) == 0,
        "%s", errors.line[0]);
    ck_assert_msg(scenario_open(&s, "no-such-user", right, 3, &errors), "%s", test_first_error());
    ck_assert_uint_eq(s.world.seed, 77);
    ck_assert_str_eq(s.world.title, "Mine");
    scenario_free(&s);
}
END_TEST

START_TEST(files_beside_a_scenario_stay_beside_it)
{
    static const struct {
        const char *set, *want;
    } rows[] = {
        { "/messages/raw/eml=../secret", "no absolute path, no \"..\"" },
        { "/messages/raw/eml=/etc/passwd", "no absolute path, no \"..\"" },
        { "/messages/raw/eml=a/../../b", "no absolute path, no \"..\"" },
        { "/messages/raw/eml=a/..", "no absolute path, no \"..\"" },
        { "/messages/raw/eml=..\\\\x", "no absolute path, no \"..\"" },
        { "/messages/raw/eml=missing.eml", "there is no such file" },
        { "/messages/new/attachments/0=missing.txt", "there is no such file" },
        { "/messages/new/attachments/2/name=a/b", "without a folder" },
        { "/messages/new/attachments/3/base64=A", "is not base64" },
        { "/messages/new/attachments/1/type=png", "no media type" },
        { "/messages/new/attachments/1/text=both", "wants one content" },
    };
    size_t len;
    char *text = test_file("tests/scenarios/full.json", &len);
    struct scenario s;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_msg(!test_load(&s, text, len, &rows[i].set, 1), "%s", rows[i].set);
        ck_assert_msg(test_told(rows[i].want), "%s: %s", rows[i].set, test_first_error());
    }
    ck_assert(!scenario_load(&s, "x.json", NULL, text, len, NULL, 0, &errors));
    ck_assert_msg(test_told("not in the catalogue"), "%s", test_first_error());
    file_free(text);
}
END_TEST

/* ---- contradictions ------------------------------------------------------------------------------------ */

static const struct {
    const char *lesson, *set, *where, *want;
} contradictions[] = {
    { "no-such-user", "/hosts/alice/interfaces/0=home 192.0.2.70/26", "/hosts/home-router/interfaces/0",
      "is not in the network of link \"home\"" },
    { "no-such-user", "/hosts/alice/interfaces/0=home 192.0.2.1/26", "/hosts/home-router/interfaces/0",
      "192.0.2.1 is here twice, first at /hosts/alice/interfaces/0" },
    { "no-such-user", "/hosts/alice/interfaces/0=home 192.0.2.63/26", "/hosts/alice/interfaces/0",
      "broadcast" },
    { "no-such-user", "/hosts/alice/interfaces/0=home 192.0.2.0/26", "/hosts/alice/interfaces/0",
      "network itself" },
    { "no-such-user", "/hosts/alice/interfaces/0=home 127.0.0.1/8", "/hosts/alice/interfaces/0",
      "not an address for an interface" },
    { "no-such-user", "/hosts/alice/interfaces/0=hoem 192.0.2.10/26", "/hosts/alice/interfaces/0",
      "there is no link \"hoem\"; did you mean \"home\"?" },
    { "no-such-user", "/hosts/alice/interfaces/0=home", "/hosts/alice/interfaces/0",
      "must be \"LINK ADDRESS/BITS\"" },
    { "no-such-user", "/hosts/alice/interfaces/0=home 192.0.2.10/33", "/hosts/alice/interfaces/0",
      "is not an IP prefix" },
    { "no-such-user", "/hosts/alice/interfaces=[]", "/hosts/alice/interfaces", "is empty" },
    { "no-such-user", "/links/spare={}", "/links/spare", "no host has an interface" },
    { "no-such-user", "/hosts/alice/client/accounts=[]", "/hosts/alice/client/accounts", "is empty" },
    { "no-such-user", "/hosts/alice/client=null", "/actions/0/host", "it has no mail program" },
    { "no-such-user", "/hosts/alice/client/accounts/0/submit=null", "/actions/0", "it cannot send" },
    { "no-such-user", "/hosts/alice/client/accounts/0/fetch=null", "/actions/1", "it cannot read" },
    { "no-such-user", "/hosts/alice/client/accounts/0/password=null", "/hosts/alice/client/accounts/0",
      "\"password\" is missing" },
    { "no-such-user", "/hosts/alice/resolvers=null", "/hosts/alice/client/accounts/0",
      "has no \"resolvers\"" },
    { "no-such-user", "/hosts/alice/resolvers/0=192.0.2.99", "/hosts/alice/resolvers/0",
      "no host has the address 192.0.2.99" },
    { "no-such-user", "/hosts/mail/mta/services=[\"submission 465 starttls\"]", "/hosts/mail/mta/services/0",
      "port 465 means TLS" },
    { "no-such-user", "/hosts/mail/mta/services=[]", "/hosts/mail/mta/services", "is empty" },
    { "no-such-user", "/hosts/mail/mta/services=[\"imap\"]", "/hosts/mail/mta/services/0",
      "belongs into \"store\"" },
    { "no-such-user", "/hosts/mail/mta/services=[\"relay\",\"submission 25\"]", "/hosts/mail/mta/services/1",
      "port 25 is already taken" },
    { "no-such-user", "/hosts/dns/mta={\"domains\":[\"d.test\"],\"services\":[\"relay 53\"]}",
      "/hosts/dns/mta/services/0", "port 53 is already taken at /hosts/dns/dns" },
    { "no-such-user", "/hosts/mail/mta/services=[\"smtp\"]", "/hosts/mail/mta/services/0",
      "is no service; allowed: relay" },
    { "no-such-user", "/hosts/mail/store/services=[\"imaps 993 plain\"]", "/hosts/mail/store/services/0",
      "port 993 means TLS" },
    { "no-such-user", "/hosts/mail/store=null", "/hosts/mail/mta/domains", "has no \"store\"" },
    { "no-such-user", "/hosts/mail/fqdn=null", "/hosts/mail/mta", "\"hostname\" is missing" },
    { "no-such-user", "/hosts/mail/store/users/x@example.org=pw", "/hosts/mail/store/users/x@example.org",
      "\"example.org\" is not a domain of this host" },
    { "no-such-user", "/hosts/mail/store/users/alice@example.com=pw",
      "/hosts/mail/store/users/alice@example.com", "is also \"alice\"" },
    { "no-such-user", "/hosts/mail/store/users/bob={\"password\":\"x\",\"quota\":0}",
      "/hosts/mail/store/users/bob/quota", "out of range" },
    { "no-such-user", "/hosts/mail/mta/aliases={\"alice\":\"bob\"}", "/hosts/mail/mta/aliases/alice",
      "the name is already taken" },
    { "no-such-user", "/hosts/mail/mta/aliases={\"a\":\"b\",\"b\":\"a\"}", "/hosts/mail/mta/aliases/a",
      "leads back to itself" },
    { "no-such-user", "/hosts/mail/mta/aliases={\"a\":\"nobody\"}", "/hosts/mail/mta/aliases/a",
      "neither a user nor an alias" },
    { "no-such-user", "/hosts/mail/mta/retry_first=5h", "/hosts/mail/mta", "must not be shorter" },
    { "no-such-user", "/hosts/mail/mta/delay_notice=6d", "/hosts/mail/mta/delay_notice",
      "must be shorter than \"expire\"" },
    { "no-such-user", "/hosts/mail/mta/relay_domains=[\"example.com\"]", "/hosts/mail/mta/relay_domains",
      "deliver it or pass it on" },
    { "no-such-user", "/hosts/mail/mta/refusals=[{\"command\":\"RCPT\",\"code\":550,\"status\":\"4.7.1\"}]",
      "/hosts/mail/mta/refusals/0/status", "contradicts code 550" },
    { "no-such-user", "/hosts/dns/dns/zones/1=example.con", "/hosts/dns/dns/zones/1",
      "did you mean \"example.com\"?" },
    { "no-such-user", "/hosts/dns/dns/zones=[\"example.com\"]", "/zones/.", "no host serves this zone" },
    { "no-such-user", "/hosts/dns/resolver={}", "/hosts/dns", "port 53" },
    { "no-such-user", "/zones/example.org/records/1=@ MX mx", "/zones/example.org/records/1",
      "is no data for MX; like \"10 mx.example.org.\"" },
    { "no-such-user", "/zones/example.org/records/1=@ A 192.0.2.256", "/zones/example.org/records/1",
      "is no data for A" },
    { "no-such-user", "/zones/example.org/records/1=@ AAAA 192.0.2.25", "/zones/example.org/records/1",
      "is no data for AAAA" },
    { "no-such-user", "/zones/example.org/records/1=@ XM 10 mx", "/zones/example.org/records/1",
      "\"XM\" is not known here" },
    { "no-such-user", "/zones/example.org/records/1=mx CNAME mail", "/zones/example.org/records/",
      "has a CNAME" },
    { "no-such-user", "/messages/typo/to=nobbody", "/messages/typo/to", "is not an e-mail address" },
    { "no-such-user", "/messages/typo/to=null", "/messages/typo", "goes to nobody" },
    { "no-such-user", "/messages/typo/subject=a\\nb", "", "" },
    { "no-such-user", "/actions/0/message=tpyo", "/actions/0/message",
      "there is no message \"tpyo\"; did you mean \"typo\"?" },
    { "no-such-user", "/actions/0/host=allice", "/actions/0/host", "did you mean \"alice\"?" },
    { "no-such-user", "/actions/1/after=sned", "/actions/1/after", "did you mean \"send\"?" },
    { "no-such-user", "/actions/0/after=look", "/actions/", "a circle" },
    { "no-such-user", "/actions/0/after=send", "/actions/0/after", "waits for itself" },
    { "no-such-user", "/actions/1/name=send", "/actions/1/name", "is already the name of /actions/0" },
    { "no-such-user", "/actions/0/at=6m", "/actions/0/at", "is not before the end of the run" },
    { "no-such-user", "/until=500ms", "/actions/0/at", "is not before the end of the run" },
    { "no-such-user", "/actions/0/lines=[\"x\"]", "/actions/0/lines", "it belongs to \"telnet\"" },
    { "no-such-user", "/actions/0/do=mark", "/actions/0/message", "has no meaning with \"do\": \"mark\"" },
    { "no-such-user", "/actions/0/times=3", "/actions/0/times", "needs \"every\"" },
    { "no-such-user", "/expect/2/within=6m", "/expect/2/within", "is after the end of the run" },
    { "no-such-user", "/expect/0/action=snd", "/expect/0/action", "did you mean \"send\"?" },
    { "no-such-user", "/expect/5/count=0", "/expect/5/count", "contradicts \"never\"" },
    { "no-such-user", "/expect/7/host=alice", "/expect/7/host", "it has no queue" },
    { "no-such-user", "/expect/0/what=snet", "/expect/0/what", "did you mean \"sent\"?" },
    { "no-such-user", "/messages/other={\"to\":\"a@example.com\"}", "", "" },
    { "mailbox-full", "/actions/2/host=alice", "", "" },
    { "first-message", "/actions/1/do=remove", "", "" },
    { "first-message", "/actions/2/do=remove", "/actions/2", "reads by POP3" },
    { "first-message", "/hosts/mx/down={\"from\":\"2m\",\"until\":\"1m\"}", "/hosts/mx/down/until",
      "must be later" },
    { "lossy-link", "/links/dsl/faults/0/nth=[3,2]", "/links/dsl/faults/0/nth", "must ascend" },
    { "lossy-link", "/links/dsl/faults/0/frames=[3]", "/links/dsl/faults/0", "\"nth\" or \"frames\"" },
    { "lossy-link", "/links/dsl/faults/0/sender=alice", "/links/dsl/faults/0/sender", "is not on this link" },
    { "lossy-link", "/links/dsl/faults/2/chance=0%", "/links/dsl/faults/2/chance", "never happens" },
    { "lossy-link", "/links/dsl/faults/2/fault=duplicate", "", "" },
    { "lossy-link", "/links/dsl/delay=20", "/links/dsl/delay", "a duration needs a unit" },
    { "wrong-port", "/hosts/provider/firewall/0/proto=null", "/hosts/provider/firewall/0/port",
      "a port needs \"proto\"" },
    { "wrong-port", "/hosts/alice/routes=[{\"to\":\"0.0.0.0/0\",\"via\":\"203.0.113.1\"}]",
      "/hosts/alice/routes/0/via", "is not on a link of this host" },
    { "mail-world", "/doors/link=steet", "/doors/link", "did you mean \"street\"?" },
    { "mail-world", "/doors/open=[]", "/doors/open", "is empty" },
    { "mail-world", "/doors/open/0=mail:26", "/doors/open/0", "nobody listens on port 26 of \"mail\"" },
    { "mail-world", "/doors/open/0=mail", "/doors/open/0", "must be \"HOST:PORT\"" },
    { "mail-world", "/doors/open/0=mail:65536", "/doors/open/0", "must be \"HOST:PORT\"" },
    { "mail-world", "/doors/open/0=:25", "/doors/open/0", "must be \"HOST:PORT\"" },
    { "mail-world", "/doors/open/0=mial:25", "/doors/open/0", "did you mean \"mail\"?" },
    { "mail-world", "/doors/open/1=mail:25", "/doors/open/1", "twice" },
    { "starttls-stripped", "/hosts/box/rewrites/0/with=XXXX", "/hosts/box/rewrites/0/with",
      "has 4 octets, \"find\" has 8" },
    { "starttls-stripped", "/hosts/box/rewrites/0/find=", "/hosts/box/rewrites/0/find", "empty" },
    { "starttls-stripped", "/hosts/box/router=false", "/hosts/box/rewrites", "needs \"router\": true" },
    { "mail-world", "/doors/open/0={\"host\":\"mx\",\"port\":143}", "", "" },
    { "slow-server", "/hosts/mx/delays/0/after=LUNCH", "/hosts/mx/delays/0/after",
      "\"LUNCH\" is no command of SMTP, POP3 or IMAP" },
    { "slow-server", "/hosts/mx/delays/0/after=uid fetch", "/hosts/mx/delays/0/after", "is no command" },
    { "slow-server", "/hosts/mx/delays/0/after=fetch", "", "" },
    { "slow-server", "/hosts/mx/delays/0/by=null", "/hosts/mx/delays/0", "\"by\" is missing" },
    { "slow-server", "/hosts/mx/delays/0/by=25h", "/hosts/mx/delays/0/by", "out of range" },
    { "slow-server", "/hosts/mx/delays/0/until=0s", "/hosts/mx/delays/0/until", "must be later" },
    { "slow-server", "/hosts/mx/delays/0/port=26", "/hosts/mx/delays/0/port",
      "\"mx\" serves neither SMTP nor POP3 nor IMAP on port 26" },
    { "slow-server", "/hosts/mx/delays/0/port=143", "", "" },
    { "slow-server", "/hosts/alice/delays=[{\"by\":\"1s\"}]", "/hosts/alice/delays/0",
      "nothing there answers" },
    { "slow-server", "/hosts/mx/drops/0/after=RCPT", "/hosts/mx/drops/0/octets", "must be DATA or CONTENT" },
    { "slow-server", "/hosts/mx/drops/0/after=content", "", "" },
    { "slow-server", "/hosts/mx/drops/0/after=null", "/hosts/mx/drops/0", "\"after\" is missing" },
    { "slow-server",
      "/hosts/mx/store/users/bob={\"password\":\"b\",\"full\":{\"from\":\"2m\",\"until\":\"1m\"}}",
      "/hosts/mx/store/users/bob/full/until", "must be later" },
    { "lossy-link", "/links/dsl/faults/0={\"fault\":\"lag\"}", "/links/dsl/faults/0",
      "\"extra\" is missing" },
    { "lossy-link", "/links/dsl/faults/0={\"fault\":\"lag\",\"extra\":\"1s\",\"chance\":\"5%\"}",
      "/links/dsl/faults/0/chance", "has no meaning" },
};

START_TEST(a_contradiction_is_told_where_it_stands)
{
    struct scenario s;
    bool good = scenario_open(&s, contradictions[_i].lesson, &contradictions[_i].set, 1, &errors);
    char where[100];
    if (contradictions[_i].want[0] == '\0') { /* no contradiction */
        ck_assert_msg(good, "%s: %s", contradictions[_i].set, test_first_error());
        scenario_free(&s);
        return;
    }
    ck_assert_msg(!good, "%s is taken", contradictions[_i].set);
    ck_assert_msg(has_line_number(errors.line[0]), "%s", errors.line[0]);
    snprintf(where, sizeof where, ": %s", contradictions[_i].where);
    for (size_t i = 0; i < errors.count; i++)
        if (strstr(errors.line[i], where) && strstr(errors.line[i], contradictions[_i].want))
            return;
    ck_abort_msg("%s: wanted \"%s: %s\", got \"%s\"", contradictions[_i].set, contradictions[_i].where,
                 contradictions[_i].want, test_first_error());
}
END_TEST

static Suite *load_suite(void)
{
    Suite *s = suite_create("scenarios/load");
    TCase *t = tcase_create("catalogue"), *h = tcase_create("hostile"), *c = tcase_create("contradictions");
    tcase_add_loop_test(t, every_lesson_loads_and_says_what_it_teaches, 0, (int)catalogue_count());
    tcase_add_loop_test(t, lessons_use_names_and_addresses_that_nobody_has, 0, (int)catalogue_count());
    tcase_add_loop_test(t, lessons_are_the_files_of_the_repository, 0, (int)catalogue_count());
    tcase_add_test(t, the_catalogue_begins_with_the_first_message);
    tcase_add_test(t, a_lesson_that_does_not_exist_is_answered_with_one_that_does);
    tcase_add_test(t, check_tells_good_from_bad);
    tcase_add_test(t, a_set_is_told_as_a_set_and_a_file_as_a_file);
    tcase_add_test(t, files_beside_a_scenario_stay_beside_it);
    suite_add_tcase(s, t);
    tcase_add_test(h, a_file_that_is_cut_off_anywhere_is_refused_with_a_line);
    tcase_add_test(h, a_file_with_one_octet_changed_never_crashes);
    tcase_add_test(h, big_files_are_refused_quickly);
    tcase_add_test(h, a_file_of_100_megabytes_is_not_even_read);
    tcase_add_test(h, huge_counts_are_refused_quickly);
    tcase_set_timeout(h, 60);
    suite_add_tcase(s, h);
    tcase_add_loop_test(c, a_contradiction_is_told_where_it_stands, 0,
                        (int)(sizeof contradictions / sizeof contradictions[0]));
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(load_suite)
