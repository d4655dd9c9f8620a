/* The tables of numbers, names and lessons. */
#include "protocols/dns/dns_code.h"

#include <assert.h>
#include <string.h>

#define ROWS(table)                                                                                          \
    {                                                                                                        \
        table, sizeof table / sizeof table[0]                                                                \
    }

static const struct dns_code types[] = {
    { "A",
      1,
      { "A record: the IPv4 address of a name",
        "The last step of every lookup: programs connect to addresses, people remember names. A name may "
        "have "
        "several A records; a client that fails with one tries the next.",
        "RFC 1035 section 3.4.1" } },
    { "NS",
      2,
      { "NS record: a name server of a zone",
        "Names a host that serves the zone. The parent zone holds a copy of it: that copy is the delegation, "
        "and "
        "it is how a resolver finds its way down from the root.",
        "RFC 1035 section 3.3.11" } },
    { "CNAME",
      5,
      { "CNAME record: this name is an alias",
        "The resolver starts again with the name it points to. A name with a CNAME may have no other record, "
        "so a "
        "domain that needs MX and SOA at its top cannot have one there.",
        "RFC 1034 section 3.6.2" } },
    { "SOA",
      6,
      { "SOA record: the birth certificate of a zone",
        "Stands once at the top of each zone. Its serial number tells secondary servers when to copy; its "
        "last "
        "number limits how long a \"no such name\" may be remembered.",
        "RFC 1035 section 3.3.13" } },
    { "PTR",
      12,
      { "PTR record: the name that belongs to an address",
        "Lives under in-addr.arpa or ip6.arpa, where the owner of the address publishes it. Mail servers "
        "look it up "
        "for every stranger that connects; many refuse mail if it is missing.",
        "RFC 1035 section 3.5" } },
    { "MX",
      15,
      { "MX record: a host that takes mail for a domain",
        "It holds a preference and a host name. The sender tries the lowest preference first, and the name "
        "must have "
        "an A or AAAA record: an address or an alias does not belong there.",
        "RFC 5321 section 5.1" } },
    { "TXT",
      16,
      { "TXT record: text that other protocols give a meaning",
        "SPF, DKIM and DMARC live here. A record is one or more strings of at most 255 octets, which readers "
        "of "
        "SPF and DKIM join without blanks.",
        "RFC 1035 section 3.3.14" } },
    { "AAAA",
      28,
      { "AAAA record: the IPv6 address of a name",
        "Four times as long as an A record, hence the name. A host with both kinds is asked for both, in two "
        "questions.",
        "RFC 3596 section 2.1" } },
    { "SRV",
      33,
      { "SRV record: the host and port of a service",
        "Found under names such as _imaps._tcp.example.org. Mail programs use it to find their servers by "
        "themselves; "
        "relaying between servers uses MX instead.",
        "RFC 2782" } },
    { "DNAME",
      39,
      { "DNAME record: everything below this name is elsewhere",
        "Like a CNAME for a whole subtree: the end of the name is exchanged and the lookup goes on. The name "
        "itself "
        "keeps its own records.",
        "RFC 6672 section 2.3" } },
    { "OPT",
      41,
      { "OPT: not a record, but EDNS in a record's clothes",
        "Says which size of UDP reply the sender can take, and has room for options. It belongs to one "
        "message and "
        "is never cached or stored in a zone.",
        "RFC 6891 section 6.1.1" } },
    { "TLSA",
      52,
      { "TLSA record: which certificate a server will show",
        "With DANE, a sending mail server learns from DNS that TLS is not optional and which key to expect. "
        "It can be "
        "trusted only if the zone is signed with DNSSEC.",
        "RFC 7672 section 2.2" } },
    { "IXFR",
      251,
      { "IXFR: a question for what changed in a zone",
        "A secondary server asks for the difference since the serial number it has. Other people are "
        "refused.",
        "RFC 1995 section 2" } },
    { "AXFR",
      252,
      { "AXFR: a question for a whole zone",
        "Secondary servers copy a zone with it, over TCP. An open AXFR shows an attacker every host name at "
        "once, "
        "so servers refuse it to strangers.",
        "RFC 5936 section 2" } },
    { "ANY",
      255,
      { "ANY: a question for records of any type",
        "Made for debugging, and misused to turn small forged questions into big replies to a victim. "
        "Servers today "
        "answer with one set of records only.",
        "RFC 8482 section 4.1" } },
    { "CAA",
      257,
      { "CAA record: who may issue certificates for a domain",
        "A certification authority must look here before it signs. It stops nobody from using a certificate "
        "that exists already.",
        "RFC 8659 section 3" } },
};

