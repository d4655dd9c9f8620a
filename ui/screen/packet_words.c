/* Words about frames: what a segment does, and why a frame came no further. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen/view.h"
#include "ui/tape/record.h"

#define SILENT                                                                                               \
    "Nobody tells the sender. TCP notices because no ACK comes, waits, and sends it again; "                 \
    "what runs over UDP must ask again itself."
#define TCP_REPAIRS "RFC 9293 section 3.8"

struct drop_words {
    const char *why; /* the attribute of the record */
    const char *text;
    struct ui_words words;
};

static const struct drop_words drops[] = {
    { "fault", "lost", { "This frame is lost", SILENT, TCP_REPAIRS } },
    { "loss", "lost in noise", { "This frame is lost", SILENT, TCP_REPAIRS } },
    { "cut", "the link is cut", { "The link is cut, and the frame is lost", SILENT, TCP_REPAIRS } },
    { "queue",
      "the transmitter's queue is full",
      { "More came than the link can carry, and the frame is lost", SILENT, TCP_REPAIRS } },
    { "down", "the host is off", { "The host is off, and the frame is lost", SILENT, TCP_REPAIRS } },
    { "no-such-mac",
      "nobody has this MAC address",
      { "Nobody on this link has the frame's MAC address", SILENT, TCP_REPAIRS } },
    { "neighbour",
      "nobody answers to this address",
      { "Nobody answers to this address",
        "The host is off, or there is none. Whoever has the last link to it asks for its MAC address; after "
        "some tries a router tells the sender by ICMP: host unreachable.",
        "RFC 1122 section 2.3.2.2" } },
    { "not-mine",
      "not for this host",
      { "The packet came to a host that it is not meant for",
        "A host that is no router passes nothing on. It drops the packet and says nothing.",
        "RFC 1122 section 3.2.1.3" } },
    { "no-route",
      "no route",
      { "No way leads to this address",
        "The routing table has no row for it. A router tells the sender by ICMP: network unreachable.",
        "RFC 1812 section 5.2.7.1" } },
    { "ttl",
      "too many hops",
      { "The packet has passed too many routers",
        "Each router takes one off its TTL, and at 0 it is dropped: so nothing goes round in a ring for "
        "ever. The router tells the sender by ICMP: time exceeded.",
        "RFC 1812 section 5.3.1" } },
    { "too-big",
      "too big for the link",
      { "The packet is larger than the next link carries",
        "It may not be cut into fragments. The router tells the sender by ICMP how much fits.",
        "RFC 1191 section 4" } },
    { "firewall",
      "a firewall drops it",
      { "A firewall drops the packet",
        "A rule says so, and nobody tells the sender. TCP waits, sends again and again, and gives up: the "
        "user reads \"timed out\".",
        "RFC 2979 section 3" } },
    { "fragment", "a fragment is missing", { "A fragment of the packet is missing", SILENT, TCP_REPAIRS } },
    { "checksum",
      "damaged: wrong checksum",
      { "The packet was damaged on the way",
        "The checksum is wrong, so the receiver drops it. Nobody tells the sender; TCP sends it again when "
        "no ACK comes.",
        "RFC 9293 section 3.1" } },
    { "malformed", "malformed", { "The packet contradicts itself, and is dropped", SILENT, TCP_REPAIRS } },
    { "no-socket",
      "nobody listens",
      { "No program listens on this UDP port",
        "The host is there, the service is not. The host may say so by ICMP: port unreachable.",
        "RFC 1122 section 4.1.3.1" } },
    { "protocol",
      "unknown protocol",
      { "No host here speaks this protocol", "Only TCP, UDP and ICMP are spoken here.", "RFC 791" } },
};

static const struct drop_words *drop_of(const struct trace_record *r)
{
    for (size_t i = 0; i < sizeof drops / sizeof drops[0]; i++)
        if (record_is(r, "why", drops[i].why))
            return &drops[i];
    return NULL;
}

const char *ui_drop_text(const struct trace_record *r)
{
    const struct drop_words *d = drop_of(r);
    return d ? d->text : record_attr(r, "why");
}

const struct ui_words *ui_drop_words(const struct trace_record *r)
{
    const struct drop_words *d = drop_of(r);
    return d ? &d->words : &drops[0].words;
}

/* The number after a word of a packet's text; -1: the word is not there. */
static long number_after(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    return at ? strtol(at + strlen(word), NULL, 10) : -1;
}

/* "... > 198.51.100.25:587 [SYN] ...": the part between the last brackets, and the port before them. */
static void tcp_words(const char *text, bool bad, char *buf, size_t cap)
{
    const char *open = strrchr(text, '['), *close = open ? strchr(open, ']') : NULL, *port = open;
    long octets = number_after(text, " len "), ack = number_after(text, " ack "), seq;
    char flags[40] = "";
    if (!close) {
        snprintf(buf, cap, "%s", text);
        return;
    }
    snprintf(flags, sizeof flags, "%.*s", (int)(close - open - 1), open + 1);
    seq = number_after(close, " seq ");
    while (port > text && port[-1] != ':')
        port--;
    if (strcmp(flags, "SYN") == 0)
        snprintf(buf, cap, "SYN to port %ld", strtol(port, NULL, 10));
    else if (strncmp(flags, "RST", 3) == 0)
        snprintf(buf, cap, "%s%s", flags, bad ? ": refused" : "");
    else if (octets > 0)
        snprintf(buf, cap, "%s%s%ld octet%s from %ld", strstr(flags, "FIN") ? flags : "",
                 strstr(flags, "FIN") ? ", " : "", octets, octets == 1 ? "" : "s", seq);
    else if (strcmp(flags, "ACK") == 0)
        snprintf(buf, cap, "ACK %ld", ack);
    else
        snprintf(buf, cap, "%s", flags);
}

void ui_packet_text(const struct trace_record *r, bool bad, char *buf, size_t cap)
{
    char text[400];
    const char *at;
    snprintf(text, sizeof text, "%.*s", (int)(r->text_len < 390 ? r->text_len : 390), r->text ? r->text : "");
    at = strstr(text, " > ");
    at = at ? strchr(at + 3, ' ') : NULL;
    if (r->proto == TRACE_TCP)
        tcp_words(text, bad, buf, cap);
    else if (r->proto == TRACE_UDP)
        snprintf(buf, cap, "UDP, %ld octets", number_after(text, " len "));
    else if (r->proto == TRACE_ARP || r->proto == TRACE_NDP)
        snprintf(buf, cap, "%s: %s", r->proto == TRACE_ARP ? "ARP" : "ND", text);
    else
        snprintf(buf, cap, "ICMP%s", at ? at : "");
}
