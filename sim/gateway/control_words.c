/* What can be said to a served world. */
#include "sim/gateway/control_words.h"

#include <assert.h>
#include <string.h>

#include "sim/hosts/units.h"

#define PORT "port", CONTROL_NUMBER, false, false, 1, 65535
#define FOR                                                                                                  \
    {                                                                                                        \
        "for", CONTROL_DURATION, false, false, 0, 0, "how long, in virtual time; else until it is cleared"   \
    }
#define FIRST                                                                                                \
    {                                                                                                        \
        "first", CONTROL_NUMBER, false, false, 1, 1000000, "only so many times"                              \
    }

static const struct control_command commands[CONTROL_VERB_COUNT] = {
    [CONTROL_REFUSE] = { "refuse",
                         true,
                         "A mail server refuses with a code; with --first it is greylisting.",
                         { { "match", CONTROL_TEXT, true, true, 0, 0, "an address, a domain, or *" },
                           { "code", CONTROL_NUMBER, false, false, 400, 599,
                             "4yz: later; 5yz: never. Else 550" },
                           { "status", CONTROL_TEXT, false, false, 0, 0, "like 4.7.1" },
                           { "text", CONTROL_TEXT, false, false, 0, 0, "what the reply says" },
                           { "at", CONTROL_TEXT, false, false, 0, 0,
                             "CONNECT HELO MAIL RCPT DATA; else RCPT" },
                           FIRST,
                           { "host", CONTROL_TEXT, false, false, 0, 0, "this server; else all" },
                           FOR } },
    [CONTROL_DELAY] = { "delay",
                        true,
                        "Replies of a host's SMTP, POP3 and IMAP servers leave later.",
                        { { "host", CONTROL_TEXT, true, true, 0, 0, "whose servers" },
                          { "by", CONTROL_DURATION, true, true, 0, 0, "how much later, like 5s" },
                          { "after", CONTROL_TEXT, false, false, 0, 0,
                            "only the reply to this command, CONNECT or CONTENT; else each" },
                          { PORT, "this port; else all" },
                          FIRST,
                          FOR } },
    [CONTROL_DROP] = { "drop",
                       true,
                       "A server closes the connection instead of answering a command.",
                       { { "host", CONTROL_TEXT, true, true, 0, 0, "whose servers" },
                         { "after", CONTROL_TEXT, true, true, 0, 0,
                           "a command, CONNECT (the greeting) or CONTENT (250 is lost)" },
                         { "octets", CONTROL_NUMBER, false, false, 1, 1000000000,
                           "after DATA: inside the message, after so many of its octets" },
                         { "reset", CONTROL_FLAG, false, false, 0, 0, "with RST; else with FIN" },
                         { PORT, "this port; else all" },
                         FIRST,
                         FOR } },
    [CONTROL_FILL] = { "fill",
                       true,
                       "A user is over quota, whatever is in the mailbox.",
                       { { "address", CONTROL_TEXT, true, true, 0, 0, "like bob@example.com" }, FOR } },
    [CONTROL_DNS] = { "dns",
                      true,
                      "A DNS server of zones answers with an error, or not at all.",
                      { { "host", CONTROL_TEXT, true, true, 0, 0, "an authoritative server" },
                        { "answer", CONTROL_TEXT, true, true, 0, 0, "servfail, refused or silent" },
                        FOR } },
    [CONTROL_DOWN] = { "down",
                       true,
                       "A host is switched off, or a link is cut.",
                       { { "name", CONTROL_TEXT, true, true, 0, 0, "a host or a link" }, FOR } },
    [CONTROL_UP] = { "up",
                     true,
                     "It works again.",
                     { { "name", CONTROL_TEXT, true, true, 0, 0, "a host or a link that is down" } } },
    [CONTROL_LOSS] = { "loss",
                       true,
                       "A link loses frames by chance.",
                       { { "link", CONTROL_TEXT, true, true, 0, 0, "which" },
                         { "chance", CONTROL_CHANCE, true, true, 0, 0, "like 5%" },
                         FOR } },
    [CONTROL_LAG] = { "lag",
                      true,
                      "A link takes longer, each way.",
                      { { "link", CONTROL_TEXT, true, true, 0, 0, "which" },
                        { "by", CONTROL_DURATION, true, true, 0, 0, "how much longer" },
                        FOR } },
    [CONTROL_FAULTS] = { "faults", false, "The faults that are set.", { { .key = NULL } } },
    [CONTROL_CLEAR] = { "clear",
                        true,
                        "Mends one fault, or all.",
                        { { "what", CONTROL_EITHER, true, true, 0, 0, "its number, or all" } } },
    [CONTROL_MESSAGES] = { "messages",
                           false,
                           "What is in the mailboxes.",
                           { { "address", CONTROL_TEXT, true, false, 0, 0, "of one user; else all" } } },
    [CONTROL_MESSAGE] = { "message",
                          false,
                          "A message, octet by octet.",
                          { { "address", CONTROL_TEXT, true, true, 0, 0, "whose" },
                            { "uid", CONTROL_NUMBER, true, true, 1, UINT32_MAX, "as messages tells it" },
                            { "mailbox", CONTROL_TEXT, true, false, 0, 0, "else INBOX" },
                            { "from", CONTROL_NUMBER, false, false, 0, UINT32_MAX,
                              "on the socket: from this octet on, at most 1 MiB" } } },
    [CONTROL_QUEUE] = { "queue",
                        false,
                        "What mail servers still have to deliver.",
                        { { "host", CONTROL_TEXT, true, false, 0, 0, "one server; else all" } } },
    [CONTROL_SESSIONS] = { "sessions", false, "Open connections, with their states.", { { .key = NULL } } },
    [CONTROL_TRANSCRIPT] = { "transcript",
                             false,
                             "The lines of a conversation; without a number, which there are.",
                             { { "conn", CONTROL_NUMBER, true, false, 1, UINT32_MAX, "its number" } } },
    [CONTROL_SEND] = { "send",
                       true,
                       "A virtual mail program sends a message; the answer says how that went.",
                       { { "from", CONTROL_TEXT, true, true, 0, 0,
                           "an account of the world; with --via any address" },
                         { "to", CONTROL_TEXT, true, true, 0, 0, "addresses with commas between them" },
                         { "subject", CONTROL_TEXT, false, false, 0, 0, "what it is about" },
                         { "text", CONTROL_TEXT, false, false, 0, 0, "what it says" },
                         { "raw", CONTROL_FILE, false, false, 0, 0, "a whole message instead" },
                         { "via", CONTROL_TEXT, false, false, 0, 0, "bring it to this host, without AUTH" },
                         { PORT, "with --via; else 25" },
                         { "at", CONTROL_TEXT, false, false, 0, 0, "whose mail program" } } },
    [CONTROL_ADVANCE] = { "advance",
                          true,
                          "Virtual time jumps ahead; what is due until then happens first.",
                          { { "by", CONTROL_DURATION, true, true, 0, 0, "like 5m" } } },
    [CONTROL_TIME] = { "time", false, "Virtual time.", { { .key = NULL } } },
};

