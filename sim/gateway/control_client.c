/* A request to a served world, from a shell. */
#include "sim/gateway/control_client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/core/pool.h"
#include "sim/gateway/control_words.h"
#include "sim/gateway/say.h"

#define STATUS_REFUSED 1
#define STATUS_USAGE   2
#define STATUS_MACHINE 3
#define ANSWER_MAX     67108864 /* octets of a line from the server */

struct call {
    const char *socket;
    bool json;
    enum control_verb verb;
    char *request; /* a line; owned */
    size_t len;
    FILE *to; /* writes it */
    size_t placed;
    bool given[CONTROL_ARGS_MAX];
};

__attribute__((format(printf, 1, 2))) static int usage(const char *fmt, ...)
{
    char why[SAY_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    say_error("ctl: %s", why);
    fputs("Try 'mailwalk ctl help'.\n", stderr);
    return STATUS_USAGE;
}

static int help(void)
{
    fputs("usage: mailwalk ctl --socket PATH [--format text|jsonl] COMMAND ...\n"
          "\n"
          "Speaks to a running `mailwalk serve --control PATH`. Exit status: 0 done, 1 the\n"
          "server has refused, 2 bad usage, 3 no server there.\n\n",
          stdout);
    control_help(stdout);
    return fflush(stdout) == 0 ? 0 : STATUS_MACHINE;
}

/* ---- words -> request
 * ----------------------------------------------------------------------------------------- */

/* A JSON string of UTF-8 text, as it is but for what JSON does not allow. */
static void put_text(FILE *to, const char *text, size_t len)
{
    putc('"', to);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c < ' ' || c == 127)
            fprintf(to, "\\u%04x", c);
        else
            putc(c, to);
    }
    putc('"', to);
}

/* The content of a file, or of standard input. NULL: why has been told. */
static char *slurp(const char *path, size_t *len)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *text;
    if (!f) {
        usage("%s: %s", path, strerror(errno));
        return NULL;
    }
    text = core_alloc(CONTROL_REQUEST_MAX + 1);
    *len = fread(text, 1, CONTROL_REQUEST_MAX, f);
    if (ferror(f) || getc(f) != EOF || memchr(text, '\0', *len)) {
        usage("%s: cannot be read, has more than %d octets, or one of them is 0", path, CONTROL_REQUEST_MAX);
        free(text);
        text = NULL;
    }
    if (f != stdin)
        fclose(f);
    return text;
}

static int put_arg(struct call *c, size_t i, const char *value)
{
    const struct control_arg *a = &control_command(c->verb)->arg[i];
    if (c->given[i])
        return usage("%s is here twice", a->key);
    c->given[i] = true;
    fprintf(c->to, ",\"%s\":", a->key);
    if (a->type == CONTROL_FLAG) {
        fputs("true", c->to);
    } else if (a->type == CONTROL_FILE) {
        size_t len;
        char *text = slurp(value, &len);
        if (!text)
            return STATUS_USAGE;
        put_text(c->to, text, len);
        free(text);
    } else
        put_text(c->to, value, strlen(value));
    return 0;
}

static size_t arg_named(enum control_verb verb, const char *key, size_t len)
{
    const struct control_arg *a = control_command(verb)->arg;
    size_t i = 0;
    while (a[i].key && (a[i].placed || strlen(a[i].key) != len || strncmp(a[i].key, key, len) != 0))
        i++;
    return i;
}

/* --first 2, --first=2, --reset. Moves *i behind it. */
static int put_option(struct call *c, int argc, char **argv, int *i)
{
    const char *key = argv[*i] + 2, *equals = strchr(key, '='), *value = equals ? equals + 1 : NULL;
    size_t len = equals ? (size_t)(equals - key) : strlen(key), at = arg_named(c->verb, key, len);
    const struct control_arg *a = &control_command(c->verb)->arg[at];
    if (!a->key)
        return usage("%s has no option --%.*s", control_command(c->verb)->name, (int)len, key);
    if (a->type == CONTROL_FLAG)
        return value ? usage("--%s takes no value", a->key) : put_arg(c, at, NULL);
    if (!value && *i + 1 < argc)
        value = argv[++*i];
    return value ? put_arg(c, at, value) : usage("--%s needs a value: %s", a->key, a->what);
}

static int put_word(struct call *c, const char *word)
{
    const struct control_command *k = control_command(c->verb);
    if (!k->arg[c->placed].key || !k->arg[c->placed].placed)
        return usage("%s: '%s' is one word too many", k->name, word);
    return put_arg(c, c->placed++, word);
}

static int build(struct call *c, int argc, char **argv)
{
    const struct control_command *k = control_command(c->verb);
    int status = 0;
    c->to = open_memstream(&c->request, &c->len);
    if (!c->to)
        return usage("%s", strerror(errno));
    fprintf(c->to, "{\"do\":\"%s\"", k->name);
    for (int i = 0; i < argc && status == 0; i++)
        status = strncmp(argv[i], "--", 2) == 0 ? put_option(c, argc, argv, &i) : put_word(c, argv[i]);
    for (size_t i = 0; status == 0 && k->arg[i].key; i++)
        if (k->arg[i].needed && !c->given[i]) {
            status = usage("%s needs %s: %s", k->name, k->arg[i].key, k->arg[i].what);
        }
    if (!c->json && c->verb != CONTROL_MESSAGE)
        fputs(",\"as\":\"text\"", c->to);
    return status;
}

