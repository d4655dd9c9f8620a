/* Clients, replies, time, and the lists of tasks. A function that ends a task's turn puts
 * others on the ready list; dns_resolver_drain() runs it before control goes back to the host, so that
 * nothing here calls itself. */
#include "protocols/dns/dns_task.h"

#include <assert.h>
#include <string.h>

#define PORT_LOW  1024
#define PORT_HIGH 65535

/* ---- lists ---- */

void dns_resolver_init(struct dns_resolver *r, const struct dns_resolver_config *config,
                       const struct dns_resolver_ops *ops, void *host, struct dns_cache *cache, void *task,
                       uint32_t tasks, uint8_t *scratch)
{
    assert(tasks >= 2);
    *r = (struct dns_resolver){ .config = config,
                                .ops = ops,
                                .host = host,
                                .cache = cache,
                                .task = task,
                                .tasks = tasks,
                                .scratch = scratch };
    for (uint32_t i = tasks; i-- > 0;) {
        r->task[i].state = DNS_TASK_FREE;
        r->task[i].bucket = 0;
        r->task[i].next = r->free_head;
        r->free_head = i + 1;
    }
}

size_t dns_task_octets(void)
{
    return sizeof(struct dns_task);
}

const uint8_t *dns_task_name(const struct dns_task *t)
{
    return t->aliases ? t->alias + t->chain_last : t->name.wire;
}

const uint8_t *dns_task_zone(const struct dns_task *t)
{
    const uint8_t *zone = dns_task_name(t);
    for (unsigned labels = dns_name_labels(zone); labels > t->zone_labels; labels--)
        zone = dns_name_parent(zone);
    return zone;
}

struct dns_task *dns_task_new(struct dns_resolver *r, const uint8_t *name, uint16_t type, uint64_t give_up_ns)
{
    struct dns_task *t;
    if (r->free_head == 0)
        return NULL;
    t = &r->task[r->free_head - 1];
    r->free_head = t->next;
    r->active++;
    t->state = DNS_TASK_RUNNING;
    t->give_up_ns = give_up_ns;
    t->deadline_ns = UINT64_MAX;
    t->next = t->prev = t->chain = t->parent = t->twin = 0;
    t->type = type;
    t->id = t->port = t->useless = 0;
    t->chain_len = t->chain_last = t->ns_len = t->ns_at = 0;
    t->depth = t->aliases = t->zone_labels = 0;
    t->servers = t->server = t->start = t->tried = t->round = t->sent = 0;
    t->client_edns = t->recursion = t->plain = t->ask_aaaa = t->is_twin = false;
    dns_name_copy(&t->name, name);
    return t;
}

void dns_task_free(struct dns_resolver *r, struct dns_task *t)
{
    assert(t->state != DNS_TASK_FREE);
    t->state = DNS_TASK_FREE;
    t->next = r->free_head;
    r->free_head = dns_task_index(r, t) + 1;
    r->active--;
}

void dns_task_ready(struct dns_resolver *r, struct dns_task *t, enum dns_resume resume)
{
    t->state = DNS_TASK_RUNNING;
    t->resume = (uint8_t)resume;
    t->next = r->ready;
    r->ready = dns_task_index(r, t) + 1;
}

void dns_resolver_drain(struct dns_resolver *r, uint64_t now_ns)
{
    while (r->ready) {
        struct dns_task *t = &r->task[r->ready - 1];
        r->ready = t->next;
        if (t->resume == DNS_RESUME_RUN)
            dns_walk_run(r, now_ns, t);
        else
            dns_walk_next_server(r, now_ns, t);
    }
}

