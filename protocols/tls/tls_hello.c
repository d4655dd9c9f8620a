/* A reader of ClientHello, ServerHello and their extensions. */
#include "protocols/tls/tls_hello.h"

#include <string.h>

#define RANDOM_OCTETS       32
#define EXT_SERVER_NAME     0  /* RFC 6066 section 3 */
#define EXT_VERSIONS        43 /* supported_versions, RFC 8446 section 4.2.1 */
#define EXT_KEY_SHARE       51 /* RFC 8446 section 4.2.8 */
#define NAME_TYPE_HOST      0
#define CURVE_TYPE_NAMED    3 /* RFC 8422 section 5.4 */
#define SUITE_RENEGOTIATION 0x00ff
#define SUITE_FALLBACK      0x5600
#define CONTENT_FIRST       20 /* change_cipher_spec; alert, handshake, application_data follow */
#define CONTENT_LAST        23

/* ---- a cursor that never passes the end: beyond it everything is 0 and empty ---- */

struct reader {
    const uint8_t *at;
    size_t left;
};

static struct reader take(struct reader *r, size_t len)
{
    struct reader part = { r->at, len <= r->left ? len : r->left };
    r->at += part.left;
    r->left -= part.left;
    return part;
}

static unsigned number(struct reader *r, size_t octets)
{
    struct reader part = take(r, octets);
    unsigned value = 0;
    if (part.left < octets)
        return 0;
    for (size_t i = 0; i < octets; i++)
        value = value << 8 | part.at[i];
    return value;
}

/* A vector with its length in front (RFC 8446 section 3.4). */
static struct reader vector(struct reader *r, size_t length_octets)
{
    return take(r, number(r, length_octets));
}

