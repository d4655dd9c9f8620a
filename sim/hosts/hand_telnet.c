/* Somebody types to a server: telnet, and openssl s_client with or without -starttls.
 *
 *   connect --(TLS first)--> the server speaks --2 s--> a line is typed --> answer --2 s--> ... --> hang up,
 *                                                                       or stay until the server ends it
 *
 * With STARTTLS the tool says by itself what leads to TLS, as s_client does, and then hands over to the
 * person. The certificate is looked at and told about, never an obstacle.
 */
#include <stdio.h>
#include <string.h>

#include "sim/hosts/hand.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/tell.h"

#define PRELUDE_LINE_MAX                                                                                     \
    2048 /* octets of a reply line before TLS: no server of these protocols needs more                       \
          */

struct telnet {
    struct pump pump;
    struct errand errand;
    struct pump_ops ops; /* the protocol follows from the port */
    size_t next;
    unsigned told; /* steps of the prelude that are done */
    uint16_t code; /* of the last SMTP-like reply */
    bool in_text;  /* 354 was said: what is typed is the message, up to the dot */
    bool opened;   /* the person may type */
    struct wire_out out;
};

static const struct wire_lesson typed = {
    "A person types a line",
    "Everything a mail program says can be typed by hand; the server cannot tell the difference.",
    "RFC 5321 section 2.3.7"
};
static const struct wire_lesson typed_text = {
    "A person types the message",
    "After 354 every line belongs to the message, whatever it says, until a line holds a single dot.",
    "RFC 5321 section 4.1.1.4"
};
static const struct wire_lesson asks_tls = {
    "The tool asks for TLS before the person types",
    "openssl s_client -starttls says the first lines by itself. What is typed afterwards travels encrypted.",
    "RFC 3207 section 4, RFC 2595"
};

/* What a reply must begin with, and what the tool says then; NULL: TLS begins. */
struct prelude {
    const char *wanted, *say;
};
#define PRELUDE_MAX 3
static const struct prelude *prelude_of(enum trace_proto proto)
{
    static const struct prelude smtp[PRELUDE_MAX] = { { "220 ", "EHLO " },
                                                      { "250 ", "STARTTLS" },
                                                      { "220 ", NULL } },
                                pop3[PRELUDE_MAX] = { { "+OK", "STLS" }, { "+OK", NULL } },
                                imap[PRELUDE_MAX] = { { "* OK", ". STARTTLS" }, { ". OK", NULL } };
    return proto == TRACE_POP3 ? pop3 : proto == TRACE_IMAP ? imap : smtp;
}

static const struct spec_action *spec_of(const struct telnet *t)
{
    return t->errand.run->spec;
}

/* What a person would have typed to get there. */
static const char *program_of(struct telnet *t)
{
    return spec_of(t)->security == SPEC_PLAIN ? "telnet" : "openssl";
}

static bool in_prelude(const struct telnet *t)
{
    return !t->opened && spec_of(t)->security == SPEC_STARTTLS;
}

static void begin_tls(struct telnet *t)
{
    pump_secure(&t->pump, secure_client(t->errand.host->world, TLS_CHECK_OPPORTUNISTIC), t->errand.server);
    pump_wait(&t->pump, MUA_REPLY_NS);
}

static void tel_opened(struct pump *p)
{
    struct telnet *t = CORE_OWNER(p, struct telnet, pump);
    if (spec_of(t)->security == SPEC_TLS) {
        begin_tls(t);
        return;
    }
    t->opened = spec_of(t)->security == SPEC_PLAIN;
    pump_wait(p, t->opened ? HAND_TYPING_NS : MUA_REPLY_NS);
}

static void tel_secured(struct pump *p)
{
    CORE_OWNER(p, struct telnet, pump)->opened = true;
    pump_wait(p, HAND_TYPING_NS);
}

static void give_up(struct telnet *t, const char *name, const char *why)
{
    if (!t->errand.settled)
        errand_end(&t->errand, "telnet-done", "not-secured", t->code, "", name, (uint32_t)t->next,
                   "openssl: %s", why);
}

static void tel_not_secured(struct pump *p, const char *name, const struct wire_lesson *why)
{
    give_up(CORE_OWNER(p, struct telnet, pump), name, why->title);
}

static void say(struct telnet *t, const struct wire_lesson *why, const char *line, const char *rest)
{
    wire_out_reset(&t->out);
    wire_out_line(&t->out, why);
    wire_out_str(&t->out, line);
    wire_out_str(&t->out, rest);
    wire_out_str(&t->out, "\r\n");
    pump_say(&t->pump, &t->out);
}

/* The tool's own name in EHLO: its address, RFC 5321 section 4.1.3. */
static const char *literal_of(const struct telnet *t, char buf[NET_ADDR_TEXT + 8])
{
    struct net_addr addr;
    uint16_t port;
    pump_local(&t->pump, &addr, &port);
    snprintf(buf, NET_ADDR_TEXT + 8, "[%s%s]", net_addr_is4(&addr) ? "" : "IPv6:", tell_addr(&addr));
    return buf;
}

/* One reply line before TLS. */
static void prelude_line(struct telnet *t, const char *line, size_t len)
{
    const struct prelude *step = &prelude_of(t->ops.proto)[t->told];
    size_t wanted = strlen(step->wanted);
    char name[NET_ADDR_TEXT + 8];
    if (t->ops.proto == TRACE_SMTP && len > 3 && line[3] == '-')
        return; /* the reply goes on */
    if (t->ops.proto == TRACE_IMAP && step->wanted[0] == '.' && line[0] == '*')
        return; /* untagged: not the answer yet */
    if (len < wanted || memcmp(line, step->wanted, wanted) != 0) {
        give_up(t, "", "the server does not agree to STARTTLS");
        pump_close(&t->pump);
        return;
    }
    t->told++;
    if (!step->say)
        begin_tls(t);
    else
        say(t, &asks_tls, step->say, step->say[strlen(step->say) - 1] == ' ' ? literal_of(t, name) : "");
}