/* ---- the server
 * -------------------------------------------------------------------------------------------------- */

static int gone(const struct call *c, const char *why)
{
    say_error("%s: %s", c->socket, why);
    return STATUS_MACHINE;
}

static int call_server(const struct call *c, int *fd)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    if (strlen(c->socket) >= sizeof a.sun_path)
        return usage("--socket %s: a socket's path has at most 107 octets", c->socket);
    memcpy(a.sun_path, c->socket, strlen(c->socket));
    *fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (*fd < 0)
        return gone(c, strerror(errno));
    if (connect(*fd, (const struct sockaddr *)&a, sizeof a) == 0)
        return 0;
    close(*fd);
    return gone(c, errno == ECONNREFUSED ? "nobody listens on this socket" : strerror(errno));
}

static bool say(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

/* One line without its LF; NULL: it did not come. */
static char *hear(int fd)
{
    size_t have = 0, cap = 65536;
    char *text = core_alloc(cap);
    for (;;) {
        ssize_t n = recv(fd, text + have, cap - have - 1, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || have > ANSWER_MAX)
            break;
        have += (size_t)n;
        if (text[have - 1] == '\n') {
            text[have - 1] = '\0';
            return text;
        }
        if (cap - have < 65536)
            text = core_realloc(text, cap *= 2);
    }
    free(text);
    return NULL;
}

/* ---- the answer
 * --------------------------------------------------------------------------------------------------- */

/* What a server says reaches a terminal without control characters; a file or a pipe gets the octets. */
static void show(const char *text, size_t len)
{
    bool terminal = isatty(STDOUT_FILENO);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (terminal && c != '\n' && c != '\t' && (c < ' ' || c >= 127)) {
            if (c != '\r')
                printf("\\x%02x", c);
        } else
            putchar(c);
    }
}

/* *rest: octets of a message that are still to be asked for. */
static int tell(const struct call *c, char *line, uint64_t *rest)
{
    static struct flat_object o;
    struct flat_field *ok, *text;
    *rest = 0;
    if (c->json) {
        bool good = strncmp(line, "{\"ok\":true", 10) == 0;
        puts(line);
        return good ? 0 : STATUS_REFUSED;
    }
    if (!flat_read(&o, line, FLAT_OCTETS) || !(ok = flat_find(&o, "ok")) || ok->type != FLAT_BOOL)
        return gone(c, "the answer is none of a mailwalk");
    text = flat_find(&o, ok->number ? (c->verb == CONTROL_MESSAGE ? "data" : "text") : "error");
    if (!text || text->type != FLAT_STRING)
        return gone(c, "the answer is none of a mailwalk");
    if (!ok->number) {
        say_error("%s", text->text);
        return STATUS_REFUSED;
    }
    show(text->text, text->len);
    if (c->verb == CONTROL_MESSAGE && !flat_need_number(&o, "rest", 0, UINT32_MAX, rest))
        return gone(c, o.error);
    return 0;
}

/* A long message comes in several answers. */
static int converse(struct call *c, int fd)
{
    uint64_t from = 0, rest = 0;
    int status;
    do {
        char more[64], *line;
        int n = from > 0 ? snprintf(more, sizeof more, ",\"from\":%llu}\n", (unsigned long long)from)
                         : snprintf(more, sizeof more, "}\n");
        if (!say(fd, c->request, c->len) || !say(fd, more, (size_t)n) || !(line = hear(fd)))
            return gone(c, "the server has gone");
        status = tell(c, line, &rest);
        free(line);
        from += 1048576;
    } while (status == 0 && rest > 0);
    if (fflush(stdout) != 0 && status == 0) {
        say_error("standard output: %s", strerror(errno));
        return STATUS_MACHINE;
    }
    return status;
}

/* Options in front of the command. Returns the index of the command; a negative status, negated, if that is
 * all. */
static int options(struct call *c, int argc, char **argv)
{
    int i = 0;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i], "--help") != 0; i++) {
        const char *equals = strchr(argv[i], '=');
        size_t len = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        const char *name = argv[i], *value = equals ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (len == 8 && strncmp(name, "--socket", 8) == 0 && value) {
            c->socket = value;
        } else if (len == 8 && strncmp(name, "--format", 8) == 0 && value &&
                   (strcmp(value, "text") == 0 || strcmp(value, "jsonl") == 0)) {
            c->json = strcmp(value, "jsonl") == 0;
        } else
            return -usage("%s: --socket PATH and --format text or jsonl stand before the command", name);
    }
    return i;
}

int control_client_run(int argc, char **argv)
{
    struct call c = { .verb = CONTROL_VERB_COUNT };
    int at = options(&c, argc, argv), status, fd = -1;
    if (at < 0)
        return -at;
    if (at < argc && (strcmp(argv[at], "help") == 0 || strcmp(argv[at], "--help") == 0))
        return help();
    if (at == argc)
        return usage("a command is needed");
    c.verb = control_verb_find(argv[at]);
    if (c.verb == CONTROL_VERB_COUNT)
        return usage("there is no command '%s'", argv[at]);
    if (!c.socket)
        return usage("--socket PATH is needed: that of serve --control");
    status = build(&c, argc - at - 1, argv + at + 1);
    if (c.to)
        fclose(c.to);
    if (status == 0)
        status = call_server(&c, &fd);
    if (status == 0) {
        status = converse(&c, fd);
        close(fd);
    }
    free(c.request);
    return status;
}