const struct control_command *control_command(enum control_verb verb)
{
    assert(verb < CONTROL_VERB_COUNT);
    return &commands[verb];
}

enum control_verb control_verb_find(const char *name)
{
    int v = 0;
    while (v < CONTROL_VERB_COUNT && strcmp(commands[v].name, name) != 0)
        v++;
    return (enum control_verb)v;
}

/* ---- reading ----------------------------------------------------------------------------------------------
 */

static bool no_such_command(struct flat_object *o, const char *name)
{
    int n;
    flat_wrong(o, "\"do\":\"%.40s\" is no command; there are:", name);
    n = (int)strlen(o->error);
    for (int v = 0; v < CONTROL_VERB_COUNT && n < FLAT_ERROR_MAX - 20; v++)
        n += snprintf(o->error + n, (size_t)(FLAT_ERROR_MAX - n), " %s", commands[v].name);
    return false;
}

static bool digits(const char *text, uint64_t *out)
{
    *out = 0;
    if (!*text || strlen(text) > 18)
        return false;
    for (; *text >= '0' && *text <= '9'; text++)
        *out = *out * 10 + (uint64_t)(*text - '0');
    return *text == '\0';
}

static bool take_number(struct flat_object *o, const struct control_arg *a, const struct flat_field *f,
                        struct control_value *v)
{
    v->number = f->number;
    if (f->type == FLAT_BOOL || (f->type == FLAT_STRING && !digits(f->text, &v->number)) ||
        v->number < a->least || v->number > a->most)
        return flat_wrong(o, "\"%s\" must be a number from %llu to %llu", a->key,
                          (unsigned long long)a->least, (unsigned long long)a->most);
    return true;
}

