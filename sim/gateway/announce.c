/* Doors, accounts and visitors, told. */
#include "sim/gateway/announce.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/core/time.h"
#include "sim/gateway/tun_announce.h"

#define LINE_MAX_OCTETS 400

/* ---- strings
 * ----------------------------------------------------------------------------------------------- */

static void put_json(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

/* For a terminal: no control characters. */
static void put_plain(const char *s)
{
    for (; *s; s++)
        putchar((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
}

static void put_padded(const char *s, int columns)
{
    put_plain(s);
    for (int n = (int)strlen(s); n < columns; n++)
        putchar(' ');
}

/* ---- accounts
 * ---------------------------------------------------------------------------------------------- */

static void account_address(char *buf, size_t cap, const struct spec_host *h, const struct spec_user *u)
{
    const char *domain = h->mta && h->mta->nlocal_domains ? h->mta->local_domains[0] : h->fqdn;
    if (strchr(u->name, '@') || !domain)
        snprintf(buf, cap, "%s", u->name);
    else
        snprintf(buf, cap, "%s@%s", u->name, domain);
}

static void accounts(const struct plan *p, bool json)
{
    char address[320];
    for (size_t i = 0; i < p->world.nhosts; i++) {
        const struct spec_host *h = &p->world.hosts[i];
        for (size_t k = 0; h->store && k < h->store->nusers; k++) {
            const struct spec_user *u = &h->store->users[k];
            account_address(address, sizeof address, h, u);
            if (json) {
                fputs("{\"user\":", stdout);
                put_json(u->name);
                fputs(",\"password\":", stdout);
                put_json(u->password ? u->password : "");
                fputs(",\"address\":", stdout);
                put_json(address);
                fputs(",\"host\":", stdout);
                put_json(h->name);
                fputs("}\n", stdout);
            } else {
                fputs("  ", stdout);
                put_padded(address, 24);
                fputs(" user ", stdout);
                put_padded(u->name, 12);
                fputs(" password ", stdout);
                put_plain(u->password ? u->password : "");
                putchar('\n');
            }
        }
    }
}

/* ---- doors
 * --------------------------------------------------------------------------------------------------- */

static void door_json(const struct listener *l)
{
    fputs("{\"service\":", stdout);
    put_json(l->service.name);
    printf(",\"transport\":\"%s\",\"host\":", l->udp ? "udp" : "tcp");
    put_json(l->host->name);
    fputs(",\"fqdn\":", stdout);
    put_json(l->host->fqdn ? l->host->fqdn : "");
    printf(",\"port\":%u,\"address\":\"%s\",\"local_port\":%u,\"tls\":", l->port, l->address, l->local_port);
    if (l->service.tls)
        printf("\"%s\"}\n", l->service.tls);
    else
        puts("false}");
}

static void door_text(const struct listener *l)
{
    char here[SERVE_ADDRESS_TEXT + 16], there[320];
    snprintf(here, sizeof here, l->family == 6 ? "[%s]:%u" : "%s:%u", l->address, l->local_port);
    snprintf(there, sizeof there, "%.255s, port %u%s", l->host->fqdn ? l->host->fqdn : l->host->name, l->port,
             l->udp                                    ? " (UDP)"
             : !l->service.tls                         ? ""
             : strcmp(l->service.tls, "implicit") == 0 ? " (TLS)"
                                                       : " (STARTTLS)");
    fputs("  ", stdout);
    put_padded(l->service.name, 12);
    put_padded(here, 22);
    put_plain(there);
    putchar('\n');
}

/* ---- exits ----------------------------------------------------------------------------------------------
 */

static void exits(const struct plan *p, bool json)
{
    char here[340], there[SERVE_ADDRESS_TEXT + 16];
    if (p->nexits > 0 && !json)
        puts("\nExits: what virtual hosts send to the left one, the real right one gets.");
    for (size_t i = 0; i < p->nexits; i++) {
        const struct plan_exit *e = &p->exit[i];
        const struct forward *f = e->forward;
        const char *host = p->world.hosts[e->host].name;
        if (json) {
            printf("{\"exit\":\"%s\",\"name\":\"%s\",\"mail\":%s,\"port\":%u,\"address\":\"%s\",\"real_"
                   "port\":%u}\n",
                   host, f->name, f->port ? "false" : "true", e->port, f->address, f->real_port);
            continue;
        }
        snprintf(here, sizeof here, f->port ? "%s, port %u" : "mail for %s", f->name, e->port);
        snprintf(there, sizeof there, strchr(f->address, ':') ? "[%s]:%u" : "%s:%u", f->address,
                 f->real_port);
        fputs("  ", stdout);
        put_padded(host, 8);
        put_padded(here, 40);
        putchar(' ');
        puts(there);
    }
}

bool announce_ready(const struct plan *p, const struct listeners *l, const struct serve_options *o)
{
    unsigned four = 0;
    if (!o->jsonl) {
        put_plain(p->world.title ? p->world.title : p->world.name);
        puts("\n\nDoors: a program on this machine that uses the left one meets the right one.");
    }
    for (size_t i = 0; i < l->count; i++)
        o->jsonl ? door_json(&l->all[i]) : door_text(&l->all[i]);
    if (p->tun.on)
        tun_announce(p, o->tun, o->tun_up, o->jsonl);
    exits(p, o->jsonl);
    if (!o->jsonl)
        puts("\nAccounts:");
    accounts(p, o->jsonl);
    if (o->control && o->jsonl) {
        fputs("{\"control\":", stdout);
        flat_put_octets(stdout, o->control, strlen(o->control));
        puts("}");
    } else if (o->control) {
        fputs("\nControl: mailwalk ctl --socket ", stdout);
        put_plain(o->control);
        puts(" help");
    }
    if (o->jsonl) {
        puts("{\"ready\":true}");
        return fflush(stdout) == 0;
    }
    for (unsigned k = 0; k < p->ndoors; k++)
        four += p->door[k].has4;
    printf("\nRoom for %u programs at a time at \"%s\"; %u have an IPv4 address.\n", p->ndoors, p->link,
           four);
    puts("Ctrl-C closes the doors.\n");
    return fflush(stdout) == 0;
}

bool announce_done(const struct serve_options *o, uint64_t t_ns, uint64_t connections, uint64_t hash,
                   uint64_t records)
{
    if (o->jsonl)
        printf("{\"done\":true,\"t_ns\":%llu,\"connections\":%llu,\"hash\":\"%016llx\",\"records\":%llu}\n",
               (unsigned long long)t_ns, (unsigned long long)connections, (unsigned long long)hash,
               (unsigned long long)records);
    else
        printf("\nThe doors are closed after %llu.%03llu s and %llu visits. Trace hash %016llx.\n",
               (unsigned long long)(t_ns / CORE_S), (unsigned long long)(t_ns % CORE_S / CORE_MS),
               (unsigned long long)connections, (unsigned long long)hash);
    return fflush(stdout) == 0;
}

/* ---- along the way
 * ------------------------------------------------------------------------------------------------ */

/* One write that does not block: a pipe that says it is writable takes PIPE_BUF octets at least. */
static void put_line(int fd, char line[LINE_MAX_OCTETS], size_t len)
{
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    if (len >= LINE_MAX_OCTETS)
        len = LINE_MAX_OCTETS - 1;
    line[len++] = '\n';
    if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) && write(fd, line, len) < 0)
        return; /* nobody listens: that is no trouble */
}

void announce_visit(const struct serve_options *o, uint64_t t_ns, const char *fmt, ...)
{
    char line[LINE_MAX_OCTETS];
    va_list ap;
    int len, more;
    if (o->jsonl)
        return;
    len = snprintf(line, sizeof line, "%6llu.%03llu s  ", (unsigned long long)(t_ns / CORE_S),
                   (unsigned long long)(t_ns % CORE_S / CORE_MS));
    va_start(ap, fmt);
    more = vsnprintf(line + len, sizeof line - (size_t)len, fmt, ap);
    va_end(ap);
    put_line(STDOUT_FILENO, line, (size_t)(len + more));
}

void announce_trouble(struct announce_trouble *t, uint64_t real_ns, const char *fmt, ...)
{
    char line[LINE_MAX_OCTETS];
    va_list ap;
    int len, more;
    if (real_ns < t->next_ns) {
        t->untold++;
        return;
    }
    len = snprintf(line, sizeof line, "mailwalk: ");
    va_start(ap, fmt);
    more = vsnprintf(line + len, sizeof line - (size_t)len, fmt, ap);
    va_end(ap);
    len = len + more < (int)sizeof line ? len + more : (int)sizeof line - 1;
    if (t->untold)
        len += snprintf(line + len, sizeof line - (size_t)len, " (and %u more since the last such line)",
                        t->untold);
    t->untold = 0;
    t->next_ns = real_ns + CORE_S;
    put_line(STDERR_FILENO, line, (size_t)len);
}
