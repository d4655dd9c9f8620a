/* Delivery reports written: what a server says when a message did not, or did, arrive. */
#include "protocols/wire/report.h"
#include "protocols/wire/address.h"
#include "protocols/wire/compose.h"
#include "protocols/wire/field_write.h"
#include "protocols/wire/message.h"
#include "protocols/wire/utf8.h"

#define BOUNDARY_TRIES 16 /* seeds tried before the report is refused */

static const struct {
    const char *name;    /* RFC 3464 section 2.3.3 */
    const char *subject; /* of a report whose worst action it is */
    const char *told;    /* the first sentence about a recipient */
    const char *after;   /* what happens now */
} actions[WIRE_REPORT_ACTIONS] = {
    [WIRE_REPORT_FAILED] = { "failed", "Your message was not delivered", "Your message was NOT delivered to",
                             "The server has given up and will not try again. If the address is\r\n"
                             "right, the answer above says what stood in the way.\r\n" },
    [WIRE_REPORT_DELAYED] = { "delayed", "Your message is delayed",
                              "Your message has not been delivered yet to",
                              "This is only a warning. You need not send the message again: the server\r\n"
                              "keeps it and goes on trying.\r\n" },
    [WIRE_REPORT_DELIVERED] = { "delivered", "Your message was delivered", "Your message was delivered to",
                                "It is in the mailbox. Nobody has said that it was read.\r\n" },
    [WIRE_REPORT_RELAYED] = { "relayed", "Your message was passed on", "Your message was passed on for",
                              "The next server does not report deliveries, so no more will be heard.\r\n" },
    [WIRE_REPORT_EXPANDED] = { "expanded", "Your message was delivered to a list",
                               "Your message was delivered to the list",
                               "It has gone on to the members of the list.\r\n" },
};

const char *wire_report_action_name(enum wire_report_action action)
{
    return (unsigned)action < WIRE_REPORT_ACTIONS ? actions[action].name : "";
}

static bool recipient_ok(const struct wire_report_recipient *r)
{
    return (unsigned)r->action < WIRE_REPORT_ACTIONS && r->final.len > 0 &&
           wire_field_text_safe(r->original) && wire_field_text_safe(r->final) &&
           wire_field_text_safe(r->status) && wire_field_text_safe(r->remote_mta) &&
           wire_field_text_safe(r->diagnostic);
}

static bool report_ok(const struct wire_report *r)
{
    struct wire_mailbox to;
    if (r->recipient_count == 0 || r->recipient_count > WIRE_REPORT_RECIPIENTS_MAX ||
        r->reporting_mta.len == 0 || !wire_field_text_safe(r->reporting_mta) ||
        !wire_field_text_safe(r->message_id) || !wire_field_text_safe(r->envelope_id) ||
        wire_mailbox_parse(r->to, true, &to) != WIRE_ADDRESS_OK)
        return false;
    for (size_t i = 0; i < r->recipient_count; i++)
        if (!recipient_ok(&r->recipients[i]))
            return false;
    return true;
}

/* The action that the subject tells: what went wrong before what went well. */
static enum wire_report_action worst_action(const struct wire_report *r)
{
    enum wire_report_action worst = WIRE_REPORT_ACTIONS;
    for (size_t i = 0; i < r->recipient_count; i++)
        if (r->recipients[i].action < worst)
            worst = r->recipients[i].action;
    return worst;
}

/* prefix + value as one field of the report. */
static void put_typed(struct wire_writer *w, const char *name, const char *type, struct wire_slice value)
{
    size_t column = strlen(name) + 2 + strlen(type) + 2;
    wire_put_str(w, name);
    wire_put_str(w, ": ");
    wire_put_str(w, type);
    wire_put_str(w, "; ");
    wire_put_folded(w, value, column);
    wire_put(w, "\r\n", 2);
}

