/* A whole run in memory: records packed into chunks, and lists of their numbers. */
#include "ui/tape/tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/tape/keep.h"
#include "ui/tape/talk.h"

#define CHUNK_ENTRIES 4096u
#define FLAG_MASKED   1u
#define FLAG_NO_EOL   2u
#define FLAG_TEXT     4u
#define FLAG_BYTES    8u

struct entry {
    uint64_t t_ns;
    const char *said; /* text, bytes, attributes */
    uint32_t cause, frame, conn, words, answered;
    uint16_t host, peer, link, code;
    char status[10];
    uint8_t kind, proto, dir, flags, nattr;
};

struct words {
    const char *title, *lesson, *section;
};

struct secret {
    uint32_t seq;
    const char *line;
};

struct tape {
    struct keep keep;       /* texts */
    struct keep_words keys; /* words that are kept once */
    struct entry **chunk;
    size_t nchunks, chunk_cap;
    uint32_t n;
    uint64_t end_ns;
    struct trace_opening opening;
    bool opened;
    struct words *words;
    size_t nwords, words_cap;
    struct tape_list stops[TAPE_GRAINS], errors, phases, lines, packets, kinds[TRACE_KIND_COUNT];
    struct tape_list *conn, *host;
    size_t nconn, nhost;
    struct secret *secret;
    size_t nsecrets, secrets_cap;
    struct talks talks;
    uint32_t content_conn; /* the run of content lines that goes on; 0: none */
    char content_dir;
};

/* ---- lists ----------------------------------------------------------------------------------------------
 */

static void list_add(struct tape_list *l, uint32_t seq)
{
    l->seq = keep_grow(l->seq, &l->cap, l->n + 1, sizeof *l->seq);
    l->seq[l->n++] = seq;
}

static struct tape_list *list_of(struct tape_list **lists, size_t *n, uint32_t number)
{
    size_t before = *n;
    if (number >= *n) {
        *lists = keep_grow(*lists, n, number + 1u, sizeof **lists);
        memset(*lists + before, 0, (*n - before) * sizeof **lists);
    }
    return &(*lists)[number];
}

ptrdiff_t tape_find(const struct tape_list *list, uint32_t seq)
{
    size_t low = 0, high = list ? list->n : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->seq[middle] <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return (ptrdiff_t)low - 1;
}

uint32_t tape_after(const struct tape_list *list, uint32_t seq)
{
    ptrdiff_t i = tape_find(list, seq) + 1;
    return list && (size_t)i < list->n ? list->seq[i] : 0;
}

uint32_t tape_before(const struct tape_list *list, uint32_t seq)
{
    ptrdiff_t i = seq == 0 ? -1 : tape_find(list, seq - 1);
    return i >= 0 ? list->seq[i] : 0;
}

/* ---- recording ------------------------------------------------------------------------------------------
 */

static uint32_t words_number(struct tape *t, const struct trace_record *r)
{
    struct words w = { keep_word(&t->keys, r->title), keep_word(&t->keys, r->lesson),
                       keep_word(&t->keys, r->section) };
    if (!w.title && !w.lesson && !w.section)
        return 0;
    for (size_t i = t->nwords; i-- > 1 && t->nwords - i < 512;)
        if (t->words[i].title == w.title && t->words[i].lesson == w.lesson &&
            t->words[i].section == w.section)
            return (uint32_t)i;
    if (t->nwords == 0)
        t->nwords = 1; /* 0: no words */
    t->words = keep_grow(t->words, &t->words_cap, t->nwords + 1, sizeof *t->words);
    t->words[t->nwords] = w;
    return (uint32_t)t->nwords++;
}

