/*
 * TLS: the two ends of a connection and somebody in between; and the readers that tell what a hello says.
 *
 * Input: octet 0: bit 0: up to TLS 1.2, else 1.3; bits 1 and 2: raw octets to the server or client instead of
 * a handshake; then for each flight an octet: 0 it passes; 1 two octets of place and one of value; 2 it is
 * cut; 3 other octets come first. Nobody in between gets a word through that was not said.
 */
#include <check.h>

#include "protocols/tls/tls_hello.h"
#include "tests/fuzz/fuzz.h"
#include "tests/tls/pair.h"

static struct pair pairs[2];
static const char line[] = "RCPT TO:<bob@example.org>\r\n";

static void read_hellos(const uint8_t *at, size_t len)
{
    struct tls_hello hello = { 0 };
    uint8_t *body = (uint8_t *)fuzz_exact(at, len);
    tls_hello_client(body, len, &hello);
    HOLDS(hello.offered_len <= TLS_OFFERS_MAX && strlen(hello.name) <= TLS_NAME_MAX);
    (void)tls_hello_server(body, len, &hello);
    (void)tls_hello_key_exchange(body, len);
    (void)tls_hello_signature(body, len);
    if (len >= TLS_SNIFF_OCTETS)
        (void)tls_hello_sniff(body);
    free(body);
}

static void renew(struct pair *p)
{
    for (int side = 0; side < 2; side++) {
        struct tls_session_config config = { .now_s = PAIR_NOW_S,
                                             .tell = true,
                                             .random = { pair_fill, &p->random } };
        if (side == TLS_CLIENT)
            config.server_name = PAIR_NAME;
        tls_session_free(p->end[side].s);
        p->end[side].s = tls_session_new(p->contexts[side], &config);
        HOLDS(p->end[side].s);
        p->end[side].out_len = p->end[side].plain_len = 0;
        p->end[side].failed = p->end[side].last = TLS_GOES_ON;
    }
    p->events = 0;
    p->random.state = 7;
}

/* What the world is told is printable, and consistent. */
static void keep(struct pair *p, enum tls_side side)
{
    const struct tls_step *o = &p->step;
    pair_keep(p, side);
    HOLDS(o->events <= TLS_EVENTS_MAX && o->chain_len <= TLS_CHAIN_MAX && o->text_len <= TLS_TEXT_MAX);
    for (uint32_t i = 0; i < o->events; i++)
        for (size_t c = 0; c < o->event[i].text.len; c++)
            HOLDS(o->event[i].text.at[c] >= 0x20 && o->event[i].text.at[c] < 0x7f);
    p->events = 0;
}

static void give(struct pair *p, enum tls_side to, const char *octets, size_t len)
{
    size_t at = 0;
    while (at < len) {
        char *exact = fuzz_exact(octets + at, len - at);
        size_t used = tls_session_step(p->end[to].s, exact, len - at, &p->step);
        free(exact);
        HOLDS(used > 0 && used <= len - at);
        at += used;
        keep(p, to);
        while (p->step.more) {
            HOLDS(tls_session_pull(p->end[to].s, &p->step));
            keep(p, to);
        }
    }
}

/* Hands one side's octets over, as the input says. True: they were changed. */
static bool carry(struct pair *p, enum tls_side from, struct fuzz_input *in)
{
    struct pair_end *e = &p->end[from];
    enum tls_side to = from == TLS_CLIENT ? TLS_SERVER : TLS_CLIENT;
    uint8_t how = fuzz_u8(in) % 4;
    size_t len = e->out_len;
    char *octets = fuzz_exact(e->out, len);
    bool changed = false;
    e->out_len = 0;
    if (how == 1 && len > 0) {
        size_t place = fuzz_u16(in) % len;
        char value = (char)fuzz_u8(in);
        changed = octets[place] != value;
        octets[place] = value;
    } else if (how == 2 && len > 0) {
        len = fuzz_u16(in) % len;
        changed = true;
    } else if (how == 3) {
        struct fuzz_input first = fuzz_bytes(in, fuzz_u8(in));
        changed = first.len > 0;
        give(p, to, (const char *)first.at, first.len);
    }
    give(p, to, octets, len);
    free(octets);
    return changed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool open;
    struct fuzz_input in = { data, size };
    uint8_t bits = fuzz_u8(&in);
    struct pair *p = &pairs[bits & 1];
    bool changed = false;
    if (!open) {
        open = true;
        pair_open(&pairs[0], &(struct pair_config){ .max = TLS_VERSION_1_3 });
        pair_open(&pairs[1], &(struct pair_config){ .max = TLS_VERSION_1_2 });
    }
    read_hellos(in.at, in.len);
    renew(p);
    tls_session_start(p->end[TLS_CLIENT].s, &p->step);
    keep(p, TLS_CLIENT);
    if (bits & 6) {
        enum tls_side to = bits & 2 ? TLS_SERVER : TLS_CLIENT;
        give(p, to, (const char *)in.at, in.len);
        HOLDS(tls_session_state(p->end[to].s) != TLS_OPEN && p->end[to].plain_len == 0);
    } else {
        for (int i = 0; i < 6 && (p->end[0].out_len > 0 || p->end[1].out_len > 0); i++) {
            changed |= carry(p, TLS_CLIENT, &in);
            changed |= carry(p, TLS_SERVER, &in);
        }
        HOLDS(changed || tls_session_state(p->end[TLS_SERVER].s) == TLS_OPEN);
        HOLDS(p->end[TLS_SERVER].plain_len == 0); /* nothing has been said yet */
        if (tls_session_state(p->end[TLS_CLIENT].s) == TLS_OPEN) {
            size_t n = tls_session_send(p->end[TLS_CLIENT].s, line, sizeof line - 1, &p->step);
            HOLDS(n == sizeof line - 1);
            keep(p, TLS_CLIENT);
            changed |= carry(p, TLS_CLIENT, &in);
            /* Whole, or not at all. */
            HOLDS(p->end[TLS_SERVER].plain_len == (changed ? p->end[TLS_SERVER].plain_len : sizeof line - 1));
            if (p->end[TLS_SERVER].plain_len > 0)
                HOLDS(p->end[TLS_SERVER].plain_len == sizeof line - 1 &&
                      memcmp(p->end[TLS_SERVER].plain, line, sizeof line - 1) == 0);
        }
    }
    for (int side = 0; side < 2; side++) {
        tls_session_eof(p->end[side].s, &p->step);
        keep(p, (enum tls_side)side);
    }
    return 0;
}