static void put_head(struct wire_writer *w, const struct wire_report *r, const char *boundary)
{
    wire_put_str(w, "From: Mail Delivery <postmaster@");
    wire_put_slice(w, r->reporting_mta);
    wire_put_str(w, ">\r\nTo: ");
    wire_put_slice(w, r->to);
    wire_put_str(w, "\r\nSubject: ");
    wire_put_str(w, actions[worst_action(r)].subject);
    wire_put(w, "\r\n", 2);
    wire_put_date_field(w, "Date", r->date_s, r->offset_minutes);
    if (r->message_id.len > 0)
        wire_put_field(w, "Message-ID", r->message_id);
    wire_put_str(w, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"");
    wire_put(w, boundary, WIRE_BOUNDARY_LEN);
    wire_put_str(w, "\"\r\n\r\n");
}

/* What an SMTP server has answered begins with its code; anything else is in words of this server. */
static bool is_reply(struct wire_slice diagnostic)
{
    return diagnostic.len > 3 && wire_is_digit(diagnostic.at[0]) && wire_is_digit(diagnostic.at[1]) &&
           wire_is_digit(diagnostic.at[2]) && (diagnostic.at[3] == ' ' || diagnostic.at[3] == '-');
}

/* One paragraph a recipient, grouped by what became of it. */
static void put_explanation(struct wire_writer *w, const struct wire_report *r)
{
    wire_put_str(w, "This is the mail server ");
    wire_put_slice(w, r->reporting_mta);
    wire_put_str(w, ".\r\n");
    for (unsigned a = 0; a < WIRE_REPORT_ACTIONS; a++) {
        bool any = false;
        for (size_t i = 0; i < r->recipient_count; i++) {
            const struct wire_report_recipient *p = &r->recipients[i];
            if (p->action != a)
                continue;
            if (!any) {
                wire_put_str(w, "\r\n");
                wire_put_str(w, actions[a].told);
                wire_put_str(w, "\r\n");
            }
            any = true;
            wire_put_str(w, "\r\n  ");
            wire_put_slice(w, p->final);
            wire_put_str(w, "\r\n");
            if (p->remote_mta.len > 0 && is_reply(p->diagnostic)) {
                wire_put_str(w, "    The server ");
                wire_put_slice(w, p->remote_mta);
                wire_put_str(w, " answered:\r\n    ");
            } else if (p->diagnostic.len > 0) {
                wire_put_str(w, "    The reason:\r\n    ");
            }
            if (p->diagnostic.len > 0) {
                wire_put_folded(w, p->diagnostic, 4);
                wire_put_str(w, "\r\n");
            }
        }
        if (any) {
            wire_put_str(w, "\r\n");
            wire_put_str(w, actions[a].after);
        }
    }
}

static void put_recipient(struct wire_writer *w, const struct wire_report *r,
                          const struct wire_report_recipient *p)
{
    bool utf8 = r->utf8 && !wire_is_ascii(p->final.at, p->final.len);
    wire_put_str(w, "\r\n");
    if (p->original.len > 0)
        wire_put_field(w, "Original-Recipient", p->original);
    put_typed(w, "Final-Recipient", utf8 ? "utf-8" : "rfc822", p->final);
    wire_put_field(w, "Action", wire_slice_str(actions[p->action].name));
    /* Status is required; a class and nothing more is the least one can say (RFC 3463 section 3.1). */
    if (p->status.len > 0)
        wire_put_field(w, "Status", p->status);
    else
        wire_put_field(w, "Status",
                       p->action == WIRE_REPORT_FAILED    ? WIRE_SLICE("5.0.0")
                       : p->action == WIRE_REPORT_DELAYED ? WIRE_SLICE("4.0.0")
                                                          : WIRE_SLICE("2.0.0"));
    if (p->remote_mta.len > 0)
        put_typed(w, "Remote-MTA", "dns", p->remote_mta);
    if (p->diagnostic.len > 0)
        put_typed(w, "Diagnostic-Code", is_reply(p->diagnostic) ? "smtp" : "X-Mailwalk", p->diagnostic);
    if (p->last_attempt_s != 0)
        wire_put_date_field(w, "Last-Attempt-Date", p->last_attempt_s, r->offset_minutes);
    if (p->action == WIRE_REPORT_DELAYED && p->will_retry_until_s != 0)
        wire_put_date_field(w, "Will-Retry-Until", p->will_retry_until_s, r->offset_minutes);
}

