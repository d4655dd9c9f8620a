/* Lines on stderr without control characters. */
#include "sim/gateway/say.h"

#include <stdio.h>

#include "protocols/wire/utf8.h"

void say_error_list(const char *fmt, va_list ap)
{
    char said[SAY_MAX], safe[4 * SAY_MAX];
    int n = vsnprintf(said, sizeof said, fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof said ? (size_t)n : sizeof said - 1;
    len = wire_display_escape(safe, sizeof safe, said, len);
    fprintf(stderr, "mailwalk: %.*s\n", (int)(len < sizeof safe ? len : sizeof safe), safe);
}

void say_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say_error_list(fmt, ap);
    va_end(ap);
}
