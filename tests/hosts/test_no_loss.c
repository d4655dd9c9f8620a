/*
 * An accepted message is never lost, whatever the network and the servers do.
 *
 * Random worlds (domains, backup servers, aliases, quotas, refusals) with random faults (loss, cuts, copies,
 * servers that are down, DNS that fails) send random mail for some hours and then go on until all is settled.
 * Every recipient of everything that a queue accepted must then be
 *
 *   sent, here          and in the mailbox of that user
 *   sent, elsewhere     and another queue accepted this message for this recipient, not later
 *   failed              and a report to the sender names the recipient; or there is no sender
 *   an alias            and its targets are recipients
 */
#include <strings.h>

#include "sim/net/tcp_internal.h"
#include "tests/hosts/small_world.h"

#define SEEDS    80
#define DOMAINS  4
#define MESSAGES 24
#define BUSY_NS  (6 * CORE_HOUR) /* faults and new mail end here */

static struct core_rng rng;
static struct part *server[DOMAINS], *client[DOMAINS];
static unsigned ndomains;

static uint64_t below(uint64_t n)
{
    return core_rng_below(&rng, n);
}

static bool chance(unsigned percent)
{
    return below(100) < percent;
}

/* ---- what the queues did -------------------------------------------------------------------------- */

struct taken { /* one recipient of one queue item */
    struct taken *next;
    const char *queue_id, *message_id, *sender, *address, *said;
    uint64_t t_ns;
    uint32_t host;
    uint8_t state; /* enum recipient_state, when the item was removed */
    bool removed, never, is_report;
};

struct letter { /* a report */
    struct letter *next;
    uint32_t host;
    const char *to, *text;
};

static struct taken *taken_all;
static struct letter *reports;

static const char *slice_copy(struct wire_slice s)
{
    return core_arena_copy(&watch.arena, s.at, s.len);
}

static struct queue_item *item_of(const struct seen *r)
{
    struct mta *m = sm.world.hosts[r->host - 1].mta;
    for (struct queue_item *q = m->queue.next; q != &m->queue; q = q->next)
        if (strcmp(q->id, attr(r, "queue_id")) == 0)
            return q;
    return NULL;
}

static struct taken *taken_of(uint32_t host, const char *queue_id, const char *address)
{
    for (struct taken *t = taken_all; t; t = t->next)
        if (t->host == host && strcmp(t->queue_id, queue_id) == 0 && strcmp(t->address, address) == 0)
            return t;
    return NULL;
}

/* Recipients are noted when the item is first worked on, before anything is decided, and again at its end. */
static void note(const struct seen *r, const struct queue_item *q, bool removed)
{
    for (uint32_t i = 0; i < q->nrcpt; i++) {
        const struct recipient *rcpt = &q->rcpt[i];
        const char *address = slice_copy(rcpt->address);
        struct taken *t = taken_of(r->host, q->id, address);
        if (!t) {
            t = core_arena_take(&watch.arena, sizeof *t);
            *t = (struct taken){ .next = taken_all,
                                 .queue_id = attr(r, "queue_id"),
                                 .message_id = slice_copy(q->message_id),
                                 .sender = slice_copy(q->sender),
                                 .address = address,
                                 .t_ns = q->arrival_ns,
                                 .host = r->host,
                                 .never = rcpt->notify == SMTP_NOTIFY_NEVER,
                                 .is_report = q->report };
            taken_all = t;
        }
        t->removed = removed;
        t->state = rcpt->state;
        t->said = slice_copy(rcpt->said);
    }
}

static void note_report(const struct seen *r, const struct queue_item *q)
{
    struct letter *l = core_arena_take(&watch.arena, sizeof *l);
    *l = (struct letter){ .next = reports,
                          .host = r->host,
                          .to = slice_copy(q->rcpt[0].address),
                          .text = core_arena_copy(&watch.arena, mail_text(q->mail), q->mail->len) };
    reports = l;
}

/* A moment after a host has said something its program dies (its end of the connection resets), or its line
 * goes away for some minutes. */
struct cut {
    struct core_timer timer;
    uint32_t host, conn;
};

static unsigned cuts;

