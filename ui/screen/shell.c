/* What is typed becomes a change, and the scenario runs again. */
#include "ui/screen/shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "protocols/wire/base64.h"
#include "ui/tape/keep.h"

#define WORDS_MAX 12
#define MARGIN_S  120  /* seconds of the run that must be left for an answer */
#define LONGER_S  900  /* what is added then */
#define UNTIL_S   3600 /* of a scenario that does not say */

static char *copy(const char *text)
{
    size_t len = strlen(text) + 1;
    return memcpy(keep_alloc(len), text, len);
}

void shell_free(struct shell *sh)
{
    for (size_t i = 0; i < sh->n; i++) {
        free(sh->item[i].typed);
        free(sh->item[i].text);
        free(sh->item[i].change);
    }
    free(sh->item);
    free(sh->scenario);
    *sh = (struct shell){ 0 };
}

void shell_settle(struct ui_screen *s, struct shell *sh)
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    if (!sh->scenario || strcmp(sh->scenario, s->scenario) != 0) {
        shell_free(sh);
        sh->scenario = copy(s->scenario);
    }
    for (size_t i = 0; o && i < o->nhosts && !sh->from; i++)
        if (strcmp(o->hosts[i].role, "client") == 0)
            sh->from = (uint32_t)i + 1;
    if (!sh->from && o && o->nhosts)
        sh->from = 1;
    if (sh->from && sh->asked != sh->from) {
        char pointer[120];
        snprintf(pointer, sizeof pointer, "/hosts/%.80s/resolvers/0", tape_host(s->run.tape, sh->from));
        sh->asks_names = ui_setting_value(s, pointer) != NULL;
        sh->asked = sh->from;
    }
}

bool shell_alive(const struct ui_screen *s, const struct shell_item *item)
{
    if (!item->change)
        return true;
    for (size_t i = 0; i < s->run.nchanges; i++)
        if (strcmp(s->run.change[i], item->change) == 0)
            return true;
    return false;
}

struct shell_item *shell_open_item(struct ui_screen *s, struct shell *sh)
{
    for (size_t i = sh->n; i-- > 0;) {
        struct shell_item *item = &sh->item[i];
        struct shell_talk talk;
        if (item->kind != SHELL_TELNET && item->kind != SHELL_BE)
            continue;
        if (item->left || !shell_alive(s, item))
            return NULL;
        if (item->kind == SHELL_BE)
            return item;
        if (!shell_telnet_talk(s->run.tape, item->name, &talk) || !talk.first)
            return NULL;
        /* A server that ends it after minutes of silence has not done so yet when the next line is typed. */
        return talk.done && talk.done <= shell_answer(s->run.tape, item) ? NULL : item;
    }
    return NULL;
}

static struct shell_item *add(struct shell *sh, enum shell_kind kind, const char *typed)
{
    sh->item = keep_grow(sh->item, &sh->cap, sh->n + 1, sizeof *sh->item);
    sh->item[sh->n] = (struct shell_item){ .kind = kind, .typed = copy(typed), .host = sh->from };
    return &sh->item[sh->n++];
}

static void says(struct shell *sh, const char *typed, const char *text)
{
    add(sh, SHELL_SAYS, typed)->text = copy(text);
}

/* ---- time ----------------------------------------------------------------------------------------------
 */

/* "\"1h30m\"" in seconds, rounded down. */
static uint64_t seconds_of(const char *json)
{
    double sum = 0, n;
    char *end;
    if (!json)
        return UNTIL_S;
    if (*json == '"')
        json++;
    for (; (n = strtod(json, &end)) >= 0 && end != json; json = end + strspn(end, "nuismhd")) {
        size_t unit = strspn(end, "nuismhd");
        double each = unit == 2     ? 0
                      : *end == 's' ? 1
                      : *end == 'm' ? 60
                      : *end == 'h' ? 3600
                      : *end == 'd' ? 86400
                                    : 0;
        if (unit == 2)
            each = *end == 'm' ? 1e-3 : *end == 'u' ? 1e-6 : 1e-9;
        sum += n * each;
    }
    return sum > 1e10 ? (uint64_t)1e10 : (uint64_t)sum;
}

