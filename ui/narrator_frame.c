/* What stands before the run and after it: who is who; outcome, what to remember, totals. */
#include <limits.h>
#include <string.h>

#include "protocols/wire/utf8.h"
#include "ui/narrator_internal.h"

#define HOSTS_MAX     24 /* hosts that are introduced; further ones are counted */
#define IFACES_MAX    2  /* interfaces of one host whose addresses are told */
#define WORDS_MAX     1024
#define SECONDS_A_DAY 86400

/* ---- the opening ------------------------------------------------------------------------ */

static void put_heading(struct ui_narrator *n, const char *words)
{
    struct ui_page *p = &n->page;
    ui_page_ink(p, UI_HEADING);
    ui_page_str(p, words);
    ui_page_ink(p, UI_PLAIN);
    ui_page_end(p);
}

/* "2026-01-05 09:00:00", UTC; the calendar is counted from 1 March 0000, so that leap days come last. */
static void date_text(int64_t epoch_s, char buf[64])
{
    int64_t days = epoch_s / SECONDS_A_DAY, rest = epoch_s % SECONDS_A_DAY, era;
    unsigned day_of_era, year_of_era, year_day, month;

    if (rest < 0) {
        rest += SECONDS_A_DAY;
        days--;
    }
    days += 719468; /* from 1 March 0000 to 1 January 1970 */
    era = (days >= 0 ? days : days - 146096) / 146097;
    day_of_era = (unsigned)(days - era * 146097);
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    year_day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * year_day + 2) / 153; /* 0: March */
    snprintf(buf, 64, "%04lld-%02u-%02u %02d:%02d:%02d",
             (long long)(era * 400 + year_of_era + (month >= 10 ? 1 : 0)), (month + 2) % 12 + 1,
             year_day - (153 * month + 2) / 5 + 1, (int)(rest / 3600), (int)(rest / 60 % 60),
             (int)(rest % 60));
}

static size_t add(char *to, size_t at, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len > WORDS_MAX - 1 - at)
        len = WORDS_MAX - 1 - at;
    if (len > 0)
        memcpy(to + at, text, len);
    return at + len;
}

/* RFC 5952: lower case, "::" for the longest run of zero groups. */
static size_t add_ip6(char *to, size_t at, const uint8_t ip[16])
{
    int best = 8, best_len = 1;
    char group[8];

    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && ip[2 * (i + run)] == 0 && ip[2 * (i + run) + 1] == 0)
            run++;
        if (run > best_len) {
            best = i;
            best_len = run;
        }
        i += run;
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            at = add(to, at, "::");
            i += best_len - 1;
            continue;
        }
        snprintf(group, sizeof group, "%s%x", i > 0 && i != best + best_len ? ":" : "",
                 (unsigned)ip[2 * i] << 8 | ip[2 * i + 1]);
        at = add(to, at, group);
    }
    return at;
}

static size_t add_address(char *to, size_t at, const struct trace_iface *f)
{
    char text[24];
    if (f->ip4_prefix > 0) {
        snprintf(text, sizeof text, ", %u.%u.%u.%u", f->ip4[0], f->ip4[1], f->ip4[2], f->ip4[3]);
        at = add(to, at, text);
    }
    if (f->ip6_prefix > 0) {
        at = add(to, at, ", ");
        at = add_ip6(to, at, f->ip6);
    }
    return at;
}

/* For people, in place of a label. */
static const char *role_words(const char *role)
{
    static const char *const words[][2] = { { "client", "a computer with a mail program" },
                                            { "mta", "mail server" },
                                            { "store", "mailbox server" },
                                            { "dns", "DNS server" },
                                            { "resolver", "DNS resolver" },
                                            { "router", "router" },
                                            { "firewall", "firewall" },
                                            { "door", "door to the real world" },
                                            { "exit", "way out to a real server" } };
    for (size_t i = 0; role && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(role, words[i][0]) == 0)
            return words[i][1];
    return role && role[0] ? role : "host";
}

/* "  mx      mail server of example.org, mx.example.org, 198.51.100.25" */
static void put_host(struct ui_narrator *n, const struct trace_host *h, const char *name, size_t indent)
{
    struct ui_page *p = &n->page;
    char words[WORDS_MAX], more[40];
    const char *label = h->label ? h->label : "";
    size_t len;

    if (!label[0] || (h->fqdn && strcmp(label, h->fqdn) == 0) || (h->name && strcmp(label, h->name) == 0))
        label = role_words(h->role); /* it has no label of its own */
    len = add(words, 0, label);
    if (h->fqdn && h->fqdn[0]) {
        len = add(words, len, ", ");
        len = add(words, len, h->fqdn);
    }
    for (size_t i = 0; i < h->nifaces && i < IFACES_MAX; i++)
        len = add_address(words, len, &h->ifaces[i]);
    if (h->nifaces > IFACES_MAX) {
        snprintf(more, sizeof more, " and %zu more", h->nifaces - IFACES_MAX);
        len = add(words, len, more);
    }
    ui_page_str(p, "  ");
    ui_page_wrap(p, 2, 1, name, strlen(name));
    ui_page_to(p, indent);
    ui_page_wrap(p, indent, 4, words, len);
    ui_page_end(p);
}

