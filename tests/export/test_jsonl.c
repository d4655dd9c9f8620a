/* JSON lines: exact octets, exact text back, hostile text harmless, full disks found. */
#include "sim/export/jsonl.h"

#include <errno.h>

#include "tests/check_main.h"
#include "tests/export/sample.h"

#define OPENING                                                                                              \
    "{\"seq\":0,\"cause\":0,\"t_ns\":0,\"level\":\"state\",\"kind\":\"opening\",\"host\":\"\","              \
    "\"scenario\":\"first-message\",\"title\":\"First message\",\"version\":\"0.1\",\"seed\":7,"             \
    "\"epoch\":1767603600,\"hosts\":[{\"name\":\"alice\",\"label\":\"alice's laptop\",\"fqdn\":\"\","        \
    "\"role\":\"client\",\"interfaces\":[{\"link\":\"lan\",\"mac\":\"02:00:00:00:00:01\","                   \
    "\"ip4\":\"192.0.2.10/24\",\"ip6\":\"2001:db8:1::10/64\"}]},{\"name\":\"mx\","                           \
    "\"label\":\"mail server of example.org\",\"fqdn\":\"mx.example.org\",\"role\":\"mta\","                 \
    "\"interfaces\":[{\"link\":\"net\",\"mac\":\"02:00:00:00:00:02\",\"ip4\":\"198.51.100.25/24\"}]}],"      \
    "\"links\":[{\"name\":\"lan\",\"label\":\"home network\",\"rate_bps\":100000000,\"delay_ns\":1000000},"  \
    "{\"name\":\"net\",\"label\":\"internet\",\"rate_bps\":1000000000,\"delay_ns\":20000000}]}\n"

static char *octets; /* what the sink wrote */
static size_t noctets;

/* Runs n records through a sink with these levels. */
static void run(struct trace_record *r, size_t n, unsigned levels)
{
    struct trace t;
    struct trace_sink sink;
    FILE *f = open_memstream(&octets, &noctets);
    struct export_jsonl *j = export_jsonl_open(f, levels, false);
    ck_assert_ptr_nonnull(j);
    sink = export_jsonl_sink(j);
    trace_init(&t);
    trace_add(&t, &sink);
    trace_open(&t, &sample_opening);
    for (size_t i = 0; i < n; i++)
        trace_emit(&t, &r[i]);
    trace_close(&t, 0);
    ck_assert_int_eq(export_jsonl_close(j), 0);
}

static void expect(const char *records)
{
    ck_assert_mem_eq(octets, OPENING, sizeof OPENING - 1);
    ck_assert_str_eq(octets + sizeof OPENING - 1, records);
    free(octets);
}

START_TEST(the_opening_comes_first)
{
    run(NULL, 0, TRACE_ALL);
    expect("");
}
END_TEST

START_TEST(a_reply_has_all_its_keys)
{
    struct trace_record r = sample_text(TRACE_KIND_REPLY, TRACE_SMTP, 'S', "550 5.1.1 No such user", 412);
    r.code = 550;
    strcpy(r.status, "5.1.1");
    r.frame = 17;
    r.title = "The server refuses the recipient";
    r.lesson = "It says \"no\".";
    r.section = "RFC 5321 section 4.2.3";
    run(&r, 1, TRACE_ALL);
    expect(
        "{\"seq\":1,\"cause\":0,\"t_ns\":412000000,\"level\":\"line\",\"kind\":\"reply\",\"host\":\"mx\","
        "\"peer\":\"alice\",\"conn\":3,\"proto\":\"smtp\",\"dir\":\"S\",\"text\":\"550 5.1.1 No such user\","
        "\"code\":550,\"status\":\"5.1.1\",\"frame\":17,\"section\":\"RFC 5321 section 4.2.3\","
        "\"lesson\":\"It says \\\"no\\\".\",\"title\":\"The server refuses the recipient\"}\n");
}
END_TEST