/* The run must not end before an answer could come. */
static void make_room(struct ui_screen *s, struct ui_changes *c, uint64_t t_ns)
{
    uint64_t now_s = t_ns / UINT64_C(1000000000);
    char until[40];
    if (seconds_of(ui_setting_value(s, "/until")) >= now_s + MARGIN_S)
        return;
    snprintf(until, sizeof until, "\"%llus\"", (unsigned long long)(now_s + LONGER_S));
    ui_changes_set(c, "/until", until);
}

/* ---- commands ------------------------------------------------------------------------------------------
 */

struct words {
    char text[UI_PROMPT_MAX];
    char *word[WORDS_MAX];
    size_t n;
};

static void split(struct words *w, const char *line)
{
    char *at = w->text;
    snprintf(w->text, sizeof w->text, "%s", line);
    for (w->n = 0; w->n < WORDS_MAX && *(at += strspn(at, " ")); w->n++) {
        w->word[w->n] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
}

static bool number_of(const char *text, uint16_t *port)
{
    unsigned long n = strtoul(text, NULL, 10);
    if (!*text || strspn(text, "0123456789") != strlen(text) || n < 1 || n > 65535)
        return false;
    *port = (uint16_t)n;
    return true;
}

/* "mx:25", or "[2001:db8::1]:25"; cuts it at the colon. */
static bool host_and_port(char *text, char **host, uint16_t *port)
{
    char *colon = strrchr(text, ':');
    if (!colon || !number_of(colon + 1, port))
        return false;
    *colon = '\0';
    if (*text == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        text++;
    }
    *host = text;
    return *text != '\0';
}

static uint32_t host_named(const struct ui_screen *s, const char *name)
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    for (size_t i = 0; o && i < o->nhosts; i++)
        if (strcmp(o->hosts[i].name, name) == 0 || (o->hosts[i].fqdn && strcmp(o->hosts[i].fqdn, name) == 0))
            return (uint32_t)i + 1;
    return 0;
}

/* A host of the scenario may be called by its short name, which the DNS does not know: its address then. */
static const char *server_of(const struct ui_screen *s, const char *name, char buf[24])
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    uint32_t host = host_named(s, name);
    const struct trace_host *h = host ? &o->hosts[host - 1] : NULL;
    if (!h || strcmp(h->name, name) != 0 || (h->fqdn && strcmp(h->fqdn, name) == 0))
        return name;
    for (size_t i = 0; i < h->nifaces; i++)
        if (h->ifaces[i].ip4_prefix) {
            snprintf(buf, 24, "%u.%u.%u.%u", h->ifaces[i].ip4[0], h->ifaces[i].ip4[1], h->ifaces[i].ip4[2],
                     h->ifaces[i].ip4[3]);
            return buf;
        }
    return h->fqdn && h->fqdn[0] ? h->fqdn : name;
}

/* Appends an action that begins now, runs again and goes to where it comes to rest. `rest`: its other keys.
 */
static struct shell_item *act(struct ui_screen *s, struct shell *sh, enum shell_kind kind, const char *typed,
                              const char *what, const char *rest)
{
    struct ui_changes c = ui_changes_of(&s->run);
    struct ui_text value = { 0 }, change = { 0 };
    struct shell_item *item = NULL;
    unsigned index = ui_setting_count(s, "/actions");
    uint64_t now_ns = tape_time(s->run.tape, s->place);
    uint32_t answer;
    ui_text_add(&value, "{\"name\":\"by-hand-%u\",\"do\":\"%s\",\"host\":\"%s\",\"at\":\"%lluns\",%s}", index,
                what, tape_host(s->run.tape, sh->from), (unsigned long long)now_ns + 1, rest);
    ui_text_add(&change, "/actions/-=%s", value.text);
    ui_changes_set(&c, "/actions/-", value.text);
    make_room(s, &c, now_ns);
    if (ui_changes_run(s, &c)) {
        item = add(sh, kind, typed);
        item->change = copy(change.text);
        item->index = index;
        snprintf(item->name, sizeof item->name, "by-hand-%u", index);
        answer = shell_answer(s->run.tape, item);
        if (answer)
            ui_go(s, answer);
    } else {
        says(sh, typed, s->said);
    }
    free(value.text);
    free(change.text);
    return item;
}

