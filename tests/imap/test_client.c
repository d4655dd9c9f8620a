/* The client: against the server back to back, and against servers of all kinds by script. */
#include "protocols/imap/imap_client.h"
#include "tests/imap/fixture.h"

#include "tests/check_main.h"

#include <stdarg.h>

static struct mem_store *st;
static struct wire w;

static struct {
    struct imap_client client;
    struct imap_client_step step;
    struct imap_client_config config;
    struct imap_client_scratch scratch;
    const struct imap_task *task;
    size_t tasks, next;
    const char *message; /* for APPEND */
    bool stop_idle, no_choice, challenge_first;
    const char *password;
    char log[400000]; /* what the host was told */
    size_t log_len;
    char sent[400000];
    size_t sent_len;
    char *body;
    size_t body_len;
    uint32_t found;
    char masked[200]; /* what a view would hide */
} h;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    h.log_len += (size_t)vsnprintf(h.log + h.log_len, sizeof h.log - h.log_len, format, ap);
    va_end(ap);
    ck_assert_uint_lt(h.log_len, sizeof h.log);
}

#define SLICE(s) (int)(s).len, (s).len ? (s).at : ""

static const struct imap_task *next_task(void *host)
{
    (void)host;
    return h.next < h.tasks ? &h.task[h.next++] : NULL;
}

static void result(void *host, const struct imap_result *r)
{
    (void)host;
    note("%s %s [%.*s]", r->task ? imap_verb_info(r->task->verb)->name : "session",
         imap_answer_info(r->answer)->name, SLICE(r->code));
    if (r->uid)
        note(" uid %u of %u", r->uid, r->uidvalidity);
    note("\n");
}

static void mailbox(void *host, struct wire_slice attributes, struct wire_slice name, bool lsub)
{
    (void)host;
    note("mailbox %.*s (%.*s)%s\n", SLICE(name), SLICE(attributes), lsub ? " subscribed" : "");
}

static void status(void *host, struct wire_slice name, struct wire_slice items)
{
    (void)host;
    note("status %.*s %.*s\n", SLICE(name), SLICE(items));
}

static void opened(void *host, const struct imap_opened *m)
{
    (void)host;
    note("opened exists %u recent %u unseen %u validity %u next %u%s\n", m->exists, m->recent, m->unseen,
         m->uidvalidity, m->uidnext, m->read_only ? " read-only" : "");
}

static void exists(void *host, uint32_t n)
{
    (void)host;
    note("exists %u\n", n);
}

static void expunged(void *host, uint32_t seq)
{
    (void)host;
    note("expunged %u\n", seq);
}

static void fetched(void *host, const struct imap_fetched *f)
{
    (void)host;
    note("fetched %u", f->seq);
    if (f->uid)
        note(" uid %u", f->uid);
    if (f->have & IMAP_FETCHED_FLAGS)
        note(" flags %x (%.*s)", f->flags, SLICE(f->flag_list));
    if (f->have & IMAP_FETCHED_SIZE)
        note(" size %u", (unsigned)f->size_octets);
    if (f->have & IMAP_FETCHED_DATE)
        note(" date %.*s", SLICE(f->date));
    if (f->have & IMAP_FETCHED_ENVELOPE)
        note(" subject \"%.*s\" from %.*s <%.*s> to %.*s id %.*s", SLICE(f->envelope.subject),
             SLICE(f->envelope.from_name), SLICE(f->envelope.from), SLICE(f->envelope.to),
             SLICE(f->envelope.message_id));
    if (f->have & IMAP_FETCHED_BODY)
        note(" body");
    if (f->have & IMAP_FETCHED_STRUCTURE)
        note(" structure %.*s", SLICE(f->structure));
    note("\n");
}

static void body(void *host, const struct imap_body *b)
{
    (void)host;
    if (b->offset == 0 && b->len == 0)
        note("body of %u [%.*s] size %u\n", b->seq, SLICE(b->section), (unsigned)b->size_octets);
    if (b->len == 0)
        return;
    if (b->offset == 0)
        h.body_len = 0;
    ck_assert_uint_eq(b->offset, h.body_len);
    h.body = realloc(h.body, h.body_len + b->len);
    memcpy(h.body + h.body_len, b->bytes, b->len);
    h.body_len += b->len;
    if (b->offset + b->len == b->size_octets)
        note("body ends\n");
}

