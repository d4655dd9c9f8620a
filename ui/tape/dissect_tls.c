/* TLS records and the handshakes that anybody can read (RFC 8446 sections 4 and 5). */
#include <stdio.h>
#include <string.h>

#include "ui/tape/dissect_layers.h"

#define RECORD_HEADER 5
#define RECORD_MAX    18432 /* octets, 2^14 + 2048, RFC 5246 section 6.2.3 */

static const char *content_name(unsigned type)
{
    static const char *const names[] = { "ChangeCipherSpec", "Alert", "Handshake", "Application data" };
    return type >= 20 && type <= 23 ? names[type - 20] : NULL;
}

static const char *version_name(unsigned version)
{
    return version == 0x0301   ? "TLS 1.0"
           : version == 0x0302 ? "TLS 1.1"
           : version == 0x0303 ? "TLS 1.2"
           : version == 0x0304 ? "TLS 1.3"
                               : "unknown";
}

static const char *handshake_name(unsigned type)
{
    switch (type) {
    case 1:
        return "ClientHello";
    case 2:
        return "ServerHello";
    case 4:
        return "NewSessionTicket";
    case 11:
        return "Certificate";
    case 12:
        return "ServerKeyExchange";
    case 13:
        return "CertificateRequest";
    case 14:
        return "ServerHelloDone";
    case 16:
        return "ClientKeyExchange";
    default:
        return NULL;
    }
}