static void connect_to(struct ui_screen *s, struct shell *sh, const char *typed, const char *host,
                       uint16_t port, const char *security)
{
    char rest[UI_PROMPT_MAX * 3], name[UI_PROMPT_MAX * 2], address[24];
    struct shell_item *item;
    snprintf(rest, sizeof rest, "\"server\":%s,\"port\":%u,\"stay\":true,\"security\":\"%s\",\"lines\":[]",
             ui_json_text(server_of(s, host, address), name, sizeof name), port, security);
    item = act(s, sh, SHELL_TELNET, typed, "telnet", rest);
    if (item)
        item->port = port;
}

static const char *do_telnet(struct ui_screen *s, struct shell *sh, struct words *w, const char *line)
{
    uint16_t port = 0;
    if (w->n != 3 || !number_of(w->word[2], &port))
        return "telnet HOST PORT is allowed: telnet mail.example.com 25";
    connect_to(s, sh, line, w->word[1], port, "plain");
    return NULL;
}

static const char *do_openssl(struct ui_screen *s, struct shell *sh, struct words *w, const char *line)
{
    static const char allowed[] =
        "openssl s_client -connect HOST:PORT [-starttls smtp|pop3|imap] [-crlf] is allowed";
    char *host = NULL;
    const char *starttls = NULL;
    uint16_t port = 0;
    if (w->n < 2 || strcmp(w->word[1], "s_client") != 0)
        return allowed;
    for (size_t i = 2; i < w->n; i++) {
        if (strcmp(w->word[i], "-connect") == 0 && i + 1 < w->n &&
            host_and_port(w->word[i + 1], &host, &port))
            i++;
        else if (strcmp(w->word[i], "-starttls") == 0 && i + 1 < w->n)
            starttls = w->word[++i];
        else if (strcmp(w->word[i], "-crlf") != 0 && strcmp(w->word[i], "-quiet") != 0)
            return allowed;
    }
    if (!host || (starttls && strcmp(starttls, "smtp") != 0 && strcmp(starttls, "pop3") != 0 &&
                  strcmp(starttls, "imap") != 0))
        return allowed;
    connect_to(s, sh, line, host, port, starttls ? "starttls" : "tls");
    return NULL;
}

static const char *do_dig(struct ui_screen *s, struct shell *sh, struct words *w, const char *line)
{
    const char *server = NULL, *name = NULL;
    char rest[UI_PROMPT_MAX * 4], a[UI_PROMPT_MAX], b[UI_PROMPT_MAX], c[64], address[24], type[16] = "A";
    for (size_t i = 1; i < w->n; i++) {
        if (w->word[i][0] == '@')
            server = w->word[i] + 1;
        else if (!name)
            name = w->word[i];
        else
            snprintf(type, sizeof type, "%.15s", w->word[i]);
    }
    if (!name)
        return "dig [@SERVER] NAME [TYPE] is allowed: dig example.org MX";
    for (char *u = type; *u; u++)
        *u = wire_to_upper(*u);
    snprintf(rest, sizeof rest, "%s%s%s\"query\":%s,\"type\":%s", server ? "\"server\":" : "",
             server ? ui_json_text(server_of(s, server, address), a, sizeof a) : "", server ? "," : "",
             ui_json_text(name, b, sizeof b), ui_json_text(type, c, sizeof c));
    act(s, sh, SHELL_DIG, line, "lookup", rest);
    return NULL;
}

static const char *do_ping(struct ui_screen *s, struct shell *sh, struct words *w, const char *line)
{
    char rest[UI_PROMPT_MAX * 2], name[UI_PROMPT_MAX], address[24];
    if (w->n != 2)
        return "ping HOST is allowed";
    snprintf(rest, sizeof rest, "\"server\":%s,\"every\":\"1s\",\"times\":3",
             ui_json_text(server_of(s, w->word[1], address), name, sizeof name));
    act(s, sh, SHELL_PING, line, "ping", rest);
    return NULL;
}

