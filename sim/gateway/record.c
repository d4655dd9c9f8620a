/* Recordings, read with suspicion. */
#include "sim/gateway/record.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/pool.h"

/* ---- one object a line
 * -------------------------------------------------------------------------------------- */

enum field_type { FIELD_STRING, FIELD_NUMBER, FIELD_BOOL };

struct field {
    const char *key;
    enum field_type type;
    const char *text; /* decoded, in place, and followed by a NUL */
    size_t len;
    uint64_t number; /* or 0, 1 */
    bool used;
};

struct object {
    struct field field[RECORD_FIELDS_MAX];
    size_t n;
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct record_reader *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->error, sizeof r->error, fmt, ap);
    va_end(ap);
    return false;
}

static void skip_space(char **at)
{
    while (**at == ' ' || **at == '\t')
        ++*at;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One escape behind a backslash; -1: it is none, or stands for no octet. */
static int escape(char **at)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;
    int value = 0;
    if (**at == 'u') {
        for (int i = 1; i <= 4; i++) {
            int digit = hex_digit((*at)[i]);
            if (digit < 0)
                return -1;
            value = value * 16 + digit;
        }
        *at += 5;
        return value <= 0xff ? value : -1;
    }
    found = **at ? strchr(from, **at) : NULL;
    if (!found)
        return -1;
    ++*at;
    return (unsigned char)to[found - from];
}

/* Decodes a string in place: it never grows. */
static bool get_string(struct record_reader *r, char **at, const char **text, size_t *len)
{
    char *to = *at;
    if (**at != '"')
        return wrong(r, "a string is missing");
    *text = to;
    for (++*at; **at != '"';) {
        unsigned char c = (unsigned char)**at;
        int octet = c;
        if (c < 0x20 || c >= 0x7f)
            return wrong(r, c == '\0' ? "a string does not end"
                                      : "a string has an octet that must be written as \\u00XX");
        ++*at;
        if (c == '\\' && (octet = escape(at)) < 0)
            return wrong(r, "a string has an escape that stands for no octet");
        *to++ = (char)octet;
    }
    *len = (size_t)(to - *text);
    *to = '\0';
    ++*at;
    return true;
}

static bool get_value(struct record_reader *r, char **at, struct field *f)
{
    if (**at == '"') {
        f->type = FIELD_STRING;
        return get_string(r, at, &f->text, &f->len);
    }
    if (strncmp(*at, "true", 4) == 0 || strncmp(*at, "false", 5) == 0) {
        f->type = FIELD_BOOL;
        f->number = **at == 't';
        *at += **at == 't' ? 4 : 5;
        return true;
    }
    f->type = FIELD_NUMBER;
    if (**at < '0' || **at > '9' || (**at == '0' && (*at)[1] >= '0' && (*at)[1] <= '9'))
        return wrong(r, "\"%.40s\" must be a string, a whole number, true or false", f->key);
    for (f->number = 0; **at >= '0' && **at <= '9'; ++*at) {
        if (f->number > (UINT64_MAX - 9) / 10)
            return wrong(r, "\"%.40s\" is too large", f->key);
        f->number = f->number * 10 + (uint64_t)(**at - '0');
    }
    return true;
}

static bool get_object(struct record_reader *r, char *at, struct object *o)
{
    o->n = 0;
    skip_space(&at);
    if (*at++ != '{')
        return wrong(r, "a line must be one JSON object");
    do {
        struct field *f = &o->field[o->n];
        size_t len;
        if (o->n == RECORD_FIELDS_MAX)
            return wrong(r, "more than %d keys", RECORD_FIELDS_MAX);
        *f = (struct field){ .key = NULL };
        skip_space(&at);
        if (!get_string(r, &at, &f->key, &len))
            return false;
        for (size_t i = 0; i < o->n; i++)
            if (strcmp(o->field[i].key, f->key) == 0)
                return wrong(r, "\"%.40s\" is here twice", f->key);
        skip_space(&at);
        if (*at++ != ':')
            return wrong(r, "a colon is missing behind \"%.40s\"", f->key);
        skip_space(&at);
        if (!get_value(r, &at, f))
            return false;
        o->n++;
        skip_space(&at);
    } while (*at++ == ',');
    if (at[-1] != '}')
        return wrong(r, "a comma or the end of the object is missing");
    skip_space(&at);
    return *at == '\0' || wrong(r, "something stands behind the object");
}

