/* A served world begins today. */
#include "sim/gateway/start.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *start_today(const char *const *sets, size_t nsets, char buf[START_TEXT])
{
    static const char pointer[] = "/start=";
    struct timespec now;
    struct tm day;
    for (size_t i = 0; i < nsets; i++)
        if (strncmp(sets[i], pointer, sizeof pointer - 1) == 0)
            return NULL;
    clock_gettime(CLOCK_REALTIME, &now);
    if (!gmtime_r(&now.tv_sec, &day) || day.tm_year < 70 || day.tm_year > 8099)
        return NULL; /* no calendar that a scenario could name: its own day will do */
    snprintf(buf, START_TEXT, "%s%04d-%02d-%02dT%02d:%02d:%02dZ", pointer, day.tm_year + 1900, day.tm_mon + 1,
             day.tm_mday, day.tm_hour, day.tm_min, day.tm_sec);
    return buf;
}