static bool take_value(struct flat_object *o, const struct control_arg *a, const struct flat_field *f,
                       struct control_value *v)
{
    uint32_t ppm = 0;
    v->given = true;
    v->text = f->type == FLAT_STRING ? f->text : NULL;
    if (f->type == FLAT_STRING && strlen(f->text) != f->len)
        return flat_wrong(o, "\"%s\" has a NUL in it", a->key);
    switch (a->type) {
    case CONTROL_NUMBER:
        return take_number(o, a, f, v);
    case CONTROL_EITHER:
        v->number = f->number;
        return f->type != FLAT_BOOL || flat_wrong(o, "\"%s\" must be a string or a number", a->key);
    case CONTROL_FLAG:
        v->number = f->number;
        return f->type == FLAT_BOOL || flat_wrong(o, "\"%s\" must be true or false", a->key);
    case CONTROL_DURATION:
        return (v->text && units_duration(v->text, &v->number) && v->number > 0) ||
               flat_wrong(o, "\"%s\" must be a duration with a unit, like \"250ms\", \"90s\", \"4h\"",
                          a->key);
    case CONTROL_CHANCE:
        if (!v->text || !units_chance(v->text, &ppm))
            return flat_wrong(o, "\"%s\" must be a chance, like \"5%%\"", a->key);
        v->number = ppm;
        return true;
    default:
        return v->text || flat_wrong(o, "\"%s\" must be a string", a->key);
    }
}

static bool unknown_key(struct flat_object *o, const struct control_command *c)
{
    int n;
    if (flat_all_used(o))
        return true;
    n = (int)strlen(o->error);
    n += snprintf(o->error + n, (size_t)(FLAT_ERROR_MAX - n), "; %s takes:%s", c->name,
                  c->arg[0].key ? "" : " nothing");
    for (const struct control_arg *a = c->arg; a->key && n < FLAT_ERROR_MAX - 20; a++)
        n += snprintf(o->error + n, (size_t)(FLAT_ERROR_MAX - n), " %s", a->key);
    return false;
}

bool control_read(struct control_request *r, struct flat_object *o, char *line)
{
    const char *name, *as;
    const struct control_command *c;
    memset(r, 0, sizeof *r);
    if (!flat_read(o, line, FLAT_TEXT) || !flat_need_text(o, "do", &name))
        return false;
    r->verb = control_verb_find(name);
    if (r->verb == CONTROL_VERB_COUNT)
        return no_such_command(o, name);
    if (flat_find(o, "as")) {
        if (!flat_need_text(o, "as", &as) || strcmp(as, "text") != 0)
            return flat_wrong(o, "\"as\" must be \"text\"");
        r->as_text = true;
    }
    c = &commands[r->verb];
    for (size_t i = 0; c->arg[i].key; i++) {
        const struct flat_field *f = flat_find(o, c->arg[i].key);
        if (f && !take_value(o, &c->arg[i], f, &r->value[i]))
            return false;
        if (!f && c->arg[i].needed)
            return flat_wrong(o, "%s needs \"%s\": %s", c->name, c->arg[i].key, c->arg[i].what);
    }
    return unknown_key(o, c);
}

