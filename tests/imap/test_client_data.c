/* What the client understands of extensions: numbers of changes, vanished uids, short search results, decoded
 * parts. */
#include "protocols/imap/imap_client.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/check_main.h"

static struct {
    struct imap_client client;
    struct imap_client_step step;
    struct imap_client_config config;
    struct imap_client_scratch scratch;
    const struct imap_task *task;
    size_t tasks, next;
    char log[20000], sent[20000];
    size_t log_len, sent_len;
    uint32_t found;
} h;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    h.log_len += (size_t)vsnprintf(h.log + h.log_len, sizeof h.log - h.log_len, format, ap);
    va_end(ap);
    ck_assert_uint_lt(h.log_len, sizeof h.log);
}

static const struct imap_task *next_task(void *host)
{
    (void)host;
    return h.next < h.tasks ? &h.task[h.next++] : NULL;
}

static void result(void *host, const struct imap_result *r)
{
    (void)host;
    note("%s\n", imap_answer_info(r->answer)->name);
}

static void opened(void *host, const struct imap_opened *m)
{
    (void)host;
    note("opened exists %u modseq %llu\n", m->exists, (unsigned long long)m->highest_modseq);
}

static void fetched(void *host, const struct imap_fetched *f)
{
    (void)host;
    note("fetched %u uid %u", f->seq, f->uid);
    if (f->have & IMAP_FETCHED_FLAGS)
        note(" flags %x", f->flags);
    if (f->have & IMAP_FETCHED_MODSEQ)
        note(" modseq %llu", (unsigned long long)f->modseq);
    note("\n");
}

static void body(void *host, const struct imap_body *b)
{
    (void)host;
    note("body %u [%.*s] %zu of %llu\n", b->seq, (int)b->section.len, b->section.len ? b->section.at : "",
         b->len, (unsigned long long)b->size_octets);
}

static void found(void *host, uint32_t number)
{
    (void)host;
    if (h.found++ < 20)
        note("found %u\n", number);
}

static void summary(void *host, const struct imap_summary *m)
{
    (void)host;
    note("summary%s min %u max %u", m->uid ? " uid" : "", m->min, m->max);
    if (m->counted)
        note(" count %u", m->count);
    note(" modseq %llu\n", (unsigned long long)m->modseq);
}

static void vanished(void *host, uint32_t lo, uint32_t hi, bool earlier)
{
    (void)host;
    note("vanished %u:%u%s\n", lo, hi, earlier ? " earlier" : "");
}

static const struct imap_client_ops ops = { .next_task = next_task,
                                            .result = result,
                                            .opened = opened,
                                            .fetched = fetched,
                                            .body = body,
                                            .found = found,
                                            .summary = summary,
                                            .vanished = vanished };

static const char *choose(void *ctx, const char *offered)
{
    (void)ctx, (void)offered;
    return NULL;
}

static const struct wire_auth_client auth = { .choose = choose };

/* The server's words, `piece` octets at a time. */
static void hear(const char *text, size_t piece)
{
    size_t len = strlen(text), from = 0, have = piece;
    while (from < len) {
        size_t used =
            imap_client_step(&h.client, text + from, have < len - from ? have : len - from, &h.step);
        if (used > 0) {
            ck_assert_uint_lt(h.sent_len + h.step.send.len, sizeof h.sent);
            memcpy(h.sent + h.sent_len, h.step.send.text, h.step.send.len);
            h.sent_len += h.step.send.len;
            ck_assert_int_ne(h.step.answer, IMAP_ANSWER_GARBLED);
            have = piece;
        } else if (have >= len - from) {
            return;
        } else {
            have += piece;
        }
        from += used;
    }
}

static const struct imap_task select_task[] = {
    { .verb = IMAP_VERB_ENABLE, .args = "QRESYNC" },
    { .verb = IMAP_VERB_SELECT, .mailbox = "INBOX", .args = "(QRESYNC (7 12))" },
    { .verb = IMAP_VERB_UID_SORT, .args = "(DATE) UTF-8 ALL" },
    { .verb = IMAP_VERB_GETQUOTAROOT, .mailbox = "Two words" },
};

static void begin(const struct imap_task *tasks, size_t n, const char *capabilities, size_t piece)
{
    char text[512];
    memset(&h, 0, sizeof h);
    h.config = (struct imap_client_config){ &ops, &auth, &h.scratch, IMAP_TLS_NONE, false };
    h.task = tasks;
    h.tasks = n;
    imap_client_start(&h.client, &h.config, NULL, NULL, &h.step);
    snprintf(text, sizeof text, "* PREAUTH [CAPABILITY %s] hello\r\n", capabilities);
    hear(text, piece);
}

