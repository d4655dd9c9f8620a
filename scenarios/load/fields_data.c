/* DNS data, and what people do. */
#include "scenarios/load/fields.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "protocols/wire/address.h"

#define TTL_MAX     2147483647 /* seconds, RFC 2181 section 8 */
#define RECORDS_MAX 20000      /* of one zone */

/* ---- records ---------------------------------------------------------------------------------- */

static const struct json_choice types[] = {
    { "A", 0, NULL },   { "AAAA", 0, NULL }, { "CNAME", 0, NULL }, { "MX", 0, NULL },  { "NS", 0, NULL },
    { "PTR", 0, NULL }, { "SOA", 0, NULL },  { "SRV", 0, NULL },   { "TXT", 0, NULL }, { NULL, 0, NULL },
};

static const struct json_field record_rows[] = {
    F("name", WORDS, spec_record, name, .required = GET_ALWAYS, .max = 254, .flags = GET_NOT_EMPTY,
      .help = "@ for the zone itself, a name inside it, or a whole name with a final dot"),
    F("type", CHOICE, spec_record, type, .required = GET_ALWAYS, .choices = types,
      .help = "the record's type"),
    F("data", WORDS, spec_record, data, .required = GET_ALWAYS, .max = 2000, .flags = GET_NOT_EMPTY,
      .help = "as in a zone file; names as in \"name\""),
    N("ttl", UINT, spec_record, ttl, .min = 1, .max = TTL_MAX, .otherwise = "the zone's",
      .help = "seconds in caches"),
};

/* A name in a zone file: "@", or labels; a final dot makes it whole. */
static bool name_good(const char *text, size_t len)
{
    size_t label = 0;
    if (len == 1 && (*text == '@' || *text == '.'))
        return true;
    if (len > 1 && text[len - 1] == '.')
        len--;
    if (len == 0 || len > WIRE_DOMAIN_MAX - 2)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if ((!wire_is_alnum(text[i]) && !strchr("-_*", text[i])) || ++label > WIRE_LABEL_MAX) {
            return false;
        }
    }
    return label > 0;
}

/* The next word of the data; its length, 0 at the end. */
static size_t next_word(const char **at)
{
    while (**at == ' ')
        (*at)++;
    return strcspn(*at, " ");
}

/* `form`: n a number up to 65535, N one up to 2^32 - 1, d a domain name; nothing may follow. */
static bool data_is(const char *data, const char *form)
{
    for (; *form; form++) {
        size_t len = next_word(&data);
        uint64_t number;
        bool good = *form == 'd' ? name_good(data, len)
                                 : wire_parse_u64(wire_slice(data, len),
                                                  *form == 'n' ? UINT16_MAX : UINT32_MAX, &number);
        if (len == 0 || !good)
            return false;
        data += len;
    }
    return next_word(&data) == 0;
}

static void finish_record(struct json_get *g, const struct json_node *n, void *out)
{
    static const struct {
        const char *type, *form, *example;
    } forms[] = {
        { "CNAME", "d", "mail.example.org." },
        { "MX", "nd", "10 mx.example.org." },
        { "NS", "d", "ns.example.org." },
        { "PTR", "d", "mail.example.org." },
        { "SRV", "nnnd", "0 1 993 imap.example.org." },
        { "SOA", "ddNNNNN", "ns.example.org. hostmaster.example.org. 1 7200 900 1209600 300" },
        { "A", NULL, "192.0.2.1" },
        { "AAAA", NULL, "2001:db8::1" },
    };
    const struct spec_record *r = out;
    const struct json_node *data = n->type == JSON_OBJECT ? json_child(n, "data") : n;
    if (!name_good(r->name, strlen(r->name)))
        json_error(g, n->type == JSON_OBJECT ? json_child(n, "name") : n,
                   "\"%.80s\" is no name for a record: @, a name in the zone, or a whole "
                   "name with a final dot",
                   r->name);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct net_addr a;
        bool good;
        if (strcmp(forms[i].type, r->type) != 0)
            continue;
        good = forms[i].form ? data_is(r->data, forms[i].form)
                             : strlen(r->data) < NET_ADDR_TEXT && net_addr_parse(&a, r->data) &&
                                   net_addr_is4(&a) == (r->type[1] == '\0');
        if (!good)
            json_error(g, data, "\"%.80s\" is no data for %s; like \"%s\"", r->data, r->type,
                       forms[i].example);
    }
}

