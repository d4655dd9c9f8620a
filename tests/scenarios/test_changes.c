/* Which settings can change during a run, and what they are then. */
#include "scenarios/load/changes.h"
#include "scenarios/load/fields.h"
#include "sim/hosts/change.h"
#include "tests/check_main.h"
#include "tests/scenarios/support.h"

/* For each key of each table it has been decided whether it can change. Who adds a key must decide too: it
 * must be here if something reloads it, and in sim/hosts/change_reload.c. */
static const struct decided {
    const char *front;
    const struct json_object *object;
    const char *can; /* keys, a space before and behind each */
} decided[] = {
    { "/", &fields_scenario, " " },
    { "/links/l/", &fields_link, " rate delay jitter queue faults " },
    { "/hosts/h/", &fields_host, " firewall rewrites resolvers down certificate " },
    { "/hosts/h/interfaces/0/", &fields_interface, " " },
    { "/hosts/h/routes/0/", &fields_route, " " },
    { "/hosts/h/resolver/", &fields_resolver, " " },
    { "/hosts/h/dns/", &fields_dns, " zones fault " },
    { "/hosts/h/hand/", &fields_hand, " " },
    { "/hosts/h/mta/", &fields_mta,
      " hostname domains relay_domains relay_networks open_relay services aliases refusals size_max "
      "recipients_max hops_max retry_first retry_max delay_notice expire relayhost relay_port "
      "sender_must_match accepts_unknown_users helo_only no_pipelining no_8bitmime no_chunking no_smtputf8 "
      "no_dsn no_enhanced " },
    { "/hosts/h/store/", &fields_store, " users services " },
    { "/hosts/h/store/users/u/", &fields_user, " password quota " },
    { "/hosts/h/client/", &fields_client, " accounts " },
    { "/hosts/h/client/accounts/0/", &fields_account, " address name display user password submit fetch " },
    { "/zones/z.test/", &fields_zone, " ttl negative_ttl records " },
    { "/messages/m/", &fields_message, " " },
    { "/actions/0/", &fields_action,
      " at every times account message flag mailbox server port lines stay security query type " },
    { "/doors/", &fields_doors, " " },
    { "/changes/0/", &fields_change, " " },
    { "/expect/0/", &fields_expect, " " },
};

START_TEST(of_every_key_it_is_decided_whether_it_can_change)
{
    const struct decided *d = &decided[_i];
    for (size_t i = 0; i < d->object->nfields; i++) {
        char pointer[200], word[100], why[CHANGE_WHY_MAX] = "";
        bool can;
        snprintf(pointer, sizeof pointer, "%s%s", d->front, d->object->fields[i].key);
        snprintf(word, sizeof word, " %s ", d->object->fields[i].key);
        can = strstr(d->can, word) != NULL;
        ck_assert_msg(change_allowed(pointer, why) == can, "%s", pointer);
        ck_assert_msg(can == (why[0] == '\0'), "%s: %s", pointer, why);
    }
}
END_TEST

START_TEST(a_pointer_must_fit_as_a_whole)
{
    static const char *const bad[] = { "",
                                       "/",
                                       "/hosts",
                                       "/hosts//mta/size_max",
                                       "/hosts/h/mta",
                                       "/hosts/h/mta/",
                                       "/hosts/h/mta/size_max/x",
                                       "/hosts/h/x/mta/size_max",
                                       "/hosts/h/mta/size_maxi",
                                       "/hosts/h/store/users/u/messages",
                                       "/hosts/h/mta/services/0/note",
                                       "/links/l",
                                       "/links/l/label",
                                       "/zones",
                                       "/actions/0" };
    char why[CHANGE_WHY_MAX];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!change_allowed(bad[i], why), "%s", bad[i]);
    ck_assert(change_allowed("/hosts/h/mta/services/0/port", why));
    ck_assert(change_allowed("/hosts/h/firewall", why));
    ck_assert(change_allowed("/zones/.", why));
}
END_TEST

static char *text;
static size_t text_len;

static void setup(void)
{
    text = test_file("tests/scenarios/full.json", &text_len);
}

static void teardown(void)
{
    file_free(text);
}

static const struct spec_host *host_named(const struct spec_world *w, const char *name)
{
    for (size_t i = 0; i < w->nhosts; i++)
        if (strcmp(w->hosts[i].name, name) == 0)
            return &w->hosts[i];
    ck_abort_msg("no host %s", name);
}

