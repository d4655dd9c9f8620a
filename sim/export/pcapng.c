/* pcapng, block by block (draft-ietf-opsawg-pcapng). All numbers are little-endian, whatever the machine. */
#include "sim/export/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/export/hosts.h"
#include "sim/export/out.h"

#define NS_PER_S UINT64_C(1000000000)

enum { /* section 11.1: block types */
       BLOCK_SHB = 0x0a0d0d0a,
       BLOCK_IDB = 1,
       BLOCK_NRB = 4,
       BLOCK_EPB = 6,
       BLOCK_DSB = 10
};

enum { /* option codes: of any block, SHB (section 4.1), IDB (4.2) */
       OPT_END = 0,
       OPT_COMMENT = 1,
       SHB_USERAPPL = 4,
       IF_NAME = 2,
       IF_DESCRIPTION = 3,
       IF_TSRESOL = 9
};

#define LINKTYPE_ETHERNET 1
#define BYTE_ORDER_MAGIC  0x1a2b3c4d
#define NRB_IP4           1
#define NRB_IP6           2
#define SECRETS_TLS       0x544c534b /* "TLSK" */
#define SNAPLEN           65535
#define BLOCK_FRAME       12 /* octets of a block around its body: type, length, length again */
#define SENTENCE_MAX      200
#define COMMENT_MAX       2048            /* octets of one comment; a longer one is cut */
#define NAME_MAX_SHOWN    80              /* octets of an interface's name, with NUL */
#define HELD_MAX          (16u << 20)     /* octets of frames that wait for a secret */
#define FRAME_WAITS_NS    NS_PER_S        /* longer than a frame is under way */
#define HANDSHAKE_NS      (60 * NS_PER_S) /* from ServerHello to the last secret, at most */
#define EPB_TIME          (8 + 4)         /* where a frame's block has its two halves of time */

struct comment {
    uint64_t frame;       /* 0: the next one */
    uint64_t first, last; /* steps, or the phase */
    bool phase;
    const char *title, *lesson, *section;
    char what[SENTENCE_MAX]; /* in words of this run: a line's first words, a phase's sentence */
};

struct export_pcapng {
    struct export_out out;
    int64_t epoch_s;
    uint64_t phases, steps; /* seen so far */
    size_t waiting;
    bool live;
    uint64_t whole;                           /* octets of the file that are whole blocks */
    uint64_t handshakes, handshakes_until_ns; /* under way; when the last of them is given up */
    struct export_out held;                   /* whole blocks of frames, in memory: owned */
    size_t held_at;                           /* before it: written */
    struct export_hosts hosts;                /* owned */
    uint32_t *router;                         /* owned: host numbers; [0] has interface 1 */
    size_t nrouters;
    struct comment comment[EXPORT_COMMENTS_MAX];
    char buffer[EXPORT_BUFFER];
};

static uint32_t padded(size_t len)
{
    return (uint32_t)(len + 3) & ~UINT32_C(3);
}

static void put_16(struct export_out *o, unsigned n)
{
    const uint8_t b[2] = { (uint8_t)n, (uint8_t)(n >> 8) };
    export_put(o, b, sizeof b);
}

static void put_32(struct export_out *o, uint32_t n)
{
    const uint8_t b[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24) };
    export_put(o, b, sizeof b);
}

/* Octets, and zeros up to a multiple of 32 bits. */
static void put_padded(struct export_out *o, const void *bytes, size_t len)
{
    static const char zero[4];
    export_put(o, bytes, len);
    export_put(o, zero, padded(len) - len);
}

static void put_option(struct export_out *o, unsigned code, const void *value, size_t len)
{
    put_16(o, code);
    put_16(o, (unsigned)len);
    put_padded(o, value, len);
}

static uint32_t option_size(size_t len)
{
    return 4 + padded(len);
}

static void begin(struct export_out *o, uint32_t type, uint32_t body)
{
    put_32(o, type);
    put_32(o, body + BLOCK_FRAME);
}

/* What the disk has taken of a block before it was full goes again: a capture has whole blocks. */
static void settle(struct export_pcapng *p)
{
    bool failed = p->out.error != 0;
    if (export_out_flush(&p->out, true) == 0)
        p->whole = p->out.written;
    else if (!failed && p->out.file != stdout && ftruncate(fileno(p->out.file), (off_t)p->whole) != 0)
        return; /* a pipe cannot be cut */
}