static void put_status(struct wire_writer *w, const struct wire_report *r)
{
    if (r->envelope_id.len > 0)
        wire_put_field(w, "Original-Envelope-Id", r->envelope_id);
    put_typed(w, "Reporting-MTA", "dns", r->reporting_mta);
    if (r->arrival_s != 0)
        wire_put_date_field(w, "Arrival-Date", r->arrival_s, r->offset_minutes);
    for (size_t i = 0; i < r->recipient_count; i++)
        put_recipient(w, r, &r->recipients[i]);
}

/* What goes back: the whole message, or its header without the empty line. */
static struct wire_slice returned_part(const struct wire_report *r)
{
    size_t header;
    if (r->return_full || r->original.len == 0)
        return r->original;
    header = wire_message_header_len(r->original.at, r->original.len);
    if (header >= 4 && memcmp(r->original.at + header - 4, "\r\n\r\n", 4) == 0)
        header -= 2;
    return wire_slice(r->original.at, header);
}

static void put_delimiter(struct wire_writer *w, const char *boundary, const char *tail)
{
    wire_put_str(w, "\r\n--");
    wire_put(w, boundary, WIRE_BOUNDARY_LEN);
    wire_put_str(w, tail);
}

static void put_part_head(struct wire_writer *w, const char *type, bool ascii)
{
    wire_put_str(w, "Content-Type: ");
    wire_put_str(w, type);
    if (!ascii)
        wire_put_str(w, "\r\nContent-Transfer-Encoding: 8bit");
    wire_put_str(w, "\r\n\r\n");
}

/* Is everything that the fields say ASCII? */
static bool fields_ascii(const struct wire_report *r)
{
    bool ascii = wire_is_ascii(r->envelope_id.at, r->envelope_id.len);
    for (size_t i = 0; i < r->recipient_count; i++) {
        const struct wire_report_recipient *p = &r->recipients[i];
        ascii = ascii && wire_is_ascii(p->original.at, p->original.len) &&
                wire_is_ascii(p->final.at, p->final.len) &&
                wire_is_ascii(p->diagnostic.at, p->diagnostic.len);
    }
    return ascii;
}

size_t wire_report_write(char *dst, size_t cap, const struct wire_report *r)
{
    struct wire_writer w = wire_writer(dst, cap);
    struct wire_slice back = returned_part(r);
    char boundary[WIRE_BOUNDARY_LEN];
    uint64_t tries = 0;
    bool ascii = fields_ascii(r), back_ascii = wire_is_ascii(back.at, back.len);
    if (!report_ok(r))
        return WIRE_REPORT_REFUSED;
    do {
        if (tries == BOUNDARY_TRIES)
            return WIRE_REPORT_REFUSED;
        wire_boundary_write(boundary, r->boundary_seed + tries++);
    } while (wire_text_contains(back, boundary, WIRE_BOUNDARY_LEN));
    put_head(&w, r, boundary);
    wire_put_str(&w, "This is a delivery report in MIME format.\r\n");
    put_delimiter(&w, boundary, "\r\n");
    put_part_head(&w, "text/plain; charset=utf-8", ascii);
    put_explanation(&w, r);
    put_delimiter(&w, boundary, "\r\n");
    put_part_head(&w, r->utf8 ? "message/global-delivery-status" : "message/delivery-status", ascii);
    put_status(&w, r);
    if (back.len > 0) {
        put_delimiter(&w, boundary, "\r\n");
        if (r->utf8)
            put_part_head(&w, r->return_full ? "message/global" : "message/global-headers", back_ascii);
        else
            put_part_head(&w, r->return_full ? "message/rfc822" : "text/rfc822-headers", back_ascii);
        wire_put_slice(&w, back);
    }
    put_delimiter(&w, boundary, "--\r\n");
    return w.len;
}