/* lengths, text and NUL, octets, then for each attribute its key, its number, its string and NUL */
static const char *pack(struct tape *t, const struct trace_record *r)
{
    uint32_t len[2] = { r->text ? (uint32_t)r->text_len : 0, r->bytes ? (uint32_t)r->nbytes : 0 };
    size_t octets = sizeof len + len[0] + 1 + len[1];
    char *blob, *at;
    for (unsigned i = 0; i < r->nattr; i++)
        octets +=
            sizeof(char *) + sizeof(int64_t) + 1 + (r->attr[i].value ? strlen(r->attr[i].value) + 1 : 0);
    blob = at = keep_take(&t->keep, octets);
    memcpy(at, len, sizeof len);
    at += sizeof len;
    if (len[0])
        memcpy(at, r->text, len[0]);
    at[len[0]] = '\0';
    at += len[0] + 1;
    if (len[1])
        memcpy(at, r->bytes, len[1]);
    at += len[1];
    for (unsigned i = 0; i < r->nattr; i++) {
        const char *key = keep_word(&t->keys, r->attr[i].key);
        memcpy(at, &key, sizeof key);
        at += sizeof key;
        memcpy(at, &r->attr[i].number, sizeof r->attr[i].number);
        at += sizeof r->attr[i].number;
        *at++ = r->attr[i].value ? 1 : 0;
        if (r->attr[i].value) {
            size_t n = strlen(r->attr[i].value) + 1;
            memcpy(at, r->attr[i].value, n);
            at += n;
        }
    }
    return blob;
}

/* Stops are phases, lines and frames; and what happens at a host and is a lesson of its own: how the run
 * ends, what a person types, a message that has to wait, an answer that comes late or never, a packet that
 * is changed. */
static void file_stops(struct tape *t, const struct trace_record *r, uint32_t seq, bool bad)
{
    enum trace_level level = trace_kind_level(r->kind);
    bool goes_on = r->kind == TRACE_KIND_CONTENT && t->content_conn == r->conn && t->content_dir == r->dir;
    bool note = r->kind == TRACE_KIND_ERROR || r->kind == TRACE_KIND_OUTCOME || r->kind == TRACE_KIND_INPUT ||
                (bad && r->kind == TRACE_KIND_QUEUE) ||
                (r->title && (r->kind == TRACE_KIND_SESSION || r->kind == TRACE_KIND_FAULT ||
                              r->kind == TRACE_KIND_CONFIG));
    if (level == TRACE_LINE) {
        t->content_conn = r->kind == TRACE_KIND_CONTENT ? r->conn : 0;
        t->content_dir = r->dir;
    }
    if (level == TRACE_PHASE || note)
        list_add(&t->stops[TAPE_PHASE], seq);
    if (level == TRACE_PHASE || (level == TRACE_LINE && !goes_on) || note)
        list_add(&t->stops[TAPE_LINE], seq);
    if (level != TRACE_STATE || note)
        list_add(&t->stops[TAPE_PACKET], seq);
}

static void file(struct tape *t, const struct trace_record *r, uint32_t seq)
{
    enum trace_level level = trace_kind_level(r->kind);
    bool bad = tape_is_bad(r);
    file_stops(t, r, seq, bad);
    if (level == TRACE_LINE)
        t->chunk[(seq - 1) / CHUNK_ENTRIES][(seq - 1) % CHUNK_ENTRIES].answered =
            talks_line(&t->talks, r, seq);
    if (bad)
        list_add(&t->errors, seq);
    if (level == TRACE_PHASE)
        list_add(&t->phases, seq);
    else if (level == TRACE_LINE)
        list_add(&t->lines, seq);
    else if (level == TRACE_STATE)
        list_add(&t->kinds[r->kind], seq);
    else if (r->kind == TRACE_KIND_SENT || r->kind == TRACE_KIND_DROPPED)
        list_add(&t->packets, seq);
    if (level == TRACE_PACKET)
        return;
    if (r->conn)
        list_add(list_of(&t->conn, &t->nconn, r->conn), seq);
    if (r->host)
        list_add(list_of(&t->host, &t->nhost, r->host), seq);
}

