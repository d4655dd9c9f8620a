#ifndef SIM_HOSTS_SPEC_H
#define SIM_HOSTS_SPEC_H
/*
 * spec - a world as plain data: what scenarios/load reads from a file, what the bench writes
 * by itself, and what world_build() turns into hosts.
 *
 *   spec_world
 *     links[]     Ethernet segments with rate, delay and faults
 *     hosts[]     interfaces, routes, firewall, and any of: dns, resolver, mta, store, client
 *     zones[]     DNS data, served by the hosts that name them
 *     messages[]  what is sent
 *     actions[]   who does what, when
 *     doors       where real programs come in
 *     changes[]   what somebody edits while it runs
 *
 * Everything is owned by the arena that the loader fills; a world borrows it and must not outlive it.
 * Times are nanoseconds, sizes octets, rates bits per second. A string that is not given is NULL.
 * `pointer` is the JSON pointer of the value in the scenario ("/hosts/mail/mta"), for messages and for "why".
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/net/net.h"

#define SPEC_HOSTS_MAX    20000
#define SPEC_LINKS_MAX    20000
#define SPEC_IFACES_MAX   4096 /* of one host */
#define SPEC_ACTIONS_MAX  10000
#define SPEC_MESSAGES_MAX 10000
#define SPEC_USERS_MAX    100000
#define SPEC_CHANGES_MAX  100
#define SPEC_NAME_MAX     64 /* octets in the short name of a host, link, message or action */

struct spec_prefix {
    struct net_addr addr;
    uint8_t bits; /* 0..32 for IPv4, 0..128 for IPv6 */
};

/* ---- links ------------------------------------------------------------------------------ */

#define SPEC_FAULT_KINDS(X)                                                                                  \
    X(DROP, "drop")           /* the frames in `nth`, counted among those that match, or in `frames` */      \
    X(LOSS, "loss")           /* each with a chance of `ppm` */                                              \
    X(DUPLICATE, "duplicate") /* `nth`, or with a chance */                                                  \
    X(REORDER, "reorder")     /* delayed by extra_ns: `nth`, or with a chance */                             \
    X(LAG, "lag")             /* all, delayed by extra_ns */                                                 \
    X(CUT, "cut")             /* everything, between from_ns and until_ns */
#define X(name, json) SPEC_FAULT_##name,
enum spec_fault_kind { SPEC_FAULT_KINDS(X) SPEC_FAULT_KIND_COUNT };
#undef X

struct spec_fault {
    const char *name, *pointer;
    enum spec_fault_kind kind;
    uint64_t from_ns, until_ns; /* CORE_NEVER: to the end */
    const char *from_host;      /* only frames that this host put on the link; NULL: all */
    uint8_t proto;              /* NET_PROTO_..., 0: any */
    uint16_t port;              /* either port; 0: any */
    bool data_only;             /* only TCP segments with payload, UDP with payload */
    const uint32_t *nth;        /* from 1, ascending */
    size_t nnth;
    const uint32_t *frames; /* DROP: by their numbers in the capture */
    size_t nframes;
    uint32_t ppm;
    uint64_t extra_ns;
};

struct spec_link {
    const char *name, *label, *pointer;
    uint64_t rate_bps; /* 0: no serialisation delay */
    uint64_t delay_ns, jitter_ns;
    uint32_t queue_frames; /* of each sender; 0: 1000 */
    const struct spec_fault *faults;
    size_t nfaults;
};

/* ---- hosts: network --------------------------------------------------------------------- */

struct spec_iface {
    const char *link, *pointer;
    struct spec_prefix ip4, ip6; /* bits 0: none */
};

struct spec_route {
    struct spec_prefix to;
    struct net_addr via;
    const char *pointer;
};

enum spec_fw_action { SPEC_FW_ACCEPT, SPEC_FW_DROP, SPEC_FW_REJECT };
enum spec_fw_dir { SPEC_FW_ANY, SPEC_FW_IN, SPEC_FW_OUT, SPEC_FW_FORWARD };

struct spec_fw_rule {
    const char *name, *pointer;
    enum spec_fw_action action;
    bool reject_with_icmp; /* REJECT says so by ICMP, not by RST */
    enum spec_fw_dir dir;
    uint8_t proto;               /* 0: any */
    struct spec_prefix src, dst; /* bits 0: any */
    uint16_t port_from, port_to; /* destination ports; 0,0: any */
    uint64_t from_ns, until_ns;
};

