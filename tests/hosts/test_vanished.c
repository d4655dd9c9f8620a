/* What a mailbox remembers of its changes, and IMAP sessions over it. */
#include "sim/hosts/mua.h"
#include "tests/hosts/puppet.h"

#define UIDS 30000

static uint32_t seed;

static uint32_t dice(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void begin(void)
{
    two_domains();
    bob->accounts[0].fetch_kind = SPEC_IMAP;
    small_build();
}

static struct stored *put(struct user *u)
{
    struct mail *mail = mail_new(&sm.world.mails, 16);
    mail_append(&sm.world.mails, mail, "Subject: x\r\n\r\n", 14);
    ck_assert_int_eq(store_add(&u->inbox, mail, 0, 0, 0, 0, NULL), STORE_OK);
    mail_drop(&sm.world.mails, mail);
    return u->inbox.message[u->inbox.count - 1];
}

/* Whoever asks since that change hears of every uid that went after it, in order, and of none that is there.
 */
static void check_since(const struct mailbox *box, const uint64_t *went, uint64_t since, uint32_t from)
{
    static bool told[UIDS];
    uint32_t lo, hi, at = from;
    memset(told, 0, sizeof told);
    while (store_vanished(box, since, at, &lo, &hi)) {
        ck_assert_uint_ge(lo, at);
        ck_assert_uint_ge(hi, lo);
        ck_assert_uint_lt(hi, box->uidnext);
        for (uint32_t uid = lo; uid <= hi; uid++)
            told[uid] = true;
        at = hi + 1;
    }
    for (uint32_t i = 0; i < box->count; i++)
        ck_assert(!told[box->message[i]->uid]);
    for (uint32_t uid = from; uid < box->uidnext; uid++)
        ck_assert(went[uid] <= since || told[uid]);
}

static void live(unsigned steps, uint32_t keep)
{
    static uint64_t went[UIDS]; /* the mod-sequence of each removal; 0: not removed */
    struct user *u;
    begin();
    u = user_of(mx_b, "bob");
    memset(went, 0, sizeof went);
    for (unsigned i = 0; i < steps; i++) {
        uint64_t before = u->inbox.modseq;
        if (u->inbox.count < keep || (u->inbox.count < 2 * keep && dice(2))) {
            ck_assert_uint_gt(put(u)->modseq, before);
        } else {
            struct stored *m = u->inbox.message[dice(u->inbox.count)];
            uint32_t uid = m->uid;
            store_remove(&u->inbox, m);
            went[uid] = u->inbox.modseq;
            ck_assert_uint_gt(went[uid], before);
        }
        if (i % 97 == 0)
            check_since(&u->inbox, went, dice((uint32_t)u->inbox.modseq + 1), 1 + dice(u->inbox.uidnext));
    }
    check_since(&u->inbox, went, 1, 1);
    check_since(&u->inbox, went, u->inbox.modseq, 1);
}

START_TEST(all_that_vanished_is_told_and_nothing_else)
{
    seed = (uint32_t)_i;
    live(400, 50);
    ck_assert_uint_eq(user_of(mx_b, "bob")->inbox.forgot_modseq, 0);
}
END_TEST

START_TEST(a_mailbox_that_has_forgotten_tells_too_much_and_never_too_little)
{
    seed = 99;
    live(24000, 3000);
    ck_assert_uint_gt(user_of(mx_b, "bob")->inbox.forgot_modseq, 0);
    ck_assert_uint_le(user_of(mx_b, "bob")->inbox.nvanished, STORE_VANISHED_MAX);
}
END_TEST

START_TEST(removals_in_a_row_take_one_range)
{
    struct user *u;
    begin();
    u = user_of(mx_b, "bob");
    for (int i = 0; i < 1000; i++)
        put(u);
    while (u->inbox.count > 0)
        store_remove(&u->inbox, u->inbox.message[0]);
    ck_assert_uint_eq(u->inbox.nvanished, 1);
}
END_TEST

START_TEST(a_phone_catches_up_through_the_network)
{
    struct puppet *a, *b;
    begin();
    for (int i = 0; i < 4; i++)
        put(user_of(mx_b, "bob"));
    a = puppet_call(bob, mx_b, 143, CORE_S);
    puppet_says(a, 2 * CORE_S, "a LOGIN bob secret\r\nb SELECT INBOX\r\n");
    puppet_says(a, 3 * CORE_S,
                "c STORE 1 +FLAGS (one two three)\r\nd STORE 2:3 +FLAGS.SILENT (\\Deleted)\r\n");
    puppet_says(a, 4 * CORE_S, "e EXPUNGE\r\nf GETQUOTAROOT INBOX\r\ng STATUS INBOX (SIZE DELETED)\r\n");
    b = puppet_call(alice, mx_b, 143, 5 * CORE_S);
    puppet_says(b, 6 * CORE_S, "a LOGIN bob secret\r\nb ENABLE QRESYNC\r\n");
    puppet_says(b, 7 * CORE_S, "c SELECT INBOX\r\n");
    run_until(8 * CORE_S);
    ck_assert_ptr_nonnull(strstr(a->got, "* 1 FETCH (FLAGS (\\Recent one two three))\r\n"));
    ck_assert_ptr_nonnull(strstr(a->got, "* QUOTAROOT INBOX\r\n"));
    ck_assert_ptr_nonnull(strstr(a->got, "* STATUS INBOX (SIZE 28 DELETED 0)\r\n"));
    ck_assert_ptr_nonnull(strstr(b->got, "* OK [HIGHESTMODSEQ 10] "));
    ck_assert_ptr_nonnull(strstr(b->got, "* OK [UIDVALIDITY "));
    {
        static char again[128];
        unsigned validity = (unsigned)strtoul(strstr(b->got, "UIDVALIDITY ") + 12, NULL, 10);
        snprintf(again, sizeof again, "d SELECT INBOX (QRESYNC (%u 5))\r\n", validity);
        puppet_says(b, 9 * CORE_S, again);
    }
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(b->got, "* OK [CLOSED] "));
    ck_assert_ptr_nonnull(
        strstr(b->got, "* VANISHED (EARLIER) 2:3\r\n* 1 FETCH (UID 1 FLAGS (one two three) MODSEQ (6))\r\n"
                       "d OK [READ-WRITE] SELECT completed\r\n"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts vanished");
    TCase *t = tcase_create("changes");
    tcase_add_checked_fixture(t, NULL, small_end);
    tcase_add_loop_test(t, all_that_vanished_is_told_and_nothing_else, 0, 3);
    tcase_add_test(t, a_mailbox_that_has_forgotten_tells_too_much_and_never_too_little);
    tcase_add_test(t, removals_in_a_row_take_one_range);
    tcase_add_test(t, a_phone_catches_up_through_the_network);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
