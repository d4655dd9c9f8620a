/* Numbers with a unit. No locale, no floating point: the same text is the same number everywhere. */
#include "sim/hosts/units.h"

#include <stdio.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "protocols/wire/message.h"

#define FRACTION_DIGITS 9

struct unit {
    const char *name;
    uint64_t factor;
};

/* Longer names stand before those that begin like them. */
static const struct unit durations[] = {
    { "ns", 1 },
    { "us", 1000 },
    { "ms", 1000000 },
    { "s", UINT64_C(1000000000) },
    { "m", UINT64_C(60000000000) },
    { "h", UINT64_C(3600000000000) },
    { "d", UINT64_C(86400000000000) },
    { NULL, 0 },
};
static const struct unit sizes[] = {
    { "KiB", 1024 }, { "MiB", 1024 * 1024 }, { "GiB", 1024 * 1024 * 1024 }, { "KB", 1000 },
    { "kB", 1000 },  { "MB", 1000000 },      { "GB", 1000000000 },          { "B", 1 },
    { NULL, 0 },
};
static const struct unit rates[] = {
    { "kbit", 1000 }, { "Mbit", 1000000 }, { "Gbit", 1000000000 }, { "bit", 1 }, { NULL, 0 },
};

/* One number with a unit at *at, as whole units of factor 1. */
static bool take(const char **at, const struct unit *units, uint64_t *out)
{
    uint64_t whole = 0, fraction = 0, scale = 1, part;
    const struct unit *u = units;
    int n = 0;
    for (; wire_is_digit(**at); (*at)++, n++) {
        if (whole > UINT64_MAX / 10 - 1)
            return false;
        whole = whole * 10 + (uint64_t)(**at - '0');
    }
    if (n == 0)
        return false;
    if (**at == '.') {
        n = 0;
        for ((*at)++; wire_is_digit(**at); (*at)++, n++) {
            if (n == FRACTION_DIGITS)
                return false;
            fraction = fraction * 10 + (uint64_t)(**at - '0');
            scale *= 10;
        }
        if (n == 0)
            return false;
    }
    while (u->name && strncmp(*at, u->name, strlen(u->name)) != 0)
        u++;
    if (!u->name)
        return false;
    *at += strlen(u->name);
    if (whole > UINT64_MAX / u->factor)
        return false;
    /* fraction < 10^9 and factor < 10^14: in two halves, so that nothing overflows. */
    part = fraction * (u->factor / scale) + fraction * (u->factor % scale) / scale;
    if (whole * u->factor > UINT64_MAX - part)
        return false;
    *out = whole * u->factor + part;
    return true;
}

static bool one(const char *text, const struct unit *units, uint64_t *out)
{
    return take(&text, units, out) && *text == '\0';
}

bool units_duration(const char *text, uint64_t *ns)
{
    uint64_t sum = 0, piece;
    do {
        if (!take(&text, durations, &piece) || piece > UNITS_DURATION_MAX - sum)
            return false;
        sum += piece;
    } while (*text);
    *ns = sum;
    return true;
}

bool units_size(const char *text, uint64_t *octets)
{
    return one(text, sizes, octets);
}

bool units_rate(const char *text, uint64_t *bits_per_second)
{
    return one(text, rates, bits_per_second);
}

bool units_chance(const char *text, uint32_t *ppm)
{
    static const struct unit percent[] = { { "%", 10000 }, { NULL, 0 } };
    uint64_t value;
    if (!one(text, percent, &value) || value > 1000000)
        return false;
    *ppm = (uint32_t)value;
    return true;
}

/* Exactly `n` digits at *at. */
static bool fixed(const char **at, int n, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (!wire_is_digit(**at))
            return false;
        *out = *out * 10 + (uint32_t)(**at - '0');
    }
    return true;
}

bool units_moment(const char *text, int64_t *seconds)
{
    static const char between[6] = "--T::Z";
    static const int width[6] = { 4, 2, 2, 2, 2, 2 };
    uint32_t f[6];
    struct wire_civil c, back;
    for (int i = 0; i < 6; i++) {
        if (!fixed(&text, width[i], &f[i]) || *text != between[i])
            return false;
        text++;
    }
    if (*text || f[0] < 1970 || f[1] < 1 || f[1] > 12 || f[2] < 1 || f[2] > 31 || f[3] > 23 || f[4] > 59 ||
        f[5] > 59)
        return false;
    c = (struct wire_civil){ .year = (int32_t)f[0],
                             .month = (uint8_t)f[1],
                             .day = (uint8_t)f[2],
                             .hour = (uint8_t)f[3],
                             .minute = (uint8_t)f[4],
                             .second = (uint8_t)f[5] };
    *seconds = wire_civil_to_seconds(&c, 0);
    back = wire_civil_from_seconds(*seconds, 0);
    return back.day == c.day && back.month == c.month; /* there is no 30 February */
}

bool units_ports(const char *text, uint16_t *from, uint16_t *to)
{
    const char *dash = strchr(text, '-');
    uint64_t a, b;
    if (!wire_parse_u64(wire_slice(text, dash ? (size_t)(dash - text) : strlen(text)), 65535, &a) || a == 0)
        return false;
    b = a;
    if (dash && (!wire_parse_u64(wire_slice_str(dash + 1), 65535, &b) || b < a))
        return false;
    *from = (uint16_t)a;
    *to = (uint16_t)b;
    return true;
}

const char *units_duration_text(uint64_t ns, char buf[UNITS_TEXT_MAX])
{
    static const struct {
        unsigned long long s;
        const char *name;
    } units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
    unsigned long long s = ns / 1000000000, ms = ns / 1000000 % 1000;
    size_t len = 0;
    if (ms > 0 && s < 1000)
        snprintf(buf, UNITS_TEXT_MAX, "%llu.%03llu s", s, ms);
    else if (s == 0 && ns > 0)
        snprintf(buf, UNITS_TEXT_MAX, "%llu ns", (unsigned long long)ns);
    else if (s < 600)
        snprintf(buf, UNITS_TEXT_MAX, "%llu s", s);
    else
        for (size_t i = s < 172800; i < sizeof units / sizeof units[0]; i++) { /* "24 h", but "2 d" */
            if (s / units[i].s > 0)
                len += (size_t)snprintf(buf + len, UNITS_TEXT_MAX - len, "%s%llu %s", len ? " " : "",
                                        s / units[i].s, units[i].name);
            s %= units[i].s;
        }
    return buf;
}
