/* A mail program fetches by POP3. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/pop3/pop3_client.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/tell.h"

struct mua_pop3 {
    struct pump pump;
    struct pop3_client engine;
    struct sasl_client sasl;
    struct pop3_client_config config;
    struct errand errand;
    struct mail *incoming;
    char **uidl; /* by message number; owned; NULL where none is known */
    uint32_t uidls, fetched;
    enum pop3_client_verdict failure;
    bool opened, ended_well, stay;
};

size_t mua_pop3_octets(void)
{
    return sizeof(struct mua_pop3);
}

static struct world *world_of(const struct mua_pop3 *s)
{
    return s->errand.host->world;
}

/* ---- the engine's questions
 * -------------------------------------------------------------------------------- */

static void op_identified(void *host, uint32_t number, struct wire_slice uidl)
{
    struct mua_pop3 *s = host;
    if (number >= s->uidls) {
        s->uidl = core_realloc(s->uidl, (number + 16) * sizeof(char *));
        memset(s->uidl + s->uidls, 0, (number + 16 - s->uidls) * sizeof(char *));
        s->uidls = number + 16;
    }
    free(s->uidl[number]);
    s->uidl[number] = core_alloc(uidl.len + 1);
    memcpy(s->uidl[number], uidl.at, uidl.len);
}

static const char *uidl_of(const struct mua_pop3 *s, uint32_t number)
{
    return number < s->uidls ? s->uidl[number] : NULL;
}

static bool op_wanted(void *host, uint32_t number)
{
    struct mua_pop3 *s = host;
    const char *uidl = uidl_of(s, number);
    for (struct seen_uidl *seen = account_memory(s->errand.account)->seen; uidl && seen; seen = seen->next)
        if (strcmp(seen->uidl, uidl) == 0)
            return false;
    return true;
}

static void op_begin(void *host, uint32_t number)
{
    struct mua_pop3 *s = host;
    (void)number;
    s->incoming = mail_new(&world_of(s)->mails, 3400);
}

static void op_body(void *host, const char *bytes, size_t len)
{
    struct mua_pop3 *s = host;
    mail_append(&world_of(s)->mails, s->incoming, bytes, len);
}

static bool op_end(void *host, uint32_t number)
{
    struct mua_pop3 *s = host;
    const char *uidl = uidl_of(s, number);
    s->fetched++;
    mua_tell_message(s->errand.account, s->errand.run, "pop3", mail_text(s->incoming), s->incoming->len,
                     NULL);
    mail_drop(&world_of(s)->mails, s->incoming);
    s->incoming = NULL;
    if (uidl && s->config.leave_on_server) {
        struct seen_uidl *seen = core_alloc(sizeof *seen);
        snprintf(seen->uidl, sizeof seen->uidl, "%s", uidl);
        seen->next = account_memory(s->errand.account)->seen;
        account_memory(s->errand.account)->seen = seen;
    }
    return true;
}

static const struct pop3_client_ops client_ops = {
    .identified = op_identified, .wanted = op_wanted, .begin = op_begin, .body = op_body, .end = op_end
};

/* ---- how it went
 * ---------------------------------------------------------------------------------------------- */

static const char *failure_word(enum pop3_client_verdict v)
{
    switch (v) {
    case POP3C_NOT_POP3:
        return "not-pop3";
    case POP3C_DENIED:
    case POP3C_NO_MECHANISM:
        return "auth-failed";
    case POP3C_NO_TLS:
        return "not-secured";
    case POP3C_TIMED_OUT:
        return "timed-out";
    case POP3C_CUT_OFF:
        return "lost";
    default:
        return "rejected";
    }
}

static void conclude(struct mua_pop3 *s)
{
    struct errand *e = &s->errand;
    if (e->settled)
        return;
    if (s->ended_well)
        errand_end(e, "fetched", "ok", 0, "", "", s->fetched, NULL);
    else
        errand_end(e, "fetch-failed", failure_word(s->failure), 0, "", "", s->fetched,
                   "Fetching mail from %s port %u failed: %s.", e->server, e->port,
                   pop3_client_verdict_info(s->failure)->lesson.title);
}

