/* Links, hosts and what they need for the network. */
#include "scenarios/load/fields.h"

#include <string.h>

#include "sim/net/tamper.h"

const struct json_choice fields_protos[] = {
    { "tcp", NET_PROTO_TCP, NULL },
    { "udp", NET_PROTO_UDP, NULL },
    { "icmp", NET_PROTO_ICMP, NULL },
    { "icmpv6", NET_PROTO_ICMPV6, NULL },
    { NULL, 0, NULL },
};

void fields_check_times(struct json_get *g, const struct json_node *n, uint64_t from_ns, uint64_t until_ns)
{
    const struct json_node *until = json_child(n, "until");
    if (until_ns <= from_ns)
        json_error(g, until ? until : n, "\"until\" must be later than \"from\"");
}

size_t fields_split(struct fields_words *w, const char *text, size_t most)
{
    size_t len = strlen(text), n = 0;
    memset(w->word, 0, sizeof w->word);
    if (len >= sizeof w->text)
        return 0;
    memcpy(w->text, text, len + 1);
    for (char *at = w->text; n < most; at++) {
        while (*at == ' ')
            *at++ = '\0';
        if (*at == '\0')
            break;
        w->word[n++] = at;
        at += n == most ? strlen(at) : strcspn(at, " ");
        if (*at == '\0')
            break;
        *at = '\0';
    }
    return n;
}

/* ---- links ----------------------------------------------------------------------------------- */

static const struct json_choice faults[] = {
#define X(name, json) { json, SPEC_FAULT_##name, NULL },
    SPEC_FAULT_KINDS(X)
#undef X
        { NULL, 0, NULL },
};

#define CHANCY (GET_IN(SPEC_FAULT_DUPLICATE) | GET_IN(SPEC_FAULT_REORDER))
#define LATE   (GET_IN(SPEC_FAULT_REORDER) | GET_IN(SPEC_FAULT_LAG))
#define SOME   (GET_IN(SPEC_FAULT_DROP) | GET_IN(SPEC_FAULT_LOSS) | GET_IN(SPEC_FAULT_LAG) | CHANCY)

static const struct json_field fault_rows[] = {
    N("fault", CHOICE, spec_fault, kind, .required = GET_ALWAYS, .flags = GET_SELECTS, .choices = faults,
      .help =
          "drop: the frames in nth or frames; loss: each frame with a chance; duplicate, reorder: either; "
          "lag: every frame arrives later; cut: no frame arrives"),
    F("name", NAME, spec_fault, name, .help = "what the trace calls it"),
    FROM_UNTIL(spec_fault, from_ns, until_ns),
    F("sender", NAME, spec_fault, from_host, .variants = SOME,
      .help = "only frames that this host puts on the link"),
    N("proto", CHOICE, spec_fault, proto, .variants = SOME, .choices = fields_protos,
      .help = "only packets of this protocol"),
    N("port", UINT, spec_fault, port, .variants = SOME, .min = 1,
      .help = "only packets with this port, as source or destination"),
    F("data_only", BOOL, spec_fault, data_only, .variants = SOME, .fallback = "false",
      .help = "only packets that carry data: no SYN, no bare ACK"),
    { .key = "nth",
      .kind = GET_UINT,
      .shape = GET_LIST,
      .at = offsetof(struct spec_fault, nth),
      .count_at = offsetof(struct spec_fault, nnth),
      .width = 4,
      .min = 1,
      .flags = GET_NOT_EMPTY,
      .items_max = 10000,
      .variants = GET_IN(SPEC_FAULT_DROP) | CHANCY,
      .help = "which of the matching frames, counted from 1, ascending" },
    { .key = "frames",
      .kind = GET_UINT,
      .shape = GET_LIST,
      .at = offsetof(struct spec_fault, frames),
      .count_at = offsetof(struct spec_fault, nframes),
      .width = 4,
      .min = 1,
      .flags = GET_NOT_EMPTY,
      .items_max = 10000,
      .variants = GET_IN(SPEC_FAULT_DROP),
      .help = "which frames, by their numbers in the capture, instead of nth" },
    N("chance", CHANCE, spec_fault, ppm, .variants = GET_IN(SPEC_FAULT_LOSS) | CHANCY,
      .required = GET_IN(SPEC_FAULT_LOSS), .help = "how likely it is for each matching frame"),
    F("extra", DURATION, spec_fault, extra_ns, .min = 1, .variants = LATE, .required = LATE,
      .help = "how much later the frame arrives"),
};

