/* Mailboxes as their owners see them: POP3 and IMAP sessions over one store. */
#include "sim/hosts/mua.h"
#include "tests/hosts/puppet.h"

static void begin(void)
{
    two_domains();
    bob->accounts[0].fetch_kind = SPEC_POP3;
}

/* Bob's INBOX holds messages m0, m1, ... from the start. */
static void bob_has(unsigned n)
{
    const char **names = core_arena_take(&sm.arena, n * sizeof *names);
    for (unsigned i = 0; i < n; i++) {
        names[i] = text_of("m%u", i);
        message_add(names[i], "bob@b.test")->from = "alice@a.test";
    }
    mx_b->users[0].messages = names;
    mx_b->users[0].nmessages = n;
}

/* A second device of bob's, with IMAP. */
static struct part *phone(const char *name)
{
    struct part *p = host_add(name);
    account_add(p, "bob@b.test", mx_b, SPEC_IMAP);
    return p;
}

static unsigned fetched(const char *host)
{
    return count(TRACE_KIND_CLIENT, host, "message", "intact", "yes", NULL);
}

/* ---- POP3 ----------------------------------------------------------------------------------------- */

START_TEST(pop3_takes_messages_away)
{
    bob_has(3);
    fetch_at(bob, CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(fetched("bob"), 3);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    ck_assert_uint_eq(user_of(mx_b, "bob")->used_octets, 0);
    ck_assert_uint_eq(count(TRACE_KIND_MAILBOX, "mx-b", "expunged", NULL), 3);
    ck_assert_uint_lt(line(NULL, "bob", "QUIT")->seq,
                      find(NULL, TRACE_KIND_MAILBOX, "mx-b", "expunged", NULL)->seq);
    nothing_is_left_open();
}
END_TEST

START_TEST(pop3_deletes_at_quit_alone)
{
    struct puppet *p;
    bob_has(2);
    small_build();
    p = puppet_call(bob, mx_b, 110, CORE_S);
    puppet_says(p, 2 * CORE_S, "USER bob\r\nPASS secret\r\n");
    puppet_says(p, 3 * CORE_S, "DELE 1\r\n");
    puppet_says(p, 4 * CORE_S, "STAT\r\n");
    puppet_cuts(p, 5 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(p->got, "\r\n+OK 1 ")); /* gone for this session */
    ck_assert_uint_eq(inbox(mx_b, "bob"), 2);            /* but not for the store */
    ck_assert_uint_eq(count(TRACE_KIND_MAILBOX, "mx-b", "expunged", NULL), 0);
    ck_assert(!user_of(mx_b, "bob")->locked);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_connection_closed_without_quit_deletes_nothing)
{
    struct puppet *p;
    bob_has(1);
    small_build();
    p = puppet_call(bob, mx_b, 110, CORE_S);
    puppet_says(p, 2 * CORE_S, "USER bob\r\nPASS secret\r\nDELE 1\r\n");
    puppet_closes(p, 3 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_second_pop3_session_finds_the_maildrop_in_use)
{
    struct puppet *a, *b;
    bob_has(1);
    small_build();
    a = puppet_call(bob, mx_b, 110, CORE_S);
    puppet_says(a, 2 * CORE_S, "USER bob\r\nPASS secret\r\n");
    b = puppet_call(alice, mx_b, 110, 3 * CORE_S);
    puppet_says(b, 4 * CORE_S, "USER bob\r\nPASS secret\r\n");
    puppet_says(b, 5 * CORE_S, "STAT\r\n");
    puppet_says(a, 6 * CORE_S, "QUIT\r\n");
    puppet_says(b, 8 * CORE_S, "USER bob\r\nPASS secret\r\n");
    puppet_says(b, 9 * CORE_S, "QUIT\r\n");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(b->got, "-ERR [IN-USE] ")); /* RFC 2449 section 8.1.2 */
    ck_assert_ptr_null(strstr(b->got, "+OK 1 "));
    ck_assert_ptr_nonnull(strstr(b->got, "+OK maildrop locked")); /* after the first one's QUIT */
    ck_assert(!user_of(mx_b, "bob")->locked);
}
END_TEST

START_TEST(a_lost_session_unlocks_the_maildrop)
{
    struct puppet *a;
    bob_has(1);
    fetch_at(bob, 10 * CORE_S);
    small_build();
    a = puppet_call(alice, mx_b, 110, CORE_S);
    puppet_says(a, 2 * CORE_S, "USER bob\r\nPASS secret\r\n");
    puppet_cuts(a, 5 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(fetched("bob"), 1);
}
END_TEST

START_TEST(mail_that_comes_during_a_session_waits_for_the_next)
{
    struct puppet *p;
    bob_has(1);
    mail_at(alice, "later", "bob@b.test", 3 * CORE_S);
    small_build();
    p = puppet_call(bob, mx_b, 110, CORE_S);
    puppet_says(p, 2 * CORE_S, "USER bob\r\nPASS secret\r\n");
    puppet_says(p, 10 * CORE_S, "STAT\r\n");
    puppet_says(p, 11 * CORE_S, "RETR 2\r\n");
    puppet_says(p, 12 * CORE_S, "DELE 1\r\nQUIT\r\n");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(p->got, "\r\n+OK 1 "));
    ck_assert_ptr_nonnull(strstr(p->got, "-ERR "));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1); /* the new one stays */
    ck_assert_ptr_nonnull(strstr(letter(mx_b, "bob", 0), "Subject: later"));
}
END_TEST