static void found(void *host, uint32_t number)
{
    (void)host;
    h.found = h.found * 10 + number;
}

static size_t append_read(void *host, const struct imap_task *task, uint64_t offset, const char **at)
{
    size_t n = (size_t)(task->size_octets - offset);
    (void)host;
    *at = h.message + offset;
    return n < 3000 ? n : 3000;
}

static bool idle_over(void *host)
{
    (void)host;
    return h.stop_idle;
}

static const struct imap_client_ops ops = { next_task, result, NULL,     mailbox,     status,
                                            opened,    exists, expunged, fetched,     body,
                                            found,     NULL,   NULL,     append_read, idle_over };

static const char *choose(void *ctx, const char *offered)
{
    (void)ctx;
    return !h.no_choice && strstr(offered, "PLAIN") ? "PLAIN" : NULL;
}

static bool initial(void *ctx, char *out, size_t *out_len)
{
    (void)ctx;
    if (h.challenge_first)
        return false;
    *out_len = (size_t)snprintf(out, 100, "%calice%c%s", 0, 0, h.password);
    return true;
}

static enum wire_auth respond(void *ctx, const char *in, size_t len, char *out, size_t *out_len)
{
    (void)ctx;
    if (wire_equal(in, len, "evil", 4))
        return WIRE_AUTH_MALFORMED;
    *out_len = (size_t)snprintf(out, 100, "response");
    return WIRE_AUTH_MORE;
}

static const char *user(void *ctx)
{
    (void)ctx;
    return "alice";
}

static const char *password(void *ctx)
{
    (void)ctx;
    return h.password;
}

static const struct wire_auth_client auth = {
    .choose = choose, .initial = initial, .respond = respond, .user = user, .password = password
};

static void collect(void)
{
    const struct wire_out *o = &h.step.send;
    ck_assert(!o->full);
    ck_assert_uint_lt(h.sent_len + o->len, sizeof h.sent);
    memcpy(h.sent + h.sent_len, o->text, o->len);
    h.sent_len += o->len;
    h.sent[h.sent_len] = '\0';
    ck_assert(o->len == 0 || (o->lines > 0 && o->line[0].at == 0));
    for (uint32_t i = 0; i < o->lines; i++) {
        size_t have = strlen(h.masked);
        ck_assert_uint_lt(have + o->line[i].secret_len, sizeof h.masked);
        memcpy(h.masked + have, o->text + o->line[i].at + o->line[i].secret_at, o->line[i].secret_len);
    }
}

static void setup(void)
{
    free(h.body);
    memset(&h, 0, sizeof h);
    st = fixture_store();
    h.password = "secret";
    h.config = (struct imap_client_config){ &ops, &auth, &h.scratch, IMAP_TLS_NONE, false };
}

static void teardown(void)
{
    mem_free(st);
    free(h.body);
    h.body = NULL;
}

/* ---- back to back ---- */

/* Runs until both are silent; octets cross `piece` at a time. */
static void meet(const struct imap_task *tasks, size_t n, size_t piece)
{
    static char to_client[2 << 20];
    size_t have = 0, crossed = 0;
    h.task = tasks;
    h.tasks = n;
    if (h.client.config == NULL) {
        imap_client_start(&h.client, &h.config, NULL, NULL, &h.step);
        wire_open(&w, st);
        imap_server_greet(&w.server, false, &w.step);
        wire_collect(&w);
    } else {
        imap_client_wake(&h.client, &h.step);
        collect();
    }
    for (;;) {
        size_t used = 0, give = h.sent_len - crossed;
        if (give > 0) { /* what the client has sent goes to the server */
            wire_feed(&w, h.sent + crossed, give, piece);
            crossed += give;
        }
        if (w.out_len > 0) {
            ck_assert_uint_lt(have + w.out_len, sizeof to_client);
            memcpy(to_client + have, w.out, w.out_len);
            have += w.out_len;
            w.out_len = 0;
        }
        for (size_t seen = piece; have > 0; seen += piece) {
            used = imap_client_step(&h.client, to_client, seen < have ? seen : have, &h.step);
            if (used > 0 || seen >= have)
                break;
        }
        if (used == 0)
            return;
        memmove(to_client, to_client + used, have - used);
        have -= used;
        collect();
        while (h.step.more) {
            ck_assert(imap_client_pull(&h.client, &h.step));
            collect();
        }
        if (h.step.answer == IMAP_ANSWER_TLS_NOW) {
            imap_server_tls_started(&w.server);
            imap_client_tls_started(&h.client, &h.step);
            collect();
        }
        if (h.step.close)
            return;
    }
}

