/*
 * An SMTP client and a server that answers whatever it likes.
 *
 * Input: octets 0 and 1: which client (bits below); octet 2: the second run gets 1 + octet % 31 octets at a
 * time; the rest comes from the server. A handshake succeeds at once.
 */
#include "tests/fuzz/fuzz_account.h"
#include "tests/fuzz/fuzz_out.h"
#include "tests/smtp/fake_sender.h"

enum {
    TLS_MAY = 1,
    TLS_MUST = 2,
    AUTH_MAY = 4,
    AUTH_MUST = 8,
    HELO = 16,
    ONE_BY_ONE = 32,
    BDAT = 64,
    CHUNKS = 128
};
enum { MANY = 1, EIGHT_BIT = 2, UTF8 = 4, BOUND = 8, NO_MESSAGE = 16 };

struct run {
    struct smtp_client client;
    struct sasl_client sasl;
    struct fake_sender *sender;
    struct fuzz_log said;
    uint64_t sent;
};

static struct smtp_client_step step;
static struct fake_sender senders[2];

static void check(struct run *r)
{
    fuzz_check_out(&step.send, false);
    HOLDS(step.verdict < SMTP_CLIENT_VERDICTS && step.after < SMTP_CLIENT_STATES);
    HOLDS(step.after == r->client.state);
    HOLDS(r->client.in_flight <= SMTP_CLIENT_IN_FLIGHT_MAX);
    fuzz_say(&r->said, step.send.text, step.send.len);
    r->sent += step.send.len;
}

static void pull(struct run *r)
{
    unsigned times = 0;
    while (smtp_client_pull(&r->client, &step)) {
        check(r);
        HOLDS(step.send.len > 0 && ++times < 10000);
    }
}

static size_t one_step(void *session, const char *in, size_t len)
{
    struct run *r = session;
    size_t used;
    if (r->client.state == SMTP_CLIENT_DONE)
        return FUZZ_CLOSED;
    if (r->client.state == SMTP_CLIENT_TLS) {
        smtp_client_tls_started(&r->client, &step);
        check(r);
        r->sasl.tls = true;
    }
    used = smtp_client_step(&r->client, in, len, &step);
    if (used == 0)
        return 0;
    check(r);
    if (r->client.authenticated)
        HOLDS(sasl_client_complete(&r->sasl));
    pull(r);
    return used;
}

static void run(struct run *r, struct fake_sender *f, uint8_t bits, uint8_t more, const uint8_t *at,
                size_t len, size_t piece)
{
    static const char content[] = "Subject: x\r\n\r\n.dots\r\n..\r\n.\r\nlast line without an end";
    struct smtp_client_config config = { .hostname = "client.example.net",
                                         .tls = bits & TLS_MUST  ? SMTP_POLICY_REQUIRED
                                                : bits & TLS_MAY ? SMTP_POLICY_IF_OFFERED
                                                                 : SMTP_POLICY_NEVER,
                                         .auth = bits & AUTH_MUST  ? SMTP_POLICY_REQUIRED
                                                 : bits & AUTH_MAY ? SMTP_POLICY_IF_OFFERED
                                                                   : SMTP_POLICY_NEVER,
                                         .no_ehlo = bits & HELO,
                                         .no_pipelining = bits & ONE_BY_ONE,
                                         .use_bdat = bits & BDAT,
                                         .chunk_octets = bits & CHUNKS ? 7 : 0 };
    memset(f, 0, offsetof(struct fake_sender, log));
    f->log_len = f->accepted = f->refused = f->failures = 0;
    f->log[0] = '\0';
    if (!(more & NO_MESSAGE)) {
        fake_add(f, content, sizeof content - 1, more & MANY ? 300 : 2)->body =
            more & EIGHT_BIT ? SMTP_BODY_8BITMIME : SMTP_BODY_7BIT;
        fake_add(f, "x\r\n", 3, 1)->smtputf8 = more & UTF8;
        fake_add(f, "", 0, 3);
    }
    *r = (struct run){ .sender = f };
    sasl_client_init(&r->sasl, &account_client);
    if (more & BOUND) {
        r->sasl.binding = WIRE_SLICE("bound");
        r->sasl.binding_type = SASL_BINDING_TLS_EXPORTER;
    }
    smtp_client_init(&r->client, &config, &fake_client_ops, f);
    smtp_client_auth(&r->client, &sasl_wire_client, &r->sasl);
    smtp_client_start(&r->client, false, &step);
    check(r);
    fuzz_feed(r, one_step, at, len, piece, SMTP_CLIENT_INPUT_MIN);
    if (r->client.state != SMTP_CLIENT_DONE) {
        smtp_client_closed(&r->client, &step);
        HOLDS(r->client.state == SMTP_CLIENT_DONE);
    }
    HOLDS(f->given == f->done); /* each message got its one verdict */
    HOLDS(f->failures <= 1);
    fuzz_say(&r->said, f->log, f->log_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    uint8_t bits = fuzz_u8(&in), more = fuzz_u8(&in);
    size_t piece = 1 + fuzz_u8(&in) % 31u;
    static struct run whole, cut;
    run(&whole, &senders[0], bits, more, in.at, in.len, in.len);
    run(&cut, &senders[1], bits, more, in.at, in.len, piece);
    HOLDS(whole.said.octets == cut.said.octets && whole.said.hash == cut.said.hash);
    return 0;
}