START_TEST(kept_messages_are_not_fetched_twice)
{
    bob_has(2);
    bob->accounts[0].keep = true;
    fetch_at(bob, CORE_S);
    mail_at(alice, "new", "bob@b.test", 10 * CORE_S);
    fetch_at(bob, 20 * CORE_S);
    fetch_at(bob, 40 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(fetched("bob"), 3);
    ck_assert_uint_eq(lines("bob", "RETR "), 3);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 3);
    ck_assert_ptr_nonnull(line(NULL, "bob", "UIDL"));
    ck_assert_ptr_null(line(NULL, "bob", "DELE"));
}
END_TEST

START_TEST(uidls_survive_what_is_deleted_before_them)
{
    struct puppet *p;
    bob_has(3);
    bob->accounts[0].keep = true;
    fetch_at(bob, CORE_S);
    fetch_at(bob, 30 * CORE_S);
    small_build();
    p = puppet_call(alice, mx_b, 110, 10 * CORE_S); /* another program deletes the first one */
    puppet_says(p, 12 * CORE_S, "USER bob\r\nPASS secret\r\nDELE 1\r\nQUIT\r\n");
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 2);
    ck_assert_uint_eq(fetched("bob"), 3);
}
END_TEST

START_TEST(two_programs_that_keep_mail_both_get_it)
{
    struct part *laptop = host_add("laptop");
    bob_has(2);
    account_add(laptop, "bob@b.test", mx_b, SPEC_POP3)->keep = true;
    bob->accounts[0].keep = true;
    fetch_at(bob, CORE_S);
    fetch_at(laptop, 10 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(fetched("bob"), 2);
    ck_assert_uint_eq(fetched("laptop"), 2);
}
END_TEST

/* ---- IMAP ----------------------------------------------------------------------------------------- */

START_TEST(imap_leaves_messages_where_they_are)
{
    struct part *one = phone("one"), *two = phone("two");
    bob_has(2);
    fetch_at(one, CORE_S);
    fetch_at(two, 20 * CORE_S);
    fetch_at(one, 40 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(fetched("one"), 2); /* and not again */
    ck_assert_uint_eq(fetched("two"), 2);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 2);
    nothing_is_left_open();
}
END_TEST

START_TEST(what_one_device_has_read_the_other_sees_as_read)
{
    struct part *one = phone("one"), *two = phone("two");
    bob_has(1);
    fetch_at(one, CORE_S);
    fetch_at(two, 20 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_str_eq(attr(find(NULL, TRACE_KIND_CLIENT, "one", "message", NULL), "flags"), "");
    ck_assert_str_eq(attr(find(NULL, TRACE_KIND_CLIENT, "two", "message", NULL), "flags"), "\\Seen");
}
END_TEST

START_TEST(flags_set_on_one_device_are_seen_on_the_other)
{
    struct part *one = phone("one"), *two = phone("two");
    struct spec_action *mark;
    bob_has(1);
    mark = action_add(SPEC_DO_MARK, one, CORE_S);
    mark->flag = "\\Flagged";
    fetch_at(two, 20 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "one", "marked", "result", "ok", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_MAILBOX, "mx-b", "flags", "flags", "\\Flagged", NULL));
    ck_assert_str_eq(attr(find(NULL, TRACE_KIND_CLIENT, "two", "message", NULL), "flags"), "\\Flagged");
}
END_TEST

START_TEST(an_open_session_is_told_of_flags_that_another_sets)
{
    struct puppet *a, *b;
    bob_has(3);
    small_build();
    a = puppet_call(bob, mx_b, 143, CORE_S);
    b = puppet_call(alice, mx_b, 143, CORE_S);
    puppet_says(a, 2 * CORE_S, "a1 LOGIN bob secret\r\na2 SELECT INBOX\r\n");
    puppet_says(b, 2 * CORE_S, "b1 LOGIN bob secret\r\nb2 SELECT INBOX\r\n");
    puppet_says(b, 4 * CORE_S, "b3 STORE 2 +FLAGS (\\Flagged)\r\n");
    puppet_says(a, 6 * CORE_S, "a3 NOOP\r\n");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(a->got, "* 2 FETCH (FLAGS (\\Flagged"));
    ck_assert_ptr_nonnull(strstr(a->got, "a3 OK"));
    ck_assert(strstr(a->got, "* 2 FETCH") < strstr(a->got, "a3 OK"));
}
END_TEST