/* Puts a task among those that wait: by deadline, and by id for the reply. */
static void wait_for(struct dns_resolver *r, struct dns_task *t, uint64_t deadline_ns)
{
    uint32_t self = dns_task_index(r, t) + 1, after = r->latest;
    uint32_t *bucket = &r->task[t->id % r->tasks].bucket;
    while (after && r->task[after - 1].deadline_ns > deadline_ns)
        after = r->task[after - 1].prev;
    t->deadline_ns = deadline_ns;
    t->prev = after;
    t->next = after ? r->task[after - 1].next : r->soonest;
    *(after ? &r->task[after - 1].next : &r->soonest) = self;
    *(t->next ? &r->task[t->next - 1].prev : &r->latest) = self;
    t->chain = *bucket;
    *bucket = self;
}

static void stop_waiting(struct dns_resolver *r, struct dns_task *t)
{
    uint32_t self = dns_task_index(r, t) + 1;
    uint32_t *link = &r->task[t->id % r->tasks].bucket;
    struct dns_server_try done = { .addr = t->server_addr[t->server],
                                   .source_port = t->port,
                                   .tcp = t->port == 0 };
    *(t->prev ? &r->task[t->prev - 1].next : &r->soonest) = t->next;
    *(t->next ? &r->task[t->next - 1].prev : &r->latest) = t->prev;
    while (*link != self)
        link = &r->task[*link - 1].chain;
    *link = t->chain;
    t->next = t->prev = t->chain = 0;
    t->deadline_ns = UINT64_MAX;
    t->state = DNS_TASK_RUNNING;
    r->ops->done(r->host, self - 1, &done);
}

static const struct dns_task *client_of(const struct dns_resolver *r, const struct dns_task *t)
{
    while (t->parent)
        t = &r->task[t->parent - 1];
    return t;
}

void dns_task_report(struct dns_resolver *r, const struct dns_task *t, enum dns_resolver_event_kind kind,
                     const uint8_t *name, uint16_t type, const uint8_t *zone, enum dns_verdict verdict)
{
    struct dns_resolver_event event;
    if (!r->ops->report)
        return;
    event.kind = kind;
    event.task = t ? dns_task_index(r, t) : UINT32_MAX;
    event.client_task = t ? dns_task_index(r, client_of(r, t)) : UINT32_MAX;
    event.name = name;
    event.type = type;
    event.zone = zone;
    event.server = t && t->servers > 0 && zone ? &t->server_addr[t->server] : NULL;
    event.verdict = verdict;
    event.why = dns_resolver_event_lesson(kind);
    r->ops->report(r->host, &event);
}

/* ---- asking servers ---- */

void dns_task_send(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t, bool tcp)
{
    const struct dns_resolver_config *c = r->config;
    uint8_t query[DNS_QUERY_MAX];
    uint16_t edns = c->edns_octets ? c->edns_octets : DNS_EDNS_OCTETS;
    uint16_t low = c->port_low ? c->port_low : PORT_LOW, high = c->port_high ? c->port_high : PORT_HIGH;
    uint64_t patience = tcp ? DNS_TCP_TRY_NS : (c->try_ns ? c->try_ns : DNS_TRY_NS) << t->round;
    uint64_t deadline_ns = now_ns + patience;
    struct dns_server_try to = { .addr = t->server_addr[t->server], .tcp = tcp };

    assert(t->state == DNS_TASK_RUNNING && t->server < t->servers);
    t->id = (uint16_t)r->ops->random(r->host);
    if (!tcp)
        to.source_port = low;
    if (!tcp && !c->no_port_random && high > low)
        to.source_port = (uint16_t)(low + r->ops->random(r->host) % ((uint32_t)(high - low) + 1));
    t->port = to.source_port;
    t->state = tcp ? DNS_TASK_WAIT_TCP : DNS_TASK_WAIT_UDP;
    wait_for(r, t, deadline_ns < t->give_up_ns ? deadline_ns : t->give_up_ns);
    if (t->plain || edns == 1)
        edns = 0;
    size_t len = dns_query_write(query, t->id, false, dns_task_name(t), t->type, edns);
    r->sent++;
    dns_task_report(r, t, DNS_EV_SEND, dns_task_name(t), t->type, dns_task_zone(t), DNS_ANSWERED);
    r->ops->send(r->host, dns_task_index(r, t), &to, query, len);
}

