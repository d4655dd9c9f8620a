/* The words for what a resolver does. */
#include "protocols/dns/dns_resolver.h"

#include <assert.h>

static const struct event_row {
    const char *name;
    struct wire_lesson why;
} events[DNS_EVENTS] = {
    [DNS_EV_ASKED] = { "ASKED",
                       { "A client asks the resolver",
                         "The resolver looks into its cache first. If the answer is there, nobody else is "
                         "asked.",
                         "RFC 1034 section 5.3.3" } },
    [DNS_EV_CACHE_HIT] = { "CACHE_HIT",
                           { "The answer is in the cache",
                             "Someone has asked before, and the TTL has not run out. This is why DNS is "
                             "fast, and why "
                             "changes take time to be seen.",
                             "RFC 1034 section 5.3.3" } },
    [DNS_EV_CACHE_MISS] = { "CACHE_MISS",
                            { "The answer is not in the cache",
                              "The resolver begins with the nearest servers that it knows: those of the "
                              "domain, of the "
                              "domain above it, or of the root.",
                              "RFC 1034 section 5.3.3" } },
    [DNS_EV_SEND] = { "SEND",
                      { "The resolver asks a name server",
                        "Each query has a new random id and source port. A forged reply would have to guess "
                        "both.",
                        "RFC 5452 section 9.2" } },
    [DNS_EV_REFERRAL] = { "REFERRAL",
                          { "The resolver is referred to the zone below",
                            "The reply names the servers of a zone nearer to the name. The resolver "
                            "remembers them and "
                            "asks one of them next.",
                            "RFC 1034 section 5.3.3" } },
    [DNS_EV_ALIAS] = { "ALIAS",
                       { "The name is an alias: the search goes on",
                         "The resolver puts the target of the CNAME in place of the name. Both go into the "
                         "answer.",
                         "RFC 1034 section 3.6.2" } },
    [DNS_EV_NEED_ADDRESS] = { "NEED_ADDRESS",
                              { "A server's own address must be found first",
                                "The referral brought a name without glue. The resolver does a second lookup "
                                "within "
                                "the first one, which costs time.",
                                "RFC 1034 section 5.3.3" } },
    [DNS_EV_TCP] = { "TCP",
                     { "The reply was cut: the resolver asks over TCP",
                       "TC was set. Over TCP a reply may have 65535 octets; a firewall that lets only UDP "
                       "pass stops "
                       "the lookup here.",
                       "RFC 7766 section 5" } },
    [DNS_EV_TIMEOUT] = { "TIMEOUT",
                         { "A name server does not answer in time",
                           "The resolver goes on to the next server of the zone. In later rounds it waits "
                           "longer.",
                           "RFC 1035 section 7.2" } },
    [DNS_EV_BAD_SERVER] = { "BAD_SERVER",
                            { "A name server's reply is of no use",
                              "It reports an error, or does not serve the zone although the parent zone says "
                              "so. This "
                              "lookup does not ask it again.",
                              "RFC 1034 section 5.3.3" } },
    [DNS_EV_IGNORED] = { "IGNORED",
                         { "A reply that was not asked for is ignored",
                           "Its id, address, port or question fits no open query. So do late duplicates, and "
                           "most "
                           "forged replies.",
                           "RFC 5452 section 9.1" } },
    [DNS_EV_OUTSIDE] = { "OUTSIDE",
                         { "A record outside the server's zone is thrown away",
                           "A server may speak for its own zone only. Resolvers that believed more could be "
                           "poisoned with one reply.",
                           "RFC 5452 section 6" } },
    [DNS_EV_JOINED] = { "JOINED",
                        { "The same question is being worked on already",
                          "The resolver asks once and answers everyone who waits. It also makes forging "
                          "harder: one "
                          "open query, one chance to guess.",
                          "RFC 5452 section 5" } },
    [DNS_EV_ANSWER] = { "ANSWER",
                        { "The resolver answers its client",
                          "With the TTL that is left, so that the client's own memory does not outlive the "
                          "data.",
                          "RFC 1034 section 5.3.3" } },
    [DNS_EV_GAVE_UP] = { "GAVE_UP",
                         { "The resolver gives up: SERVFAIL",
                           "All servers are silent, useless, or lead in a circle. SERVFAIL means \"I could "
                           "not find "
                           "out\": mail stays in the queue.",
                           "RFC 1035 section 4.1.1" } },
    [DNS_EV_BUSY] = { "BUSY",
                      { "The resolver has too many open questions",
                        "Its memory for lookups is full, often because a zone's servers are all silent. New "
                        "questions get SERVFAIL until some are done.",
                        "RFC 1034 section 5.3.3" } },
};

const char *dns_resolver_event_name(enum dns_resolver_event_kind kind)
{
    assert((size_t)kind < DNS_EVENTS);
    return events[kind].name;
}

const struct wire_lesson *dns_resolver_event_lesson(enum dns_resolver_event_kind kind)
{
    assert((size_t)kind < DNS_EVENTS);
    return &events[kind].why;
}
