/* Single values: one reader for each kind. */
#include "scenarios/load/json_get.h"

#include <math.h>
#include <string.h>

#include "protocols/wire/address.h"
#include "sim/hosts/units.h"

#define UINT_EXACT 9007199254740991.0 /* 2^53 - 1: the largest that a double holds exactly */
#define LINES_MAX  100000             /* of one text */

typedef bool read_fn(struct json_get *, const struct json_field *, const struct json_node *, void *);

const char *get_kind_name(enum get_kind kind)
{
#define X(name, word, octets, allowed) [GET_##name] = word,
    static const char *const names[] = { GET_KINDS(X) };
#undef X
    return names[kind];
}

const char *get_kind_allowed(enum get_kind kind)
{
#define X(name, word, octets, allowed) [GET_##name] = allowed,
    static const char *const texts[] = { GET_KINDS(X) };
#undef X
    return texts[kind];
}

size_t json_field_octets(const struct json_field *f)
{
#define X(name, word, octets, allowed) [GET_##name] = octets,
    static const size_t sizes[] = { GET_KINDS(X) };
#undef X
    if (f->kind == GET_OBJECT)
        return f->object->size;
    if (sizes[f->kind] > 0)
        return sizes[f->kind];
    return f->width ? f->width : sizeof(char *);
}

bool json_name_valid(const char *text)
{
    size_t n = 0;
    for (; text[n]; n++)
        if (!wire_is_alnum(text[n]) && text[n] != '.' && text[n] != '_' && text[n] != '-')
            return false;
    return n > 0 && n <= SPEC_NAME_MAX;
}

/* "must be X, not Y" */
static bool wrong_type(struct json_get *g, const struct json_field *f, const struct json_node *n)
{
    const char *never = f->flags & GET_NEVER ? ", or \"never\"" : "";
    if (n->type == JSON_STRING)
        json_error(g, n, "\"%.60s\" is not %s%s", n->string, get_kind_allowed(f->kind), never);
    else
        json_error(g, n, "must be %s%s, not %s", get_kind_allowed(f->kind), never, json_type_name(n->type));
    return false;
}

static void store_uint(void *out, size_t width, uint64_t value)
{
    uint8_t w8 = (uint8_t)value;
    uint16_t w16 = (uint16_t)value;
    uint32_t w32 = (uint32_t)value;
    switch (width) {
    case 1:
        memcpy(out, &w8, 1);
        break;
    case 2:
        memcpy(out, &w16, 2);
        break;
    case 4:
        memcpy(out, &w32, 4);
        break;
    default:
        memcpy(out, &value, 8);
    }
}

/* `text` must outlive the scenario. */
static void store_text(void *out, const char *text)
{
    memcpy(out, &text, sizeof text);
}

/* The tree goes when the file is read: what stays is a copy. */
static bool keep_text(struct json_get *g, void *out, const char *text)
{
    store_text(out, core_arena_copy(g->arena, text, strlen(text)));
    return true;
}

static uint64_t width_max(size_t width)
{
    return width >= 8 ? (uint64_t)UINT_EXACT : (UINT64_C(1) << (8 * width)) - 1;
}

/* A whole number that is not negative. */
static bool whole(const struct json_node *n, uint64_t *out)
{
    if (n->type != JSON_NUMBER || !(n->number >= 0) || n->number > UINT_EXACT ||
        floor(n->number) != n->number)
        return false;
    *out = (uint64_t)n->number;
    return true;
}

static bool in_range(struct json_get *g, const struct json_field *f, const struct json_node *n,
                     uint64_t value, uint64_t max)
{
    char least[UNITS_TEXT_MAX], most[UNITS_TEXT_MAX];
    if (f->max > 0 && f->max < max)
        max = f->max;
    if (value >= f->min && value <= max)
        return true;
    if (f->kind == GET_DURATION)
        json_error(g, n, "out of range: from %s to %s", units_duration_text(f->min, least),
                   units_duration_text(max, most));
    else
        json_error(g, n, "out of range: from %llu to %llu", (unsigned long long)f->min,
                   (unsigned long long)max);
    return false;
}

static bool read_bool(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    if (n->type != JSON_TRUTH)
        return wrong_type(g, f, n);
    memcpy(out, &n->truth, sizeof n->truth);
    return true;
}

static bool read_uint(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    uint64_t value;
    if (n->type != JSON_NUMBER)
        return wrong_type(g, f, n);
    if (!whole(n, &value)) {
        uint64_t most = f->max ? f->max : width_max(f->width);
        json_error(g, n, "must be a whole number from %llu to %llu", (unsigned long long)f->min,
                   (unsigned long long)most);
        return false;
    }
    if (!in_range(g, f, n, value, width_max(f->width)))
        return false;
    store_uint(out, f->width, value);
    return true;
}

/* One line of text for people: no control characters. */
static bool line_good(const char *text)
{
    for (; *text; text++)
        if (wire_is_control(*text))
            return false;
    return true;
}