static struct field *find(struct object *o, const char *key)
{
    for (size_t i = 0; i < o->n; i++)
        if (strcmp(o->field[i].key, key) == 0) {
            o->field[i].used = true;
            return &o->field[i];
        }
    return NULL;
}

static bool need_number(struct record_reader *r, struct object *o, const char *key, uint64_t least,
                        uint64_t most, uint64_t *out)
{
    struct field *f = find(o, key);
    if (!f || f->type != FIELD_NUMBER || f->number < least || f->number > most)
        return wrong(r, "\"%s\" must be a number from %llu to %llu", key, (unsigned long long)least,
                     (unsigned long long)most);
    *out = f->number;
    return true;
}

static bool need_string(struct record_reader *r, struct object *o, const char *key, const char **text,
                        size_t *len)
{
    struct field *f = find(o, key);
    if (!f || f->type != FIELD_STRING)
        return wrong(r, "\"%s\" must be a string", key);
    *text = f->text;
    *len = f->len;
    return true;
}

static bool need_text(struct record_reader *r, struct object *o, const char *key, const char **text)
{
    size_t len = 0;
    if (!need_string(r, o, key, text, &len))
        return false;
    return (len > 0 && strlen(*text) == len) || wrong(r, "\"%s\" must be text without NUL", key);
}

static bool need_hash(struct record_reader *r, struct object *o, const char *key, uint64_t *out)
{
    const char *text = "";
    size_t len = 0;
    if (!need_string(r, o, key, &text, &len))
        return false;
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            len = 0;
        else
            *out = *out << 4 | (uint64_t)digit;
    }
    return len == 16 || wrong(r, "\"%s\" must be 16 hexadecimal digits", key);
}

