/* Every view at three sizes, in UTF-8 and ASCII, as it was when somebody looked at it and found it good.
 * MAILWALK_WRITE_GOLDEN=1 writes the screens anew; then look at what git diff says. */
#include "tests/ui/screen_fixture.h"

static const struct {
    const char *name, *scenario, *keys;
    bool questions;
} screens[] = {
    { "journey", "first-message", "! ] ] n n n 1", false },
    { "ladder", "no-such-user", "! 2", false },
    { "packet", "first-message", "/ RCPT <Enter> 3", false },
    { "hosts", "mx-down", "! 4", false },
    { "message", "first-message", "<End> 5", false },
    { "grid", "no-such-user", "<End> 6", false },
    { "terminal", "first-message",
      "<End> 7 <Enter> telnet <Space> mail.example.com <Space> 25 <Enter> EHLO <Space> me.example <Enter>",
      false },
    { "lessons", "first-message", "L", false },
    { "changes", "wrong-port", "! x", false },
    { "when", "no-such-user", "! x nobbody <Enter> <Ctrl-U> bob@example.org <Enter>", false },
    { "compare", "wrong-port", "! x accounts/0/submit/port <Enter> <Ctrl-U> 587 <Enter> <Enter> c", false },
    { "exports", "first-message", "<End> e", false },
    { "question", "no-such-user", "/ RCPT <Enter> n", true },
    { "answer", "no-such-user", "/ RCPT <Enter> n 2", true },
    { "why", "no-such-user", "! w", false },
    { "help", "first-message", "?", false },
    { "start", "first-message", "", false },
    { "big", "first-message", "/ RCPT <Enter> b", false },
    { "secure", "first-message-secure", "/ STARTTLS <Enter> 2", false },
    { "lost", "lossy-link", "! 2", false },
};
static const struct {
    int rows, cols;
} sizes[] = { { 24, 80 }, { 36, 120 }, { 60, 200 } };
#define SCREENS (sizeof screens / sizeof screens[0])
#define SIZES   (sizeof sizes / sizeof sizes[0])

static char *whole(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    ck_assert_ptr_nonnull(text);
    if (f) {
        text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
        fclose(f);
    }
    return text;
}

static size_t row_of(const char *text, unsigned row)
{
    size_t at = 0;
    while (row > 0 && text[at])
        row -= text[at++] == '\n';
    return at;
}

START_TEST(screens_are_as_they_were)
{
    size_t i = (size_t)_i / (SIZES * 2), k = (size_t)_i / 2 % SIZES;
    bool ascii = _i % 2;
    struct face f;
    char path[200], *golden;
    size_t same = 0;
    unsigned row = 0;
    snprintf(path, sizeof path, "tests/golden/%s-%dx%d%s.txt", screens[i].name, sizes[k].cols, sizes[k].rows,
             ascii ? "-ascii" : "");
    face_open(&f, screens[i].scenario, sizes[k].rows, sizes[k].cols, ascii, screens[i].questions);
    face_keys(&f, screens[i].keys);
    face_text(&f);
    if (getenv("MAILWALK_WRITE_GOLDEN")) {
        FILE *out = fopen(path, "wb");
        ck_assert_ptr_nonnull(out);
        fputs(f.text, out);
        fclose(out);
    }
    golden = whole(path);
    while (f.text[same] && golden[same] == f.text[same])
        row += f.text[same++] == '\n';
    ck_assert_msg(golden[same] == f.text[same], "%s: row %u is now: %.*s", path, row + 1,
                  (int)strcspn(f.text + row_of(f.text, row), "\n"), f.text + row_of(f.text, row));
    for (const char *c = f.text; ascii && *c; c++)
        ck_assert_msg((unsigned char)*c < 0x80, "%s: an octet above 0x7e in ASCII", path);
    free(golden);
    face_close(&f);
}
END_TEST

START_TEST(a_small_terminal_says_so)
{
    struct face f;
    face_open(&f, "first-message", 10, 40, false, false);
    ck_assert(face_shows(&f, "Too small"));
    ck_assert(face_shows(&f, "80x24"));
    ui_screen_event(f.s, &(struct ui_event){ .kind = UI_EVENT_SIZE, .row = 24, .col = 80 });
    ck_assert(!face_shows(&f, "Too small"));
    face_close(&f);
}
END_TEST

static Suite *golden_suite(void)
{
    Suite *s = suite_create("golden screens");
    TCase *t = tcase_create("golden");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, screens_are_as_they_were, 0, (int)(SCREENS * SIZES * 2));
    tcase_add_test(t, a_small_terminal_says_so);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(golden_suite)