static bool read_words(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    if (n->type != JSON_STRING)
        return wrong_type(g, f, n);
    if (!line_good(n->string)) {
        json_error(g, n, "holds a control character; %s", get_kind_allowed(f->kind));
        return false;
    }
    if ((f->flags & GET_NOT_EMPTY) && n->string[0] == '\0') {
        json_error(g, n, "is empty");
        return false;
    }
    if (f->max > 0 && strlen(n->string) > f->max) {
        json_error(g, n, "has %zu octets; at most %llu", strlen(n->string), (unsigned long long)f->max);
        return false;
    }
    return keep_text(g, out, n->string);
}

/* Text with line breaks; other controls but tab are refused. */
static bool text_good(const char *text)
{
    for (; *text; text++)
        if (wire_is_control(*text) && *text != '\n' && *text != '\t')
            return false;
    return true;
}

static bool read_lines(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    size_t len = 1;
    char *text, *at;
    if (n->type != JSON_STRING && n->type != JSON_ARRAY)
        return wrong_type(g, f, n);
    if (n->type == JSON_STRING) {
        if (!text_good(n->string)) {
            json_error(g, n, "holds a control character other than \\n and \\t");
            return false;
        }
        return keep_text(g, out, n->string);
    }
    if (n->count > LINES_MAX) {
        json_error(g, n, "has %lu lines; at most %d", (unsigned long)n->count, LINES_MAX);
        return false;
    }
    for (const struct json_node *line = n->first; line; line = line->next) {
        if (line->type != JSON_STRING || !text_good(line->string)) {
            json_error(g, line, "must be a string without control characters: one line of the text");
            return false;
        }
        len += strlen(line->string) + 1;
    }
    at = text = core_arena_take(g->arena, len);
    for (const struct json_node *line = n->first; line; line = line->next) {
        size_t l = strlen(line->string);
        memcpy(at, line->string, l);
        at[l] = '\n';
        at += l + 1;
    }
    *at = '\0';
    store_text(out, text);
    return true;
}

static bool read_name(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    if (n->type != JSON_STRING || !json_name_valid(n->string))
        return wrong_type(g, f, n);
    return keep_text(g, out, n->string);
}

static bool read_duration(struct json_get *g, const struct json_field *f, const struct json_node *n,
                          void *out)
{
    uint64_t ns;
    if (n->type == JSON_NUMBER) {
        json_error(g, n, "a duration needs a unit: %s", get_kind_allowed(f->kind));
        return false;
    }
    if (n->type == JSON_STRING && (f->flags & GET_NEVER) && strcmp(n->string, "never") == 0) {
        ns = CORE_NEVER;
    } else {
        if (n->type != JSON_STRING || !units_duration(n->string, &ns))
            return wrong_type(g, f, n);
        if (!in_range(g, f, n, ns, UNITS_DURATION_MAX))
            return false;
    }
    store_uint(out, 8, ns);
    return true;
}

static bool read_amount(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    uint64_t value;
    bool good = n->type == JSON_NUMBER   ? whole(n, &value)
                : n->type != JSON_STRING ? false
                : f->kind == GET_SIZE    ? units_size(n->string, &value)
                                         : units_rate(n->string, &value);
    if (!good)
        return wrong_type(g, f, n);
    if (!in_range(g, f, n, value, UINT64_MAX))
        return false;
    store_uint(out, 8, value);
    return true;
}

static bool read_chance(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    uint32_t ppm;
    if (n->type != JSON_STRING || !units_chance(n->string, &ppm))
        return wrong_type(g, f, n);
    store_uint(out, 4, ppm);
    return true;
}

static bool address_good(const char *text, struct net_addr *a)
{
    return strlen(text) < NET_ADDR_TEXT && net_addr_parse(a, text);
}

static bool read_address(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    struct net_addr a;
    if (n->type != JSON_STRING || !address_good(n->string, &a))
        return wrong_type(g, f, n);
    memcpy(out, &a, sizeof a);
    return true;
}

static bool read_prefix(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    struct spec_prefix p = { 0 };
    char text[NET_ADDR_TEXT];
    const char *slash = n->type == JSON_STRING ? strchr(n->string, '/') : NULL;
    size_t len = slash ? (size_t)(slash - n->string) : 0;
    uint64_t bits;
    if (!slash || len >= sizeof text)
        return wrong_type(g, f, n);
    memcpy(text, n->string, len);
    text[len] = '\0';
    if (!address_good(text, &p.addr) ||
        !wire_parse_u64(wire_slice_str(slash + 1), net_addr_is4(&p.addr) ? 32 : 128, &bits))
        return wrong_type(g, f, n);
    p.bits = (uint8_t)bits;
    memcpy(out, &p, sizeof p);
    return true;
}

static bool read_ports(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    uint16_t range[2];
    uint64_t port;
    if (n->type == JSON_NUMBER) {
        if (!whole(n, &port) || port == 0 || port > 65535) {
            json_error(g, n, "a port is a number from 1 to 65535");
            return false;
        }
        range[0] = range[1] = (uint16_t)port;
    } else if (n->type != JSON_STRING || !units_ports(n->string, &range[0], &range[1])) {
        return wrong_type(g, f, n);
    }
    memcpy(out, range, sizeof range);
    return true;
}

