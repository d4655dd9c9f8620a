/* The TRANSACTION state: counting, listing, fetching and marking messages. */
#include "protocols/pop3/pop3_inside.h"
#include "protocols/wire/message.h"

#include <assert.h>

#define LISTING_LINE_MAX (WIRE_U64_MAX_DIGITS + 1 + POP3_UIDL_MAX + 2) /* octets with CRLF */
#define END_MAX          5                                             /* CRLF "." CRLF */

static bool is_marked(const struct pop3_server *s, uint32_t i)
{
    return s->config->ops->marked(s->host, i);
}

/* The message that an argument names, as an index; replies and returns false when there is none. */
static bool find_message(const struct pop3_server *s, struct wire_slice word, uint32_t *index,
                         struct pop3_step *out)
{
    uint64_t number;
    bool digits = word.len > 0;
    for (size_t i = 0; i < word.len; i++)
        digits = digits && wire_is_digit(word.at[i]);
    if (!digits) {
        pop3_reply(out, POP3_BAD_ARGS);
        return false;
    }
    if (!wire_parse_u64(word, s->count, &number) || number == 0) {
        pop3_reply(out, POP3_NO_SUCH_MESSAGE);
        return false;
    }
    out->message = (uint32_t)number;
    *index = (uint32_t)number - 1;
    if (is_marked(s, *index)) {
        pop3_reply(out, POP3_ALREADY_MARKED);
        return false;
    }
    return true;
}

void pop3_run_stat(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    uint64_t octets = 0;
    uint32_t count = 0;
    (void)args;
    for (uint32_t i = 0; i < s->count; i++) {
        if (is_marked(s, i))
            continue;
        octets += s->config->ops->size(s->host, i);
        count++;
    }
    pop3_reply_begin(out, POP3_STATUS);
    pop3_put_number(&out->send, count);
    wire_out_str(&out->send, " ");
    pop3_put_number(&out->send, octets);
    wire_out_str(&out->send, "\r\n");
}

/* ---- what is pulled ---- */

static void put_listing_line(const struct pop3_server *s, struct wire_out *send, bool uidl, uint32_t i)
{
    pop3_put_number(send, (uint64_t)i + 1);
    wire_out_str(send, " ");
    if (uidl) {
        struct wire_slice id = s->config->ops->uidl(s->host, i);
        wire_out_bytes(send, id.at, id.len < POP3_UIDL_MAX ? id.len : POP3_UIDL_MAX);
    } else {
        pop3_put_number(send, s->config->ops->size(s->host, i));
    }
    wire_out_str(send, "\r\n");
}

static void put_end(struct wire_out *send)
{
    wire_out_line(send, pop3_data_lesson(POP3_END_LINE));
    wire_out_str(send, ".\r\n");
}

/* As many lines of a listing as fit. Returns true when it is complete. */
static bool fill_listing(struct pop3_server *s, struct wire_out *send)
{
    bool uidl = s->pull == POP3_PULL_UIDL;
    for (; s->next < s->count; s->next++) {
        if (is_marked(s, s->next))
            continue;
        if (wire_out_room(send) < LISTING_LINE_MAX + END_MAX || send->lines + 1 >= WIRE_OUT_LINES_MAX)
            return false;
        wire_out_line(send, pop3_data_lesson(uidl ? POP3_UIDL_LINE : POP3_LIST_LINE));
        put_listing_line(s, send, uidl, s->next);
    }
    put_end(send);
    return true;
}

/* Does a line begin at b[at]? Only CRLF ends one. */
static bool is_line_start(const char *b, size_t at)
{
    return at == 0 || (at >= 2 && b[at - 1] == '\n' && b[at - 2] == '\r');
}

size_t pop3_plain_until(const char *b, size_t at, size_t end)
{
    size_t from = at;
    for (;;) {
        const char *lf = memchr(b + from, '\n', end - from);
        if (!lf)
            return end;
        from = (size_t)(lf - b) + 1;
        if (from == end)
            return end;
        if (b[from] == '.' && is_line_start(b, from))
            return from;
    }
}

