/* ui/screen/export*: files from the screen, and what hostile peers may not do to them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/ui/screen_fixture.h"
#include "tests/ui/catalogue.h"
#include "ui/save.h"
#include "ui/screen/export.h"

/* ---- a tape of hostile lines ---- */

static const char *const hostile[] = {
    "250 </text></svg><script>alert(1)</script>",
    "250 a\" onload='x' & &amp; <![CDATA[",
    "250 x\nh1->>h2: forged\r\n%% comment; end",
    "250 end; END h2-->>h1: forged #quot; #35;",
    ("250 \x1b[2J\x1b]0;title\x07 \xff\xfe \xe2\x80\xae"
     "txt.exe"),
    "250 \xef\xbf\xbe\xef\xbf\xbf not XML",
};
#define HOSTILE (sizeof hostile / sizeof hostile[0])

static struct tape *hostile_tape(void)
{
    static const struct trace_host hosts[] = { { .name = "a<b>", .label = "", .fqdn = "", .role = "client" },
                                               { .name = "mx;end", .label = "", .fqdn = "", .role = "mta" } };
    struct trace_opening o = {
        .scenario = "x\n<y>", .title = "A & B; end\n<script>", .version = "", .hosts = hosts, .nhosts = 2
    };
    struct tape *t = tape_new();
    struct trace_sink sink = tape_sink(t);
    sink.open(sink.ctx, &o);
    for (size_t i = 0; i < HOSTILE; i++) {
        struct trace_record r = { .seq = i + 1,
                                  .t_ns = i * 1000000,
                                  .kind = TRACE_KIND_REPLY,
                                  .proto = TRACE_SMTP,
                                  .dir = 'S',
                                  .host = 2,
                                  .peer = 1,
                                  .conn = 1,
                                  .code = 250,
                                  .text = hostile[i],
                                  .text_len = strlen(hostile[i]) };
        sink.record(sink.ctx, &r);
    }
    sink.close(sink.ctx, 1000000000);
    return t;
}

static char *exported(enum ui_export_form form, const struct tape *t, uint32_t upto, bool ascii)
{
    struct ladder *l = ladder_new(t);
    struct ui_export_scope scope = { .tape = t, .ladder = l, .upto = upto, .ascii = ascii };
    struct ui_text text = { 0 };
    ui_export(form, &scope, &text);
    ladder_free(l);
    ck_assert_ptr_nonnull(text.text);
    return text.text;
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        n++;
    return n;
}

/* Elements open and close in order, and are of those few that a picture has. */
static void check_xml(const char *svg)
{
    static const char *const known[] = { "svg",  "title", "desc", "style",  "rect",
                                         "text", "line",  "path", "circle", "g" };
    char stack[16][16];
    size_t depth = 0;
    for (const char *at = strchr(svg + 1, '<'); at; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        bool closing = at[1] == '/', found = false;
        char name[16] = "";
        ck_assert_ptr_nonnull(end);
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1 + closing, " />"), at + 1 + closing);
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found |= strcmp(name, known[i]) == 0;
        ck_assert_msg(found, "<%s>", name);
        if (closing) {
            ck_assert(depth > 0 && strcmp(stack[depth - 1], name) == 0);
            depth--;
        } else if (end[-1] != '/') {
            ck_assert_uint_lt(depth, 16);
            memcpy(stack[depth++], name, sizeof name);
        }
    }
    ck_assert_uint_eq(depth, 0);
}

START_TEST(a_message_cannot_add_to_a_picture)
{
    struct tape *t = hostile_tape();
    char *svg = exported(UI_EXPORT_SVG, t, tape_last(t), false);
    check_xml(svg);
    ck_assert_uint_eq(count(svg, "<script"), 0);
    ck_assert_uint_eq(count(svg, "onload='"), 0);
    ck_assert_ptr_null(strpbrk(svg, "\x1b\x07\r"));
    ck_assert_ptr_null(strstr(svg, "\xef\xbf\xbe"));
    ck_assert_uint_eq(count(svg, "<g>"), HOSTILE);
    free(svg);
    tape_free(t);
}
END_TEST