START_TEST(an_expunge_is_told_to_the_other_session_when_it_may_be)
{
    struct puppet *a, *b;
    const char *fetch;
    bob_has(3);
    small_build();
    a = puppet_call(bob, mx_b, 143, CORE_S);
    b = puppet_call(alice, mx_b, 143, CORE_S);
    puppet_says(a, 2 * CORE_S, "a1 LOGIN bob secret\r\na2 SELECT INBOX\r\n");
    puppet_says(b, 2 * CORE_S, "b1 LOGIN bob secret\r\nb2 SELECT INBOX\r\n");
    puppet_says(b, 4 * CORE_S, "b3 STORE 1 +FLAGS (\\Deleted)\r\nb4 EXPUNGE\r\n");
    puppet_says(a, 6 * CORE_S, "a3 FETCH 3 (UID)\r\n"); /* no EXPUNGE during FETCH: RFC 3501 section 7.4.1 */
    puppet_says(a, 8 * CORE_S, "a4 NOOP\r\n");
    puppet_says(a, 10 * CORE_S, "a5 FETCH 2 (UID)\r\n");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(b->got, "* 1 EXPUNGE"));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 2);
    fetch = strstr(a->got, "* 3 FETCH (UID 3)");
    ck_assert_ptr_nonnull(fetch);
    ck_assert_ptr_nonnull(strstr(fetch, "a3 OK"));
    ck_assert(strstr(a->got, "* 1 EXPUNGE") > strstr(a->got, "a3 OK"));
    ck_assert(strstr(a->got, "* 1 EXPUNGE") < strstr(a->got, "a4 OK"));
    ck_assert_ptr_nonnull(strstr(a->got, "* 2 FETCH (UID 3)")); /* it has moved up */
}
END_TEST

START_TEST(what_pop3_deletes_imap_sees_vanish)
{
    struct puppet *a;
    bob_has(2);
    fetch_at(bob, 5 * CORE_S);
    small_build();
    a = puppet_call(alice, mx_b, 143, CORE_S);
    puppet_says(a, 2 * CORE_S, "a1 LOGIN bob secret\r\na2 SELECT INBOX\r\n");
    puppet_says(a, 20 * CORE_S, "a3 NOOP\r\n");
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(fetched("bob"), 2);
    ck_assert_ptr_nonnull(strstr(strstr(a->got, "* 1 EXPUNGE") + 1, "* 1 EXPUNGE"));
    ck_assert_ptr_nonnull(strstr(a->got, "a3 OK"));
}
END_TEST