static void reset_now(const struct cut *cut)
{
    const struct net_tcp *tcp = sm.world.net.tcp;
    for (size_t i = 0; i <= tcp->mask; i++) {
        struct tcp_conn *c = tcp->slots[i].c;
        if (c && tcp_number(c) == cut->conn && tcp_host(c)->number == cut->host &&
            tcp_state(c) != TCP_TIME_WAIT) {
            tcp_abort(c);
            return;
        }
    }
}

static void cut_now(struct core_queue *q, struct core_timer *timer)
{
    const struct cut *cut = CORE_OWNER(timer, struct cut, timer);
    uint32_t host = cut->host;
    struct net_fault_params p = { .name = text_of("cut %u", ++cuts),
                                  .kind = NET_FAULT_CUT,
                                  .match.proto = NET_PROTO_TCP,
                                  .from_ns = q->now_ns,
                                  .until_ns = q->now_ns + CORE_MINUTE + below(20 * CORE_MINUTE) };
    if (chance(50)) {
        reset_now(cut);
        return;
    }
    net_fault_add(net_link_find(&sm.world.net, sm.hosts[host - 1].name), &p);
}

static void maybe_cut(const struct seen *r)
{
    struct cut *c;
    if (r->proto != TRACE_SMTP || r->t_ns > BUSY_NS || below(150) > 0)
        return;
    c = core_arena_take(&watch.arena, sizeof *c);
    *c = (struct cut){ .timer = { .run = cut_now }, .host = r->host, .conn = r->conn };
    core_timer_set(&sm.world.queue, &c->timer, r->t_ns + below(300) * CORE_MS);
}

static void on_record(const struct seen *r)
{
    struct queue_item *q;
    if (trace_kind_level(r->kind) == TRACE_LINE)
        maybe_cut(r);
    if (r->kind != TRACE_KIND_QUEUE)
        return;
    q = item_of(r);
    if (strcmp(attr(r, "event"), "active") == 0 && q->attempts == 1) {
        note(r, q, false);
        if (q->report)
            note_report(r, q);
    } else if (strcmp(attr(r, "event"), "removed") == 0)
        note(r, q, true);
}

/* ---- random worlds -------------------------------------------------------------------------------- */

static uint64_t some_time(void)
{
    return below(BUSY_NS);
}

static const char *any_domain(void)
{
    return text_of("d%u.test", (unsigned)below(ndomains));
}

static const char *any_address(void)
{
    switch (below(14)) {
    case 0:
        return text_of("nobody@%s", any_domain());
    case 1:
        return "ghost@nowhere.test";
    case 2:
        return "x@null.test";
    case 3:
        return text_of("postmaster@%s", any_domain());
    case 4:
    case 5:
        return text_of("team@%s", any_domain());
    case 6:
        return text_of("ring@%s", any_domain());
    case 7:
        return "x@dead.test";
    default:
        return text_of("u%u@%s", (unsigned)below(3), any_domain());
    }
}

static void random_aliases(struct part *p)
{
    size_t n, m;
    const char **team = list_of(&n, any_address(), any_address(), "u0", NULL),
               **ring = list_of(&m, "ring2", NULL);
    const char **ring2 = list_of(&m, "ring", NULL);
    alias_add(p, "team", team, n);
    alias_add(p, "ring", ring, m);
    alias_add(p, "ring2", ring2, m);
}

static void random_refusals(struct part *p)
{
    static const char *const commands[] = { "CONNECT", "HELO", "MAIL", "RCPT", "DATA" };
    static const struct {
        uint16_t code;
        const char *status;
    } said[] = { { 421, "4.3.2" }, { 450, "4.2.0" }, { 451, "4.7.1" },
                 { 452, "4.3.1" }, { 550, "5.7.1" }, { 554, "5.7.1" } };
    while (chance(50)) {
        size_t k = below(sizeof said / sizeof said[0]);
        struct spec_refusal *r = refusal_add(p, commands[below(5)], said[k].code, said[k].status);
        r->from_ns = some_time();
        r->until_ns = chance(20) ? CORE_NEVER : r->from_ns + below(2 * CORE_HOUR);
        r->first = (uint32_t)below(4);
        if (strcmp(r->command, "RCPT") == 0 && chance(50))
            r->match = any_address();
    }
}

