/* Classic pcap: read back with libpcap. */
#define _DEFAULT_SOURCE
#include "sim/export/pcap.h"

#include <errno.h>
#include <pcap/pcap.h>

#include "tests/check_main.h"
#include "tests/export/sample.h"

static uint8_t frame[3][80];

static struct trace_record sent(unsigned i, size_t len, uint64_t t_ns)
{
    struct trace_record r = sample_record(TRACE_KIND_SENT, 0);
    memset(frame[i % 3], 'a' + (int)i, sizeof frame[0]);
    r.bytes = frame[i % 3];
    r.nbytes = len;
    r.t_ns = t_ns;
    r.frame = i + 1;
    return r;
}

START_TEST(libpcap_reads_back_every_sent_frame)
{
    char dir[64], path[128], why[PCAP_ERRBUF_SIZE];
    struct trace t;
    struct trace_sink sink;
    struct export_pcap *p;
    pcap_t *in;
    int error = -1;
    snprintf(path, sizeof path, "%s/t.pcap", sample_dir(dir));
    p = export_pcap_open(fopen(path, "wb"), false, &error);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(error, 0);
    sink = export_pcap_sink(p);
    trace_init(&t);
    trace_add(&t, &sink);
    trace_open(&t, &sample_opening);
    for (unsigned i = 0; i < 3; i++) {
        struct trace_record r = sent(i, 60 + i, UINT64_C(1999999999) * i);
        struct trace_record other = sent(i, 60 + i, 0);
        trace_emit(&t, &r);
        other.kind = i == 0 ? TRACE_KIND_FORWARDED : i == 1 ? TRACE_KIND_DELIVERED : TRACE_KIND_DROPPED;
        trace_emit(&t, &other); /* not a second time */
    }
    ck_assert_int_eq(export_pcap_close(p), 0);

    in = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
    ck_assert_msg(in != NULL, "%s", why);
    ck_assert_int_eq(pcap_datalink(in), DLT_EN10MB);
    for (unsigned i = 0; i < 3; i++) {
        struct pcap_pkthdr *h;
        const u_char *octets;
        ck_assert_int_eq(pcap_next_ex(in, &h, &octets), 1);
        ck_assert_uint_eq(h->caplen, 60 + i);
        ck_assert_uint_eq(h->len, 60 + i);
        ck_assert_int_eq(h->ts.tv_sec, SAMPLE_EPOCH + (i == 0 ? 0 : i == 1 ? 1 : 3));
        ck_assert_int_eq(h->ts.tv_usec, i == 0 ? 0 : i == 1 ? 999999999 : 999999998);
        ck_assert_int_eq(octets[0], 'a' + (int)i);
        ck_assert_int_eq(octets[59 + i], 'a' + (int)i);
    }
    {
        struct pcap_pkthdr *h;
        const u_char *octets;
        ck_assert_int_eq(pcap_next_ex(in, &h, &octets), PCAP_ERROR_BREAK);
    }
    pcap_close(in);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(the_file_says_nanoseconds)
{
    char *octets = NULL;
    size_t len = 0;
    int error;
    struct export_pcap *p = export_pcap_open(open_memstream(&octets, &len), false, &error);
    uint32_t magic;
    ck_assert_int_eq(export_pcap_close(p), 0);
    ck_assert_uint_eq(len, 24);
    memcpy(&magic, octets, 4);
    ck_assert_uint_eq(magic, 0xa1b23c4d);
    free(octets);
}
END_TEST

START_TEST(live_frames_are_in_the_file_at_once)
{
    char dir[64], path[128];
    int error;
    struct export_pcap *p;
    struct trace_record r = sent(0, 60, 0);
    size_t len;
    snprintf(path, sizeof path, "%s/t.pcap", sample_dir(dir));
    p = export_pcap_open(fopen(path, "wb"), true, &error);
    export_pcap_sink(p).record(p, &r);
    free(sample_slurp(path, &len));
    ck_assert_uint_eq(len, 24 + 16 + 60);
    ck_assert_int_eq(export_pcap_close(p), 0);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(a_full_disk_is_found)
{
    struct trace_record r = sent(0, 80, 0);
    FILE *full = fopen("/dev/full", "w");
    int error;
    struct export_pcap *p;
    if (!full) {
        fprintf(stderr, "skipped: no /dev/full\n");
        return;
    }
    p = export_pcap_open(full, false, &error);
    ck_assert_ptr_nonnull(p);
    for (int i = 0; i < 10000; i++)
        export_pcap_sink(p).record(p, &r);
    ck_assert_int_eq(export_pcap_close(p), ENOSPC);
}
END_TEST

START_TEST(a_full_disk_is_found_in_a_short_run)
{
    FILE *full = fopen("/dev/full", "w");
    int error;
    struct export_pcap *p;
    if (!full) {
        fprintf(stderr, "skipped: no /dev/full\n");
        return;
    }
    p = export_pcap_open(full, false, &error);
    ck_assert_int_eq(export_pcap_close(p), ENOSPC);
}
END_TEST

static Suite *pcap_suite(void)
{
    Suite *s = suite_create("pcap");
    TCase *c = tcase_create("pcap");
    tcase_add_test(c, libpcap_reads_back_every_sent_frame);
    tcase_add_test(c, the_file_says_nanoseconds);
    tcase_add_test(c, live_frames_are_in_the_file_at_once);
    tcase_add_test(c, a_full_disk_is_found);
    tcase_add_test(c, a_full_disk_is_found_in_a_short_run);
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(pcap_suite)