static bool brief_record(struct json_get *g, const struct json_node *n, void *out)
{
    struct fields_words w, rest;
    const char *type, *data, *ttl = NULL;
    size_t words = fields_split(&w, n->string, 3);
    if (words == 3 && wire_is_digit(w.word[1][0])) {
        ttl = w.word[1];
        words = fields_split(&rest, w.word[2], 2) + 1;
        type = rest.word[0];
        data = rest.word[1];
    } else {
        type = w.word[1];
        data = w.word[2];
    }
    if (words != 3) {
        json_error(g, n, "must be \"NAME TYPE DATA\" or \"NAME TTL TYPE DATA\", like \"@ MX 10 mx\"");
        return false;
    }
    return json_get_text(g, &fields_record, "name", w.word[0], n, out) &
           (ttl ? json_get_text(g, &fields_record, "ttl", ttl, n, out) : 1) &
           json_get_text(g, &fields_record, "type", type, n, out) &
           json_get_text(g, &fields_record, "data", data, n, out);
}

const struct json_object fields_record = {
    .name = "record",
    .help = "a line of a zone file",
    ROWS(record_rows),
    .size = sizeof(struct spec_record),
    .pointer_at = offsetof(struct spec_record, pointer),
    .key_at = GET_NOWHERE,
    .brief = brief_record,
    .brief_help = "a string \"NAME [TTL] TYPE DATA\"",
    .finish = finish_record,
};

/* ---- zones ------------------------------------------------------------------------------------ */

static const struct json_field zone_rows[] = {
    N("ttl", UINT, spec_zone, ttl, .min = 1, .max = TTL_MAX, .fallback = "3600", .help = "seconds in caches"),
    N("negative_ttl", UINT, spec_zone, negative_ttl, .min = 1, .max = TTL_MAX, .fallback = "300",
      .help = "seconds for which \"there is no such name\" is remembered (RFC 2308)"),
    MANY("records", OBJECT, LIST, spec_zone, records, .object = &fields_record, .required = GET_ALWAYS,
         .flags = GET_NOT_EMPTY, .items_max = RECORDS_MAX,
         .help = "its data; an SOA is made if there is none"),
};

