/* The accounts of a store, offered through SASL. */
#include "sim/hosts/service_auth.h"

#include <stdio.h>
#include <string.h>

#include "protocols/tls/digest.h"
#include "sim/hosts/pump.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/tell.h"

#define SERVICE_SALT 16 /* octets, as many as RFC 7677 section 3 has in its example */

static void hmac_md5(const void *key, size_t key_len, const void *msg, size_t len,
                     unsigned char out[SASL_MD5_LEN])
{
    digest_hmac_md5(key, key_len, msg, len, out);
}

const struct sasl_digest_ops service_digests = { .hmac_md5 = hmac_md5,
                                                 .sha256 = digest_sha256,
                                                 .hmac_sha256 = digest_hmac_sha256,
                                                 .pbkdf2_sha256 = digest_pbkdf2_sha256 };

size_t service_auth_nonce(struct world *w, char out[SASL_NONCE_MAX])
{
    uint64_t random[3];
    for (size_t i = 0; i < 3; i++)
        random[i] = core_rng_next(&w->rng_auth);
    return sasl_nonce_put(out, random);
}

const char *service_auth_tried(const struct service_auth *a)
{
    return a->host->world->scratch->tried;
}

void service_auth_attr_failed(struct trace_record *r, const struct service_auth *a)
{
    const struct sasl_mech_info *mech = sasl_mech_info((enum sasl_mech)a->sasl.mech);
    trace_attr_str(r, "user", service_auth_tried(a));
    trace_attr_str(r, "method", mech ? mech->name : "PLAIN");
    if (a->sasl.fault != SASL_FAULT_NONE) {
        const struct wire_lesson *why = sasl_fault_lesson((enum sasl_fault)a->sasl.fault);
        r->title = why->title;
        r->lesson = why->lesson;
        r->section = why->section;
    }
}

/* "alice" and "alice@example.com" are the same account here. */
static struct user *find(struct service_auth *a, struct wire_slice name)
{
    const char *at = name.len > 0 ? memchr(name.at, '@', name.len) : NULL;
    char *tried = a->host->world->scratch->tried;
    size_t n = name.len < SCRATCH_TRIED ? name.len : SCRATCH_TRIED - 1;
    if (n > 0)
        memcpy(tried, name.at, n);
    tried[n] = '\0';
    if (!a->host->store)
        return NULL;
    if (at)
        name.len = (size_t)(at - name.at);
    return store_user(a->host->store, name);
}

static enum wire_auth verify(void *host, struct wire_slice user, struct wire_slice password)
{
    struct service_auth *a = host;
    struct user *u = find(a, user);
    if (!u || !store_password_is(u, password))
        return WIRE_AUTH_DENIED;
    a->claimed = u;
    return WIRE_AUTH_OK;
}

static enum wire_auth lookup(void *host, struct wire_slice user, struct wire_slice *password)
{
    struct service_auth *a = host;
    struct user *u = find(a, user);
    if (!u || !u->spec->password)
        return WIRE_AUTH_DENIED;
    a->claimed = u;
    *password = wire_slice_str(u->spec->password);
    return WIRE_AUTH_OK;
}

static uint64_t nonce(void *host)
{
    struct service_auth *a = host;
    return core_rng_next(&a->host->world->rng_auth);
}

static size_t scram_nonce(void *host, char out[SASL_NONCE_MAX])
{
    struct service_auth *a = host;
    return service_auth_nonce(a->host->world, out);
}

/* A salt for the name, whether anybody bears it or not: the same each time, and in each run of this
 * scenario. */
static void salt_of(const struct host *host, struct wire_slice user, struct sasl_secret *secret)
{
    unsigned char text[8 + SASL_USER_MAX + 1 + 255], digest[DIGEST_SHA256_LEN];
    uint64_t seed = host->world->spec->seed;
    const char *name = host->spec->name;
    size_t n = 0, name_len = strlen(name) < 255 ? strlen(name) : 255;
    for (; n < 8; n++)
        text[n] = (unsigned char)(seed >> 8 * n);
    for (size_t i = 0; i < user.len && i < SASL_USER_MAX; i++)
        text[n++] = (unsigned char)wire_to_lower(user.at[i]);
    text[n++] = '\0';
    memcpy(text + n, name, name_len);
    digest_sha256(text, n + name_len, digest);
    secret->rounds = SASL_ROUNDS_MIN;
    secret->salt_len = SERVICE_SALT;
    memcpy(secret->salt, digest, SERVICE_SALT);
}

/* A user's keys are computed at the first login and kept: that is what a server stores. */
static enum wire_auth secret(void *host, struct wire_slice user, struct sasl_secret *out)
{
    struct service_auth *a = host;
    struct user *u = find(a, user);
    if (u && u->scram) {
        *out = *u->scram;
        a->claimed = u;
        return WIRE_AUTH_OK;
    }
    salt_of(a->host, u ? wire_slice_str(u->spec->name) : user, out);
    if (!u || !u->spec->password ||
        !sasl_secret_make(&service_digests, wire_slice_str(u->spec->password), out))
        return WIRE_AUTH_DENIED;
    u->scram = core_arena_take(&a->host->world->arena, sizeof *u->scram);
    *u->scram = *out;
    a->claimed = u;
    return WIRE_AUTH_OK;
}

