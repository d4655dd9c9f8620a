/* What is sent. */
#include "scenarios/load/fields.h"

#include <string.h>

#include "protocols/wire/ascii.h"
#include "protocols/wire/base64.h"
#include "protocols/wire/compose.h"

/* ---- attachments ------------------------------------------------------------------------------ */

#define NOT_STORED(name, knd, ...)                                                                           \
    {                                                                                                        \
        .key = name, .kind = GET_##knd, .at = GET_NOWHERE, __VA_ARGS__                                       \
    }

static const struct json_field attachment_rows[] = {
    F("name", WORDS, spec_attachment, name, .max = WIRE_ATTACHMENT_NAME_MAX, .flags = GET_NOT_EMPTY,
      .otherwise = "the file's name", .help = "what the recipient sees"),
    F("type", WORDS, spec_attachment, type, .max = 127, .otherwise = "by the name's ending",
      .help = "like \"image/png\""),
    NOT_STORED("file", WORDS, .max = 255, .help = "its content: a file beside the scenario"),
    NOT_STORED("text", LINES, .help = "its content: this text"),
    NOT_STORED("base64", WORDS, .help = "its content: what this decodes to"),
    NOT_STORED("size", SIZE, .min = 1, .max = SCENARIO_BESIDE_MAX,
               .help = "its content: so many octets of filling"),
};

static const char *type_of(const char *name)
{
    static const struct {
        const char *ending, *type;
    } known[] = {
        { ".txt", "text/plain" }, { ".png", "image/png" },       { ".jpg", "image/jpeg" },
        { ".gif", "image/gif" },  { ".pdf", "application/pdf" }, { ".csv", "text/csv" },
        { ".html", "text/html" }, { ".zip", "application/zip" },
    };
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t e = strlen(known[i].ending);
        if (len > e && wire_equal_nocase(name + len - e, e, known[i].ending, e))
            return known[i].type;
    }
    return "application/octet-stream";
}

/* token "/" token, RFC 2045 section 5.1 */
static bool type_good(const char *type)
{
    const char *slash = strchr(type, '/');
    if (!slash || slash == type || slash[1] == '\0' || strchr(slash + 1, '/'))
        return false;
    for (; *type; type++)
        if (!wire_is_visible(*type) || strchr("()<>@,;:\\\"[]?=", *type))
            return false;
    return true;
}

static bool take_base64(struct json_get *g, const struct json_node *n, struct spec_attachment *a)
{
    size_t letters = strlen(n->string), cap = WIRE_BASE64_OCTETS_MAX(letters);
    void *octets = beside_take(g, n, cap);
    if (!octets)
        return false;
    a->octets = octets;
    if (wire_base64_decode(octets, cap, &a->len, n->string, letters))
        return true;
    json_error(g, n, "is not base64 (RFC 4648 section 4)");
    return false;
}

/* Lines of 70 letters, no two next to each other alike. */
static bool take_filling(struct json_get *g, const struct json_node *n, struct spec_attachment *a)
{
    struct json_field f = { .key = "size", .kind = GET_SIZE };
    uint64_t size;
    char *octets;
    if (!json_get_value(g, &f, n, &size))
        return false;
    octets = beside_take(g, n, (size_t)size);
    if (!octets)
        return false;
    for (size_t i = 0; i < size; i++)
        octets[i] = i % 71 == 70 ? '\n' : (char)('a' + (i + i / 71) % 26);
    a->octets = octets;
    a->len = (size_t)size;
    return true;
}

