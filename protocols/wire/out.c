/* What an engine wants sent: the formatted append. The rest is inline in the header. */
#include "protocols/wire/out.h"

#include <stdarg.h>
#include <stdio.h>

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
