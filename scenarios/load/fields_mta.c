/* Mail servers, and the ports on which servers listen. */
#include "scenarios/load/fields.h"

#include <string.h>

#include "protocols/wire/ascii.h"
#include "sim/hosts/trouble.h"

const struct json_choice fields_security[] = {
    { "plain", SPEC_PLAIN, NULL },
    { "starttls", SPEC_STARTTLS, NULL },
    { "tls", SPEC_TLS, NULL },
    { NULL, 0, NULL },
};
const struct json_choice fields_auth[] = {
    { "none", SPEC_AUTH_NONE, NULL },
    { "offered", SPEC_AUTH_OFFERED, NULL },
    { "required", SPEC_AUTH_REQUIRED, NULL },
    { NULL, 0, NULL },
};

/* ---- services --------------------------------------------------------------------------------- */

static const struct json_choice kinds[] = {
    { "relay", SPEC_SMTP_RELAY, NULL },
    { "submission", SPEC_SMTP_SUBMISSION, NULL },
    { "pop3", SPEC_POP3, NULL },
    { "imap", SPEC_IMAP, NULL },
    { NULL, 0, NULL },
};

/* The names of short forms, and what is meant by them. */
static const struct service_name {
    const char *name;
    enum spec_service_kind kind;
    uint16_t port;
    enum spec_security security;
} service_names[] = {
    { "relay", SPEC_SMTP_RELAY, FIELDS_PORT_SMTP, SPEC_PLAIN },
    { "submission", SPEC_SMTP_SUBMISSION, FIELDS_PORT_SUBMISSION, SPEC_PLAIN },
    { "submissions", SPEC_SMTP_SUBMISSION, FIELDS_PORT_SUBMISSIONS, SPEC_TLS },
    { "pop3", SPEC_POP3, FIELDS_PORT_POP3, SPEC_PLAIN },
    { "pop3s", SPEC_POP3, FIELDS_PORT_POP3S, SPEC_TLS },
    { "imap", SPEC_IMAP, FIELDS_PORT_IMAP, SPEC_PLAIN },
    { "imaps", SPEC_IMAP, FIELDS_PORT_IMAPS, SPEC_TLS },
};
#define SERVICE_NAMES (sizeof service_names / sizeof service_names[0])

uint16_t fields_usual_port(enum spec_service_kind kind, enum spec_security security)
{
    for (size_t i = 0; i < SERVICE_NAMES; i++)
        if (service_names[i].kind == kind &&
            (service_names[i].security == SPEC_TLS) == (security == SPEC_TLS))
            return service_names[i].port;
    return FIELDS_PORT_SMTP; /* a relay with TLS from the start has no port of its own */
}

static const struct json_field service_rows[] = {
    N("kind", CHOICE, spec_service, kind, .required = GET_ALWAYS, .choices = kinds,
      .help = "relay: SMTP from other servers; submission: SMTP from mail programs"),
    N("port", UINT, spec_service, port, .min = 1, .otherwise = "25, 587 (tls: 465), 110 (995), 143 (993)",
      .help = "the TCP port it listens on"),
    N("security", CHOICE, spec_service, security, .choices = fields_security, .fallback = "plain",
      .help = "plain: no TLS; starttls: offered in the session; tls: from the first octet"),
    N("auth", CHOICE, spec_service, auth, .choices = fields_auth,
      .otherwise = "submission: required; relay: none", .help = "SMTP AUTH"),
    F("mechanisms", WORDS, spec_service, mechanisms, .fallback = FIELDS_MECHANISMS, .max = 100,
      .help = "how a user may log in: PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-256, SCRAM-SHA-256-PLUS"),
};

