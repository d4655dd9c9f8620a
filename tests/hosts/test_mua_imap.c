/* A mail program uses of IMAP what the server offers, and makes do with what an old one has. */
#include "tests/hosts/puppet.h"

static struct part *phone, *tablet;

static void begin(void)
{
    two_domains();
    phone = host_add("phone");
    account_add(phone, "bob@b.test", mx_b, SPEC_IMAP);
    tablet = host_add("tablet");
    account_add(tablet, "bob@b.test", mx_b, SPEC_IMAP);
}

/* The only phone command with these words behind its tag. */
static const struct seen *said(const char *words)
{
    const struct seen *found = NULL;
    for (size_t i = 0; i < watch.n; i++) {
        const struct seen *s = watch.seen[i];
        const char *space = is_line(s, "phone", "A") ? strchr(s->text, ' ') : NULL;
        if (space && strncmp(space + 1, words, strlen(words)) == 0) {
            ck_assert_ptr_null(found);
            found = s;
        }
    }
    return found;
}

static void check_caught_up(const char *changed, const char *vanished)
{
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "phone", "caught-up", NULL), 1);
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_CLIENT, "phone", "caught-up", "changed", changed, "vanished", vanished, NULL));
}

/* The phone reads three messages; the tablet marks the last and later removes it; a fourth comes. */
START_TEST(a_second_visit_asks_for_what_has_changed)
{
    struct spec_action *mark, *remove;
    mail_at(alice, "one", "bob@b.test", CORE_S);
    mail_at(alice, "two", "bob@b.test", 2 * CORE_S);
    mail_at(alice, "three", "bob@b.test", 3 * CORE_S);
    fetch_at(phone, CORE_MINUTE);
    remove = action_add(SPEC_DO_REMOVE, tablet, 2 * CORE_MINUTE);
    mark = action_add(SPEC_DO_MARK, tablet, 3 * CORE_MINUTE);
    ck_assert(remove && mark);
    mail_at(alice, "four", "bob@b.test", 4 * CORE_MINUTE);
    fetch_at(phone, 5 * CORE_MINUTE);
    run_until(CORE_HOUR);
    ck_assert_ptr_nonnull(said("ENABLE QRESYNC"));
    ck_assert_ptr_nonnull(said("SELECT INBOX (QRESYNC ("));
    ck_assert_ptr_nonnull(line_with("mx-b", "* VANISHED (EARLIER) 3"));
    /* 1 and 2 were read since it opened the mailbox, and 2 is marked too. */
    check_caught_up("2", "1");
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "phone", "message", NULL), 4);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "phone", "fetched", "count", "1", NULL));
}
END_TEST

START_TEST(a_first_visit_is_plain)
{
    mail_at(alice, "one", "bob@b.test", CORE_S);
    fetch_at(phone, CORE_MINUTE);
    run_until(CORE_HOUR);
    ck_assert_ptr_nonnull(said("SELECT INBOX"));
    ck_assert_ptr_null(said("ENABLE"));
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "phone", "caught-up", NULL), 0);
}
END_TEST

START_TEST(a_message_is_moved_and_removed_by_its_uid)
{
    size_t n;
    mx_b->users[0].mailboxes = list_of(&n, "Archive", NULL);
    mx_b->users[0].nmailboxes = n;
    mail_at(alice, "one", "bob@b.test", CORE_S);
    mail_at(alice, "two", "bob@b.test", 2 * CORE_S);
    action_add(SPEC_DO_MOVE, phone, CORE_MINUTE)->mailbox = "Archive";
    action_add(SPEC_DO_REMOVE, phone, 2 * CORE_MINUTE);
    run_until(CORE_HOUR);
    ck_assert_ptr_nonnull(said("UID MOVE 2 Archive"));
    ck_assert_ptr_null(said("UID COPY"));
    ck_assert_ptr_nonnull(said("UID EXPUNGE 1"));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    ck_assert_uint_eq(store_mailbox(user_of(mx_b, "bob"), wire_slice_str("Archive"))->count, 1);
}
END_TEST

