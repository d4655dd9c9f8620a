/* pcapng: walked block by block, its comments word by word, and by tshark where there is one. */
#include "sim/export/pcapng.h"

#include <errno.h>

#include "tests/check_main.h"
#include "tests/export/sample.h"

/* An Ethernet frame of IPv4 and TCP: a SYN from 192.0.2.10 to 198.51.100.25, port 25. */
static const uint8_t syn[60] = {
    0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00,
    0x45, 0x00, 0x00, 0x28, 0x00, 0x01, 0x40, 0x00, 0x40, 0x06, 0x51, 0x6a, 0xc0, 0x00,
    0x02, 0x0a, 0xc6, 0x33, 0x64, 0x19, 0xc0, 0x00, 0x00, 0x19, 0x00, 0x00, 0x00, 0x01,
    0x00, 0x00, 0x00, 0x00, 0x50, 0x02, 0xff, 0xff, 0x43, 0x33, 0x00, 0x00,
};

static char *octets;
static size_t noctets;
static struct trace t;
static struct export_pcapng *p;

static void begin(FILE *f, bool live)
{
    struct trace_sink sink;
    p = export_pcapng_open(f, live);
    ck_assert_ptr_nonnull(p);
    sink = export_pcapng_sink(p);
    trace_init(&t);
    trace_add(&t, &sink);
    trace_open(&t, &sample_opening);
}

static void end(void)
{
    trace_close(&t, 0);
    ck_assert_int_eq(export_pcapng_close(p), 0);
}

static void emit_frame(uint64_t number, size_t len)
{
    struct trace_record r = sample_record(TRACE_KIND_SENT, 5);
    r.frame = number;
    r.bytes = syn;
    r.nbytes = len;
    trace_emit(&t, &r);
}

static void emit_line(enum trace_kind kind, const char *text, uint64_t frame, const char *title,
                      const char *lesson)
{
    struct trace_record r = sample_text(kind, TRACE_SMTP, kind == TRACE_KIND_REPLY ? 'S' : 'C', text, 5);
    r.frame = frame;
    r.title = title;
    r.lesson = lesson;
    r.section = lesson ? "RFC 5321" : NULL;
    trace_emit(&t, &r);
}