START_TEST(it_resynchronises)
{
    size_t piece = _i == 0 ? 4096 : 1;
    begin(select_task, 4, "IMAP4rev1 ENABLE CONDSTORE QRESYNC SORT QUOTA APPENDLIMIT=1000", piece);
    hear("* ENABLED QRESYNC\r\nA1 OK enabled\r\n"
         "* 5 EXISTS\r\n* OK [HIGHESTMODSEQ 20050715194045007] Highest\r\n"
         "* VANISHED (EARLIER) 2,4:6\r\n"
         "* 3 FETCH (UID 9 FLAGS (\\Seen) MODSEQ (15))\r\nA2 OK [READ-WRITE] open\r\n"
         "* SORT 9 3 7 (MODSEQ 15)\r\n* VANISHED 3,7\r\n* 1 FETCH (UID 9 MODSEQ (16))\r\nA3 OK sorted\r\n"
         "* QUOTAROOT \"Two words\" \"\"\r\n* QUOTA \"\" (STORAGE 1 2)\r\nA4 OK told\r\n",
         piece);
    ck_assert_str_eq(h.log,
                     "OK\nvanished 2:2 earlier\nvanished 4:6 earlier\nfetched 3 uid 9 flags 1 modseq 15\n"
                     "opened exists 5 modseq 20050715194045007\nOK\nfound 9\nfound 3\nfound 7\n"
                     "vanished 3:3\nvanished 7:7\nfetched 1 uid 9 modseq 16\nOK\nOK\n");
    ck_assert_str_eq(h.sent, "A1 ENABLE QRESYNC\r\nA2 SELECT INBOX (QRESYNC (7 12))\r\n"
                             "A3 UID SORT (DATE) UTF-8 ALL\r\nA4 GETQUOTAROOT \"Two words\"\r\n");
    ck_assert_uint_eq(h.client.opened.exists, 3);
    ck_assert_uint_ne(h.client.extensions & IMAP_EXT_APPENDLIMIT, 0);
}
END_TEST

static const struct imap_task search_task[] = {
    { .verb = IMAP_VERB_UID_SEARCH, .args = "RETURN (ALL COUNT) SEEN" },
    { .verb = IMAP_VERB_FETCH, .set = "1", .args = "(BINARY.PEEK[1])" },
};

START_TEST(it_reads_short_results_and_decoded_parts)
{
    static const char want[] =
        "found 3\nfound 4\nfound 5\nfound 9\nsummary uid min 0 max 0 count 4 modseq 77\n"
        "summary min 0 max 0 modseq 0\nsummary min 2 max 8 modseq 0\nOK\n"
        "fetched 1 uid 0\nbody 1 [1] 0 of 4\n";
    size_t piece = _i == 0 ? 4096 : 1;
    begin(search_task, 2, "IMAP4rev2", piece);
    hear("* ESEARCH (TAG \"A1\") UID ALL 3:5,9 COUNT 4 MODSEQ 77 FUTURE (1 (2))\r\n"
         "* ESEARCH\r\n* ESEARCH (TAG \"A1\") MIN 2 MAX 8\r\nA1 OK found\r\n"
         "* 1 FETCH (BINARY[1] ~{4}\r\nab\nd BINARY.SIZE[1] 4 UID 5)\r\nA2 OK fetched\r\n",
         piece);
    ck_assert_int_eq(strncmp(h.log, want, strlen(want)), 0);
    ck_assert_ptr_nonnull(strstr(h.log, "fetched 1 uid 5\nOK\n"));
    ck_assert_uint_eq(h.client.extensions & IMAP_EXT_REV2_PARTS, IMAP_EXT_REV2_PARTS);
}
END_TEST

START_TEST(a_boundless_range_is_cut_short)
{
    begin(search_task, 1, "IMAP4rev2", 4096);
    hear("* ESEARCH (TAG \"A1\") ALL 1:4294967295\r\nA1 OK found\r\n", 4096);
    ck_assert_uint_eq(h.found, IMAP_FOUND_MAX);
}
END_TEST

START_TEST(nonsense_is_garbled)
{
    static const char *const lines[] = {
        "* ESEARCH ALL 0:3\r\n",        "* ESEARCH ALL *\r\n",      "* ESEARCH ALL 3:1\r\n",
        "* ESEARCH COUNT x\r\n",        "* VANISHED\r\n",           "* VANISHED (LATER) 1\r\n",
        "* VANISHED 1:*\r\n",           "* VANISHED 1,\r\n",        "* 1 FETCH (MODSEQ 3)\r\n",
        "* 1 FETCH (MODSEQ (x))\r\n",   "* 1 FETCH (BINARY 3)\r\n", "* SEARCH 1 (MODSEQ\r\n",
        "* ESEARCH (TAG \"A1\" ALL\r\n"
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        size_t used;
        begin(search_task, 1, "IMAP4rev2", 4096);
        used = imap_client_step(&h.client, lines[i], strlen(lines[i]), &h.step);
        ck_assert_uint_eq(used, strlen(lines[i]));
        ck_assert_msg(h.step.answer == IMAP_ANSWER_GARBLED, "%s", lines[i]);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("imap client data");
    TCase *t = tcase_create("extensions");
    tcase_add_loop_test(t, it_resynchronises, 0, 2);
    tcase_add_loop_test(t, it_reads_short_results_and_decoded_parts, 0, 2);
    tcase_add_test(t, a_boundless_range_is_cut_short);
    tcase_add_test(t, nonsense_is_garbled);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
