/* dissect: the frames of the catalogue are taken apart with nothing wrong; broken ones never lead outside. */
#include "ui/tape/dissect.h"

#include <string.h>

#include "tests/check_main.h"
#include "tests/ui/catalogue.h"
#include "ui/tape/frames.h"

static struct dissect d;

static const struct dissect_node *node(const char *name)
{
    for (size_t i = 0; i < d.n; i++)
        if (strcmp(d.node[i].name, name) == 0)
            return &d.node[i];
    return NULL;
}

static void value_is(const char *name, const char *value)
{
    const struct dissect_node *n = node(name);
    ck_assert_msg(n != NULL, "there is no %s", name);
    ck_assert_str_eq(n->value, value);
}

/* Every node lies in the frame, and a field in its layer's part of it or behind it. One claim for all of
 * them: each that is made costs a system call. */
static void stays_inside(size_t len)
{
    bool inside = d.summary != NULL;
    for (size_t i = 0; i < d.n; i++)
        inside = inside && d.node[i].from <= len && d.node[i].octets <= len - d.node[i].from &&
                 d.node[i].name && d.node[i].value;
    for (size_t at = 0; at < len; at += 7)
        inside = inside && dissect_at(&d, at) < (int)d.n;
    ck_assert_msg(inside, "%s: a node is not inside of %zu octets", d.summary ? d.summary : "no summary",
                  len);
}

static const char *const wanted[] = { "ARP", "ND",  "ICMPv6", "ICMP", "DNS",
                                      "TCP", "TLS", "SMTP",   "POP3", "IMAP" };
#define WANTED (sizeof wanted / sizeof wanted[0])
static size_t seen[WANTED], frames_read;

static bool corrupted(struct tape *t)
{
    const struct tape_list *faults = tape_of_kind(t, TRACE_KIND_FAULT);
    struct trace_record r;
    for (size_t i = 0; i < faults->n; i++)
        if (tape_get(t, faults->seq[i], &r) && trace_attr_get(&r, "kind") &&
            strcmp(trace_attr_get(&r, "kind"), "corrupt") == 0)
            return true;
    return false;
}

static void nothing_is_wrong(const char *name, struct tape *t)
{
    struct frames *f = frames_new(t);
    bool broken = corrupted(t);
    struct trace_record r;
    for (size_t i = 0; i < f->n; i++) {
        ck_assert(tape_get(t, f->row[i].seq, &r));
        if (!r.bytes)
            continue;
        frames_read++;
        dissect_frame(&d, r.bytes, r.nbytes);
        stays_inside(r.nbytes);
        for (size_t k = 0; k < d.n && !broken; k++)
            ck_assert_msg(!d.node[k].wrong, "%s, frame %u: %s: %s", name, f->row[i].frame, d.node[k].name,
                          d.node[k].value);
        for (size_t w = 0; w < WANTED; w++)
            seen[w] += strcmp(wanted[w], d.protocol) == 0;
    }
    frames_free(f);
}

START_TEST(nothing_is_wrong_in_the_frames_of_the_catalogue)
{
    catalogue_each(nothing_is_wrong);
    ck_assert_uint_gt(frames_read, 1000);
    for (size_t w = 0; w < WANTED; w++)
        ck_assert_msg(seen[w] > 0 || strncmp(wanted[w], "ICMP", 4) == 0, "no frame is %s", wanted[w]);
}
END_TEST

static void cut_everywhere(const char *name, struct tape *t)
{
    struct frames *f = frames_new(t);
    struct trace_record r;
    const char *before = "";
    uint8_t octets[2048];
    (void)name;
    for (size_t i = 0; i < f->n && i < 400; i++) {
        tape_get(t, f->row[i].seq, &r);
        if (!r.bytes || r.nbytes > sizeof octets)
            continue;
        dissect_frame(&d, r.bytes, r.nbytes);
        if (d.protocol == before)
            continue;
        before = d.protocol;
        for (size_t len = 0; len < r.nbytes; len++) {
            uint8_t *exact = malloc(len ? len : 1);
            ck_assert_ptr_nonnull(exact);
            memcpy(exact, r.bytes, len);
            dissect_frame(&d, exact, len);
            stays_inside(len);
            free(exact);
        }
        for (size_t at = 14; at < r.nbytes; at++) {
            memcpy(octets, r.bytes, r.nbytes);
            octets[at] ^= 0xff;
            dissect_frame(&d, octets, r.nbytes);
            stays_inside(r.nbytes);
        }
    }
    frames_free(f);
}

START_TEST(cut_and_changed_frames_stay_inside)
{
    catalogue_each(cut_everywhere);
}
END_TEST

/* The frame that carries a record of the tape. */
static void frame_of(struct tape *t, const char *text, struct trace_record *frame)
{
    struct frames *f = frames_new(t);
    const struct tape_list *lines = tape_lines(t);
    struct trace_record r;
    for (size_t i = 0; i < lines->n; i++) {
        ck_assert(tape_get(t, lines->seq[i], &r));
        if (r.text && r.text_len >= strlen(text) && memcmp(r.text, text, strlen(text)) == 0) {
            ptrdiff_t row = frames_of_place(f, t, lines->seq[i]);
            ck_assert_int_ge(row, 0);
            ck_assert_uint_eq(f->row[row].frame, r.frame);
            ck_assert_uint_gt(frames_seen(f, t, lines->seq[i]), (size_t)row);
            ck_assert(tape_get(t, f->row[row].seq, frame));
            frames_free(f);
            return;
        }
    }
    ck_abort_msg("nobody says %s", text);
}

