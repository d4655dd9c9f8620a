/* SASLprep (RFC 4013), as far as no table of Unicode's normalization is needed. */
#include "protocols/sasl/sasl.h"
#include "protocols/wire/utf8.h"

struct range {
    uint32_t from, to;
};

/* What NFKC leaves alone, whatever stands beside it, and Unicode 3.2 knows (RFC 4013 section 2.5). */
static bool is_stable(uint32_t c)
{
    static const struct range stable[] = {
        { 0x20, 0x7e },     { 0xa1, 0xa7 },   { 0xa9, 0xa9 },     { 0xab, 0xac },     { 0xae, 0xae },
        { 0xb0, 0xb1 },     { 0xb6, 0xb7 },   { 0xbb, 0xbb },     { 0xbf, 0x131 },    { 0x134, 0x13e },
        { 0x141, 0x148 },   { 0x14a, 0x17e }, { 0x386, 0x386 },   { 0x388, 0x38a },   { 0x38c, 0x38c },
        { 0x38e, 0x3a1 },   { 0x3a3, 0x3ce }, { 0x400, 0x482 },   { 0x48a, 0x4ce },   { 0x4d0, 0x4f5 },
        { 0x4f8, 0x4f9 },   { 0x500, 0x50f }, { 0x3041, 0x3096 }, { 0x30a1, 0x30fe }, { 0x3400, 0x4db5 },
        { 0x4e00, 0x9fa5 },
    };
    for (size_t i = 0; i < sizeof stable / sizeof stable[0]; i++)
        if (c >= stable[i].from && c <= stable[i].to)
            return true;
    return false;
}

/* RFC 3454 table C.1.2: becomes U+0020. */
static bool is_space(uint32_t c)
{
    return c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

/* RFC 3454 table B.1: becomes nothing. U+200B stands in both tables; it has no width, so nothing it is. */
static bool is_nothing(uint32_t c)
{
    return c == 0xad || c == 0x34f || c == 0x1806 || (c >= 0x180b && c <= 0x180d) ||
           (c >= 0x200b && c <= 0x200d) || c == 0x2060 || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff;
}

bool sasl_prep(struct wire_slice in, char *out, size_t *out_len)
{
    size_t n = 0;
    *out_len = 0;
    for (size_t i = 0; i < in.len;) {
        uint32_t c;
        size_t octets = wire_utf8_decode(in.at + i, in.len - i, &c);
        if (octets == 0)
            return false;
        if (is_space(c)) {
            out[n++] = ' ';
        } else if (is_stable(c)) {
            memcpy(out + n, in.at + i, octets);
            n += octets;
        } else if (!is_nothing(c)) {
            return false;
        }
        i += octets;
    }
    *out_len = n;
    return n > 0;
}