static const struct imap_task day[] = {
    { .verb = IMAP_VERB_LIST, .mailbox = "*" },
    { .verb = IMAP_VERB_SELECT, .mailbox = "INBOX" },
    { .verb = IMAP_VERB_FETCH, .set = "1:*", .args = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)" },
    { .verb = IMAP_VERB_UID_FETCH, .set = "2", .args = "(BODY.PEEK[])" },
    { .verb = IMAP_VERB_UID_STORE, .set = "2", .mode = IMAP_FLAGS_ADD, .args = "(\\Seen \\Deleted)" },
    { .verb = IMAP_VERB_UID_COPY, .set = "1:2", .mailbox = "Archive/2024" },
    { .verb = IMAP_VERB_EXPUNGE },
    { .verb = IMAP_VERB_STATUS, .mailbox = "Archive/2024", .args = "(MESSAGES UIDNEXT)" },
    { .verb = IMAP_VERB_UID_SEARCH, .args = "FLAGGED" },
    { .verb = IMAP_VERB_APPEND, .mailbox = "Sent", .args = "(\\Seen)", .size_octets = sizeof mail_plain - 1 },
    { .verb = IMAP_VERB_SELECT, .mailbox = "No such" },
    { .verb = IMAP_VERB_LOGOUT },
};

static const char day_log[] =
    "session LOGGED_IN [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE UIDPLUS "
    "MOVE "
    "UNSELECT CHILDREN SPECIAL-USE LIST-EXTENDED LIST-STATUS ESEARCH SEARCHRES STATUS=SIZE BINARY CONDSTORE "
    "QRESYNC QUOTA QUOTA=RES-STORAGE SORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES UTF8=ACCEPT "
    "APPENDLIMIT=67108864]\n"
    "mailbox INBOX (\\HasNoChildren)\nmailbox Sent (\\HasNoChildren \\Sent)\n"
    "mailbox Archive/2023 (\\HasNoChildren)\nmailbox Archive/2024 (\\HasNoChildren)\n"
    "LIST OK []\n"
    "opened exists 3 recent 3 unseen 2 validity 1001 next 4\nSELECT OK [READ-WRITE]\n"
    "fetched 1 uid 1 flags 21 (\\Seen \\Recent) size 195 date  1-Jan-2024 08:05:00 +0000 subject \"Hello\" "
    "from Ann "
    "Example <ann@example.org> to alice@example.com id <1@example.org>\n"
    "fetched 2 uid 2 flags 20 (\\Recent) size 446 date  2-Jan-2024 10:00:00 +0000 subject \"The plan\" from  "
    "<bob@example.com> to alice@example.com id \n"
    "fetched 3 uid 3 flags 24 (\\Flagged \\Recent) size 240 date  3-Jan-2024 11:00:00 +0000 subject \"Fwd\" "
    "from  "
    "<carol@example.net> to  id \n"
    "FETCH OK []\n"
    "fetched 2 body\nbody of 2 [] size 446\nbody ends\nfetched 2 uid 2\nUID FETCH OK []\n"
    "fetched 2 uid 2 flags 29 (\\Seen \\Deleted \\Recent)\nUID STORE OK []\n"
    "UID COPY OK [COPYUID 1004 1:2 1:2]\n"
    "expunged 2\nEXPUNGE OK []\n"
    "status Archive/2024 MESSAGES 2 UIDNEXT 3\nSTATUS OK []\n"
    "UID SEARCH OK []\n"
    "APPEND OK [APPENDUID 1002 1] uid 1 of 1002\n"
    "SELECT NO [NONEXISTENT]\n"
    "LOGOUT FINISHED []\n";