static const char *do_from(struct ui_screen *s, struct shell *sh, struct words *w, const char *line)
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    struct ui_text t = { 0 };
    uint32_t host = w->n == 2 ? host_named(s, w->word[1]) : 0;
    if (host) {
        sh->from = host;
        ui_say(s, UI_STYLE_GOOD, "You sit at %s now.", tape_host(s->run.tape, host));
        return NULL;
    }
    ui_text_add(&t, "from HOST: where you sit. There are:\n");
    for (size_t i = 0; o && i < o->nhosts; i++)
        ui_text_add(&t, "  %-14s %s\n", o->hosts[i].name, o->hosts[i].label);
    says(sh, line, t.text);
    free(t.text);
    return NULL;
}

static const char *do_be(struct ui_screen *s, struct shell *sh, struct words *w, const char *line)
{
    char pointer[200], value[120], *host = NULL;
    uint16_t port = 0;
    uint32_t number, answer;
    uint64_t now_ns = tape_time(s->run.tape, s->place);
    struct ui_changes c;
    struct shell_item *item;
    if (w->n != 2 || !host_and_port(w->word[1], &host, &port))
        return "be HOST:PORT is allowed: be mx:25 makes you the server there";
    number = host_named(s, host);
    if (!number)
        return "be HOST:PORT: there is no such host; from lists them";
    c = ui_changes_of(&s->run);
    snprintf(pointer, sizeof pointer, "/hosts/%.120s/hand", tape_host(s->run.tape, number));
    ui_changes_drop(&c, pointer); /* what was answered there before */
    snprintf(value, sizeof value, "{\"port\":%u,\"from\":\"%lluns\",\"replies\":[]}", port,
             (unsigned long long)now_ns + 1);
    ui_changes_set(&c, pointer, value);
    make_room(s, &c, now_ns);
    if (!ui_changes_run(s, &c)) {
        says(sh, line, s->said);
        return NULL;
    }
    item = add(sh, SHELL_BE, line);
    item->host = number;
    item->port = port;
    item->change = keep_alloc(strlen(pointer) + strlen(value) + 2);
    sprintf(item->change, "%s=%s", pointer, value);
    answer = shell_answer(s->run.tape, item);
    if (answer)
        ui_go(s, answer);
    else
        ui_say(s, UI_STYLE_WARN,
               "From here on nobody connects to %s port %u. Go back in time, and be it there.",
               tape_host(s->run.tape, number), port);
    return NULL;
}

static const char *do_base64(struct ui_screen *s, struct shell *sh, struct words *w, const char *line)
{
    char plain[UI_PROMPT_MAX + 4], out[UI_PROMPT_MAX * 2], text[UI_PROMPT_MAX * 2 + 80];
    size_t user, len;
    (void)s;
    if (w->n != 3)
        return "base64 USER PASSWORD is allowed: what AUTH PLAIN sends";
    user = strlen(w->word[1]);
    len = user + strlen(w->word[2]) + 2;
    plain[0] = '\0';
    memcpy(plain + 1, w->word[1], user);
    plain[user + 1] = '\0';
    memcpy(plain + user + 2, w->word[2], strlen(w->word[2]));
    out[wire_base64_encode(out, plain, len)] = '\0';
    snprintf(text, sizeof text, "AUTH PLAIN %s", out);
    says(sh, line, text);
    return NULL;
}

/* A line of shell for each change, in single quotes. */
static const char *do_save(struct ui_screen *s, struct shell *sh, struct words *w, const char *line)
{
    struct ui_text t = { 0 };
    char path[UI_PROMPT_MAX + 20], error[UI_ERROR_MAX] = "", said[UI_PROMPT_MAX + 100];
    if (w->n > 2)
        return "save [FILE] is allowed";
    if (w->n == 2) {
        snprintf(path, sizeof path, "%s", w->word[1]);
    } else {
        const char *base = strrchr(s->scenario, '/');
        snprintf(path, sizeof path, "%.400s-by-hand.sh", base ? base + 1 : s->scenario);
    }
    ui_text_add(&t, "#!/bin/sh\n# What was typed in the terminal view of %s; the same octets each time.\n",
                s->scenario);
    ui_text_add(&t, "exec \"${MAILWALK:-mailwalk}\" \"${1:-run}\" '%s'", s->scenario);
    for (size_t i = 0; i < s->run.nchanges; i++) {
        ui_text_add(&t, " \\\n  --set '");
        for (const char *c = s->run.change[i]; *c; c++)
            ui_text_raw(&t, *c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1);
        ui_text_raw(&t, "'", 1);
    }
    ui_text_raw(&t, "\n", 1);
    if (!s->program->save_text)
        snprintf(error, sizeof error, "nothing can be saved from here");
    else if (s->program->save_text(s->program->ctx, path, t.text, t.len, error))
        error[0] = '\0';
    snprintf(said, sizeof said, "saved: sh %.300s runs it again", path);
    says(sh, line, error[0] ? error : said);
    free(t.text);
    return NULL;
}