static bool all_used(struct record_reader *r, const struct object *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (!o->field[i].used)
            return wrong(r, "\"%.40s\" is not known here", o->field[i].key);
    return true;
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
    struct object o;
    const char *scenario, *link, *version, *tun = NULL;
    uint64_t n;
    struct field *actions;
    int got = next_line(r);
    if (got <= 0)
        return got < 0 ? false : (r->line = 1, wrong(r, "the file is empty"));
    if (!get_object(r, r->text, &o))
        return false;
    if (!find(&o, "recording"))
        return wrong(r, "this is no recording of `mailwalk serve --record`");
    if (!need_number(r, &o, "recording", 1, UINT32_MAX, &n))
        return false;
    if (n != RECORD_VERSION)
        return wrong(r, "this recording has format %llu; this program reads format %d", (unsigned long long)n,
                     RECORD_VERSION);
    if (!need_text(r, &o, "mailwalk", &version) || !need_text(r, &o, "scenario", &scenario) ||
        !need_hash(r, &o, "text", &h->text_hash) || !need_text(r, &o, "link", &link) ||
        !need_number(r, &o, "doors", 1, 1000, &n))
        return false;
    h->doors = (unsigned)n;
    actions = find(&o, "actions");
    if (!actions || actions->type != FIELD_BOOL)
        return wrong(r, "\"actions\" must be true or false");
    h->actions = actions->number == 1;
    if ((find(&o, "tun") && !need_text(r, &o, "tun", &tun)) || !all_used(r, &o))
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
        forwards_trust_add(&h->read_forwards, text, len);
        return forwards_trust_good(f) || wrong(r, "\"trust\" must be a PEM certificate");
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
        struct object o;
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
        if (!get_object(r, r->text, &o) || !need_text(r, &o, header_keys[kind], &text) || !all_used(r, &o) ||
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

static bool read_kind(struct record_reader *r, struct object *o, struct record_input *in)
{
    int found = RECORD_KIND_COUNT;
    for (int k = 0; k < RECORD_KIND_COUNT; k++)
        if (find(o, record_kind_key((enum record_kind)k))) {
            if (found != RECORD_KIND_COUNT)
                return wrong(r, "is \"%s\" and \"%s\" at once", record_kind_key((enum record_kind)found),
                             record_kind_key((enum record_kind)k));
            found = k;
        }
    if (found == RECORD_KIND_COUNT)
        return wrong(r,
                     "says nothing that could come in: connect, octets, credit, close, reset, ask, datagram, "
                     "forget, packet, joined, refused, answer, taken, finished, broken or end is needed");
    in->kind = (enum record_kind)found;
    return true;
}

static bool read_whither(struct record_reader *r, struct object *o, struct record_input *in)
{
    const char *to;
    uint64_t n;
    if (!need_number(r, o, "door", 1, 1000, &n))
        return false;
    in->door = (unsigned)n;
    if (!need_text(r, o, "to", &to) || !need_number(r, o, "port", 1, 65535, &n))
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

static bool read_rest(struct record_reader *r, struct object *o, struct record_input *in)
{
    uint64_t n;
    if (in->kind == RECORD_END) {
        struct field *end = find(o, "end");
        r->ended = true;
        in->has_hash = true;
        if (end->type != FIELD_BOOL || !end->number)
            return wrong(r, "\"end\" must be true");
        return need_hash(r, o, "hash", &in->hash) &&
               need_number(r, o, "records", 0, UINT64_MAX, &in->records);
    }
    if (!need_number(r, o, record_kind_key(in->kind), 1, UINT32_MAX, &n))
        return false;
    in->id = (uint32_t)n;
    if (in->kind == RECORD_CONNECT || in->kind == RECORD_ASK)
        return read_whither(r, o, in);
    if (in->kind == RECORD_PACKET) {
        if (in->id != r->last_packet + 1)
            return wrong(r, "packet %lu follows packet %lu", (unsigned long)in->id,
                         (unsigned long)r->last_packet);
        r->last_packet = in->id;
    } else if (in->id > r->last_id && in->kind < RECORD_EXIT_JOINED)
        return wrong(r, "number %lu has not begun", (unsigned long)in->id);
    if (in->kind == RECORD_CREDIT || in->kind == RECORD_EXIT_CREDIT) {
        if (!need_number(r, o, "n", 1, UINT32_MAX, &n))
            return false;
        in->n = (size_t)n;
    }
    if (record_has_data(in->kind)) {
        if (!need_string(r, o, "data", &in->data, &in->len))
            return false;
        if (in->len > RECORD_CHUNK_MAX)
            return wrong(r, "\"data\" has %zu octets; at most %d", in->len, RECORD_CHUNK_MAX);
    }
    return true;
}

int record_read(struct record_reader *r, struct record_input *in)
{
    struct object o;
    int got = next_line(r);
    if (got <= 0)
        return got;
    *in = (struct record_input){ .id = 0 };
    if (r->ended) {
        wrong(r, "something stands behind the end");
        return -1;
    }
    if (!get_object(r, r->text, &o) || !need_number(r, &o, "t", 0, UINT64_MAX / 2, &in->t_ns))
        return -1;
    if (in->t_ns < r->t_ns) {
        wrong(r, "time goes back, from %llu to %llu", (unsigned long long)r->t_ns,
              (unsigned long long)in->t_ns);
        return -1;
    }
    r->t_ns = in->t_ns;
    return read_kind(r, &o, in) && read_rest(r, &o, in) && all_used(r, &o) ? 1 : -1;
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