static size_t widest_name(const struct ui_narrator *n)
{
    size_t widest = 0;
    for (size_t i = 0; i < n->nnames && i < HOSTS_MAX; i++) {
        size_t columns = wire_display_columns(n->name[i].text, strlen(n->name[i].text));
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

void narrator_opening(struct ui_narrator *n, const struct trace_opening *o)
{
    struct ui_page *p = &n->page;
    const char *title = o->title && o->title[0] ? o->title : o->scenario ? o->scenario : "";
    char words[WORDS_MAX], date[64];
    size_t len = 0, columns, indent = widest_name(n) + 4;

    ui_page_ink(p, UI_HEADING);
    ui_page_row(p, UI_COLUMNS, title, strlen(title));
    columns = p->column;
    ui_page_ink(p, UI_PLAIN);
    ui_page_end(p);
    while (p->column < columns)
        ui_page_str(p, "=");
    ui_page_end(p);
    date_text(o->epoch_s, date);
    len = add(words, len, "Scenario ");
    len = add(words, len, o->scenario);
    snprintf(words + len, sizeof words - len, ", seed %llu. The clock begins at %s UTC.",
             (unsigned long long)o->seed, date);
    ui_page_wrap(p, 0, 4, words, strlen(words));
    ui_page_end(p);
    ui_page_end(p);
    put_heading(n, "Who is who");
    for (size_t i = 0; i < o->nhosts && i < HOSTS_MAX; i++)
        put_host(n, &o->hosts[i], n->name[i].text, indent);
    if (o->nhosts > HOSTS_MAX) {
        ui_page_str(p, "  and ");
        ui_page_number(p, o->nhosts - HOSTS_MAX);
        ui_page_str(p, " more");
        ui_page_end(p);
    }
    if (n->level != TRACE_PHASE) {
        ui_page_end(p);
        ui_page_str(p, "C ");
        ui_page_glyph(p, UI_GLYPH_TO_SERVER);
        ui_page_str(p, " is said by a client to a server, S ");
        ui_page_glyph(p, UI_GLYPH_TO_CLIENT);
        ui_page_str(p, " by the server. ");
        ui_page_glyph(p, UI_GLYPH_NOTE);
        ui_page_str(p, " is what changed.");
        ui_page_end(p);
        ui_page_str(p, "Times count from the start of the run; +times from the heading above them.");
        ui_page_end(p);
    }
    n->gap = true;
    for (size_t i = 0; i < o->nteaches && n->nremember < NARRATOR_REMEMBER; i++)
        snprintf(n->remember[n->nremember++], NARRATOR_SENTENCE, "%s", o->teaches[i]);
}

/* ---- the end ---------------------------------------------------------------------------- */

static bool is_ok(const struct trace_record *r)
{
    for (unsigned i = 0; i < r->nattr; i++)
        if (strcmp(r->attr[i].key, "ok") == 0)
            return r->attr[i].value ? strcmp(r->attr[i].value, "yes") == 0 : r->attr[i].number != 0;
    return false;
}

/* "  + delivered: lunch to bob@example.org within 10s. It was: 1, first at 2.310 s" */
void narrator_outcome(struct ui_narrator *n, const struct trace_record *r)
{
    struct ui_page *p = &n->page;
    const char *what = trace_attr_get(r, "what"), *expected = trace_attr_get(r, "expected"),
               *got = trace_attr_get(r, "got");
    bool ok = is_ok(r);
    char words[WORDS_MAX];
    size_t len = 0;

    if (n->met + n->unmet == 0) {
        n->gap = true;
        narrator_begin(n);
        put_heading(n, "Outcome");
    }
    if (ok)
        n->met++;
    else
        n->unmet++;
    ui_page_str(p, "  ");
    ui_page_ink(p, ok ? UI_GOOD : UI_BAD);
    ui_page_glyph(p, ok ? UI_GLYPH_GOOD : UI_GLYPH_BAD);
    ui_page_ink(p, UI_PLAIN);
    ui_page_str(p, ok ? " as expected  " : " NOT expected ");
    len = add(words, len, what ? what : "");
    if (expected && expected[0]) {
        len = add(words, len, ": ");
        len = add(words, len, expected);
    }
    if (got && got[0]) {
        len = add(words, len, ok ? " (" : "; it was: ");
        len = add(words, len, got);
        len = add(words, len, ok ? ")" : "");
    }
    ui_page_wrap(p, p->column, 6, words, len);
    ui_page_end(p);
}

/* "3 lines", with `before` between it and what is there. */
static size_t add_count(char *to, size_t at, const char *before, uint64_t count, const char *one,
                        const char *many)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    at = add(to, at, before);
    at = add(to, at, digits);
    return add(to, at, count == 1 ? one : many);
}

void narrator_ending(struct ui_narrator *n, uint64_t t_ns)
{
    struct ui_page *p = &n->page;
    char time[UI_TIME_MAX], words[WORDS_MAX];
    size_t len = 0;

    n->gap = true;
    narrator_begin(n);
    if (n->nremember > 0) {
        put_heading(n, "What to remember");
        for (unsigned i = 0; i < n->nremember; i++) {
            ui_page_str(p, "  ");
            ui_page_glyph(p, UI_GLYPH_NOTE);
            ui_page_str(p, " ");
            ui_page_wrap(p, 4, 4, n->remember[i], strlen(n->remember[i]));
            ui_page_end(p);
        }
        ui_page_end(p);
    }
    put_heading(n, "Totals");
    len = add_count(words, len, "", n->stored, " message put into a mailbox", " messages put into mailboxes");
    if (n->bounced > 0)
        len = add_count(words, len, ", ", n->bounced, " bounce", " bounces");
    len = add_count(words, len, ", ", n->lines, " line", " lines");
    len = add_count(words, len, ", ", n->packets, " packet", " packets");
    if (n->dropped > 0)
        len = add_count(words, len, " (", n->dropped, " dropped)", " dropped)");
    len = add(words, len, "; the run ends at ");
    len = add(words, len, ui_time_text(t_ns, time));
    ui_page_str(p, "  ");
    ui_page_wrap(p, 2, 3, words, len);
    ui_page_end(p);
}
