/* Dates as mail writes them. Declared in message.h. */
#include "protocols/wire/message.h"

#define SECONDS_A_DAY 86400
#define YEAR_MAX      9999 /* four digits, RFC 5322 section 3.3 */

static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char day_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

/* The calendar repeats every 400 years (146097 days); counted from 1 March of year 0, so that a leap day
 * is the last day of its year. */
static void civil_from_days(int64_t days, struct wire_civil *c)
{
    int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    uint32_t day_of_era = (uint32_t)(shifted - era * 146097);
    uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month = (5 * day_of_year + 2) / 153; /* 0 = March */
    c->day = (uint8_t)(day_of_year - (153 * month + 2) / 5 + 1);
    c->month = (uint8_t)(month < 10 ? month + 3 : month - 9);
    c->year = (int32_t)((int64_t)year_of_era + era * 400 + (c->month <= 2 ? 1 : 0));
    c->weekday = (uint8_t)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400;
    unsigned year_of_era = (unsigned)(y - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

struct wire_civil wire_civil_from_seconds(int64_t seconds, int offset_minutes)
{
    struct wire_civil c;
    int64_t local = seconds + (int64_t)offset_minutes * 60, days = local / SECONDS_A_DAY;
    int32_t rest = (int32_t)(local % SECONDS_A_DAY);
    if (rest < 0) {
        rest += SECONDS_A_DAY;
        days--;
    }
    civil_from_days(days, &c);
    c.hour = (uint8_t)(rest / 3600);
    c.minute = (uint8_t)(rest / 60 % 60);
    c.second = (uint8_t)(rest % 60);
    return c;
}

int64_t wire_civil_to_seconds(const struct wire_civil *c, int offset_minutes)
{
    return days_from_civil(c->year, c->month, c->day) * SECONDS_A_DAY + c->hour * 3600 + c->minute * 60 +
           c->second - (int64_t)offset_minutes * 60;
}

static char *put2(char *p, unsigned value)
{
    p[0] = (char)('0' + value / 10 % 10);
    p[1] = (char)('0' + value % 10);
    return p + 2;
}

/* A day of the month padded with a space. */
static char *put_padded_day(char *p, unsigned day)
{
    put2(p, day);
    if (day < 10)
        *p = ' ';
    return p + 2;
}

/* Years that four digits cannot say do not occur in virtual time; they are written modulo 10000. */
static char *put_year(char *p, int32_t year)
{
    unsigned y = (unsigned)(year < 0 ? -(year + 1) : year) % 10000;
    return put2(put2(p, y / 100), y % 100);
}

static char *put_time(char *p, const struct wire_civil *c)
{
    p = put2(p, c->hour);
    *p++ = ':';
    p = put2(p, c->minute);
    *p++ = ':';
    return put2(p, c->second);
}

static char *put_offset(char *p, int minutes)
{
    unsigned m = (unsigned)(minutes < 0 ? -minutes : minutes);
    *p++ = minutes < 0 ? '-' : '+';
    return put2(put2(p, m / 60), m % 60);
}

size_t wire_date_write(char *dst, int64_t seconds, int offset_minutes)
{
    struct wire_civil c = wire_civil_from_seconds(seconds, offset_minutes);
    char *p = dst;
    memcpy(p, day_names[c.weekday], 3);
    memcpy(p + 3, ", ", 2);
    p += 5;
    if (c.day >= 10)
        *p++ = (char)('0' + c.day / 10);
    *p++ = (char)('0' + c.day % 10);
    *p++ = ' ';
    memcpy(p, month_names[c.month - 1], 3);
    p += 3;
    *p++ = ' ';
    p = put_year(p, c.year);
    *p++ = ' ';
    p = put_time(p, &c);
    *p++ = ' ';
    return (size_t)(put_offset(p, offset_minutes) - dst);
}

size_t wire_internaldate_write(char *dst, int64_t seconds, int offset_minutes)
{
    struct wire_civil c = wire_civil_from_seconds(seconds, offset_minutes);
    char *p = put_padded_day(dst, c.day);
    *p++ = '-';
    memcpy(p, month_names[c.month - 1], 3);
    p += 3;
    *p++ = '-';
    p = put_year(p, c.year);
    *p++ = ' ';
    p = put_time(p, &c);
    *p++ = ' ';
    return (size_t)(put_offset(p, offset_minutes) - dst);
}

size_t wire_syslog_date_write(char *dst, int64_t seconds, int offset_minutes)
{
    struct wire_civil c = wire_civil_from_seconds(seconds, offset_minutes);
    char *p = dst;
    memcpy(p, month_names[c.month - 1], 3);
    p += 3;
    *p++ = ' ';
    p = put_padded_day(p, c.day);
    *p++ = ' ';
    return (size_t)(put_time(p, &c) - dst);
}

size_t wire_rfc3339_write(char *dst, int64_t seconds, int offset_minutes)
{
    struct wire_civil c = wire_civil_from_seconds(seconds, offset_minutes);
    unsigned m = (unsigned)(offset_minutes < 0 ? -offset_minutes : offset_minutes);
    char *p = put_year(dst, c.year);
    *p++ = '-';
    p = put2(p, c.month);
    *p++ = '-';
    p = put2(p, c.day);
    *p++ = 'T';
    p = put_time(p, &c);
    if (offset_minutes == 0) {
        *p++ = 'Z';
        return (size_t)(p - dst);
    }
    *p++ = offset_minutes < 0 ? '-' : '+';
    p = put2(p, m / 60);
    *p++ = ':';
    return (size_t)(put2(p, m % 60) - dst);
}

/* ---- reading ---- */

struct cursor {
    const char *at, *end;
};

/* An empty slice may have no address. */
static struct cursor cursor_of(struct wire_slice text)
{
    const char *at = text.len > 0 ? text.at : "";
    return (struct cursor){ at, at + text.len };
}

/* Past white space, folds and comments; comments nest and are counted, not recursed into. */
static void skip_cfws(struct cursor *c)
{
    unsigned depth = 0;
    for (; c->at < c->end; c->at++) {
        char x = *c->at;
        if (depth > 0 && x == '\\' && c->at + 1 < c->end)
            c->at++;
        else if (x == '(')
            depth++;
        else if (depth > 0 && x == ')')
            depth--;
        else if (depth == 0 && !wire_is_space(x))
            return;
    }
}

/* 1 to `most` digits; returns how many, 0 for none or more. */
static size_t take_digits(struct cursor *c, size_t most, int *value)
{
    size_t n = 0;
    int v = 0;
    for (; c->at < c->end && wire_is_digit(*c->at) && n <= most; c->at++, n++)
        v = n < most ? v * 10 + (*c->at - '0') : v;
    *value = v;
    return n > most ? 0 : n;
}

static bool take_char(struct cursor *c, char want)
{
    if (c->at == c->end || *c->at != want)
        return false;
    c->at++;
    return true;
}

static struct wire_slice take_word(struct cursor *c)
{
    const char *begin = c->at;
    while (c->at < c->end && wire_is_alpha(*c->at))
        c->at++;
    return wire_slice(begin, (size_t)(c->at - begin));
}

static bool take_month(struct cursor *c, int *month)
{
    struct wire_slice word = take_word(c);
    for (*month = 1; *month <= 12; ++*month)
        if (word.len == 3 && wire_equal_nocase(word.at, 3, month_names[*month - 1], 3))
            return true;
    return false;
}

/* hh:mm[:ss]; with `loose` white space and comments stand between them (RFC 5322 section 4.3). */
static bool take_time(struct cursor *c, int *hour, int *minute, int *second, bool loose)
{
    *second = 0;
    if (take_digits(c, 2, hour) == 0)
        return false;
    if (loose)
        skip_cfws(c);
    if (!take_char(c, ':'))
        return false;
    if (loose)
        skip_cfws(c);
    if (take_digits(c, 2, minute) == 0)
        return false;
    if (loose)
        skip_cfws(c);
    if (take_char(c, ':')) {
        if (loose)
            skip_cfws(c);
        if (take_digits(c, 2, second) == 0)
            return false;
    }
    return *hour <= 23 && *minute <= 59 && *second <= 60; /* 60: a leap second */
}

/* "+0100", or with `loose` a name; names that RFC 5322 section 4.3 does not define say nothing: -0000. */
static bool take_offset(struct cursor *c, int *minutes, bool loose)
{
    static const struct {
        char name[4];
        int minutes;
    } zones[] = { { "UT", 0 },     { "GMT", 0 },    { "Z", 0 },      { "EST", -300 },
                  { "EDT", -240 }, { "CST", -360 }, { "CDT", -300 }, { "MST", -420 },
                  { "MDT", -360 }, { "PST", -480 }, { "PDT", -420 } };
    struct wire_slice word;
    int digits;
    bool minus = c->at < c->end && *c->at == '-';
    *minutes = 0;
    if (minus || (c->at < c->end && *c->at == '+')) {
        c->at++;
        if (take_digits(c, 4, &digits) != 4 || digits % 100 > 59)
            return false;
        *minutes = (digits / 100 * 60 + digits % 100) * (minus ? -1 : 1);
        return true;
    }
    if (!loose)
        return false;
    word = take_word(c);
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        if (wire_slice_is_nocase(word, zones[i].name))
            *minutes = zones[i].minutes;
    return true;
}

static bool make_seconds(int year, int month, int day, int hour, int minute, int second, int offset,
                         int64_t *seconds)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    struct wire_civil c;
    if (day < 1 || day > days[month - 1] + (month == 2 && leap ? 1 : 0) || year > YEAR_MAX)
        return false;
    c = (struct wire_civil){ .year = year,
                             .month = (uint8_t)month,
                             .day = (uint8_t)day,
                             .hour = (uint8_t)hour,
                             .minute = (uint8_t)minute,
                             .second = (uint8_t)second };
    *seconds = wire_civil_to_seconds(&c, offset);
    return true;
}

bool wire_date_parse(struct wire_slice text, int64_t *seconds, int *offset_minutes)
{
    struct cursor c = cursor_of(text);
    size_t year_digits;
    int day, month, year, hour, minute, second, offset = 0;
    skip_cfws(&c);
    if (c.at < c.end && wire_is_alpha(*c.at)) { /* the name of the day proves nothing and is not checked */
        take_word(&c);
        skip_cfws(&c);
        take_char(&c, ',');
        skip_cfws(&c);
    }
    if (take_digits(&c, 2, &day) == 0)
        return false;
    skip_cfws(&c);
    if (!take_month(&c, &month))
        return false;
    skip_cfws(&c);
    year_digits = take_digits(&c, 4, &year);
    if (year_digits < 2)
        return false;
    if (year_digits ==
        2) /* RFC 5322 section 4.3: 00-49 are 20xx, 50-99 are 19xx, three digits count from 1900 */
        year += year < 50 ? 2000 : 1900;
    else if (year_digits == 3)
        year += 1900;
    skip_cfws(&c);
    if (!take_time(&c, &hour, &minute, &second, true))
        return false;
    skip_cfws(&c);
    if (c.at < c.end && !take_offset(&c, &offset, true))
        return false;
    if (!make_seconds(year, month, day, hour, minute, second, offset, seconds))
        return false;
    *offset_minutes = offset;
    return true;
}

bool wire_internaldate_parse(struct wire_slice text, int64_t *seconds, int *offset_minutes)
{
    struct cursor c = cursor_of(text);
    int day, month, year, hour, minute, second, offset;
    take_char(&c, ' ');
    if (take_digits(&c, 2, &day) == 0 || !take_char(&c, '-') || !take_month(&c, &month) ||
        !take_char(&c, '-') || take_digits(&c, 4, &year) != 4 || !take_char(&c, ' '))
        return false;
    if (!take_time(&c, &hour, &minute, &second, false) || !take_char(&c, ' ') ||
        !take_offset(&c, &offset, false) || c.at != c.end ||
        !make_seconds(year, month, day, hour, minute, second, offset, seconds))
        return false;
    *offset_minutes = offset;
    return true;
}