static int by_name(const void *a, const void *b)
{
    const struct spec_record *x = *(const struct spec_record *const *)a,
                             *y = *(const struct spec_record *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : x < y ? -1 : x > y;
}

/* A CNAME stands alone at its name (RFC 1034 section 3.6.2); a zone has one SOA. */
static void finish_zone(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_zone *z = out;
    const struct spec_record **sorted = core_alloc(z->nrecords * sizeof *sorted), *soa = NULL;
    (void)n;
    for (size_t i = 0; i < z->nrecords; i++) {
        sorted[i] = &z->records[i];
        if (strcmp(sorted[i]->type, "SOA") != 0)
            continue;
        if (soa)
            json_error_at(g, sorted[i]->pointer, "", "a second SOA: a zone has one");
        soa = sorted[i];
    }
    qsort(sorted, z->nrecords, sizeof *sorted, by_name);
    for (size_t i = 1; i < z->nrecords; i++) {
        const struct spec_record *a = sorted[i - 1], *b = sorted[i];
        if (strcmp(a->name, b->name) == 0 && (strcmp(a->type, "CNAME") == 0 || strcmp(b->type, "CNAME") == 0))
            json_error_at(g, b->pointer, "",
                          "\"%.80s\" has a CNAME: no other record may stand beside it (RFC 1034 "
                          "section 3.6.2)",
                          b->name);
    }
    free(sorted);
}

const struct json_object fields_zone = {
    .name = "zone",
    .help = "DNS data; the key is the domain, \".\" for the root",
    ROWS(zone_rows),
    .size = sizeof(struct spec_zone),
    .pointer_at = offsetof(struct spec_zone, pointer),
    .key_at = offsetof(struct spec_zone, name),
    .key_kind = GET_ZONE,
    .finish = finish_zone,
};

/* ---- actions ---------------------------------------------------------------------------------- */

static const struct json_choice kinds[] = {
#define X(name, json) { json, SPEC_DO_##name, NULL },
    SPEC_ACTIONS(X)
#undef X
        { NULL, 0, NULL },
};

const struct json_choice fields_flags[] = {
    { "seen", 0, "\\Seen" },   { "answered", 0, "\\Answered" }, { "flagged", 0, "\\Flagged" },
    { "draft", 0, "\\Draft" }, { "deleted", 0, "\\Deleted" },   { NULL, 0, NULL },
};

static const struct json_choice questions[] = {
    { "A", 0, NULL },   { "AAAA", 0, NULL }, { "CNAME", 0, NULL }, { "MX", 0, NULL },  { "NS", 0, NULL },
    { "PTR", 0, NULL }, { "SOA", 0, NULL },  { "SRV", 0, NULL },   { "TXT", 0, NULL }, { NULL, 0, NULL },
};

#define DO(kind) GET_IN(SPEC_DO_##kind)
#define MAIL     (DO(SEND) | DO(FETCH) | DO(MARK) | DO(REMOVE) | DO(MOVE))

static const struct json_field action_rows[] = {
    N("do", CHOICE, spec_action, kind, .required = GET_ALWAYS, .flags = GET_SELECTS, .choices = kinds,
      .help = "send, fetch: with an account; mark, remove, move: the newest message, by IMAP; telnet: type "
              "lines; "
              "lookup: ask the DNS; ping"),
    F("host", NAME, spec_action, host, .required = GET_ALWAYS, .help = "who does it"),
    F("name", NAME, spec_action, name, .help = "what other actions and expect call it"),
    F("at", DURATION, spec_action, at_ns, .fallback = "0s",
      .help = "when; with \"after\": how long after it"),
    F("after", NAME, spec_action, after, .help = "an action that must have ended"),
    F("every", DURATION, spec_action, every_ns, .min = CORE_MS, .help = "again so often"),
    N("times", UINT, spec_action, times, .min = 1, .max = 100000, .otherwise = "until it succeeds",
      .help = "at most so often"),
    F("account", WORDS, spec_action, account, .variants = MAIL, .flags = GET_NOT_EMPTY,
      .otherwise = "the first", .help = "an account's name"),
    F("message", NAME, spec_action, message, .variants = DO(SEND), .required = DO(SEND),
      .help = "what is sent"),
    F("flag", CHOICE, spec_action, flag, .variants = DO(MARK), .choices = fields_flags, .fallback = "flagged",
      .help = "the flag that is set"),
    F("mailbox", WORDS, spec_action, mailbox, .variants = DO(MOVE), .required = DO(MOVE),
      .flags = GET_NOT_EMPTY, .max = 255, .help = "where the message goes"),
    F("server", SERVER, spec_action, server, .variants = DO(TELNET) | DO(PING) | DO(LOOKUP),
      .required = DO(TELNET) | DO(PING), .help = "the other end; lookup: asks it and not the resolvers"),
    N("port", UINT, spec_action, port, .variants = DO(TELNET), .required = DO(TELNET), .min = 1,
      .help = "the TCP port there"),
    MANY("lines", WORDS, LIST, spec_action, lines, .variants = DO(TELNET), .items_max = 10000,
         .help = "what is typed, one after each reply"),
    F("stay", BOOL, spec_action, stay, .variants = DO(TELNET), .fallback = "false",
      .help = "does not hang up after the last line"),
    N("security", CHOICE, spec_action, security, .variants = DO(TELNET), .choices = fields_security,
      .fallback = "plain", .help = "starttls, tls: as openssl s_client does, with -starttls and without"),
    F("query", ZONE, spec_action, dns_name, .variants = DO(LOOKUP), .required = DO(LOOKUP),
      .help = "the name that is asked about"),
    F("type", CHOICE, spec_action, dns_type, .variants = DO(LOOKUP), .choices = questions, .fallback = "A",
      .help = "the type that is asked for"),
    F("title", WORDS, spec_action, title, .max = 60, .help = "the step's headline, in the present tense"),
    F("lesson", WORDS, spec_action, lesson, .max = 600, .help = "what a learner should notice here"),
};

static void finish_action(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_action *a = out;
    if (a->after && a->name && strcmp(a->after, a->name) == 0)
        json_error(g, json_child(n, "after"), "waits for itself");
    if (a->times > 1 && a->every_ns == 0)
        json_error(g, json_child(n, "times"), "needs \"every\": how long to wait between");
}

const struct json_object fields_action = {
    .name = "action",
    .help = "something that a person does",
    ROWS(action_rows),
    .size = sizeof(struct spec_action),
    .pointer_at = offsetof(struct spec_action, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_action,
};