static const struct sasl_server_ops account_ops = {
    .verify = verify, .lookup = lookup, .nonce = nonce, .secret = secret, .scram_nonce = scram_nonce
};

const struct sasl_server_config *service_auth_config(struct host *host, const char *mechanisms,
                                                     bool tls_first)
{
    struct sasl_server_config *c = core_arena_take(&host->world->arena, sizeof *c);
    const char *at = mechanisms;
    *c = (struct sasl_server_config){ .ops = &account_ops,
                                      .digest = &service_digests,
                                      .mechs = mechanisms ? 0 : SASL_ALL,
                                      .clear_needs_tls = tls_first,
                                      .all_need_tls = tls_first,
                                      .host_name = wire_slice_str(host->spec->fqdn ? host->spec->fqdn
                                                                                   : host->spec->name) };
    while (at && *at) {
        const char *end = strchr(at, ' ');
        size_t len = end ? (size_t)(end - at) : strlen(at);
        enum sasl_mech m = sasl_mech_find(wire_slice(at, len));
        if (m != SASL_MECHS)
            c->mechs |= SASL_BIT(m);
        at = end ? end + 1 : NULL;
    }
    return c;
}

static struct sasl_identity nobody; /* never written: an exchange has an identity of its own */

void service_auth_init(struct service_auth *a, const struct sasl_server_config *config, struct host *host)
{
    a->host = host;
    a->user = a->claimed = NULL;
    a->method = NULL;
    sasl_server_init(&a->sasl, config, a, &nobody);
    a->sasl.who = NULL; /* until an exchange begins */
}

void service_auth_secured(struct service_auth *a, const struct pump *p)
{
    a->sasl.tls = true;
    a->sasl.binding_type = (uint8_t)pump_binding(p, &a->sasl.binding);
}

void service_auth_init_world(struct world *w)
{
    core_pool_init(&w->identities, sizeof(struct sasl_identity), 0);
}

static void identity_take(struct service_auth *a)
{
    if (!a->sasl.who)
        a->sasl.who = core_pool_take(&a->host->world->identities);
}

void service_auth_end(struct service_auth *a)
{
    if (a->sasl.who)
        core_pool_give(&a->host->world->identities, a->sasl.who);
    a->sasl.who = NULL;
}

/* A login was refused: where "why" leads. */
static void tell_setting(struct service_auth *a)
{
    const char *tried = service_auth_tried(a);
    char name[SCRATCH_TRIED], pointer[512];
    struct trace_record r;
    struct user *u;
    if (!a->host->spec->store || !tell_state(&r, a->host, TRACE_KIND_CONFIG, NULL))
        return;
    snprintf(name, sizeof name, "%s", tried); /* find() writes there */
    u = find(a, wire_slice_str(name));
    snprintf(pointer, sizeof pointer, "%s/%s", u ? u->spec->pointer : a->host->spec->store->pointer,
             u ? "password" : "users");
    trace_attr_str(&r, "pointer", pointer);
    trace_attr_str(&r, "value", u ? "the client does not have it" : "nobody here has this name");
    tell_send(&r, a->host, true);
}

static enum wire_auth settle(struct service_auth *a, enum wire_auth verdict, const char *method)
{
    if (verdict == WIRE_AUTH_MORE)
        return verdict;
    if (verdict == WIRE_AUTH_DENIED)
        tell_setting(a);
    if (verdict == WIRE_AUTH_OK) {
        a->user = a->claimed;
        a->method = method;
    }
    a->claimed = NULL;
    service_auth_end(a);
    return verdict;
}

static const char *op_mechanisms(void *ctx)
{
    struct service_auth *a = ctx;
    return sasl_server_mechanisms(&a->sasl);
}

static enum wire_auth op_begin(void *ctx, const char *mech, const char *in, size_t len, char *out,
                               size_t *out_len)
{
    struct service_auth *a = ctx;
    enum wire_auth verdict;
    a->sasl.now_s = (uint64_t)world_seconds(a->host->world);
    a->host->world->scratch->tried[0] = '\0';
    identity_take(a);
    verdict = sasl_wire_server.begin(&a->sasl, mech, in, len, out, out_len);
    return settle(a, verdict, a->sasl.mech < SASL_MECHS ? sasl_mech_info(a->sasl.mech)->name : "");
}

static enum wire_auth op_step(void *ctx, const char *in, size_t len, char *out, size_t *out_len)
{
    struct service_auth *a = ctx;
    identity_take(a);
    return settle(a, sasl_wire_server.step(&a->sasl, in, len, out, out_len),
                  sasl_mech_info(a->sasl.mech)->name);
}

static void op_cancel(void *ctx)
{
    struct service_auth *a = ctx;
    sasl_wire_server.cancel(&a->sasl);
    service_auth_end(a);
}

static enum wire_auth op_login(void *ctx, const char *user, size_t user_len, const char *pass,
                               size_t pass_len)
{
    struct service_auth *a = ctx;
    identity_take(a);
    return settle(a, sasl_wire_server.login(&a->sasl, user, user_len, pass, pass_len), "PLAIN");
}

static const char *op_known(void *ctx, const struct wire_lesson **why)
{
    struct service_auth *a = ctx;
    return sasl_wire_server.known(&a->sasl, why);
}

const struct wire_auth_server service_auth_ops = { op_mechanisms, op_begin, op_step,
                                                   op_cancel,     op_login, op_known };