/* Is this the reply that a task waits for? RFC 5452 section 9.1 lists what must fit. */
static bool expects(const struct dns_task *t, const struct dns_reader *reply, const struct dns_addr *from,
                    uint16_t local_port, bool tcp)
{
    if (t->id != reply->id || t->state != (tcp ? DNS_TASK_WAIT_TCP : DNS_TASK_WAIT_UDP) ||
        t->port != local_port || !dns_addr_equal(&t->server_addr[t->server], from))
        return false;
    if (!reply->question.name) /* only a server that could not read us may leave it out */
        return reply->malformed || (reply->flags & DNS_FLAG_RCODE) != DNS_RCODE_NOERROR;
    return reply->question.type == t->type && reply->question.qclass == DNS_CLASS_IN &&
           dns_name_equal(reply->question.name, dns_task_name(t));
}

enum dns_verdict dns_resolver_reply(struct dns_resolver *r, uint64_t now_ns, const struct dns_addr *from,
                                    uint16_t from_port, uint16_t local_port, bool tcp, const uint8_t *msg,
                                    size_t len)
{
    struct dns_reader reply;
    struct dns_task *t = NULL;
    enum dns_verdict verdict;

    dns_reader_init(&reply, msg, len);
    if (len >= DNS_HEADER_OCTETS && from_port == DNS_PORT && reply.flags & DNS_FLAG_QR)
        for (uint32_t at = r->task[reply.id % r->tasks].bucket; at && !t; at = r->task[at - 1].chain)
            if (expects(&r->task[at - 1], &reply, from, tcp ? 0 : local_port, tcp))
                t = &r->task[at - 1];
    if (!t) {
        dns_task_report(r, NULL, DNS_EV_IGNORED, reply.question.name, reply.question.type, NULL,
                        DNS_MISMATCHED);
        return DNS_MISMATCHED;
    }
    stop_waiting(r, t);
    verdict = dns_walk_reply(r, now_ns, t, &reply);
    dns_resolver_drain(r, now_ns);
    return verdict;
}

static void give_up_try(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t)
{
    stop_waiting(r, t);
    r->timeouts++;
    dns_task_report(r, t, DNS_EV_TIMEOUT, dns_task_name(t), t->type, dns_task_zone(t), DNS_TIMEOUT);
    if (now_ns >= t->give_up_ns)
        dns_task_finish(r, now_ns, t, DNS_SERVFAIL, NULL);
    else
        dns_walk_next_server(r, now_ns, t);
    dns_resolver_drain(r, now_ns);
}

void dns_resolver_failed(struct dns_resolver *r, uint64_t now_ns, uint32_t task)
{
    struct dns_task *t = &r->task[task];
    if (task < r->tasks && (t->state == DNS_TASK_WAIT_UDP || t->state == DNS_TASK_WAIT_TCP))
        give_up_try(r, now_ns, t);
}

uint64_t dns_resolver_deadline(const struct dns_resolver *r)
{
    return r->soonest ? r->task[r->soonest - 1].deadline_ns : UINT64_MAX;
}

void dns_resolver_expire(struct dns_resolver *r, uint64_t now_ns)
{
    while (r->soonest && r->task[r->soonest - 1].deadline_ns <= now_ns)
        give_up_try(r, now_ns, &r->task[r->soonest - 1]);
}

bool dns_resolver_task(const struct dns_resolver *r, uint32_t task, struct dns_task_view *out)
{
    const struct dns_task *t = &r->task[task];
    if (task >= r->tasks || t->state == DNS_TASK_FREE)
        return false;
    *out = (struct dns_task_view){ .state = (enum dns_task_state)t->state,
                                   .name = dns_task_name(t),
                                   .type = t->type,
                                   .zone = dns_task_zone(t),
                                   .deadline_ns = t->deadline_ns,
                                   .depth = t->depth,
                                   .aliases = t->aliases,
                                   .sent = t->sent };
    return true;
}