/* ---- the session
 * ------------------------------------------------------------------------------------------------ */

static void tell_step(struct mua_pop3 *s, const struct pop3_client_step *out)
{
    struct host *h = s->errand.host;
    uint32_t conn = pump_number(&s->pump);
    const char *name = h->spec->name;
    if (out->before == out->after || !world_tells(world_of(s), TRACE_PHASE))
        return;
    if (out->before == POP3C_GREETING)
        tell_phase(h, PHASE_POP3_LOGIN, s->pump.peer, conn, "%s logs in to its maildrop", name);
    else if (out->after == POP3C_STAT || (out->after == POP3C_LIST && out->before != POP3C_STAT))
        tell_phase(h, PHASE_POP3_FETCH, s->pump.peer, conn,
                   "%s asks what is there and downloads what it has not got yet", name);
    else if (out->after == POP3C_DELE && s->fetched == 1)
        tell_phase(h, PHASE_POP3_DELETE, s->pump.peer, conn,
                   "%s has its copy and marks the message for deletion", name);
    else if (out->after == POP3C_QUIT)
        tell_phase(h, PHASE_POP3_END, s->pump.peer, conn, "%s says goodbye", name);
}

static void after_step(struct mua_pop3 *s, struct pop3_client_step *out)
{
    if (pop3_client_verdict_info(out->verdict)->failure && s->failure == POP3C_CONNECTED)
        s->failure = out->verdict;
    pump_say(&s->pump, &out->send);
    if (out->start_tls)
        pump_secure(&s->pump, secure_client(world_of(s), TLS_CHECK_REQUIRED), s->errand.server);
    if (out->close) {
        s->ended_well = out->after == POP3C_DONE && s->failure == POP3C_CONNECTED;
        conclude(s);
        pump_close(&s->pump);
    }
    pump_wait(&s->pump, MUA_REPLY_NS);
}

static void on_opened(struct pump *p)
{
    struct mua_pop3 *s = CORE_OWNER(p, struct mua_pop3, pump);
    const struct spec_account *a = s->errand.account->spec;
    struct pop3_client_step *out = &world_of(s)->scratch->pop3_client;
    s->opened = true;
    s->config = (struct pop3_client_config){ .ops = &client_ops,
                                             .capa = !a->fetch_auth_plain_command ||
                                                     a->fetch_security == SPEC_STARTTLS,
                                             .stls = a->fetch_security == SPEC_STARTTLS,
                                             .tls_required = a->fetch_security == SPEC_STARTTLS,
                                             .sasl = !a->fetch_auth_plain_command,
                                             .utf8 = true,
                                             .uidl = a->keep,
                                             .stat = !a->fetch_auth_plain_command,
                                             .leave_on_server = a->keep };
    sasl_client_init(&s->sasl, &s->errand.account->sasl);
    pop3_client_init(&s->engine, &s->config, s, &sasl_wire_client, &s->sasl);
    s->failure = POP3C_CONNECTED;
    if (a->fetch_security == SPEC_TLS)
        pump_secure(p, secure_client(world_of(s), TLS_CHECK_REQUIRED), s->errand.server);
    else
        pop3_client_start(&s->engine, world_now(world_of(s)), out);
    pump_wait(p, MUA_REPLY_NS);
}

static void on_secured(struct pump *p)
{
    struct mua_pop3 *s = CORE_OWNER(p, struct mua_pop3, pump);
    struct pop3_client_step *out = &world_of(s)->scratch->pop3_client;
    errand_secured(&s->sasl, p);
    if (s->errand.account->spec->fetch_security == SPEC_TLS) {
        pop3_client_tls_started(&s->engine, NULL);
        pop3_client_start(&s->engine, world_now(world_of(s)), out);
        return;
    }
    pop3_client_tls_started(&s->engine, out);
    after_step(s, out);
}