/* A router that writes other octets over what passes: somebody in the middle (sim/net/tamper.h). */
struct spec_rewrite {
    const char *name, *pointer;
    uint16_t port;           /* either port; 0: any */
    const char *find, *with; /* of one length */
    uint64_t from_ns, until_ns;
};

/* ---- hosts: roles ------------------------------------------------------------------------- */

enum spec_security { SPEC_PLAIN, SPEC_STARTTLS, SPEC_TLS };
enum spec_auth { SPEC_AUTH_NONE, SPEC_AUTH_OFFERED, SPEC_AUTH_REQUIRED };

struct spec_resolver { /* a caching recursive resolver */
    const char *pointer;
    const struct net_addr *roots; /* addresses of the simulated root servers */
    size_t nroots;
    uint32_t cache_slots; /* 0: 1024 */
};

struct spec_dns { /* an authoritative server */
    const char *pointer;
    const char *const *zones; /* names in spec_world.zones */
    size_t nzones;
    const char *fault; /* NULL, "servfail", "refuse", "drop" */
    uint64_t fault_from_ns, fault_until_ns;
};

struct spec_user {
    const char *name, *password, *pointer;
    uint64_t quota_octets;                /* 0: none */
    uint64_t full_from_ns, full_until_ns; /* over quota whatever is there; from == until: never */
    const char *const *messages;          /* in the INBOX at the start: names in spec_world.messages */
    size_t nmessages;
    const char *const *mailboxes; /* besides INBOX: "Sent", ... */
    size_t nmailboxes;
};

enum spec_service_kind { SPEC_SMTP_RELAY, SPEC_SMTP_SUBMISSION, SPEC_POP3, SPEC_IMAP };

struct spec_service {
    enum spec_service_kind kind;
    uint16_t port;
    enum spec_security security;
    enum spec_auth auth;    /* SMTP only */
    const char *mechanisms; /* "PLAIN LOGIN CRAM-MD5" */
    const char *pointer;
};

struct spec_alias {
    const char *name; /* "postmaster", "sales@example.org" */
    const char *const *targets;
    size_t ntargets;
    const char *pointer;
};

/* A rule that the MTA's policy applies at one command: greylisting, a refused recipient, a full disk. */
struct spec_refusal {
    const char *pointer;
    const char *command; /* "CONNECT", "HELO", "MAIL", "RCPT", "DATA" */
    const char *match;   /* address or domain that it is about, "*" for all */
    uint16_t code;       /* 421, 450, 451, 452, 550, 552, 554 ... */
    const char *status;  /* "4.7.1" */
    const char *text;
    uint64_t from_ns, until_ns;
    uint32_t first; /* only the first so many times; 0: always */
};

struct spec_mta {
    const char *pointer;
    const char *hostname;             /* in greeting, EHLO and Received; NULL: the host's fqdn */
    const char *const *local_domains; /* delivered here */
    size_t nlocal_domains;
    const char *const *relay_domains; /* accepted for anyone and relayed: a backup MX */
    size_t nrelay_domains;
    const struct spec_prefix *relay_networks; /* who may relay without authentication */
    size_t nrelay_networks;
    bool open_relay;                     /* the mistake */
    const struct spec_service *services; /* SMTP_RELAY and SMTP_SUBMISSION */
    size_t nservices;
    const struct spec_alias *aliases;
    size_t naliases;
    const struct spec_refusal *refusals;
    size_t nrefusals;
    uint64_t size_max_octets; /* 0: 10240000, Postfix's default */
    uint32_t recipients_max;  /* 0: 1000 */
    uint32_t hops_max;        /* 0: 50 Received fields, then 5.4.6 */
    uint64_t retry_first_ns;  /* 0: 5 min; doubles up to retry_max_ns (0: 4 h) */
    uint64_t retry_max_ns;
    uint64_t delay_notice_ns; /* 0: 4 h; CORE_NEVER: none */
    uint64_t expire_ns;       /* 0: 5 d */
    bool no_pipelining, no_8bitmime, no_chunking, no_smtputf8, no_dsn, no_enhanced, helo_only;
    bool accepts_unknown_users; /* takes any RCPT and bounces later: backscatter */
    bool sender_must_match;     /* MAIL FROM must be the user's own address */
    const char *relayhost;      /* NULL: by MX */
    uint16_t relay_port;        /* 0: 25 */
};

struct spec_store {
    const char *pointer;
    const struct spec_user *users;
    size_t nusers;
    const struct spec_service *services; /* POP3 and IMAP */
    size_t nservices;
};