static void finish_attachment(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_attachment *a = out;
    bool object = n->type == JSON_OBJECT;
    const struct json_node *file = object ? json_child(n, "file") : n,
                           *text = object ? json_child(n, "text") : NULL,
                           *base64 = object ? json_child(n, "base64") : NULL,
                           *size = object ? json_child(n, "size") : NULL;
    if ((file != NULL) + (text != NULL) + (base64 != NULL) + (size != NULL) != 1) {
        json_error(g, n, "wants one content: \"file\", \"text\", \"base64\" or \"size\"");
        return;
    }
    if (file) {
        const char *base = strrchr(file->string, '/');
        if (!beside_read(g, file, &a->octets, &a->len))
            return;
        if (!a->name)
            a->name = core_arena_copy(g->arena, base ? base + 1 : file->string,
                                      strlen(base ? base + 1 : file->string));
    } else if (text) {
        struct json_field f = { .key = "text", .kind = GET_LINES };
        const char *lines;
        if (!json_get_value(g, &f, text, &lines))
            return;
        a->octets = lines;
        a->len = strlen(lines);
    } else if (base64 ? !take_base64(g, base64, a) : !take_filling(g, size, a)) {
        return;
    }
    if (!a->name)
        json_error(g, n, "\"name\" is missing: only a \"file\" has one of its own");
    else if (strchr(a->name, '/') || strchr(a->name, '\\'))
        json_error(g, json_child(n, "name"), "is a file's name, without a folder");
    else if (!a->type)
        a->type = type_of(a->name);
    if (a->type && !type_good(a->type))
        json_error(g, json_child(n, "type"),
                   "\"%.40s\" is no media type; like \"image/png\" (RFC 2045 section 5.1)", a->type);
}

/* The file's name is read by finish_attachment. */
static bool brief_attachment(struct json_get *g, const struct json_node *n, void *out)
{
    (void)g;
    (void)out;
    return n->string != NULL;
}

const struct json_object fields_attachment = {
    .name = "attachment",
    .help = "a file that goes with a message",
    ROWS(attachment_rows),
    .size = sizeof(struct spec_attachment),
    .pointer_at = GET_NOWHERE,
    .key_at = GET_NOWHERE,
    .brief = brief_attachment,
    .brief_help = "a string: a file beside the scenario",
    .finish = finish_attachment,
};

/* ---- messages ---------------------------------------------------------------------------------- */

static const struct json_field envelope_rows[] = {
    F("from", MAILBOX, spec_message, envelope_from, .otherwise = "the message's from", .help = "MAIL FROM"),
    MANY("to", MAILBOX, ONE_OR_LIST, spec_message, envelope_to, .otherwise = "to and cc",
         .flags = GET_NOT_EMPTY, .help = "RCPT TO"),
};

const struct json_object fields_envelope = {
    .name = "envelope",
    .help = "where SMTP takes a message, when that is not what its header says",
    ROWS(envelope_rows),
    .size = sizeof(struct spec_message),
    .pointer_at = GET_NOWHERE,
    .key_at = GET_NOWHERE,
};

static const struct json_choice returns[] = { { "FULL", 0, NULL }, { "HDRS", 0, NULL }, { NULL, 0, NULL } };

static const struct json_field dsn_rows[] = {
    F("notify", WORDS, spec_message, dsn_notify, .max = 40, .flags = GET_NOT_EMPTY,
      .help = "NEVER, or of SUCCESS, FAILURE, DELAY some, with commas between (RFC 3461 section 4.1)"),
    F("ret", CHOICE, spec_message, dsn_ret, .choices = returns,
      .help = "a bounce brings back all or the header"),
    F("envid", WORDS, spec_message, envid, .max = 100, .flags = GET_NOT_EMPTY,
      .help = "an identifier that reports repeat"),
};

static void finish_dsn(struct json_get *g, const struct json_node *n, void *out)
{
    static const char *const words[] = { "SUCCESS", "FAILURE", "DELAY" };
    const struct spec_message *m = out;
    const char *at = m->dsn_notify;
    if (!at || strcmp(at, "NEVER") == 0)
        return;
    for (;;) {
        size_t len = strcspn(at, ",");
        bool known = false;
        for (size_t i = 0; i < 3; i++)
            known |= wire_equal(at, len, words[i], strlen(words[i]));
        if (!known) {
            json_error(g, json_child(n, "notify"),
                       "allowed: NEVER alone, or of SUCCESS, FAILURE, DELAY some with commas");
            return;
        }
        if (at[len] == '\0')
            return;
        at += len + 1;
    }
}