static void end(struct export_pcapng *p, uint32_t body)
{
    put_32(&p->out, body + BLOCK_FRAME);
    if (p->live || p->out.len > EXPORT_BUFFER / 2) /* never in the middle of a block */
        settle(p);
}

/* ---- the blocks at the start ------------------------------------------------------------ */

static void put_section(struct export_pcapng *p, const struct trace_opening *opening)
{
    struct export_out *o = &p->out;
    char about[256], program[64];
    struct export_out a = { .at = about, .cap = sizeof about }, v = { .at = program, .cap = sizeof program };
    uint32_t body;

    export_put_lit(&v, "mailwalk ");
    export_put_readable(&v, opening->version ? opening->version : "",
                        opening->version ? strlen(opening->version) : 0);
    export_put_lit(&a, "scenario ");
    export_put_readable(&a, opening->scenario ? opening->scenario : "",
                        opening->scenario ? strnlen(opening->scenario, 200) : 0);
    export_put_lit(&a, ", seed ");
    export_put_u64(&a, opening->seed);
    body = 16 + option_size(a.len) + option_size(v.len) + option_size(0);
    begin(o, BLOCK_SHB, body);
    put_32(o, BYTE_ORDER_MAGIC);
    put_16(o, 1);
    put_16(o, 0);
    put_32(o, UINT32_MAX); /* the section's length is not known */
    put_32(o, UINT32_MAX);
    put_option(o, OPT_COMMENT, about, a.len);
    put_option(o, SHB_USERAPPL, program, v.len);
    put_option(o, OPT_END, "", 0);
    end(p, body);
}

static void put_interface(struct export_pcapng *p, const char *name, const char *about)
{
    static const uint8_t nanoseconds = 9; /* 10^-9 s */
    struct export_out *o = &p->out;
    uint32_t body =
        8 + option_size(strlen(name)) + option_size(strlen(about)) + option_size(1) + option_size(0);

    begin(o, BLOCK_IDB, body);
    put_16(o, LINKTYPE_ETHERNET);
    put_16(o, 0);
    put_32(o, SNAPLEN);
    put_option(o, IF_NAME, name, strlen(name));
    put_option(o, IF_DESCRIPTION, about, strlen(about));
    put_option(o, IF_TSRESOL, &nanoseconds, 1);
    put_option(o, OPT_END, "", 0);
    end(p, body);
}

/* The interface of what this router makes of other hosts' frames: described before its first frame, so a
 * capture in which nothing is changed has none. Without memory for it, the frame is one like the others. */
static uint32_t interface_of(struct export_pcapng *p, uint32_t host)
{
    char name[NAME_MAX_SHOWN], about[SENTENCE_MAX];
    struct export_out n = { .at = name, .cap = sizeof name - 1 };
    uint32_t *grown;
    size_t i = 0;
    while (i < p->nrouters && p->router[i] != host)
        i++;
    if (i == p->nrouters) {
        if (!(grown = realloc(p->router, (i + 1) * sizeof *grown)))
            return 0;
        p->router = grown;
        p->router[p->nrouters++] = host;
        export_put_str(&n, export_host_name(&p->hosts, host));
        name[n.len] = '\0';
        snprintf(about, sizeof about, "frames that %s has written over, as they leave it", name);
        put_interface(p, name, about);
    }
    return (uint32_t)i + 1;
}

/* One record of the NRB: the address, then its names, each ended by NUL. With o NULL only measures. */
static uint32_t put_names(struct export_out *o, unsigned type, const uint8_t *addr, size_t addr_len,
                          const struct trace_host *h)
{
    const char *name = h->name ? h->name : "", *fqdn = h->fqdn ? h->fqdn : "";
    size_t name_len = strlen(name) + 1, fqdn_len = fqdn[0] && strcmp(fqdn, name) != 0 ? strlen(fqdn) + 1 : 0;
    size_t len = addr_len + name_len + fqdn_len;
    static const char zero[4];

    if (len > UINT16_MAX || name_len == 1)
        return 0;
    if (o) {
        put_16(o, type);
        put_16(o, (unsigned)len);
        export_put(o, addr, addr_len);
        export_put(o, name, name_len);
        export_put(o, fqdn, fqdn_len); /* readers show the last name */
        export_put(o, zero, padded(len) - len);
    }
    return 4 + padded(len);
}