static bool brief_service(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_service *s = out;
    struct nearest near;
    struct namelist list = { .text = "" };
    struct fields_words w;
    char guess[100];
    size_t words = fields_split(&w, n->string, FIELDS_WORDS_MAX);
    bool good = true, port = false;

    if (json_error_full(g))
        return false;
    nearest_init(&near, words ? w.word[0] : "");
    for (size_t i = 0; words > 0 && i < SERVICE_NAMES; i++) {
        nearest_try(&near, service_names[i].name);
        namelist_add(&list, service_names[i].name);
        if (strcmp(service_names[i].name, w.word[0]) != 0)
            continue;
        *s = (struct spec_service){ .kind = service_names[i].kind,
                                    .port = service_names[i].port,
                                    .security = service_names[i].security,
                                    .mechanisms = FIELDS_MECHANISMS,
                                    .pointer = s->pointer,
                                    .auth = service_names[i].kind == SPEC_SMTP_SUBMISSION ? SPEC_AUTH_REQUIRED
                                                                                          : SPEC_AUTH_NONE };
        for (size_t k = 1; good && k < words; k++) {
            bool number = wire_is_digit(w.word[k][0]);
            good = json_get_text(g, &fields_service, number ? "port" : "security", w.word[k], n, out);
            port |= number;
        }
        if (good && !port)
            s->port = fields_usual_port(s->kind, s->security);
        return good;
    }
    json_error(g, n, "\"%.60s\" is no service%s allowed: %s, with a port and a security behind it if need be",
               n->string, nearest_text(&near, guess, sizeof guess)[0] ? guess : ";",
               list.text[0] ? list.text : "relay, submission, pop3, imap");
    return false;
}

void fields_check_mechanisms(struct json_get *g, const struct json_node *n, const char *mechanisms)
{
    static const char *const known[] = { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256",
                                         "SCRAM-SHA-256-PLUS" };
    const struct json_node *at = json_child(n, "mechanisms");
    const char *word = mechanisms;
    while (*word) {
        size_t len = strcspn(word, " ");
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found |= wire_equal(word, len, known[i], strlen(known[i]));
        if (!found) {
            json_error(g, at ? at : n,
                       "\"%.*s\" is no mechanism; allowed: PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-256, "
                       "SCRAM-SHA-256-PLUS, one space between",
                       (int)(len < 40 ? len : 40), word);
            return;
        }
        word += len + (word[len] == ' ');
    }
}

static void finish_service(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_service *s = out;
    static const char *const implicit =
        "means TLS from the first octet (RFC 8314 section 3): \"security\" must be "
        "\"tls\"";
    const struct json_node *port = json_child(n, "port");
    if (n->type == JSON_OBJECT) {
        if (!port)
            s->port = fields_usual_port(s->kind, s->security);
        if (!json_child(n, "auth"))
            s->auth = s->kind == SPEC_SMTP_SUBMISSION ? SPEC_AUTH_REQUIRED : SPEC_AUTH_NONE;
        else if (s->kind == SPEC_POP3 || s->kind == SPEC_IMAP)
            json_error(g, json_child(n, "auth"), "is about SMTP; %s always wants a login",
                       s->kind == SPEC_POP3 ? "POP3" : "IMAP");
    }
    fields_check_mechanisms(g, n, s->mechanisms);
    if (s->auth != SPEC_AUTH_NONE && s->mechanisms[0] == '\0')
        json_error(g, n, "\"auth\" without \"mechanisms\": nobody could log in");
    if (s->security != SPEC_TLS &&
        (s->port == FIELDS_PORT_SUBMISSIONS || s->port == FIELDS_PORT_POP3S || s->port == FIELDS_PORT_IMAPS))
        json_error(g, port ? port : n, "port %d %s", s->port, implicit);
}

const struct json_object fields_service = {
    .name = "service",
    .help = "a port on which a mail server listens",
    ROWS(service_rows),
    .size = sizeof(struct spec_service),
    .pointer_at = offsetof(struct spec_service, pointer),
    .key_at = GET_NOWHERE,
    .brief = brief_service,
    .brief_help = "a string \"relay\", \"submission\", \"submissions\", \"pop3\", \"pop3s\", \"imap\" or "
                  "\"imaps\", with "
                  "a port and a security behind it if need be: \"submission 2525 starttls\"",
    .finish = finish_service,
};

/* ---- mail servers -------------------------------------------------------------------------------- */