/* GREASE values say nothing and keep others honest (RFC 8701). */
static bool is_grease(unsigned v)
{
    return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/* Two numbers in the list of cipher suites are signals (RFC 5746 section 3.3, RFC 7507 section 2). */
static bool is_suite(unsigned v)
{
    return !is_grease(v) && v != SUITE_RENEGOTIATION && v != SUITE_FALLBACK;
}

static void read_name(struct reader list, struct tls_hello *hello)
{
    struct reader names = vector(&list, 2), name;
    if (names.left == 0 || number(&names, 1) != NAME_TYPE_HOST)
        return;
    name = vector(&names, 2);
    if (name.left > TLS_NAME_MAX)
        name.left = TLS_NAME_MAX;
    for (size_t i = 0; i < name.left; i++)
        hello->name[i] = wire_is_visible((char)name.at[i]) ? (char)name.at[i] : '?';
    hello->name[name.left] = '\0';
}

static void read_offers(struct reader ext, struct tls_hello *hello)
{
    struct reader versions = vector(&ext, 1);
    hello->offered_len = 0;
    while (versions.left >= 2 && hello->offered_len < TLS_OFFERS_MAX) {
        unsigned v = number(&versions, 2);
        if (!is_grease(v))
            hello->offered[hello->offered_len++] = (uint16_t)v;
    }
}

/* Version, random and session id, which both hellos begin with. */
static uint16_t read_opening(struct reader *r, struct reader *random)
{
    uint16_t version = (uint16_t)number(r, 2);
    *random = take(r, RANDOM_OCTETS);
    vector(r, 1);
    return version;
}

void tls_hello_client(const uint8_t *body, size_t len, struct tls_hello *hello)
{
    struct reader r = { body, len }, random, suites, extensions;
    hello->client = true;
    hello->name[0] = '\0';
    hello->offered[0] = read_opening(&r, &random);
    hello->offered_len = 1;
    hello->suites_len = 0;
    suites = vector(&r, 2);
    while (suites.left >= 2)
        if (is_suite(number(&suites, 2)))
            hello->suites_len++;
    vector(&r, 1); /* compression methods */
    extensions = vector(&r, 2);
    while (extensions.left >= 4) {
        unsigned type = number(&extensions, 2);
        struct reader ext = vector(&extensions, 2);
        if (type == EXT_SERVER_NAME)
            read_name(ext, hello);
        else if (type == EXT_VERSIONS)
            read_offers(ext, hello);
    }
}

bool tls_hello_server(const uint8_t *body, size_t len, struct tls_hello *hello)
{
    /* The SHA-256 of "HelloRetryRequest", RFC 8446 section 4.1.3. */
    static const uint8_t retry[RANDOM_OCTETS] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                                  0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                                  0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                                  0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
    struct reader r = { body, len }, random, extensions;
    hello->server = true;
    hello->group = 0;
    hello->chosen = read_opening(&r, &random);
    hello->suite = (uint16_t)number(&r, 2);
    number(&r, 1); /* compression method */
    extensions = vector(&r, 2);
    while (extensions.left >= 4) {
        unsigned type = number(&extensions, 2);
        struct reader ext = vector(&extensions, 2);
        if (type == EXT_VERSIONS)
            hello->chosen = (uint16_t)number(&ext, 2);
        else if (type == EXT_KEY_SHARE)
            hello->group = (uint16_t)number(&ext, 2);
    }
    return random.left == sizeof retry && memcmp(random.at, retry, sizeof retry) == 0;
}

uint16_t tls_hello_key_exchange(const uint8_t *body, size_t len)
{
    struct reader r = { body, len };
    return number(&r, 1) == CURVE_TYPE_NAMED ? (uint16_t)number(&r, 2) : 0;
}

enum tls_sniff tls_hello_sniff(const uint8_t first[TLS_SNIFF_OCTETS])
{
    if (first[0] >= CONTENT_FIRST && first[0] <= CONTENT_LAST && first[1] == 3)
        return TLS_SNIFF_RECORD;
    for (size_t i = 0; i < TLS_SNIFF_OCTETS; i++)
        if (!wire_is_visible((char)first[i]) && !wire_is_space((char)first[i]))
            return TLS_SNIFF_OTHER;
    return TLS_SNIFF_TEXT;
}

/* ---- names of numbers ---- */

struct named {
    uint16_t number;
    const char *name;
};

static const char *look_up(const struct named *table, size_t len, unsigned wanted)
{
    for (size_t i = 0; i < len; i++)
        if (table[i].number == wanted)
            return table[i].name;
    return NULL;
}
#define LOOK_UP(table, wanted) look_up(table, sizeof table / sizeof table[0], wanted)

const char *tls_hello_signature(const uint8_t *body, size_t len)
{
    static const struct named table[] = {
        { 0x0401, "rsa_pkcs1_sha256" },
        { 0x0501, "rsa_pkcs1_sha384" },
        { 0x0601, "rsa_pkcs1_sha512" },
        { 0x0403, "ecdsa_secp256r1_sha256" },
        { 0x0503, "ecdsa_secp384r1_sha384" },
        { 0x0603, "ecdsa_secp521r1_sha512" },
        { 0x0804, "rsa_pss_rsae_sha256" },
        { 0x0805, "rsa_pss_rsae_sha384" },
        { 0x0806, "rsa_pss_rsae_sha512" },
        { 0x0807, "ed25519" },
        { 0x0808, "ed448" },
    };
    struct reader r = { body, len };
    return LOOK_UP(table, number(&r, 2));
}

const char *tls_suite_name(uint16_t suite)
{
    static const struct named table[] = {
        { 0x1301, "TLS_AES_128_GCM_SHA256" },
        { 0x1302, "TLS_AES_256_GCM_SHA384" },
        { 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
        { 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
        { 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
        { 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
        { 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
        { 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
        { 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
    };
    return LOOK_UP(table, suite);
}

const char *tls_group_name(uint16_t group)
{
    static const struct named table[] = {
        { 0x0017, "secp256r1" }, { 0x0018, "secp384r1" }, { 0x0019, "secp521r1" },      { 0x001d, "x25519" },
        { 0x001e, "x448" },      { 0x0100, "ffdhe2048" }, { 0x11ec, "X25519MLKEM768" },
    };
    return LOOK_UP(table, group);
}

const char *tls_version_name(uint16_t version, char buf[8])
{
    static const struct named table[] = {
        { 0x0300, "SSL 3.0" }, { 0x0301, "TLS 1.0" }, { 0x0302, "TLS 1.1" },
        { 0x0303, "TLS 1.2" }, { 0x0304, "TLS 1.3" },
    };
    static const char hex[] = "0123456789abcdef";
    const char *name = LOOK_UP(table, version);
    if (name) {
        memcpy(buf, name, strlen(name) + 1);
        return buf;
    }
    memcpy(buf, "0x", 2);
    for (int i = 0; i < 4; i++)
        buf[2 + i] = hex[version >> (12 - 4 * i) & 0xf];
    buf[6] = '\0';
    return buf;
}
