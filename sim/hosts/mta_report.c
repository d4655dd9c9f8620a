/* Reports to the sender: bounces, delay notices, delivery reports (RFC 3464). */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/message.h"
#include "protocols/wire/report.h"
#include "sim/hosts/mta.h"
#include "sim/hosts/tell.h"

/* Is this recipient a matter of this report? */
static bool due(const struct recipient *r, enum report_kind kind)
{
    switch (kind) {
    case REPORT_BOUNCE:
        return r->state == RCPT_FAILED && !r->reported;
    case REPORT_DELAY: /* the default of RFC 3461 section 4.1 leaves delays to the server */
        return r->state == RCPT_WAITING && (r->notify == 0 || r->notify & SMTP_NOTIFY_DELAY);
    default:
        return r->state == RCPT_SENT && !r->reported && r->notify & SMTP_NOTIFY_SUCCESS;
    }
}

/* Does the sender want to hear of it? */
static bool wanted(const struct recipient *r, enum report_kind kind)
{
    if (r->notify & SMTP_NOTIFY_NEVER)
        return false;
    return kind != REPORT_BOUNCE || r->notify == 0 || r->notify & SMTP_NOTIFY_FAILURE;
}

static size_t fill(struct queue_item *q, enum report_kind kind, struct wire_report_recipient *out)
{
    const struct spec_mta *spec = q->mta->spec;
    struct world *w = q->mta->host->world;
    uint64_t expire = spec->expire_ns ? spec->expire_ns : MTA_EXPIRE_NS;
    size_t n = 0;
    for (uint32_t i = 0; i < q->nrcpt; i++) {
        struct recipient *r = &q->rcpt[i];
        if (!due(r, kind))
            continue;
        if (kind != REPORT_DELAY)
            r->reported = true;
        if (!wanted(r, kind) || n == WIRE_REPORT_RECIPIENTS_MAX)
            continue;
        out[n++] = (struct wire_report_recipient){
            .original = r->orcpt,
            .final = r->address,
            .action = kind == REPORT_BOUNCE  ? WIRE_REPORT_FAILED
                      : kind == REPORT_DELAY ? WIRE_REPORT_DELAYED
                      : r->remote.len > 0    ? WIRE_REPORT_RELAYED
                                             : WIRE_REPORT_DELIVERED,
            .status = wire_slice_str(r->status),
            .remote_mta = r->remote,
            .diagnostic = r->said,
            .last_attempt_s = world_seconds(w),
            .will_retry_until_s =
                kind == REPORT_DELAY ? w->spec->epoch_s + (int64_t)((q->arrival_ns + expire) / CORE_S) : 0
        };
    }
    return n;
}

static void send_report(struct queue_item *q, enum report_kind kind, const struct wire_report_recipient *rcpt,
                        size_t n)
{
    struct mta *m = q->mta;
    struct world *w = m->host->world;
    struct wire_slice sender = q->sender;
    static const char *const events[] = {
        [REPORT_BOUNCE] = "bounce-made", [REPORT_DELAY] = "delay-notice", [REPORT_SUCCESS] = "success-notice"
    };
    struct queue_item *report;
    char id[WIRE_MESSAGE_ID_MAX], *octets;
    size_t id_len, size;
    struct wire_report r = { .reporting_mta = wire_slice_str(m->hostname),
                             .to = sender,
                             .envelope_id = q->envid,
                             .date_s = world_seconds(w),
                             .arrival_s = w->spec->epoch_s + (int64_t)(q->arrival_ns / CORE_S),
                             .recipients = rcpt,
                             .recipient_count = n,
                             .original = wire_slice(mail_text(q->mail), q->mail->len),
                             .return_full = kind == REPORT_BOUNCE && q->ret != SMTP_RET_HDRS,
                             .utf8 = q->smtputf8,
                             .boundary_seed = core_rng_next(&w->rng_boundary) };
    id_len = wire_message_id_write(id, (uint64_t)world_seconds(w), ++w->serial, wire_slice_str(m->hostname));
    r.message_id = wire_slice(id, id_len);
    size = wire_report_write(NULL, 0, &r);
    if (size == WIRE_REPORT_REFUSED) { /* an address with octets that no report can hold: say so with fewer */
        r.envelope_id = wire_slice(NULL, 0);
        size = wire_report_write(NULL, 0, &r);
    }
    assert(size != WIRE_REPORT_REFUSED);
    octets = core_alloc(size);
    wire_report_write(octets, size, &r);
    report = item_new(m);
    report->report = true;
    report->smtputf8 = q->smtputf8;
    report->body = q->body;
    report->sender = item_text(report, "", 0);
    report->message_id = item_text(report, id, id_len);
    item_recipient(report, sender.at, sender.len);
    report->mail = mail_new(&w->mails, size);
    mail_append(&w->mails, report->mail, octets, size);
    free(octets);
    queue_tell(q, events[kind], &report->rcpt[0], &(struct queue_more){ .notice_id = report->id });
    queue_tell(report, "accepted", NULL, &(struct queue_more){ .daemon = "bounce" });
    if (kind == REPORT_BOUNCE)
        w->totals.bounced++;
    queue_take(report);
}

void mta_report(struct queue_item *q, enum report_kind kind)
{
    struct mta *m = q->mta;
    struct wire_report_recipient *rcpt = core_alloc((q->nrcpt + 1) * sizeof *rcpt);
    size_t n = fill(q, kind, rcpt);
    uint64_t cause = m->host->world->trace.cause;
    if (n > 0 && q->sender.len == 0) {
        if (kind != REPORT_DELAY)
            tell_phase(m->host, PHASE_LOST_BOUNCE, 0, 0, "%s lets go of the report %s: its own sender is <>",
                       m->hostname, q->id);
    } else if (n > 0) {
        tell_phase(m->host, kind == REPORT_DELAY ? PHASE_NOTICE : PHASE_BOUNCE, 0, 0,
                   "%s writes a report to %.*s: %s", m->hostname, (int)q->sender.len, q->sender.at,
                   kind == REPORT_BOUNCE  ? "the message could not be delivered"
                   : kind == REPORT_DELAY ? "the message is late, and the server still tries"
                                          : "the message has been delivered");
        send_report(q, kind, rcpt, n);
    }
    m->host->world->trace.cause = cause;
    free(rcpt);
}
