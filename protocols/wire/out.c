/* What an engine wants sent: appends and marks. */
#include "protocols/wire/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void wire_out_reset(struct wire_out *out)
{
    out->len = 0;
    out->lines = 0;
    out->full = false;
}

struct wire_line *wire_out_line(struct wire_out *out, const struct wire_lesson *why)
{
    struct wire_line *l;
    if (out->lines == WIRE_OUT_LINES_MAX)
        return &out->line[WIRE_OUT_LINES_MAX - 1];
    l = &out->line[out->lines++];
    l->at = out->len;
    l->code = 0;
    l->secret_at = l->secret_len = 0;
    l->status[0] = '\0';
    l->why = why;
    return l;
}

void wire_out_bytes(struct wire_out *out, const void *bytes, size_t len)
{
    if (len > wire_out_room(out)) {
        out->full = true;
        return;
    }
    if (len > 0)
        memcpy(out->text + out->len, bytes, len);
    out->len += (uint32_t)len;
}

void wire_out_str(struct wire_out *out, const char *str)
{
    wire_out_bytes(out, str, strlen(str));
}

void wire_out_fmt(struct wire_out *out, const char *fmt, ...)
{
    va_list ap;
    size_t room = wire_out_room(out);
    int n;
    va_start(ap, fmt);
    n = vsnprintf(out->text + out->len, room, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= room) {
        out->full = true;
        return;
    }
    out->len += (uint32_t)n;
}
