/* One reply line in parts, and the way into the catalogue. */
#include "protocols/smtp/smtp_reply.h"

#include "protocols/smtp/smtp_catalogue.h"

/* Length of "5.1.1" at the front of text: class "." subject "." detail, 1 to 3 digits each (RFC 3463 section
 * 2), then a space or the end. 0 if there is none. */
static size_t status_len(const char *at, size_t len, char class)
{
    size_t n = 1;
    if (len < 5 || at[0] != class || (class != '2' && class != '4' && class != '5'))
        return 0;
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;
        if (n >= len || at[n++] != '.')
            return 0;
        while (digits < 3 && n < len && wire_is_digit(at[n])) {
            n++;
            digits++;
        }
        if (digits == 0)
            return 0;
    }
    return n == len || at[n] == ' ' ? n : 0;
}

enum smtp_reply_fault smtp_reply_parse(const char *line, size_t len, struct smtp_reply *out)
{
    size_t n;
    if (len < 3 || !wire_is_digit(line[0]) || !wire_is_digit(line[1]) || !wire_is_digit(line[2]))
        return SMTP_REPLY_NO_CODE;
    if (line[0] < '2' || line[0] > '5')
        return SMTP_REPLY_BAD_CODE;
    if (len > 3 && line[3] != ' ' && line[3] != '-')
        return SMTP_REPLY_BAD_SEPARATOR;
    out->code = (uint16_t)((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
    out->more = len > 3 && line[3] == '-';
    n = len > 3 ? 4 : 3;
    line += n;
    len -= n;
    n = status_len(line, len, (char)('0' + out->code / 100));
    memcpy(out->status, line, n);
    out->status[n] = '\0';
    n += n > 0 && n < len;
    out->text = wire_slice(line + n, len - n);
    return SMTP_REPLY_OK;
}

size_t smtp_code_count(void)
{
    return smtp_catalogue_codes;
}

const struct smtp_meaning *smtp_code_at(size_t i)
{
    return i < smtp_catalogue_codes ? &smtp_catalogue_code[i] : NULL;
}

const struct smtp_meaning *smtp_code_find(int code)
{
    for (size_t i = 0; i < smtp_catalogue_codes; i++) {
        const char *key = smtp_catalogue_code[i].key;
        if ((key[0] - '0') * 100 + (key[1] - '0') * 10 + (key[2] - '0') == code)
            return &smtp_catalogue_code[i];
    }
    return NULL;
}

size_t smtp_status_count(void)
{
    return smtp_catalogue_statuses;
}

const struct smtp_meaning *smtp_status_at(size_t i)
{
    return i < smtp_catalogue_statuses ? &smtp_catalogue_status[i] : NULL;
}

const struct smtp_meaning *smtp_status_find(const char *status)
{
    if (status[0] == '\0' || status[1] != '.' ||
        (status[0] != 'X' && status[0] != 'x' && !smtp_class_find(status[0])))
        return NULL;
    for (size_t i = 0; i < smtp_catalogue_statuses; i++)
        if (strcmp(smtp_catalogue_status[i].key + 1, status + 1) == 0)
            return &smtp_catalogue_status[i];
    return NULL;
}

const struct smtp_meaning *smtp_class_find(char digit)
{
    for (size_t i = 0; i < smtp_catalogue_classes; i++)
        if (smtp_catalogue_class[i].key[0] == digit)
            return &smtp_catalogue_class[i];
    return NULL;
}

const struct wire_lesson *smtp_code_lesson(int code)
{
    const struct smtp_meaning *found = smtp_code_find(code);
    return found ? &found->lesson : NULL;
}

const struct wire_lesson *smtp_status_lesson(const char *status)
{
    const struct smtp_meaning *found = smtp_status_find(status);
    return found ? &found->lesson : NULL;
}

const struct wire_lesson *smtp_reply_lesson(int code, const char *status)
{
    const struct wire_lesson *lesson = NULL;
    /* "2.1.0" says less about a success than its code does. */
    if (code >= 400 && status && status[0] != '\0')
        lesson = smtp_status_lesson(status);
    if (!lesson)
        lesson = smtp_code_lesson(code);
    if (!lesson && code >= 200 && code <= 599)
        lesson = &smtp_catalogue_digit[code / 100 - 2];
    return lesson;
}