START_TEST(a_message_cannot_add_to_a_mermaid_diagram)
{
    struct tape *t = hostile_tape();
    char *mmd = exported(UI_EXPORT_MERMAID, t, tape_last(t), true);
    ck_assert_uint_eq(count(mmd, "\n"), 4 + HOSTILE); /* sequenceDiagram, title, two participants */
    ck_assert_uint_eq(count(mmd, "->>"), HOSTILE);
    ck_assert_uint_eq(count(mmd, "%%"), 0);
    ck_assert_uint_eq(count(mmd, "end"), 0);
    ck_assert_ptr_null(strpbrk(mmd, "<\x1b\r\""));
    for (const char *at = strchr(mmd, '#'); at; at = strchr(at + 1, '#'))
        ck_assert_int_eq(at[1 + strspn(at + 1, "0123456789")], ';');
    ck_assert_uint_eq(count(mmd, "#"), count(mmd, ";"));
    free(mmd);
    tape_free(t);
}
END_TEST

START_TEST(a_message_cannot_move_a_cursor)
{
    struct tape *t = hostile_tape();
    for (int form = UI_EXPORT_TRANSCRIPT; form <= UI_EXPORT_LADDER; form++) {
        char *text = exported((enum ui_export_form)form, t, tape_last(t), form == UI_EXPORT_LADDER);
        ck_assert_ptr_null(strpbrk(text, "\x1b\x07\r"));
        ck_assert_uint_eq(count(text, "\nh1"), 0);
        free(text);
    }
    tape_free(t);
}
END_TEST

START_TEST(up_to_here_tells_nothing_of_what_follows)
{
    struct tape *t = catalogue_tape("no-such-user");
    uint32_t place = 0;
    struct trace_record r;
    for (uint32_t seq = 1; !place && tape_get(t, seq, &r); seq++)
        if (r.kind == TRACE_KIND_REPLY && r.code == 550)
            place = seq - 1;
    for (int form = UI_EXPORT_TRANSCRIPT; form < UI_EXPORT_COUNT; form++) {
        char *part = exported((enum ui_export_form)form, t, place, false),
             *all = exported((enum ui_export_form)form, t, tape_last(t), false),
             *again = exported((enum ui_export_form)form, t, tape_last(t), false);
        ck_assert_ptr_null(strstr(part, "550 5.1.1"));
        ck_assert_ptr_nonnull(strstr(all, "550 5.1.1"));
        ck_assert_str_eq(all, again);
        free(part);
        free(all);
        free(again);
    }
    tape_free(t);
}
END_TEST

static void check_forms(const char *name, struct tape *t)
{
    char *svg = exported(UI_EXPORT_SVG, t, tape_last(t), false),
         *ladder = exported(UI_EXPORT_LADDER, t, tape_last(t), true);
    check_xml(svg);
    for (const char *at = ladder; *at; at += strcspn(at, "\n") + 1)
        ck_assert_msg(strcspn(at, "\n") <= 200, "%s", name);
    for (const char *at = ladder; *at; at++)
        ck_assert_msg(*at == '\n' || (*at >= ' ' && *at < 0x7f), "%s", name);
    free(svg);
    free(ladder);
}

START_TEST(every_lesson_can_be_exported)
{
    catalogue_each(check_forms);
}
END_TEST

/* ---- files ---- */

static char folder[] = "/tmp/mailwalk-export-XXXXXX";

static void read_file(const char *path, char *buf, size_t cap)
{
    FILE *f = fopen(path, "rb");
    size_t n;
    ck_assert_msg(f != NULL, "%s", path);
    n = fread(buf, 1, cap - 1, f);
    buf[n] = '\0';
    fclose(f);
}

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    ck_assert(f && fputs(text, f) >= 0);
    fclose(f);
}

/* Opens the export of the whole ladder as text, and types this path in place of the one that is offered. */
static void export_to(struct face *f, const char *path)
{
    face_keys(
        f,
        "e <Down> <Down> <Down> <Enter>"); /* without captures: transcript, ladder; each up to here, whole */
    for (int i = 0; i < 100; i++)
        ui_screen_key(f->s, UI_KEY_BACKSPACE);
    for (const char *at = path; *at; at++)
        ui_screen_key(f->s, (unsigned char)*at);
    ui_screen_key(f->s, UI_KEY_ENTER);
}

