#ifndef SIM_GATEWAY_SAY_H
#define SIM_GATEWAY_SAY_H
/*
 * say - one line on stderr, fit for a terminal.
 *
 *   say_error("%s: %s", path, strerror(errno));   ->   mailwalk: /tmp/x\x1b[2J: No such file or directory
 *
 * A path, an option's value or a name from a file may hold anything; what reaches the terminal are
 * characters.
 */
#include <stdarg.h>

#define SAY_MAX 2048 /* octets before escaping; the rest is cut off */

__attribute__((format(printf, 1, 2))) void say_error(const char *fmt, ...);
__attribute__((format(printf, 1, 0))) void say_error_list(const char *fmt, va_list ap);
#endif
