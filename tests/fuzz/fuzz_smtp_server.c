/*
 * An SMTP server and whatever a client may send.
 *
 * Input: octet 0: which server (bits below); octet 1: the second run gets 1 + octet % 31 octets at a time;
 * the rest comes from the client. A handshake that STARTTLS asks for succeeds at once.
 */
#include "tests/fuzz/fuzz_out.h"
#include "tests/smtp/fake_host.h"

enum { SUBMISSION = 1, TLS = 2, LF = 4, PASS_BARE = 8, PICKY = 16, OLD = 32, SLOW_HOST = 64, SMALL = 128 };

struct run {
    struct smtp_server server;
    struct fake_host *host;
    const char *stream;
    size_t at;         /* octets of the stream that the engine has taken */
    size_t data_at;    /* where the content of DATA began */
    unsigned messages; /* that were accepted before this step */
    struct fuzz_log said;
};

static struct smtp_server_step step;
static struct fake_host hosts[2];

/* What DATA means, in the plainest way (RFC 5321 section 4.5.2): lines end in CRLF, a line that begins with a
 * dot loses it, a line that is only a dot ends. Returns whether `stored` is the content of [at, end). */
static bool is_content(const char *at, const char *end, const char *stored, size_t stored_len)
{
    size_t n = 0;
    while (at < end) {
        const char *stop = at;
        while (stop + 1 < end && !(stop[0] == '\r' && stop[1] == '\n'))
            stop++;
        stop = stop + 1 < end ? stop + 2 : end;
        if (stop - at == 3 && at[0] == '.')
            return stop == end && n == stored_len;
        if (*at == '.')
            at++;
        if ((size_t)(stop - at) > stored_len - n || memcmp(stored + n, at, (size_t)(stop - at)) != 0)
            return false;
        n += (size_t)(stop - at);
        at = stop;
    }
    return false;
}

static void check(struct run *r)
{
    fake_check_marks(&step.send);
    fuzz_check_out(&step.send, true);
    fuzz_check_lines(&step.send);
    HOLDS(step.verdict < SMTP_VERDICTS && step.after < SMTP_SERVER_STATES);
    HOLDS((step.verdict == SMTP_SILENT) == (step.send.len == 0));
    HOLDS(step.after == r->server.state);
    HOLDS(step.secret_len == 0 || step.secret_at + step.secret_len <= step.line.len);
    fuzz_say(&r->said, step.send.text, step.send.len);
}

static size_t one_step(void *session, const char *in, size_t len)
{
    struct run *r = session;
    enum smtp_server_state before = r->server.state;
    size_t used;
    if (before == SMTP_SERVER_CLOSED)
        return FUZZ_CLOSED;
    if (before == SMTP_SERVER_TLS) { /* the octets that are there came after the handshake */
        smtp_server_tls_started(&r->server);
        fuzz_say_str(&r->said, "[TLS]\n");
    }
    used = smtp_server_step(&r->server, in, len, &step);
    if (used == 0)
        return 0;
    r->at += used;
    check(r);
    HOLDS(step.verb == SMTP_VERB_CONTENT || step.verdict == SMTP_SILENT ||
          smtp_verb_allows(step.verb, step.verdict));
    if (r->server.state == SMTP_SERVER_DATA && before != SMTP_SERVER_DATA)
        r->data_at = r->at;
    if (before == SMTP_SERVER_DATA && r->host->messages > r->messages)
        HOLDS(is_content(r->stream + r->data_at, r->stream + r->at, r->host->content, r->host->content_len));
    if (r->host->messages > r->messages)
        HOLDS(step.send.text[0] == '2'); /* whatever the host has, the client knows of */
    r->messages = r->host->messages;
    return used;
}

static void configure(struct smtp_server_config *config, uint8_t bits)
{
    if (bits & SUBMISSION)
        smtp_server_config_submission(config, "mail.example.com");
    else
        smtp_server_config_mta(config, "mail.example.com");
    if (bits & TLS)
        config->extensions |= SMTP_EXT_STARTTLS;
    config->extensions |= SMTP_EXT_AUTH;
    config->accept_lf = bits & LF;
    config->bare = bits & PASS_BARE ? SMTP_BARE_PASS : SMTP_BARE_REFUSE;
    config->refuse_nul = config->refuse_8bit = config->tls_required = bits & PICKY;
    config->helo_only = bits & OLD;
    if (bits & SMALL) {
        config->size_max = 100;
        config->text_line_max = 40;
        config->recipients_max = 2;
        config->errors_max = 3;
    }
}

static void run(struct run *r, struct fake_host *host, uint8_t bits, const uint8_t *at, size_t len,
                size_t piece)
{
    struct smtp_server_config config;
    memset(&config, 0, sizeof config);
    configure(&config, bits);
    host->log_len = host->content_len = 0;
    host->messages = host->recipients = host->resets = 0;
    host->connect = host->helo = host->begin = host->content_says = host->end = host->tls = SMTP_OK;
    host->auth_ok = host->auth_cancelled = false;
    host->mech = NULL;
    strcpy(host->mechanisms, "PLAIN LOGIN CRAM-MD5");
    if (bits & SLOW_HOST)
        host->content_says = host->end = SMTP_NO_STORAGE;
    *r = (struct run){ .host = host, .stream = (const char *)at };
    smtp_server_init(&r->server, &config, &fake_ops, host);
    smtp_server_auth(&r->server, &fake_auth, host);
    smtp_server_start(&r->server, false, &step);
    check(r);
    fuzz_feed(r, one_step, at, len, piece, SMTP_SERVER_INPUT_MIN);
    if (r->server.state != SMTP_SERVER_CLOSED)
        smtp_server_closed(&r->server);
    fuzz_say(&r->said, host->log, host->log_len);
    fuzz_say_number(&r->said, r->server.errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    uint8_t bits = fuzz_u8(&in);
    size_t piece = 1 + fuzz_u8(&in) % 31u;
    static struct run whole, cut;
    run(&whole, &hosts[0], bits, in.at, in.len, in.len);
    run(&cut, &hosts[1], bits, in.at, in.len, piece);
    HOLDS(whole.said.octets == cut.said.octets && whole.said.hash == cut.said.hash);
    HOLDS(whole.server.state == cut.server.state);
    return 0;
}