/* ---- servers that can less ---- */

static const char *offered;

static const char *old_server(struct puppet *p, const char *line)
{
    const char *space = strchr(line, ' ');
    const char *tag = text_of("%.*s", space ? (int)(space - line) : 0, line);
    const char *data = "";
    (void)p;
    if (!space)
        return NULL;
    if (strstr(line, " CAPABILITY"))
        data = text_of("* CAPABILITY IMAP4rev1 %s\r\n", offered);
    if (strstr(line, " SELECT"))
        data = text_of(
            "* FLAGS (\\Seen \\Deleted)\r\n* 1 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] x\r\n* OK "
            "[UIDNEXT 10] x\r\n%s",
            strstr(offered, "CONDSTORE") ? "* OK [HIGHESTMODSEQ 5] x\r\n" : "");
    if (strstr(line, "CHANGEDSINCE"))
        data = "* 1 FETCH (UID 9 FLAGS (\\Seen) MODSEQ (6))\r\n";
    else if (strstr(line, "UID FETCH") && strstr(line, "ENVELOPE"))
        data = "* 1 FETCH (UID 9 FLAGS () RFC822.SIZE 16)\r\n";
    else if (strstr(line, "BODY[]"))
        data = "* 1 FETCH (UID 9 BODY[] {16}\r\nSubject: x\r\n\r\nx\n)\r\n";
    if (strstr(line, " EXPUNGE"))
        data = "* 1 EXPUNGE\r\n";
    if (strstr(line, " LOGOUT"))
        data = "* BYE\r\n";
    return text_of("%s%s OK done\r\n", data, tag);
}

static void meets(const char *capabilities)
{
    offered = capabilities;
    phone->accounts[0].fetch_port = 1143;
    phone->accounts[0].fetch_auth_plain_command = true;
    small_build();
    puppet_serve(mx_b, 1143, "* OK hello\r\n", old_server);
    run_until(CORE_HOUR);
}

START_TEST(without_move_a_message_is_copied_and_expunged)
{
    action_add(SPEC_DO_MOVE, phone, CORE_MINUTE)->mailbox = "Archive";
    meets("CHILDREN");
    ck_assert_ptr_nonnull(said("UID COPY 9 Archive"));
    ck_assert_ptr_nonnull(said("UID STORE 9 +FLAGS (\\Deleted)"));
    ck_assert_ptr_nonnull(said("EXPUNGE"));
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "phone", "moved", "result", "ok", NULL), 1);
}
END_TEST

START_TEST(with_condstore_alone_changes_are_asked_for)
{
    fetch_at(phone, CORE_MINUTE);
    fetch_at(phone, 2 * CORE_MINUTE);
    meets("CONDSTORE");
    ck_assert_ptr_null(said("ENABLE"));
    ck_assert_ptr_nonnull(said("UID FETCH 1:9 (FLAGS) (CHANGEDSINCE 5)"));
    check_caught_up("1", "0");
}
END_TEST

START_TEST(without_numbered_changes_nothing_is_asked)
{
    fetch_at(phone, CORE_MINUTE);
    fetch_at(phone, 2 * CORE_MINUTE);
    meets("UIDPLUS ENABLE");
    ck_assert_ptr_null(line_with("phone", "CHANGEDSINCE"));
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "phone", "caught-up", NULL), 0);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "phone", "fetched", "result", "ok", NULL), 2);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts imap programs");
    TCase *t = tcase_create("imap programs");
    tcase_add_checked_fixture(t, begin, small_end);
    tcase_add_test(t, a_second_visit_asks_for_what_has_changed);
    tcase_add_test(t, a_first_visit_is_plain);
    tcase_add_test(t, a_message_is_moved_and_removed_by_its_uid);
    tcase_add_test(t, without_move_a_message_is_copied_and_expunged);
    tcase_add_test(t, with_condstore_alone_changes_are_asked_for);
    tcase_add_test(t, without_numbered_changes_nothing_is_asked);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