static void random_faults(struct part *p, unsigned percent)
{
    while (chance(percent)) {
        uint64_t from = some_time();
        struct spec_fault *f =
            fault_add(p, (enum spec_fault_kind)(SPEC_FAULT_LOSS + below(4)), from, from + below(CORE_HOUR));
        f->ppm = (uint32_t)below(200000);
        f->extra_ns = f->kind == SPEC_FAULT_REORDER ? below(CORE_S) : 0;
        if (chance(30))
            f->proto = NET_PROTO_TCP;
    }
}

static void random_slowness(struct part *p)
{
    p->link->rate_bps = 4000 + below(60000);
    p->link->delay_ns = below(400) * CORE_MS;
}

static void random_downtime(struct part *p)
{
    p->host->down_from_ns = some_time();
    p->host->down_until_ns = chance(10) ? CORE_NEVER : p->host->down_from_ns + below(4 * CORE_HOUR);
}

static void random_server(unsigned d)
{
    struct part *p = server[d] =
        mail_server(text_of("s%u", d), text_of("mx.d%u.test", d), text_of("d%u.test", d));
    for (unsigned u = 0; u < 3; u++)
        user_add(p, text_of("u%u", u))->quota_octets = chance(10) ? below(4000) : 0;
    random_aliases(p);
    random_refusals(p);
    random_faults(p, 50);
    if (chance(40))
        random_downtime(p);
    if (chance(60))
        random_slowness(p);
    if (chance(40))
        p->smtp[0].security = SPEC_STARTTLS; /* other servers use it where it is offered */
    p->mta.no_pipelining = chance(30);
    p->mta.no_dsn = chance(30);
    p->mta.helo_only = chance(10);
    p->mta.no_chunking = chance(30);
    p->mta.recipients_max = chance(20) ? 2 : 0;
    p->mta.size_max_octets = chance(10) ? 1200 : 0;
    p->mta.accepts_unknown_users = chance(20);
    p->mta.retry_first_ns = (1 + below(5)) * CORE_MINUTE;
    p->mta.retry_max_ns = CORE_HOUR;
    p->mta.delay_notice_ns = CORE_HOUR;
    p->mta.expire_ns = 12 * CORE_HOUR;
    p->mta.hops_max = 8;
}

/* Another domain's server is a backup, and perhaps a relay host that leads in a circle. */
static void random_backups(unsigned d)
{
    unsigned other = (unsigned)below(ndomains);
    struct part *p = server[other];
    if (other == d || !chance(50))
        return;
    p->relay_domains[p->mta.nrelay_domains++] = text_of("d%u.test", d);
    record_add(zone_named(text_of("d%u.test", d)), "@", "MX",
               text_of("%u mx.d%u.test.", (unsigned)below(20), other));
    if (chance(10))
        server[d]->mta.relayhost = server[other]->address_text;
}

static const char *long_text(size_t n)
{
    char *text = core_arena_take(&sm.arena, n + 1);
    for (size_t i = 0; i < n; i++)
        text[i] = i % 70 == 68 ? '\r' : i % 70 == 69 ? '\n' : i % 70 == 0 && chance(10) ? '.' : 'x';
    while (n > 0 && (text[n - 1] == '\r' || text[n - 1] == '\n'))
        text[--n] = '\0';
    return text;
}

static void random_message(unsigned i)
{
    unsigned d = (unsigned)below(ndomains);
    struct spec_message *m = mail_at(client[d], text_of("m%u", i), any_address(), some_time());
    m->envelope_to = list_of(&m->nenvelope_to, any_address(), NULL);
    for (unsigned k = (unsigned)below(4); k > 0; k--)
        ((const char **)m->envelope_to)[m->nenvelope_to++] = any_address();
    if (chance(15))
        m->envelope_from = chance(50) ? "" : any_address();
    if (chance(30))
        m->dsn_notify = chance(30) ? "NEVER" : chance(50) ? "SUCCESS,FAILURE" : "FAILURE,DELAY";
    if (chance(20))
        m->dsn_ret = chance(50) ? "HDRS" : "FULL";
    if (chance(10))
        m->text = "";
    else if (chance(30))
        m->text = long_text((size_t)below(60000));
}