static const struct json_choice commands[] = {
    { "CONNECT", 0, NULL }, { "HELO", 0, NULL }, { "MAIL", 0, NULL },
    { "RCPT", 0, NULL },    { "DATA", 0, NULL }, { NULL, 0, NULL },
};

static const struct json_field refusal_rows[] = {
    F("command", CHOICE, spec_refusal, command, .required = GET_ALWAYS, .choices = commands,
      .help = "where it is said"),
    F("match", WORDS, spec_refusal, match, .max = 320, .flags = GET_NOT_EMPTY, .fallback = "*",
      .help = "an address or a domain that it is about; * for all"),
    N("code", UINT, spec_refusal, code, .required = GET_ALWAYS, .min = 400, .max = 599,
      .help = "the reply: 4xx try again, 5xx never"),
    F("status", STATUS, spec_refusal, status, .otherwise = "4.0.0 or 5.0.0",
      .help = "the enhanced status code"),
    F("text", WORDS, spec_refusal, text, .max = 400, .otherwise = "the server's own",
      .help = "the reply's words"),
    FROM_UNTIL(spec_refusal, from_ns, until_ns),
    N("first", UINT, spec_refusal, first, .min = 1, .max = 1000000, .otherwise = "always",
      .help = "only the first so many times: greylisting"),
};

static void finish_refusal(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_refusal *r = out;
    fields_check_times(g, n, r->from_ns, r->until_ns);
    if (!r->status)
        r->status = r->code < 500 ? "4.0.0" : "5.0.0";
    if (r->status[0] - '0' != r->code / 100)
        json_error(g, json_child(n, "status"),
                   "status %s contradicts code %d: their first digits are the same (RFC 3463)", r->status,
                   r->code);
}

