/* Words about a record, the same in all views. */
#include <stdio.h>
#include <string.h>

#include "ui/screen/state_words.h"
#include "ui/tape/record.h"
#include "ui/tape/talk.h"

const char *ui_clock(uint64_t t_ns, char buf[24])
{
    unsigned long long s = t_ns / 1000000000u, ms = t_ns / 1000000u % 1000;
    if (s < 600)
        snprintf(buf, 24, "%llu.%03llu s", s, ms);
    else if (s < 3600)
        snprintf(buf, 24, "%llu m %02llu s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(buf, 24, "%llu h %02llu m", s / 3600, s / 60 % 60);
    else
        snprintf(buf, 24, "%llu d %02llu h", s / 86400, s / 3600 % 24);
    return buf;
}

const char *ui_record_text(const struct tape *t, const struct trace_record *r, char *buf, size_t cap)
{
    if (trace_kind_level(r->kind) == TRACE_PHASE)
        snprintf(buf, cap, "%s", r->title ? r->title : r->text ? r->text : "");
    else if (trace_kind_level(r->kind) == TRACE_LINE && !r->text_len)
        buf[0] = '\0';
    else if (trace_kind_level(r->kind) == TRACE_STATE)
        ui_state_text(t, r, buf, cap);
    else if (r->kind == TRACE_KIND_DROPPED && (r->proto == TRACE_TCP || r->proto == TRACE_UDP)) {
        ui_packet_text(r, true, buf, cap);
        snprintf(buf + strlen(buf), cap - strlen(buf), ": %s", ui_drop_text(r));
    } else
        snprintf(buf, cap, "%.*s", (int)(r->text_len < 900 ? r->text_len : 900), r->text);
    return buf;
}

enum ui_style ui_record_style(const struct trace_record *r)
{
    if (tape_is_bad(r))
        return r->code >= 400 && r->code < 500 ? UI_STYLE_WARN : UI_STYLE_BAD;
    switch (trace_kind_level(r->kind)) {
    case TRACE_PHASE:
        return UI_STYLE_TITLE;
    case TRACE_LINE:
        return r->dir == 'S' ? UI_STYLE_SERVER : UI_STYLE_CLIENT;
    default:
        return UI_STYLE_TEXT;
    }
}

/* ---- which line a reply answers --------------------------------------------------------------------------
 */

static size_t copied(const struct trace_record *r, char *buf, size_t cap)
{
    size_t n = r->text_len < cap ? r->text_len : cap - 1;
    if (n)
        memcpy(buf, r->text, n);
    buf[n] = '\0';
    return n;
}

/* The lines of an answer before its last one are of the same command: the first answer that ends from here
 * on. */
static uint32_t answer_begun(const struct tape *t, const struct trace_record *rec)
{
    const struct tape_list *list = tape_of_conn(t, rec->conn);
    uint32_t seq = (uint32_t)rec->seq;
    struct trace_record r;
    for (int i = 0; i < 100 && seq; i++, seq = tape_after(list, seq))
        if (tape_kind(t, seq) == TRACE_KIND_REPLY && tape_get(t, seq, &r) && talk_ends_answer(&r))
            return tape_answered(t, seq);
    return 0;
}

static uint32_t answered_by_tag(const struct tape *t, const struct trace_record *rec)
{
    const struct tape_list *list = tape_of_conn(t, rec->conn);
    const char *space = rec->text ? memchr(rec->text, ' ', rec->text_len) : NULL;
    size_t tag = space ? (size_t)(space - rec->text) + 1 : 0;
    struct trace_record r;
    for (ptrdiff_t i = tape_find(list, (uint32_t)rec->seq); tag && i >= 0; i--)
        if (tape_kind(t, list->seq[i]) == TRACE_KIND_COMMAND && tape_get(t, list->seq[i], &r) &&
            r.text_len >= tag && memcmp(r.text, rec->text, tag) == 0)
            return list->seq[i];
    return 0;
}

uint32_t ui_answered(const struct tape *t, const struct trace_record *rec)
{
    struct trace_record r = *rec;
    if (rec->kind == TRACE_KIND_REPLY && rec->proto == TRACE_IMAP && !record_begins(rec, "*") &&
        !record_begins(rec, "+"))
        return answered_by_tag(t, rec);
    if (rec->kind == TRACE_KIND_REPLY && rec->proto != TRACE_IMAP)
        return answer_begun(t, rec);
    for (int i = 0; i < 40 && r.seq; i++) {
        if ((r.kind == TRACE_KIND_COMMAND || r.kind == TRACE_KIND_QUERY) && r.conn == rec->conn)
            return (uint32_t)r.seq;
        if (!tape_get(t, (uint32_t)r.cause, &r))
            break;
    }
    return 0;
}

size_t ui_asked(const struct tape *t, const struct trace_record *rec, char *buf, size_t cap)
{
    struct trace_record r;
    buf[0] = '\0';
    if (rec->kind == TRACE_KIND_COMMAND || rec->kind == TRACE_KIND_QUERY)
        return copied(rec, buf, cap);
    return tape_get(t, ui_answered(t, rec), &r) ? copied(&r, buf, cap) : 0;
}

/* ---- what explains it ------------------------------------------------------------------------------------
 */

struct packet_words {
    enum trace_proto proto;
    const char *has; /* in the record's text */
    struct ui_words words;
};

static const struct packet_words packets[] = {
    { TRACE_TCP,
      "[SYN]",
      { "TCP asks for a connection",
        "SYN is the first of three: SYN, SYN-ACK, ACK. The port in it says which service is meant.",
        "RFC 9293 section 3.5" } },
    { TRACE_TCP,
      "[SYN, ACK]",
      { "The server takes the connection",
        "Somebody listens on this port. A closed port would have answered RST; a firewall that drops would "
        "have said nothing.",
        "RFC 9293 section 3.5" } },
    { TRACE_TCP,
      "[RST",
      { "The connection is refused or broken",
        "RST: nobody listens on this port, or one side has given up. The program is told at once.",
        "RFC 9293 section 3.5.2" } },
    { TRACE_TCP,
      "[FIN",
      { "One side has said all",
        "FIN closes one direction; the other side may still send, then closes its own.",
        "RFC 9293 section 3.6" } },
    { TRACE_TCP,
      "len",
      { "Data on the wire",
        "TCP carries the octets of the protocol above it. Each is numbered; what is lost is sent again.",
        "RFC 9293 section 3.4" } },
    { TRACE_TCP,
      "[ACK]",
      { "What came is confirmed",
        "ACK names the next octet that is expected. Without it the sender sends again.",
        "RFC 9293 section 3.4" } },
    { TRACE_ARP,
      "who has",
      { "ARP asks who has an address",
        "On an Ethernet, frames go to MAC addresses. ARP asks all who are on the link for the MAC address of "
        "an IPv4 address.",
        "RFC 826" } },
    { TRACE_ARP,
      "is at",
      { "The owner answers", "Now frames can be sent; the answer is kept in the neighbour cache for a while.",
        "RFC 826" } },
    { TRACE_NDP,
      "",
      { "Neighbour discovery", "What ARP is for IPv4, ICMPv6 messages are for IPv6.",
        "RFC 4861 section 7.2" } },
    { TRACE_UDP,
      "",
      { "A datagram",
        "UDP has no connection: one question, one answer. If it is lost, the one who asked asks again.",
        "RFC 768" } },
    { TRACE_ICMP,
      "",
      { "The network itself speaks", "ICMP carries echo (ping) and reports: unreachable, time exceeded.",
        "RFC 792" } },
};

static bool text_has(const struct trace_record *r, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; r->text && i + n <= r->text_len; i++)
        if (memcmp(r->text + i, word, n) == 0)
            return true;
    return n == 0;
}