struct spec_account { /* one account set up in a mail program */
    const char *pointer;
    const char *name;    /* of the account; NULL: its address */
    const char *address; /* "alice@example.com" */
    const char *display; /* "Alice" */
    const char *user, *password;
    /* sending */
    const char *submit_server; /* name or address; NULL: cannot send */
    uint16_t submit_port;
    enum spec_security submit_security;
    enum spec_auth submit_auth;
    const char *mechanisms; /* what the client is willing to use, best first; NULL: "CRAM-MD5 PLAIN LOGIN" */
    const char *submit_password; /* NULL: password */
    const char *helo;            /* NULL: "[address]" */
    bool save_sent;              /* IMAP APPEND to "Sent" */
    /* reading */
    enum spec_service_kind fetch_kind; /* SPEC_POP3 or SPEC_IMAP */
    const char *fetch_server;          /* NULL: cannot read */
    uint16_t fetch_port;
    enum spec_security fetch_security;
    bool fetch_auth_plain_command; /* USER/PASS or LOGIN instead of SASL */
    bool keep;                     /* POP3: leave on the server */
};

struct spec_client {
    const char *pointer;
    const struct spec_account *accounts;
    size_t naccounts;
};

struct spec_hand { /* a person answers on one port of the host, instead of its service */
    const char *pointer;
    uint16_t port;
    uint64_t from_ns;           /* the host's own service until then */
    const char *const *replies; /* lines, in the order in which they are typed */
    size_t nreplies;
};

/* Faults of a host's SMTP, POP3 and IMAP servers (trouble.h). */
struct spec_delay { /* answers leave later */
    const char *pointer;
    uint64_t by_ns;
    const char *after; /* only the answer to this command, CONNECT or CONTENT; NULL: each */
    uint16_t port;     /* 0: every port of the host */
    uint32_t first;    /* only so many times; 0: always */
    uint64_t from_ns, until_ns;
};

struct spec_drop { /* the connection is closed instead of an answer */
    const char *pointer;
    const char *after; /* a command, CONNECT or CONTENT */
    uint64_t octets;   /* inside the content, after so many of them; 0: after the command */
    bool reset;        /* by RST, not by FIN */
    uint16_t port;     /* 0: every port of the host */
    uint32_t first;    /* only so many times; 0: always */
    uint64_t from_ns, until_ns;
};

struct spec_host {
    const char *name, *label, *fqdn, *role, *pointer;
    bool forwards; /* a router */
    const struct spec_iface *ifaces;
    size_t nifaces;
    const struct spec_route *routes; /* besides those that world_build finds by itself */
    size_t nroutes;
    const struct spec_fw_rule *firewall;
    size_t nfirewall;
    const struct spec_rewrite *rewrites; /* a router's */
    size_t nrewrites;
    const struct net_addr *resolvers; /* which it asks */
    size_t nresolvers;
    const char *certificate_fault;        /* NULL: none; else a name of tls_fault_name() */
    const char *const *certificate_names; /* NULL: the host's names and addresses */
    size_t ncertificate_names;
    uint64_t down_from_ns, down_until_ns; /* switched off; from == until: never */
    const struct spec_delay *delays;
    size_t ndelays;
    const struct spec_drop *drops;
    size_t ndrops;
    const struct spec_resolver *resolver;
    const struct spec_dns *dns;
    const struct spec_mta *mta;
    const struct spec_store *store;
    const struct spec_client *client;
    const struct spec_hand *hand; /* NULL: nobody does */
};

/* ---- DNS data ---------------------------------------------------------------------------- */

struct spec_record {
    const char *pointer;
    const char *name; /* "@", relative, or absolute with a final dot */
    const char *type; /* "MX" */
    const char
        *data;    /* in presentation format, names as in `name`: "10 mx", "192.0.2.25", "\"v=spf1 -all\"" */
    uint32_t ttl; /* seconds; 0: the zone's */
};

struct spec_zone {
    const char *pointer, *name;        /* "example.com", "." for the root */
    uint32_t ttl;                      /* seconds; 0: 3600 */
    uint32_t negative_ttl;             /* SOA minimum; 0: 300 */
    const struct spec_record *records; /* an SOA is made if there is none */
    size_t nrecords;
};

/* ---- messages and actions ----------------------------------------------------------------- */

struct spec_attachment {
    const char *name, *type; /* "map.png", "image/png" */
    const void *octets;
    size_t len;
};

