/* A client that comes and goes, among sessions that change the mailbox: what it keeps must be the truth each
 * time it has caught up. The operations are random, from a seed. */
#include "tests/imap/fixture.h"

#include "tests/check_main.h"

#include <stdarg.h>

#define UIDS 4096

static struct mem_store *st;
static struct wire others[2], client;
static uint32_t seed;

struct copy { /* what a mail app remembers of a mailbox */
    bool there[UIDS];
    unsigned flags[UIDS]; /* UINT_MAX: not fetched yet */
    uint32_t uidvalidity, top;
    uint64_t modseq;      /* everything up to here is in the copy */
    uint64_t seen_modseq; /* the highest in this session; counts once all news is in */
    uint32_t place[UIDS]; /* of this session: uid by place, 0: not known yet */
    uint32_t exists;
    bool qresync, storing;
    bool settled; /* all places of this session are known, but for new ones */
};
static struct copy copy;

static uint32_t dice(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* ---- what the server says ---- */

static unsigned flags_in(const char *list)
{
    const char *end = strchr(list, ')');
    unsigned flags = 0;
    for (unsigned bit = 1; bit <= IMAP_DRAFT; bit <<= 1) {
        const char *at = strstr(list, imap_flag_name((enum imap_flag)bit));
        flags |= at != NULL && at < end ? bit : 0;
    }
    return flags;
}

static void drop_place(uint32_t seq)
{
    ck_assert_uint_ge(seq, 1);
    ck_assert_uint_le(seq, copy.exists);
    memmove(copy.place + seq - 1, copy.place + seq, (copy.exists - seq) * sizeof copy.place[0]);
    copy.exists--;
}

static void vanish(uint32_t uid, bool earlier)
{
    ck_assert_uint_lt(uid, UIDS);
    copy.there[uid] = false;
    for (uint32_t i = 0; i < copy.exists; i++) {
        if (copy.place[i] != uid)
            continue;
        ck_assert_msg(!earlier, "uid %u vanished earlier, and is there", uid);
        drop_place(i + 1);
        return;
    }
    ck_assert_msg(earlier, "uid %u vanished and was not there", uid);
}

static void hear_vanished(const char *set, bool earlier)
{
    while (*set >= '0' && *set <= '9') {
        char *end;
        uint32_t lo = (uint32_t)strtoul(set, &end, 10), hi = lo;
        if (*end == ':')
            hi = (uint32_t)strtoul(end + 1, &end, 10);
        for (; lo <= hi; lo++)
            vanish(lo, earlier);
        set = *end == ',' ? end + 1 : end;
    }
}

static void hear_fetch(uint32_t seq, const char *items)
{
    const char *uid_at = strstr(items, "UID "), *flags_at = strstr(items, "FLAGS ("),
               *modseq_at = strstr(items, "MODSEQ (");
    uint32_t uid;
    ck_assert_uint_le(seq, copy.exists);
    if (uid_at != NULL) {
        uid = (uint32_t)strtoul(uid_at + 4, NULL, 10);
        ck_assert_msg(copy.place[seq - 1] == 0 || copy.place[seq - 1] == uid, "place %u is uid %u, not %u",
                      seq, copy.place[seq - 1], uid);
        copy.place[seq - 1] = uid;
    }
    uid = copy.place[seq - 1];
    if (uid == 0)
        return; /* news of a message whose uid is fetched a moment later */
    ck_assert_uint_lt(uid, UIDS);
    copy.top = uid > copy.top ? uid : copy.top;
    if (!copy.there[uid])
        copy.flags[uid] = UINT32_MAX;
    copy.there[uid] = true;
    if (flags_at != NULL)
        copy.flags[uid] = flags_in(flags_at);
    else if (modseq_at != NULL && copy.flags[uid] != UINT32_MAX && copy.storing)
        copy.flags[uid] |= IMAP_ANSWERED; /* after .SILENT only the number is told */
    if (modseq_at != NULL) {
        uint64_t modseq = strtoull(modseq_at + 8, NULL, 10);
        copy.seen_modseq = modseq > copy.seen_modseq ? modseq : copy.seen_modseq;
    }
}

static void hear_line(const char *line)
{
    uint32_t n;
    char word[32];
    const char *highest = strstr(line, "[HIGHESTMODSEQ ");
    if (highest != NULL) {
        copy.modseq = strtoull(highest + 15, NULL, 10);
        copy.seen_modseq = copy.modseq;
    }
    if (strncmp(line, "* VANISHED (EARLIER) ", 21) == 0) {
        hear_vanished(line + 21, true);
    } else if (strncmp(line, "* VANISHED ", 11) == 0) {
        ck_assert(copy.qresync);
        hear_vanished(line + 11, false);
    } else if (sscanf(line, "* OK [UIDVALIDITY %u]", &n) == 1) {
        copy.uidvalidity = n;
    } else if (sscanf(line, "* %u %31s", &n, word) == 2) {
        if (strcmp(word, "EXISTS") == 0) {
            ck_assert_uint_ge(n, copy.exists);
            memset(copy.place + copy.exists, 0, (n - copy.exists) * sizeof copy.place[0]);
            copy.exists = n;
        } else if (strcmp(word, "EXPUNGE") == 0) {
            ck_assert(!copy.qresync);
            if (copy.place[n - 1] != 0)
                copy.there[copy.place[n - 1]] = false;
            drop_place(n);
        } else if (strcmp(word, "FETCH") == 0) {
            hear_fetch(n, line);
        }
    }
}

static void exchange(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void exchange(const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    wire_say(&client, text);
    for (char *line = client.out, *end; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
        *end = '\0';
        hear_line(line);
    }
}

/* New messages are fetched as soon as EXISTS tells of them, as a mail app does. */
#define say(...)                                                                                             \
    do {                                                                                                     \
        exchange(__VA_ARGS__);                                                                               \
        fetch_new();                                                                                         \
    } while (0)

static void fetch_new(void)
{
    for (uint32_t i = 0; i < copy.exists && copy.uidvalidity != 0; i++)
        if (copy.place[i] == 0 && copy.settled) {
            exchange("p UID FETCH %u:* (FLAGS MODSEQ)\r\n", i > 0 ? copy.place[i - 1] + 1 : 1);
            return;
        }
}

/* ---- the truth ---- */

static void compare(void)
{
    struct mem_box *box = mem_box(st, "INBOX");
    uint32_t n = 0;
    for (uint32_t uid = 0; uid < UIDS; uid++)
        n += copy.there[uid];
    for (uint32_t i = 0; i < box->n; i++) {
        uint32_t uid = box->at[i]->uid;
        ck_assert_msg(copy.there[uid], "uid %u is missing", uid);
        ck_assert_msg(copy.flags[uid] == (box->at[i]->flags & IMAP_FLAGS_SETTABLE), "flags of uid %u", uid);
        ck_assert_uint_eq(copy.place[i], uid);
    }
    ck_assert_uint_eq(n, box->n);
    ck_assert_uint_eq(copy.exists, box->n);
}

/* ---- the sessions ---- */

static const char *some_set(struct wire *w)
{
    static char set[64];
    uint32_t exists = w->server.view ? mem_ops.exists(w->server.host, w->server.view) : 0, a, b;
    if (exists == 0)
        return NULL;
    a = 1 + dice(exists);
    b = 1 + dice(exists);
    snprintf(set, sizeof set, dice(2) ? "%u" : "%u,%u", a, b);
    return set;
}

static void somebody_does_something(void)
{
    static const char *const flags[] = { "\\Seen", "\\Flagged", "\\Deleted", "\\Answered \\Draft" };
    struct wire *w = &others[dice(2)];
    const char *set = some_set(w);
    char text[256];
    switch (dice(7)) {
    case 0:
    case 1:
        mem_add(st, mem_box(st, "INBOX"), mail_plain, sizeof mail_plain - 1, dice(2) ? IMAP_SEEN : 0, 0,
                st->now);
        return;
    case 2:
    case 3:
    case 4:
        if (set == NULL)
            return;
        snprintf(text, sizeof text, "s STORE %s %sFLAGS (%s)\r\n", set, dice(3) ? "+" : "-", flags[dice(4)]);
        break;
    case 5:
        if (set == NULL || dice(2) == 0)
            snprintf(text, sizeof text, "e EXPUNGE\r\n");
        else
            snprintf(text, sizeof text, "m MOVE %s Sent\r\n", set);
        break;
    default:
        snprintf(text, sizeof text, "n NOOP\r\n");
        break;
    }
    wire_say(w, text);
}

/* Everything is told behind NOOP, so the highest number seen counts. */
static void catch_up(void)
{
    say("n NOOP\r\n");
    ck_assert_int_eq(client.verdict, IMAP_COMPLETED);
    copy.modseq = copy.seen_modseq > copy.modseq ? copy.seen_modseq : copy.modseq;
    compare();
}

static void come(void)
{
    wire_open(&client, st);
    wire_login(&client);
    copy.exists = 0;
    copy.seen_modseq = 0;
    copy.settled = false;
    if (copy.qresync) {
        say("q ENABLE QRESYNC\r\n");
        if (copy.uidvalidity == 0) {
            say("s SELECT INBOX\r\n");
            say("f UID FETCH 1:* (FLAGS MODSEQ)\r\n");
        } else if (dice(3) == 0 && copy.top > 0) { /* only what it knows; what is new it fetches */
            say("s SELECT INBOX (QRESYNC (%u %llu 1:%u))\r\n", copy.uidvalidity,
                (unsigned long long)copy.modseq, copy.top);
            say("f UID FETCH %u:* (FLAGS MODSEQ)\r\n", copy.top + 1);
        } else { /* all uids: new ones are told as changed */
            say("s SELECT INBOX (QRESYNC (%u %llu))\r\n", copy.uidvalidity, (unsigned long long)copy.modseq);
        }
    } else {
        uint64_t before = copy.modseq;
        say("s SELECT INBOX (CONDSTORE)\r\n");
        say("f UID FETCH 1:* (FLAGS) (CHANGEDSINCE %llu)\r\n", (unsigned long long)before);
        memset(copy.there, 0, sizeof copy.there); /* the list of uids tells which are gone */
        wire_say(&client, "u UID SEARCH ALL\r\n");
        for (char *at = strstr(client.out, "SEARCH") + 6; *at == ' ';)
            copy.there[strtoul(at + 1, &at, 10)] = true;
    }
    ck_assert_int_eq(client.server.state, IMAP_SELECTED);
    for (uint32_t i = 0; i < copy.exists; i++) /* places of messages that have not changed */
        if (copy.place[i] == 0) {
            exchange("p UID FETCH 1:* (UID)\r\n");
            break;
        }
    copy.settled = true;
    compare();
}

static void client_does_something(void)
{
    const char *set = some_set(&client);
    unsigned long long since = copy.modseq;
    switch (dice(6)) {
    case 0:
        catch_up();
        return;
    case 1:
        copy.storing = true;
        if (set != NULL)
            say("s UID STORE 1:%u (UNCHANGEDSINCE %llu) +FLAGS%s (\\Answered)\r\n", 1 + dice(copy.top + 1),
                since, dice(2) ? ".SILENT" : "");
        copy.storing = false;
        return;
    case 2:
        if (set != NULL)
            say("f FETCH %s (FLAGS MODSEQ)\r\n", set);
        return;
    case 3:
        say("f UID FETCH 1:* (FLAGS) (CHANGEDSINCE %llu%s)\r\n", since ? since : 1,
            copy.qresync ? " VANISHED" : "");
        return;
    case 4:
        say("x EXPUNGE\r\n");
        return;
    default:
        say("h SEARCH RETURN (COUNT MIN) MODSEQ %llu\r\n", since ? since : 1);
        return;
    }
}

static void run(bool qresync, uint32_t from)
{
    seed = from;
    st = fixture_store();
    memset(&copy, 0, sizeof copy);
    copy.qresync = qresync;
    for (int i = 0; i < 2; i++) {
        wire_open(&others[i], st);
        wire_login(&others[i]);
        wire_say(&others[i], i == 0 ? "s SELECT INBOX\r\n" : "s SELECT INBOX (CONDSTORE)\r\n");
    }
    for (int visit = 0; visit < 12; visit++) {
        for (uint32_t n = dice(12); n > 0; n--)
            somebody_does_something();
        come();
        for (uint32_t n = dice(14); n > 0; n--) {
            if (dice(2))
                somebody_does_something();
            else
                client_does_something();
        }
        if (dice(2))
            catch_up();
        wire_close(&client); /* often in the middle of things */
    }
    wire_close(&others[0]);
    wire_close(&others[1]);
    ck_assert_int_eq(st->lent, 0);
    ck_assert_int_eq(st->views, 0);
    mem_free(st);
}

START_TEST(a_client_with_qresync_ends_with_the_truth)
{
    for (uint32_t i = 0; i < 10; i++)
        run(true, (uint32_t)_i * 1000 + i);
}
END_TEST

START_TEST(a_client_with_condstore_ends_with_the_truth)
{
    for (uint32_t i = 0; i < 10; i++)
        run(false, (uint32_t)_i * 1000 + i + 500);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("imap resync");
    TCase *t = tcase_create("random sessions");
    tcase_add_loop_test(t, a_client_with_qresync_ends_with_the_truth, 0, 12);
    tcase_add_loop_test(t, a_client_with_condstore_ends_with_the_truth, 0, 12);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