static const struct dns_code rcodes[] = {
    { "NOERROR",
      0,
      { "NOERROR: the question was understood and dealt with",
        "It does not promise an answer: with an empty answer section it means NODATA or a referral. Look at "
        "the "
        "sections, not only at the code.",
        "RFC 1035 section 4.1.1" } },
    { "FORMERR",
      1,
      { "FORMERR: the server could not read the query",
        "The octets break the format: a cut name, a wrong count, a loop of pointers. Old servers also say it "
        "when "
        "they meet EDNS, so a resolver may try again without.",
        "RFC 1035 section 4.1.1" } },
    { "SERVFAIL",
      2,
      { "SERVFAIL: the server could not find out",
        "All servers of the zone are silent or broken, or DNSSEC does not hold. It is not a \"no\": a mail "
        "server "
        "keeps the message in its queue and asks again later.",
        "RFC 1035 section 4.1.1" } },
    { "NXDOMAIN",
      3,
      { "NXDOMAIN: the name does not exist, with any type",
        "A final answer, given by the zone itself and remembered for as long as its SOA allows. For mail it "
        "means "
        "that the domain is wrong: the message bounces at once.",
        "RFC 2308 section 2.1" } },
    { "NOTIMP",
      4,
      { "NOTIMP: the server does not do this kind of request",
        "Not every server knows every opcode. Asking it again changes nothing.", "RFC 1035 section 4.1.1" } },
    { "REFUSED",
      5,
      { "REFUSED: the server will not answer you",
        "The zone is not its own, or you are not one of its clients. When it comes from a server that the "
        "parent zone names, the delegation is lame.",
        "RFC 1035 section 4.1.1" } },
    { "BADVERS",
      16,
      { "BADVERS: the server does not speak this EDNS version",
        "Only version 0 exists today. The number has more than four bits, so that its upper part travels in "
        "the OPT "
        "record.",
        "RFC 6891 section 6.1.3" } },
};

static const struct dns_code classes[] = {
    { "IN",
      1,
      { "IN: the class of the Internet",
        "DNS was planned for several kinds of networks. This is the one that is left: in practice every "
        "record has it.",
        "RFC 1035 section 3.2.4" } },
    { "CH",
      3,
      { "CH: the class of Chaosnet",
        "The network is gone. Servers still answer version.bind in this class, when their operators let "
        "them.",
        "RFC 1035 section 3.2.4" } },
    { "NONE",
      254,
      { "NONE: a class for dynamic update only",
        "In an UPDATE message it marks records that shall not exist.", "RFC 2136 section 2.4" } },
    { "ANY",
      255,
      { "ANY: a question for records of any class", "Allowed in questions only, and of little use today.",
        "RFC 1035 section 3.2.5" } },
};

static const struct dns_code opcodes[] = {
    { "QUERY",
      0,
      { "QUERY: an ordinary question", "Nearly every DNS message has this opcode: a name, a type, a class.",
        "RFC 1035 section 4.1.1" } },
    { "STATUS",
      2,
      { "STATUS: asks how the server is", "Reserved in 1987, never defined further. Servers answer NOTIMP.",
        "RFC 1035 section 4.1.1" } },
    { "NOTIFY",
      4,
      { "NOTIFY: tells a secondary server that a zone has changed",
        "The secondary then compares serial numbers and copies the zone at once, instead of waiting for its "
        "timer.",
        "RFC 1996 section 3" } },
    { "UPDATE",
      5,
      { "UPDATE: changes records in a zone",
        "DHCP servers and certificate tools use it. It must be signed: who may update MX can take over the "
        "mail.",
        "RFC 2136 section 1" } },
};

