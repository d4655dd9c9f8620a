/* Parameters of MAIL and RCPT. */
#include "protocols/smtp/smtp_param.h"

#include "protocols/smtp/smtp_verb.h"

#define SMTP_SIZE_DIGITS_MAX 20 /* RFC 1870 section 5 */

/* Takes "KEY=value" or "KEY" off the front. value.at is NULL when there is no "=". False at the end, and then
 * *bad tells whether something unreadable is left. esmtp-keyword and esmtp-value of RFC 5321 section 4.1.2.
 */
static bool param_next(struct wire_slice *rest, struct wire_slice *key, struct wire_slice *value, bool *bad)
{
    size_t i = 0, begin;
    const char *at = rest->at;
    *bad = false;
    while (i < rest->len && at[i] == ' ')
        i++;
    if (i == rest->len)
        return false;
    begin = i;
    /* A parameter that touches the address is no parameter. */
    *bad = begin == 0;
    while (i < rest->len && (wire_is_alnum(at[i]) || (at[i] == '-' && i > begin)))
        i++;
    *key = wire_slice(at + begin, i - begin);
    *value = (struct wire_slice){ NULL, 0 };
    if (i < rest->len && at[i] == '=') {
        begin = ++i;
        while (i < rest->len && at[i] != ' ' && at[i] != '=' && !wire_is_control(at[i]))
            i++;
        *value = wire_slice(at + begin, i - begin);
        *bad |= value->len == 0;
    }
    *bad |= key->len == 0 || (i < rest->len && at[i] != ' ');
    *rest = wire_slice(at + i, rest->len - i);
    return !*bad;
}

static bool body_parse(struct wire_slice value, unsigned offered, enum smtp_body *body)
{
    if (wire_slice_is_nocase(value, "7BIT"))
        *body = SMTP_BODY_7BIT;
    else if (wire_slice_is_nocase(value, "8BITMIME") && (offered & SMTP_EXT_8BITMIME))
        *body = SMTP_BODY_8BITMIME;
    else if (wire_slice_is_nocase(value, "BINARYMIME") && (offered & SMTP_EXT_BINARYMIME))
        *body = SMTP_BODY_BINARYMIME;
    else
        return false;
    return true;
}

static bool ret_parse(struct wire_slice value, enum smtp_ret *ret)
{
    if (wire_slice_is_nocase(value, "FULL"))
        *ret = SMTP_RET_FULL;
    else if (wire_slice_is_nocase(value, "HDRS"))
        *ret = SMTP_RET_HDRS;
    else
        return false;
    return true;
}

/* xtext that stands for at most `max` octets, at least one. */
static bool xtext_fits(struct wire_slice value, size_t max)
{
    size_t octets;
    return value.len > 0 && smtp_xtext_decode(NULL, &octets, value) && octets <= max;
}

/* Up to 20 digits, RFC 1870 section 5: more than 64 bits hold is larger than any limit. */
static bool size_parse(struct wire_slice value, uint64_t *octets)
{
    if (value.len > SMTP_SIZE_DIGITS_MAX)
        return false;
    if (wire_parse_u64(value, UINT64_MAX, octets))
        return true;
    *octets = UINT64_MAX;
    for (size_t i = 0; i < value.len; i++)
        if (!wire_is_digit(value.at[i]))
            return false;
    return value.len > 0;
}

/* One parameter of MAIL. Each may be given once: RFC 5321 section 4.1.1.11 leaves no meaning for a second. */
static enum smtp_verdict mail_param(struct wire_slice key, struct wire_slice value, unsigned offered,
                                    struct smtp_mail_params *out)
{
    bool good;
    if ((offered & SMTP_EXT_SIZE) && wire_slice_is_nocase(key, "SIZE")) {
        good = !out->has_size && size_parse(value, &out->size_octets);
        out->has_size = true;
    } else if ((offered & (SMTP_EXT_8BITMIME | SMTP_EXT_BINARYMIME)) && wire_slice_is_nocase(key, "BODY")) {
        good = !out->has_body && body_parse(value, offered, &out->body);
        out->has_body = true;
    } else if ((offered & SMTP_EXT_SMTPUTF8) && wire_slice_is_nocase(key, "SMTPUTF8")) {
        good = !out->smtputf8 && value.at == NULL;
        out->smtputf8 = true;
    } else if ((offered & SMTP_EXT_DSN) && wire_slice_is_nocase(key, "RET")) {
        good = out->ret == SMTP_RET_NONE && ret_parse(value, &out->ret);
    } else if ((offered & SMTP_EXT_DSN) && wire_slice_is_nocase(key, "ENVID")) {
        good = out->envid.at == NULL && xtext_fits(value, SMTP_ENVID_OCTETS_MAX);
        out->envid = value;
    } else if ((offered & SMTP_EXT_AUTH) && wire_slice_is_nocase(key, "AUTH")) {
        good = out->auth.at == NULL && xtext_fits(value, SMTP_ORCPT_OCTETS_MAX);
        out->auth = value;
    } else {
        return SMTP_UNKNOWN_PARAM;
    }
    return good ? SMTP_OK : SMTP_BAD_PARAM;
}