static void live_a_day(size_t piece)
{
    h.message = mail_plain;
    meet(day, sizeof day / sizeof day[0], piece);
    ck_assert_str_eq(h.log, day_log);
    ck_assert_uint_eq(h.found, 3);
    ck_assert_uint_eq(h.body_len, sizeof mail_multipart - 1);
    ck_assert_int_eq(memcmp(h.body, mail_multipart, h.body_len), 0);
    ck_assert_uint_eq(mem_box(st, "Sent")->n, 1);
    ck_assert_uint_eq(mem_box(st, "Sent")->at[0]->size, sizeof mail_plain - 1);
    ck_assert_int_eq(memcmp(mem_box(st, "Sent")->at[0]->bytes, mail_plain, sizeof mail_plain - 1), 0);
    ck_assert_int_eq(h.client.state, IMAP_CLIENT_CLOSED);
    ck_assert_int_eq(w.server.state, IMAP_LOGOUT);
    wire_close(&w);
    ck_assert_int_eq(st->lent, 0);
    ck_assert_int_eq(st->views, 0);
}

START_TEST(a_mail_apps_day_works_whole)
{
    live_a_day(65536);
}
END_TEST

START_TEST(a_mail_apps_day_works_octet_by_octet)
{
    live_a_day(1);
}
END_TEST

START_TEST(an_old_server_without_extensions_will_do)
{
    static const struct imap_task tasks[] = {
        { .verb = IMAP_VERB_MOVE, .set = "1", .mailbox = "Sent" },
        { .verb = IMAP_VERB_SELECT, .mailbox = "INBOX" },
        { .verb = IMAP_VERB_APPEND, .mailbox = "Sent", .size_octets = sizeof mail_plain - 1 },
        { .verb = IMAP_VERB_APPEND, .mailbox = "Nowhere", .size_octets = sizeof mail_plain - 1 },
        { .verb = IMAP_VERB_IDLE },
        { .verb = IMAP_VERB_LOGOUT },
    };
    fixture_config.extensions = 0;
    h.message = mail_plain;
    meet(tasks, 6, 100);
    ck_assert_ptr_nonnull(strstr(h.sent, "A1 AUTHENTICATE PLAIN\r\nAGFsaWNlAHNlY3JldA==\r\n"));
    ck_assert_ptr_nonnull(strstr(h.log, "MOVE NOT_OFFERED []\n"));
    ck_assert_ptr_nonnull(strstr(h.log, "APPEND OK []\n"));
    ck_assert_ptr_nonnull(strstr(h.log, "APPEND NO [TRYCREATE]\n"));
    ck_assert_ptr_nonnull(strstr(h.sent, " APPEND Nowhere {195}\r\nA")); /* the message stays at home */
    ck_assert_ptr_nonnull(strstr(h.sent, " NOOP\r\n"));
    ck_assert_ptr_nonnull(strstr(h.log, "IDLE OK []\nLOGOUT FINISHED"));
    wire_close(&w);
}
END_TEST

START_TEST(tls_is_demanded_before_the_password)
{
    static const struct imap_task tasks[] = { { .verb = IMAP_VERB_LOGOUT } };
    fixture_config.starttls = fixture_config.tls_before_login = true;
    h.config.tls = IMAP_TLS_REQUIRED;
    meet(tasks, 1, 65536);
    ck_assert_int_eq(strncmp(h.sent, "A1 STARTTLS\r\nA2 CAPABILITY\r\nA3 AUTHENTICATE PLAIN AGF", 53), 0);
    ck_assert_str_eq(h.masked, "AGFsaWNlAHNlY3JldA==");
    ck_assert_ptr_nonnull(strstr(h.log, "LOGOUT FINISHED"));
    wire_close(&w);
}
END_TEST

