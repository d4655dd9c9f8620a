/*
 * A POP3 client and a server that answers whatever it likes.
 *
 * Input: octet 0: which client (bits below); octet 1: the second run gets 1 + octet % 31 octets at a time;
 * the rest comes from the server. A handshake succeeds at once.
 */
#include "protocols/pop3/pop3_client.h"
#include "tests/fuzz/fuzz_account.h"
#include "tests/fuzz/fuzz_out.h"

enum { CAPA = 1, STLS = 2, MUST_TLS = 4, SASL = 8, STAT = 16, UIDL = 32, LEAVE = 64, REFUSES = 128 };

struct run {
    struct pop3_client client;
    struct sasl_client sasl;
    struct fuzz_log said, told;
    uint64_t body;
    uint32_t open; /* the message that has begun and not ended; 0: none */
    bool refuses;
};

static struct pop3_client_step step;

static void status(void *host, uint32_t count, uint64_t octets)
{
    struct run *r = host;
    fuzz_say_number(&r->told, count);
    fuzz_say_number(&r->told, octets);
}

static void listed(void *host, uint32_t number, uint64_t octets)
{
    HOLDS(number >= 1 && number <= POP3_CLIENT_COUNT_MAX);
    status(host, number, octets);
}

static void identified(void *host, uint32_t number, struct wire_slice uidl)
{
    struct run *r = host;
    HOLDS(uidl.len > 0);
    fuzz_say_number(&r->told, number);
    fuzz_say(&r->told, uidl.at, uidl.len);
}

static bool wanted(void *host, uint32_t number)
{
    (void)host;
    return number % 5 != 4;
}

static void begin(void *host, uint32_t number)
{
    struct run *r = host;
    HOLDS(r->open == 0 && number > 0);
    r->open = number;
    r->body = 0;
}

static void body(void *host, const char *bytes, size_t len)
{
    struct run *r = host;
    HOLDS(r->open != 0 && len > 0);
    r->body += len;
    fuzz_say(&r->told, bytes, len);
}

static bool end(void *host, uint32_t number)
{
    struct run *r = host;
    HOLDS(r->open == number);
    r->open = 0;
    fuzz_say_number(&r->told, r->body);
    return !r->refuses;
}

static const struct pop3_client_ops ops = { status, listed, identified, wanted, begin, body, end, NULL };

static void check(struct run *r)
{
    fuzz_check_out(&step.send, true);
    fuzz_check_lines(&step.send);
    HOLDS(step.read && step.verdict < POP3C_VERDICTS && step.after < POP3C_STATES);
    HOLDS(step.close == (step.after == POP3C_DONE || step.after == POP3C_FAILED));
    fuzz_say(&r->said, step.send.text, step.send.len);
}

static size_t one_step(void *session, const char *in, size_t len)
{
    struct run *r = session;
    size_t used;
    if (r->client.state == POP3C_DONE || r->client.state == POP3C_FAILED)
        return FUZZ_CLOSED;
    used = pop3_client_step(&r->client, in, len, &step);
    if (used == 0)
        return 0;
    check(r);
    if (step.start_tls) {
        r->sasl.tls = true;
        pop3_client_tls_started(&r->client, &step);
        check(r);
    }
    if (r->refuses && memcmp(step.send.text, "DELE", step.send.len < 4 ? step.send.len : 4) == 0)
        HOLDS(step.send.len == 0); /* what was not kept is not deleted */
    return used;
}

static void run(struct run *r, uint8_t bits, const uint8_t *at, size_t len, size_t piece)
{
    struct pop3_client_config config = { .ops = &ops,
                                         .capa = bits & CAPA,
                                         .stls = bits & STLS,
                                         .tls_required = bits & MUST_TLS,
                                         .sasl = bits & SASL,
                                         .stat = bits & STAT,
                                         .uidl = bits & UIDL,
                                         .leave_on_server = bits & LEAVE };
    *r = (struct run){ .refuses = bits & REFUSES };
    sasl_client_init(&r->sasl, &account_client);
    pop3_client_init(&r->client, &config, r, &sasl_wire_client, &r->sasl);
    pop3_client_start(&r->client, 0, &step);
    check(r);
    fuzz_feed(r, one_step, at, len, piece, POP3_CLIENT_LINE_MAX);
    if (r->client.state != POP3C_DONE && r->client.state != POP3C_FAILED) {
        pop3_client_lost(&r->client, &step);
        check(r);
        HOLDS(step.close);
    }
    fuzz_say_number(&r->told, pop3_client_outcome(&r->client));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    uint8_t bits = fuzz_u8(&in);
    size_t piece = 1 + fuzz_u8(&in) % 31u;
    static struct run whole, cut;
    run(&whole, bits, in.at, in.len, in.len);
    run(&cut, bits, in.at, in.len, piece);
    HOLDS(whole.said.octets == cut.said.octets && whole.said.hash == cut.said.hash);
    HOLDS(whole.told.octets == cut.told.octets && whole.told.hash == cut.told.hash);
    HOLDS(whole.client.state == cut.client.state);
    return 0;
}
