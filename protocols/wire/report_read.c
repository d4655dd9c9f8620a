/* Delivery reports read: by the program that has to match a bounce with what it sent. Declared in report.h.
 */
#include "protocols/wire/report.h"
#include "protocols/wire/message.h"

static bool is_type(const struct wire_mime_part *p, const char *type, const char *subtype)
{
    return wire_slice_is_nocase(p->type, type) && wire_slice_is_nocase(p->subtype, subtype);
}

static bool is_status(const struct wire_mime_part *p)
{
    return p->encoding <= WIRE_MIME_BINARY &&
           (is_type(p, "message", "delivery-status") || is_type(p, "message", "global-delivery-status"));
}

static bool is_message(const struct wire_mime_part *p)
{
    return is_type(p, "message", "rfc822") || is_type(p, "message", "global");
}

static struct wire_slice part_body(const char *message, const struct wire_mime_part *p)
{
    return wire_slice(message + p->body_at, p->body_end - p->body_at);
}

bool wire_report_open(struct wire_report_reader *r, const char *message, size_t len,
                      struct wire_mime_part *part, size_t cap)
{
    size_t parts = wire_mime_parse(message, len, part, cap), header;
    struct wire_slice status = { NULL, 0 };
    int nth = 0;
    *r = (struct wire_report_reader){ .pos = 0 };
    if (parts == 0 || part[0].kind != WIRE_MIME_MULTIPART || !wire_slice_is_nocase(part[0].subtype, "report"))
        return false;
    for (int i = part[0].first_child; i != WIRE_MIME_NONE; i = part[i].next_sibling, nth++) {
        if (nth == 0) {
            r->explanation = part_body(message, &part[i]);
        } else if (status.at == NULL && is_status(&part[i])) {
            status = part_body(message, &part[i]);
        } else if (nth == 2) {
            r->returned = part_body(message, &part[i]);
            r->returned_full = is_message(&part[i]);
        }
    }
    if (status.at == NULL)
        return false;
    header = wire_message_header_len(status.at, status.len);
    r->reporting_mta = wire_field_body(status.at, header, "Reporting-MTA");
    r->envelope_id = wire_field_body(status.at, header, "Original-Envelope-Id");
    r->arrival_date = wire_field_body(status.at, header, "Arrival-Date");
    r->blocks = wire_slice(status.at + header, status.len - header);
    return true;
}

static bool find_action(struct wire_slice word, enum wire_report_action *action)
{
    for (unsigned a = 0; a < WIRE_REPORT_ACTIONS; a++) {
        if (wire_slice_is_nocase(word, wire_report_action_name((enum wire_report_action)a))) {
            *action = (enum wire_report_action)a;
            return true;
        }
    }
    return false;
}

static int64_t date_or_zero(struct wire_slice block, const char *name)
{
    int64_t seconds;
    int offset;
    return wire_date_parse(wire_field_body(block.at, block.len, name), &seconds, &offset) ? seconds : 0;
}

static bool read_block(struct wire_slice b, struct wire_report_recipient *out)
{
    *out = (struct wire_report_recipient){
        .original = wire_field_body(b.at, b.len, "Original-Recipient"),
        .final = wire_field_body(b.at, b.len, "Final-Recipient"),
        .status = wire_field_body(b.at, b.len, "Status"),
        .remote_mta = wire_field_body(b.at, b.len, "Remote-MTA"),
        .diagnostic = wire_field_body(b.at, b.len, "Diagnostic-Code"),
        .last_attempt_s = date_or_zero(b, "Last-Attempt-Date"),
        .will_retry_until_s = date_or_zero(b, "Will-Retry-Until"),
    };
    return out->final.len > 0 && out->status.len > 0 &&
           find_action(wire_field_body(b.at, b.len, "Action"), &out->action);
}

bool wire_report_next(struct wire_report_reader *r, struct wire_report_recipient *out)
{
    while (r->pos < r->blocks.len && r->seen < WIRE_REPORT_RECIPIENTS_MAX) {
        const char *at = r->blocks.at + r->pos;
        size_t left = r->blocks.len - r->pos, block;
        if (*at == '\r' || *at == '\n') {
            r->pos++;
            continue;
        }
        block = wire_message_header_len(at, left);
        r->pos += block;
        r->seen++;
        if (read_block(wire_slice(at, block), out))
            return true;
    }
    return false;
}