START_TEST(what_imap_expunges_pop3_still_retrieves)
{
    struct puppet *a, *b;
    bob_has(1);
    small_build();
    a = puppet_call(alice, mx_b, 110, CORE_S);
    puppet_says(a, 2 * CORE_S, "USER bob\r\nPASS secret\r\n");
    b = puppet_call(alice, mx_b, 143, 3 * CORE_S);
    puppet_says(b, 4 * CORE_S,
                "a1 LOGIN bob secret\r\na2 SELECT INBOX\r\na3 STORE 1 +FLAGS (\\Deleted)\r\na4 CLOSE\r\n");
    puppet_says(a, 6 * CORE_S, "RETR 1\r\n");
    puppet_says(a, 7 * CORE_S, "DELE 1\r\nQUIT\r\n");
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    ck_assert_ptr_nonnull(strstr(a->got, "Subject: m0")); /* its snapshot holds it */
    ck_assert_ptr_nonnull(strstr(a->got, "+OK bye"));
    ck_assert_uint_eq(count(TRACE_KIND_MAILBOX, "mx-b", "expunged", NULL), 1);
    ck_assert_uint_eq(user_of(mx_b, "bob")->used_octets, 0);
}
END_TEST

START_TEST(an_idle_session_is_told_of_new_mail_at_once)
{
    struct puppet *a;
    const struct seen *stored, *told;
    bob_has(1);
    mail_at(alice, "new", "bob@b.test", 10 * CORE_S);
    small_build();
    a = puppet_call(alice, mx_b, 143, CORE_S);
    puppet_says(a, 2 * CORE_S, "a1 LOGIN bob secret\r\na2 SELECT INBOX\r\n");
    puppet_says(a, 3 * CORE_S, "a3 IDLE\r\n");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(a->got, "* 2 EXISTS"));
    stored = find(NULL, TRACE_KIND_MAILBOX, "mx-b", "stored", "uid", "2", NULL);
    told = line(stored, "mx-b", "* 2 EXISTS");
    ck_assert_ptr_nonnull(told);
    ck_assert_uint_eq(told->t_ns, stored->t_ns);
}
END_TEST

START_TEST(an_idle_session_is_told_of_everything_that_happens)
{
    struct puppet *a, *b;
    bob_has(2);
    for (unsigned i = 0; i < 5; i++)
        mail_at(alice, text_of("new%u", i), "bob@b.test", 10 * CORE_S); /* all at one time */
    small_build();
    a = puppet_call(alice, mx_b, 143, CORE_S);
    puppet_says(a, 2 * CORE_S, "a1 LOGIN bob secret\r\na2 SELECT INBOX\r\na3 IDLE\r\n");
    b = puppet_call(bob, mx_b, 143, CORE_S);
    puppet_says(b, 20 * CORE_S,
                "b1 LOGIN bob secret\r\nb2 SELECT INBOX\r\nb3 STORE 1 +FLAGS (\\Deleted)\r\nb4 EXPUNGE\r\n");
    puppet_says(a, 30 * CORE_S, "DONE\r\n");
    puppet_says(a, 31 * CORE_S, "a4 FETCH 6 (UID)\r\n");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(a->got, "* 7 EXISTS"));
    ck_assert_ptr_nonnull(strstr(a->got, "* 1 EXPUNGE"));
    ck_assert(strstr(a->got, "* 1 EXPUNGE") < strstr(a->got, "a3 OK"));
    ck_assert_ptr_nonnull(strstr(a->got, "* 6 FETCH (UID 7)"));
}
END_TEST

START_TEST(a_removed_message_is_gone_for_all)
{
    struct part *one = phone("one"), *two = phone("two");
    bob_has(2);
    action_add(SPEC_DO_REMOVE, one, CORE_S);
    fetch_at(two, 20 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "one", "removed", "result", "ok", NULL));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(fetched("two"), 1);
}
END_TEST

START_TEST(a_moved_message_is_in_the_other_mailbox_alone)
{
    struct part *one = phone("one");
    struct spec_action *move;
    size_t n;
    bob_has(2);
    mx_b->users[0].mailboxes = list_of(&n, "Archive", NULL);
    mx_b->users[0].nmailboxes = n;
    move = action_add(SPEC_DO_MOVE, one, CORE_S);
    move->mailbox = "Archive";
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "one", "moved", "result", "ok", NULL));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(store_mailbox(user_of(mx_b, "bob"), wire_slice_str("Archive"))->count, 1);
}
END_TEST

START_TEST(a_move_to_a_mailbox_that_is_not_there_loses_nothing)
{
    struct part *one = phone("one");
    bob_has(1);
    action_add(SPEC_DO_MOVE, one, CORE_S)->mailbox = "Nowhere";
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_str_ne(attr(find(NULL, TRACE_KIND_CLIENT, "one", "action-done", NULL), "result"), "ok");
}
END_TEST