static void random_world(uint64_t seed)
{
    struct part *dead;
    core_rng_init(&rng, seed, "worlds");
    taken_all = NULL;
    reports = NULL;
    cuts = 0;
    small_begin();
    sm.spec.seed = seed;
    sm.levels = TRACE_BIT(TRACE_STATE) | TRACE_BIT(TRACE_LINE);
    ndomains = 2 + (unsigned)below(DOMAINS - 1);
    for (unsigned d = 0; d < ndomains; d++)
        random_server(d);
    for (unsigned d = 0; d < ndomains; d++) {
        client[d] = person(text_of("c%u", d), text_of("u0@d%u.test", d), server[d], SPEC_POP3);
        random_faults(client[d], 20);
        random_backups(d);
    }
    dead = host_add("dead");
    dead->host->down_until_ns = CORE_NEVER;
    record_add(zone_add(sm.names, "dead.test"), "@", "A", dead->address_text);
    record_add(zone_add(sm.names, "null.test"), "@", "MX", "0 .");
    random_faults(sm.names, 30);
    random_faults(sm.resolver_part, 30);
    if (chance(30)) {
        sm.names->dns.fault = chance(50) ? "servfail" : "drop";
        sm.names->dns.fault_from_ns = some_time();
        sm.names->dns.fault_until_ns = sm.names->dns.fault_from_ns + below(CORE_HOUR);
    }
    for (unsigned i = 0; i < MESSAGES; i++)
        random_message(i);
    small_build();
    watch.also = on_record;
}

/* ---- the claim ------------------------------------------------------------------------------------ */

static const char *host_called(uint32_t number)
{
    return watch.name[number];
}

static bool in_mailbox(const struct taken *t)
{
    char user[80];
    snprintf(user, sizeof user, "%.*s", (int)strcspn(t->address, "@"), t->address);
    if (strcasecmp(user, "postmaster") == 0)
        snprintf(user, sizeof user, "u0");
    return find(NULL, TRACE_KIND_MAILBOX, host_called(t->host), "stored", "user", user, "message_id",
                t->message_id, NULL) != NULL;
}

static bool taken_elsewhere(const struct taken *t)
{
    for (const struct taken *o = taken_all; o; o = o->next)
        if (o->host != t->host && strcmp(o->message_id, t->message_id) == 0 &&
            strcasecmp(o->address, t->address) == 0)
            return true;
    return false;
}

static bool reported(const struct taken *t)
{
    for (const struct letter *l = reports; l; l = l->next)
        if (l->host == t->host && strcmp(l->to, t->sender) == 0 &&
            strstr(l->text, text_of("Final-Recipient: rfc822; %s\r\n", t->address)))
            return true;
    return false;
}

static bool is_local(const struct taken *t)
{
    const struct mta *m = sm.world.hosts[t->host - 1].mta;
    const char *at = strchr(t->address, '@');
    return !at || mta_is_local(m, wire_slice_str(at + 1));
}

static void check_recipient(uint64_t seed, const struct taken *t)
{
    bool well;
    if (!t->removed)
        return; /* still in the queue, and that is checked below */
    switch (t->state) {
    case RCPT_SENT:
        well = is_local(t) ? in_mailbox(t) : taken_elsewhere(t);
        break;
    case RCPT_FAILED:
        well = t->sender[0] == '\0' || t->never || reported(t) ||
               count(TRACE_KIND_QUEUE, host_called(t->host), "bounced", "queue_id", t->queue_id, "to",
                     t->address, NULL) == 0;
        break;
    case RCPT_EXPANDED:
        well = false;
        for (const struct taken *o = taken_all; o && !well; o = o->next)
            well = o != t && o->host == t->host && strcmp(o->queue_id, t->queue_id) == 0 &&
                   o->state != RCPT_EXPANDED;
        break;
    default:
        well = false;
    }
    ck_assert_msg(well, "seed %llu: %s %s to %s on %s ended in state %u without effect (%s)",
                  (unsigned long long)seed, t->queue_id, t->message_id, t->address, host_called(t->host),
                  t->state, t->said);
}

