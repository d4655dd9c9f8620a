/* Recordings, read with suspicion. */
#include "sim/gateway/record.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/pool.h"

/* What the object lacks becomes the reader's error. */
static bool took(struct record_reader *r, bool good, const struct flat_object *o)
{
    if (!good)
        snprintf(r->error, sizeof r->error, "%s", o->error);
    return good;
}

__attribute__((format(printf, 2, 3))) static bool wrong(struct record_reader *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->error, sizeof r->error, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- lines
 * --------------------------------------------------------------------------------------------------- */

bool record_open(struct record_reader *r, const char *path)
{
    *r = (struct record_reader){ .path = path, .file = fopen(path, "rb") };
    if (!r->file)
        return false;
    r->text = core_alloc(RECORD_LINE_MAX + 1);
    return true;
}

void record_close(struct record_reader *r)
{
    if (r->file)
        fclose(r->file);
    free(r->text);
    r->file = NULL;
    r->text = NULL;
}

/* 1: a line is in r->text, without its end; 0: there is none; -1: it is wrong. */
static int next_line(struct record_reader *r)
{
    size_t len = 0;
    int c;
    errno = 0;
    while ((c = getc(r->file)) != EOF && c != '\n') {
        if (len == RECORD_LINE_MAX || c == '\0') {
            r->line++;
            wrong(r, c == '\0' ? "the line has a NUL" : "the line has more than %d octets", RECORD_LINE_MAX);
            return -1;
        }
        r->text[len++] = (char)c;
    }
    if (c == EOF && ferror(r->file)) {
        wrong(r, "%s", strerror(errno));
        return -1;
    }
    if (c == EOF && len == 0)
        return 0;
    r->line++;
    if (c == EOF) {
        wrong(r, "the line is cut off");
        return -1;
    }
    r->text[len] = '\0';
    return 1;
}

static bool read_first(struct record_reader *r, struct record_header *h)
{
    struct flat_object o;
    const char *scenario, *link, *version, *tun = NULL;
    uint64_t n;
    struct flat_field *actions;
    int got = next_line(r);
    if (got <= 0)
        return got < 0 ? false : (r->line = 1, wrong(r, "the file is empty"));
    if (!took(r, flat_read(&o, r->text, FLAT_OCTETS), &o))
        return false;
    if (!flat_find(&o, "recording"))
        return wrong(r, "this is no recording of `mailwalk serve --record`");
    if (!took(r, flat_need_number(&o, "recording", 1, UINT32_MAX, &n), &o))
        return false;
    if (n != RECORD_VERSION)
        return wrong(r, "this recording has format %llu; this program reads format %d", (unsigned long long)n,
                     RECORD_VERSION);
    if (!took(r, flat_need_text(&o, "mailwalk", &version), &o) ||
        !took(r, flat_need_text(&o, "scenario", &scenario), &o) ||
        !took(r, flat_need_hash(&o, "text", &h->text_hash), &o) ||
        !took(r, flat_need_text(&o, "link", &link), &o) ||
        !took(r, flat_need_number(&o, "doors", 1, 1000, &n), &o))
        return false;
    h->doors = (unsigned)n;
    actions = flat_find(&o, "actions");
    if (!actions || actions->type != FLAT_BOOL)
        return wrong(r, "\"actions\" must be true or false");
    h->actions = actions->number == 1;
    if ((flat_find(&o, "tun") && !took(r, flat_need_text(&o, "tun", &tun), &o)) ||
        !took(r, flat_all_used(&o), &o))
        return false;
    if (tun && !(h->tun = strdup(tun)))
        return wrong(r, "%s", strerror(errno));
    h->scenario = strdup(scenario);
    h->link = strdup(link);
    return h->scenario && h->link;
}

/* The lines behind the first that belong to the header. */
enum header_kind { HEADER_SET, HEADER_FORWARD, HEADER_TRUST, HEADER_KINDS };
static const char *const header_keys[HEADER_KINDS] = {
    [HEADER_SET] = "set", [HEADER_FORWARD] = "forward", [HEADER_TRUST] = "trust"
};

static int header_kind(const char *line)
{
    for (int k = 0; k < HEADER_KINDS; k++) {
        size_t n = strlen(header_keys[k]);
        if (strncmp(line, "{\"", 2) == 0 && strncmp(line + 2, header_keys[k], n) == 0 &&
            strncmp(line + 2 + n, "\":", 2) == 0)
            return k;
    }
    return -1;
}

static bool take_forward(struct record_reader *r, struct record_header *h, const char *text)
{
    struct forwards *f = &h->read_forwards;
    char error[FORWARD_ERROR_MAX], *copy = strdup(text);
    if (!copy)
        return wrong(r, "%s", strerror(errno));
    if (!forwards_add(f, copy, error)) {
        free(copy);
        return wrong(r, "%s", error);
    }
    return true;
}

static bool take_header(struct record_reader *r, struct record_header *h, enum header_kind kind,
                        const char *text)
{
    size_t len = strlen(text);
    if (kind == HEADER_FORWARD)
        return take_forward(r, h, text);
    if (kind == HEADER_TRUST) {
        const struct forwards *f = &h->read_forwards;
        if (len > FORWARD_CA_MAX || (f->trust && strlen(f->trust) + len > FORWARD_TRUST_MAX))
            return wrong(r, "\"trust\" is too long");
        return forwards_trust_add(&h->read_forwards, text, len) ||
               wrong(r, "\"trust\" must be a PEM certificate");
    }
    if (h->nsets == RECORD_SETS_MAX)
        return wrong(r, "more than %d sets", RECORD_SETS_MAX);
    h->sets[h->nsets] = strdup(text);
    if (!h->sets[h->nsets])
        return wrong(r, "%s", strerror(errno));
    h->nsets++;
    return true;
}

bool record_read_header(struct record_reader *r, struct record_header *h)
{
    memset(h, 0, sizeof *h);
    h->forwards = &h->read_forwards;
    if (!read_first(r, h))
        return false;
    for (;;) {
        long here = ftell(r->file);
        struct flat_object o;
        const char *text;
        int got = next_line(r), kind = got > 0 ? header_kind(r->text) : -1;
        if (kind < 0) {
            /* Not of the header: whoever reads the inputs will read it, and judge it. */
            if (got != 0)
                r->line--;
            if (here < 0 || fseek(r->file, here, SEEK_SET) != 0)
                return wrong(r, "cannot be read twice: it must be a file");
            h->lines = r->line;
            return true;
        }
        if (!took(r, flat_read(&o, r->text, FLAT_OCTETS), &o) ||
            !took(r, flat_need_text(&o, header_keys[kind], &text), &o) || !took(r, flat_all_used(&o), &o) ||
            !take_header(r, h, (enum header_kind)kind, text))
            return false;
    }
}

void record_header_free(struct record_header *h)
{
    free((char *)(uintptr_t)h->scenario);
    free((char *)(uintptr_t)h->link);
    free((char *)(uintptr_t)h->tun);
    for (size_t i = 0; i < h->nsets; i++)
        free((char *)(uintptr_t)h->sets[i]);
    for (size_t i = 0; i < h->read_forwards.n; i++)
        free((char *)(uintptr_t)h->read_forwards.one[i].text);
    forwards_free(&h->read_forwards);
}

/* ---- inputs
 * ----------------------------------------------------------------------------------------------------- */

static bool read_kind(struct record_reader *r, struct flat_object *o, struct record_input *in)
{
    int found = RECORD_KIND_COUNT;
    for (int k = 0; k < RECORD_KIND_COUNT; k++)
        if (flat_find(o, record_kind_key((enum record_kind)k))) {
            if (found != RECORD_KIND_COUNT)
                return wrong(r, "is \"%s\" and \"%s\" at once", record_kind_key((enum record_kind)found),
                             record_kind_key((enum record_kind)k));
            found = k;
        }
    if (found == RECORD_KIND_COUNT)
        return wrong(
            r, "says nothing that could come in: connect, octets, credit, close, reset, ask, datagram, "
               "forget, packet, control, joined, refused, answer, taken, finished, broken or end is needed");
    in->kind = (enum record_kind)found;
    return true;
}

static bool read_whither(struct record_reader *r, struct flat_object *o, struct record_input *in)
{
    const char *to;
    uint64_t n;
    if (!took(r, flat_need_number(o, "door", 1, 1000, &n), o))
        return false;
    in->door = (unsigned)n;
    if (!took(r, flat_need_text(o, "to", &to), o) || !took(r, flat_need_number(o, "port", 1, 65535, &n), o))
        return false;
    in->port = (uint16_t)n;
    if (strlen(to) >= NET_ADDR_TEXT || !net_addr_parse(&in->to, to))
        return wrong(r, "\"to\" must be an IP address");
    if (in->id <= r->last_id)
        return wrong(r, "number %lu is not new: the last one was %lu", (unsigned long)in->id,
                     (unsigned long)r->last_id);
    r->last_id = in->id;
    return true;
}

static bool read_request(struct record_reader *r, struct flat_object *o, struct record_input *in)
{
    if (!took(r, flat_need_string(o, "request", &in->data, &in->len), o))
        return false;
    return (in->len <= RECORD_REQUEST_MAX && strlen(in->data) == in->len) ||
           wrong(r, "\"request\" must have at most %d octets, and no NUL", RECORD_REQUEST_MAX);
}

static bool read_rest(struct record_reader *r, struct flat_object *o, struct record_input *in)
{
    uint64_t n;
    if (in->kind == RECORD_END) {
        struct flat_field *end = flat_find(o, "end");
        r->ended = true;
        in->has_hash = true;
        if (end->type != FLAT_BOOL || !end->number)
            return wrong(r, "\"end\" must be true");
        return took(r, flat_need_hash(o, "hash", &in->hash), o) &&
               took(r, flat_need_number(o, "records", 0, UINT64_MAX, &in->records), o);
    }
    if (!took(r, flat_need_number(o, record_kind_key(in->kind), 1, UINT32_MAX, &n), o))
        return false;
    in->id = (uint32_t)n;
    if (in->kind == RECORD_CONNECT || in->kind == RECORD_ASK)
        return read_whither(r, o, in);
    if (in->kind == RECORD_CONTROL)
        return read_request(r, o, in);
    if (in->kind == RECORD_PACKET) {
        if (in->id != r->last_packet + 1)
            return wrong(r, "packet %lu follows packet %lu", (unsigned long)in->id,
                         (unsigned long)r->last_packet);
        r->last_packet = in->id;
    } else if (in->id > r->last_id && !record_is_of_exit(in->kind))
        return wrong(r, "number %lu has not begun", (unsigned long)in->id);
    if (in->kind == RECORD_CREDIT || in->kind == RECORD_EXIT_CREDIT) {
        if (!took(r, flat_need_number(o, "n", 1, UINT32_MAX, &n), o))
            return false;
        in->n = (size_t)n;
    }
    if (record_has_data(in->kind)) {
        if (!took(r, flat_need_string(o, "data", &in->data, &in->len), o))
            return false;
        if (in->len > RECORD_CHUNK_MAX)
            return wrong(r, "\"data\" has %zu octets; at most %d", in->len, RECORD_CHUNK_MAX);
    }
    return true;
}

int record_read(struct record_reader *r, struct record_input *in)
{
    struct flat_object o;
    int got = next_line(r);
    if (got <= 0)
        return got;
    *in = (struct record_input){ .id = 0 };
    if (r->ended) {
        wrong(r, "something stands behind the end");
        return -1;
    }
    if (!took(r, flat_read(&o, r->text, FLAT_OCTETS), &o) ||
        !took(r, flat_need_number(&o, "t", 0, UINT64_MAX / 2, &in->t_ns), &o))
        return -1;
    if (in->t_ns < r->t_ns) {
        wrong(r, "time goes back, from %llu to %llu", (unsigned long long)r->t_ns,
              (unsigned long long)in->t_ns);
        return -1;
    }
    r->t_ns = in->t_ns;
    return read_kind(r, &o, in) && read_rest(r, &o, in) && took(r, flat_all_used(&o), &o) ? 1 : -1;
}

bool record_check(struct record_reader *r)
{
    struct record_input in;
    long here = ftell(r->file);
    unsigned line = r->line;
    int got;
    while ((got = record_read(r, &in)) > 0)
        continue;
    if (got < 0)
        return false;
    if (here < 0 || fseek(r->file, here, SEEK_SET) != 0)
        return wrong(r, "cannot be read twice: it must be a file");
    r->line = line;
    r->t_ns = 0;
    r->last_id = r->last_packet = 0;
    r->ended = false;
    return true;
}
