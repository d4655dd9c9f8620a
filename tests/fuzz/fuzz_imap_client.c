/*
 * An IMAP client with a day's work, and a server that answers whatever it likes.
 *
 * Input: octet 0: which client (bits below) and where its work begins; octet 1: the second run gets 1 + octet
 * % 31 octets at a time; the rest comes from the server. A handshake succeeds at once.
 */
#include "protocols/imap/imap_client.h"
#include "tests/fuzz/fuzz_account.h"
#include "tests/fuzz/fuzz_out.h"

enum { TLS_MASK = 3, LOGIN = 4, STOP_IDLE = 8, FIRST_SHIFT = 4 };

static const char letter[] = "From: alice@example.com\r\nSubject: draft\r\n\r\nnot yet\r\n";

static const struct imap_task tasks[] = {
    { .verb = IMAP_VERB_SELECT, .mailbox = "INBOX" },
    { .verb = IMAP_VERB_UID_FETCH, .set = "1:*", .args = "(UID FLAGS RFC822.SIZE INTERNALDATE ENVELOPE)" },
    { .verb = IMAP_VERB_FETCH, .set = "1:3", .args = "(UID BODY.PEEK[])" },
    { .verb = IMAP_VERB_STORE, .set = "1", .args = "(\\Seen)", .mode = IMAP_FLAGS_ADD },
    { .verb = IMAP_VERB_APPEND,
      .mailbox = "Sent \"x\" \\",
      .args = "(\\Seen)",
      .size_octets = sizeof letter - 1 },
    { .verb = IMAP_VERB_IDLE },
    { .verb = IMAP_VERB_SEARCH, .args = "UNSEEN" },
    { .verb = IMAP_VERB_LIST, .mailbox = "*" },
    { .verb = IMAP_VERB_STATUS, .mailbox = "Sent", .args = "(MESSAGES UNSEEN)" },
    { .verb = IMAP_VERB_COPY, .set = "1:2", .mailbox = "Archive" },
    { .verb = IMAP_VERB_MOVE, .set = "3", .mailbox = "Archive" },
    { .verb = IMAP_VERB_RENAME, .mailbox = "Archive", .to = "Old" },
    { .verb = IMAP_VERB_ENABLE, .args = "QRESYNC" },
    { .verb = IMAP_VERB_SELECT, .mailbox = "INBOX", .args = "(QRESYNC (1001 917))" },
    { .verb = IMAP_VERB_UID_SEARCH, .args = "RETURN (ALL COUNT) UNSEEN" },
    { .verb = IMAP_VERB_SORT, .args = "(REVERSE DATE) UTF-8 ALL" },
    { .verb = IMAP_VERB_EXPUNGE },
    { .verb = IMAP_VERB_CLOSE },
};
enum { TASKS = sizeof tasks / sizeof tasks[0] };

struct run {
    struct imap_client client;
    struct sasl_client sasl;
    struct fuzz_log said, told;
    size_t next;
    const struct imap_task *open; /* given and not reported */
    uint64_t body_at, body_size;
    bool stop_idle, continued;
    unsigned logins;
};

static struct imap_client_step step;

static void say_slice(struct run *r, struct wire_slice s)
{
    if (s.len > 0)
        fuzz_say(&r->told, s.at, s.len);
    fuzz_say(&r->told, "|", 1);
}

static const struct imap_task *next_task(void *host)
{
    struct run *r = host;
    HOLDS(r->open == NULL);
    return r->next < TASKS ? (r->open = &tasks[r->next++]) : NULL;
}

static void result(void *host, const struct imap_result *res)
{
    struct run *r = host;
    HOLDS(res->answer < IMAP_ANSWERS_END);
    HOLDS(res->task == NULL || res->task == r->open);
    if (res->task)
        r->open = NULL;
    else if (res->answer == IMAP_ANSWER_LOGGED_IN)
        r->logins++;
    HOLDS(r->logins <= 1);
    fuzz_say_number(&r->told, res->answer);
    fuzz_say_number(&r->told, res->uid);
    say_slice(r, res->code);
    say_slice(r, res->text);
}

static void capability(void *host, struct wire_slice names)
{
    say_slice(host, names);
}

static void mailbox(void *host, struct wire_slice attributes, struct wire_slice name, bool lsub)
{
    say_slice(host, attributes);
    say_slice(host, name);
    fuzz_say_number(&((struct run *)host)->told, lsub);
}

static void status(void *host, struct wire_slice name, struct wire_slice items)
{
    say_slice(host, name);
    say_slice(host, items);
}

