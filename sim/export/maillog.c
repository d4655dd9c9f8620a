/* The log files: which host writes into which, and when. A file is open only while it is written, so that a
 * world may have more servers than a process may have files. */
#include "sim/export/maillog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/export/hosts.h"
#include "sim/export/out.h"

#define LOGOUTS_MAX   64   /* sessions of one host between their goodbye and their end, remembered */
#define LOG_BUFFER    8192 /* octets that a host collects before its file is opened */
#define FILE_NAME_MAX 255  /* octets of a file name on common file systems */

struct log {
    char *path;   /* owned; NULL: this host keeps no log, or has not logged yet */
    char *buffer; /* owned; LOG_BUFFER octets */
    size_t len;
    bool begun; /* the file holds this run's first octets */
    unsigned nlogouts;
    uint32_t logout[LOGOUTS_MAX]; /* ring: connections that have said goodbye */
};

struct export_maillog {
    char *dir; /* owned */
    int64_t epoch_s;
    struct export_hosts hosts;
    struct log *log; /* owned; one a host */
    int error;
};

static void fail(struct export_maillog *m, int error)
{
    if (m->error == 0)
        m->error = error ? error : EIO;
}

static bool is_server(const struct export_host *h)
{
    return strcmp(h->role, "mta") == 0 || strcmp(h->role, "store") == 0;
}

static void flush(struct export_maillog *m, struct log *l)
{
    FILE *file;

    if (l->len == 0)
        return;
    file = fopen(l->path, l->begun ? "a" : "w");
    if (!file) {
        fail(m, errno);
    } else {
        errno = 0;
        if (fwrite(l->buffer, 1, l->len, file) != l->len)
            fail(m, errno);
        if (fclose(file) != 0)
            fail(m, errno);
        l->begun = true;
    }
    l->len = 0;
}

/* A name of a host as the name of a file: only letters, digits, '-', '_' and inner dots, so that no name
 * leaves the folder. */
static void safe_name(char *to, size_t cap, const char *name)
{
    size_t n = 0;
    for (; name[n] != '\0' && n < cap - 1; n++) {
        char c = name[n];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || (c == '.' && n > 0);
        to[n] = ok ? c : '_';
    }
    to[n] = '\0';
}

static bool is_taken(const struct export_maillog *m, const char *path)
{
    for (size_t i = 0; i < m->hosts.count; i++)
        if (m->log[i].path && strcmp(m->log[i].path, path) == 0)
            return true;
    return false;
}

/* The full name, or the short one where there is none or another host has it; then a number makes it
 * unique. */
static char *choose_path(const struct export_maillog *m, const struct export_host *h)
{
    char name[FILE_NAME_MAX - 20];
    size_t size = strlen(m->dir) + sizeof name + 32;
    char *path = malloc(size);

    if (!path)
        return NULL;
    safe_name(name, sizeof name, h->fqdn[0] ? h->fqdn : h->name);
    snprintf(path, size, "%s/%s.log", m->dir, name);
    if (is_taken(m, path)) {
        safe_name(name, sizeof name, h->name);
        snprintf(path, size, "%s/%s.log", m->dir, name);
    }
    for (unsigned n = 2; is_taken(m, path); n++)
        snprintf(path, size, "%s/%s-%u.log", m->dir, name, n);
    return path;
}

static bool begin(struct export_maillog *m, struct log *l, const struct export_host *h)
{
    l->buffer = malloc(LOG_BUFFER);
    if (l->buffer)
        l->path = choose_path(m, h);
    if (!l->path)
        fail(m, ENOMEM);
    return l->path != NULL;
}

static void maillog_open(void *ctx, const struct trace_opening *opening)
{
    struct export_maillog *m = ctx;

    m->epoch_s = opening->epoch_s;
    if (export_hosts_copy(&m->hosts, opening))
        m->log = calloc(m->hosts.count + 1, sizeof *m->log);
    if (!m->log) {
        export_hosts_free(&m->hosts);
        fail(m, ENOMEM);
    }
}

/* A session that has said goodbye ends without a second line. */
static bool is_after_logout(struct log *l, const struct trace_record *r)
{
    const char *event = r->kind == TRACE_KIND_SESSION && r->conn > 0 ? trace_attr_get(r, "event") : NULL;

    if (event && strcmp(event, "logout") == 0)
        l->logout[l->nlogouts++ % LOGOUTS_MAX] = r->conn;
    else if (event && strcmp(event, "disconnect") == 0)
        for (size_t i = 0; i < LOGOUTS_MAX; i++)
            if (l->logout[i] == r->conn)
                return true;
    return false;
}

static void maillog_record(void *ctx, const struct trace_record *r)
{
    struct export_maillog *m = ctx;
    char line[MAILLOG_LINE_MAX];
    const struct export_host *h;
    struct log *l;
    size_t len;

    if (m->error != 0 || r->host == 0 || r->host > m->hosts.count)
        return;
    h = &m->hosts.host[r->host - 1];
    l = &m->log[r->host - 1];
    if (!is_server(h) || is_after_logout(l, r))
        return;
    len = export_maillog_line(m->epoch_s, h->name, r, line);
    if (len == 0 || (!l->path && !begin(m, l, h)))
        return;
    if (len + 1 > LOG_BUFFER - l->len)
        flush(m, l);
    memcpy(l->buffer + l->len, line, len);
    l->buffer[l->len + len] = '\n';
    l->len += len + 1;
}

struct export_maillog *export_maillog_open(const char *dir, int *error)
{
    struct export_maillog *m = calloc(1, sizeof *m);
    size_t len = strlen(dir);
    struct stat st;

    *error = ENOMEM;
    if (!m)
        return NULL;
    m->dir = malloc(len + 1);
    if (m->dir) {
        memcpy(m->dir, dir, len + 1);
        if (mkdir(dir, 0777) == 0 || (errno == EEXIST && stat(dir, &st) == 0 && S_ISDIR(st.st_mode))) {
            *error = 0;
            return m;
        }
        *error = errno == EEXIST ? ENOTDIR : errno;
        free(m->dir);
    }
    free(m);
    return NULL;
}

struct trace_sink export_maillog_sink(struct export_maillog *m)
{
    return (struct trace_sink){
        .levels = TRACE_BIT(TRACE_STATE), .ctx = m, .open = maillog_open, .record = maillog_record
    };
}

int export_maillog_close(struct export_maillog *m)
{
    int error;

    for (size_t i = 0; i < m->hosts.count; i++) {
        if (m->log[i].path)
            flush(m, &m->log[i]);
        free(m->log[i].path);
        free(m->log[i].buffer);
    }
    free(m->log);
    export_hosts_free(&m->hosts);
    error = m->error;
    free(m->dir);
    free(m);
    return error;
}
