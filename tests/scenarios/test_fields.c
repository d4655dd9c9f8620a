/* A walk over every key of every table: full.json uses each once, and each is spoilt in turn. */
#include "scenarios/load/fields.h"
#include "tests/check_main.h"
#include "tests/scenarios/support.h"

#define TABLES_MAX 64

static char *text;
static size_t text_len;
static struct core_arena arena;
static const struct json_node *root;
static bool seen[TABLES_MAX][GET_FIELDS_MAX];

static void begin(void)
{
    text = test_file("tests/scenarios/full.json", &text_len);
    root = json_tree_read(&arena, "full.json", 0, text, text_len, &errors);
    ck_assert_msg(root != NULL, "%s", test_first_error());
}

static void end(void)
{
    core_arena_free(&arena);
    file_free(text);
}

static size_t number_of(const struct json_object *o)
{
    for (size_t i = 0; fields_all[i]; i++)
        if (fields_all[i] == o)
            return i;
    ck_abort_msg("%s is not in fields_all", o->name);
    return 0;
}

typedef void visit_fn(const struct json_object *, const struct json_field *, const struct json_node *);

/* Calls `visit` for every member that a table knows, the objects inside included. */
static void walk(const struct json_object *o, const struct json_node *n, visit_fn *visit)
{
    if (n->type != JSON_OBJECT)
        return;
    for (const struct json_node *m = n->first; m; m = m->next)
        for (size_t i = 0; i < o->nfields; i++) {
            const struct json_field *f = &o->fields[i];
            if (strcmp(f->key, m->key) != 0)
                continue;
            visit(o, f, m);
            if (f->kind != GET_OBJECT)
                continue;
            if (f->shape == GET_ONE || f->shape == GET_INSIDE)
                walk(f->object, m, visit);
            else
                for (const struct json_node *item = m->first; item; item = item->next)
                    walk(f->object, item, visit);
        }
}

/* Loads full.json with this pointer set to `value` and expects an error there. */
static void spoil(const struct json_node *n, const char *tail, const char *value, const char *want)
{
    char set[JSON_POINTER_MAX + 100], where[JSON_POINTER_MAX + 20], pointer[JSON_POINTER_MAX];
    const char *sets[1] = { set };
    struct scenario s;
    bool good;
    json_pointer(n, pointer, sizeof pointer);
    snprintf(set, sizeof set, "%s%s=%s", pointer, tail, value);
    snprintf(where, sizeof where, "--set:1: %s%s", pointer, tail);
    good = test_load(&s, text, text_len, sets, 1);
    ck_assert_msg(!good, "%s is taken", set);
    ck_assert_msg(test_told(where), "%s: no error there, but: %s", set, test_first_error());
    ck_assert_msg(test_told(want), "%s: %s", set, test_first_error());
}

static void wrong_type(const struct json_object *o, const struct json_field *f, const struct json_node *n)
{
    (void)o;
    if (n->type == JSON_STRING || n->type == JSON_TRUTH)
        spoil(n, "", "-7", "");
    else
        spoil(n, "", "true", "");
    if (f->shape == GET_LIST && f->kind != GET_OBJECT)
        spoil(n, "/0", "[[]]", "");
    if (f->kind == GET_OBJECT && f->shape == GET_LIST)
        spoil(n, "/0", "3", "must be an object");
    if (f->kind == GET_OBJECT && f->shape == GET_MAP && n->first->type == JSON_OBJECT) {
        char tail[100];
        snprintf(tail, sizeof tail, "/%s", n->first->key);
        spoil(n, tail, "3", "must be an object");
    }
}

START_TEST(a_value_of_a_wrong_type_is_refused_where_it_stands)
{
    struct scenario s;
    ck_assert_msg(test_load(&s, text, text_len, NULL, 0), "%s", test_first_error());
    scenario_free(&s);
    walk(&fields_scenario, root, wrong_type);
}
END_TEST

static void misspelt(const struct json_object *o, const struct json_field *f, const struct json_node *n)
{
    char tail[100], want[100];
    (void)o;
    snprintf(tail, sizeof tail, "/%sx", f->key);
    /* "resolverx" is as near to "resolver" as to "resolvers". */
    snprintf(want, sizeof want, "did you mean \"%.*s", (int)strlen(f->key), f->key);
    spoil(n->parent, tail, "1", want);
}

