/* The CA's certificate and the TLS secrets of a served world, as files. */
#include "sim/gateway/secrets.h"

#include <errno.h>
#include <string.h>

#include "sim/hosts/secure.h"

#define KEYLOG_LINE_MAX 512

static void keep_secret(void *ctx, const char *line)
{
    struct secrets *s = ctx;
    char text[KEYLOG_LINE_MAX];
    int n = snprintf(text, sizeof text, "%s\n", line);
    if (n <= 0 || (size_t)n >= sizeof text)
        return;
    if (s->keylog && (fputs(text, s->keylog) < 0 || fflush(s->keylog) != 0) && !s->error)
        s->error = errno;
    if (s->pcapng)
        export_pcapng_secrets(s->pcapng, text, (size_t)n);
}

int secrets_open(struct secrets *s, const char *keylog, struct export_pcapng *pcapng, struct world *w)
{
    *s = (struct secrets){ .pcapng = pcapng };
    if (keylog && !(s->keylog = fopen(keylog, "wb")))
        return errno;
    w->on_keylog = keep_secret;
    w->on_keylog_ctx = s;
    return 0;
}

static bool any_tls(const struct spec_service *service, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (service[i].security != SPEC_PLAIN)
            return true;
    return false;
}

bool secrets_world_has_tls(const struct spec_world *spec)
{
    for (size_t i = 0; i < spec->nchanges; i++)
        if (secrets_world_has_tls(spec->changes[i].after))
            return true;
    for (size_t i = 0; i < spec->nhosts; i++) {
        const struct spec_host *h = &spec->hosts[i];
        if ((h->mta && any_tls(h->mta->services, h->mta->nservices)) ||
            (h->store && any_tls(h->store->services, h->store->nservices)))
            return true;
    }
    return false;
}

int secrets_write_ca(struct world *w, const char *path)
{
    char pem[TLS_PEM_MAX];
    size_t len = secure_ca_pem(w, pem, sizeof pem);
    FILE *f = fopen(path, "wb");
    int error = 0;
    if (!f)
        return errno;
    if (fwrite(pem, 1, len, f) != len)
        error = errno ? errno : EIO;
    if (fclose(f) != 0 && !error)
        error = errno;
    return error;
}

int secrets_close(struct secrets *s)
{
    if (s->keylog && fclose(s->keylog) != 0 && !s->error)
        s->error = errno;
    s->keylog = NULL;
    return s->error;
}