const struct json_object fields_dsn = {
    .name = "dsn",
    .help = "which reports the sender asks for",
    ROWS(dsn_rows),
    .size = sizeof(struct spec_message),
    .pointer_at = GET_NOWHERE,
    .key_at = GET_NOWHERE,
    .finish = finish_dsn,
};

static const struct json_field message_rows[] = {
    F("from", MAILBOX, spec_message, from, .otherwise = "the account's address", .help = "the From field"),
    MANY("to", MAILBOX, ONE_OR_LIST, spec_message, to, .items_max = 10000, .help = "the To field"),
    MANY("cc", MAILBOX, ONE_OR_LIST, spec_message, cc, .items_max = 10000, .help = "the Cc field"),
    F("subject", WORDS, spec_message, subject, .max = 900, .help = "the Subject field"),
    F("text", LINES, spec_message, text, .help = "what is written in it"),
    MANY("attachments", OBJECT, LIST, spec_message, attachments, .object = &fields_attachment,
         .items_max = WIRE_ATTACHMENTS_MAX, .help = "files that go with it"),
    NOT_STORED(
        "eml", WORDS, .max = 255,
        .help =
            "a whole message, a file beside the scenario; then to, cc and envelope only say where it goes"),
    { .key = "envelope",
      .kind = GET_OBJECT,
      .shape = GET_INSIDE,
      .object = &fields_envelope,
      .help = "where SMTP takes it" },
    { .key = "dsn",
      .kind = GET_OBJECT,
      .shape = GET_INSIDE,
      .object = &fields_dsn,
      .help = "delivery reports" },
};

/* Lines end in CRLF on the wire (RFC 5321 section 2.3.8), whatever the file's editor wrote. */
static void take_eml(struct json_get *g, const struct json_node *n, struct spec_message *m)
{
    const void *octets;
    const char *in;
    char *out;
    size_t len, extra = 0;
    if (!beside_read(g, n, &octets, &len))
        return;
    in = octets;
    for (size_t i = 0; i < len; i++) {
        bool cr_before = i > 0 && in[i - 1] == '\r';
        if (in[i] == '\0' || (in[i] == '\r' && (i + 1 == len || in[i + 1] != '\n'))) {
            json_error(g, n, "\"%.80s\" holds %s", n->string, in[i] ? "a CR without LF" : "a NUL");
            return;
        }
        extra += in[i] == '\n' && !cr_before;
    }
    if (len == 0) {
        json_error(g, n, "\"%.80s\" is empty", n->string);
        return;
    }
    out = beside_take(g, n, len + extra);
    if (!out)
        return;
    m->raw = out;
    m->raw_len = len + extra;
    for (size_t i = 0; i < len; i++) {
        if (in[i] == '\n' && (i == 0 || in[i - 1] != '\r'))
            *out++ = '\r';
        *out++ = in[i];
    }
}

static void finish_message(struct json_get *g, const struct json_node *n, void *out)
{
    static const char *const composed[] = { "subject", "text", "attachments" };
    struct spec_message *m = out;
    const struct json_node *eml = json_child(n, "eml");
    for (size_t i = 0; eml && i < sizeof composed / sizeof composed[0]; i++) {
        const struct json_node *extra = json_child(n, composed[i]);
        if (extra)
            json_error(g, extra, "the \"eml\" brings its own; leave this away");
    }
    if (m->nto + m->ncc + m->nenvelope_to == 0)
        json_error(g, n, "goes to nobody: \"to\", \"cc\" or \"envelope\" with \"to\" is missing");
    if (eml)
        take_eml(g, eml, m);
}

const struct json_object fields_message = {
    .name = "message",
    .help = "a message that an action sends or that waits in a mailbox",
    ROWS(message_rows),
    .size = sizeof(struct spec_message),
    .pointer_at = offsetof(struct spec_message, pointer),
    .key_at = offsetof(struct spec_message, name),
    .key_kind = GET_NAME,
    .finish = finish_message,
};