START_TEST(a_misspelt_key_is_answered_with_the_right_one)
{
    walk(&fields_scenario, root, misspelt);
}
END_TEST

static void out_of_range(const struct json_object *o, const struct json_field *f, const struct json_node *n)
{
    (void)o;
    if (f->kind != GET_UINT || n->type != JSON_NUMBER)
        return;
    spoil(n, "", "1e16", " to ");
    spoil(n, "", "0.5", "whole number");
    spoil(n, "", "-1", "whole number");
    if (f->min > 0)
        spoil(n, "", "0", "out of range");
    if (f->max > 0 || f->width < 8) {
        char most[32];
        uint64_t max = f->max ? f->max : (UINT64_C(1) << (8 * f->width)) - 1;
        snprintf(most, sizeof most, "%llu", (unsigned long long)max + 1);
        spoil(n, "", most, "out of range");
    }
}

START_TEST(a_number_out_of_range_is_refused)
{
    walk(&fields_scenario, root, out_of_range);
}
END_TEST

static void bad_choice(const struct json_object *o, const struct json_field *f, const struct json_node *n)
{
    (void)o;
    if (f->kind == GET_CHOICE)
        spoil(n, "", "nonsense", f->choices[0].name);
}

START_TEST(an_unknown_word_is_answered_with_the_known_ones)
{
    walk(&fields_scenario, root, bad_choice);
}
END_TEST

static void mark(const struct json_object *o, const struct json_field *f, const struct json_node *n)
{
    (void)n;
    seen[number_of(o)][f - o->fields] = true;
}

START_TEST(full_json_has_every_key)
{
    walk(&fields_scenario, root, mark);
    for (size_t i = 0; fields_all[i]; i++)
        for (size_t k = 0; k < fields_all[i]->nfields; k++)
            ck_assert_msg(seen[i][k], "full.json lacks %s/%s", fields_all[i]->name,
                          fields_all[i]->fields[k].key);
}
END_TEST

static void drop_required(const struct json_object *o, const struct json_field *f, const struct json_node *n)
{
    char set[JSON_POINTER_MAX + 10], pointer[JSON_POINTER_MAX], want[100];
    const char *sets[1] = { set };
    struct scenario s;
    if (f->required != GET_ALWAYS || f->kind == GET_ANY) /* null is a value there */
        return;
    (void)o;
    json_pointer(n, pointer, sizeof pointer);
    snprintf(set, sizeof set, "%s=null", pointer);
    snprintf(want, sizeof want, "\"%s\" is missing", f->key);
    ck_assert_msg(!test_load(&s, text, text_len, sets, 1), "%s is taken", set);
    ck_assert_msg(test_told(want), "%s: %s", set, test_first_error());
}

START_TEST(a_key_that_must_be_there_is_missed)
{
    walk(&fields_scenario, root, drop_required);
}
END_TEST

