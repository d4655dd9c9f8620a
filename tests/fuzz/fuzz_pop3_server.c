/*
 * A POP3 server and whatever a client may send.
 *
 * Input: octet 0: which server (bits below); octet 1: the second run gets 1 + octet % 31 octets at a time;
 * the rest comes from the client. A handshake succeeds at once.
 */
#include "tests/fuzz/fuzz_account.h"
#include "tests/fuzz/fuzz_out.h"
#include "tests/pop3/pop3_fixture.h"

enum { STLS = 1, USER = 2, NEEDS_TLS = 4, APOP = 8, IN_USE = 16, COMMIT_FAILS = 32, FEW_TRIES = 64 };

struct run {
    struct pop3_server server;
    struct fixture *drop;
    struct fuzz_log said;
    bool closed;
};

static struct pop3_step step;
static struct fixture drops[2];

static void say(struct run *r)
{
    fuzz_check_out(&step.send, false);
    fuzz_say(&r->said, step.send.text, step.send.len);
}

static size_t one_step(void *session, const char *in, size_t len)
{
    struct run *r = session;
    size_t used;
    if (r->closed)
        return FUZZ_CLOSED;
    used = pop3_server_step(&r->server, in, len, &step);
    if (used == 0)
        return 0;
    HOLDS(step.verdict < POP3_VERDICTS && step.asked && step.answered);
    HOLDS(pop3_verb_can_end(step.verb, step.verdict));
    HOLDS(step.secret_at + step.secret_len <= used);
    fuzz_check_lines(&step.send);
    say(r);
    for (unsigned times = 0; step.more; times++) {
        step.more = pop3_server_pull(&r->server, &step);
        say(r);
        HOLDS(times < 10000);
        if (step.send.len == 0)
            break;
    }
    if (step.start_tls)
        pop3_server_tls_started(&r->server);
    r->closed = step.close;
    HOLDS(r->drop->locks == (r->server.open ? 1 : 0));
    return used;
}

static void run(struct run *r, struct fixture *f, uint8_t bits, const uint8_t *at, size_t len, size_t piece)
{
    struct pop3_server_config config = { .ops = &fixture_ops,
                                         .host_name = WIRE_SLICE("mail.example.com"),
                                         .failures_max = bits & FEW_TRIES ? 2 : 0,
                                         .stls = bits & STLS,
                                         .user = bits & USER,
                                         .user_needs_tls = bits & NEEDS_TLS,
                                         .apop = bits & APOP };
    memset(f->mark, 0, 8 * sizeof f->mark[0]);
    f->count = 0;
    f->locks = 0;
    f->committed = -1;
    f->open_as = bits & IN_USE ? POP3_OPEN_IN_USE : POP3_OPEN_OK;
    f->commit_fails = bits & COMMIT_FAILS;
    sasl_server_init(&f->sasl, &account_server, f, &f->who);
    fixture_fill(f);
    *r = (struct run){ .drop = f };
    pop3_server_init(&r->server, &config, f, &sasl_wire_server, &f->sasl);
    pop3_server_start(&r->server, 0, &step);
    say(r);
    fuzz_feed(r, one_step, at, len, piece, POP3_AUTH_LINE_MAX + 2);
    pop3_server_lost(&r->server);
    HOLDS(f->locks == 0);
    fuzz_say_number(&r->said, (uint64_t)(f->committed + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    uint8_t bits = fuzz_u8(&in);
    size_t piece = 1 + fuzz_u8(&in) % 31u;
    static struct run whole, cut;
    run(&whole, &drops[0], bits, in.at, in.len, in.len);
    run(&cut, &drops[1], bits, in.at, in.len, piece);
    HOLDS(whole.said.octets == cut.said.octets && whole.said.hash == cut.said.hash);
    return 0;
}
