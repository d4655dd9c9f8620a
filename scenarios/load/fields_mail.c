/* Mailboxes and mail programs. */
#include "scenarios/load/fields.h"

#include <string.h>

#include "protocols/wire/ascii.h"

/* ---- stores -------------------------------------------------------------------------------------- */

static const struct json_field full_rows[] = { FROM_UNTIL(spec_user, full_from_ns, full_until_ns) };

static void finish_full(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_user *u = out;
    fields_check_times(g, n, u->full_from_ns, u->full_until_ns);
}

const struct json_object fields_full = {
    .name = "full",
    .help = "when a user is over quota, whatever is in the mailboxes",
    ROWS(full_rows),
    .size = sizeof(struct spec_user),
    .pointer_at = GET_NOWHERE,
    .key_at = GET_NOWHERE,
    .finish = finish_full,
};

static const struct json_field user_rows[] = {
    F("password", WORDS, spec_user, password, .required = GET_ALWAYS, .flags = GET_NOT_EMPTY, .max = 255,
      .help = "what the user logs in with"),
    F("quota", SIZE, spec_user, quota_octets, .min = 1, .otherwise = "none",
      .help = "octets in all mailboxes together"),
    { .key = "full",
      .kind = GET_OBJECT,
      .shape = GET_INSIDE,
      .object = &fields_full,
      .help = "when there is no room, whatever the quota" },
    MANY("messages", NAME, LIST, spec_user, messages, .items_max = 10000,
         .help = "in the INBOX at the start"),
    MANY("mailboxes", WORDS, LIST, spec_user, mailboxes, .help = "besides INBOX"),
};

static bool brief_user(struct json_get *g, const struct json_node *n, void *out)
{
    return json_get_text(g, &fields_user, "password", n->string, n, out);
}

static void finish_user(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_user *u = out;
    for (size_t i = 0; i < u->nmailboxes; i++) {
        bool bad = u->mailboxes[i][0] == '\0' ||
                   wire_equal_nocase(u->mailboxes[i], strlen(u->mailboxes[i]), "INBOX", 5);
        for (size_t j = 0; j < i; j++)
            bad |= strcmp(u->mailboxes[i], u->mailboxes[j]) == 0;
        if (bad)
            json_error(g, json_child(n, "mailboxes"), "\"%.40s\": INBOX exists by itself, and names differ",
                       u->mailboxes[i]);
    }
}

const struct json_object fields_user = {
    .name = "user",
    .help = "somebody with mailboxes; the key is \"bob\" (in every domain of the host) or "
            "\"bob@example.org\"",
    ROWS(user_rows),
    .size = sizeof(struct spec_user),
    .pointer_at = offsetof(struct spec_user, pointer),
    .key_at = offsetof(struct spec_user, name),
    .key_kind = GET_RECIPIENT,
    .brief = brief_user,
    .brief_help = "a string: the password",
    .finish = finish_user,
};

static const struct json_field store_rows[] = {
    MANY("users", OBJECT, MAP, spec_store, users, .object = &fields_user, .required = GET_ALWAYS,
         .flags = GET_NOT_EMPTY, .items_max = SPEC_USERS_MAX, .help = "who has mailboxes here"),
    MANY("services", OBJECT, LIST, spec_store, services, .object = &fields_service, .items_max = 16,
         .otherwise = "pop3, imap", .help = "where it listens"),
};