START_TEST(there_is_nothing_to_mark_in_an_empty_mailbox)
{
    action_add(SPEC_DO_MARK, phone("one"), CORE_S)->flag = "\\Seen";
    run_until(CORE_MINUTE);
    ck_assert_str_eq(attr(find(NULL, TRACE_KIND_CLIENT, "one", "action-done", NULL), "result"), "rejected");
    nothing_is_left_open();
}
END_TEST

START_TEST(a_mailbox_read_after_the_inbox_does_not_make_the_inbox_new_again)
{
    struct part *one = phone("one");
    size_t n;
    bob_has(2);
    mx_b->users[0].mailboxes = list_of(&n, "Archive", NULL);
    mx_b->users[0].nmailboxes = n;
    fetch_at(one, CORE_S);
    fetch_at(one, 20 * CORE_S)->mailbox = "Archive";
    fetch_at(one, 40 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(fetched("one"), 2);
}
END_TEST

START_TEST(a_sent_message_is_filed_in_sent)
{
    struct mailbox *sent;
    alice->accounts[0].save_sent = true;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    sent = store_mailbox(user_of(mail_a, "alice"), wire_slice_str("Sent"));
    ck_assert_ptr_nonnull(sent);
    ck_assert_uint_eq(sent->count, 1);
    ck_assert_uint_eq(sent->message[0]->flags, IMAP_SEEN);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "alice", "sent", "result", "ok", NULL));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    nothing_is_left_open();
}
END_TEST

START_TEST(append_over_the_quota_is_refused_and_the_message_still_sent)
{
    alice->accounts[0].save_sent = true;
    mail_a->users[0].quota_octets = 100;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(line_with("mail-a", " NO [OVERQUOTA] "));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "alice", "sent", "result", "partly", NULL));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(user_of(mail_a, "alice")->used_octets, 0);
    nothing_is_left_open();
}
END_TEST

START_TEST(append_to_a_full_disk_is_refused)
{
    struct puppet *a;
    static char big[8192];
    size_t before, n = (size_t)snprintf(big, sizeof big, "a2 APPEND INBOX {8108+}\r\nX: y\r\n\r\n");
    memset(big + n, 'x', 8100);
    strcpy(big + n + 8100, "\r\n"); /* 8 octets of header and these */
    small_build();
    before = sm.world.mails.octets;
    sm.world.mails.limit = before + 50000; /* a part of it for each */
    a = puppet_call(alice, mx_b, 143, CORE_S);
    puppet_says(a, 2 * CORE_S, "a1 LOGIN bob secret\r\n");
    puppet_says(a, 3 * CORE_S, big); /* too much */
    puppet_says(a, 4 * CORE_S, "a3 APPEND INBOX {9+}\r\nX: y\r\n\r\nz\r\n");
    puppet_says(a, 5 * CORE_S, "a4 APPEND INBOX {9+}\r\nX: y\r\n\r\nz\r\n");
    run_until(4500 * CORE_MS);
    sm.world.mails.limit = 1;
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(a->got, "a2 NO [LIMIT]"));
    ck_assert_ptr_nonnull(strstr(a->got, "a3 OK [APPENDUID"));
    ck_assert_ptr_nonnull(strstr(a->got, "a4 NO [LIMIT]"));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

START_TEST(copy_over_the_quota_copies_nothing)
{
    struct puppet *a;
    size_t n;
    bob_has(3);
    mx_b->users[0].mailboxes = list_of(&n, "Archive", NULL);
    mx_b->users[0].nmailboxes = n;
    small_build();
    mx_b->users[0].quota_octets = user_of(mx_b, "bob")->used_octets * 5 / 3; /* room for two more */
    a = puppet_call(alice, mx_b, 143, CORE_S);
    puppet_says(a, 2 * CORE_S, "a1 LOGIN bob secret\r\na2 SELECT INBOX\r\na3 COPY 1:3 Archive\r\n");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(a->got, "a3 NO [OVERQUOTA]"));
    ck_assert_uint_eq(store_mailbox(user_of(mx_b, "bob"), wire_slice_str("Archive"))->count,
                      0); /* RFC 3501 section 6.4.7 */
}
END_TEST