static const char *do_help(struct ui_screen *s, struct shell *sh, struct words *w, const char *line)
{
    (void)s;
    (void)w;
    says(sh, line, shell_help());
    return NULL;
}

static const struct {
    const char *word;
    /* NULL: done, or told; else what is allowed. */
    const char *(*run)(struct ui_screen *s, struct shell *sh, struct words *w, const char *line);
} commands[] = {
    { "telnet", do_telnet }, { "openssl", do_openssl }, { "dig", do_dig },
    { "ping", do_ping },     { "from", do_from },       { "be", do_be },
    { "base64", do_base64 }, { "save", do_save },       { "help", do_help },
};

static void command(struct ui_screen *s, struct shell *sh, const char *line)
{
    struct words w;
    const char *allowed = "help tells what can be typed: telnet, openssl, dig, ping, from, be, base64, save";
    split(&w, line);
    if (w.n == 0)
        return;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].word, w.word[0]) == 0) {
            allowed = commands[i].run(s, sh, &w, line);
            if (allowed)
                says(sh, line, allowed);
            return;
        }
    says(sh, line, allowed);
}

/* ---- lines of a conversation ---------------------------------------------------------------------------
 */

static void again(struct ui_screen *s, struct ui_changes *c, size_t index, struct shell *sh)
{
    uint32_t before = shell_answer(s->run.tape, &sh->item[index]), answer;
    make_room(s, c, tape_time(s->run.tape, before));
    if (!ui_changes_run(s, c))
        return;
    answer = shell_answer(s->run.tape, &sh->item[index]);
    if (answer)
        ui_go(s, answer);
    if (sh->item[index].kind == SHELL_BE && answer == before)
        ui_say(s, UI_STYLE_WARN, "No client waits for this line now; the next one that does will get it.");
}

static void line_typed(struct ui_screen *s, struct shell *sh, struct shell_item *item, const char *line)
{
    struct ui_changes c = ui_changes_of(&s->run);
    char pointer[200];
    if (item->kind == SHELL_TELNET)
        snprintf(pointer, sizeof pointer, "/actions/%u/lines/-", item->index);
    else
        snprintf(pointer, sizeof pointer, "/hosts/%.120s/hand/replies/-", tape_host(s->run.tape, item->host));
    ui_changes_set_text(&c, pointer, line);
    again(s, &c, (size_t)(item - sh->item), sh);
}

void shell_leave(struct ui_screen *s, struct shell *sh)
{
    struct shell_item *item = shell_open_item(s, sh);
    struct shell_talk talk;
    struct ui_changes c;
    char pointer[80];
    if (!item) {
        ui_say(s, UI_STYLE_WARN, "No connection is open here.");
        return;
    }
    item->left = true;
    if (item->kind == SHELL_BE) {
        ui_say(s, UI_STYLE_TEXT, "You leave %s alone: whoever connects now gets no answer.",
               tape_host(s->run.tape, item->host));
        return;
    }
    c = ui_changes_of(&s->run);
    snprintf(pointer, sizeof pointer, "/actions/%u/stay", item->index);
    ui_changes_set(&c, pointer, "false");
    again(s, &c, (size_t)(item - sh->item), sh);
    if (shell_telnet_talk(s->run.tape, item->name, &talk) && talk.done)
        ui_go(s, talk.done);
    ui_say(s, UI_STYLE_TEXT, "You have hung up.");
}

void shell_enter(struct ui_screen *s, struct shell *sh, const char *line)
{
    struct shell_item *item = shell_open_item(s, sh);
    s->playing = false;
    if (item)
        line_typed(s, sh, item, line);
    else
        command(s, sh, line);
}
