/*
 * Runs the files of tests/transcripts/imap against the server, whole and octet by octet.
 *
 *   C: a line from the client, CRLF added         S: a line the server must answer, exactly
 *   S~ the answer's line must begin so            @verdict NAME   what the last command ended in
 *   @state NAME   @tls   @poll   @deliver BOX   @remove BOX UID   @flag BOX UID   @drop BOX
 *   @mail BOX text with \r\n and \0 spelled out    puts that message into the mailbox
 *   @set starttls|private|plain|minus|quota N     at the top: the server's configuration
 */
#include "tests/imap/fixture.h"

#include "tests/check_main.h"

#include <glob.h>

static struct wire w;

static enum imap_verdict verdict_named(const char *name)
{
    for (int v = 0; v < IMAP_VERDICTS_END; v++)
        if (strcmp(imap_verdict_info((enum imap_verdict)v)->name, name) == 0)
            return (enum imap_verdict)v;
    ck_abort_msg("no verdict %s", name);
    return IMAP_VERDICTS_END;
}

static void mail(struct mem_store *st, struct mem_box *box, const char *spelled)
{
    char text[4096];
    size_t n = 0;
    for (; *spelled != '\0'; spelled++) {
        char c = *spelled;
        if (c == '\\') {
            c = *++spelled;
            c = c == 'r' ? '\r' : c == 'n' ? '\n' : c == '0' ? '\0' : c;
        }
        text[n++] = c;
    }
    mem_add(st, box, text, n, 0, 0, st->now);
}

static void command(struct mem_store *st, const char *text)
{
    char word[32] = "", box[64] = "";
    unsigned n = 0;
    sscanf(text, "%31s %63s %u", word, box, &n);
    if (strcmp(word, "verdict") == 0) {
        ck_assert_str_eq(imap_verdict_info(w.verdict)->name, imap_verdict_info(verdict_named(box))->name);
    } else if (strcmp(word, "state") == 0) {
        ck_assert_str_eq(imap_state_name((enum imap_state)w.server.state), text + 6);
    } else if (strcmp(word, "tls") == 0) {
        imap_server_tls_started(&w.server);
    } else if (strcmp(word, "poll") == 0) {
        if (imap_server_poll(&w.server, &w.step))
            wire_collect(&w);
    } else if (strcmp(word, "deliver") == 0) {
        mem_add(st, mem_box(st, box), mail_plain, sizeof mail_plain - 1, 0, 0, st->now);
    } else if (strcmp(word, "mail") == 0) {
        mail(st, mem_box(st, box), text + 5 + strlen(box) + 1);
    } else if (strcmp(word, "remove") == 0) {
        mem_remove(mem_box(st, box), mem_by_uid(mem_box(st, box), n));
    } else if (strcmp(word, "flag") == 0) {
        struct mem_message *m = mem_by_uid(mem_box(st, box), n);
        m->flags |= IMAP_ANSWERED;
        m->modseq = ++mem_box(st, box)->modseq;
        mem_tell(mem_box(st, box), NULL, IMAP_CHANGE_FLAGS, m);
    } else if (strcmp(word, "drop") == 0) {
        mem_delete(&w.session, wire_slice_str(box));
    } else if (strcmp(word, "set") == 0) {
        fixture_config.starttls |= strcmp(box, "starttls") == 0;
        fixture_config.tls_before_login |= strcmp(box, "private") == 0;
        if (strcmp(box, "plain") == 0)
            fixture_config.extensions = 0;
        if (strcmp(box, "minus") == 0)
            fixture_config.extensions &= ~(unsigned)IMAP_EXT_LITERAL_PLUS;
        if (strcmp(box, "nomodseq") == 0)
            mem_box(st, "Sent")->no_modseq = true;
        if (strcmp(box, "quota") == 0)
            st->quota_octets = n;
    } else {
        ck_abort_msg("unknown: @%s", text);
    }
}

/* Takes one line off the collected output. */
static void expect(const char *file, int number, const char *want, bool whole)
{
    char *end = strstr(w.out, "\r\n");
    size_t n;
    ck_assert_msg(end != NULL, "%s:%d: wanted \"%s\", the server says nothing more (%s)", file, number, want,
                  w.out);
    *end = '\0';
    if (whole ? strcmp(w.out, want) != 0 : strncmp(w.out, want, strlen(want)) != 0)
        ck_abort_msg("%s:%d: wanted\n  %s\ngot\n  %s", file, number, want, w.out);
    n = (size_t)(end - w.out) + 2;
    memmove(w.out, w.out + n, w.out_len - n + 1);
    w.out_len -= n;
}

static void run(const char *file, size_t piece)
{
    struct mem_store *st = fixture_store();
    FILE *f = fopen(file, "r");
    char line[8192];
    bool open = false;
    int number = 0;
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f)) {
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (!open && strncmp(line, "@set", 4) != 0 && line[0] != '#') {
            wire_open(&w, st);
            open = true;
        }
        if (strncmp(line, "C: ", 3) == 0) {
            ck_assert_msg(w.out_len == 0, "%s:%d: unexpected: %s", file, number, w.out);
            do { /* the lines of one group go together */
                long at = ftell(f);
                line[strcspn(line, "\n")] = '\0';
                memcpy(line + strlen(line), "\r\n", 3);
                wire_feed(&w, line + 3, strlen(line + 3), piece);
                number++;
                if (fgets(line, sizeof line, f) == NULL || strncmp(line, "C: ", 3) != 0) {
                    fseek(f, at, SEEK_SET);
                    number--;
                    break;
                }
            } while (true);
        } else if (strncmp(line, "S: ", 3) == 0) {
            expect(file, number, line + 3, true);
        } else if (strncmp(line, "S~ ", 3) == 0) {
            expect(file, number, line + 3, false);
        } else if (line[0] == '@') {
            command(st, line + 1);
        } else {
            ck_assert_msg(line[0] == '#' || line[0] == '\0', "%s:%d: what is this: %s", file, number, line);
        }
    }
    fclose(f);
    ck_assert_msg(w.out_len == 0, "%s: left over: %s", file, w.out);
    wire_close(&w);
    ck_assert_int_eq(st->lent, 0);
    ck_assert_int_eq(st->views, 0);
    mem_free(st);
}

static glob_t files;

START_TEST(it_holds_when_input_comes_whole)
{
    run(files.gl_pathv[_i], 65536);
}
END_TEST

START_TEST(it_holds_when_input_comes_octet_by_octet)
{
    run(files.gl_pathv[_i], 1);
}
END_TEST

START_TEST(it_holds_when_input_comes_in_pieces_of_seven)
{
    run(files.gl_pathv[_i], 7);
}
END_TEST

START_TEST(there_are_transcripts)
{
    ck_assert_uint_ge(files.gl_pathc, 15);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("imap transcripts");
    TCase *t = tcase_create("files");
    glob("tests/transcripts/imap/*.txt", 0, NULL, &files);
    tcase_add_test(t, there_are_transcripts);
    tcase_add_loop_test(t, it_holds_when_input_comes_whole, 0, (int)files.gl_pathc);
    tcase_add_loop_test(t, it_holds_when_input_comes_octet_by_octet, 0, (int)files.gl_pathc);
    tcase_add_loop_test(t, it_holds_when_input_comes_in_pieces_of_seven, 0, (int)files.gl_pathc);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