static bool packet_words(const struct trace_record *r, struct ui_words *out)
{
    if (r->kind == TRACE_KIND_DROPPED) {
        *out = *ui_drop_words(r);
        return true;
    }
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++)
        if (packets[i].proto == r->proto && text_has(r, packets[i].has)) {
            *out = packets[i].words;
            return true;
        }
    return false;
}

void ui_record_words(const struct tape *t, const struct trace_record *r, struct ui_words *out)
{
    struct trace_record led = *r;
    *out = (struct ui_words){ r->title, r->lesson, r->section };
    if (!r->lesson && !r->title && trace_kind_level(r->kind) == TRACE_PACKET)
        packet_words(r, out);
    else if (!r->lesson && !r->title && trace_kind_level(r->kind) == TRACE_STATE)
        ui_state_words(r, out);
    for (int i = 0; i < 8 && !out->lesson && !out->title && tape_get(t, (uint32_t)led.cause, &led); i++)
        *out = (struct ui_words){ led.title, led.lesson, led.section };
    if (trace_kind_level(r->kind) == TRACE_PHASE) /* the title is what the record says already */
        out->title = r->text && r->title ? NULL : out->title;
    if (trace_kind_level(r->kind) == TRACE_PHASE && !r->text)
        out->title = NULL;
    out->title = out->title ? out->title : "";
    out->lesson = out->lesson ? out->lesson : "";
    out->section = out->section ? out->section : "";
}

void ui_host_counts(struct ui_screen *s, uint32_t host, char *buf, size_t cap)
{
    struct history_counts n = history_counts(ui_history(s), host, s->place);
    char queue[24] = "", mail[24] = "";
    if (n.queue)
        snprintf(queue, sizeof queue, "queue %u", (unsigned)n.queue);
    if (n.messages)
        snprintf(mail, sizeof mail, "mail %u", (unsigned)n.messages);
    snprintf(buf, cap, "%s%s%s", queue, *queue && *mail ? ", " : "", mail);
}

void ui_start_draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    int row = room.row;
    if (!o)
        return;
    ui_put_text(c, row++, room.col, room.cols, UI_STYLE_TITLE, o->title ? o->title : "",
                o->title ? strlen(o->title) : 0);
    for (size_t i = 0; i < o->nteaches && row < room.row + room.rows; i++) {
        int used, left = room.row + room.rows - row;
        ui_mark(c, row, room.col, UI_STYLE_DIM, UI_MARK_BULLET);
        used = ui_wrap(c, (struct ui_rect){ row, room.col + 2, left, room.cols - 2 }, 0, UI_STYLE_TEXT,
                       o->teaches[i], strlen(o->teaches[i]));
        row += used;
    }
}