const struct json_object fields_refusal = {
    .name = "refusal",
    .help = "a rule by which a mail server says no",
    ROWS(refusal_rows),
    .size = sizeof(struct spec_refusal),
    .pointer_at = offsetof(struct spec_refusal, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_refusal,
};

/* ---- servers that are late, or hang up ------------------------------------------------------------ */

static const struct json_field delay_rows[] = {
    F("by", DURATION, spec_delay, by_ns, .required = GET_ALWAYS, .min = 1, .max = TROUBLE_DELAY_MAX,
      .help = "how much later the answer leaves"),
    F("after", WORDS, spec_delay, after, .flags = GET_NOT_EMPTY, .max = TROUBLE_COMMAND - 1,
      .otherwise = "each answer",
      .help = "only the answer to this command of SMTP, POP3 or IMAP; CONNECT: the greeting; CONTENT: the "
              "answer to "
              "a whole message"),
    N("port", UINT, spec_delay, port, .min = 1, .otherwise = "every one",
      .help = "only on this port of the host"),
    FROM_UNTIL(spec_delay, from_ns, until_ns),
    N("first", UINT, spec_delay, first, .min = 1, .max = 1000000, .otherwise = "always",
      .help = "only the first so many times"),
};

static void check_after(struct json_get *g, const struct json_node *n, const char *after)
{
    if (after && !trouble_is_command(after))
        json_error(
            g, json_child(n, "after"),
            "\"%.20s\" is no command of SMTP, POP3 or IMAP; CONNECT (the greeting) and CONTENT (a whole "
            "message) are allowed too",
            after);
}

static void finish_delay(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_delay *d = out;
    fields_check_times(g, n, d->from_ns, d->until_ns);
    check_after(g, n, d->after);
}

const struct json_object fields_delay = {
    .name = "delay",
    .help = "a rule by which servers answer late",
    ROWS(delay_rows),
    .size = sizeof(struct spec_delay),
    .pointer_at = offsetof(struct spec_delay, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_delay,
};

static const struct json_field drop_rows[] = {
    F("after", WORDS, spec_drop, after, .required = GET_ALWAYS, .flags = GET_NOT_EMPTY,
      .max = TROUBLE_COMMAND - 1,
      .help = "instead of the answer to this command of SMTP, POP3 or IMAP; CONNECT: of the greeting; "
              "CONTENT: of the "
              "250 for a message that is taken"),
    F("octets", SIZE, spec_drop, octets, .min = 1, .max = 1000000000, .otherwise = "not",
      .help = "after DATA or CONTENT: inside the message, after so many of its octets"),
    F("reset", BOOL, spec_drop, reset, .fallback = "false", .help = "with RST; else with FIN"),
    N("port", UINT, spec_drop, port, .min = 1, .otherwise = "every one",
      .help = "only on this port of the host"),
    FROM_UNTIL(spec_drop, from_ns, until_ns),
    N("first", UINT, spec_drop, first, .min = 1, .max = 1000000, .otherwise = "always",
      .help = "only the first so many times"),
};

static void finish_drop(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_drop *d = out;
    fields_check_times(g, n, d->from_ns, d->until_ns);
    check_after(g, n, d->after);
    if (d->octets > 0 && d->after && !wire_equal_nocase(d->after, strlen(d->after), "DATA", 4) &&
        !wire_equal_nocase(d->after, strlen(d->after), "CONTENT", 7))
        json_error(g, json_child(n, "octets"), "are those of a message: \"after\" must be DATA or CONTENT");
}

const struct json_object fields_drop = {
    .name = "drop",
    .help = "a rule by which servers close the connection instead of answering",
    ROWS(drop_rows),
    .size = sizeof(struct spec_drop),
    .pointer_at = offsetof(struct spec_drop, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_drop,
};

/* ---- aliases ------------------------------------------------------------------------------------- */

static const struct json_field alias_rows[] = {
    MANY("targets", RECIPIENT, ONE_OR_LIST, spec_alias, targets, .required = GET_ALWAYS,
         .flags = GET_NOT_EMPTY, .help = "who gets the mail"),
};

static bool brief_alias(struct json_get *g, const struct json_node *n, void *out)
{
    struct json_node object = { .type = JSON_OBJECT,
                                .line = n->line,
                                .set = n->set,
                                .key = n->key,
                                .parent = n->parent,
                                .index = n->index };
    struct json_node targets = *n;
    targets.key = "targets";
    targets.next = NULL;
    targets.parent = &object;
    object.first = object.last = &targets;
    object.count = 1;
    return json_get_object(g, &fields_alias, &object, out);
}

const struct json_object fields_alias = {
    .name = "alias",
    .help = "another name for one or more recipients",
    ROWS(alias_rows),
    .size = sizeof(struct spec_alias),
    .pointer_at = offsetof(struct spec_alias, pointer),
    .key_at = offsetof(struct spec_alias, name),
    .key_kind = GET_RECIPIENT,
    .brief = brief_alias,
    .brief_list = true,
    .brief_help = "a target, or an array of targets",
};

#define SWITCH(name, member, what) F(name, BOOL, spec_mta, member, .fallback = "false", .help = what)

static const struct json_field mta_rows[] = {
    F("hostname", DOMAIN, spec_mta, hostname, .otherwise = "the host's fqdn",
      .help = "what it calls itself in greeting, EHLO and Received"),
    MANY("domains", DOMAIN, LIST, spec_mta, local_domains, .items_max = 200,
         .help = "delivered into the store of this host"),
    MANY("relay_domains", DOMAIN, LIST, spec_mta, relay_domains, .items_max = 200,
         .help = "accepted from anyone and passed on: a backup MX"),
    MANY("relay_networks", PREFIX, LIST, spec_mta, relay_networks, .help = "who may relay without a login"),
    SWITCH("open_relay", open_relay, "relays for everyone: the mistake"),
    MANY("services", OBJECT, LIST, spec_mta, services, .object = &fields_service, .flags = GET_NOT_EMPTY,
         .items_max = 16, .otherwise = "relay; with a store also submission", .help = "where it listens"),
    MANY("aliases", OBJECT, MAP, spec_mta, aliases, .object = &fields_alias, .items_max = 10000,
         .help = "other names for recipients"),
    MANY("refusals", OBJECT, LIST, spec_mta, refusals, .object = &fields_refusal, .help = "when it says no"),
    F("size_max", SIZE, spec_mta, size_max_octets, .min = 1000, .max = 1000000000, .fallback = "10240000",
      .help = "the largest message it takes: SIZE of RFC 1870"),
    N("recipients_max", UINT, spec_mta, recipients_max, .min = 1, .max = 100000, .fallback = "1000",
      .help = "recipients of one message"),
    N("hops_max", UINT, spec_mta, hops_max, .min = 1, .max = 1000, .fallback = "50",
      .help = "Received fields; more mean a loop: 5.4.6"),
    F("retry_first", DURATION, spec_mta, retry_first_ns, .min = CORE_S, .fallback = "5m",
      .help = "from the first attempt to the second; the pause doubles each time"),
    F("retry_max", DURATION, spec_mta, retry_max_ns, .min = CORE_S, .fallback = "4h",
      .help = "the longest pause"),
    F("delay_notice", DURATION, spec_mta, delay_notice_ns, .min = CORE_S, .flags = GET_NEVER,
      .fallback = "4h", .help = "after this the sender is told that it takes longer"),
    F("expire", DURATION, spec_mta, expire_ns, .min = CORE_S, .fallback = "5d",
      .help = "after this the message goes back (RFC 5321 section 4.5.4.1: at least 4 to 5 days)"),
    F("relayhost", SERVER, spec_mta, relayhost, .otherwise = "by MX",
      .help = "everything for others goes there"),
    N("relay_port", UINT, spec_mta, relay_port, .min = 1, .fallback = "25",
      .help = "the port of other servers"),
    SWITCH("sender_must_match", sender_must_match, "a user may only send from the own address"),
    SWITCH("accepts_unknown_users", accepts_unknown_users,
           "takes mail for any user of its domains and bounces later: backscatter"),
    SWITCH("helo_only", helo_only, "does not know EHLO: plain RFC 821"),
    SWITCH("no_pipelining", no_pipelining, "does not offer PIPELINING"),
    SWITCH("no_8bitmime", no_8bitmime, "does not offer 8BITMIME"),
    SWITCH("no_chunking", no_chunking, "does not offer CHUNKING"),
    SWITCH("no_smtputf8", no_smtputf8, "does not offer SMTPUTF8"),
    SWITCH("no_dsn", no_dsn, "does not offer DSN"),
    SWITCH("no_enhanced", no_enhanced, "does not offer ENHANCEDSTATUSCODES"),
};

static void finish_mta(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_mta *m = out;
    const struct json_node *at;
    if (m->retry_max_ns < m->retry_first_ns) {
        at = json_child(n, "retry_max");
        json_error(g, at ? at : n, "\"retry_max\" must not be shorter than \"retry_first\"");
    }
    if (m->delay_notice_ns != CORE_NEVER && m->delay_notice_ns >= m->expire_ns) {
        at = json_child(n, "delay_notice");
        json_error(g, at ? at : n, "\"delay_notice\" must be shorter than \"expire\", or \"never\"");
    }
    if (m->helo_only && (m->no_pipelining || m->no_8bitmime || m->no_dsn || m->no_enhanced ||
                         m->no_chunking || m->no_smtputf8))
        json_error(g, json_child(n, "helo_only"),
                   "offers no extensions at all: the no_... keys say nothing more");
    for (size_t i = 0; i < m->nservices; i++)
        if (m->services[i].kind != SPEC_SMTP_RELAY && m->services[i].kind != SPEC_SMTP_SUBMISSION)
            json_error_at(g, m->services[i].pointer, "",
                          "belongs into \"store\": a mail server speaks SMTP; allowed: relay, submission");
}

const struct json_object fields_mta = {
    .name = "mta",
    .help = "a mail server: takes mail, keeps a queue, delivers or relays",
    ROWS(mta_rows),
    .size = sizeof(struct spec_mta),
    .pointer_at = offsetof(struct spec_mta, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_mta,
};
