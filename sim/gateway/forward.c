/* What --forward and --trust say. */
#include "sim/gateway/forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/pool.h"
#include "sim/hosts/secure.h"

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END   "-----END CERTIFICATE-----"

__attribute__((format(printf, 2, 3))) static bool wrong(char error[FORWARD_ERROR_MAX], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(error, FORWARD_ERROR_MAX, fmt, ap);
    va_end(ap);
    return false;
}

static bool port_of(const char *text, size_t len, uint16_t *out)
{
    unsigned n = 0;
    if (len == 0 || len > 5)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        n = n * 10 + (unsigned)(text[i] - '0');
    }
    *out = (uint16_t)n;
    return n >= 1 && n <= 65535;
}

/* Labels of letters, digits, hyphens and underscores, at least two: RFC 1035 section 2.3.1. */
static bool take_name(struct forward *one, const char *text, size_t len)
{
    size_t label = 0, dots = 0;
    if (len > 0 && text[len - 1] == '.')
        len--;
    if (len == 0 || len > FORWARD_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        label = c == '.' ? 0 : label + 1;
        dots += c == '.';
        if ((c == '.' && (i == 0 || one->name[i - 1] == '.')) || label > 63 ||
            (c != '.' && c != '-' && c != '_' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')))
            return false;
        one->name[i] = c;
    }
    one->name[len] = '\0';
    return dots > 0 && label > 0 && inet_addr(one->name) == INADDR_NONE;
}

/* "127.0.0.1:25" or "[::1]:25". */
static bool take_target(struct forward *one, const char *text)
{
    const char *colon = strrchr(text, ':'), *from = text;
    unsigned char room[sizeof(struct in6_addr)];
    size_t len = colon ? (size_t)(colon - text) : 0;
    bool six = len > 2 && text[0] == '[' && text[len - 1] == ']';
    if (!colon || !port_of(colon + 1, strlen(colon + 1), &one->real_port))
        return false;
    if (six) {
        from++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof one->address)
        return false;
    memcpy(one->address, from, len);
    one->address[len] = '\0';
    return inet_pton(six ? AF_INET6 : AF_INET, one->address, room) == 1;
}

bool forwards_add(struct forwards *f, const char *text, char error[FORWARD_ERROR_MAX])
{
    const char *equals = strchr(text, '='), *colon = strchr(text, ':');
    struct forward *one = &f->one[f->n];
    size_t name;
    if (f->n == FORWARDS_MAX)
        return wrong(error, "more than %d --forward", FORWARDS_MAX);
    *one = (struct forward){ .text = text };
    if (!equals)
        return wrong(error, "--forward %.80s: must be DOMAIN=ADDRESS:PORT or NAME:PORT=ADDRESS:PORT", text);
    name = (size_t)((colon && colon < equals ? colon : equals) - text);
    if (!take_name(one, text, name))
        return wrong(
            error,
            "--forward %.80s: left of = must stand a domain like example.org, or a host's name and a "
            "port like mail.example.org:587",
            text);
    if (colon && colon < equals && !port_of(colon + 1, (size_t)(equals - colon - 1), &one->port))
        return wrong(error, "--forward %.80s: the port left of = must be 1 to 65535", text);
    if (!take_target(one, equals + 1))
        return wrong(error,
                     "--forward %.80s: right of = must stand an IP address and a port: 127.0.0.1:2525 or "
                     "[::1]:2525",
                     text);
    for (size_t i = 0; i < f->n; i++)
        if (one->port && f->one[i].port == one->port && strcmp(f->one[i].name, one->name) == 0)
            return wrong(error, "--forward %.80s: port %u of this name leads elsewhere already", text,
                         one->port);
    f->n++;
    return true;
}

bool forward_is_loopback(const struct forward *f)
{
    struct in_addr four;
    struct in6_addr six;
    static const struct in6_addr one = { .s6_addr = { [15] = 1 } };
    if (inet_pton(AF_INET, f->address, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, f->address, &six) == 1 && memcmp(&six, &one, sizeof six) == 0;
}

/* ---- whom clients trust -------------------------------------------------------------------------------- */

/* The first certificate in `text`; NULL: there is none. */
static const char *next_pem(const char *text, size_t *len)
{
    const char *begin = strstr(text, PEM_BEGIN), *end = begin ? strstr(begin, PEM_END) : NULL;
    if (!end)
        return NULL;
    *len = (size_t)(end - begin) + strlen(PEM_END);
    return begin;
}

const char *forwards_trust_nth(const struct forwards *f, size_t n, size_t *len)
{
    const char *at = f->trust ? next_pem(f->trust, len) : NULL;
    while (at && n-- > 0)
        at = next_pem(at + *len, len);
    return at;
}

bool forwards_trust_add(struct forwards *f, const char *pem, size_t len)
{
    size_t had = f->trust ? strlen(f->trust) : 0, found = 0;
    char *one = core_alloc(len + 2);
    bool good;
    memcpy(one, pem, len);
    one[len] = '\n';
    good = next_pem(one, &found) == one && found == len && secure_trust_good(one);
    if (good) {
        f->trust = core_realloc(f->trust, had + len + 2);
        memcpy(f->trust + had, one, len + 2);
    }
    free(one);
    return good;
}

bool forwards_trust_file(struct forwards *f, const char *path, char error[FORWARD_ERROR_MAX], bool *machine)
{
    FILE *file = fopen(path, "rb");
    char *text;
    const char *at;
    size_t n, len = 0;
    bool good = true;
    *machine = !file && errno != ENOENT;
    if (!file)
        return wrong(error, "--trust %.80s: %s", path, strerror(errno));
    text = core_alloc(FORWARD_TRUST_MAX + 1);
    n = fread(text, 1, FORWARD_TRUST_MAX, file);
    *machine = ferror(file) != 0;
    if (*machine || getc(file) != EOF) {
        fclose(file);
        free(text);
        return *machine ? wrong(error, "--trust %.80s: cannot be read", path)
                        : wrong(error, "--trust %.80s: has more than %d octets", path, FORWARD_TRUST_MAX);
    }
    fclose(file);
    text[n] = '\0';
    n = 0;
    for (at = next_pem(text, &len); at && good; at = next_pem(at + len, &len), n++)
        good = len <= FORWARD_CA_MAX && forwards_trust_add(f, at, len);
    free(text);
    if (!good)
        return wrong(error, "--trust %.80s: OpenSSL cannot read certificate %zu in it", path, n);
    return f->trust || wrong(error, "--trust %.80s: there is no PEM certificate in it", path);
}

void forwards_free(struct forwards *f)
{
    free(f->trust);
    f->trust = NULL;
}