static void finish_store(struct json_get *g, const struct json_node *n, void *out)
{
    static const struct spec_service usual[] = {
        { .kind = SPEC_POP3, .port = FIELDS_PORT_POP3, .mechanisms = FIELDS_MECHANISMS },
        { .kind = SPEC_IMAP, .port = FIELDS_PORT_IMAP, .mechanisms = FIELDS_MECHANISMS },
    };
    struct spec_store *s = out;
    if (!json_child(n, "services")) {
        struct spec_service *made = core_arena_take(g->arena, sizeof usual);
        memcpy(made, usual, sizeof usual);
        made[0].pointer = made[1].pointer = s->pointer;
        s->services = made;
        s->nservices = 2;
    }
    for (size_t i = 0; i < s->nservices; i++)
        if (s->services[i].kind != SPEC_POP3 && s->services[i].kind != SPEC_IMAP)
            json_error_at(g, s->services[i].pointer, "",
                          "belongs into \"mta\": a store is read; allowed: pop3, imap");
}

const struct json_object fields_store = {
    .name = "store",
    .help = "mailboxes, and the POP3 and IMAP servers that show them",
    ROWS(store_rows),
    .size = sizeof(struct spec_store),
    .pointer_at = offsetof(struct spec_store, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_store,
};

/* ---- mail programs ------------------------------------------------------------------------------- */

static const struct json_field submit_rows[] = {
    F("server", SERVER, spec_account, submit_server, .required = GET_ALWAYS, .help = "where it sends to"),
    N("port", UINT, spec_account, submit_port, .min = 1, .otherwise = "587; tls: 465",
      .help = "the port there"),
    N("security", CHOICE, spec_account, submit_security, .choices = fields_security, .fallback = "plain",
      .help = "plain: no TLS; starttls: wants it in the session; tls: from the first octet"),
    N("auth", CHOICE, spec_account, submit_auth, .choices = fields_auth,
      .otherwise = "with a password: required; else none",
      .help = "none: never; offered: when the server offers it; required: or gives up"),
    F("mechanisms", WORDS, spec_account, mechanisms, .max = 100,
      .otherwise = "SCRAM-SHA-256-PLUS SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN",
      .help = "what it is willing to use; it takes the best that the server offers"),
    F("password", WORDS, spec_account, submit_password, .max = 255, .otherwise = "the account's",
      .help = "where another one is used for sending"),
    F("helo", WORDS, spec_account, helo, .max = 255, .flags = GET_NOT_EMPTY,
      .otherwise = "its address in brackets", .help = "what it calls itself in EHLO"),
    F("save_sent", BOOL, spec_account, save_sent, .fallback = "false",
      .help = "keeps a copy: IMAP APPEND to Sent"),
};

static void finish_submit(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_account *a = out;
    if (!json_child(n, "port"))
        a->submit_port = a->submit_security == SPEC_TLS ? FIELDS_PORT_SUBMISSIONS : FIELDS_PORT_SUBMISSION;
    if (a->mechanisms)
        fields_check_mechanisms(g, n, a->mechanisms);
}

const struct json_object fields_submit = {
    .name = "submit",
    .help = "how an account sends",
    ROWS(submit_rows),
    .size = sizeof(struct spec_account),
    .pointer_at = GET_NOWHERE,
    .key_at = GET_NOWHERE,
    .finish = finish_submit,
};

static const struct json_choice fetch_kinds[] = { { "pop3", SPEC_POP3, NULL },
                                                  { "imap", SPEC_IMAP, NULL },
                                                  { NULL, 0, NULL } };

static const struct json_field fetch_rows[] = {
    N("kind", CHOICE, spec_account, fetch_kind, .required = GET_ALWAYS, .choices = fetch_kinds,
      .help = "the protocol"),
    F("server", SERVER, spec_account, fetch_server, .required = GET_ALWAYS,
      .help = "where its mailboxes are"),
    N("port", UINT, spec_account, fetch_port, .min = 1, .otherwise = "110 or 143; tls: 995 or 993",
      .help = "the port there"),
    N("security", CHOICE, spec_account, fetch_security, .choices = fields_security, .fallback = "plain",
      .help = "plain: no TLS; starttls: wants it in the session; tls: from the first octet"),
    F("plain_command", BOOL, spec_account, fetch_auth_plain_command, .fallback = "false",
      .help = "logs in with USER and PASS, or LOGIN, instead of SASL"),
    F("keep", BOOL, spec_account, keep, .fallback = "false",
      .help = "POP3: leaves the messages on the server"),
};

static void finish_fetch(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_account *a = out;
    if (!json_child(n, "port"))
        a->fetch_port = fields_usual_port(a->fetch_kind, a->fetch_security);
    if (json_child(n, "keep") && a->fetch_kind == SPEC_IMAP)
        json_error(g, json_child(n, "keep"), "is about POP3; IMAP leaves the messages on the server anyway");
}

const struct json_object fields_fetch = {
    .name = "fetch",
    .help = "how an account reads",
    ROWS(fetch_rows),
    .size = sizeof(struct spec_account),
    .pointer_at = GET_NOWHERE,
    .key_at = GET_NOWHERE,
    .finish = finish_fetch,
};

static const struct json_field account_rows[] = {
    F("address", MAILBOX, spec_account, address, .required = GET_ALWAYS, .help = "the user's e-mail address"),
    F("name", WORDS, spec_account, name, .max = 60, .flags = GET_NOT_EMPTY, .otherwise = "its address",
      .help = "of the account, for actions"),
    F("display", WORDS, spec_account, display, .max = 60, .help = "the user's name, for From"),
    F("user", WORDS, spec_account, user, .max = 255, .flags = GET_NOT_EMPTY,
      .otherwise = "what stands before the @", .help = "the login name"),
    F("password", WORDS, spec_account, password, .max = 255, .help = "for sending and reading"),
    { .key = "submit",
      .kind = GET_OBJECT,
      .shape = GET_INSIDE,
      .object = &fields_submit,
      .help = "how it sends" },
    { .key = "fetch",
      .kind = GET_OBJECT,
      .shape = GET_INSIDE,
      .object = &fields_fetch,
      .help = "how it reads" },
};

static void finish_account(struct json_get *g, const struct json_node *n, void *out)
{
    struct spec_account *a = out;
    const struct json_node *submit = json_child(n, "submit"), *fetch = json_child(n, "fetch");
    const char *at = strrchr(a->address, '@');
    if (!a->submit_server && !a->fetch_server)
        json_error(g, n, "has neither \"submit\" nor \"fetch\": it can do nothing");
    if (!a->user && at)
        a->user = core_arena_copy(g->arena, a->address, (size_t)(at - a->address));
    if (!a->name)
        a->name = a->address;
    if (submit && !json_child(submit, "auth"))
        a->submit_auth = a->password || a->submit_password ? SPEC_AUTH_REQUIRED : SPEC_AUTH_NONE;
    if (submit && a->submit_auth == SPEC_AUTH_REQUIRED && !a->password && !a->submit_password)
        json_error(g, n, "\"password\" is missing: \"auth\" is required");
    if (fetch && !a->password)
        json_error(g, n, "\"password\" is missing: \"fetch\" logs in");
    if (a->save_sent && (!fetch || a->fetch_kind != SPEC_IMAP))
        json_error(g, json_child(submit, "save_sent"), "needs \"fetch\" with kind imap");
}

const struct json_object fields_account = {
    .name = "account",
    .help = "an account that is set up in a mail program",
    ROWS(account_rows),
    .size = sizeof(struct spec_account),
    .pointer_at = offsetof(struct spec_account, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_account,
};

static const struct json_field client_rows[] = {
    MANY("accounts", OBJECT, LIST, spec_client, accounts, .object = &fields_account, .required = GET_ALWAYS,
         .flags = GET_NOT_EMPTY, .items_max = 100,
         .help = "the first one is used where an action names none"),
};

const struct json_object fields_client = {
    .name = "client",
    .help = "a mail program",
    ROWS(client_rows),
    .size = sizeof(struct spec_client),
    .pointer_at = offsetof(struct spec_client, pointer),
    .key_at = GET_NOWHERE,
};
