/*
 * An IMAP server with two sessions on one store, and whatever their clients may send.
 *
 * Input: octet 0: which server (bits below); octet 1: the second run gets 1 + octet % 31 octets at a time;
 * the rest comes from the clients: an octet 0xff gives the word to the other session. A handshake succeeds at
 * once.
 */
#include "tests/fuzz/fuzz_out.h"
#include "tests/imap/fixture.h"

enum {
    STARTTLS = 1,
    PRIVATE = 2,
    PLAIN = 4,
    LOGGED_IN = 8,
    QUOTA = 16,
    SMALL = 32,
    SELECTED = 64,
    NO_MEMORY = 128
};
enum { SESSIONS = 2, OUTPUT_MAX = 64 << 20 };

struct seat {
    struct imap_server server;
    struct mem_session session;
    struct fuzz_log said;
    char in[IMAP_LINE_MAX + 64]; /* what has come and is not taken yet */
    size_t in_len;
    bool continued; /* the next piece begins inside an answer */
};

static struct imap_step step;

static void collect(struct seat *s)
{
    fuzz_check_out(&step.send, !s->continued);
    HOLDS(step.verb == IMAP_VERB_NONE || step.verdict == IMAP_TAKEN ||
          (imap_verb_verdicts(step.verb) & IMAP_CAN_END(step.verdict)) != 0);
    HOLDS(step.after < IMAP_STATES && step.after == s->server.state);
    HOLDS((s->server.state == IMAP_SELECTED) == (s->server.view != NULL));
    fuzz_say(&s->said, step.send.text, step.send.len);
    HOLDS(s->said.octets < OUTPUT_MAX);
    s->continued = step.more;
}

static void pull(struct seat *s)
{
    unsigned idle = 0;
    while (step.more) {
        HOLDS(imap_server_pull(&s->server, &step));
        collect(s);
        idle = step.send.len > 0 ? 0 : idle + 1;
        HOLDS(idle < 3); /* a pull makes progress */
    }
}

static size_t one_step(void *session, const char *in, size_t len)
{
    struct seat *s = session;
    size_t used;
    if (s->server.shut)
        return FUZZ_CLOSED;
    used = imap_server_step(&s->server, in, len, &step);
    if (used == 0)
        return 0;
    HOLDS(step.secret_len == 0 || step.secret_at + step.secret_len <= used);
    collect(s);
    pull(s);
    if (step.verdict == IMAP_TLS_BEGINS)
        imap_server_tls_started(&s->server);
    return used;
}

static void feed(struct seat *s, const void *octets, size_t len, size_t piece)
{
    const char *at = octets;
    while (len > 0 && !s->server.shut) {
        size_t n = len < piece ? len : piece;
        if (n > sizeof s->in - s->in_len)
            n = sizeof s->in - s->in_len;
        HOLDS(n > 0);
        memcpy(s->in + s->in_len, at, n);
        s->in_len += n;
        at += n;
        len -= n;
        while (s->in_len > 0) {
            char *exact = fuzz_exact(s->in, s->in_len);
            size_t used = one_step(s, exact, s->in_len);
            free(exact);
            if (used == FUZZ_CLOSED)
                return;
            HOLDS(used <= s->in_len);
            if (used == 0)
                break;
            s->in_len -= used;
            memmove(s->in, s->in + used, s->in_len);
        }
    }
}

static void say(struct seat *s, const char *text)
{
    feed(s, text, strlen(text), strlen(text));
}

static void run(struct seat *seat, uint8_t bits, const uint8_t *at, size_t len, size_t piece)
{
    struct mem_store *st = fixture_store();
    struct imap_server_config *config = &fixture_config;
    size_t who = 0;
    config->starttls = bits & STARTTLS;
    config->tls_before_login = bits & PRIVATE;
    if (bits & PLAIN)
        config->extensions = 0;
    if (bits & SMALL) {
        config->append_max = 300;
        config->errors_max = 3;
    }
    if (bits & QUOTA)
        st->quota_octets = 200;
    for (size_t i = 0; i < SESSIONS; i++) {
        memset(&seat[i].session, 0, sizeof seat[i].session);
        seat[i].said = (struct fuzz_log){ 0, 0 };
        seat[i].in_len = 0;
        seat[i].continued = false;
        seat[i].session.store = st;
        imap_server_init(&seat[i].server, config, &seat[i].session, NULL, false);
        imap_server_greet(&seat[i].server, false, &step);
        collect(&seat[i]);
        if (bits & (LOGGED_IN | SELECTED) && !(bits & PRIVATE)) {
            say(&seat[i], "L LOGIN alice secret\r\n");
            if (bits & SELECTED)
                say(&seat[i], "S SELECT INBOX\r\n");
        }
    }
    st->no_memory = bits & NO_MEMORY;
    while (len > 0) {
        const uint8_t *over = memchr(at, 0xff, len);
        size_t n = over ? (size_t)(over - at) : len;
        struct seat *s = &seat[who];
        if (n > 0)
            feed(s, at, n, piece == 0 ? n : piece);
        who = (who + 1) % SESSIONS;
        s = &seat[who];
        if (!s->server.shut && imap_server_poll(&s->server, &step)) {
            collect(s);
            pull(s);
        }
        n += over ? 1 : 0;
        at += n;
        len -= n;
    }
    for (size_t i = 0; i < SESSIONS; i++) {
        imap_server_end(&seat[i].server);
        free(seat[i].session.append);
        seat[i].session.append = NULL;
    }
    HOLDS(st->lent == 0 && st->views == 0);
    for (uint32_t i = 0; i < st->boxes; i++) /* what is stored is part of what the run did */
        for (uint32_t m = 0; st->box[i].exists && m < st->box[i].n; m++) {
            fuzz_say_number(&seat[0].said, st->box[i].at[m]->uid);
            fuzz_say_number(&seat[0].said, st->box[i].at[m]->flags);
            fuzz_say(&seat[0].said, st->box[i].at[m]->bytes, st->box[i].at[m]->size);
        }
    mem_free(st);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    uint8_t bits = fuzz_u8(&in);
    size_t piece = 1 + fuzz_u8(&in) % 31u;
    static struct seat whole[SESSIONS], cut[SESSIONS];
    run(whole, bits, in.at, in.len, 0);
    run(cut, bits, in.at, in.len, piece);
    for (size_t i = 0; i < SESSIONS; i++)
        HOLDS(whole[i].said.octets == cut[i].said.octets && whole[i].said.hash == cut[i].said.hash);
    return 0;
}