START_TEST(octets_that_are_no_text_are_kept_exactly)
{
    struct trace_record r = sample_text(TRACE_KIND_CONTENT, TRACE_SMTP, 'C', "", 1);
    r.text = "a\x1b[2J\xff\\\xc2\x85";
    r.text_len = 9;
    r.eol = TRACE_EOL_NONE;
    r.masked = true;
    run(&r, 1, TRACE_ALL);
    expect(
        "{\"seq\":1,\"cause\":0,\"t_ns\":1000000,\"level\":\"line\",\"kind\":\"content\",\"host\":\"alice\","
        "\"peer\":\"mx\",\"conn\":3,\"proto\":\"smtp\",\"dir\":\"C\","
        "\"text\":\"a\\\\x1b[2J\\\\xff\\\\\\\\u0085\",\"octets\":\"YRtbMkr/XMKF\",\"eol\":\"none\","
        "\"masked\":true}\n");
}
END_TEST

START_TEST(utf8_and_tab_stay_and_invisible_marks_are_escaped)
{
    struct trace_record r =
        sample_text(TRACE_KIND_COMMAND, TRACE_SMTP, 'C',
                    "\tgr\xc3\xbc\xc3\x9f \xe2\x80\xae\xf3\xa0\x80\x81 \xf0\x9f\x93\xa7", 1);
    r.conn = 0;
    run(&r, 1, TRACE_ALL);
    ck_assert_ptr_nonnull(
        strstr(octets, "\"text\":\"\\tgr\xc3\xbc\xc3\x9f \\u202e\\udb40\\udc01 \xf0\x9f\x93\xa7\"}\n"));
    ck_assert_ptr_null(strstr(octets, "\"octets\""));
    free(octets);
}
END_TEST

START_TEST(packets_have_their_bytes_and_link)
{
    static const uint8_t frame[] = { 0x02, 0xff, 0x00 };
    struct trace_record r = sample_record(TRACE_KIND_DROPPED, 2);
    r.host = 0;
    r.link = 2;
    r.frame = 9;
    r.bytes = frame;
    r.nbytes = sizeof frame;
    trace_attr_str(&r, "why", "loss");
    trace_attr_num(&r, "n", -5);
    run(&r, 1, TRACE_ALL);
    expect("{\"seq\":1,\"cause\":0,\"t_ns\":2000000,\"level\":\"packet\",\"kind\":\"dropped\",\"host\":\"\","
           "\"link\":\"net\",\"frame\":9,\"bytes\":\"02ff00\",\"attrs\":{\"why\":\"loss\",\"n\":-5}}\n");
}
END_TEST

START_TEST(attributes_that_are_no_text_are_kept_exactly)
{
    struct trace_record r = sample_record(TRACE_KIND_QUEUE, 0);
    trace_attr_str(&r, "event", "accepted");
    trace_attr_str(&r, "from", "a\nb");
    run(&r, 1, TRACE_ALL);
    expect("{\"seq\":1,\"cause\":0,\"t_ns\":0,\"level\":\"state\",\"kind\":\"queue\",\"host\":\"alice\","
           "\"attrs\":{\"event\":\"accepted\",\"from\":\"a\\\\nb\"},\"attr_octets\":{\"from\":\"YQpi\"}}\n");
}
END_TEST

START_TEST(levels_that_are_not_wanted_are_left_out_but_counted)
{
    struct trace_record r[2] = { sample_record(TRACE_KIND_SENT, 0), sample_record(TRACE_KIND_PHASE, 0) };
    run(r, 2, TRACE_BIT(TRACE_PHASE));
    expect("{\"seq\":2,\"cause\":0,\"t_ns\":0,\"level\":\"phase\",\"kind\":\"phase\",\"host\":\"alice\"}\n");
}
END_TEST

START_TEST(no_raw_control_octet_is_ever_written)
{
    char all[256];
    struct trace_record r = sample_text(TRACE_KIND_CONTENT, TRACE_SMTP, 'C', "", 0);
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    r.text = all;
    r.text_len = sizeof all;
    run(&r, 1, TRACE_ALL);
    for (size_t i = 0; i < noctets; i++)
        ck_assert((uint8_t)octets[i] >= 0x20 || octets[i] == '\n');
    for (size_t i = 0; i < noctets; i++)
        ck_assert((uint8_t)octets[i] < 0x7f);
    free(octets);
}
END_TEST