static const struct dns_code words[] = {
    { "TTL",
      1,
      { "TTL: how many seconds a record may be remembered",
        "The owner of a zone chooses it. A long TTL means fewer questions, and old data for as long after a "
        "change; lower it before you move a mail server.",
        "RFC 1034 section 3.6" } },
    { "AA",
      2,
      { "AA: the reply comes from the zone's own server",
        "The authoritative answer bit. A resolver that answers from its cache leaves it out.",
        "RFC 1035 section 4.1.1" } },
    { "TC",
      3,
      { "TC: the reply was cut, ask again over TCP",
        "The truncation bit. What did not fit in the datagram is missing, so the client opens a TCP "
        "connection to "
        "port 53. A firewall that blocks it breaks large answers only, which is hard to find.",
        "RFC 7766 section 5" } },
    { "RD",
      4,
      { "RD: the client wants the whole work done for it",
        "Recursion desired. Stubs set it; a resolver that walks from server to server does not.",
        "RFC 1035 section 4.1.1" } },
    { "RA",
      5,
      { "RA: this server does recursion",
        "Recursion available. Resolvers set it; servers that only serve their zones do not. With RA for "
        "strangers the server is an open resolver, and is misused to flood others.",
        "RFC 1035 section 4.1.1" } },
    { "QR",
      6,
      { "QR: this message is a reply",
        "0 in queries, 1 in replies. A server never answers a message that has it set: two servers could "
        "otherwise "
        "answer each other forever.",
        "RFC 1035 section 4.1.1" } },
    { "EDNS0",
      7,
      { "EDNS0: room for replies of more than 512 octets",
        "The client adds an OPT record with the size it can take, often 1232, which passes every IPv6 link "
        "whole. "
        "Without it, DKIM keys and long SPF records would always need TCP.",
        "RFC 6891 section 4.3" } },
    { "NODATA",
      8,
      { "NODATA: the name exists, but not with this type",
        "Not a code of its own: NOERROR with no answer and an SOA in the authority section. A domain without "
        "MX but with an A record gives it, and still takes mail.",
        "RFC 2308 section 2.2" } },
    { "glue",
      9,
      { "Glue: the address of a name server, sent by the parent",
        "If ns.example.org serves example.org, nobody could ask it for its own address. The parent zone "
        "therefore "
        "hands out the address along with the name.",
        "RFC 9471 section 2" } },
    { "referral",
      10,
      { "Referral: the server does not know, but knows who does",
        "No answer, no AA, NS records in the authority section. A resolver follows it one zone down; a stub "
        "cannot do anything with it.",
        "RFC 1034 section 4.3.1" } },
    { "recursion",
      11,
      { "Recursion: one server does the whole lookup for a client",
        "The client asks once and waits. The resolver asks the root, then each zone below, and remembers "
        "what it "
        "has learnt for the next client.",
        "RFC 1034 section 4.3.1" } },
    { "iteration",
      12,
      { "Iteration: asking server after server, from the root down",
        "Each server answers for its own zone or refers to the zone below. This is what a resolver does on "
        "behalf "
        "of its clients.",
        "RFC 1034 section 5.3.3" } },
    { "resolver",
      13,
      { "Resolver: finds the answer and remembers it",
        "The server that your provider or your company runs for you, found through DHCP or set by hand. When "
        "it is "
        "down, nothing works although the network is fine.",
        "RFC 1034 section 5.1" } },
    { "stub",
      14,
      { "Stub resolver: the part that lives in every computer",
        "It knows the addresses of a few resolvers and no more. It asks, waits some seconds, asks the next "
        "one, and "
        "at last gives up.",
        "RFC 1123 section 6.1.3.1" } },
    { "authoritative",
      15,
      { "Authoritative server: has the zone, does not ask around",
        "It answers from its own data and sets AA. For names that are not its own it refers or refuses.",
        "RFC 1034 section 4.3.2" } },
    { "root",
      16,
      { "Root: the zone at the top of all names",
        "Its name is a single dot. Resolvers have the addresses of its servers built in; everything else is "
        "found "
        "from there.",
        "RFC 9609 section 2" } },
    { "zone",
      17,
      { "Zone: the part of the tree that one operator answers for",
        "It begins at its SOA and ends where NS records hand a subtree to someone else. Domain and zone are "
        "not the same: one domain may be cut into several zones.",
        "RFC 1034 section 4.2" } },
    { "RRset",
      18,
      { "RRset: all records of one name and one type",
        "They travel, live and expire together. A message holds an RRset whole, or sets TC.",
        "RFC 2181 section 5" } },
    { "wildcard",
      19,
      { "Wildcard: one record for all names that do not exist",
        "A record at *.example.org answers for any missing name below example.org, with that name as its "
        "owner. As soon "
        "as a name exists with any type, the wildcard does not apply to it.",
        "RFC 4592 section 3.3" } },
    { "null MX",
      20,
      { "Null MX: this domain takes no mail",
        "One MX record with preference 0 and a dot as its host. Senders bounce at once, instead of trying "
        "the web server's address for days.",
        "RFC 7505 section 3" } },
    { "implicit MX",
      21,
      { "Implicit MX: no MX record, so the domain's own address",
        "If a domain has no MX but has an A or AAAA record, mail goes to that address as if it were an MX of "
        "preference 0. NXDOMAIN, a null MX and a failed lookup do not count as \"no MX\".",
        "RFC 5321 section 5.1" } },
    { "negative caching",
      22,
      { "Negative caching: \"no\" is remembered too",
        "For the smaller of the SOA record's TTL and its last number. A name that was asked for before it "
        "was "
        "made stays missing for that long.",
        "RFC 2308 section 5" } },
    { "delegation",
      23,
      { "Delegation: NS records that hand over a subtree",
        "The parent zone names the servers of the child. If those servers do not know the zone, the "
        "delegation is "
        "lame and lookups fail now and then, or always.",
        "RFC 1034 section 4.2.1" } },
    { "poisoning",
      24,
      { "Cache poisoning: a forged answer that is remembered",
        "An attacker answers before the real server does. He must guess the 16-bit id and the source port, "
        "and "
        "records outside the zone that was asked are thrown away; DNSSEC would end it.",
        "RFC 5452 section 4" } },
    { "reverse DNS",
      25,
      { "Reverse DNS: from an address back to a name",
        "The address is written backwards under in-addr.arpa or ip6.arpa, and a PTR record there holds the "
        "name. A "
        "mail server's PTR should lead to a name that leads back to its address.",
        "RFC 1035 section 3.5" } },
};

