#ifndef UI_TAPE_DISSECT_LAYERS_H
#define UI_TAPE_DISSECT_LAYERS_H
/*
 * dissect_layers - what the files of dissect share: a layer is the octets from `at` to `end`.
 *
 *   dissect.c       Ethernet II, ARP, IPv4, IPv6      dissect_icmp.c  ICMP, ICMPv6, Neighbor Discovery
 *   dissect_port.c  UDP, TCP                          dissect_dns.c   DNS
 *   dissect_tls.c   TLS records, handshakes           dissect_text.c  SMTP, POP3, IMAP lines
 */
#include "ui/tape/dissect.h"

/* Who carries a transport layer: for its checksum. */
struct dissect_ends {
    const uint8_t *source, *destination; /* in the frame; NULL: unknown */
    unsigned address_octets;             /* 4 or 16 */
    bool fragment;                       /* not all octets are here */
};

/* Adds a field; the value is printed. Returns its index, or -1: no room is left. */
__attribute__((format(printf, 6, 7))) int dissect_put(struct dissect *d, unsigned depth, const char *name,
                                                      size_t from, size_t octets, const char *fmt, ...);
/* The same, marked as wrong. */
__attribute__((format(printf, 6, 7))) int dissect_wrong(struct dissect *d, unsigned depth, const char *name,
                                                        size_t from, size_t octets, const char *fmt, ...);
/* A field whose value is what the frame has there: control characters become dots. */
int dissect_words(struct dissect *d, unsigned depth, const char *name, size_t from, size_t octets);
/* True: `n` octets from `at` on are there. False: a node says that they are not. */
bool dissect_need(struct dissect *d, size_t at, size_t end, size_t n, const char *what);
/* Gives a layer the octets that it turned out to have. */
void dissect_stretch(struct dissect *d, int node, size_t octets);
void dissect_summary(struct dissect *d, const char *protocol, const char *summary);
__attribute__((format(printf, 3, 4))) void dissect_summaryf(struct dissect *d, const char *protocol,
                                                            const char *fmt, ...);

/* 0 behind the end of the frame. */
uint8_t dissect_u8(const struct dissect *d, size_t at);
uint16_t dissect_u16(const struct dissect *d, size_t at);
uint32_t dissect_u32(const struct dissect *d, size_t at);

const char *dissect_ip4(const struct dissect *d, size_t at, char buf[DISSECT_ADDRESS_MAX]);
const char *dissect_ip6(const struct dissect *d, size_t at, char buf[DISSECT_ADDRESS_MAX]);
const char *dissect_mac(const struct dissect *d, size_t at, char buf[DISSECT_ADDRESS_MAX]);

/* The sum of RFC 1071 over from..from+octets, added to `sum`; folded by dissect_fold. */
uint32_t dissect_sum(const struct dissect *d, uint32_t sum, size_t from, size_t octets);
uint16_t dissect_fold(uint32_t sum);
/* Adds the field "Checksum" at `at` of a layer that has a pseudo-header (RFC 9293 section 3.1, RFC 8200
 * section 8.1). */
void dissect_checksum(struct dissect *d, const struct dissect_ends *ends, unsigned protocol, size_t from,
                      size_t end, size_t at);

void dissect_ip(struct dissect *d, size_t at, size_t end, unsigned depth);
void dissect_icmp4(struct dissect *d, size_t at, size_t end, bool fragment, unsigned depth);
void dissect_icmp6(struct dissect *d, const struct dissect_ends *ends, size_t at, size_t end, unsigned depth);
void dissect_udp(struct dissect *d, const struct dissect_ends *ends, size_t at, size_t end);
void dissect_tcp(struct dissect *d, const struct dissect_ends *ends, size_t at, size_t end);
void dissect_dns(struct dissect *d, size_t at, size_t end);
/* False: these are no TLS records. */
bool dissect_tls(struct dissect *d, size_t at, size_t end);
/* False: neither port is one of a mail protocol, or these are no lines. */
bool dissect_lines(struct dissect *d, size_t at, size_t end, uint16_t source, uint16_t destination);
#endif