enum smtp_verdict smtp_mail_params_parse(struct wire_slice text, unsigned offered,
                                         struct smtp_mail_params *out)
{
    struct wire_slice key, value;
    bool bad;
    *out = (struct smtp_mail_params){ 0 };
    while (param_next(&text, &key, &value, &bad)) {
        enum smtp_verdict verdict = mail_param(key, value, offered, out);
        if (verdict != SMTP_OK)
            return verdict;
    }
    return bad ? SMTP_BAD_PARAM : SMTP_OK;
}

/* "NEVER", or a list of SUCCESS, FAILURE, DELAY. */
static bool notify_parse(struct wire_slice value, unsigned *notify)
{
    static const char *const names[] = { "NEVER", "SUCCESS", "FAILURE", "DELAY" };
    while (value.len > 0) {
        const char *comma = memchr(value.at, ',', value.len);
        size_t n = comma ? (size_t)(comma - value.at) : value.len;
        unsigned bit = 0;
        for (unsigned i = 0; i < 4; i++)
            if (wire_slice_is_nocase(wire_slice(value.at, n), names[i]))
                bit = 1u << i;
        if (bit == 0 || (*notify & bit) != 0 || (comma && n + 1 == value.len))
            return false;
        *notify |= bit;
        n += comma != NULL;
        value = wire_slice(value.at + n, value.len - n);
    }
    return *notify == SMTP_NOTIFY_NEVER || (*notify != 0 && !(*notify & SMTP_NOTIFY_NEVER));
}

/* addr-type ";" xtext */
static bool orcpt_parse(struct wire_slice value, struct smtp_rcpt_params *out)
{
    const char *semicolon = value.len > 0 ? memchr(value.at, ';', value.len) : NULL;
    size_t n = semicolon ? (size_t)(semicolon - value.at) : 0;
    if (n == 0 || value.len > SMTP_ORCPT_OCTETS_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!wire_is_alnum(value.at[i]) && value.at[i] != '-')
            return false;
    out->orcpt_type = wire_slice(value.at, n);
    out->orcpt = wire_slice(semicolon + 1, value.len - n - 1);
    return xtext_fits(out->orcpt, SMTP_ORCPT_OCTETS_MAX);
}

enum smtp_verdict smtp_rcpt_params_parse(struct wire_slice text, unsigned offered,
                                         struct smtp_rcpt_params *out)
{
    struct wire_slice key, value;
    bool bad, good;
    *out = (struct smtp_rcpt_params){ 0 };
    while (param_next(&text, &key, &value, &bad)) {
        if ((offered & SMTP_EXT_DSN) && wire_slice_is_nocase(key, "NOTIFY"))
            good = out->notify == 0 && notify_parse(value, &out->notify);
        else if ((offered & SMTP_EXT_DSN) && wire_slice_is_nocase(key, "ORCPT"))
            good = out->orcpt_type.at == NULL && orcpt_parse(value, out);
        else
            return SMTP_UNKNOWN_PARAM;
        if (!good)
            return SMTP_BAD_PARAM;
    }
    return bad ? SMTP_BAD_PARAM : SMTP_OK;
}

/* The value of "0" to "9", "A" to "F": lower case is no hexchar of RFC 3461. */
static int hexchar(char c)
{
    return c >= 'a' && c <= 'f' ? -1 : wire_hex_value(c);
}

bool smtp_xtext_decode(char *dst, size_t *out_len, struct wire_slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++, n++) {
        char c = text.at[i];
        if (c == '+') {
            int high = i + 2 < text.len ? hexchar(text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? hexchar(text.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (!wire_is_8bit(c) && (!wire_is_visible(c) || c == '=')) {
            return false; /* octets above 127 are utf-8-addr-xtext, RFC 6533 section 3 */
        }
        if (dst)
            dst[n] = c;
    }
    *out_len = n;
    return true;
}

size_t smtp_xtext_encode(char *dst, struct wire_slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (wire_is_visible(text.at[i]) && c != '+' && c != '=') {
            dst[n++] = text.at[i];
        } else {
            dst[n++] = '+';
            dst[n++] = digits[c >> 4];
            dst[n++] = digits[c & 15];
        }
    }
    return n;
}