struct spec_message {
    const char *pointer, *name;
    const char *from; /* header and, if no envelope is given, reverse-path; NULL: the account's */
    const char *const *to, *const *cc;
    size_t nto, ncc;
    const char *subject, *text;
    const struct spec_attachment *attachments;
    size_t nattachments;
    const char *raw; /* a whole message (.eml), CRLF lines; then from/to/... are only the envelope */
    size_t raw_len;
    const char *envelope_from;      /* NULL: from */
    const char *const *envelope_to; /* NULL: to and cc */
    size_t nenvelope_to;
    const char *dsn_notify; /* NULL or "SUCCESS,FAILURE,DELAY" / "NEVER" */
    const char *dsn_ret;    /* NULL, "FULL", "HDRS" */
    const char *envid;
};

#define SPEC_ACTIONS(X)                                                                                      \
    X(SEND, "send")     /* submit `message` with `account` */                                                \
    X(FETCH, "fetch")   /* read new mail with `account`: POP3 or IMAP as set up */                           \
    X(MARK, "mark")     /* IMAP: set `flag` on the newest message */                                         \
    X(REMOVE, "remove") /* IMAP: \Deleted and EXPUNGE the newest message */                                  \
    X(MOVE, "move")     /* IMAP: COPY the newest to `mailbox`, then remove it */                             \
    X(TELNET, "telnet") /* open a TCP connection to server:port, type `lines`, one after each reply */       \
    X(LOOKUP, "lookup") /* ask the DNS: `name`, `type` */                                                    \
    X(PING, "ping")
#define X(name, json) SPEC_DO_##name,
enum spec_action_kind { SPEC_ACTIONS(X) SPEC_ACTION_KIND_COUNT };
#undef X

struct spec_action {
    const char *pointer, *name; /* name NULL: nobody refers to it */
    enum spec_action_kind kind;
    const char *host;
    uint64_t at_ns;      /* virtual time, or, with `after`, the pause after that action has ended */
    const char *after;   /* name of an action; NULL: at_ns alone */
    uint64_t every_ns;   /* again so often; 0: once */
    uint32_t times;      /* at most so often; 0: until it succeeds (a fetch: until mail has come) */
    const char *account; /* NULL: the first */
    const char *message, *flag, *mailbox;
    const struct spec_message *message_spec; /* instead of the name; NULL: by name */
    const char *server;                      /* TELNET, PING, LOOKUP (NULL: the resolvers): name or address */
    uint16_t port;
    const char *const *lines; /* TELNET */
    size_t nlines;
    bool stay;                   /* TELNET: does not hang up after the last line */
    enum spec_security security; /* TELNET: as openssl s_client does, with or without -starttls */
    const char *dns_name, *dns_type;
    const char *title, *lesson; /* the phase's words; NULL: the engine's own */
};

/* ---- doors ----------------------------------------------------------------------------------- */

struct spec_door { /* a service that real programs may use */
    const char *pointer;
    const char *host;
    uint16_t port;
};

struct spec_doors { /* what sim/gateway opens unless it is told otherwise */
    const char *pointer;
    const char *link; /* where those who come in stand: its free addresses are theirs */
    const struct spec_door *open;
    size_t nopen;
};

/* ---- changes --------------------------------------------------------------------------------- */

struct spec_world;

struct spec_change {            /* somebody edits one setting at a moment of the run: sim/hosts/change.h */
    const char *pointer;        /* "/changes/0" */
    const char *what;           /* the setting: "/hosts/mx/mta/services/0/port" */
    const char *value;          /* what it is then, as JSON text */
    const char *was;            /* what it was until then; NULL: nothing stood there */
    const char *title, *lesson; /* the phase's words; NULL: the table's own */
    uint64_t at_ns;
    const struct spec_world *after; /* all settings as they stand in the file from then on */
};

struct spec_world {
    const char *name, *title, *summary;
    const char *const *teaches;
    size_t nteaches;
    uint64_t seed;
    int64_t epoch_s;   /* seconds since 1970 at virtual time 0 */
    uint64_t until_ns; /* the run ends here at the latest */
    bool mask_passwords;
    const struct spec_link *links;
    size_t nlinks;
    const struct spec_host *hosts;
    size_t nhosts;
    const struct spec_zone *zones;
    size_t nzones;
    const struct spec_message *messages;
    size_t nmessages;
    const struct spec_action *actions;
    size_t nactions;
    const struct spec_doors *doors;    /* NULL: none */
    const struct spec_change *changes; /* in the order of time */
    size_t nchanges;
    const char *trust_pem; /* CAs of real servers, which clients trust too; NULL: the world's own alone */
};
#endif