static void take(void *ctx, const struct trace_record *r)
{
    struct tape *t = ctx;
    struct entry *e;
    if (t->n % CHUNK_ENTRIES == 0) {
        t->chunk = keep_grow(t->chunk, &t->chunk_cap, t->nchunks + 1, sizeof *t->chunk);
        t->chunk[t->nchunks++] = keep_alloc(CHUNK_ENTRIES * sizeof(struct entry));
    }
    e = &t->chunk[t->n / CHUNK_ENTRIES][t->n % CHUNK_ENTRIES];
    t->n++;
    *e = (struct entry){ .t_ns = r->t_ns,
                         .said = pack(t, r),
                         .cause = (uint32_t)r->cause,
                         .frame = (uint32_t)r->frame,
                         .conn = r->conn,
                         .words = words_number(t, r),
                         .host = (uint16_t)r->host,
                         .peer = (uint16_t)r->peer,
                         .link = (uint16_t)r->link,
                         .code = r->code,
                         .kind = (uint8_t)r->kind,
                         .proto = (uint8_t)r->proto,
                         .dir = (uint8_t)r->dir,
                         .nattr = (uint8_t)r->nattr };
    e->flags = (uint8_t)((r->masked ? FLAG_MASKED : 0) | (r->eol == TRACE_EOL_NONE ? FLAG_NO_EOL : 0) |
                         (r->text ? FLAG_TEXT : 0) | (r->bytes ? FLAG_BYTES : 0));
    memcpy(e->status, r->status, sizeof e->status);
    if (r->t_ns > t->end_ns)
        t->end_ns = r->t_ns;
    file(t, r, t->n);
}

static const char *copy(struct tape *t, const char *s)
{
    return s ? keep_text(&t->keep, s, strlen(s)) : NULL;
}

static void take_hosts(struct tape *t, const struct trace_opening *o)
{
    struct trace_host *hosts = keep_take(&t->keep, (o->nhosts + 1) * sizeof *hosts);
    for (size_t i = 0; i < o->nhosts; i++) {
        const struct trace_host *h = &o->hosts[i];
        struct trace_iface *ifaces = keep_take(&t->keep, (h->nifaces + 1) * sizeof *ifaces);
        if (h->nifaces)
            memcpy(ifaces, h->ifaces, h->nifaces * sizeof *ifaces);
        hosts[i] =
            (struct trace_host){ copy(t, h->name), copy(t, h->label), copy(t, h->fqdn), copy(t, h->role),
                                 ifaces,           h->nifaces };
    }
    t->opening.hosts = hosts;
}

static void open_tape(void *ctx, const struct trace_opening *o)
{
    struct tape *t = ctx;
    struct trace_link *links = keep_take(&t->keep, (o->nlinks + 1) * sizeof *links);
    const char **teaches = keep_take(&t->keep, (o->nteaches + 1) * sizeof *teaches);
    t->opening = *o;
    t->opened = true;
    t->opening.scenario = copy(t, o->scenario);
    t->opening.title = copy(t, o->title);
    t->opening.version = copy(t, o->version);
    for (size_t i = 0; i < o->nteaches; i++)
        teaches[i] = copy(t, o->teaches[i]);
    t->opening.teaches = teaches;
    for (size_t i = 0; i < o->nlinks; i++)
        links[i] = (struct trace_link){ copy(t, o->links[i].name), copy(t, o->links[i].label),
                                        o->links[i].rate_bps, o->links[i].delay_ns };
    t->opening.links = links;
    take_hosts(t, o);
}

static void close_tape(void *ctx, uint64_t t_ns)
{
    struct tape *t = ctx;
    if (t_ns > t->end_ns)
        t->end_ns = t_ns;
}

struct tape *tape_new(void)
{
    return keep_alloc(sizeof(struct tape));
}