START_TEST(fields_have_the_values_of_the_standards)
{
    struct tape *t = catalogue_tape("first-message");
    struct trace_record r;
    uint8_t octets[2048];
    frame_of(t, "EHLO", &r);
    dissect_frame(&d, r.bytes, r.nbytes);
    ck_assert_str_eq(d.protocol, "SMTP");
    ck_assert_str_eq(d.summary, "EHLO [192.0.2.10]");
    value_is("Type", "0x0800 (IPv4)");
    value_is("Protocol", "6 (TCP)");
    value_is("Flags", "don't fragment");
    value_is("Destination port", "587");
    value_is("Command", "EHLO [192.0.2.10]");
    ck_assert_ptr_nonnull(strstr(node("Checksum")->value, "correct"));
    ck_assert_uint_eq(node("Command")->from, r.nbytes - 19);
    ck_assert_uint_eq(node("Command")->octets, 19);
    ck_assert_str_eq(d.node[dissect_at(&d, r.nbytes - 3)].name, "Command");
    memcpy(octets, r.bytes, r.nbytes);
    octets[r.nbytes - 3] ^= 1;
    dissect_frame(&d, octets, r.nbytes);
    ck_assert(node("Checksum")->wrong);
    ck_assert_ptr_nonnull(strstr(node("Checksum")->value, "wrong"));
    octets[23] ^= 1; /* the time to live and its neighbour are covered by the header's own sum */
    dissect_frame(&d, octets, r.nbytes);
    ck_assert(node("Header checksum")->wrong);
    frame_of(t, "MX 10", &r);
    dissect_frame(&d, r.bytes, r.nbytes);
    ck_assert_str_eq(d.summary, "MX? example.org: MX 10 mx.example.org");
    value_is("Question", "MX? example.org");
    value_is("Answer", "example.org MX 10 mx.example.org");
    value_is("Time to live", "64");
    value_is("Response code", "0 (NOERROR)");
    tape_free(t);
}
END_TEST

START_TEST(a_hello_shows_whom_it_is_for)
{
    struct tape *t = catalogue_tape("first-message-secure");
    struct trace_record r;
    frame_of(t, "ClientHello", &r);
    dissect_frame(&d, r.bytes, r.nbytes);
    ck_assert_str_eq(d.protocol, "TLS");
    value_is("Server name", "mail.example.com");
    frame_of(t, "ServerHello", &r);
    dissect_frame(&d, r.bytes, r.nbytes);
    value_is("Supported version", "TLS 1.3");
    tape_free(t);
}
END_TEST

START_TEST(dropped_frames_know_their_end)
{
    struct tape *t = catalogue_tape("lossy-link");
    struct frames *f = frames_new(t);
    struct trace_record r;
    size_t dropped = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (f->row[i].frame)
            ck_assert(tape_get(t, f->row[i].seq, &r) && r.frame == f->row[i].frame);
        if (!f->row[i].dropped)
            continue;
        dropped++;
        ck_assert(tape_get(t, f->row[i].dropped, &r));
        ck_assert_int_eq(r.kind, TRACE_KIND_DROPPED);
        ck_assert(f->row[i].frame == 0 || r.frame == f->row[i].frame);
    }
    ck_assert_uint_gt(dropped, 3);
    frames_free(f);
    tape_free(t);
}
END_TEST

/* Packets that no scenario sends. */
START_TEST(icmp_quotes_the_packet_that_it_is_about)
{
    static const uint8_t frame[] = {
        2,    0,    0, 0,  0, 1,  2, 0, 0,  0,  0, 2, 8,   0,                     /* Ethernet */
        0x45, 0,    0, 56, 0, 1,  0, 0, 64, 1,  0, 0, 192, 0, 2, 1, 192, 0, 2, 2, /* IPv4 */
        3,    3,    0, 0,  0, 0,  0, 0,                                           /* port unreachable */
        0x45, 0,    0, 40, 0, 2,  0, 0, 63, 17, 0, 0, 192, 0, 2, 2, 192, 0, 2, 1, /* the packet */
        0x30, 0x39, 0, 53, 0, 20, 0, 0,
    };
    dissect_frame(&d, frame, sizeof frame);
    ck_assert_str_eq(d.protocol, "ICMP");
    ck_assert_str_eq(d.summary, "destination unreachable: port unreachable");
    ck_assert(node("Header checksum")->wrong);
    value_is("UDP", "port 12345 > 53, the packet's beginning");
    stays_inside(sizeof frame);
}
END_TEST

START_TEST(a_name_that_points_at_itself_is_broken)
{
    static const uint8_t frame[] = {
        2,    0,    0, 0,  0, 1,  2, 0, 0,  0,  0, 2, 8,    0,                      /* Ethernet */
        0x45, 0,    0, 46, 0, 1,  0, 0, 64, 17, 0, 0, 192,  0,  2, 1, 192, 0, 2, 2, /* IPv4 */
        0x30, 0x39, 0, 53, 0, 26, 0, 0,                                             /* UDP */
        0,    1,    1, 0,  0, 1,  0, 0, 0,  0,  0, 0, 0xc0, 12, 0, 1, 0,   1,       /* DNS */
    };
    dissect_frame(&d, frame, sizeof frame);
    ck_assert_str_eq(d.protocol, "DNS");
    ck_assert(node("Question")->wrong);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dissect");
    TCase *c = tcase_create("frames");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, nothing_is_wrong_in_the_frames_of_the_catalogue);
    tcase_add_test(c, cut_and_changed_frames_stay_inside);
    tcase_add_test(c, fields_have_the_values_of_the_standards);
    tcase_add_test(c, a_hello_shows_whom_it_is_for);
    tcase_add_test(c, dropped_frames_know_their_end);
    tcase_add_test(c, icmp_quotes_the_packet_that_it_is_about);
    tcase_add_test(c, a_name_that_points_at_itself_is_broken);
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(suite)