static void opened(void *host, const struct imap_opened *m)
{
    struct run *r = host;
    fuzz_say_number(&r->told, m->exists);
    fuzz_say_number(&r->told, m->uidnext);
}

static void number(void *host, uint32_t n)
{
    fuzz_say_number(&((struct run *)host)->told, n);
}

static void fetched(void *host, const struct imap_fetched *f)
{
    struct run *r = host;
    fuzz_say_number(&r->told, f->seq);
    fuzz_say_number(&r->told, f->have);
    if (f->have & IMAP_FETCHED_FLAGS)
        say_slice(r, f->flag_list);
    if (f->have & IMAP_FETCHED_DATE)
        say_slice(r, f->date);
    if (f->have & IMAP_FETCHED_ENVELOPE) {
        say_slice(r, f->envelope.subject);
        say_slice(r, f->envelope.from);
        say_slice(r, f->envelope.message_id);
    }
    if (f->have & IMAP_FETCHED_STRUCTURE)
        say_slice(r, f->structure);
}

/* A body comes without gaps, from its first octet to the size that was told. */
static void body(void *host, const struct imap_body *b)
{
    struct run *r = host;
    if (b->offset == 0)
        r->body_at = 0, r->body_size = b->size_octets;
    HOLDS(b->offset == r->body_at && b->size_octets == r->body_size && b->offset + b->len <= b->size_octets);
    r->body_at += b->len;
    if (b->len > 0)
        fuzz_say(&r->told, b->bytes, b->len);
}

static size_t append_read(void *host, const struct imap_task *task, uint64_t offset, const char **at)
{
    size_t n = (size_t)(task->size_octets - offset);
    (void)host;
    HOLDS(offset < task->size_octets);
    *at = letter + offset;
    return n < 7 ? n : 7;
}

static bool idle_over(void *host)
{
    return ((struct run *)host)->stop_idle;
}

static void summary(void *host, const struct imap_summary *m)
{
    (void)m;
    fuzz_say(&((struct run *)host)->told, "summary|", 8);
}

static void vanished(void *host, uint32_t lo, uint32_t hi, bool earlier)
{
    struct run *r = host;
    HOLDS(lo <= hi && lo > 0);
    number(r, lo);
    number(r, hi);
    number(r, earlier);
}

static const struct imap_client_ops ops = { .next_task = next_task,
                                            .result = result,
                                            .capability = capability,
                                            .mailbox = mailbox,
                                            .status = status,
                                            .opened = opened,
                                            .exists = number,
                                            .expunged = number,
                                            .fetched = fetched,
                                            .body = body,
                                            .found = number,
                                            .summary = summary,
                                            .vanished = vanished,
                                            .append_read = append_read,
                                            .idle_over = idle_over };

static void collect(struct run *r)
{
    fuzz_check_out(&step.send, !r->continued);
    HOLDS(step.answer < IMAP_ANSWERS_END);
    fuzz_say(&r->said, step.send.text, step.send.len);
    r->continued = step.more;
}

static void pull(struct run *r)
{
    unsigned idle = 0;
    while (step.more) {
        HOLDS(imap_client_pull(&r->client, &step));
        collect(r);
        idle = step.send.len > 0 ? 0 : idle + 1;
        HOLDS(idle < 3);
    }
}

static size_t one_step(void *session, const char *in, size_t len)
{
    struct run *r = session;
    size_t used;
    if (r->client.state == IMAP_CLIENT_CLOSED)
        return FUZZ_CLOSED;
    used = imap_client_step(&r->client, in, len, &step);
    if (used == 0)
        return 0;
    collect(r);
    pull(r);
    if (step.answer == IMAP_ANSWER_TLS_NOW) {
        r->sasl.tls = true;
        imap_client_tls_started(&r->client, &step);
        collect(r);
        pull(r);
    }
    return used;
}

static void run(struct run *r, uint8_t bits, const uint8_t *at, size_t len, size_t piece)
{
    static struct imap_client_scratch scratch;
    struct imap_client_config config = { .ops = &ops,
                                         .auth = &sasl_wire_client,
                                         .scratch = &scratch,
                                         .tls = (enum imap_client_tls)(bits & TLS_MASK),
                                         .use_login = bits & LOGIN };
    *r = (struct run){ .stop_idle = bits & STOP_IDLE, .next = (bits >> FIRST_SHIFT) % TASKS };
    sasl_client_init(&r->sasl, &account_client);
    imap_client_start(&r->client, &config, r, &r->sasl, &step);
    collect(r);
    fuzz_feed(r, one_step, at, len, piece, IMAP_LINE_MAX);
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