START_TEST(without_tls_the_client_that_insists_gives_up)
{
    h.config.tls = IMAP_TLS_REQUIRED;
    meet(NULL, 0, 65536);
    ck_assert_str_eq(h.log, "session TLS_MISSING []\nsession FINISHED []\n");
    ck_assert_str_eq(h.sent, "A1 LOGOUT\r\n");
    wire_close(&w);
}
END_TEST

START_TEST(a_wrong_password_is_told_and_not_tried_again)
{
    h.password = "guess";
    h.config.use_login = true;
    meet(NULL, 0, 65536);
    ck_assert_str_eq(h.log, "session LOGIN_REFUSED [AUTHENTICATIONFAILED]\nsession FINISHED []\n");
    ck_assert_str_eq(h.sent, "A1 LOGIN \"alice\" \"guess\"\r\nA2 LOGOUT\r\n");
    ck_assert_str_eq(h.masked, "\"guess\"");
    wire_close(&w);
}
END_TEST

START_TEST(login_is_the_way_when_no_mechanism_suits)
{
    static const struct imap_task tasks[] = { { .verb = IMAP_VERB_LOGOUT } };
    h.no_choice = true;
    meet(tasks, 1, 65536);
    ck_assert_ptr_nonnull(strstr(h.log, "LOGGED_IN"));
    wire_close(&w);
    teardown();
    setup();
    fixture_config.tls_before_login = true;
    meet(tasks, 1, 65536);
    ck_assert_str_eq(h.log, "session NO_WAY_IN []\nsession FINISHED []\n");
    wire_close(&w);
}
END_TEST

START_TEST(passwords_with_letters_outside_ascii_go_as_literals_and_are_masked)
{
    h.password = "gr\xc3\xbc\xc3\x9f";
    h.config.use_login = true;
    fixture_config.extensions = 0;
    meet(NULL, 0, 65536);
    ck_assert_str_eq(h.masked, "{6}\r\ngr\xc3\xbc\xc3\x9f");
    ck_assert_ptr_nonnull(strstr(h.sent, "LOGIN \"alice\" {6}\r\ngr\xc3\xbc\xc3\x9f\r\n"));
    wire_close(&w);
}
END_TEST

START_TEST(new_mail_ends_an_idle)
{
    static const struct imap_task tasks[] = {
        { .verb = IMAP_VERB_SELECT, .mailbox = "INBOX" },
        { .verb = IMAP_VERB_IDLE },
        { .verb = IMAP_VERB_LOGOUT },
    };
    meet(tasks, 2, 65536);
    ck_assert_int_eq(h.client.state, IMAP_CLIENT_IDLE);
    h.log_len = 0;
    mem_add(st, mem_box(st, "INBOX"), mail_plain, sizeof mail_plain - 1, 0, 0, st->now);
    ck_assert(imap_server_poll(&w.server, &w.step));
    h.stop_idle = true;
    imap_client_step(&h.client, w.step.send.text, w.step.send.len, &h.step);
    ck_assert_str_eq(h.log, "exists 4\n");
    ck_assert_int_eq(memcmp(h.step.send.text, "DONE\r\n", 6), 0);
    wire_say(&w, "DONE\r\n");
    ck_assert_int_eq(w.verdict, IMAP_COMPLETED);
    wire_close(&w);
}
END_TEST

START_TEST(a_task_can_wake_an_idle_client)
{
    static const struct imap_task tasks[] = { { .verb = IMAP_VERB_IDLE },
                                              { .verb = IMAP_VERB_NOOP },
                                              { .verb = IMAP_VERB_LOGOUT } };
    meet(tasks, 1, 65536);
    ck_assert_int_eq(h.client.state, IMAP_CLIENT_IDLE);
    h.sent_len = 0;
    meet(tasks, 3, 65536); /* wakes it */
    ck_assert_int_eq(strncmp(h.sent, "DONE\r\n", 6), 0);
    ck_assert_ptr_nonnull(strstr(h.log, "IDLE OK []\nNOOP OK []\nLOGOUT FINISHED"));
    wire_close(&w);
}
END_TEST