static uint32_t put_all_names(struct export_out *o, const struct trace_opening *opening)
{
    uint32_t size = 0;
    for (size_t i = 0; i < opening->nhosts; i++) {
        const struct trace_host *h = &opening->hosts[i];
        for (size_t k = 0; k < h->nifaces; k++) {
            const struct trace_iface *f = &h->ifaces[k];
            if (f->ip4_prefix > 0)
                size += put_names(o, NRB_IP4, f->ip4, sizeof f->ip4, h);
            if (f->ip6_prefix > 0)
                size += put_names(o, NRB_IP6, f->ip6, sizeof f->ip6, h);
        }
    }
    return size;
}

static void pcapng_open(void *ctx, const struct trace_opening *opening)
{
    struct export_pcapng *p = ctx;
    uint32_t body = put_all_names(NULL, opening) + 4;

    p->epoch_s = opening->epoch_s;
    if (!export_hosts_copy(&p->hosts, opening) && p->out.error == 0)
        p->out.error = ENOMEM;
    put_section(p, opening);
    put_interface(p, "mailwalk", "every frame of the simulated internet, as its maker sends it");
    begin(&p->out, BLOCK_NRB, body);
    put_all_names(&p->out, opening);
    put_32(&p->out, 0); /* nrb_record_end */
    end(p, body);
}

static bool starts(const char *line, size_t len, const char *word)
{
    size_t n = strlen(word);
    return len >= n && memcmp(line, word, n) == 0;
}

/* The client's secret is the last one of a handshake in TLS 1.3, and the only one in 1.2. */
void export_pcapng_secrets(struct export_pcapng *p, const char *keylog, size_t len)
{
    uint32_t body = 8 + padded(len);

    begin(&p->out, BLOCK_DSB, body);
    put_32(&p->out, SECRETS_TLS);
    put_32(&p->out, (uint32_t)len);
    put_padded(&p->out, keylog, len);
    end(p, body);
    if (p->handshakes > 0 &&
        (starts(keylog, len, "CLIENT_TRAFFIC_SECRET_0 ") || starts(keylog, len, "CLIENT_RANDOM ")))
        p->handshakes--;
}

/* ---- comments --------------------------------------------------------------------------- */

static void copy_sentence(char to[SENTENCE_MAX], const struct trace_record *r)
{
    struct export_out o = { .at = to, .cap = SENTENCE_MAX - 1 };
    if (r->text)
        export_put_readable(&o, r->text, r->text_len);
    export_out_trim(&o);
    to[o.len] = '\0';
}

static void note_phase(struct export_pcapng *p, const struct trace_record *r)
{
    struct comment *c = &p->comment[p->waiting];

    p->phases++;
    if (p->waiting == EXPORT_COMMENTS_MAX)
        return;
    *c = (struct comment){ .frame = r->frame,
                           .first = p->phases,
                           .last = p->phases,
                           .phase = true,
                           .title = r->title,
                           .lesson = r->lesson,
                           .section = r->section };
    copy_sentence(c->what, r);
    p->waiting++;
}

/* A line without words of its own continues the one before it; so does a line of a message that says no more
 * than the line before it. */
static bool continues(const struct comment *c, const struct trace_record *r, uint64_t step)
{
    if (c->phase || c->frame != r->frame || c->last + 1 != step)
        return false;
    return !r->title || (r->kind == TRACE_KIND_CONTENT && c->title == r->title);
}

static void note_line(struct export_pcapng *p, const struct trace_record *r)
{
    struct comment *c = &p->comment[p->waiting];

    p->steps++;
    if (p->waiting > 0 && continues(c - 1, r, p->steps)) {
        c[-1].last = p->steps;
        return;
    }
    if (p->waiting == EXPORT_COMMENTS_MAX)
        return;
    *c = (struct comment){ .frame = r->frame,
                           .first = p->steps,
                           .last = p->steps,
                           .title = r->title,
                           .lesson = r->lesson,
                           .section = r->section };
    export_line_what(r, c->what);
    p->waiting++;
}

/* before, the text, after; a `.` as `after` only where the text does not end in one. */
static void put_part(struct export_out *o, const char *before, const char *text, const char *after)
{
    if (!text || text[0] == '\0')
        return;
    export_put_str(o, before);
    export_put_readable(o, text, strlen(text));
    if (after[0] != '.' || text[strlen(text) - 1] != '.')
        export_put_str(o, after);
}

