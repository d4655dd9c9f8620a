/* Rows of at most 80 columns. */
#include "ui/page.h"

#include <errno.h>
#include <string.h>

#include "protocols/wire/utf8.h"

#define NS_PER_S UINT64_C(1000000000)

static const char *const glyphs[UI_GLYPH_COUNT][2] = {
#define X(name, utf8, ascii) [UI_GLYPH_##name] = { utf8, ascii },
    UI_GLYPHS(X)
#undef X
};

static const char *const inks[] = {
    [UI_PLAIN] = "0", [UI_HEADING] = "1", [UI_CLIENT] = "36", [UI_SERVER] = "32",
    [UI_BAD] = "31",  [UI_GOOD] = "32",   [UI_NOTE] = "33"
};

void ui_page_init(struct ui_page *p, FILE *file, bool ascii, bool colour)
{
    *p = (struct ui_page){ .file = file, .ascii = ascii, .colour = colour };
}

static void write_octets(struct ui_page *p, const char *octets, size_t len)
{
    if (p->error == 0 && fwrite(octets, 1, len, p->file) != len)
        p->error = errno ? errno : EIO;
}

/* Safe text; counts its columns. */
static void put(struct ui_page *p, const char *text, size_t len)
{
    write_octets(p, text, len);
    p->column += wire_display_columns(text, len);
}

void ui_page_str(struct ui_page *p, const char *words)
{
    size_t len = strlen(words);
    write_octets(p, words, len);
    p->column += len;
}

const char *ui_glyph_text(const struct ui_page *p, enum ui_glyph glyph)
{
    return glyphs[glyph][p->ascii];
}

void ui_page_glyph(struct ui_page *p, enum ui_glyph glyph)
{
    const char *text = ui_glyph_text(p, glyph);
    put(p, text, strlen(text));
}

void ui_page_number(struct ui_page *p, uint64_t n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    ui_page_str(p, digits);
}

void ui_page_ink(struct ui_page *p, enum ui_ink ink)
{
    if (!p->colour)
        return;
    write_octets(p, "\x1b[", 2);
    write_octets(p, inks[ink], strlen(inks[ink]));
    write_octets(p, "m", 1);
}

void ui_page_end(struct ui_page *p)
{
    write_octets(p, "\n", 1);
    p->column = 0;
}

void ui_page_to(struct ui_page *p, size_t column)
{
    while (p->column < column)
        ui_page_str(p, " ");
}

void ui_page_right(struct ui_page *p, const char *words, size_t width)
{
    size_t len = strlen(words);
    if (len < width)
        ui_page_to(p, p->column + width - len);
    ui_page_str(p, words);
}

