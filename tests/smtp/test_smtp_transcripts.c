/* Runs every file of tests/transcripts/smtp: each block of client lines at once, and then octet by octet.
 *
 *   @ no STATUS           before the first line: how the server is set up (see set_up)
 *   C: MAIL FROM:<a@b>    sent with CRLF; \r \n \0 \\ \xHH stand for octets
 *   C* .                  sent as it is, without CRLF
 *   S: 250 2.1.0 ...      what the server has said once it has read all the lines before
 *   T:                    the TLS handshake is done    E:  five minutes pass    X:  the connection breaks
 *   V: SENDER_OK          verdicts so far, one a reply
 *   H: mail a|b           what the host was asked, one line each; all of it if there is any
 */
#include <dirent.h>

#include "tests/check_main.h"
#include "tests/smtp/fake_host.h"

#define DIRECTORY "tests/transcripts/smtp"

struct play {
    const char *file;
    int line;
    struct fake_host host;
    struct smtp_server_config config;
    struct smtp_server server;
    char in[200000], out[200000], verdicts[8192], want_out[200000], want_verdicts[8192],
        want_log[FAKE_LOG_MAX];
    size_t in_len, out_len, want_len, verdicts_len, want_verdicts_len, want_log_len;
    bool started, bytewise;
    char last; /* what the line before was */
};

static struct play p;
static struct smtp_server_step step;

static unsigned long number(const char *arg)
{
    return strtoul(arg, NULL, 10);
}

static void set_up(char *arg)
{
    char *value = strchr(arg, ' ');
    if (value)
        *value++ = '\0';
    else
        value = arg + strlen(arg);
    if (strcmp(arg, "submission") == 0)
        smtp_server_config_submission(&p.config, "mx.example.org");
    else if (strcmp(arg, "no") == 0)
        for (size_t i = 0; i < SMTP_EXTS; i++)
            p.config.extensions &=
                strcmp(smtp_ext_at(i)->name, value) == 0 ? ~(unsigned)smtp_ext_at(i)->bit : ~0u;
    else if (strcmp(arg, "plain") == 0)
        p.config.extensions = 0;
    else if (strcmp(arg, "auth") == 0)
        p.config.extensions |= SMTP_EXT_AUTH;
    else if (strcmp(arg, "starttls") == 0)
        p.config.extensions |= SMTP_EXT_STARTTLS;
    else if (strcmp(arg, "tls_required") == 0)
        p.config.tls_required = true;
    else if (strcmp(arg, "helo_only") == 0)
        p.config.helo_only = true;
    else if (strcmp(arg, "accept_lf") == 0)
        p.config.accept_lf = true;
    else if (strcmp(arg, "pass_bare") == 0)
        p.config.bare = SMTP_BARE_PASS;
    else if (strcmp(arg, "pass_nul") == 0)
        p.config.refuse_nul = false;
    else if (strcmp(arg, "refuse_8bit") == 0)
        p.config.refuse_8bit = true;
    else if (strcmp(arg, "size") == 0)
        p.config.size_max = number(value);
    else if (strcmp(arg, "text_line") == 0)
        p.config.text_line_max = (uint32_t)number(value);
    else if (strcmp(arg, "recipients") == 0)
        p.config.recipients_max = (uint32_t)number(value);
    else if (strcmp(arg, "errors") == 0)
        p.config.errors_max = (uint32_t)number(value);
    else if (strcmp(arg, "connect") == 0)
        p.host.connect = smtp_verdict_find(value);
    else if (strcmp(arg, "begin") == 0)
        p.host.begin = smtp_verdict_find(value);
    else if (strcmp(arg, "content") == 0)
        p.host.content_says = smtp_verdict_find(value);
    else if (strcmp(arg, "end") == 0)
        p.host.end = smtp_verdict_find(value);
    else if (strcmp(arg, "tls") == 0)
        p.host.tls = smtp_verdict_find(value);
    else if (strcmp(arg, "mechanisms") == 0)
        strcpy(p.host.mechanisms, value);
    else
        ck_abort_msg("%s:%d: what is \"%s\"?", p.file, p.line, arg);
}

static void took_step(void)
{
    size_t count;
    const uint8_t *allowed = smtp_verb_verdicts(step.verb, &count);
    fake_check_marks(&step.send);
    ck_assert_int_eq(step.after, p.server.state);
    memcpy(p.out + p.out_len, step.send.text, step.send.len);
    p.out_len += step.send.len;
    if (step.verdict == SMTP_SILENT) {
        ck_assert_uint_eq(step.send.len, 0);
        return;
    }
    ck_assert_msg(memchr(allowed, (int)step.verdict, count) != NULL, "%s:%d: %s cannot end in %s", p.file,
                  p.line, smtp_verb_info(step.verb)->name, smtp_verdict_info(step.verdict)->name);
    ck_assert_ptr_eq(step.send.line[0].why, smtp_verdict_info(step.verdict)->lesson);
    ck_assert_uint_eq(step.send.line[0].code, smtp_verdict_info(step.verdict)->code);
    p.verdicts_len +=
        (size_t)sprintf(p.verdicts + p.verdicts_len, "%s\n", smtp_verdict_info(step.verdict)->name);
}

static void start(void)
{
    if (p.started)
        return;
    p.started = true;
    smtp_server_init(&p.server, &p.config, &fake_ops, &p.host);
    if (p.config.extensions & SMTP_EXT_AUTH)
        smtp_server_auth(&p.server, &fake_auth, &p.host);
    smtp_server_start(&p.server, false, &step);
    took_step();
}