START_TEST(a_message_of_a_megabyte_goes_up_and_comes_down_again)
{
    size_t size = 300000;
    char *mail = malloc(size);
    const struct imap_task tasks[] = {
        { .verb = IMAP_VERB_APPEND, .mailbox = "Sent", .args = "(\\Seen $Forwarded)", .size_octets = size },
        { .verb = IMAP_VERB_EXAMINE, .mailbox = "Sent" },
        { .verb = IMAP_VERB_FETCH, .set = "1", .args = "(FLAGS BODY.PEEK[] BODYSTRUCTURE)" },
        { .verb = IMAP_VERB_LOGOUT },
    };
    for (size_t i = 0; i < size; i++)
        mail[i] = (char)(i % 61 == 60 ? '\n' : 'A' + i % 26);
    h.message = mail;
    meet(tasks, 4, 1000);
    ck_assert_uint_eq(h.body_len, size);
    ck_assert_int_eq(memcmp(h.body, mail, size), 0);
    ck_assert_ptr_nonnull(
        strstr(h.log, "fetched 1 flags 21 (\\Seen \\Recent $Forwarded) body\nbody of 1 [] size 300000\n"));
    ck_assert_ptr_nonnull(strstr(h.log, "fetched 1 structure (\"text\" \"plain\""));
    ck_assert_ptr_nonnull(strstr(h.log, "read-only"));
    free(mail);
    wire_close(&w);
}
END_TEST

/* ---- scripts: what a server may say ---- */

static void begin_script(const struct imap_task *tasks, size_t n)
{
    h.task = tasks;
    h.tasks = n;
    imap_client_start(&h.client, &h.config, NULL, NULL, &h.step);
}

static void hear(const char *text, size_t piece)
{
    size_t len = strlen(text), from = 0;
    for (size_t seen = piece; from < len; seen += piece) {
        size_t end = seen < len ? seen : len, used;
        while (from < end && (used = imap_client_step(&h.client, text + from, end - from, &h.step)) > 0) {
            from += used;
            collect();
            while (imap_client_pull(&h.client, &h.step))
                collect();
        }
        if (seen >= len)
            return;
    }
}

START_TEST(what_is_no_imap_server_is_recognised)
{
    static const char *const greetings[] = { "220 mx.example.org ESMTP\r\n", "+OK POP3 ready\r\n",
                                             "HTTP/1.1 400 Bad Request\r\n", "* NO not today\r\n",
                                             "\x16\x03\x01\r\n" };
    for (size_t i = 0; i < sizeof greetings / sizeof greetings[0]; i++) {
        begin_script(NULL, 0);
        hear(greetings[i], 1);
        ck_assert_int_eq(h.step.answer, IMAP_ANSWER_NOT_IMAP);
        ck_assert(h.step.close);
        ck_assert_uint_eq(h.sent_len, 0);
    }
    begin_script(NULL, 0);
    hear("* BYE too many connections\r\n", 1);
    ck_assert_int_eq(h.step.answer, IMAP_ANSWER_BYE);
}
END_TEST

START_TEST(an_endless_greeting_is_no_imap_server)
{
    static char text[IMAP_LINE_MAX];
    memset(text, 'x', sizeof text);
    begin_script(NULL, 0);
    ck_assert_uint_eq(imap_client_step(&h.client, text, sizeof text, &h.step), sizeof text);
    ck_assert_int_eq(h.step.answer, IMAP_ANSWER_NOT_IMAP);
}
END_TEST

static const char preauth[] = "* PREAUTH [CAPABILITY IMAP4rev1 IDLE] hello\r\n";

START_TEST(unknown_data_is_passed_over)
{
    static const struct imap_task tasks[] = { { .verb = IMAP_VERB_NOOP } };
    begin_script(tasks, 1);
    hear(preauth, 1);
    ck_assert_str_eq(h.sent, "A1 NOOP\r\n");
    hear("* XLIST (\\Foo) \"/\" bar\r\n* OK [XCODE (a [b)] text\r\n* 7 XTHING\r\n* FLAGS (\\Seen $x)\r\n* "
         "VANISHED 1:3\r\n",
         1);
    hear("* 2 FETCH (X-GM-LABELS (\"\\\\Inbox\" {3}\r\na)b foo) MODSEQ (12) FLAGS (\\Seen \\*))\r\n", 1);
    hear("A1 OK done\r\n", 1);
    ck_assert_str_eq(h.log, "fetched 2 flags 1 (\\Seen \\*)\nNOOP OK []\n");
    ck_assert_int_eq(h.client.state, IMAP_CLIENT_READY);
}
END_TEST