/* full.json itself: at 5 minutes the alias goes, at 10 the size shrinks. */
START_TEST(each_change_builds_on_those_before_it)
{
    struct scenario s;
    const struct spec_change *c;
    ck_assert_msg(test_load(&s, text, text_len, NULL, 0), "%s", test_first_error());
    ck_assert_uint_eq(s.world.nchanges, 2);
    c = s.world.changes;
    ck_assert_str_eq(c[0].pointer, "/changes/1");
    ck_assert_str_eq(c[1].pointer, "/changes/0");
    ck_assert_str_eq(c[0].what, "/hosts/mail/mta/aliases/info");
    ck_assert_str_eq(c[0].value, "null");
    ck_assert_str_eq(c[0].was, "{\"targets\":[\"bob@example.com\"]}");
    ck_assert_str_eq(c[1].value, "20000");
    ck_assert_uint_eq(c[0].at_ns, 5 * CORE_MINUTE);
    ck_assert_uint_eq(host_named(&s.world, "mail")->mta->naliases, 3);
    ck_assert_uint_eq(host_named(c[0].after, "mail")->mta->naliases, 2);
    ck_assert_uint_eq(host_named(c[1].after, "mail")->mta->naliases, 2);
    ck_assert_uint_ne(host_named(c[0].after, "mail")->mta->size_max_octets, 20000);
    ck_assert_uint_eq(host_named(c[1].after, "mail")->mta->size_max_octets, 20000);
    ck_assert_ptr_eq(c[1].after->messages, s.world.messages);
    scenario_free(&s);
}
END_TEST

/* What is told is told at the change: in the file, or in the --set that has made it. */
START_TEST(mistakes_are_told_where_they_stand)
{
    static const struct {
        const char *set, *told;
    } bad[] = {
        { "/changes/0/to=\"lots\"",
          "--set:1: /changes/0/to: then /hosts/mail/mta/size_max: \"lots\" is not" },
        { "/changes/0/set=/hosts/mail/fqdn",
          "--set:1: /changes/0/set: /hosts/mail/fqdn holds for the whole run" },
        { "/changes/0/set=/hosts/nobody/mta/size_max", "--set:1: /changes/0/set: /hosts has no \"nobody\"" },
        { "/changes/0/set=/hosts/mail/mta/domains/9", "elements: 0 is the first, - appends one" },
        { "/changes/0/set=/hosts/mail/mta/domains/~", "no pointer" },
        { "/changes/0/at=5y", "/changes/0/at: \"5y\" is not" },
        { "/changes/0/at=365d", "/changes/0/at: 365 d is not before the end of the run" },
        { "/changes/1/set=/hosts/mail/mta/aliases", "--set:1: /changes/1/set" },
        { "/changes/-={\"at\":\"1s\",\"set\":\"/hosts/mail/store/users\",\"to\":{}}",
          "--set:1: /changes/2/to: then /hosts/mail/store/users: is empty" },
        { "/changes/-={\"at\":\"1s\",\"set\":\"/hosts/mail/mta/domains\"}", "\"to\" is missing" },
        { "/changes={}", "must be an array" },
    };
    struct scenario s;
    const char *sets[1] = { bad[_i].set };
    if (_i == 7) { /* taking all aliases away is no mistake */
        ck_assert_msg(test_load(&s, text, text_len, sets, 1), "%s", test_first_error());
        scenario_free(&s);
        return;
    }
    ck_assert_msg(!test_load(&s, text, text_len, sets, 1), "%s is taken", bad[_i].set);
    ck_assert_msg(test_told(bad[_i].told), "%s: %s", bad[_i].set, test_first_error());
}
END_TEST

START_TEST(a_list_that_is_not_there_is_made)
{
    static const char *const sets[] = { "/changes=null", "/hosts/client/firewall/-={\"action\":\"drop\"}" };
    struct scenario s;
    ck_assert_msg(test_load(&s, text, text_len, sets, 2), "%s", test_first_error());
    ck_assert_uint_eq(host_named(&s.world, "client")->nfirewall, 1);
    ck_assert_uint_eq(s.world.nchanges, 0);
    scenario_free(&s);
}
END_TEST

START_TEST(what_is_appended_stands_at_its_number)
{
    static const char *const sets[] = {
        "/changes/-={\"at\":\"1s\",\"set\":\"/hosts/mail/mta/domains/-\",\"to\":\"one.test\"}",
        "/changes/-={\"at\":\"1s\",\"set\":\"/hosts/mail/mta/refusals/"
        "-\",\"to\":{\"command\":\"MAIL\",\"code\":450}}",
        "/changes/-={\"at\":\"1s\",\"set\":\"/hosts/mail/mta/refusals/"
        "-\",\"to\":{\"command\":\"MAIL\",\"code\":550}}",
        "/hosts/mail/mta/refusals=[]", "/hosts/mail/mta/domains=[\"example.com\"]"
    };
    struct scenario s;
    const struct spec_change *c;
    ck_assert_msg(test_load(&s, text, text_len, sets, 5), "%s", test_first_error());
    c = s.world.changes;
    ck_assert_str_eq(c[0].what, "/hosts/mail/mta/domains/1");
    ck_assert_str_eq(c[1].what, "/hosts/mail/mta/refusals/0");
    ck_assert_str_eq(c[2].what, "/hosts/mail/mta/refusals/1");
    ck_assert_str_eq(host_named(c[2].after, "mail")->mta->refusals[1].pointer, "/hosts/mail/mta/refusals/1");
    scenario_free(&s);
}
END_TEST