/* A mailbox numbers its keywords by itself: "b" is the first of one and the second of the other. */
START_TEST(copies_keep_flags_and_keywords)
{
    struct puppet *p;
    small_build();
    p = puppet_call(alice, mail_a, 143, CORE_S);
    puppet_says(p, 2 * CORE_S,
                "1 LOGIN alice secret\r\n2 CREATE Other\r\n3 CREATE Third\r\n"
                "4 APPEND INBOX (a) {3+}\r\nx\r\n\r\n5 APPEND INBOX (\\Flagged b $c) {3+}\r\ny\r\n\r\n"
                "6 SELECT INBOX\r\n7 COPY 2 Other\r\n8 MOVE 2 Third\r\n9 RENAME INBOX Old\r\n"
                "10 EXAMINE Other\r\n11 FETCH 1 FLAGS\r\n12 SEARCH KEYWORD a\r\n"
                "13 EXAMINE Third\r\n14 FETCH 1 FLAGS\r\n15 EXAMINE Old\r\n16 FETCH 1 FLAGS\r\n");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(p->got, "* 1 FETCH (FLAGS (\\Flagged \\Recent b $c"));
    ck_assert_ptr_nonnull(strstr(strstr(p->got, "13 OK"), "* 1 FETCH (FLAGS (\\Flagged \\Recent b $c"));
    ck_assert_ptr_nonnull(strstr(strstr(p->got, "15 OK"), "* 1 FETCH (FLAGS (\\Recent a"));
    ck_assert_ptr_nonnull(strstr(p->got, "* SEARCH\r\n12 OK"));
}
END_TEST

/* The list of subscriptions is one of names, and only the client takes a name off it: RFC 3501 section 6.3.9.
 */
START_TEST(subscriptions_outlive_their_mailboxes)
{
    struct puppet *p;
    const char *at;
    small_build();
    p = puppet_call(alice, mail_a, 143, CORE_S);
    puppet_says(
        p, 2 * CORE_S,
        "1 LOGIN alice secret\r\n2 CREATE a\r\n3 CREATE a/b\r\n4 CREATE c\r\n5 CREATE d\r\n"
        "6 SUBSCRIBE a\r\n7 SUBSCRIBE a/b\r\n8 SUBSCRIBE c\r\n"
        "9 RENAME a e\r\n10 DELETE c\r\n11 LIST (SUBSCRIBED) \"\" *\r\n12 LSUB \"\" *\r\n"
        "13 LIST \"\" *\r\n14 SELECT c\r\n15 UNSUBSCRIBE a/b\r\n16 UNSUBSCRIBE a/b\r\n17 SUBSCRIBE c\r\n"
        "18 UNSUBSCRIBE d\r\n19 CREATE c\r\n20 RENAME d a\r\n21 LIST (SUBSCRIBED) \"\" *\r\n");
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(p->got, "10 OK DELETE completed\r\n"
                                         "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\r\n"
                                         "* LIST (\\NonExistent \\Subscribed) \"/\" a/b\r\n"
                                         "* LIST (\\NonExistent \\Subscribed) \"/\" a\r\n"
                                         "* LIST (\\NonExistent \\Subscribed) \"/\" c\r\n11 OK"));
    at = strstr(p->got, "11 OK");
    ck_assert_ptr_nonnull(strstr(at, "\"/\" c\r\n12 OK"));
    at = strstr(p->got, "12 OK");
    ck_assert_ptr_null(strstr(strstr(at, "13 OK"), "SELECT completed"));
    ck_assert_ptr_nonnull(strstr(at, "* LIST (\\HasNoChildren) \"/\" e/b\r\n"
                                     "* LIST (\\HasNoChildren) \"/\" d\r\n13 OK"));
    ck_assert_ptr_nonnull(strstr(at, "15 OK UNSUBSCRIBE completed\r\n16 NO [NONEXISTENT]"));
    ck_assert_ptr_nonnull(strstr(at, "17 OK SUBSCRIBE completed\r\n18 OK UNSUBSCRIBE completed\r\n"));
    ck_assert_ptr_nonnull(strstr(at, "20 OK RENAME completed\r\n"
                                     "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\r\n"
                                     "* LIST (\\Subscribed \\HasNoChildren) \"/\" a\r\n"
                                     "* LIST (\\Subscribed \\HasNoChildren) \"/\" c\r\n21 OK"));
}
END_TEST