static void on_not_secured(struct pump *p, const char *name, const struct wire_lesson *why)
{
    struct mua_pop3 *s = CORE_OWNER(p, struct mua_pop3, pump);
    if (!s->errand.settled)
        errand_end(&s->errand, "fetch-failed", "not-secured", 0, "", name, 0,
                   "Fetching mail from %s port %u failed: %s.", s->errand.server, s->errand.port, why->title);
}

static size_t on_step(struct pump *p, const char *in, size_t len)
{
    struct mua_pop3 *s = CORE_OWNER(p, struct mua_pop3, pump);
    struct pop3_client_step *out = &world_of(s)->scratch->pop3_client;
    size_t used = pop3_client_step(&s->engine, in, len, out);
    if (used == 0)
        return 0;
    tell_step(s, out);
    if (s->stay && out->after == POP3C_QUIT)
        return used; /* QUIT is not sent: the session stays open */
    after_step(s, out);
    return used;
}

static bool on_pull(struct pump *p)
{
    (void)p;
    return false;
}

static void on_peer_closed(struct pump *p)
{
    struct mua_pop3 *s = CORE_OWNER(p, struct mua_pop3, pump);
    struct pop3_client_step *out = &world_of(s)->scratch->pop3_client;
    if (!s->errand.settled) {
        pop3_client_lost(&s->engine, out);
        after_step(s, out);
    }
    pump_close(p);
}

static void on_expired(struct pump *p)
{
    struct mua_pop3 *s = CORE_OWNER(p, struct mua_pop3, pump);
    if (s->opened && !s->errand.settled) {
        s->failure = POP3C_TIMED_OUT;
        conclude(s);
    }
    pump_abort(p);
}

static void ready(struct errand *e);

static void free_session(struct mua_pop3 *s)
{
    struct world *w = world_of(s);
    mail_drop(&w->mails, s->incoming);
    for (uint32_t i = 0; i < s->uidls; i++)
        free(s->uidl[i]);
    free(s->uidl);
    core_pool_give(&w->muas_pop3, s);
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct mua_pop3 *s = CORE_OWNER(p, struct mua_pop3, pump);
    if (!s->opened && errand_another(&s->errand)) {
        ready(&s->errand);
        return;
    }
    if (!s->errand.settled)
        errand_end(&s->errand, "fetch-failed", errand_word(why), 0, "", "", 0,
                   "Fetching mail from %s port %u failed: %s.", s->errand.server, s->errand.port,
                   errand_sentence(why));
    free_session(s);
}

static const struct pump_ops session_ops = { .proto = TRACE_POP3,
                                             .dir = 'C',
                                             .opened = on_opened,
                                             .step = on_step,
                                             .pull = on_pull,
                                             .peer_closed = on_peer_closed,
                                             .expired = on_expired,
                                             .ended = on_ended,
                                             .secured = on_secured,
                                             .not_secured = on_not_secured };

static void ready(struct errand *e)
{
    struct mua_pop3 *s = CORE_OWNER(e, struct mua_pop3, errand);
    struct errand_trouble t;
    if (!errand_connect(e, &s->pump, &session_ops, "a POP3 connection", &t)) {
        errand_end(e, "fetch-failed", t.word, 0, "", "", 0, "Fetching mail failed on %s port %u: %s.",
                   e->server, e->port, t.sentence);
        free_session(s);
    }
}

void mua_fetch_pop3(struct action_run *run, struct account *account)
{
    struct mua_pop3 *s = core_pool_take(&run->world->muas_pop3);
    const struct spec_account *a = account->spec;
    memset(s, 0, sizeof *s);
    errand_start(&s->errand, run, account, run->host, a->fetch_server, a->fetch_port, ready);
}

void mua_pop3_idle(struct action_run *run, struct account *account)
{
    struct mua_pop3 *s = core_pool_take(&run->world->muas_pop3);
    memset(s, 0, sizeof *s);
    s->stay = true;
    errand_start(&s->errand, run, account, run->host, account->spec->fetch_server, account->spec->fetch_port,
                 ready);
}