static void finish_fault(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_fault *f = out;
    const struct json_node *nth = json_child(n, "nth"), *chance = json_child(n, "chance");
    fields_check_times(g, n, f->from_ns, f->until_ns);
    for (size_t i = 1; i < f->nnth; i++)
        if (f->nth[i] <= f->nth[i - 1]) {
            json_error(g, nth, "the numbers must ascend: %lu stands before %lu", (unsigned long)f->nth[i - 1],
                       (unsigned long)f->nth[i]);
            break;
        }
    if (f->kind == SPEC_FAULT_DROP && (f->nnth > 0) == (f->nframes > 0))
        json_error(g, n, "which frames? \"nth\" or \"frames\", one of them");
    if (GET_IN(f->kind) & CHANCY) {
        if (nth && chance)
            json_error(g, chance, "\"nth\" or \"chance\", not both");
        else if (!nth && !chance)
            json_error(g, n, "which frames? \"nth\" or \"chance\" is missing");
    }
    if (chance && f->ppm == 0)
        json_error(g, chance, "a chance of 0%% never happens");
}

const struct json_object fields_fault = {
    .name = "fault",
    .help = "what goes wrong on a link",
    ROWS(fault_rows),
    .size = sizeof(struct spec_fault),
    .pointer_at = offsetof(struct spec_fault, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_fault,
};

static const struct json_field link_rows[] = {
    F("label", WORDS, spec_link, label, .max = 60, .help = "its name for people"),
    F("rate", RATE, spec_link, rate_bps, .fallback = "100Mbit", .help = "bits per second; 0: no limit"),
    F("delay", DURATION, spec_link, delay_ns, .fallback = "1ms", .max = 60000000000, .help = "one way"),
    F("jitter", DURATION, spec_link, jitter_ns, .fallback = "0s", .max = 60000000000,
      .help = "up to so much is added to the delay, by chance"),
    N("queue", UINT, spec_link, queue_frames, .min = 1, .max = 1000000, .fallback = "1000",
      .help = "frames that wait at each sender; more are dropped"),
    MANY("faults", OBJECT, LIST, spec_link, faults, .object = &fields_fault, .help = "what goes wrong on it"),
};

const struct json_object fields_link = {
    .name = "link",
    .help = "an Ethernet segment; hosts join it with their interfaces",
    ROWS(link_rows),
    .size = sizeof(struct spec_link),
    .pointer_at = offsetof(struct spec_link, pointer),
    .key_at = offsetof(struct spec_link, name),
    .key_kind = GET_NAME,
};

/* ---- interfaces, routes, firewall ---------------------------------------------------------------- */

static const struct json_field interface_rows[] = {
    F("link", NAME, spec_iface, link, .required = GET_ALWAYS, .help = "the link it is on"),
    F("ip4", PREFIX, spec_iface, ip4, .help = "its IPv4 address and the length of the link's prefix"),
    F("ip6", PREFIX, spec_iface, ip6, .help = "its IPv6 address and the length of the link's prefix"),
};

static bool brief_interface(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_iface *i = out;
    struct fields_words w;
    size_t words = n->type == JSON_STRING ? fields_split(&w, n->string, FIELDS_WORDS_MAX) : 0;
    if (words < 2 || words > 3) {
        json_error(g, n,
                   "must be \"LINK ADDRESS/BITS\", or \"LINK ADDRESS/BITS ADDRESS/BITS\" with IPv4 and IPv6");
        return false;
    }
    if (!json_get_text(g, &fields_interface, "link", w.word[0], n, out))
        return false;
    for (size_t k = 1; k < words; k++) {
        bool six = strchr(w.word[k], ':') != NULL;
        if ((six ? i->ip6.bits : i->ip4.bits) > 0) {
            json_error(g, n, "has two IPv%d addresses; an interface has one of each family", six ? 6 : 4);
            return false;
        }
        if (!json_get_text(g, &fields_interface, six ? "ip6" : "ip4", w.word[k], n, out))
            return false;
    }
    return true;
}

static void finish_interface(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_iface *i = out;
    if (i->ip4.bits == 0 && i->ip6.bits == 0)
        json_error(g, n, "has no address: \"ip4\", \"ip6\" or both");
    if (i->ip4.bits > 0 && !net_addr_is4(&i->ip4.addr))
        json_error(g, n, "\"ip4\" is not an IPv4 address");
    if (i->ip6.bits > 0 && net_addr_is4(&i->ip6.addr))
        json_error(g, n, "\"ip6\" is not an IPv6 address");
}

const struct json_object fields_interface = {
    .name = "interface",
    .help = "where a host is on a link",
    ROWS(interface_rows),
    .size = sizeof(struct spec_iface),
    .pointer_at = offsetof(struct spec_iface, pointer),
    .key_at = GET_NOWHERE,
    .brief = brief_interface,
    .brief_help = "a string \"LINK ADDRESS/BITS [ADDRESS/BITS]\"",
    .finish = finish_interface,
};

static const struct json_field route_rows[] = {
    F("to", PREFIX, spec_route, to, .required = GET_ALWAYS, .help = "where to"),
    F("via", ADDRESS, spec_route, via, .required = GET_ALWAYS, .help = "the next router"),
};

static void finish_route(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_route *r = out;
    if (net_addr_is4(&r->to.addr) != net_addr_is4(&r->via))
        json_error(g, n, "\"to\" and \"via\" are of different families");
}

const struct json_object fields_route = {
    .name = "route",
    .help = "a route besides those that are found by themselves",
    ROWS(route_rows),
    .size = sizeof(struct spec_route),
    .pointer_at = offsetof(struct spec_route, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_route,
};

static const struct json_choice actions[] = {
    { "accept", SPEC_FW_ACCEPT, NULL },
    { "drop", SPEC_FW_DROP, NULL },
    { "reject", SPEC_FW_REJECT, NULL },
    { NULL, 0, NULL },
};
static const struct json_choice directions[] = {
    { "any", SPEC_FW_ANY, NULL },         { "in", SPEC_FW_IN, NULL }, { "out", SPEC_FW_OUT, NULL },
    { "forward", SPEC_FW_FORWARD, NULL }, { NULL, 0, NULL },
};

static const struct json_field rule_rows[] = {
    N("action", CHOICE, spec_fw_rule, action, .required = GET_ALWAYS, .choices = actions,
      .help = "accept; drop: silence, the sender waits; reject: a TCP reset, the sender knows at once"),
    F("name", NAME, spec_fw_rule, name, .help = "what the trace calls it"),
    N("direction", CHOICE, spec_fw_rule, dir, .choices = directions, .fallback = "any",
      .help = "packets for this host, from it, or passing through"),
    N("proto", CHOICE, spec_fw_rule, proto, .choices = fields_protos, .otherwise = "any",
      .help = "the protocol"),
    F("source", PREFIX, spec_fw_rule, src, .otherwise = "any", .help = "the source address is in it"),
    F("destination", PREFIX, spec_fw_rule, dst, .otherwise = "any",
      .help = "the destination address is in it"),
    F("with_icmp", BOOL, spec_fw_rule, reject_with_icmp, .fallback = "false",
      .help = "reject says \"administratively prohibited\" by ICMP instead"),
    F("port", PORTS, spec_fw_rule, port_from, .otherwise = "any",
      .help = "the destination port is among them"),
    FROM_UNTIL(spec_fw_rule, from_ns, until_ns),
};

static void finish_rule(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_fw_rule *r = out;
    const struct json_node *port = json_child(n, "port");
    fields_check_times(g, n, r->from_ns, r->until_ns);
    if (port && r->proto != NET_PROTO_TCP && r->proto != NET_PROTO_UDP)
        json_error(g, port, "a port needs \"proto\": \"tcp\" or \"udp\"");
    if (r->reject_with_icmp && r->action != SPEC_FW_REJECT)
        json_error(g, json_child(n, "with_icmp"), "needs \"action\": \"reject\"");
    if (r->src.bits && r->dst.bits && net_addr_is4(&r->src.addr) != net_addr_is4(&r->dst.addr))
        json_error(g, n, "\"source\" and \"destination\" are of different families: no packet matches");
}

const struct json_object fields_rule = {
    .name = "rule",
    .help = "a firewall rule: the first one that matches a packet decides",
    ROWS(rule_rows),
    .size = sizeof(struct spec_fw_rule),
    .pointer_at = offsetof(struct spec_fw_rule, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_rule,
};

/* ---- somebody in the middle --------------------------------------------------------------------------- */

static const struct json_field rewrite_rows[] = {
    F("name", NAME, spec_rewrite, name, .help = "what the trace calls it"),
    F("find", WORDS, spec_rewrite, find, .required = GET_ALWAYS, .flags = GET_NOT_EMPTY,
      .max = NET_TAMPER_MAX,
      .help = "what it looks for in the data of TCP segments that it forwards, like \"STARTTLS\""),
    F("with", WORDS, spec_rewrite, with, .required = GET_ALWAYS, .flags = GET_NOT_EMPTY,
      .max = NET_TAMPER_MAX, .help = "what it writes over it, of the same length, like \"XXXXXXXA\""),
    N("port", UINT, spec_rewrite, port, .min = 1, .otherwise = "any",
      .help = "only where either TCP port is this one"),
    FROM_UNTIL(spec_rewrite, from_ns, until_ns),
};

static void finish_rewrite(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_rewrite *r = out;
    fields_check_times(g, n, r->from_ns, r->until_ns);
    if (r->find && r->with && strlen(r->find) != strlen(r->with))
        json_error(g, json_child(n, "with"),
                   "has %zu octets, \"find\" has %zu: they must be as many, or TCP would count wrongly",
                   strlen(r->with), strlen(r->find));
}

const struct json_object fields_rewrite = {
    .name = "rewrite",
    .help = "what somebody in the middle writes over: a router that changes what it forwards",
    ROWS(rewrite_rows),
    .size = sizeof(struct spec_rewrite),
    .pointer_at = offsetof(struct spec_rewrite, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_rewrite,
};

/* ---- DNS --------------------------------------------------------------------------------------------- */

static const struct json_field resolver_rows[] = {
    MANY("roots", ADDRESS, LIST, spec_resolver, roots, .flags = GET_NOT_EMPTY, .items_max = 26,
         .otherwise = "the hosts that serve the zone \".\"", .help = "addresses of the root servers"),
    N("cache", UINT, spec_resolver, cache_slots, .min = 1, .max = 1000000, .fallback = "1024",
      .help = "entries in its cache"),
};

const struct json_object fields_resolver = {
    .name = "resolver",
    .help = "a caching resolver, which asks from the root down",
    ROWS(resolver_rows),
    .size = sizeof(struct spec_resolver),
    .pointer_at = offsetof(struct spec_resolver, pointer),
    .key_at = GET_NOWHERE,
};

static const struct json_choice dns_faults[] = {
    { "servfail", 0, NULL },
    { "refuse", 0, NULL },
    { "drop", 0, NULL },
    { NULL, 0, NULL },
};

static const struct json_field dns_fault_rows[] = {
    F("kind", CHOICE, spec_dns, fault, .required = GET_ALWAYS, .choices = dns_faults,
      .help = "servfail and refuse: it answers so; drop: it stays silent"),
    FROM_UNTIL(spec_dns, fault_from_ns, fault_until_ns),
};

static bool brief_dns_fault(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_dns *d = out;
    d->fault_until_ns = CORE_NEVER;
    return n->type == JSON_STRING && json_get_text(g, &fields_dns_fault, "kind", n->string, n, out);
}

static void finish_dns_fault(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_dns *d = out;
    fields_check_times(g, n, d->fault_from_ns, d->fault_until_ns);
}

const struct json_object fields_dns_fault = {
    .name = "dns fault",
    .help = "what is wrong with a DNS server",
    ROWS(dns_fault_rows),
    .size = sizeof(struct spec_dns),
    .pointer_at = GET_NOWHERE,
    .key_at = GET_NOWHERE,
    .brief = brief_dns_fault,
    .brief_help = "a string: its kind, for the whole run",
    .finish = finish_dns_fault,
};

static const struct json_field dns_rows[] = {
    MANY("zones", ZONE, LIST, spec_dns, zones, .required = GET_ALWAYS, .flags = GET_NOT_EMPTY,
         .items_max = 20000, .help = "zones that it serves"),
    { .key = "fault",
      .kind = GET_OBJECT,
      .shape = GET_INSIDE,
      .object = &fields_dns_fault,
      .help = "what is wrong with it" },
};

const struct json_object fields_dns = {
    .name = "dns",
    .help = "an authoritative DNS server",
    ROWS(dns_rows),
    .size = sizeof(struct spec_dns),
    .pointer_at = offsetof(struct spec_dns, pointer),
    .key_at = GET_NOWHERE,
};

/* ---- a person who answers -------------------------------------------------------------------------------
 */

static const struct json_field hand_rows[] = {
    N("port", UINT, spec_hand, port, .required = GET_ALWAYS, .min = 1,
      .help = "the TCP port; what is spoken there follows from it: 110 and 995 POP3, 143 and 993 IMAP, else "
              "SMTP"),
    F("from", DURATION, spec_hand, from_ns, .fallback = "0s",
      .help = "until then the host's own service answers"),
    MANY("replies", WORDS, LIST, spec_hand, replies, .items_max = 10000,
         .help = "lines that are typed, each when an answer is due; afterwards there is silence"),
};

const struct json_object fields_hand = {
    .name = "hand",
    .help = "a person who types what a server would say, greeting first",
    ROWS(hand_rows),
    .size = sizeof(struct spec_hand),
    .pointer_at = offsetof(struct spec_hand, pointer),
    .key_at = GET_NOWHERE,
};

/* ---- hosts ------------------------------------------------------------------------------------------- */

static const struct json_field down_rows[] = { FROM_UNTIL(spec_host, down_from_ns, down_until_ns) };

static void finish_down(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_host *h = out;
    fields_check_times(g, n, h->down_from_ns, h->down_until_ns);
}

const struct json_object fields_down = {
    .name = "down",
    .help = "when a host is switched off",
    ROWS(down_rows),
    .size = sizeof(struct spec_host),
    .pointer_at = GET_NOWHERE,
    .key_at = GET_NOWHERE,
    .finish = finish_down,
};

/* The names of tls_fault_name(). */
static const struct json_choice certificate_faults[] = {
    { "none", 0, NULL },       { "expired", 0, NULL },     { "not-yet-valid", 0, NULL },
    { "wrong-name", 0, NULL }, { "self-signed", 0, NULL }, { "unknown-ca", 0, NULL },
    { NULL, 0, NULL },
};

static const struct json_field certificate_rows[] = {
    F("fault", CHOICE, spec_host, certificate_fault, .choices = certificate_faults, .otherwise = "none",
      .help = "what is wrong with it"),
    MANY("names", SERVER, LIST, spec_host, certificate_names, .items_max = 32,
         .help =
             "names and addresses it is for; else the host's own. Real programs look for \"localhost\" and "
             "\"127.0.0.1\""),
};

const struct json_object fields_certificate = {
    .name = "certificate",
    .help = "what a server shows in a TLS handshake",
    ROWS(certificate_rows),
    .size = sizeof(struct spec_host),
    .pointer_at = GET_NOWHERE,
    .key_at = GET_NOWHERE,
};

static const struct json_choice roles[] = {
    { "client", 0, NULL },   { "mta", 0, NULL },    { "store", 0, NULL },    { "dns", 0, NULL },
    { "resolver", 0, NULL }, { "router", 0, NULL }, { "firewall", 0, NULL }, { NULL, 0, NULL },
};

static const struct json_field host_rows[] = {
    F("label", WORDS, spec_host, label, .max = 60, .help = "its name for people"),
    F("fqdn", DOMAIN, spec_host, fqdn, .help = "its name in the DNS"),
    F("role", CHOICE, spec_host, role, .choices = roles, .otherwise = "from what it has",
      .help = "how it is drawn"),
    F("router", BOOL, spec_host, forwards, .fallback = "false",
      .help = "it forwards packets between its links"),
    MANY("interfaces", OBJECT, LIST, spec_host, ifaces, .required = GET_ALWAYS, .flags = GET_NOT_EMPTY,
         .items_max = SPEC_IFACES_MAX, .object = &fields_interface, .help = "where it is on its links"),
    MANY("routes", OBJECT, LIST, spec_host, routes, .object = &fields_route,
         .help = "besides the shortest ways, which are found by themselves"),
    MANY("firewall", OBJECT, LIST, spec_host, firewall, .object = &fields_rule,
         .help = "rules; a packet that no rule matches passes"),
    MANY("rewrites", OBJECT, LIST, spec_host, rewrites, .object = &fields_rewrite, .items_max = 32,
         .help = "of a router: what it writes over in the TCP data that it forwards"),
    MANY("resolvers", ADDRESS, LIST, spec_host, resolvers, .items_max = 8,
         .help = "whom it asks about names"),
    { .key = "down",
      .kind = GET_OBJECT,
      .shape = GET_INSIDE,
      .object = &fields_down,
      .help = "when it is switched off" },
    MANY("delays", OBJECT, LIST, spec_host, delays, .object = &fields_delay, .items_max = 100,
         .help = "of its SMTP, POP3 and IMAP servers: when they answer late"),
    MANY("drops", OBJECT, LIST, spec_host, drops, .object = &fields_drop, .items_max = 100,
         .help = "of its SMTP, POP3 and IMAP servers: when they close the connection instead"),
    { .key = "certificate",
      .kind = GET_OBJECT,
      .shape = GET_INSIDE,
      .object = &fields_certificate,
      .help = "of its TLS services" },
    F("resolver", OBJECT, spec_host, resolver, .object = &fields_resolver, .help = "it is a resolver"),
    F("dns", OBJECT, spec_host, dns, .object = &fields_dns, .help = "it is an authoritative DNS server"),
    F("mta", OBJECT, spec_host, mta, .object = &fields_mta, .help = "it is a mail server"),
    F("store", OBJECT, spec_host, store, .object = &fields_store, .help = "it keeps mailboxes"),
    F("client", OBJECT, spec_host, client, .object = &fields_client, .help = "it has a mail program"),
    F("hand", OBJECT, spec_host, hand, .object = &fields_hand,
      .help = "a person answers there instead of a service"),
};

/* Where a mail server listens that does not say: submission only where somebody could log in. */
static void usual_services(struct json_get *g, const struct spec_host *h)
{
    struct spec_mta made = *h->mta;
    struct spec_service *s = core_arena_take(g->arena, 2 * sizeof *s);
    s[0] = (struct spec_service){ .kind = SPEC_SMTP_RELAY,
                                  .port = FIELDS_PORT_SMTP,
                                  .mechanisms = FIELDS_MECHANISMS,
                                  .pointer = made.pointer };
    s[1] = (struct spec_service){ .kind = SPEC_SMTP_SUBMISSION,
                                  .port = FIELDS_PORT_SUBMISSION,
                                  .auth = SPEC_AUTH_REQUIRED,
                                  .mechanisms = FIELDS_MECHANISMS,
                                  .pointer = made.pointer };
    made.services = s;
    made.nservices = h->store ? 2 : 1;
    memcpy((void *)(uintptr_t)h->mta, &made, sizeof made); /* the arena's, and ours until it is handed over */
}

/* What the file does not say: a role as people would call it, a name for people, usual ports. */
static void finish_host(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_host *h = out;
    if (h->dns && h->resolver)
        json_error(g, n,
                   "a resolver and an authoritative DNS server both listen on port 53: make two hosts of it");
    if (h->nrewrites > 0 && !h->forwards)
        json_error(g, json_child(n, "rewrites"),
                   "is about packets that pass through: needs \"router\": true");
    if (h->mta && h->mta->nservices == 0)
        usual_services(g, h);
    if (!h->role)
        h->role = h->forwards   ? "router"
                  : h->mta      ? "mta"
                  : h->store    ? "store"
                  : h->resolver ? "resolver"
                  : h->dns      ? "dns"
                                : "client";
    if (!h->label)
        h->label = h->fqdn ? h->fqdn : h->name;
}

const struct json_object fields_host = {
    .name = "host",
    .help = "a computer; what it has makes it a laptop, a mail server, a router",
    ROWS(host_rows),
    .size = sizeof(struct spec_host),
    .pointer_at = offsetof(struct spec_host, pointer),
    .key_at = offsetof(struct spec_host, name),
    .key_kind = GET_NAME,
    .finish = finish_host,
};