START_TEST(an_export_is_saved_and_a_file_that_is_there_is_asked_about)
{
    struct face f;
    char path[100], buf[256];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.txt", folder);
    face_open(&f, "no-such-user", 24, 120, true, false);
    export_to(&f, path);
    ck_assert_msg(face_shows(&f, "Saved ") && face_shows(&f, "octets"), "%s", face_text(&f));
    read_file(path, buf, sizeof buf);
    ck_assert_ptr_nonnull(strstr(buf, "A typo in the address"));
    put_file(path, "precious");
    export_to(&f, path);
    ck_assert(face_shows(&f, "There is a file") && face_shows(&f, "Overwrite its 8 octets"));
    face_keys(&f, "<Esc>");
    read_file(path, buf, sizeof buf);
    ck_assert_str_eq(buf, "precious");
    export_to(&f, path);
    face_keys(&f, "<Down> <Enter>");
    ck_assert(face_shows(&f, "Saved "));
    read_file(path, buf, sizeof buf);
    ck_assert_ptr_nonnull(strstr(buf, "A typo in the address"));
    unlink(path);
    snprintf(path, sizeof path, "%s/none/a.txt", folder);
    export_to(&f, path);
    ck_assert(face_shows(&f, "Not saved: ") && face_shows(&f, "No such file or directory"));
    ck_assert(face_shows(&f, "into which file?")); /* the name can be mended */
    face_close(&f);
    rmdir(folder);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_whole_keeps_what_it_had)
{
    char dir[] = "/tmp/mailwalk-save-XXXXXX", path[100], part[110], buf[64], error[UI_ERROR_MAX] = "";
    struct ui_save save;
    uint64_t octets;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/f", dir);
    snprintf(part, sizeof part, "%s.part", path);
    put_file(path, "old");
    ck_assert(ui_save_begin(&save, path, error));
    put_file(save.to, "half of the n");
    ck_assert(!ui_save_end(&save, false, error));
    read_file(path, buf, sizeof buf);
    ck_assert_str_eq(buf, "old");
    ck_assert(!ui_save_exists(part, &octets));
    put_file(part, "somebody else's");
    ck_assert(!ui_save_text(path, "new", 3, error));
    ck_assert_ptr_nonnull(strstr(error, ".part"));
    read_file(part, buf, sizeof buf);
    ck_assert_str_eq(buf, "somebody else's");
    unlink(part);
    ck_assert(ui_save_text(path, "new", 3, error));
    ck_assert(ui_save_exists(path, &octets) && octets == 3);
    ck_assert(!ui_save_text("/dev/full", "new", 3, error)); /* a device is written into, not replaced */
    ck_assert_ptr_nonnull(strstr(error, "No space left"));
    ck_assert_int_eq(access("/dev/full", F_OK), 0);
    ck_assert_int_ne(access("/dev/full.part", F_OK), 0);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(a_line_is_copied_without_control_characters)
{
    struct face f;
    face_open(&f, "no-such-user", 24, 80, true, false);
    ck_assert(!(ui_screen_key(f.s, 'y') & UI_AFTER_COPY));
    face_keys(&f, "2 n n n");
    ck_assert(ui_screen_key(f.s, 'y') & UI_AFTER_COPY);
    ck_assert_str_ne(ui_screen_copied(f.s), "");
    ck_assert_ptr_null(strpbrk(ui_screen_copied(f.s), "\n\r\x1b"));
    face_close(&f);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("export");
    TCase *forms = tcase_create("forms"), *files = tcase_create("files");
    tcase_add_test(forms, a_message_cannot_add_to_a_picture);
    tcase_add_test(forms, a_message_cannot_add_to_a_mermaid_diagram);
    tcase_add_test(forms, a_message_cannot_move_a_cursor);
    tcase_add_test(forms, up_to_here_tells_nothing_of_what_follows);
    tcase_add_test(forms, every_lesson_can_be_exported);
    tcase_add_test(files, an_export_is_saved_and_a_file_that_is_there_is_asked_about);
    tcase_add_test(files, a_file_that_cannot_be_written_whole_keeps_what_it_had);
    tcase_add_test(files, a_line_is_copied_without_control_characters);
    tcase_set_timeout(forms, 60);
    tcase_set_timeout(files, 60);
    suite_add_tcase(s, forms);
    suite_add_tcase(s, files);
    return s;
}

CHECK_MAIN(suite)