/* What a mail program was told to be sent was taken by its server, for every recipient that was not
 * refused. */
static void check_submissions(uint64_t seed)
{
    const struct seen *r = NULL;
    while ((r = find(r, TRACE_KIND_CLIENT, NULL, "sent", "result", "ok", NULL)) != NULL) {
        const struct seen *sending =
            find(NULL, TRACE_KIND_CLIENT, host_name(r), "sending", "message", attr(r, "message"), NULL);
        const struct spec_message *m = NULL;
        for (size_t i = 0; i < sm.spec.nmessages; i++)
            if (strcmp(sm.messages[i].name, attr(r, "message")) == 0)
                m = &sm.messages[i];
        ck_assert(m && sending);
        for (size_t i = 0; i < m->nenvelope_to; i++) {
            bool is = false;
            for (const struct taken *t = taken_all; t && !is; t = t->next)
                is = strcmp(t->message_id, attr(sending, "message_id")) == 0 &&
                     strcmp(t->address, m->envelope_to[i]) == 0;
            ck_assert_msg(is, "seed %llu: %s to %s was sent, and nobody took it", (unsigned long long)seed,
                          m->name, m->envelope_to[i]);
        }
    }
}

static void check_world(uint64_t seed, unsigned *took)
{
    unsigned left = 0;
    for (unsigned d = 0; d < ndomains; d++)
        left += queued(server[d]);
    for (const struct taken *t = taken_all; t; t = t->next) {
        check_recipient(seed, t);
        ck_assert_msg(t->removed || left > 0, "seed %llu: %s vanished", (unsigned long long)seed,
                      t->queue_id);
        took[t->state]++;
    }
    check_submissions(seed);
    ck_assert_uint_eq(left, 0); /* twelve hours of patience are over for everything */
    nothing_is_left_open();
}

START_TEST(every_accepted_recipient_ends_in_a_mailbox_or_in_a_report)
{
    unsigned took[5] = { 0 }, deferred = 0, lost = 0, timeouts = 0, tls = 0;
    for (uint64_t seed = (uint64_t)_i * 10 + 1; seed <= (uint64_t)_i * 10 + 10; seed++) {
        random_world(seed);
        run_until(4 * CORE_DAY);
        check_world(seed, took);
        deferred += count(TRACE_KIND_QUEUE, NULL, "deferred", NULL);
        lost += count(TRACE_KIND_SESSION, NULL, "lost", NULL);
        timeouts += count(TRACE_KIND_SESSION, NULL, "timeout", NULL);
        tls += lines(NULL, "STARTTLS");
        small_end();
    }
    /* the worlds were bad enough to mean something */
    ck_assert_uint_gt(took[RCPT_SENT], 50);
    ck_assert_uint_gt(took[RCPT_FAILED], 10);
    ck_assert_uint_gt(took[RCPT_EXPANDED], 3);
    ck_assert_uint_gt(deferred, 50);
    ck_assert_uint_gt(lost, 20);
    ck_assert_uint_gt(timeouts, 20);
    ck_assert_uint_gt(tls, 0);
}
END_TEST

START_TEST(one_seed_leaves_one_trace)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        uint64_t first[2];
        for (int k = 0; k < 2; k++) {
            random_world(seed);
            run_until(CORE_DAY);
            first[k] = sm.hash.value;
            small_end();
        }
        ck_assert_uint_eq(first[0], first[1]);
    }
}
END_TEST

/* A world may be taken down at any moment: what is open then is freed (the sanitizers look). */
START_TEST(a_world_can_end_at_any_time)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        random_world(seed);
        run_until(below(BUSY_NS));
        for (unsigned steps = (unsigned)below(200); steps > 0; steps--)
            core_queue_step(&sm.world.queue, CORE_NEVER);
        small_end();
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts no loss");
    TCase *t = tcase_create("no loss");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_accepted_recipient_ends_in_a_mailbox_or_in_a_report, 0, SEEDS / 10);
    tcase_add_test(t, one_seed_leaves_one_trace);
    tcase_add_test(t, a_world_can_end_at_any_time);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
