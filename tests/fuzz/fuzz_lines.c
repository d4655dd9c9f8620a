/*
 * The lines of a program that is none of our engines, client or server.
 *
 * Input: octet 0: protocol, and whose lines they are; then pieces: an octet whose low 7 bits are a length and
 * whose high bit says who speaks, and so many octets.
 */
#include "sim/hosts/client_lines.h"
#include "sim/hosts/server_lines.h"
#include "tests/fuzz/fuzz.h"

static struct wire_out out;

/* Nothing is lost or added, and every mark lies in the text, in order, and has its words. */
static void check(const char *octets, size_t len, size_t took)
{
    HOLDS(took > 0 && took <= len && !out.full && out.len == took && memcmp(out.text, octets, took) == 0);
    HOLDS(out.lines > 0 && out.line[0].at == 0);
    for (uint32_t i = 0; i < out.lines; i++)
        HOLDS(out.line[i].why && out.line[i].at < out.len &&
              (i == 0 || out.line[i].at >= out.line[i - 1].at));
}

static void server(const uint8_t *at, size_t size, enum trace_proto proto)
{
    static struct server_lines s;
    server_lines_init(&s, proto, true);
    while (size > 1) {
        const char *octets = (const char *)at + 1;
        size_t n = at[0] & 0x7f, len = n < size - 1 ? n : size - 1;
        if (at[0] & 0x80)
            server_lines_hear(&s, octets, len);
        else
            for (size_t used = 0; used < len && s.mode != SERVER_OPAQUE;) {
                size_t took;
                wire_out_reset(&out);
                took = server_lines_say(&s, octets + used, len - used, &out);
                check(octets + used, len - used, took);
                used += took;
            }
        HOLDS(s.nasked <= SERVER_LINES_ASKED && (s.mode != SERVER_OCTETS || s.left > 0));
        at += 1 + len;
        size -= 1 + len;
    }
}

static void client(const uint8_t *at, size_t size, enum trace_proto proto)
{
    static struct client_lines c;
    client_lines_init(&c, proto);
    while (size > 1) {
        const char *octets = (const char *)at + 1;
        size_t n = at[0] & 0x7f, len = n < size - 1 ? n : size - 1;
        if (at[0] & 0x80)
            client_lines_hear(&c, octets, len);
        else
            for (size_t used = 0; used < len && c.mode != CLIENT_OPAQUE;) {
                size_t took;
                wire_out_reset(&out);
                took = client_lines_say(&c, octets + used, len - used, &out);
                check(octets + used, len - used, took);
                used += took;
            }
        at += 1 + len;
        size -= 1 + len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum trace_proto protos[] = { TRACE_SMTP, TRACE_POP3, TRACE_IMAP };
    if (size == 0)
        return 0;
    (data[0] & 0x80 ? client : server)(data + 1, size - 1, protos[(data[0] & 0x7f) % 3]);
    return 0;
}