static void tell_choices(struct json_get *g, const struct json_field *f, const struct json_node *n)
{
    struct nearest near;
    struct namelist list = { .text = "" };
    char guess[100];
    if (json_error_full(g))
        return;
    nearest_init(&near, n->type == JSON_STRING ? n->string : "");
    for (const struct json_choice *c = f->choices; c->name; c++) {
        nearest_try(&near, c->name);
        namelist_add(&list, c->name);
    }
    if (n->type == JSON_STRING)
        json_error(g, n, "\"%.60s\" is not known here%s allowed: %s", n->string,
                   nearest_text(&near, guess, sizeof guess)[0] ? guess : ";", list.text);
    else
        json_error(g, n, "must be one of %s, not %s", list.text, json_type_name(n->type));
}

static bool read_choice(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    for (const struct json_choice *c = f->choices; n->type == JSON_STRING && c->name; c++) {
        if (strcmp(c->name, n->string) != 0)
            continue;
        if (f->width)
            store_uint(out, f->width, c->value);
        else
            store_text(out, c->stored ? c->stored : c->name);
        return true;
    }
    tell_choices(g, f, n);
    return false;
}

static bool read_mailbox(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    struct wire_mailbox m;
    enum wire_address_verdict v;
    if (n->type != JSON_STRING)
        return wrong_type(g, f, n);
    v = wire_mailbox_parse(wire_slice_str(n->string), false, &m);
    if (v != WIRE_ADDRESS_OK) {
        json_error(g, n, "\"%.60s\" is not %s: %s", n->string, get_kind_allowed(f->kind),
                   wire_address_verdict_text(v));
        return false;
    }
    return keep_text(g, out, n->string);
}

/* A local part, or a whole address. */
static bool read_recipient(struct json_get *g, const struct json_field *f, const struct json_node *n,
                           void *out)
{
    if (n->type == JSON_STRING && strchr(n->string, '@'))
        return read_mailbox(g, f, n, out);
    return read_name(g, f, n, out);
}

static bool domain_good(const char *text)
{
    return wire_domain_valid(wire_slice_str(text), false);
}

static bool read_domain(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    if (n->type != JSON_STRING || !domain_good(n->string))
        return wrong_type(g, f, n);
    return keep_text(g, out, n->string);
}

static bool read_zone(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    if (n->type != JSON_STRING || (strcmp(n->string, ".") != 0 && !domain_good(n->string)))
        return wrong_type(g, f, n);
    return keep_text(g, out, n->string);
}

static bool read_server(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    struct net_addr a;
    if (n->type != JSON_STRING || (!address_good(n->string, &a) && !domain_good(n->string)))
        return wrong_type(g, f, n);
    return keep_text(g, out, n->string);
}

static bool read_moment(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    int64_t seconds;
    if (n->type != JSON_STRING || !units_moment(n->string, &seconds))
        return wrong_type(g, f, n);
    memcpy(out, &seconds, sizeof seconds);
    return true;
}

/* class "." subject "." detail, RFC 3463 section 2 */
static bool status_good(const char *s, bool pattern)
{
    for (int part = 0; part < 3; part++) {
        size_t n = 0;
        if (pattern && *s == 'x')
            n = 1;
        else
            while (wire_is_digit(s[n]))
                n++;
        if (n == 0 || n > (part == 0 ? 1u : 3u) || (part == 0 && *s != 'x' && !strchr("245", *s)))
            return false;
        s += n;
        if (*s != (part < 2 ? '.' : '\0'))
            return false;
        s++;
    }
    return true;
}

static bool read_status(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    bool pattern = (f->flags & GET_PATTERN) != 0;
    if (n->type != JSON_STRING || !status_good(n->string, pattern)) {
        if (n->type == JSON_STRING && pattern) {
            json_error(g, n, "\"%.60s\" is not %s, or a pattern like \"5.x.x\"", n->string,
                       get_kind_allowed(f->kind));
            return false;
        }
        return wrong_type(g, f, n);
    }
    return keep_text(g, out, n->string);
}

static bool read_any(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    (void)f;
    store_text(out, json_text(g->arena, n));
    return true;
}

bool json_get_value(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    static read_fn *const readers[GET_KIND_COUNT] = {
        [GET_BOOL] = read_bool,       [GET_UINT] = read_uint,       [GET_WORDS] = read_words,
        [GET_LINES] = read_lines,     [GET_NAME] = read_name,       [GET_DURATION] = read_duration,
        [GET_SIZE] = read_amount,     [GET_RATE] = read_amount,     [GET_CHANCE] = read_chance,
        [GET_ADDRESS] = read_address, [GET_PREFIX] = read_prefix,   [GET_PORTS] = read_ports,
        [GET_CHOICE] = read_choice,   [GET_MAILBOX] = read_mailbox, [GET_RECIPIENT] = read_recipient,
        [GET_DOMAIN] = read_domain,   [GET_ZONE] = read_zone,       [GET_SERVER] = read_server,
        [GET_MOMENT] = read_moment,   [GET_STATUS] = read_status,   [GET_ANY] = read_any,
    };
    return readers[f->kind](g, f, n, out);
}