void tape_free(struct tape *t)
{
    if (!t)
        return;
    keep_free(&t->keep);
    keep_words_free(&t->keys);
    for (size_t i = 0; i < t->nchunks; i++)
        free(t->chunk[i]);
    for (int g = 0; g < TAPE_GRAINS; g++)
        free(t->stops[g].seq);
    for (int k = 0; k < TRACE_KIND_COUNT; k++)
        free(t->kinds[k].seq);
    for (size_t i = 0; i < t->nconn; i++)
        free(t->conn[i].seq);
    for (size_t i = 0; i < t->nhost; i++)
        free(t->host[i].seq);
    free(t->errors.seq);
    free(t->phases.seq);
    free(t->lines.seq);
    free(t->packets.seq);
    talks_free(&t->talks);
    free(t->conn);
    free(t->host);
    free(t->chunk);
    free(t->words);
    free(t->secret);
    free(t);
}

struct trace_sink tape_sink(struct tape *t)
{
    return (struct trace_sink){
        .levels = TRACE_ALL, .ctx = t, .open = open_tape, .record = take, .close = close_tape
    };
}

void tape_secret(struct tape *t, const char *line)
{
    t->secret = keep_grow(t->secret, &t->secrets_cap, t->nsecrets + 1, sizeof *t->secret);
    t->secret[t->nsecrets++] = (struct secret){ t->n, copy(t, line) };
}

/* ---- reading --------------------------------------------------------------------------------------------
 */

static const struct entry *entry(const struct tape *t, uint32_t seq)
{
    return seq >= 1 && seq <= t->n ? &t->chunk[(seq - 1) / CHUNK_ENTRIES][(seq - 1) % CHUNK_ENTRIES] : NULL;
}

static void unpack(struct trace_record *out, const struct entry *e)
{
    uint32_t len[2];
    const char *at = e->said;
    memcpy(len, at, sizeof len);
    at += sizeof len;
    out->text = e->flags & FLAG_TEXT ? at : NULL;
    out->text_len = len[0];
    at += len[0] + 1;
    out->bytes = e->flags & FLAG_BYTES ? (const uint8_t *)at : NULL;
    out->nbytes = len[1];
    at += len[1];
    for (unsigned i = 0; i < e->nattr; i++) {
        struct trace_attr *a = &out->attr[i];
        memcpy(&a->key, at, sizeof a->key);
        at += sizeof a->key;
        memcpy(&a->number, at, sizeof a->number);
        at += sizeof a->number;
        a->value = *at++ ? at : NULL;
        if (a->value)
            at += strlen(at) + 1;
    }
}

bool tape_get(const struct tape *t, uint32_t seq, struct trace_record *out)
{
    const struct entry *e = entry(t, seq);
    const struct words *w;
    if (!e)
        return false;
    w = e->words ? &t->words[e->words] : NULL;
    out->seq = seq;
    out->cause = e->cause;
    out->t_ns = e->t_ns;
    out->kind = (enum trace_kind)e->kind;
    out->proto = (enum trace_proto)e->proto;
    out->dir = (char)e->dir;
    out->eol = e->flags & FLAG_NO_EOL ? TRACE_EOL_NONE : TRACE_EOL_CRLF;
    out->masked = (e->flags & FLAG_MASKED) != 0;
    out->host = e->host;
    out->peer = e->peer;
    out->link = e->link;
    out->conn = e->conn;
    out->code = e->code;
    memcpy(out->status, e->status, sizeof out->status);
    out->frame = e->frame;
    out->title = w ? w->title : NULL;
    out->lesson = w ? w->lesson : NULL;
    out->section = w ? w->section : NULL;
    out->nattr = e->nattr;
    unpack(out, e);
    return true;
}

enum trace_kind tape_kind(const struct tape *t, uint32_t seq)
{
    const struct entry *e = entry(t, seq);
    return e ? (enum trace_kind)e->kind : TRACE_KIND_COUNT;
}

uint32_t tape_cause(const struct tape *t, uint32_t seq)
{
    const struct entry *e = entry(t, seq);
    return e ? e->cause : 0;
}

uint32_t tape_conn(const struct tape *t, uint32_t seq)
{
    const struct entry *e = entry(t, seq);
    return e ? e->conn : 0;
}

uint32_t tape_answered(const struct tape *t, uint32_t seq)
{
    const struct entry *e = entry(t, seq);
    return e ? e->answered : 0;
}

