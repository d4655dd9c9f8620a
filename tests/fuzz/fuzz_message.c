/*
 * A message's header, and the dates in it.
 *
 * Input: the message; as a whole it is tried as a date too.
 */
#include "protocols/wire/message.h"
#include "tests/fuzz/fuzz.h"

static void check_date(struct wire_slice text)
{
    int64_t s, again;
    int offset, offset_again;
    char out[WIRE_DATE_MAX];
    if (wire_date_parse(text, &s, &offset)) {
        size_t n = wire_date_write(out, s, offset);
        HOLDS(n <= sizeof out && offset >= -WIRE_OFFSET_MAX && offset <= WIRE_OFFSET_MAX);
        HOLDS(wire_date_parse(wire_slice(out, n), &again, &offset_again) && again == s &&
              offset_again == offset);
        n = wire_rfc3339_write(out, s, offset);
        HOLDS(n <= sizeof out);
        HOLDS(wire_syslog_date_write(out, s, offset) == 15);
    }
    if (wire_internaldate_parse(text, &s, &offset)) {
        size_t n = wire_internaldate_write(out, s, offset);
        HOLDS(n == 26 && wire_internaldate_parse(wire_slice(out, n), &again, &offset_again));
        HOLDS(again == s && offset_again == offset);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_exact(data, size);
    size_t header = wire_message_header_len(text, size), end = 0, fields = 0;
    struct wire_fields f;
    struct wire_field field, first;
    HOLDS(header <= size);
    wire_fields_begin(&f, text, size);
    while (wire_field_next(&f, &field)) {
        size_t need;
        char *line, *name;
        HOLDS(++fields <= WIRE_FIELDS_MAX);
        HOLDS(field.at >= end && field.end > field.at && field.end <= header);
        HOLDS(field.name.at == text + field.at && field.name.len > 0);
        HOLDS(field.body.at >= text + field.at && field.body.at + field.body.len <= text + field.end);
        end = field.end;
        need = wire_field_unfold(NULL, 0, field.body);
        HOLDS(need <= field.body.len);
        line = malloc(need + 1);
        HOLDS(line && wire_field_unfold(line, need, field.body) == need);
        for (size_t i = 0; i < need; i++)
            HOLDS(line[i] != '\n');
        free(line);
        name = calloc(1, field.name.len + 1);
        HOLDS(name);
        memcpy(name, field.name.at, field.name.len);
        if (strlen(name) == field.name.len)
            HOLDS(wire_field_find(text, size, name, &first) && first.at <= field.at);
        free(name);
        check_date(field.body);
    }
    HOLDS(wire_message_received_count(text, size) <= fields);
    check_date(wire_slice(text, size));
    if (size >= 8) {
        int64_t s;
        memcpy(&s, text, sizeof s);
        s %= INT64_C(100000000000);
        struct wire_civil c = wire_civil_from_seconds(s, 0);
        HOLDS(wire_civil_to_seconds(&c, 0) == s);
    }
    free(text);
    return 0;
}