START_TEST(text_longer_than_the_buffer_is_whole)
{
    size_t len = 200000;
    char *text = malloc(len + 1), *found;
    struct trace_record r;
    memset(text, 'x', len);
    text[len] = '\0';
    r = sample_text(TRACE_KIND_CONTENT, TRACE_IMAP, 'S', text, 0);
    run(&r, 1, TRACE_ALL);
    found = strstr(octets, text);
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(found + len, "\"}\n");
    free(octets);
    free(text);
}
END_TEST

START_TEST(python_reads_back_what_was_written)
{
    static const char script[] =
        "python3 -c '\nimport json,sys,base64\n"
        "rows=[json.loads(l) for l in open(sys.argv[1],encoding=\"utf-8\",newline=\"\\n\")]\n"
        "assert rows[0][\"kind\"]==\"opening\" and len(rows)==257, len(rows)\n"
        "for i,r in enumerate(rows[1:]):\n"
        "  want=bytes([97,i,98])\n"
        "  got=base64.b64decode(r[\"octets\"]) if \"octets\" in r else r[\"text\"].encode()\n"
        "  assert got==want,(got,want)\n"
        "  assert r[\"seq\"]==i+1\n' ";
    char dir[64], path[128], command[1024];
    struct trace t;
    struct trace_sink sink;
    struct export_jsonl *j;
    if (system("python3 -c 'import json' 2>/dev/null") != 0) {
        fprintf(stderr, "skipped: no python3\n");
        return;
    }
    snprintf(path, sizeof path, "%s/t.jsonl", sample_dir(dir));
    j = export_jsonl_open(fopen(path, "wb"), TRACE_ALL, true);
    sink = export_jsonl_sink(j);
    trace_init(&t);
    trace_add(&t, &sink);
    trace_open(&t, &sample_opening);
    for (int i = 0; i < 256; i++) {
        char text[3] = { 'a', (char)i, 'b' };
        struct trace_record r = sample_text(TRACE_KIND_COMMAND, TRACE_SMTP, 'C', "", 0);
        r.text = text;
        r.text_len = 3;
        trace_emit(&t, &r);
    }
    ck_assert_int_eq(export_jsonl_close(j), 0);
    snprintf(command, sizeof command, "%s %s", script, path);
    ck_assert_int_eq(system(command), 0);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(a_full_disk_is_found)
{
    struct trace_record r = sample_record(TRACE_KIND_PHASE, 0);
    FILE *full = fopen("/dev/full", "w");
    struct export_jsonl *j;
    if (!full) {
        fprintf(stderr, "skipped: no /dev/full\n");
        return;
    }
    j = export_jsonl_open(full, TRACE_ALL, false);
    for (int i = 0; i < 1000; i++)
        export_jsonl_sink(j).record(j, &r);
    ck_assert_int_eq(export_jsonl_close(j), ENOSPC);
}
END_TEST

static Suite *jsonl_suite(void)
{
    Suite *s = suite_create("jsonl");
    TCase *c = tcase_create("jsonl");
    tcase_add_test(c, the_opening_comes_first);
    tcase_add_test(c, a_reply_has_all_its_keys);
    tcase_add_test(c, octets_that_are_no_text_are_kept_exactly);
    tcase_add_test(c, utf8_and_tab_stay_and_invisible_marks_are_escaped);
    tcase_add_test(c, packets_have_their_bytes_and_link);
    tcase_add_test(c, attributes_that_are_no_text_are_kept_exactly);
    tcase_add_test(c, levels_that_are_not_wanted_are_left_out_but_counted);
    tcase_add_test(c, no_raw_control_octet_is_ever_written);
    tcase_add_test(c, text_longer_than_the_buffer_is_whole);
    tcase_add_test(c, python_reads_back_what_was_written);
    tcase_add_test(c, a_full_disk_is_found);
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(jsonl_suite)