START_TEST(every_value_arrives_in_the_world)
{
    struct scenario s;
    const struct spec_host *h;
    const struct spec_account *a;
    const struct spec_message *m;
    const struct spec_fault *f;
    ck_assert_msg(test_load(&s, text, text_len, NULL, 0), "%s", test_first_error());
    ck_assert_str_eq(s.world.name, "test");
    ck_assert_int_eq(s.world.epoch_s, 1709208000);
    ck_assert_uint_eq(s.world.until_ns, 2 * CORE_DAY);
    ck_assert(!s.world.mask_passwords);
    f = &s.world.links[0].faults[0];
    ck_assert_uint_eq(s.world.links[0].rate_bps, 10000000);
    ck_assert(f->kind == SPEC_FAULT_DROP && f->nnth == 2 && f->nth[1] == 2 && f->proto == NET_PROTO_TCP &&
              f->data_only);
    ck_assert_str_eq(f->pointer, "/links/a/faults/0");
    ck_assert_uint_eq(s.world.links[0].faults[1].ppm, 15000);
    ck_assert_uint_eq(s.world.links[0].faults[3].until_ns, CORE_NEVER);
    ck_assert(s.world.links[0].faults[5].kind == SPEC_FAULT_LAG &&
              s.world.links[0].faults[5].extra_ns == 6 * CORE_MS);
    ck_assert_uint_eq(s.world.links[1].queue_frames, 1000);
    h = &s.world.hosts[0];
    a = &h->client->accounts[0];
    ck_assert(h->ifaces[0].ip4.bits == 25 && h->ifaces[0].ip6.bits == 64 &&
              h->down_until_ns == 2 * CORE_HOUR);
    ck_assert(a->submit_security == SPEC_STARTTLS && a->submit_auth == SPEC_AUTH_OFFERED && a->save_sent);
    ck_assert(a->fetch_kind == SPEC_IMAP && a->fetch_port == 143 && a->fetch_auth_plain_command);
    ck_assert(h->client->accounts[1].fetch_port == 110 && h->client->accounts[1].keep);
    ck_assert_str_eq(h->client->accounts[1].user, "alice");
    h = &s.world.hosts[1];
    ck_assert(h->forwards && strcmp(h->role, "router") == 0 && h->firewall[0].port_from == 24 &&
              h->firewall[0].port_to == 26);
    ck_assert(h->firewall[0].reject_with_icmp && h->firewall[0].dir == SPEC_FW_FORWARD);
    h = &s.world.hosts[4];
    ck_assert(h->mta->nservices == 2 && h->mta->services[1].port == 587 &&
              h->mta->services[1].auth == SPEC_AUTH_REQUIRED);
    ck_assert(h->mta->naliases == 3 && h->mta->aliases[1].ntargets == 2 &&
              h->mta->delay_notice_ns == CORE_NEVER);
    ck_assert_str_eq(h->mta->aliases[2].targets[0], "bob@example.com");
    ck_assert_str_eq(h->mta->aliases[2].pointer, "/hosts/mail/mta/aliases/info");
    ck_assert(h->ndelays == 2 && h->delays[0].by_ns == 5 * CORE_S && h->delays[0].port == 25 &&
              h->delays[0].first == 2 && h->delays[0].from_ns == CORE_S);
    ck_assert_str_eq(h->delays[0].after, "rcpt");
    ck_assert(!h->delays[1].after && h->delays[1].port == 0 && h->delays[1].until_ns == CORE_NEVER);
    ck_assert(h->ndrops == 1 && h->drops[0].octets == 1024 && h->drops[0].reset && h->drops[0].port == 587 &&
              h->drops[0].until_ns == 2 * CORE_S);
    ck_assert_str_eq(h->drops[0].pointer, "/hosts/mail/drops/0");
    ck_assert(h->store->users[0].full_from_ns == CORE_S && h->store->users[0].full_until_ns == 2 * CORE_S);
    ck_assert(h->store->nusers == 2 && h->store->users[0].quota_octets == 1000000 &&
              h->store->services[1].port == 143);
    ck_assert_str_eq(h->store->users[1].password, "pw");
    ck_assert_str_eq(s.world.zones[0].records[1].data, "198.51.100.53");
    ck_assert_uint_eq(s.world.zones[0].records[1].ttl, 600);
    ck_assert_str_eq(s.world.zones[1].records[4].data, "0 1 143 mail");
    m = &s.world.messages[1];
    ck_assert(m->nattachments == 5 && m->attachments[3].len == 3 && m->attachments[4].len == 1024);
    ck_assert_str_eq(m->attachments[0].type, "text/plain");
    ck_assert_mem_eq(m->attachments[0].octets, "A small file.\n", 14);
    ck_assert_str_eq(m->envelope_from, "bounces@example.com");
    ck_assert_str_eq(s.world.messages[0].text, "one\ntwo\n");
    ck_assert_uint_eq(s.world.messages[2].raw_len, 69);
    ck_assert_mem_eq(s.world.messages[2].raw, "From: alice@example.com\r\nTo:", 28);
    ck_assert_str_eq(s.world.actions[2].flag, "\\Seen");
    ck_assert(s.expect[0].count == 2 && s.expect[1].count == EXPECT_ANY &&
              s.expect[1].intact == EXPECT_INTACT_YES);
    scenario_free(&s);
}
END_TEST

static Suite *fields_suite(void)
{
    Suite *s = suite_create("scenarios/fields");
    TCase *t = tcase_create("fields");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, full_json_has_every_key);
    tcase_add_test(t, every_value_arrives_in_the_world);
    tcase_add_test(t, a_value_of_a_wrong_type_is_refused_where_it_stands);
    tcase_add_test(t, a_misspelt_key_is_answered_with_the_right_one);
    tcase_add_test(t, a_number_out_of_range_is_refused);
    tcase_add_test(t, an_unknown_word_is_answered_with_the_known_ones);
    tcase_add_test(t, a_key_that_must_be_there_is_missed);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(fields_suite)