static size_t tel_step(struct pump *p, const char *in, size_t len)
{
    struct telnet *t = CORE_OWNER(p, struct telnet, pump);
    const char *lf = memchr(in, '\n', len);
    size_t used = lf ? (size_t)(lf - in) + 1 : len;
    if (!lf && in_prelude(t) && len < PRELUDE_LINE_MAX)
        return 0;
    if (used >= 4 && in[0] >= '2' && in[0] <= '5' && wire_is_digit(in[1]) && wire_is_digit(in[2]))
        t->code = (uint16_t)((in[0] - '0') * 100 + (in[1] - '0') * 10 + (in[2] - '0'));
    t->in_text = t->code == 354 && t->ops.proto == TRACE_SMTP;
    if (in_prelude(t)) {
        pump_wait(p, MUA_REPLY_NS);
        prelude_line(t, in, used);
    } else {
        pump_wait(p, HAND_TYPING_NS);
    }
    return used;
}

static bool is_content(const struct pump *p, const struct wire_lesson *why)
{
    (void)p;
    return why == &typed_text;
}

static bool tel_pull(struct pump *p)
{
    (void)p;
    return false;
}

static void tel_peer_closed(struct pump *p)
{
    struct telnet *t = CORE_OWNER(p, struct telnet, pump);
    if (in_prelude(t))
        give_up(t, "", "the server hung up before TLS began");
    else if (!t->errand.settled)
        errand_end(&t->errand, "telnet-done", "ok", t->code, "", "", (uint32_t)t->next, NULL);
    pump_close(p);
}

/* Nothing has happened for a while: the person types the next line. */
static void tel_expired(struct pump *p)
{
    struct telnet *t = CORE_OWNER(p, struct telnet, pump);
    const struct spec_action *a = spec_of(t);
    if (!t->opened || p->closing) {
        pump_abort(p);
        return;
    }
    if (t->next == a->nlines && a->stay) {
        pump_wait(p, 0); /* looks at the screen */
        return;
    }
    if (t->next == a->nlines) {
        errand_end(&t->errand, "telnet-done", "ok", t->code, "", "", (uint32_t)t->next, NULL);
        pump_close(p);
        pump_wait(p, MUA_REPLY_NS);
        return;
    }
    say(t, t->in_text ? &typed_text : &typed, a->lines[t->next], "");
    if (strcmp(a->lines[t->next++], ".") == 0)
        t->in_text = false;
    pump_wait(p, HAND_TYPING_NS);
}

static void tel_ended(struct pump *p, enum tcp_end why)
{
    struct telnet *t = CORE_OWNER(p, struct telnet, pump);
    if (!t->errand.settled)
        errand_end(&t->errand, "telnet-done", t->opened && why == TCP_END_NORMAL ? "ok" : errand_word(why),
                   t->code, "", "", (uint32_t)t->next, "%s: %s", program_of(t), errand_sentence(why));
}

enum trace_proto hand_proto(uint16_t port)
{
    switch (port) {
    case 110:
    case 995:
        return TRACE_POP3;
    case 143:
    case 993:
        return TRACE_IMAP;
    default:
        return TRACE_SMTP;
    }
}

/* Which connection is this person's: for whoever shows it. */
static void tell_open(const struct telnet *t)
{
    const struct errand *e = &t->errand;
    struct trace_record r;
    if (!tell_state(&r, e->host, TRACE_KIND_CLIENT, "telnet-open"))
        return;
    r.conn = pump_number(&t->pump);
    r.peer = t->pump.peer;
    trace_attr_str(&r, "action", spec_of(t)->name ? spec_of(t)->name : "");
    trace_attr_str(&r, "server", e->server);
    trace_attr_str(&r, "address", tell_addr(&e->found.addr[0]));
    trace_attr_num(&r, "port", e->port);
    tell_send(&r, e->host, false);
}

static void tel_ready(struct errand *e)
{
    struct telnet *t = CORE_OWNER(e, struct telnet, errand);
    if (e->found.n == 0 || !pump_connect(&t->pump, e->host, &t->ops, &e->found.addr[0], e->port)) {
        errand_end(e, "telnet-done", e->found.n == 0 ? "no-server" : "unreachable", 0, "", "", 0,
                   "%s: %s: %s", program_of(t), e->server,
                   e->found.n == 0 ? "name or service not known" : "network is unreachable");
        return;
    }
    tell_open(t);
    pump_wait(&t->pump, MUA_CONNECT_NS);
}

void hand_telnet(struct action_run *run)
{
    struct telnet *t = core_arena_take(&run->world->arena, sizeof *t);
    const struct spec_action *a = run->spec;
    t->ops = (struct pump_ops){ .proto = hand_proto(a->port),
                                .dir = 'C',
                                .opened = tel_opened,
                                .step = tel_step,
                                .pull = tel_pull,
                                .peer_closed = tel_peer_closed,
                                .expired = tel_expired,
                                .ended = tel_ended,
                                .content = is_content,
                                .secured = tel_secured,
                                .not_secured = tel_not_secured };
    tell_phase(run->host, PHASE_TELNET, 0, 0, "Somebody at %s types: telnet %s %u", run->host->spec->name,
               a->server, a->port);
    errand_start(&t->errand, run, NULL, run->host, a->server, a->port, tel_ready);
}