static const char *cipher_name(unsigned cipher, char buf[16])
{
    static const struct {
        unsigned cipher;
        const char *name;
    } known[] = { { 0x1301, "TLS_AES_128_GCM_SHA256" },
                  { 0x1302, "TLS_AES_256_GCM_SHA384" },
                  { 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
                  { 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
                  { 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
                  { 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
                  { 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
                  { 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
                  { 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].cipher == cipher)
            return known[i].name;
    snprintf(buf, 16, "0x%04x", cipher);
    return buf;
}

/* Extensions of a hello: the name of the server, the versions (RFC 6066 section 3, RFC 8446 section 4.2.1).
 */
static void extensions(struct dissect *d, size_t at, size_t end, bool client)
{
    size_t stop;
    if (at + 2 > end)
        return;
    stop = at + 2 + dissect_u16(d, at);
    end = stop < end ? stop : end;
    for (at += 2; at + 4 <= end;) {
        unsigned type = dissect_u16(d, at);
        size_t len = dissect_u16(d, at + 2), from = at + 4;
        if (len > end - from) {
            dissect_wrong(d, 3, "Extension", at, end - at, "type %u says %zu octets", type, len);
            return;
        }
        if (type == 0 && client && len >= 5 && (size_t)dissect_u16(d, from + 3) <= len - 5)
            dissect_words(d, 3, "Server name", from + 5, dissect_u16(d, from + 3));
        else if (type == 43 && !client && len == 2)
            dissect_put(d, 3, "Supported version", from, 2, "%s", version_name(dissect_u16(d, from)));
        else if (type == 43 && client && len >= 3)
            for (size_t i = 1; i + 2 <= len; i += 2)
                dissect_put(d, 3, "Supported version", from + i, 2, "%s",
                            version_name(dissect_u16(d, from + i)));
        else
            dissect_put(d, 3, "Extension", at, len + 4, "type %u, %zu octets", type, len);
        at = from + len;
    }
}

static void hello(struct dissect *d, size_t at, size_t end, bool client)
{
    char buf[16];
    size_t session, suites, after;
    if (end - at < 35)
        return;
    dissect_put(d, 3, "Version", at, 2, "0x%04x (%s)", dissect_u16(d, at), version_name(dissect_u16(d, at)));
    dissect_put(d, 3, "Random", at + 2, 32, "32 octets");
    session = dissect_u8(d, at + 34);
    at += 35;
    if (session + 2 > end - at)
        return;
    dissect_put(d, 3, "Session identifier", at - 1, session + 1, "%zu octets", session);
    at += session;
    if (!client) {
        dissect_put(d, 3, "Cipher suite", at, 2, "%s", cipher_name(dissect_u16(d, at), buf));
        extensions(d, at + 3, end, false);
        return;
    }
    suites = dissect_u16(d, at);
    at += 2;
    if (suites > end - at)
        return;
    for (size_t i = 0; i + 2 <= suites && i < 64; i += 2)
        dissect_put(d, 3, "Cipher suite", at + i, 2, "%s", cipher_name(dissect_u16(d, at + i), buf));
    after = at + suites;
    if (after < end)
        extensions(d, after + 1 + dissect_u8(d, after), end, true);
}

/* Messages in a record that is not sealed: each says its length. False: they are sealed. */
static bool handshakes(struct dissect *d, size_t at, size_t end, const char **first)
{
    const char *name = handshake_name(dissect_u8(d, at));
    bool any = false;
    while (end - at >= 4 && name) {
        size_t len = dissect_u32(d, at) & 0xffffff;
        size_t here = len < end - at - 4 ? len : end - at - 4;
        if (!any && len > 0x20000)
            return false;
        if (!any)
            *first = name;
        any = true;
        dissect_put(d, 2, "Handshake message", at, here + 4, "%s, %zu octets", name, len);
        if (len == here && (strcmp(name, "ClientHello") == 0 || strcmp(name, "ServerHello") == 0))
            hello(d, at + 4, at + 4 + len, name[0] == 'C');
        at += 4 + here;
        name = at < end ? handshake_name(dissect_u8(d, at)) : NULL;
    }
    return any;
}

bool dissect_tls(struct dissect *d, size_t at, size_t end)
{
    const char *first = NULL;
    bool changed = false;
    int layer;
    size_t from = at;
    if (end - at < RECORD_HEADER || !content_name(dissect_u8(d, at)) || dissect_u8(d, at + 1) != 3 ||
        dissect_u8(d, at + 2) > 4 || dissect_u16(d, at + 3) > RECORD_MAX)
        return false;
    layer = dissect_put(d, 0, "Transport Layer Security", at, end - at, "%s", "records");
    while (end - at >= RECORD_HEADER) {
        unsigned type = dissect_u8(d, at);
        const char *name = content_name(type);
        size_t len = dissect_u16(d, at + 3);
        size_t here = len < end - at - RECORD_HEADER ? len : end - at - RECORD_HEADER;
        if (!name || dissect_u8(d, at + 1) != 3 || len > RECORD_MAX)
            break;
        dissect_put(d, 1, "Record", at, RECORD_HEADER + here, "%s, %zu octets%s", name, len,
                    here < len ? ", goes on in the next segment" : "");
        dissect_put(d, 2, "Content type", at, 1, "%u (%s)", type, name);
        dissect_put(d, 2, "Version", at + 1, 2, "0x%04x (%s)", dissect_u16(d, at + 1),
                    version_name(dissect_u16(d, at + 1)));
        dissect_put(d, 2, "Length", at + 3, 2, "%zu octets", len);
        if (type == 22 && (changed || !handshakes(d, at + RECORD_HEADER, at + RECORD_HEADER + here, &first)))
            dissect_put(d, 2, "Handshake message", at + RECORD_HEADER, here, "sealed");
        else if (type == 23)
            dissect_put(d, 2, "Sealed content", at + RECORD_HEADER, here, "%zu octets", here);
        else if (type == 21)
            dissect_put(d, 2, "Alert", at + RECORD_HEADER, here, "%s", len == 2 ? "" : "sealed");
        changed = changed || type == 20;
        if (!first)
            first = name;
        at += RECORD_HEADER + here;
    }
    dissect_stretch(d, layer, end - from);
    if (at < end)
        dissect_put(d, 1, "Data", at, end - at, "%zu octets that begin no record", end - at);
    dissect_summary(d, "TLS", first);
    return true;
}
