#ifndef TESTS_POP3_TRANSCRIPT_H
#define TESTS_POP3_TRANSCRIPT_H
/*
 * transcript - a POP3 conversation as a text file.
 *
 *   # a comment
 *   config: user stls       words that the test binds to settings
 *   S: +OK ready            a line of the server, CRLF added
 *   C: QUIT                 a line of the client, CRLF added
 *   C~ raw\n                octets of the client, with \r \n \0 \t \\ and nothing added
 *   = LEFT CLOSED           the verdict and the state after the step
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TRANSCRIPT_ENTRIES_MAX 200
#define TRANSCRIPT_TEXT_MAX    512

struct transcript_entry {
    char kind; /* 'C', 'S', '=' */
    size_t len;
    char text[TRANSCRIPT_TEXT_MAX];
};

struct transcript {
    char config[TRANSCRIPT_TEXT_MAX];
    size_t entries;
    struct transcript_entry entry[TRANSCRIPT_ENTRIES_MAX];
};

static inline size_t transcript_unescape(char *dst, const char *src)
{
    size_t n = 0;
    for (; *src; src++) {
        char c = *src;
        if (c == '\\') {
            c = *++src;
            c = c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c;
        }
        dst[n++] = c;
    }
    return n;
}

static inline void transcript_read(struct transcript *t, const char *path)
{
    char line[TRANSCRIPT_TEXT_MAX - 2];
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    memset(t, 0, sizeof *t);
    while (fgets(line, sizeof line, file)) {
        struct transcript_entry *e = &t->entry[t->entries];
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (strncmp(line, "config:", 7) == 0) {
            snprintf(t->config, sizeof t->config, "%s ", line + 7);
            continue;
        }
        ck_assert_msg(strchr("CS=", line[0]) && (line[1] == ':' || line[1] == '~' || line[0] == '='),
                      "%s: %s", path, line);
        ck_assert_uint_lt(t->entries, TRANSCRIPT_ENTRIES_MAX);
        e->kind = line[0];
        if (line[1] == '~')
            e->len = transcript_unescape(e->text, line + 3);
        else
            e->len = (size_t)snprintf(e->text, sizeof e->text, "%s%s",
                                      strlen(line) > 2 ? line + (line[0] == '=' ? 2 : 3) : "",
                                      line[0] == '=' ? "" : "\r\n");
        t->entries++;
    }
    fclose(file);
    ck_assert_uint_gt(t->entries, 0);
}

static inline bool transcript_has(const struct transcript *t, const char *word)
{
    char spaced[64];
    snprintf(spaced, sizeof spaced, " %s ", word);
    return strstr(t->config, spaced) != NULL;
}
#endif