static size_t room(const struct ui_page *p)
{
    return p->column < UI_COLUMNS ? UI_COLUMNS - p->column : 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* True where no row ends: inside "RFC 5321 section 4.1", "port 25", "2 h 40 min". `at` is behind the last
 * octet of a row. */
static bool is_held(const char *text, size_t len, size_t at)
{
    static const char *const words[] = { "RFC", "section", "port" }, *const units[] = { "h", "min", "s",
                                                                                        "d" };
    size_t next = at;
    while (next < len && text[next] == ' ')
        next++;
    while (at > 0 && text[at - 1] == ' ')
        at--;
    if (len - next > 8 && memcmp(text + next, "section ", 8) == 0)
        return true;
    for (size_t i = 0; at > 0 && is_digit(text[at - 1]) && i < sizeof units / sizeof units[0]; i++) {
        size_t n = strlen(units[i]);
        if (len - next >= n && memcmp(text + next, units[i], n) == 0 &&
            (len - next == n || strchr(" .,;:)", text[next + n]) != NULL))
            return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if (at >= n && memcmp(text + at - n, words[i], n) == 0 &&
            (at == n || text[at - n - 1] == ' ' || text[at - n - 1] == '('))
            return true;
    }
    return false;
}

/* Octets of safe text for one row of `columns`: up to the last space where there is one not too far back,
 * else as many as fit. */
static size_t row_length(const char *text, size_t len, size_t columns)
{
    size_t n = wire_display_cut(text, len, columns, NULL), space = n;
    if (n == len || (text[n] == ' ' && !is_held(text, len, n)))
        return n;
    do {
        while (space > 0 && text[space - 1] != ' ')
            space--;
        if (!is_held(text, len, space))
            break;
        while (space > 0 && text[space - 1] == ' ')
            space--;
    } while (space > 0);
    return space > n / 3 ? space : n;
}

/* Safe text of one row, ended by MORE. */
static void put_cut(struct ui_page *p, const char *text, size_t len, size_t columns)
{
    const char *more = ui_glyph_text(p, UI_GLYPH_MORE);
    size_t more_columns = wire_display_columns(more, strlen(more));
    put(p, text, wire_display_cut(text, len, columns > more_columns ? columns - more_columns : 0, NULL));
    put(p, more, strlen(more));
}

/* True if the first word does not fit here but does on a row of its own. */
static bool fits_below(const struct ui_page *p, size_t indent, const char *text, size_t len)
{
    const char *space = memchr(text, ' ', len);
    size_t columns = wire_display_columns(text, space ? (size_t)(space - text) : len);
    return columns > room(p) && columns <= UI_COLUMNS - indent;
}

void ui_page_wrap(struct ui_page *p, size_t indent, unsigned rows, const char *text, size_t len)
{
    char safe[UI_WRAP_MAX + 8];
    const char *at = safe, *more = ui_glyph_text(p, UI_GLYPH_MORE);
    size_t left = wire_display_fit(safe, UI_WRAP_MAX, text, len, SIZE_MAX, p->ascii, NULL);

    if (left + WIRE_DISPLAY_ESCAPE_MAX > UI_WRAP_MAX) {
        memcpy(safe + left, more, strlen(more));
        left += strlen(more);
    }
    for (unsigned row = 1; wire_display_cut(at, left, room(p), NULL) < left; row++) {
        size_t n, words;
        if (p->column > indent && fits_below(p, indent, at, left)) {
            ui_page_end(p);
            ui_page_to(p, indent);
            continue;
        }
        if (row >= rows) {
            put_cut(p, at, left, room(p));
            return;
        }
        n = words = row_length(at, left, room(p));
        while (words > 0 && at[words - 1] == ' ')
            words--;
        put(p, at, words);
        for (at += n, left -= n; left > 0 && *at == ' '; left--)
            at++;
        ui_page_end(p);
        ui_page_to(p, indent);
    }
    put(p, at, left);
}

void ui_page_row(struct ui_page *p, size_t columns, const char *text, size_t len)
{
    char safe[UI_COLUMNS * WIRE_DISPLAY_ESCAPE_MAX];
    size_t limit = columns < room(p) ? columns : room(p), used;
    /* So much wider that the next character, however it is written, would show that there is one. */
    size_t n =
        wire_display_fit(safe, sizeof safe, text, len, limit + WIRE_DISPLAY_ESCAPE_MAX, p->ascii, &used);

    if (used > limit || n + WIRE_DISPLAY_ESCAPE_MAX > sizeof safe)
        put_cut(p, safe, n, limit);
    else
        put(p, safe, n);
}

int ui_page_flush(struct ui_page *p)
{
    if (fflush(p->file) != 0 && p->error == 0)
        p->error = errno ? errno : EIO;
    return p->error;
}

const char *ui_time_text(uint64_t t_ns, char buf[UI_TIME_MAX])
{
    unsigned long long s = t_ns / NS_PER_S, ms = t_ns / 1000000 % 1000;

    if (s < UI_SECONDS_MAX)
        snprintf(buf, UI_TIME_MAX, "%llu.%03llu s", s, ms);
    else if (s < 3600)
        snprintf(buf, UI_TIME_MAX, "%llu min %02llu s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(buf, UI_TIME_MAX, "%llu h %02llu min", s / 3600, s / 60 % 60);
    else if (s / 3600 % 24 > 0)
        snprintf(buf, UI_TIME_MAX, "%llu d %02llu h", s / 86400, s / 3600 % 24);
    else
        snprintf(buf, UI_TIME_MAX, "%llu d", s / 86400);
    return buf;
}
