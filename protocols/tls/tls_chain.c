/* Certificates as text. */
#include <openssl/x509v3.h>

#include "protocols/tls/tls_inside.h"
#include "protocols/wire/message.h"

#define IPV4_OCTETS 4
#define IPV6_OCTETS 16

/* What a peer wrote is shown as printable ASCII, so that it can do nothing to a terminal. */
static void put_clean(struct wire_writer *w, const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        wire_put_char(w, wire_is_visible(at[i]) || at[i] == ' ' ? at[i] : '?');
}

/* Ends the text; what did not fit is cut off. */
static void finish(const struct wire_writer *w)
{
    w->at[w->len < w->cap ? w->len : w->cap - 1] = '\0';
}

static void put_name(const X509_NAME *name, char *buf, size_t size)
{
    struct wire_writer w = wire_writer(buf, size);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = 0;
    if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
        len = BIO_get_mem_data(bio, &text);
    if (len > 0)
        put_clean(&w, text, (size_t)len);
    BIO_free(bio);
    finish(&w);
}

static int64_t seconds_of(const ASN1_TIME *t)
{
    struct tm tm;
    struct wire_civil c;
    if (!ASN1_TIME_to_tm(t, &tm))
        return 0;
    c = (struct wire_civil){ .year = tm.tm_year + 1900,
                             .month = (uint8_t)(tm.tm_mon + 1),
                             .day = (uint8_t)tm.tm_mday,
                             .hour = (uint8_t)tm.tm_hour,
                             .minute = (uint8_t)tm.tm_min,
                             .second = (uint8_t)tm.tm_sec };
    return wire_civil_to_seconds(&c, 0);
}

void tls_chain_put_date(struct wire_writer *w, int64_t seconds)
{
    struct wire_civil c = wire_civil_from_seconds(seconds, 0);
    wire_put_number(w, (uint64_t)(c.year > 0 ? c.year : 0));
    wire_put(w, c.month < 10 ? "-0" : "-", c.month < 10 ? 2 : 1);
    wire_put_number(w, c.month);
    wire_put(w, c.day < 10 ? "-0" : "-", c.day < 10 ? 2 : 1);
    wire_put_number(w, c.day);
}

static void put_hex(struct wire_writer *w, unsigned value)
{
    static const char hex[] = "0123456789abcdef";
    bool begun = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = value >> shift & 0xf;
        if (digit || begun || shift == 0)
            wire_put_char(w, hex[digit]);
        begun = begun || digit;
    }
}

/* RFC 5952: the longest run of zero groups becomes "::", the first of equals, none of one group. */
static void put_ipv6(struct wire_writer *w, const unsigned char *a)
{
    unsigned group[8], run_at = 8, run = 1;
    for (unsigned i = 0; i < 8; i++)
        group[i] = (unsigned)a[2 * i] << 8 | a[2 * i + 1];
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = 0;
        while (i + n < 8 && group[i + n] == 0)
            n++;
        if (n > run)
            run_at = i, run = n;
    }
    for (unsigned i = 0; i < 8; i++) {
        if (i == run_at) {
            wire_put_str(w, "::");
            i += run - 1;
            continue;
        }
        if (i > 0 && i != run_at + run)
            wire_put_char(w, ':');
        put_hex(w, group[i]);
    }
}

static void put_general_name(struct wire_writer *w, const GENERAL_NAME *name)
{
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    const unsigned char *at;
    size_t len;
    if (type != GEN_DNS && type != GEN_IPADD)
        return;
    at = ASN1_STRING_get0_data(value);
    len = (size_t)ASN1_STRING_length(value);
    if (w->len > 0)
        wire_put_char(w, ' ');
    if (type == GEN_DNS) {
        put_clean(w, (const char *)at, len);
    } else if (len == IPV6_OCTETS) {
        put_ipv6(w, at);
    } else if (len == IPV4_OCTETS) {
        for (int i = 0; i < IPV4_OCTETS; i++) {
            if (i > 0)
                wire_put_char(w, '.');
            wire_put_number(w, at[i]);
        }
    }
}

static void put_names(const X509 *cert, char *buf, size_t size)
{
    struct wire_writer w = wire_writer(buf, size);
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        put_general_name(&w, sk_GENERAL_NAME_value(names, i));
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    finish(&w);
}

static void put_serial(X509 *cert, char *buf, size_t size)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
    const unsigned char *at = ASN1_STRING_get0_data(serial);
    struct wire_writer w = wire_writer(buf, size);
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < ASN1_STRING_length(serial); i++) {
        wire_put_char(&w, hex[at[i] >> 4]);
        wire_put_char(&w, hex[at[i] & 0xf]);
    }
    finish(&w);
}

void tls_chain_describe(X509 *cert, struct tls_certificate *out)
{
    put_name(X509_get_subject_name(cert), out->subject, sizeof out->subject);
    put_name(X509_get_issuer_name(cert), out->issuer, sizeof out->issuer);
    put_names(cert, out->names, sizeof out->names);
    put_serial(cert, out->serial, sizeof out->serial);
    out->not_before_s = seconds_of(X509_get0_notBefore(cert));
    out->not_after_s = seconds_of(X509_get0_notAfter(cert));
    out->self_issued = X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0;
}
