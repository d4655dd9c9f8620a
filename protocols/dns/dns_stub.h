#ifndef PROTOCOLS_DNS_STUB_H
#define PROTOCOLS_DNS_STUB_H
/*
 * dns_stub - the resolver inside every client: it asks others, and asks again.
 *
 *   attempt 1: server 1 --5 s--> server 2 --5 s--> server 3 --5 s-->
 *   attempt 2: server 1 --5 s--> ...                                  TIMEOUT
 *   a truncated reply: the same server again over TCP
 *
 * One struct dns_lookup for each open question, host's memory, none when idle. The host
 * does what step.action says, calls dns_lookup_reply() with what arrives on the question's
 * socket, dns_lookup_failed() if a port is unreachable or a TCP connection fails, and
 * dns_lookup_expire() when deadline_ns has come.
 */
#include "protocols/dns/dns_verdict.h"

#define DNS_STUB_SERVERS_MAX 3             /* as in resolv.conf */
#define DNS_STUB_TIMEOUT_NS  5000000000ull /* 5 s per try: RFC 1123 section 6.1.3.3 wants a limit */
#define DNS_STUB_ATTEMPTS    2             /* times through the list of servers */

struct dns_stub_config { /* borrowed, shared by all lookups of a host */
    struct dns_addr server[DNS_STUB_SERVERS_MAX];
    uint8_t servers;
    uint8_t attempts; /* 0: DNS_STUB_ATTEMPTS */
    bool no_edns;     /* ask without OPT: replies of at most 512 octets */
    bool always_tcp;
    uint64_t timeout_ns; /* 0: DNS_STUB_TIMEOUT_NS */
};

enum dns_lookup_state { DNS_LOOKUP_IDLE, DNS_LOOKUP_WAIT_UDP, DNS_LOOKUP_WAIT_TCP, DNS_LOOKUP_DONE };

struct dns_lookup {
    const struct dns_stub_config *config; /* borrowed */
    uint64_t deadline_ns;                 /* UINT64_MAX unless waiting */
    enum dns_lookup_state state;
    uint16_t id, type;
    uint8_t server, attempt;
    uint8_t failure;    /* enum dns_verdict of the last server that failed; 0: none has */
    bool got_malformed; /* a server's reply could not be read */
    bool plain;         /* without EDNS0: the server did not understand it */
    struct dns_name name;
};

enum dns_lookup_action {
    DNS_ACT_WAIT,     /* nothing to do: the octets were not an answer to us */
    DNS_ACT_SEND_UDP, /* send query to server, port DNS_PORT, from a port that is hard to guess */
    DNS_ACT_SEND_TCP, /* connect to server, send query with its two octets of length */
    DNS_ACT_DONE      /* result is final; close sockets */
};

enum dns_result_class { /* what a mail program must tell apart */
                        DNS_RESULT_OK,
                        DNS_RESULT_NXDOMAIN,  /* final: bounce */
                        DNS_RESULT_NODATA,    /* the name exists: for MX, the implicit MX rule applies */
                        DNS_RESULT_SERVFAIL,  /* temporary: try later. Also REFUSED, NOTIMP, FORMERR, CNAME
                                                 loops */
                        DNS_RESULT_TIMEOUT,   /* temporary */
                        DNS_RESULT_MALFORMED, /* temporary */
                        DNS_RESULT_CLASSES
};

struct dns_result {
    enum dns_result_class class_;
    enum dns_verdict verdict; /* finer, with a lesson */
    uint16_t type, rcode;
    bool authoritative, recursion_available, tcp;
    uint8_t aliases;    /* CNAMEs followed */
    uint16_t records;   /* of the type asked for */
    uint32_t ttl;       /* smallest on the way; for negative answers from the SOA */
    const uint8_t *msg; /* borrowed: the reply given to dns_lookup_reply(); NULL without one */
    size_t len;
    struct dns_name canonical; /* the name at the end of the CNAMEs */
};

struct dns_lookup_step {
    enum dns_lookup_action action;
    const struct dns_addr *server; /* to send to, or that has answered; points into config */
    size_t query_len;
    const struct wire_lesson *why; /* of the query to send, or of the reply just taken; never NULL */
    enum dns_verdict verdict;      /* of the reply just taken; DNS_TIMEOUT; DNS_MISMATCHED */
    struct dns_result result;      /* valid with DNS_ACT_DONE */
    uint8_t query[DNS_QUERY_MAX];
};

/* Opens a question. id: random, hard to guess (RFC 5452 section 4). */
void dns_lookup_start(struct dns_lookup *l, const struct dns_stub_config *config, const uint8_t *name,
                      uint16_t type, uint16_t id, uint64_t now_ns, struct dns_lookup_step *out);
/* A datagram or TCP message (without length octets) has arrived from an address. */
void dns_lookup_reply(struct dns_lookup *l, uint64_t now_ns, const struct dns_addr *from, uint16_t from_port,
                      bool tcp, const uint8_t *msg, size_t len, struct dns_lookup_step *out);
void dns_lookup_failed(struct dns_lookup *l, uint64_t now_ns, struct dns_lookup_step *out);
/* Action DNS_ACT_WAIT if the deadline has not come. */
void dns_lookup_expire(struct dns_lookup *l, uint64_t now_ns, struct dns_lookup_step *out);

/* ---- reading a result ---- */

struct dns_mx {
    uint16_t preference;
    struct dns_name exchange;
};

/* Each returns how many it wrote, at most cap. */

/* Addresses of the canonical name (A or AAAA, as asked). */
size_t dns_result_addresses(const struct dns_result *res, struct dns_addr *out, size_t cap);
/* MX hosts by rising preference. random: mixes those of equal preference, as RFC 5321
 * section 5.1 demands; NULL: leaves them in the order of the answer. */
size_t dns_result_mx(const struct dns_result *res, uint32_t (*random)(void *), void *host, struct dns_mx *out,
                     size_t cap);
/* Addresses that the reply carries for a name in its additional section: saves a question. */
size_t dns_result_extra(const struct dns_result *res, const uint8_t *name, struct dns_addr *out, size_t cap);
/* Is it the null MX of RFC 7505: this domain takes no mail? */
bool dns_result_is_null_mx(const struct dns_result *res);
/* The i-th TXT, strings joined, with NUL. Returns the whole length; SIZE_MAX if there is none. */
size_t dns_result_txt(const struct dns_result *res, size_t i, char *out, size_t cap);
/* The i-th name of a PTR, NS or CNAME answer; false if there is none. */
bool dns_result_name(const struct dns_result *res, size_t i, struct dns_name *out);

const char *dns_result_class_name(enum dns_result_class c);
const struct wire_lesson *dns_result_class_lesson(enum dns_result_class c);
/* Why a sender goes on to A and AAAA when there is no MX (RFC 5321 section 5.1). */
extern const struct wire_lesson dns_lesson_implicit_mx;
#endif
