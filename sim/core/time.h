#ifndef SIM_CORE_TIME_H
#define SIM_CORE_TIME_H
/* time - virtual time: nanoseconds since the run began, in 64 bits (584 years). */
#include <stdint.h>

#define CORE_US     UINT64_C(1000)
#define CORE_MS     UINT64_C(1000000)
#define CORE_S      UINT64_C(1000000000)
#define CORE_MINUTE (60 * CORE_S)
#define CORE_HOUR   (60 * CORE_MINUTE)
#define CORE_DAY    (24 * CORE_HOUR)
#define CORE_NEVER  UINT64_MAX /* a deadline that does not come */
#endif
