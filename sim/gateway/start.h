#ifndef SIM_GATEWAY_START_H
#define SIM_GATEWAY_START_H
/*
 * start - the day on which a served world begins: today.
 *
 * A real program looks at the machine's clock when it judges a certificate and dates a message. So the
 * virtual calendar begins with that clock's second, as if "--set /start=2026-03-03T09:00:00Z" had been said;
 * it is said in the recording, so a replay begins on the same day. Whoever sets /start himself has his day.
 */
#include <stddef.h>

#define START_TEXT 48 /* octets of the setting, with NUL */

/* Writes "/start=<now>" into `buf`, unless one of `sets` sets the start. Returns buf, or NULL: not needed. */
const char *start_today(const char *const *sets, size_t nsets, char buf[START_TEXT]);
#endif