static uint32_t u32(size_t at)
{
    const uint8_t *b = (const uint8_t *)octets + at;
    ck_assert(at + 4 <= noctets);
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static unsigned u16(size_t at)
{
    ck_assert(at + 2 <= noctets);
    return (unsigned)(uint8_t)octets[at] | (unsigned)(uint8_t)octets[at + 1] << 8;
}

/* Where the nth block of this type (from 1) begins; checks every block's frame on the way. 0: there is none
 * (the first block of a file is asked for by walking, not by this). */
static size_t block(uint32_t type, int nth)
{
    size_t found = SIZE_MAX;
    for (size_t at = 0; at < noctets;) {
        uint32_t len = u32(at + 4);
        ck_assert_uint_eq(len % 4, 0);
        ck_assert_uint_ge(len, 12);
        ck_assert_uint_le(at + len, noctets);
        ck_assert_uint_eq(u32(at + len - 4), len);
        if (u32(at) == type && --nth == 0)
            found = at;
        at += len;
    }
    return found;
}

/* The nth option (from 1) with this code; -1 length: not there. */
static int option(size_t at, size_t end_at, unsigned code, int nth, const char **value)
{
    while (at < end_at) {
        unsigned c = u16(at), len = u16(at + 2);
        if (c == code && --nth == 0) {
            *value = octets + at + 4;
            return (int)len;
        }
        if (c == 0) {
            ck_assert_uint_eq(at + 4, end_at);
            break;
        }
        at += 4 + ((len + 3u) & ~3u);
    }
    return -1;
}

static void check_comment(int epb, int nth, const char *want)
{
    size_t at = block(6, epb), caplen = u32(at + 20);
    const char *text = NULL;
    int len = option(at + 28 + ((caplen + 3) & ~(size_t)3), at + u32(at + 4) - 4, 1, nth, &text);
    if (!want) {
        ck_assert_int_eq(len, -1);
        return;
    }
    ck_assert_int_ge(len, 0);
    ck_assert_msg(strlen(want) == (size_t)len && memcmp(want, text, (size_t)len) == 0, "%.*s", len, text);
}

START_TEST(the_first_blocks_say_who_and_when_but_not_where)
{
    const char *v;
    size_t at;
    begin(open_memstream(&octets, &noctets), false);
    end();
    ck_assert_uint_eq(u32(0), 0x0a0d0d0a);
    ck_assert_uint_eq(u32(8), 0x1a2b3c4d);
    ck_assert_uint_eq(u16(12), 1);
    ck_assert_int_eq(option(24, u32(4) - 4, 4, 1, &v), 12);
    ck_assert_mem_eq(v, "mailwalk 0.1", 12);
    ck_assert_int_eq(option(24, u32(4) - 4, 1, 1, &v), 30);
    ck_assert_mem_eq(v, "scenario first-message, seed 7", 30);
    ck_assert_int_eq(option(24, u32(4) - 4, 2, 1, &v), -1); /* shb_hardware */
    ck_assert_int_eq(option(24, u32(4) - 4, 3, 1, &v), -1); /* shb_os */
    at = block(1, 1);
    ck_assert_uint_eq(u16(at + 8), 1); /* Ethernet */
    ck_assert_int_eq(option(at + 16, at + u32(at + 4) - 4, 9, 1, &v), 1);
    ck_assert_int_eq(v[0], 9);
    ck_assert(block(1, 2) == SIZE_MAX);
    free(octets);
}
END_TEST

START_TEST(every_address_has_its_names)
{
    static const char want[] = "\x01\x00\x0a\x00\xc0\x00\x02\x0a"
                               "alice\0\0\0" /* pad 2 */
                               "\x02\x00\x16\x00\x20\x01\x0d\xb8\x00\x01\0\0\0\0\0\0\0\0\0\x10"
                               "alice\0\0\0"
                               "\x01\x00\x16\x00\xc6\x33\x64\x19"
                               "mx\0mx.example.org\0\0\0" /* pad 2 */
                               "\0\0\0\0";
    size_t at;
    begin(open_memstream(&octets, &noctets), false);
    end();
    at = block(4, 1);
    ck_assert_uint_eq(u32(at + 4), 12 + sizeof want - 1);
    ck_assert_mem_eq(octets + at + 8, want, sizeof want - 1);
    free(octets);
}
END_TEST

START_TEST(a_frame_carries_the_comments_of_its_phase_and_lines)
{
    struct trace_record phase;
    uint64_t ns = (uint64_t)SAMPLE_EPOCH * 1000000000 + 5000000;
    size_t at;
    begin(open_memstream(&octets, &noctets), false);
    phase = sample_text(TRACE_KIND_PHASE, TRACE_NONE, 0, "alice names bob", 5);
    phase.title = "The envelope";
    phase.lesson = "Servers deliver by it.";
    phase.section = "RFC 5321 section 2.3.1";
    trace_emit(&t, &phase);
    emit_line(TRACE_KIND_COMMAND, "rcpt to:<bob@example.org>", 1, "The client names one recipient", "Why.");
    emit_line(TRACE_KIND_COMMAND, "DATA", 2, "The client asks to send the message", NULL);
    emit_frame(1, 60);
    emit_frame(2, 57);
    emit_frame(3, 60);
    end();
    at = block(6, 1);
    ck_assert_uint_eq(u32(at + 8), 0);
    ck_assert_uint_eq(u32(at + 12), (uint32_t)(ns >> 32));
    ck_assert_uint_eq(u32(at + 16), (uint32_t)ns);
    ck_assert_uint_eq(u32(at + 20), 60);
    ck_assert_uint_eq(u32(at + 24), 60);
    ck_assert_mem_eq(octets + at + 28, syn, 60);
    check_comment(1, 1,
                  "phase 1: The envelope: alice names bob. Servers deliver by it. (RFC 5321 section 2.3.1)");
    check_comment(1, 2, "step 1: rcpt to: The client names one recipient. Why. (RFC 5321)");
    check_comment(1, 3, NULL);
    ck_assert_uint_eq(u32(block(6, 2) + 20), 57);
    check_comment(2, 1, "step 2: DATA: The client asks to send the message.");
    ck_assert_uint_eq(u32(block(6, 3) + 4), 32 + 60); /* no options at all */
    ck_assert(block(6, 4) == SIZE_MAX);
    free(octets);
}
END_TEST

START_TEST(lines_of_one_kind_share_a_comment)
{
    static const char title[] = "A line of the message";
    begin(open_memstream(&octets, &noctets), false);
    emit_line(TRACE_KIND_REPLY, "250-mx.example.org", 1, "The server lists what it can", NULL);
    emit_line(TRACE_KIND_REPLY, "250 SIZE", 1, NULL, NULL); /* continues it */
    emit_frame(1, 60);
    emit_line(TRACE_KIND_CONTENT, "Subject: Lunch", 2, title, NULL);
    emit_line(TRACE_KIND_CONTENT, "", 2, title, NULL);
    emit_line(TRACE_KIND_CONTENT, "Hello", 2, title, NULL);
    emit_line(TRACE_KIND_CONTENT, "you", 3, title, NULL);
    emit_frame(2, 60);
    emit_frame(3, 60);
    end();
    check_comment(1, 1, "steps 1 to 2: 250-mx.example.org: The server lists what it can.");
    check_comment(2, 1, "steps 3 to 5: content: A line of the message.");
    check_comment(3, 1, "step 6: content: A line of the message.");
    free(octets);
}
END_TEST

START_TEST(hostile_text_is_readable_in_a_comment)
{
    begin(open_memstream(&octets, &noctets), false);
    emit_line(TRACE_KIND_COMMAND, "\x1b[2J\xff\xe2\x80\xae x", 0, NULL, NULL);
    emit_frame(1, 60);
    end();
    check_comment(1, 1, "step 1: \\x1b[2J\\xff\\u202e");
    free(octets);
}
END_TEST

START_TEST(more_comments_than_fit_lose_the_last_only)
{
    begin(open_memstream(&octets, &noctets), false);
    for (int i = 0; i < EXPORT_COMMENTS_MAX + 10; i++)
        emit_line(TRACE_KIND_COMMAND, "NOOP", 1, "Nothing", NULL);
    emit_frame(1, 60);
    end();
    check_comment(1, EXPORT_COMMENTS_MAX, "step 1024: NOOP: Nothing.");
    check_comment(1, EXPORT_COMMENTS_MAX + 1, NULL);
    free(octets);
}
END_TEST

static void emit_changed(uint64_t number, uint64_t was, uint32_t host, const char *words)
{
    struct trace_record r = sample_record(TRACE_KIND_SENT, 5);
    r.host = host;
    r.frame = number;
    r.bytes = syn;
    r.nbytes = sizeof syn;
    trace_attr_num(&r, "instead_of", (int64_t)was);
    trace_attr_str(&r, "changed", words);
    trace_emit(&t, &r);
}

static void check_interface(int nth, const char *name, const char *about)
{
    size_t at = block(1, nth), end_at;
    const char *v = NULL;
    ck_assert(at != SIZE_MAX);
    end_at = at + u32(at + 4) - 4;
    ck_assert_int_eq(option(at + 16, end_at, 2, 1, &v), (int)strlen(name));
    ck_assert_mem_eq(v, name, strlen(name));
    ck_assert_int_eq(option(at + 16, end_at, 3, 1, &v), (int)strlen(about));
    ck_assert_mem_eq(v, about, strlen(about));
    ck_assert_int_eq(option(at + 16, end_at, 9, 1, &v), 1);
    ck_assert_int_eq(v[0], 9);
}

/* Interface 0 is that of all; a router has its own from the first frame on that it changes. */
START_TEST(a_changed_frame_is_under_the_interface_of_its_router)
{
    begin(open_memstream(&octets, &noctets), false);
    emit_frame(1, sizeof syn);
    emit_changed(2, 1, 2, "cut: \"A\" becomes \"B\"");
    emit_frame(3, sizeof syn);
    emit_changed(4, 3, 1, "x: \"C\" becomes \"D\"");
    emit_changed(5, 4, 2, "cut: \"A\" becomes \"B\"");
    end();
    check_interface(1, "mailwalk", "every frame of the simulated internet, as its maker sends it");
    check_interface(2, "mx", "frames that mx has written over, as they leave it");
    check_interface(3, "alice", "frames that alice has written over, as they leave it");
    ck_assert(block(1, 4) == SIZE_MAX);
    for (int i = 1; i <= 5; i++)
        ck_assert_uint_eq(u32(block(6, i) + 8), (uint32_t)(i == 4 ? 2 : i == 2 || i == 5));
    ck_assert(block(1, 2) > block(6, 1) && block(1, 2) < block(6, 2));
    ck_assert(block(1, 3) < block(6, 4));
    check_comment(1, 1, NULL);
    check_comment(2, 1,
                  "mx has written over this frame: cut: \"A\" becomes \"B\". As its maker sent it, it is "
                  "frame 1; from mx on it is this one");
    check_comment(5, 1,
                  "mx has written over this frame: cut: \"A\" becomes \"B\". As its maker sent it, it is "
                  "frame 4; from mx on it is this one");
}
END_TEST

START_TEST(secrets_have_a_block_of_their_own)
{
    static const char log[] = "CLIENT_RANDOM 00 11\n";
    size_t at;
    begin(open_memstream(&octets, &noctets), false);
    export_pcapng_secrets(p, log, sizeof log - 1);
    emit_frame(1, 60);
    end();
    at = block(10, 1);
    ck_assert(at < block(6, 1));
    ck_assert_uint_eq(u32(at + 8), 0x544c534b);
    ck_assert_uint_eq(u32(at + 12), sizeof log - 1);
    ck_assert_mem_eq(octets + at + 16, log, sizeof log - 1);
    free(octets);
}
END_TEST

START_TEST(a_run_that_is_cut_off_leaves_whole_blocks)
{
    char dir[64], path[128];
    snprintf(path, sizeof path, "%s/t.pcapng", sample_dir(dir));
    begin(fopen(path, "wb"), false);
    for (uint64_t i = 1; i <= 2000; i++)
        emit_frame(i, 60);
    octets = sample_slurp(path, &noctets); /* before it is closed */
    ck_assert_uint_gt(noctets, 60000);
    ck_assert(block(6, 600) != SIZE_MAX);
    free(octets);
    end();
    octets = sample_slurp(path, &noctets);
    ck_assert(block(6, 2000) != SIZE_MAX);
    ck_assert(block(6, 2001) == SIZE_MAX);
    free(octets);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(tshark_and_capinfos_understand_it)
{
    char dir[64], path[128], command[512];
    if (system("tshark --version >/dev/null 2>&1 && capinfos --version >/dev/null 2>&1") != 0) {
        fprintf(stderr, "skipped: no tshark or capinfos\n");
        return;
    }
    snprintf(path, sizeof path, "%s/t.pcapng", sample_dir(dir));
    begin(fopen(path, "wb"), true);
    emit_line(TRACE_KIND_COMMAND, "RCPT TO:<bob@example.org>", 1, "The client names one recipient", NULL);
    emit_line(TRACE_KIND_COMMAND, "DATA", 1, "The client asks", NULL);
    emit_frame(1, 60);
    end();
    snprintf(
        command, sizeof command,
        "test \"$(tshark -r %s -Nn -T fields -e frame.comment -e ip.src_host -e ip.dst_host -e tcp.dstport "
        "-E separator='|' 2>/dev/null)\" = "
        "'step 1: RCPT TO: The client names one recipient.,step 2: DATA: The client asks."
        "|alice|mx.example.org|25'",
        path);
    ck_assert_int_eq(system(command), 0);
    snprintf(command, sizeof command, "capinfos -T -m -c -a -S %s | grep -q '1,1767603600.005000000'", path);
    ck_assert_int_eq(system(command), 0);
    snprintf(command, sizeof command, "test -z \"$(tshark -r %s -Y _ws.malformed 2>/dev/null)\"", path);
    ck_assert_int_eq(system(command), 0);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(a_full_disk_is_found)
{
    FILE *full = fopen("/dev/full", "w");
    if (!full) {
        fprintf(stderr, "skipped: no /dev/full\n");
        return;
    }
    begin(full, false);
    emit_frame(1, 60);
    ck_assert_int_eq(export_pcapng_close(p), ENOSPC);
}
END_TEST

/* One octet less than a comment quotes. */
#define LONG                                                                                                 \
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012"           \
    "34"

/* What a line does, in its protocol's words. */
static const struct {
    enum trace_proto proto;
    enum trace_kind kind;
    uint16_t code;
    const char *status, *text, *want;
} lines[] = {
    { TRACE_SMTP, TRACE_KIND_COMMAND, 0, "", "MAIL FROM:<a@b> SIZE=3", "MAIL FROM" },
    { TRACE_SMTP, TRACE_KIND_COMMAND, 0, "", "EHLO alice", "EHLO" },
    { TRACE_SMTP, TRACE_KIND_REPLY, 250, "2.1.5", "250 2.1.5 Ok", "250 2.1.5" },
    { TRACE_SMTP, TRACE_KIND_REPLY, 354, "", "354 Go", "354" },
    { TRACE_POP3, TRACE_KIND_COMMAND, 0, "", "RETR 1", "RETR" },
    { TRACE_POP3, TRACE_KIND_REPLY, 0, "", "-ERR no", "-ERR" },
    { TRACE_IMAP, TRACE_KIND_COMMAND, 0, "", "a1 LOGIN bob ****", "LOGIN" },
    { TRACE_IMAP, TRACE_KIND_COMMAND, 0, "", "a2 UID FETCH 1:*", "UID FETCH" },
    { TRACE_IMAP, TRACE_KIND_COMMAND, 0, "", "DONE", "DONE" },
    { TRACE_IMAP, TRACE_KIND_REPLY, 0, "", "a2 OK done", "OK" },
    { TRACE_IMAP, TRACE_KIND_REPLY, 0, "", "* 3 EXISTS", "* 3 EXISTS" },
    { TRACE_IMAP, TRACE_KIND_REPLY, 0, "", "* FLAGS (\\Seen)", "* FLAGS" },
    { TRACE_IMAP, TRACE_KIND_REPLY, 0, "", "+ idling", "+" },
    { TRACE_IMAP, TRACE_KIND_REPLY, 0, "", "*", "*" },
    { TRACE_IMAP, TRACE_KIND_CONTENT, 0, "", "Subject: x", "content" },
    { TRACE_DNS, TRACE_KIND_QUERY, 0, "", "example.org MX?", "example.org MX?" },
    { TRACE_DNS, TRACE_KIND_QUERY, 0, "", "", "" },
    { TRACE_DNS, TRACE_KIND_QUERY, 0, "", LONG "\xc3\xbc", LONG },
};

START_TEST(a_line_is_named_by_its_verb)
{
    char buf[EXPORT_WHAT_MAX];
    struct trace_record r = sample_text(lines[_i].kind, lines[_i].proto, 'C', lines[_i].text, 0);
    r.code = lines[_i].code;
    strcpy(r.status, lines[_i].status);
    ck_assert_str_eq(export_line_what(&r, buf), lines[_i].want);
}
END_TEST

static Suite *pcapng_suite(void)
{
    Suite *s = suite_create("pcapng");
    TCase *c = tcase_create("pcapng");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, the_first_blocks_say_who_and_when_but_not_where);
    tcase_add_test(c, every_address_has_its_names);
    tcase_add_test(c, a_frame_carries_the_comments_of_its_phase_and_lines);
    tcase_add_test(c, lines_of_one_kind_share_a_comment);
    tcase_add_test(c, hostile_text_is_readable_in_a_comment);
    tcase_add_test(c, more_comments_than_fit_lose_the_last_only);
    tcase_add_test(c, a_changed_frame_is_under_the_interface_of_its_router);
    tcase_add_test(c, secrets_have_a_block_of_their_own);
    tcase_add_test(c, a_run_that_is_cut_off_leaves_whole_blocks);
    tcase_add_test(c, tshark_and_capinfos_understand_it);
    tcase_add_test(c, a_full_disk_is_found);
    tcase_add_loop_test(c, a_line_is_named_by_its_verb, 0, (int)(sizeof lines / sizeof lines[0]));
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(pcapng_suite)
