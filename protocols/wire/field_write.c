/* Fields written and folded. */
#include "protocols/wire/field_write.h"
#include "protocols/wire/message.h"

bool wire_field_text_safe(struct wire_slice text)
{
    size_t word = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (wire_is_control(text.at[i]) && text.at[i] != '\t')
            return false;
        word = wire_is_wsp(text.at[i]) ? 0 : word + 1;
        if (word > WIRE_WORD_MAX)
            return false;
    }
    return true;
}

void wire_put_folded(struct wire_writer *w, struct wire_slice text, size_t column)
{
    size_t i = 0;
    text = wire_slice_trim(text);
    while (i < text.len) {
        size_t begin = i, word;
        while (i < text.len && wire_is_wsp(text.at[i]))
            i++;
        word = i;
        while (i < text.len && !wire_is_wsp(text.at[i]))
            i++;
        /* The white space itself begins the next line: unfolding gives back what was folded. */
        if (word > begin && column + (i - begin) > WIRE_LINE_COLUMNS) {
            wire_put(w, "\r\n", 2);
            column = 0;
        }
        wire_put(w, text.at + begin, i - begin);
        column += i - begin;
    }
}

void wire_put_field(struct wire_writer *w, const char *name, struct wire_slice text)
{
    size_t n = strlen(name);
    wire_put(w, name, n);
    wire_put(w, ": ", 2);
    wire_put_folded(w, text, n + 2);
    wire_put(w, "\r\n", 2);
}

void wire_put_date_field(struct wire_writer *w, const char *name, int64_t seconds, int offset_minutes)
{
    char date[WIRE_DATE_MAX];
    wire_put_field(w, name, wire_slice(date, wire_date_write(date, seconds, offset_minutes)));
}

bool wire_text_contains(struct wire_slice text, const char *needle, size_t needle_len)
{
    const char *at, *end;
    if (text.len < needle_len)
        return false;
    at = text.at;
    end = text.at + text.len;
    while ((size_t)(end - at) >= needle_len) {
        const char *hit = memchr(at, needle[0], (size_t)(end - at) - needle_len + 1);
        if (!hit)
            return false;
        if (memcmp(hit, needle, needle_len) == 0)
            return true;
        at = hit + 1;
    }
    return false;
}
