/* Claims about the key log: tshark opens our octets with it, and finds nothing wrong with them. */
#include <unistd.h>

#include "tests/check_main.h"
#include "tests/tls/pair.h"

#define SERVER_PORT  465
#define CLIENT_PORT  50000
#define LINKTYPE_RAW 101 /* IP without a frame */
#define SEGMENT_MAX  1400

static struct pair p;
static FILE *pcap;
static uint32_t sequence[2], packets;

static void put16(unsigned char *to, unsigned v)
{
    to[0] = (unsigned char)(v >> 8);
    to[1] = (unsigned char)v;
}

static void put32(unsigned char *to, uint32_t v)
{
    put16(to, v >> 16);
    put16(to + 2, v & 0xffff);
}

/* One TCP segment in a pcap file, big-endian. Checksums stay 0: tshark does not look at them. */
static void write_segment(enum tls_side from, const char *octets, size_t len)
{
    unsigned char h[16 + 20 + 20] = { 0 }, *ip = h + 16, *tcp = ip + 20;
    put32(h, PAIR_NOW_S);
    put32(h + 4, packets++ * 1000);
    put32(h + 8, (uint32_t)(len + 40));
    put32(h + 12, (uint32_t)(len + 40));
    ip[0] = 0x45;
    put16(ip + 2, (unsigned)len + 40);
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, 0xc0000200u + (from == TLS_CLIENT ? 1 : 2));
    put32(ip + 16, 0xc0000200u + (from == TLS_CLIENT ? 2 : 1));
    put16(tcp, from == TLS_CLIENT ? CLIENT_PORT : SERVER_PORT);
    put16(tcp + 2, from == TLS_CLIENT ? SERVER_PORT : CLIENT_PORT);
    put32(tcp + 4, sequence[from]);
    put32(tcp + 8, sequence[!from]);
    tcp[12] = 5 << 4;
    tcp[13] = 0x18; /* PSH, ACK */
    put16(tcp + 14, 65535);
    ck_assert_uint_eq(fwrite(h, 1, sizeof h, pcap), sizeof h);
    ck_assert_uint_eq(fwrite(octets, 1, len, pcap), len);
    sequence[from] += (uint32_t)len;
}

/* The two never speak at once here, or the other's octets would be written twice. */
static void write_out(void)
{
    ck_assert(p.end[TLS_CLIENT].out_len == 0 || p.end[TLS_SERVER].out_len == 0);
    for (int from = 0; from < 2; from++) {
        struct pair_end *end = &p.end[from];
        for (size_t at = 0; at < end->out_len; at += SEGMENT_MAX)
            write_segment((enum tls_side)from, end->out + at,
                          end->out_len - at < SEGMENT_MAX ? end->out_len - at : SEGMENT_MAX);
    }
}

static void run_and_write(void)
{
    while (p.end[TLS_CLIENT].out_len > 0 || p.end[TLS_SERVER].out_len > 0) {
        write_out();
        if (p.end[TLS_CLIENT].out_len > 0)
            pair_carry(&p, TLS_CLIENT);
        else
            pair_carry(&p, TLS_SERVER);
    }
}

static void say(enum tls_side side, const char *line)
{
    ck_assert_uint_eq(tls_session_send(p.end[side].s, line, strlen(line), &p.step), strlen(line));
    pair_keep(&p, side);
    run_and_write();
}

static void ask_tshark(const char *dir, const char *filter, const char *fields, char *answer, size_t size)
{
    char command[1024];
    FILE *tshark;
    size_t len;
    snprintf(command, sizeof command,
             "tshark -n -r %s/t.pcap -o tls.keylog_file:%s/t.keys -Y '%s' -T fields %s 2>/dev/null", dir, dir,
             filter, fields);
    ck_assert_ptr_nonnull(tshark = popen(command, "r"));
    len = fread(answer, 1, size - 1, tshark);
    answer[len] = '\0';
    ck_assert_int_eq(pclose(tshark), 0);
}

START_TEST(tshark_reads_the_mail_with_the_key_log)
{
    static const unsigned char head[24] = {
        0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, [18] = 1, [23] = LINKTYPE_RAW
    };
    char dir[] = "/tmp/mailwalk-tls-XXXXXX", path[64], answer[4096];
    FILE *keys;
    if (system("command -v tshark >/dev/null 2>&1") != 0) {
        puts("skipped: tshark is not installed");
        return;
    }
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/t.pcap", dir);
    ck_assert_ptr_nonnull(pcap = fopen(path, "wb"));
    ck_assert_uint_eq(fwrite(head, 1, sizeof head, pcap), sizeof head);
    sequence[0] = sequence[1] = 1;
    packets = 0;
    pair_open(&p, &(struct pair_config){ .max = _i ? TLS_VERSION_1_3 : TLS_VERSION_1_2 });
    pair_start(&p);
    run_and_write();
    say(TLS_SERVER, "220 mx.example.org ESMTP\r\n");
    say(TLS_CLIENT, "EHLO laptop.example.net\r\n");
    say(TLS_SERVER, "250 mx.example.org\r\n");
    say(TLS_CLIENT, "MAIL FROM:<alice@example.com>\r\n");
    for (int i = 0; i < 2; i++) {
        tls_session_close(p.end[i].s, &p.step);
        pair_keep(&p, (enum tls_side)i);
        run_and_write();
    }
    ck_assert_int_eq(fclose(pcap), 0);
    snprintf(path, sizeof path, "%s/t.keys", dir);
    ck_assert_ptr_nonnull(keys = fopen(path, "w"));
    ck_assert_int_ge(fputs(p.keylog, keys), 0);
    ck_assert_int_eq(fclose(keys), 0);
    pair_close(&p);

    ask_tshark(dir, "smtp", "-e smtp.req.command -e smtp.req.parameter -e smtp.response.code", answer,
               sizeof answer);
    ck_assert_str_eq(answer,
                     "\t\t220\nEHLO\tlaptop.example.net\t\n\t\t250\nMAIL\tFROM:<alice@example.com>\t\n");
    ask_tshark(dir, "_ws.malformed || _ws.expert.severity >= 6291456 || tls.alert_message.desc > 0",
               "-e frame.number -e _ws.expert.message", answer, sizeof answer); /* warnings and errors */
    ck_assert_str_eq(answer, "");
    ask_tshark(dir, "tls.handshake.type == 20", "-e frame.number", answer,
               sizeof answer); /* both Finished decrypt */
    ck_assert_uint_ge(strlen(answer), 4);
    snprintf(path, sizeof path, "%s/t.pcap", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/t.keys", dir);
    unlink(path);
    rmdir(dir);
}
END_TEST

static Suite *wireshark_suite(void)
{
    Suite *suite = suite_create("tls_wireshark");
    TCase *t = tcase_create("wireshark");
    tcase_set_timeout(t, 100);
    tcase_add_loop_test(t, tshark_reads_the_mail_with_the_key_log, 0, 2);
    suite_add_tcase(suite, t);
    return suite;
}

CHECK_MAIN(wireshark_suite)