/* As much of a message as fits, dots doubled. Returns true when it is complete. */
static bool fill_body(struct pop3_server *s, struct wire_out *send)
{
    struct wire_slice body = s->config->ops->bytes(s->host, s->next);
    size_t at = (size_t)s->at, end = (size_t)s->end;
    assert(end <= body.len && at <= end);
    if (at < end)
        wire_out_line(send, at == 0 ? pop3_data_lesson(POP3_BODY_LINES) : NULL);
    while (at < end && wire_out_room(send) >= 2) {
        size_t limit = wire_out_room(send), stop;
        if (body.at[at] == '.' && is_line_start(body.at, at)) {
            wire_out_str(send, "..");
            at++;
            continue;
        }
        stop = pop3_plain_until(body.at, at, end - at < limit ? end : at + limit);
        wire_out_bytes(send, body.at + at, stop - at);
        at = stop;
    }
    s->at = at;
    if (at < end || wire_out_room(send) < END_MAX)
        return false;
    if (end > 0 && !is_line_start(body.at, end))
        wire_out_str(send, "\r\n"); /* the end must stand on a line of its own */
    put_end(send);
    return true;
}

/* Adds the next piece to what the step sends. */
static void fill(struct pop3_server *s, struct pop3_step *out)
{
    bool complete = s->pull == POP3_PULL_BODY ? fill_body(s, &out->send) : fill_listing(s, &out->send);
    if (complete)
        s->pull = POP3_PULL_NONE;
    out->more = !complete;
}

bool pop3_server_pull(struct pop3_server *s, struct pop3_step *out)
{
    if (s->pull == POP3_PULL_NONE)
        return false;
    wire_out_reset(&out->send);
    fill(s, out);
    return true;
}

/* ---- the commands ---- */

static void run_listing(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out, bool uidl)
{
    uint32_t index;
    if (args->count == 0) {
        pop3_reply(out, uidl ? POP3_IDS : POP3_LISTED_ALL);
        s->pull = uidl ? POP3_PULL_UIDL : POP3_PULL_LIST;
        s->next = 0;
        fill(s, out);
    } else if (find_message(s, args->word[0], &index, out)) {
        pop3_reply_begin(out, uidl ? POP3_ID : POP3_LISTED);
        put_listing_line(s, &out->send, uidl, index);
    }
}

void pop3_run_list(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    run_listing(s, args, out, false);
}

void pop3_run_uidl(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    run_listing(s, args, out, true);
}

/* May the client have this header? A message's header is in ASCII unless both ends have agreed on UTF-8. */
static bool may_send(const struct pop3_server *s, struct wire_slice message, struct pop3_step *out)
{
    size_t len = s->utf8 || message.len == 0 ? 0 : wire_message_header_len(message.at, message.len);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)message.at[i] >= 0x80) {
            pop3_reply(out, POP3_NEEDS_UTF8);
            return false;
        }
    return true;
}

static void begin_body(struct pop3_server *s, uint32_t index, size_t end, struct pop3_step *out)
{
    s->pull = POP3_PULL_BODY;
    s->next = index;
    s->at = 0;
    s->end = end;
    fill(s, out);
}

void pop3_run_retr(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    struct wire_slice body;
    uint32_t index;
    if (!find_message(s, args->word[0], &index, out))
        return;
    body = s->config->ops->bytes(s->host, index);
    if (!may_send(s, body, out))
        return;
    pop3_reply_begin(out, POP3_MESSAGE);
    pop3_put_number(&out->send, s->config->ops->size(s->host, index));
    wire_out_str(&out->send, " octets\r\n");
    begin_body(s, index, body.len, out);
}

/* The offset behind `lines` lines of the body. */
static size_t top_end(struct wire_slice message, uint64_t lines)
{
    size_t at = message.len > 0 ? wire_message_header_len(message.at, message.len) : 0;
    for (; lines > 0 && at < message.len; lines--) {
        const char *lf = memchr(message.at + at, '\n', message.len - at);
        at = lf ? (size_t)(lf - message.at) + 1 : message.len;
    }
    return at;
}

void pop3_run_top(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    uint64_t lines;
    uint32_t index;
    if (!wire_parse_u64(args->word[1], UINT64_MAX, &lines)) {
        pop3_reply(out, POP3_BAD_ARGS);
    } else if (find_message(s, args->word[0], &index, out) &&
               may_send(s, s->config->ops->bytes(s->host, index), out)) {
        pop3_reply(out, POP3_MESSAGE_TOP);
        begin_body(s, index, top_end(s->config->ops->bytes(s->host, index), lines), out);
    }
}

void pop3_run_dele(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    uint32_t index;
    if (!find_message(s, args->word[0], &index, out))
        return;
    s->config->ops->mark(s->host, index, true);
    pop3_reply(out, POP3_MARKED);
}

void pop3_run_rset(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    (void)args;
    for (uint32_t i = 0; i < s->count; i++)
        if (is_marked(s, i))
            s->config->ops->mark(s->host, i, false);
    pop3_reply(out, POP3_UNMARKED);
}

void pop3_run_noop(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    (void)s;
    (void)args;
    pop3_reply(out, POP3_NOTHING_DONE);
}