START_TEST(content_of_several_sections_streams_in_turn)
{
    static const struct imap_task tasks[] = {
        { .verb = IMAP_VERB_UID_FETCH, .set = "5", .args = "(BODY[1] BODY[2])" }
    };
    begin_script(tasks, 1);
    hear(preauth, 1);
    hear("* 1 FETCH (UID 5 BODY[1] {4}\r\nab", 1);
    hear("cd", 1);
    hear(" BODY[2]<0> {3}\r\nx)\n FLAGS (\\Seen) BODY[3] NIL BODY[4] \"qu\\\"o\")\r\n", 100);
    hear("A1 OK done\r\n", 1);
    ck_assert_str_eq(
        h.log, "fetched 1 uid 5 body\nbody of 1 [1] size 4\nbody ends\n"
               "fetched 1 uid 5 body\nbody of 1 [2] size 3\nbody ends\n"
               "body of 1 [3] size 0\nbody ends\nfetched 1 uid 5 flags 1 (\\Seen) body\nUID FETCH OK []\n");
}
END_TEST

START_TEST(garbled_responses_end_the_session)
{
    static const char *const lines[] = {
        "A9 OK whose tag is that\r\n",
        "nonsense\r\n",
        "* 1 FETCH (UID x)\r\n",
        "* 1 FETCH (UID 1\r\n",
        "* 1 FETCH (BODY[] \r\n",
        "* LIST nothing\r\n",
        "* SEARCH one\r\n",
        "+ go on with what\r\n",
        "* 99999999999 EXISTS\r\n",
        "* 1 FETCH (ENVELOPE (NIL NIL))\r\n",
        "* 1 FETCH (BODY[] {99999999999}\r\n",
        "* 1 FETCH (X ((((((((((((((((((((((((((((((((((((((((((1\r\n",
    };
    static const struct imap_task tasks[] = { { .verb = IMAP_VERB_NOOP } };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        h.next = 0;
        begin_script(tasks, 1);
        hear(preauth, 100);
        hear(lines[i], 1);
        ck_assert_msg(h.step.answer == IMAP_ANSWER_GARBLED && h.step.close, "%s", lines[i]);
        ck_assert_uint_eq(imap_client_step(&h.client, "x", 1, &h.step), 0);
    }
}
END_TEST

START_TEST(endless_responses_and_giant_literals_end_the_session)
{
    static const struct imap_task tasks[] = { { .verb = IMAP_VERB_NOOP } };
    static char text[IMAP_LINE_MAX];
    memset(text, ' ', sizeof text);
    text[0] = '*';
    begin_script(tasks, 1);
    hear(preauth, 100);
    imap_client_step(&h.client, text, sizeof text, &h.step);
    ck_assert_int_eq(h.step.answer, IMAP_ANSWER_TOO_LONG);
    h.next = 0;
    begin_script(tasks, 1);
    hear(preauth, 100);
    hear("* LIST () \"/\" {4294967295}\r\n", 100);
    ck_assert_int_eq(h.step.answer, IMAP_ANSWER_TOO_LONG);
}
END_TEST

START_TEST(a_goodbye_in_the_middle_is_the_tasks_result)
{
    static const struct imap_task tasks[] = { { .verb = IMAP_VERB_NOOP } };
    begin_script(tasks, 1);
    hear(preauth, 100);
    hear("* BYE [UNAVAILABLE] going down\r\n", 1);
    ck_assert_str_eq(h.log, "NOOP BYE [UNAVAILABLE]\n");
    ck_assert(h.step.close);
}
END_TEST

START_TEST(challenges_are_answered_and_evil_ones_cancelled)
{
    h.challenge_first = true;
    begin_script(NULL, 0);
    hear("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n+ Z29vZA==\r\n+ ZXZpbA==\r\nA1 BAD cancelled\r\n", 1);
    ck_assert_str_eq(h.sent, "A1 AUTHENTICATE PLAIN\r\ncmVzcG9uc2U=\r\n*\r\nA2 LOGOUT\r\n");
    ck_assert_str_eq(h.log, "session LOGIN_REFUSED []\n");
}
END_TEST