/* "phase 3: TITLE: the sentence. LESSON (SECTION)", "step 14: WHAT: TITLE. LESSON (SECTION)" */
static void put_comment(struct export_out *o, const struct comment *c)
{
    if (c->first == c->last) {
        export_put_str(o, c->phase ? "phase " : "step ");
        export_put_u64(o, c->first);
    } else {
        export_put_lit(o, "steps ");
        export_put_u64(o, c->first);
        export_put_lit(o, " to ");
        export_put_u64(o, c->last);
    }
    put_part(o, ": ", c->phase ? c->title : c->what, c->phase && !c->what[0] ? "." : "");
    put_part(o, ": ", c->phase ? c->what : c->title, ".");
    put_part(o, " ", c->lesson, "");
    put_part(o, " (", c->section, ")");
}

/* True if the comment belongs to this frame: it names it, names none, or names one that has gone by. */
static bool belongs(const struct comment *c, uint64_t frame)
{
    return c->frame <= frame;
}

/* "box has written over frame 45, which ..." What the words `changed` are, net_tamper.h says. */
static void put_changed(struct export_out *o, const struct export_pcapng *p, const struct trace_record *r,
                        uint64_t was)
{
    const char *changed = trace_attr_get(r, "changed"), *box = export_host_name(&p->hosts, r->host);
    export_put_str(o, box);
    export_put_lit(o, " has written over this frame: ");
    export_put_readable(o, changed ? changed : "", changed ? strlen(changed) : 0);
    export_put_lit(o, ". As its maker sent it, it is frame ");
    export_put_u64(o, was);
    export_put_lit(o, "; from ");
    export_put_str(o, box);
    export_put_lit(o, " on it is this one");
}

/* Writes the comments of this frame as options; with o NULL only measures. */
static uint32_t put_comments(struct export_out *o, const struct export_pcapng *p,
                             const struct trace_record *r)
{
    uint64_t frame = r->frame, was = (uint64_t)trace_attr_number(r, "instead_of");
    uint32_t size = 0;
    if (was > 0) {
        char text[COMMENT_MAX];
        struct export_out t = { .at = text, .cap = sizeof text };
        put_changed(&t, p, r, was);
        export_out_trim(&t);
        if (o)
            put_option(o, OPT_COMMENT, text, t.len);
        size += option_size(t.len);
    }
    for (size_t i = 0; i < p->waiting; i++)
        if (belongs(&p->comment[i], frame)) {
            char text[COMMENT_MAX];
            struct export_out t = { .at = text, .cap = sizeof text };
            put_comment(&t, &p->comment[i]);
            export_out_trim(&t);
            if (o)
                put_option(o, OPT_COMMENT, text, t.len);
            size += option_size(t.len);
        }
    return size;
}

static void forget_comments(struct export_pcapng *p, uint64_t frame)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->waiting; i++)
        if (!belongs(&p->comment[i], frame))
            p->comment[kept++] = p->comment[i];
    p->waiting = kept;
}

/* ---- frames ----------------------------------------------------------------------------- */