START_TEST(a_mailbox_deleted_under_a_session_ends_that_session)
{
    struct puppet *a, *b;
    size_t n;
    mx_b->users[0].mailboxes = list_of(&n, "Old", NULL);
    mx_b->users[0].nmailboxes = n;
    small_build();
    a = puppet_call(alice, mx_b, 143, CORE_S);
    b = puppet_call(alice, mx_b, 143, CORE_S);
    puppet_says(a, 2 * CORE_S, "a1 LOGIN bob secret\r\na2 SELECT Old\r\n");
    puppet_says(b, 3 * CORE_S, "b1 LOGIN bob secret\r\nb2 DELETE Old\r\n");
    puppet_says(a, 5 * CORE_S, "a3 NOOP\r\n");
    puppet_says(a, 6 * CORE_S, "a4 FETCH 1 (UID)\r\n");
    puppet_says(a, 7 * CORE_S, "a5 STORE 1 FLAGS ()\r\n");
    puppet_says(a, 8 * CORE_S, "a6 LOGOUT\r\n");
    run_until(CORE_HOUR);
    ck_assert_ptr_nonnull(strstr(b->got, "b2 OK"));
    ck_assert_ptr_nonnull(strstr(a->got, "* BYE"));
    ck_assert(a->ended);
    nothing_is_left_open();
}
END_TEST

START_TEST(cram_md5_logs_in_everywhere)
{
    bob_has(1);
    alice->accounts[0].mechanisms = bob->accounts[0].mechanisms = "CRAM-MD5";
    submits(alice);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    fetch_at(bob, 20 * CORE_S);
    fetch_at(alice, 20 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mail-a", "auth", "method", "CRAM-MD5", NULL));
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_SESSION, "mx-b", "login", "method", "CRAM-MD5", "daemon", "pop3", NULL));
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_SESSION, "mail-a", "login", "method", "CRAM-MD5", "daemon", "imap", NULL));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts store");
    TCase *t = tcase_create("store");
    tcase_add_checked_fixture(t, begin, small_end);
    tcase_add_test(t, pop3_takes_messages_away);
    tcase_add_test(t, pop3_deletes_at_quit_alone);
    tcase_add_test(t, a_connection_closed_without_quit_deletes_nothing);
    tcase_add_test(t, a_second_pop3_session_finds_the_maildrop_in_use);
    tcase_add_test(t, a_lost_session_unlocks_the_maildrop);
    tcase_add_test(t, mail_that_comes_during_a_session_waits_for_the_next);
    tcase_add_test(t, kept_messages_are_not_fetched_twice);
    tcase_add_test(t, uidls_survive_what_is_deleted_before_them);
    tcase_add_test(t, two_programs_that_keep_mail_both_get_it);
    tcase_add_test(t, imap_leaves_messages_where_they_are);
    tcase_add_test(t, what_one_device_has_read_the_other_sees_as_read);
    tcase_add_test(t, flags_set_on_one_device_are_seen_on_the_other);
    tcase_add_test(t, an_open_session_is_told_of_flags_that_another_sets);
    tcase_add_test(t, an_expunge_is_told_to_the_other_session_when_it_may_be);
    tcase_add_test(t, what_pop3_deletes_imap_sees_vanish);
    tcase_add_test(t, what_imap_expunges_pop3_still_retrieves);
    tcase_add_test(t, an_idle_session_is_told_of_new_mail_at_once);
    tcase_add_test(t, an_idle_session_is_told_of_everything_that_happens);
    tcase_add_test(t, a_removed_message_is_gone_for_all);
    tcase_add_test(t, a_moved_message_is_in_the_other_mailbox_alone);
    tcase_add_test(t, a_move_to_a_mailbox_that_is_not_there_loses_nothing);
    tcase_add_test(t, there_is_nothing_to_mark_in_an_empty_mailbox);
    tcase_add_test(t, a_mailbox_read_after_the_inbox_does_not_make_the_inbox_new_again);
    tcase_add_test(t, a_sent_message_is_filed_in_sent);
    tcase_add_test(t, append_to_a_full_disk_is_refused);
    tcase_add_test(t, append_over_the_quota_is_refused_and_the_message_still_sent);
    tcase_add_test(t, copy_over_the_quota_copies_nothing);
    tcase_add_test(t, copies_keep_flags_and_keywords);
    tcase_add_test(t, subscriptions_outlive_their_mailboxes);
    tcase_add_test(t, a_mailbox_deleted_under_a_session_ends_that_session);
    tcase_add_test(t, cram_md5_logs_in_everywhere);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