START_TEST(a_server_that_refuses_starttls_is_left_or_not)
{
    h.config.tls = IMAP_TLS_REQUIRED;
    begin_script(NULL, 0);
    hear("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] hi\r\nA1 NO no certificate\r\n", 1);
    ck_assert_str_eq(h.sent, "A1 STARTTLS\r\nA2 LOGOUT\r\n");
    ck_assert_str_eq(h.log, "session TLS_REFUSED []\n");
    h.sent_len = h.log_len = 0;
    h.config.tls = IMAP_TLS_IF_OFFERED;
    begin_script(NULL, 0);
    hear("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] hi\r\nA1 NO no certificate\r\n", 1);
    ck_assert_str_eq(h.sent, "A1 STARTTLS\r\nA2 AUTHENTICATE PLAIN\r\n");
}
END_TEST

START_TEST(random_responses_never_break_the_client)
{
    static const char *const words[] = {
        "* ",      "1 ",      "FETCH ",       "(",       ")",       "UID ",
        "5",       "FLAGS ",  "\\Seen",       "BODY[] ", "{3}\r\n", "{70000}\r\n",
        "\r\n",    "\"",      "ENVELOPE ",    "NIL ",    "LIST ",   "SEARCH ",
        "A1 ",     "OK ",     "NO ",          "[",       "] ",      "EXISTS",
        "EXPUNGE", "STATUS ", "RFC822.SIZE ", " ",       "+ ",      "BODYSTRUCTURE "
    };
    static const struct imap_task tasks[] = { { .verb = IMAP_VERB_NOOP },
                                              { .verb = IMAP_VERB_IDLE },
                                              { .verb = IMAP_VERB_LOGOUT } };
    uint32_t seed = 99;
    for (int round = 0; round < 3000; round++) {
        char text[600];
        size_t n = 0;
        h.next = h.log_len = h.sent_len = h.body_len = 0;
        begin_script(tasks, 3);
        hear(preauth, 100);
        n = (size_t)sprintf(text, "* ");
        while (n < 500) {
            seed = seed * 1664525u + 1013904223u;
            n += (size_t)sprintf(text + n, "%s", words[(seed >> 8) % (sizeof words / sizeof words[0])]);
        }
        hear(text, 1 + seed % 50);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("imap client");
    TCase *t = tcase_create("back to back");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_mail_apps_day_works_whole);
    tcase_add_test(t, a_mail_apps_day_works_octet_by_octet);
    tcase_add_test(t, an_old_server_without_extensions_will_do);
    tcase_add_test(t, tls_is_demanded_before_the_password);
    tcase_add_test(t, without_tls_the_client_that_insists_gives_up);
    tcase_add_test(t, a_wrong_password_is_told_and_not_tried_again);
    tcase_add_test(t, login_is_the_way_when_no_mechanism_suits);
    tcase_add_test(t, passwords_with_letters_outside_ascii_go_as_literals_and_are_masked);
    tcase_add_test(t, new_mail_ends_an_idle);
    tcase_add_test(t, a_task_can_wake_an_idle_client);
    tcase_add_test(t, a_message_of_a_megabyte_goes_up_and_comes_down_again);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    t = tcase_create("scripts");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_is_no_imap_server_is_recognised);
    tcase_add_test(t, an_endless_greeting_is_no_imap_server);
    tcase_add_test(t, unknown_data_is_passed_over);
    tcase_add_test(t, content_of_several_sections_streams_in_turn);
    tcase_add_test(t, garbled_responses_end_the_session);
    tcase_add_test(t, endless_responses_and_giant_literals_end_the_session);
    tcase_add_test(t, a_goodbye_in_the_middle_is_the_tasks_result);
    tcase_add_test(t, challenges_are_answered_and_evil_ones_cancelled);
    tcase_add_test(t, a_server_that_refuses_starttls_is_left_or_not);
    tcase_add_test(t, random_responses_never_break_the_client);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
