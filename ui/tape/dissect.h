#ifndef UI_TAPE_DISSECT_H
#define UI_TAPE_DISSECT_H
/*
 * dissect - a frame taken apart: a tree of fields, each with the octets that it is made of.
 *
 *   0  Ethernet II          02:00:00:01:00:00 > 02:00:00:02:00:00        0..13
 *   1    Destination        02:00:00:02:00:00                            0..5
 *   0  Internet Protocol 4  192.0.2.10 > 198.51.100.25                   14..33
 *   1    Header checksum    0x4a1f, correct                              24..25
 *   0  TCP                  54218 > 587, SYN                             34..57
 *
 * Everything is read from the octets alone. They come from anybody: each read is checked against the end of
 * its layer, and what does not fit is a node that says so. Names are those of the RFCs.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISSECT_NODES_MAX 320   /* fields shown of one frame */
#define DISSECT_TEXT_MAX  16384 /* octets of all values together */

struct dissect_node {
    const char *name; /* static */
    const char *value;
    uint32_t from, octets; /* in the frame */
    uint8_t depth;         /* 0: a layer */
    bool wrong;            /* a checksum that is not right, a field that does not fit */
};

struct dissect {
    struct dissect_node node[DISSECT_NODES_MAX];
    size_t n;
    const char *protocol; /* the highest one: "SMTP", "DNS", "TCP", "ARP"; static */
    const char *summary;  /* what it says, in one line; "" where only the header is of interest */
    bool cut;             /* there was more than there is room for */
    /* what the layers need of each other */
    const uint8_t *bytes; /* borrowed */
    size_t len, text_len;
    char text[DISSECT_TEXT_MAX];
};

/* `bytes`: from the Ethernet header on, without FCS (RFC 894). They must live as long as `out` is added to;
 * afterwards only values, which are copies, are left. */
void dissect_frame(struct dissect *out, const uint8_t *bytes, size_t len);

/* An IPv6 address as RFC 5952 section 4 wants it: "2001:db8::25". Returns buf. */
#define DISSECT_ADDRESS_MAX 46
const char *dissect_ip6_text(const uint8_t ip[16], char buf[DISSECT_ADDRESS_MAX]);

/* The deepest node that holds the octet at `at`; -1: none. */
int dissect_at(const struct dissect *d, size_t at);
#endif