/* Lets the server read what has been collected. Octet by octet it sees each prefix, as a slow network shows
 * it. */
static void feed(void)
{
    size_t begin = 0, seen = p.bytewise ? 1 : p.in_len;
    while (begin < p.in_len && p.server.state != SMTP_SERVER_CLOSED) {
        size_t used = smtp_server_step(&p.server, p.in + begin, seen - begin, &step);
        begin += used;
        if (used > 0)
            took_step();
        if (used == 0 || begin == seen) {
            if (seen == p.in_len && used == 0)
                break;
            seen = seen < p.in_len ? seen + 1 : seen;
        }
    }
    if (p.server.state == SMTP_SERVER_CLOSED)
        begin = p.in_len;
    memmove(p.in, p.in + begin, p.in_len - begin);
    p.in_len -= begin;
}

static void append_escaped(const char *text)
{
    for (; *text; text++) {
        char c = *text;
        if (c == '\\') {
            unsigned hex;
            text++;
            c = *text == 'r' ? '\r' : *text == 'n' ? '\n' : *text == '0' ? '\0' : *text;
            if (*text == 'x') {
                ck_assert_int_eq(sscanf(text + 1, "%2x", &hex), 1);
                c = (char)hex;
                text += 2;
            }
        }
        p.in[p.in_len++] = c;
    }
}

static void compare(const char *what, const char *got, size_t got_len, const char *want, size_t want_len)
{
    ck_assert_msg(got_len == want_len && memcmp(got, want, got_len) == 0,
                  "%s:%d (%s): %s\n--- wanted\n%.*s--- got\n%.*s---", p.file, p.line,
                  p.bytewise ? "octet by octet" : "in blocks", what, (int)want_len, want, (int)got_len, got);
}

static void sync(void)
{
    start();
    feed();
    compare("the server has said something else", p.out, p.out_len, p.want_out, p.want_len);
}

static void play_line(char *text)
{
    char *arg = text[0] && text[1] ? text + 2 + (text[2] == ' ') : text;
    if (text[0] == '\0' || text[0] == '#')
        return;
    if (p.last == 'S' && text[0] != 'S')
        sync();
    p.last = text[0];
    if (text[0] != '@')
        start();
    switch (text[0]) {
    case '@':
        set_up(text + 2);
        break;
    case 'C':
        append_escaped(arg);
        if (text[1] == ':')
            append_escaped("\\r\\n");
        break;
    case 'S':
        p.want_len += (size_t)sprintf(p.want_out + p.want_len, "%s\r\n", arg);
        break;
    case 'V':
        for (char *word = strtok(arg, " "); word; word = strtok(NULL, " "))
            p.want_verdicts_len += (size_t)sprintf(p.want_verdicts + p.want_verdicts_len, "%s\n", word);
        break;
    case 'H':
        p.want_log_len += (size_t)sprintf(p.want_log + p.want_log_len, "%s\n", arg);
        break;
    case 'T':
        sync();
        smtp_server_tls_started(&p.server);
        break;
    case 'E':
        sync();
        smtp_server_expire(&p.server, &step);
        took_step();
        break;
    case 'X':
        sync();
        smtp_server_closed(&p.server);
        break;
    default:
        ck_abort_msg("%s:%d: what is \"%s\"?", p.file, p.line, text);
    }
}

static void play(const char *name, bool bytewise)
{
    char path[512], text[20000];
    FILE *f;
    snprintf(path, sizeof path, DIRECTORY "/%s", name);
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "cannot read %s: run tests from the root of the repository", path);
    memset(&p, 0, sizeof p);
    p.file = name;
    p.bytewise = bytewise;
    fake_host_init(&p.host);
    smtp_server_config_mta(&p.config, "mx.example.org");
    while (fgets(text, sizeof text, f)) {
        p.line++;
        text[strcspn(text, "\n")] = '\0';
        play_line(text);
    }
    fclose(f);
    sync();
    ck_assert_msg(p.want_verdicts_len > 0, "%s expects no verdict at all", name);
    compare("other verdicts", p.verdicts, p.verdicts_len, p.want_verdicts, p.want_verdicts_len);
    if (p.want_log_len > 0)
        compare("the host was asked something else", p.host.log, p.host.log_len, p.want_log, p.want_log_len);
}

static unsigned play_all(bool bytewise)
{
    DIR *dir = opendir(DIRECTORY);
    struct dirent *entry;
    unsigned count = 0;
    ck_assert_msg(dir != NULL, "cannot read " DIRECTORY ": run tests from the root of the repository");
    while ((entry = readdir(dir)) != NULL) {
        if (!strstr(entry->d_name, ".txt"))
            continue;
        play(entry->d_name, bytewise);
        count++;
    }
    closedir(dir);
    return count;
}

START_TEST(transcripts_hold_in_blocks)
{
    ck_assert_uint_ge(play_all(false), 15);
}
END_TEST

START_TEST(transcripts_hold_octet_by_octet)
{
    ck_assert_uint_ge(play_all(true), 15);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smtp_transcripts");
    TCase *t = tcase_create("transcripts");
    tcase_add_test(t, transcripts_hold_in_blocks);
    tcase_add_test(t, transcripts_hold_octet_by_octet);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
