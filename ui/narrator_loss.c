/* Frames that are lost on the way, and which later frame brings again what they carried. */
#include <stdlib.h>
#include <string.h>

#include "ui/narrator_internal.h"

#define WORDS_MAX 320
#define SYN_WORD  "[SYN"

/* "192.0.2.10:53341 > 198.51.100.25:587 [ACK] seq 49775 ack 357 win 65179 len 1460" */
struct segment {
    size_t flow_len; /* octets before " [" */
    bool syn;
    uint64_t seq, len;
};

static uint64_t number_behind(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static bool segment_read(struct segment *s, const struct trace_record *r, char text[NARRATOR_LOST_TEXT])
{
    const char *flags;
    size_t n = r->text_len < NARRATOR_LOST_TEXT - 1 ? r->text_len : NARRATOR_LOST_TEXT - 1;
    if (r->proto != TRACE_TCP || !r->text)
        return false;
    memcpy(text, r->text, n);
    text[n] = '\0';
    flags = strstr(text, " [");
    if (!flags)
        return false;
    s->flow_len = (size_t)(flags - text);
    s->syn = strstr(flags, SYN_WORD) != NULL;
    s->seq = number_behind(flags, " seq ");
    s->len = number_behind(flags, " len ");
    return true;
}

/* True if the loss is worth a note: the others have one of their own (firewall, neighbour) or a cause that
 * was told (a host that is down). */
static bool is_told(const char *why)
{
    static const char *const on_the_way[] = { "fault", "loss", "cut", "queue", "ttl", "too-big", "checksum" };
    for (size_t i = 0; why && i < sizeof on_the_way / sizeof on_the_way[0]; i++)
        if (strcmp(why, on_the_way[i]) == 0)
            return true;
    return false;
}

static void keep(struct ui_narrator *n, const struct trace_record *r, const char *text,
                 const struct segment *s)
{
    struct narrator_lost *l = &n->lost[n->nlost % NARRATOR_LOST];
    if (n->nlost - n->lost_from == NARRATOR_LOST)
        n->lost_from++; /* the oldest is forgotten */
    n->nlost++;
    *l = (struct narrator_lost){ .conn = r->conn,
                                 .frame = r->frame,
                                 .t_ns = r->t_ns,
                                 .seq = s->seq,
                                 .len = s->len,
                                 .syn = s->syn,
                                 .flow_len = s->flow_len };
    memcpy(l->flow, text, s->flow_len);
}

static void put_note(struct ui_narrator *n, const struct trace_record *r, enum ui_ink ink,
                     enum ui_glyph glyph, const char *words)
{
    struct ui_page *p = &n->page;
    narrator_begin(n);
    narrator_put_time(n, r->t_ns);
    ui_page_ink(p, ink);
    ui_page_glyph(p, glyph);
    ui_page_str(p, " ");
    ui_page_wrap(p, p->column, 3, words, strlen(words));
    ui_page_ink(p, UI_PLAIN);
    ui_page_end(p);
    n->last_title = NULL;
}

void narrator_dropped(struct ui_narrator *n, const struct trace_record *r)
{
    const char *why = trace_attr_get(r, "why"), *fault = trace_attr_get(r, "fault");
    char text[NARRATOR_LOST_TEXT], words[WORDS_MAX], what[96] = "";
    struct segment s;
    bool tcp;

    if (!is_told(why))
        return;
    tcp = segment_read(&s, r, text);
    if (tcp && s.syn)
        snprintf(what, sizeof what, ", a SYN");
    else if (tcp && s.len > 0)
        snprintf(what, sizeof what, ", octets %llu to %llu of the conversation", (unsigned long long)s.seq,
                 (unsigned long long)(s.seq + s.len - 1));
    else if (tcp)
        snprintf(what, sizeof what, ", an ACK without data: the next ACK says it again");
    else
        snprintf(what, sizeof what, ", a packet without TCP: nobody repeats it by itself");
    if (tcp && (s.syn || s.len > 0))
        keep(n, r, text, &s);
    if (n->level != TRACE_LINE)
        return;
    snprintf(words, sizeof words, "#%llu is lost on the way to %s%s%s%s%s", (unsigned long long)r->frame,
             narrator_host(n, r->peer), fault ? " (" : "", fault ? fault : "", fault ? ")" : "", what);
    put_note(n, r, UI_BAD, UI_GLYPH_BAD, words);
}

static bool brings(const struct narrator_lost *l, const struct trace_record *r, const char *text,
                   const struct segment *s)
{
    if (l->frame == 0 || l->conn != r->conn || l->flow_len != s->flow_len ||
        memcmp(l->flow, text, s->flow_len) != 0)
        return false;
    if (l->syn || s->syn)
        return l->syn && s->syn;
    return s->len > 0 && s->seq < l->seq + l->len && l->seq < s->seq + s->len;
}

void narrator_sent(struct ui_narrator *n, const struct trace_record *r)
{
    char text[NARRATOR_LOST_TEXT], words[WORDS_MAX], time[UI_TIME_MAX];
    struct segment s;

    if (n->lost_from == n->nlost || !segment_read(&s, r, text))
        return;
    for (unsigned i = n->lost_from; i != n->nlost; i++) {
        struct narrator_lost *l = &n->lost[i % NARRATOR_LOST];
        if (!brings(l, r, text, &s))
            continue;
        ui_time_text(r->t_ns - l->t_ns, time);
        snprintf(words, sizeof words, "#%llu brings again what #%llu lost, %s later",
                 (unsigned long long)r->frame, (unsigned long long)l->frame, time);
        l->frame = 0;
        if (n->level != TRACE_PHASE)
            put_note(n, r, UI_GOOD, UI_GLYPH_NOTE, words);
    }
    while (n->lost_from != n->nlost && n->lost[n->lost_from % NARRATOR_LOST].frame == 0)
        n->lost_from++;
}