const struct trace_opening *tape_opening(const struct tape *t)
{
    return t->opened ? &t->opening : NULL;
}

uint32_t tape_last(const struct tape *t)
{
    return t->n;
}

uint64_t tape_end_ns(const struct tape *t)
{
    return t->end_ns;
}

uint64_t tape_time(const struct tape *t, uint32_t seq)
{
    const struct entry *e = entry(t, seq);
    return e ? e->t_ns : 0;
}

uint32_t tape_at_time(const struct tape *t, uint64_t t_ns)
{
    uint32_t low = 0, high = t->n;
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (tape_time(t, middle) <= t_ns)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

size_t tape_octets(const struct tape *t)
{
    size_t lists = t->errors.cap + t->phases.cap + t->lines.cap + t->packets.cap;
    for (int g = 0; g < TAPE_GRAINS; g++)
        lists += t->stops[g].cap;
    for (int k = 0; k < TRACE_KIND_COUNT; k++)
        lists += t->kinds[k].cap;
    for (size_t i = 0; i < t->nconn; i++)
        lists += t->conn[i].cap;
    for (size_t i = 0; i < t->nhost; i++)
        lists += t->host[i].cap;
    return sizeof *t + t->keep.octets + t->keys.keep.octets +
           t->nchunks * CHUNK_ENTRIES * sizeof(struct entry) + lists * sizeof(uint32_t) +
           (t->nconn + t->nhost) * sizeof(struct tape_list);
}

const char *tape_host(const struct tape *t, uint32_t host)
{
    return t->opened && host >= 1 && host <= t->opening.nhosts ? t->opening.hosts[host - 1].name
                                                               : "the network";
}

const char *tape_link(const struct tape *t, uint32_t link)
{
    return t->opened && link >= 1 && link <= t->opening.nlinks ? t->opening.links[link - 1].name : "";
}

const struct tape_list *tape_stops(const struct tape *t, enum tape_grain grain)
{
    return &t->stops[grain];
}

const struct tape_list *tape_errors(const struct tape *t)
{
    return &t->errors;
}

const struct tape_list *tape_phases(const struct tape *t)
{
    return &t->phases;
}

const struct tape_list *tape_lines(const struct tape *t)
{
    return &t->lines;
}

const struct tape_list *tape_packets(const struct tape *t)
{
    return &t->packets;
}

const struct tape_list *tape_of_conn(const struct tape *t, uint32_t conn)
{
    return conn && conn < t->nconn && t->conn[conn].n ? &t->conn[conn] : NULL;
}

const struct tape_list *tape_of_host(const struct tape *t, uint32_t host)
{
    return host && host < t->nhost && t->host[host].n ? &t->host[host] : NULL;
}

const struct tape_list *tape_of_kind(const struct tape *t, enum trace_kind kind)
{
    return &t->kinds[kind];
}

uint32_t tape_conns(const struct tape *t)
{
    uint32_t n = t->nconn ? (uint32_t)t->nconn - 1 : 0;
    while (n > 0 && t->conn[n].n == 0)
        n--;
    return n;
}

void tape_replay(const struct tape *t, uint32_t upto, const struct trace_sink *to,
                 void (*secret)(void *ctx, const char *line), void *secret_ctx)
{
    size_t s = 0;
    if (!t->opened)
        return;
    if (to->open)
        to->open(to->ctx, &t->opening);
    for (uint32_t seq = 1; seq <= upto && seq <= t->n; seq++) {
        struct trace_record r;
        for (; s < t->nsecrets && t->secret[s].seq < seq; s++)
            if (secret)
                secret(secret_ctx, t->secret[s].line);
        tape_get(t, seq, &r);
        if (to->levels & TRACE_BIT(trace_kind_level(r.kind)) ||
            (to->levels & TRACE_TAP && r.kind == TRACE_KIND_SENT))
            to->record(to->ctx, &r);
    }
    if (to->close)
        to->close(to->ctx, upto >= t->n ? t->end_ns : tape_time(t, upto));
}
