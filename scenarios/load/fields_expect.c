/* What a run must lead to. */
#include "scenarios/load/expect.h"

#include "scenarios/load/fields.h"

#define ON(kind) GET_IN(EXPECT_##kind)
#define STATES   (ON(QUEUE_EMPTY) | ON(MAILBOX) | ON(RETRANSMISSIONS))
#define COUNTED  (~STATES & (GET_IN(EXPECT_KIND_COUNT) - 1))

static const struct json_choice kinds[] = {
#define X(name, json) { json, EXPECT_##name, NULL },
    EXPECT_KINDS(X)
#undef X
        { NULL, 0, NULL },
};

static const struct json_choice vias[] = { { "pop3", 0, NULL }, { "imap", 0, NULL }, { NULL, 0, NULL } };

static const struct json_choice results[] = {
    { "ok", 0, NULL },          { "connected", 0, NULL },  { "refused", 0, NULL },
    { "timed-out", 0, NULL },   { "reset", 0, NULL },      { "lost", 0, NULL },
    { "unreachable", 0, NULL }, { "prohibited", 0, NULL }, { "no-server", 0, NULL },
    { "not-smtp", 0, NULL },    { "not-pop3", 0, NULL },   { "not-imap", 0, NULL },
    { "auth-failed", 0, NULL }, { "rejected", 0, NULL },   { "partly", 0, NULL },
    { "not-secured", 0, NULL }, { NULL, 0, NULL },
};

static const struct json_choice commands[] = {
    { "CONNECT", 0, NULL }, { "HELO", 0, NULL }, { "MAIL", 0, NULL }, { "RCPT", 0, NULL },
    { "DATA", 0, NULL },    { "AUTH", 0, NULL }, { NULL, 0, NULL },
};

#define MESSAGES (ON(DELIVERED) | ON(FETCHED) | ON(BOUNCED) | ON(DEFERRED) | ON(SENT) | ON(SEND_FAILED))

static const struct json_field expect_rows[] = {
    N("what", CHOICE, expect_item, kind, .required = GET_ALWAYS, .flags = GET_SELECTS, .choices = kinds,
      .help = "what is looked for"),
    F("never", BOOL, expect_item, never, .variants = COUNTED, .fallback = "false",
      .help = "it must not happen"),
    F("within", DURATION, expect_item, within_ns, .variants = COUNTED, .min = 1, .otherwise = "any time",
      .help = "it happens so long after the start at the latest"),
    N("count", UINT, expect_item, count, .variants = COUNTED, .max = 1000000000, .otherwise = "one or more",
      .help = "it happens so often"),
    F("host", NAME, expect_item, host, .required = ON(QUEUE_EMPTY),
      .help = "where it happens; of a connection: who opens it"),
    F("message", NAME, expect_item, message, .variants = MESSAGES, .help = "a message of the scenario"),
    F("to", MAILBOX, expect_item, to, .variants = ON(DELIVERED) | ON(BOUNCED) | ON(DELAY_NOTICE),
      .help = "delivered: the recipient; bounced, delay_notice: who is told"),
    F("recipient", MAILBOX, expect_item, recipient, .variants = ON(BOUNCED) | ON(DEFERRED) | ON(REFUSED),
      .help = "whom it could not reach"),
    F("user", RECIPIENT, expect_item, user, .variants = ON(MAILBOX) | ON(FLAGGED) | ON(OVER_QUOTA),
      .required = ON(MAILBOX), .help = "whose mailbox"),
    F("mailbox", WORDS, expect_item, mailbox, .variants = ON(DELIVERED) | ON(MAILBOX) | ON(FLAGGED),
      .otherwise = "mailbox: INBOX; else any", .max = 255, .help = "its name"),
    N("messages", UINT, expect_item, messages, .variants = ON(MAILBOX), .required = ON(MAILBOX),
      .help = "how many are in it at the end"),
    F("via", CHOICE, expect_item, via, .variants = ON(FETCHED), .choices = vias, .help = "by which protocol"),
    { .key = "intact",
      .kind = GET_BOOL,
      .at = GET_NOWHERE,
      .variants = ON(FETCHED),
      .otherwise = "either",
      .help = "whether it is what was sent, apart from the fields that are added on the way" },
    F("command", CHOICE, expect_item, command, .variants = ON(REFUSED), .choices = commands,
      .help = "the SMTP command that was answered with no"),
    N("code", UINT, expect_item, code, .variants = ON(REFUSED) | ON(SENT) | ON(SEND_FAILED) | ON(LINE),
      .min = 200, .max = 599, .help = "the SMTP reply code"),
    F("status", STATUS, expect_item, status, .flags = GET_PATTERN,
      .variants = ON(BOUNCED) | ON(DEFERRED) | ON(REFUSED) | ON(LINE),
      .help = "the enhanced status; x stands for any number"),
    N("port", UINT, expect_item, port, .variants = ON(CONNECTION), .min = 1, .help = "the server's port"),
    F("result", CHOICE, expect_item, result, .choices = results,
      .variants = ON(CONNECTION) | ON(SENT) | ON(SEND_FAILED) | ON(ACTION), .required = ON(CONNECTION),
      .help = "how it ended"),
    F("action", NAME, expect_item, action, .variants = ON(SENT) | ON(SEND_FAILED) | ON(ACTION) | ON(FETCHED),
      .required = ON(ACTION), .help = "an action's name"),
    F("flag", CHOICE, expect_item, flag, .variants = ON(FLAGGED), .choices = fields_flags,
      .help = "the flag that is set"),
    N("min", UINT, expect_item, min, .variants = ON(RETRANSMISSIONS), .fallback = "0",
      .help = "at least so many"),
    N("max", UINT, expect_item, max, .variants = ON(RETRANSMISSIONS), .otherwise = "no limit",
      .help = "at most so many"),
    F("text", WORDS, expect_item, text, .variants = ON(LINE), .required = ON(LINE), .flags = GET_NOT_EMPTY,
      .max = 500, .help = "the line contains this"),
};

static void finish_expect(struct json_get *g, const struct json_node *n, void *out)
{
    struct expect_item *e = out;
    const struct json_node *intact = json_child(n, "intact"), *count = json_child(n, "count");
    if (intact)
        e->intact = intact->truth ? EXPECT_INTACT_YES : EXPECT_INTACT_NO;
    if (!count)
        e->count = EXPECT_ANY;
    if (!json_child(n, "within"))
        e->within_ns = CORE_NEVER;
    if (e->kind == EXPECT_MAILBOX && !e->mailbox)
        e->mailbox = "INBOX";
    if (!json_child(n, "max"))
        e->max = UINT32_MAX;
    if (e->never && count)
        json_error(g, count, "contradicts \"never\"");
    if (e->kind == EXPECT_RETRANSMISSIONS && e->min > e->max)
        json_error(g, json_child(n, "max"), "is less than \"min\"");
    if (e->kind == EXPECT_RETRANSMISSIONS && !json_child(n, "min") && !json_child(n, "max"))
        json_error(g, n, "any number is right: say \"min\" or \"max\"");
}

const struct json_object fields_expect = {
    .name = "expectation",
    .help = "what a run must lead to; the exit status says whether it did",
    ROWS(expect_rows),
    .size = sizeof(struct expect_item),
    .pointer_at = offsetof(struct expect_item, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_expect,
};
