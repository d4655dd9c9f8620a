#ifndef SIM_HOSTS_UNITS_H
#define SIM_HOSTS_UNITS_H
/*
 * units - numbers with a unit, as a person writes them.
 *
 *   "90s" "250ms" "1h30m" "5d"         durations: ns us ms s m h d; nanoseconds
 *   "10MB" "64KiB" "500B"              sizes: B, KB MB GB by 1000, KiB MiB GiB by 1024; octets
 *   "100Mbit" "64kbit" "1.5Gbit"       rates: bit kbit Mbit Gbit by 1000; bits per second
 *   "2%" "0.5%"                        chances; parts per million
 *   "2024-03-04T09:00:00Z"             moments (RFC 3339 section 5.6, UTC); seconds since 1970
 *   "25" "6000-6010"                   ports
 *
 * All return false when the text is not that, or the number does not fit.
 */
#include <stdbool.h>
#include <stdint.h>

#define UNITS_DURATION_MAX (UINT64_C(100) * 365 * 86400 * 1000000000) /* 100 years in nanoseconds */

bool units_duration(const char *text, uint64_t *ns);
bool units_size(const char *text, uint64_t *octets);
bool units_rate(const char *text, uint64_t *bits_per_second);
bool units_chance(const char *text, uint32_t *ppm);
bool units_moment(const char *text, int64_t *seconds);
bool units_ports(const char *text, uint16_t *from, uint16_t *to);

/* A duration for people: "90 s", "2.310 s", "11 min", "4 h", "5 d 1 h 17 min 48 s"; buf holds UNITS_TEXT_MAX.
 */
#define UNITS_TEXT_MAX 32
const char *units_duration_text(uint64_t ns, char buf[UNITS_TEXT_MAX]);
#endif