/* ---- values -----------------------------------------------------------------------------------------------
 */

static const struct control_value *value_of(const struct control_request *r, const char *key)
{
    const struct control_command *c = &commands[r->verb];
    size_t i = 0;
    while (c->arg[i].key && strcmp(c->arg[i].key, key) != 0)
        i++;
    assert(c->arg[i].key); /* the table has it */
    return &r->value[i];
}

const char *control_text(const struct control_request *r, const char *key)
{
    return value_of(r, key)->text;
}

uint64_t control_number(const struct control_request *r, const char *key)
{
    return value_of(r, key)->number;
}

bool control_given(const struct control_request *r, const char *key)
{
    return value_of(r, key)->given;
}

/* ---- words
 * ------------------------------------------------------------------------------------------------- */

static size_t put(char *out, size_t n, const char *text, size_t most)
{
    for (size_t i = 0; text[i] && i < most && n < CONTROL_WORDS_MAX - 1; i++)
        out[n++] = (unsigned char)text[i] >= ' ' && (unsigned char)text[i] < 127 ? text[i] : '?';
    out[n] = '\0';
    return n;
}

size_t control_words(const struct control_request *r, char out[CONTROL_WORDS_MAX])
{
    const struct control_command *c = &commands[r->verb];
    size_t n = put(out, 0, c->name, SIZE_MAX);
    char number[24];
    for (size_t i = 0; c->arg[i].key; i++) {
        const struct control_arg *a = &c->arg[i];
        const struct control_value *v = &r->value[i];
        const char *text = v->text ? v->text : number;
        bool quoted;
        if (!v->given || (a->type == CONTROL_FLAG && !v->number))
            continue;
        snprintf(number, sizeof number, "%llu", (unsigned long long)v->number);
        quoted = *text == '\0' || strpbrk(text, " \r\n\t\"") != NULL;
        n = put(out, n, a->placed ? " " : " --", SIZE_MAX);
        if (!a->placed)
            n = put(out, n, a->key, SIZE_MAX);
        if (a->type == CONTROL_FLAG)
            continue;
        n = put(out, n, a->placed ? "" : " ", SIZE_MAX);
        n = put(out, n, quoted ? "\"" : "", SIZE_MAX);
        n = put(out, n, text, a->type == CONTROL_FILE || quoted ? 60 : 330);
        n = put(out, n, quoted ? "\"" : "", SIZE_MAX);
    }
    return n;
}

/* ---- help
 * --------------------------------------------------------------------------------------------------- */

/* "subject" -> "SUBJECT" */
static void put_upper(FILE *to, const char *key)
{
    for (; *key; key++)
        putc(*key >= 'a' && *key <= 'z' ? *key - 'a' + 'A' : *key, to);
}

void control_usage(FILE *to, enum control_verb verb)
{
    fputs(commands[verb].name, to);
    for (const struct control_arg *a = commands[verb].arg; a->key; a++) {
        if (!a->placed)
            continue;
        fputs(a->needed ? " " : " [", to);
        put_upper(to, a->key);
        fputs(a->needed ? "" : "]", to);
    }
}

void control_help(FILE *to)
{
    for (int v = 0; v < CONTROL_VERB_COUNT; v++) {
        fputs("  ", to);
        control_usage(to, (enum control_verb)v);
        fprintf(to, "\n      %s\n", commands[v].help);
        for (const struct control_arg *a = commands[v].arg; a->key; a++) {
            char name[24];
            int n = snprintf(name, sizeof name, "%s%s", a->placed ? "" : "--", a->key);
            if (a->placed)
                for (int i = 0; i < n; i++)
                    name[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
            fprintf(to, "        %-10s %s\n", name, a->what);
        }
    }
}