/* A change may add a user by itself, with all the others, or send a message that nobody sent before. */
START_TEST(what_is_expected_may_come_with_a_change)
{
    static const struct {
        const char *set, *told;
    } try[] = {
        { "/expect/-={\"what\":\"mailbox\",\"user\":\"carl\",\"messages\":0}",
          "\"carl\" is no user of any host" },
        { "/expect/-={\"what\":\"mailbox\",\"host\":\"mail\",\"user\":\"dora\",\"messages\":0}", NULL },
        { "/expect/-={\"what\":\"mailbox\",\"host\":\"client\",\"user\":\"dora\",\"messages\":0}",
          "\"dora\" is no user of host client" },
        { "/expect/-={\"what\":\"mailbox\",\"user\":\"emil\",\"messages\":0}", NULL },
        { "/expect/-={\"what\":\"mailbox\",\"user\":\"-\",\"messages\":0}", "is no user of any host" },
    };
    struct scenario s;
    const char *sets[] = { "/changes/-={\"at\":\"1s\",\"set\":\"/hosts/mail/store/users/dora\",\"to\":\"x\"}",
                           "/changes/-={\"at\":\"2s\",\"set\":\"/hosts/mail/store/"
                           "users\",\"to\":{\"alice\":{\"password\":\"pw\",\"full\":"
                           "{\"from\":\"1s\",\"until\":\"2s\"},\"messages\":[\"old\"],\"mailboxes\":["
                           "\"Sent\"]},\"bob\":\"pw\",\"emil\":\"y\"}}",
                           try[_i].set };
    bool good = test_load(&s, text, text_len, sets, 3);
    ck_assert_msg(good == (try[_i].told == NULL), "%s: %s", try[_i].set, good ? "taken" : test_first_error());
    if (good)
        scenario_free(&s);
    else
        ck_assert_msg(test_told(try[_i].told), "%s", test_first_error());
}
END_TEST

/* A file near its limit is not read again and again. */
START_TEST(many_changes_of_a_large_file_are_refused)
{
    enum { CHANGES = 100, RECORDS = CHANGES_VALUES_MAX / CHANGES * 9 / 20 };
    static char set[400000];
    const char *sets[1] = { set };
    size_t cap = 2 * RECORDS * 50 + CHANGES * 100 + 4096, n = 0, at;
    char *big = malloc(cap);
    struct scenario s;
    ck_assert_ptr_nonnull(big);
    n += (size_t)snprintf(big + n, cap - n,
                          "{\"title\":\"t\",\"links\":{\"l\":{}},\"hosts\":{\"d\":{\"interfaces\":[\"l "
                          "192.0.2.1/24\"],\"dns\":{\"zones\":[\".\",\"b\",\"c\"]}}},\"zones\":{");
    for (int z = 0; z < 3; z++) {
        static const char *const names[] = { ".", "b", "c" };
        n += (size_t)snprintf(big + n, cap - n, "%s\"%s\":{\"records\":[", z ? "," : "", names[z]);
        for (int i = 0; i < RECORDS && z != 1; i++)
            n += (size_t)snprintf(big + n, cap - n, "\"h%d A 192.0.2.1\",", i);
        n += (size_t)snprintf(big + n, cap - n, "\"@ NS d\"]}");
    }
    n += (size_t)snprintf(big + n, cap - n, "},\"changes\":[");
    for (int i = 0; i < CHANGES; i++)
        n += (size_t)snprintf(big + n, cap - n, "%s{\"at\":\"1s\",\"set\":\"/zones/b/ttl\",\"to\":%d}",
                              i ? "," : "", i + 1);
    n += (size_t)snprintf(big + n, cap - n, "]}");
    ck_assert_msg(test_load(&s, big, n, NULL, 0), "%s", test_first_error());
    ck_assert_uint_eq(s.world.changes[CHANGES - 1].after->zones[1].ttl, CHANGES);
    scenario_free(&s);
    at = (size_t)snprintf(set, sizeof set, "/zones/b/records=[");
    for (int i = 0; i < CHANGES_VALUES_MAX / CHANGES - 2 * RECORDS; i++)
        at += (size_t)snprintf(set + at, sizeof set - at, "%s\"x%d A 192.0.2.1\"", i ? "," : "", i);
    snprintf(set + at, sizeof set - at, "]");
    ck_assert(!test_load(&s, big, n, sets, 1));
    ck_assert_msg(test_told("both multiplied may be"), "%s", test_first_error());
    free(big);
}
END_TEST

static Suite *changes_suite(void)
{
    Suite *suite = suite_create("scenarios/changes");
    TCase *t = tcase_create("changes");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, of_every_key_it_is_decided_whether_it_can_change, 0,
                        sizeof decided / sizeof decided[0]);
    tcase_add_test(t, a_pointer_must_fit_as_a_whole);
    tcase_add_test(t, each_change_builds_on_those_before_it);
    tcase_add_loop_test(t, mistakes_are_told_where_they_stand, 0, 11);
    tcase_add_test(t, a_list_that_is_not_there_is_made);
    tcase_add_test(t, what_is_appended_stands_at_its_number);
    tcase_add_loop_test(t, what_is_expected_may_come_with_a_change, 0, 5);
    tcase_add_test(t, many_changes_of_a_large_file_are_refused);
    tcase_set_timeout(t, 30);
    suite_add_tcase(suite, t);
    return suite;
}

CHECK_MAIN(changes_suite)
