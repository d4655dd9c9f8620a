/* The reference and the schema are what the tables say. MAILWALK_WRITE_DOCS=1 writes them. */
#include "scenarios/load/fields.h"
#include "scenarios/load/reference.h"
#include "tests/check_main.h"
#include "tests/scenarios/support.h"

#define BEGIN "<!-- keys: written by tests/scenarios/test_reference.c from scenarios/load/fields_*.c -->\n"
#define END   "<!-- keys: end -->"

static char *written(void (*write)(FILE *))
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = tmpfile();
    ck_assert_ptr_nonnull(f);
    write(f);
    len = (size_t)ftell(f);
    rewind(f);
    text = calloc(1, len + 1);
    ck_assert_uint_eq(fread(text, 1, len, f), len);
    fclose(f);
    return text;
}

static void rewrite(const char *path, const char *head, size_t head_len, const char *middle, const char *tail)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    fwrite(head, 1, head_len, f);
    fputs(middle, f);
    fputs(tail, f);
    fclose(f);
}

START_TEST(the_schema_is_written_from_the_tables)
{
    char *want = written(reference_schema), *have;
    size_t len;
    if (getenv("MAILWALK_WRITE_DOCS"))
        rewrite("docs/scenario.schema.json", "", 0, want, "");
    have = test_file("docs/scenario.schema.json", &len);
    ck_assert_msg(strcmp(have, want) == 0,
                  "docs/scenario.schema.json: run this test with MAILWALK_WRITE_DOCS=1");
    free(want);
    file_free(have);
}
END_TEST

START_TEST(the_reference_has_every_key)
{
    char *want = written(reference_keys), *have, *begin, *end;
    size_t len;
    have = test_file("docs/SCENARIOS.md", &len);
    begin = strstr(have, BEGIN);
    end = strstr(have, END);
    ck_assert(begin && end && begin < end);
    begin += strlen(BEGIN);
    if (getenv("MAILWALK_WRITE_DOCS")) {
        char *tail = strdup(end);
        rewrite("docs/SCENARIOS.md", have, (size_t)(begin - have), want, tail);
        free(tail);
    } else {
        ck_assert_msg((size_t)(end - begin) == strlen(want) && memcmp(begin, want, strlen(want)) == 0,
                      "docs/SCENARIOS.md: run this test with MAILWALK_WRITE_DOCS=1");
    }
    free(want);
    file_free(have);
}
END_TEST

START_TEST(the_example_of_the_reference_is_a_good_scenario)
{
    size_t len;
    char *have = test_file("docs/SCENARIOS.md", &len), *begin = strstr(have, "```json\n"), *end;
    struct scenario s;
    ck_assert_ptr_nonnull(begin);
    begin += 8;
    end = strstr(begin, "```");
    ck_assert_msg(test_load(&s, begin, (size_t)(end - begin), NULL, 0), "%s", test_first_error());
    ck_assert_uint_eq(s.world.nhosts, 3);
    ck_assert_uint_eq(s.nexpect, 2);
    scenario_free(&s);
    file_free(have);
}
END_TEST

/* The lines "mailwalk run NAME --set ..." as a shell would split them. */
static size_t sets_of(char *line, const char **name, const char *sets[], size_t max)
{
    char *at = strstr(line, "run ") + 4, quote;
    size_t n = 0;
    *name = at;
    at = strchr(at, ' ');
    *at++ = '\0';
    while (n < max && (at = strstr(at, "--set "))) {
        at += 6;
        quote = *at == '\'' ? *at++ : ' ';
        sets[n++] = at;
        at += strcspn(at, quote == ' ' ? " \n" : "'\n");
        if (*at)
            *at++ = '\0';
    }
    return n;
}

START_TEST(every_set_of_the_reference_works)
{
    size_t len, lines = 0;
    char *have = test_file("docs/SCENARIOS.md", &len), *at = have;
    while ((at = strstr(at, "\n    mailwalk run "))) {
        char line[300], *end = strchr(at + 1, '\n');
        const char *sets[8], *name;
        size_t n = (size_t)(end - at) - 1, nsets;
        struct scenario s;
        ck_assert(n < sizeof line);
        memcpy(line, at + 1, n);
        line[n] = '\0';
        at = end;
        if (!strstr(line, "--set"))
            continue;
        nsets = sets_of(line, &name, sets, 8);
        ck_assert_msg(scenario_open(&s, name, sets, nsets, &errors), "%s: %s", name, test_first_error());
        scenario_free(&s);
        lines++;
    }
    ck_assert_uint_ge(lines, 9);
    file_free(have);
}
END_TEST

START_TEST(tables_have_no_holes)
{
    for (size_t i = 0; fields_all[i]; i++) {
        const struct json_object *o = fields_all[i];
        ck_assert_msg(o->name && o->help && o->nfields > 0 && o->nfields <= GET_FIELDS_MAX, "%zu", i);
        ck_assert_msg((o->brief == NULL) == (o->brief_help == NULL), "%s", o->name);
        for (size_t k = 0; k < GET_KIND_COUNT; k++) /* both are names in the schema */
            ck_assert_msg(k == GET_OBJECT || strcmp(o->name, get_kind_name((enum get_kind)k)) != 0, "%s",
                          o->name);
        for (size_t k = 0; k < o->nfields; k++) {
            const struct json_field *f = &o->fields[k];
            ck_assert_msg(f->key && f->help, "%s: %zu", o->name, k);
            ck_assert_msg((f->kind == GET_OBJECT) == (f->object != NULL), "%s/%s", o->name, f->key);
            ck_assert_msg((f->kind == GET_CHOICE) == (f->choices != NULL), "%s/%s", o->name, f->key);
            ck_assert_msg(f->kind != GET_UINT || f->width, "%s/%s", o->name, f->key);
            ck_assert_msg(strcmp(f->key, "note") != 0, "%s: note is everybody's", o->name);
            ck_assert_msg(!(f->required && f->fallback), "%s/%s", o->name, f->key);
            for (size_t j = 0; j < k; j++)
                ck_assert_msg(strcmp(o->fields[j].key, f->key) != 0, "%s/%s", o->name, f->key);
        }
    }
}
END_TEST

static Suite *reference_suite(void)
{
    Suite *s = suite_create("scenarios/reference");
    TCase *t = tcase_create("reference");
    tcase_add_test(t, the_schema_is_written_from_the_tables);
    tcase_add_test(t, the_reference_has_every_key);
    tcase_add_test(t, the_example_of_the_reference_is_a_good_scenario);
    tcase_add_test(t, every_set_of_the_reference_works);
    tcase_add_test(t, tables_have_no_holes);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(reference_suite)