static const struct {
    const struct dns_code *row;
    size_t rows;
} tables[DNS_TABLES] = {
    [DNS_TABLE_TYPE] = ROWS(types),     [DNS_TABLE_RCODE] = ROWS(rcodes), [DNS_TABLE_CLASS] = ROWS(classes),
    [DNS_TABLE_OPCODE] = ROWS(opcodes), [DNS_TABLE_WORD] = ROWS(words),
};

const struct dns_code *dns_code_at(enum dns_table table, size_t i)
{
    assert((size_t)table < DNS_TABLES);
    return i < tables[table].rows ? &tables[table].row[i] : NULL;
}

const struct dns_code *dns_code_find(enum dns_table table, uint16_t code)
{
    assert((size_t)table < DNS_TABLES);
    for (size_t i = 0; i < tables[table].rows; i++)
        if (tables[table].row[i].code == code)
            return &tables[table].row[i];
    return NULL;
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same_word(const char *a, const char *b, size_t len)
{
    size_t i = 0;
    while (i < len && a[i] && fold(a[i]) == fold(b[i]))
        i++;
    return i == len && a[i] == '\0';
}

const struct dns_code *dns_code_named(enum dns_table table, const char *name, size_t len)
{
    assert((size_t)table < DNS_TABLES);
    for (size_t i = 0; i < tables[table].rows; i++)
        if (same_word(tables[table].row[i].name, name, len))
            return &tables[table].row[i];
    return NULL;
}

static const char *code_text(enum dns_table table, const char *prefix, uint16_t code,
                             char buf[DNS_CODE_TEXT_MAX])
{
    const struct dns_code *row = dns_code_find(table, code);
    char digits[5];
    size_t n = strlen(prefix), count = 0;
    if (row)
        return row->name;
    memcpy(buf, prefix, n);
    do
        digits[count++] = (char)('0' + code % 10);
    while (code /= 10);
    while (count > 0)
        buf[n++] = digits[--count];
    buf[n] = '\0';
    return buf;
}

const char *dns_type_text(uint16_t type, char buf[DNS_CODE_TEXT_MAX])
{
    return code_text(DNS_TABLE_TYPE, "TYPE", type, buf);
}

const char *dns_class_text(uint16_t qclass, char buf[DNS_CODE_TEXT_MAX])
{
    return code_text(DNS_TABLE_CLASS, "CLASS", qclass, buf);
}

const char *dns_rcode_text(uint16_t rcode, char buf[DNS_CODE_TEXT_MAX])
{
    return code_text(DNS_TABLE_RCODE, "RCODE", rcode, buf);
}

uint16_t dns_type_from_text(const char *text, size_t len)
{
    const struct dns_code *row = dns_code_named(DNS_TABLE_TYPE, text, len);
    uint32_t value = 0;
    if (row)
        return row->code;
    if (len < 5 || len > 9 || !same_word("type", text, 4 < len ? 4 : len))
        return 0;
    for (size_t i = 4; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    return value <= UINT16_MAX ? (uint16_t)value : 0;
}
