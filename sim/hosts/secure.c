/* The certificates and TLS settings of a world. */
#include "sim/hosts/secure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/tls/tls_pki.h"

#define CHECKS 3
#define RECENT 256 /* key log lines remembered: both ends of a connection have the same ones */

struct secure {
    struct tls_lib *lib;
    struct tls_pki *pki;
    struct tls_context *client[CHECKS];
    uint64_t recent[RECENT]; /* hashes */
    unsigned recent_next;
    struct server {
        struct server *next;
        const struct host *host;
        struct tls_cert *cert;
        struct tls_context *context;
    } * servers;
};

static void *needed(void *p)
{
    if (!p) {
        fputs("mailwalk: OpenSSL does not work here, or memory is short\n", stderr);
        abort();
    }
    return p;
}

static void fill(void *ctx, void *out, size_t len)
{
    struct world *w = ctx;
    core_rng_fill(&w->rng_tls, out, len);
}

struct tls_random secure_random(struct world *w)
{
    return (struct tls_random){ .fill = fill, .ctx = w };
}

static struct secure *secure_of(struct world *w)
{
    struct tls_pki_config config = { .random = secure_random(w), .now_s = w->spec->epoch_s };
    if (w->secure)
        return w->secure;
    w->secure = core_alloc(sizeof *w->secure);
    w->secure->lib = needed(tls_lib_new());
    w->secure->pki = needed(tls_pki_new(w->secure->lib, &config));
    return w->secure;
}

/* The names that lead to a host: its own, its mail server's, and its addresses. */
static unsigned names_of(const struct host *h, const char **names, char text[][NET_ADDR_TEXT], unsigned max)
{
    const struct spec_host *spec = h->spec;
    unsigned n = 0, t = 0;
    for (size_t i = 0; i < spec->ncertificate_names && n < max; i++)
        names[n++] = spec->certificate_names[i];
    if (n > 0)
        return n;
    if (spec->fqdn)
        names[n++] = spec->fqdn;
    if (spec->mta && spec->mta->hostname && (!spec->fqdn || strcmp(spec->fqdn, spec->mta->hostname) != 0))
        names[n++] = spec->mta->hostname;
    for (size_t i = 0; i < spec->nifaces && n + 2 < max; i++) {
        if (spec->ifaces[i].ip4.bits)
            names[n++] = net_addr_text(&spec->ifaces[i].ip4.addr, text[t++]);
        if (spec->ifaces[i].ip6.bits)
            names[n++] = net_addr_text(&spec->ifaces[i].ip6.addr, text[t++]);
    }
    if (n == 0)
        names[n++] = spec->name;
    return n;
}

static enum tls_fault fault_named(const char *name)
{
    for (int f = TLS_FAULT_NONE; name && f < TLS_FAULTS; f++)
        if (strcmp(tls_fault_name((enum tls_fault)f), name) == 0)
            return (enum tls_fault)f;
    return TLS_FAULT_NONE;
}

struct tls_context *secure_server(struct host *host)
{
    struct secure *s = secure_of(host->world);
    const char *names[TLS_NAMES_MAX];
    char text[TLS_NAMES_MAX][NET_ADDR_TEXT];
    struct tls_cert_config cert = { .names = names, .now_s = host->world->spec->epoch_s };
    struct tls_context_config config = { .side = TLS_SERVER };
    struct server *v;
    for (v = s->servers; v; v = v->next)
        if (v->host == host)
            return v->context;
    cert.names_len = names_of(host, names, text, TLS_NAMES_MAX);
    cert.fault = fault_named(host->spec->certificate_fault);
    v = core_alloc(sizeof *v);
    v->host = host;
    v->cert = needed(tls_cert_new(s->pki, &cert));
    config.cert = v->cert;
    v->context = needed(tls_context_new(s->lib, &config));
    v->next = s->servers;
    s->servers = v;
    return v->context;
}

/* Conversations that are under way keep it: it goes with the world. */
void secure_forget(struct host *host)
{
    struct secure *s = host->world->secure;
    for (struct server *v = s ? s->servers : NULL; v; v = v->next)
        if (v->host == host)
            v->host = NULL;
}

struct tls_context *secure_client(struct world *w, enum tls_check check)
{
    struct secure *s = secure_of(w);
    const struct tls_pki *trust[1] = { s->pki };
    struct tls_context_config config = { .side = TLS_CLIENT, .check = check, .trust = trust, .trust_len = 1 };
    config.trust_pem = w->spec->trust_pem;
    if (!s->client[check])
        s->client[check] = needed(tls_context_new(s->lib, &config));
    return s->client[check];
}

bool secure_trust_good(const char *pem)
{
    struct tls_lib *lib = needed(tls_lib_new());
    struct tls_context_config config = { .side = TLS_CLIENT, .check = TLS_CHECK_REQUIRED, .trust_pem = pem };
    struct tls_context *context = tls_context_new(lib, &config);
    bool good = context != NULL;
    if (context)
        tls_context_free(context);
    tls_lib_free(lib);
    return good;
}

size_t secure_ca_pem(struct world *w, char *buf, size_t size)
{
    return tls_pki_pem(secure_of(w)->pki, buf, size);
}

void secure_keylog(void *world, const char *line)
{
    struct world *w = world;
    struct secure *s = secure_of(w);
    uint64_t hash = core_hash(line, strlen(line));
    if (!w->on_keylog)
        return;
    for (unsigned i = 0; i < RECENT; i++)
        if (s->recent[i] == hash)
            return; /* the other end has told it, as soon as it knew */
    s->recent[s->recent_next++ % RECENT] = hash;
    w->on_keylog(w->on_keylog_ctx, line);
}

void secure_free(struct world *w)
{
    struct secure *s = w->secure;
    if (!s)
        return;
    while (s->servers) {
        struct server *v = s->servers;
        s->servers = v->next;
        tls_context_free(v->context);
        tls_cert_free(v->cert);
        free(v);
    }
    for (int i = 0; i < CHECKS; i++)
        if (s->client[i])
            tls_context_free(s->client[i]);
    tls_pki_free(s->pki);
    tls_lib_free(s->lib);
    free(s);
    w->secure = NULL;
}