static uint32_t get_32(const char *at)
{
    const uint8_t *b = (const uint8_t *)at;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Writes the held frames that are older than `before_ns` of the calendar. */
static void release(struct export_pcapng *p, uint64_t before_ns)
{
    struct export_out *h = &p->held;
    while (p->held_at < h->len) {
        const char *block = h->at + p->held_at;
        uint64_t t = (uint64_t)get_32(block + EPB_TIME) << 32 | get_32(block + EPB_TIME + 4);
        uint32_t len = get_32(block + 4);
        if (t >= before_ns)
            return;
        export_put(&p->out, block, len - 4);
        end(p, len - BLOCK_FRAME);
        p->held_at += len;
    }
    h->len = p->held_at = 0;
}

/* Whether a frame must wait. Who opens a TLS session tells its secrets when it has them, and a server has the
 * last one only when the client's Finished has arrived: after the frame that carries it, and Wireshark wants
 * it before. */
static bool holds(struct export_pcapng *p, uint64_t t_ns)
{
    if (p->handshakes > 0 && t_ns >= p->handshakes_until_ns)
        p->handshakes = 0;
    return p->handshakes > 0;
}

void export_pcapng_now(struct export_pcapng *p, uint64_t t_ns)
{
    uint64_t t = (uint64_t)p->epoch_s * NS_PER_S + t_ns;
    if (p->held.len > 0)
        release(p, holds(p, t_ns) ? t - FRAME_WAITS_NS : UINT64_MAX);
}

bool export_pcapng_waits(const struct export_pcapng *p)
{
    return p->held.len > 0;
}

/* Room for one more block among the held ones. */
static bool held_reserve(struct export_pcapng *p, size_t len)
{
    struct export_out *h = &p->held;
    char *grown;
    if (p->held_at > 0) {
        memmove(h->at, h->at + p->held_at, h->len - p->held_at);
        h->len -= p->held_at;
        p->held_at = 0;
    }
    if (h->cap - h->len >= len)
        return true;
    if (h->len + len > HELD_MAX || !(grown = realloc(h->at, 2 * h->cap + len)))
        return false;
    h->cap = 2 * h->cap + len;
    h->at = grown;
    return true;
}

/* Where a block of so many octets goes. */
static struct export_out *frame_place(struct export_pcapng *p, uint64_t t_ns, uint32_t octets)
{
    export_pcapng_now(p, t_ns);
    if (holds(p, t_ns) && held_reserve(p, octets))
        return &p->held;
    release(p, UINT64_MAX);
    return &p->out;
}

static void put_frame(struct export_pcapng *p, const struct trace_record *r)
{
    uint64_t t = (uint64_t)p->epoch_s * NS_PER_S + r->t_ns;
    uint32_t interface = trace_attr_number(r, "instead_of") > 0 ? interface_of(p, r->host) : 0;
    uint32_t options = p->waiting > 0 || interface > 0 ? put_comments(NULL, p, r) : 0;
    uint32_t body = 20 + padded(r->nbytes) + (options > 0 ? options + option_size(0) : 0);
    struct export_out *o = frame_place(p, r->t_ns, body + BLOCK_FRAME);

    begin(o, BLOCK_EPB, body);
    put_32(o, interface);
    put_32(o, (uint32_t)(t >> 32));
    put_32(o, (uint32_t)t);
    put_32(o, (uint32_t)r->nbytes);
    put_32(o, (uint32_t)r->nbytes);
    put_padded(o, r->bytes, r->nbytes);
    if (options > 0) {
        put_comments(o, p, r);
        put_option(o, OPT_END, "", 0);
        forget_comments(p, r->frame);
    }
    if (o == &p->out)
        end(p, body);
    else
        put_32(o, body + BLOCK_FRAME);
}

/* A server begins its part of a handshake. */
static void note_handshake(struct export_pcapng *p, const struct trace_record *r)
{
    static const char hello[] = "ServerHello:";
    if (r->kind != TRACE_KIND_REPLY || r->proto != TRACE_TLS || r->text_len < sizeof hello - 1 ||
        memcmp(r->text, hello, sizeof hello - 1) != 0)
        return;
    p->handshakes++;
    p->handshakes_until_ns = r->t_ns + HANDSHAKE_NS;
}

static void pcapng_record(void *ctx, const struct trace_record *r)
{
    struct export_pcapng *p = ctx;

    if (r->kind == TRACE_KIND_SENT)
        put_frame(p, r);
    else if (r->kind == TRACE_KIND_PHASE)
        note_phase(p, r);
    else if (trace_kind_level(r->kind) == TRACE_LINE) {
        note_handshake(p, r);
        note_line(p, r);
    }
}

struct export_pcapng *export_pcapng_open(FILE *file, bool live)
{
    struct export_pcapng *p = malloc(sizeof *p);
    if (!p) {
        if (file != stdout)
            fclose(file);
        return NULL;
    }
    if (file != stdout && fileno(file) >= 0)
        setvbuf(file, NULL, _IONBF, 0); /* `buffer` is the only one */
    p->out = (struct export_out){ .file = file, .at = p->buffer, .cap = sizeof p->buffer };
    p->epoch_s = 0;
    p->phases = p->steps = 0;
    p->waiting = 0;
    p->live = live;
    p->whole = 0;
    p->handshakes = p->handshakes_until_ns = 0;
    p->held = (struct export_out){ .at = NULL };
    p->held_at = 0;
    p->hosts = (struct export_hosts){ .count = 0 };
    p->router = NULL;
    p->nrouters = 0;
    return p;
}

struct trace_sink export_pcapng_sink(struct export_pcapng *p)
{
    return (struct trace_sink){ .levels =
                                    TRACE_BIT(TRACE_PHASE) | TRACE_BIT(TRACE_LINE) | TRACE_BIT(TRACE_PACKET),
                                .ctx = p,
                                .open = pcapng_open,
                                .record = pcapng_record };
}

int export_pcapng_error(const struct export_pcapng *p)
{
    return p->out.error;
}

int export_pcapng_close(struct export_pcapng *p)
{
    int error;
    release(p, UINT64_MAX);
    settle(p);
    error = export_out_close(&p->out);
    free(p->held.at);
    free(p->router);
    export_hosts_free(&p->hosts);
    free(p);
    return error;
}
