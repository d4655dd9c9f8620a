/* The cache. Slots link to each other by index + 1, so that 0 is "none". Three lists run
 * through them: the free slots, the slots of one entry (both by `next`), and the entries
 * of one bucket (`chain`, its head in slot[bucket].bucket). */
#include "protocols/dns/dns_cache.h"

#include <assert.h>
#include <string.h>

#define NS_PER_S 1000000000ull

void dns_cache_init(struct dns_cache *c, struct dns_cache_slot *slot, uint32_t slots,
                    dns_cache_report_fn *report, void *host)
{
    *c = (struct dns_cache){ .slot = slot, .slots = slots, .report = report, .host = host };
    for (uint32_t i = slots; i-- > 0;) {
        slot[i].kind = DNS_CACHE_FREE;
        slot[i].bucket = 0;
        slot[i].next = c->free_head;
        c->free_head = i + 1;
    }
    c->free_slots = slots;
}

static uint32_t *bucket_of(struct dns_cache *c, uint32_t hash)
{
    return &c->slot[(uint64_t)hash * c->slots >> 32].bucket;
}

static bool is_entry(const struct dns_cache_slot *s)
{
    return s->kind >= DNS_CACHE_RRSET;
}

/* Copies an entry's octets from all its slots. */
static void gather(const struct dns_cache *c, const struct dns_cache_slot *s, uint8_t *out, size_t octets)
{
    while (octets > 0) {
        size_t piece = octets < DNS_CACHE_SLOT_OCTETS ? octets : DNS_CACHE_SLOT_OCTETS;
        memcpy(out, s->data, piece);
        out += piece;
        octets -= piece;
        if (octets > 0)
            s = &c->slot[s->next - 1];
    }
}

/* What the outside sees of an entry; scratch may be NULL if only heads are wanted. */
static void describe(const struct dns_cache *c, const struct dns_cache_slot *s, uint64_t now_ns,
                     uint8_t *scratch, struct dns_cache_entry *out)
{
    const uint8_t *octets = s->data;
    if (s->octets > DNS_CACHE_SLOT_OCTETS) {
        gather(c, s, scratch, s->octets);
        octets = scratch;
    }
    out->kind = (enum dns_cache_kind)s->kind;
    out->trust = (enum dns_trust)s->trust;
    out->name = octets;
    out->type = s->type;
    out->records = s->records;
    out->ttl = s->ttl;
    out->left_s = s->expires_ns > now_ns ? (uint32_t)((s->expires_ns - now_ns + NS_PER_S - 1) / NS_PER_S) : 0;
    out->expires_ns = s->expires_ns;
    out->data = octets + s->name_len;
    out->octets = (size_t)s->octets - s->name_len;
}

static bool has_name(const struct dns_cache *c, const struct dns_cache_slot *s, const uint8_t *name)
{
    uint8_t whole[2 * DNS_CACHE_SLOT_OCTETS];
    if (s->name_len <= DNS_CACHE_SLOT_OCTETS)
        return dns_name_equal(s->data, name);
    gather(c, s, whole, s->name_len);
    return dns_name_equal(whole, name);
}

/* Takes an entry out of its bucket and frees its slots. */
static void drop(struct dns_cache *c, uint32_t index, uint64_t now_ns, enum dns_cache_change change)
{
    struct dns_cache_slot *s = &c->slot[index];
    uint32_t *link = bucket_of(c, s->hash);
    if (c->report) {
        uint8_t scratch[DNS_CACHE_ENTRY_MAX];
        struct dns_cache_entry entry;
        describe(c, s, now_ns, scratch, &entry);
        c->report(c->host, change, &entry);
    }
    while (*link != index + 1)
        link = &c->slot[*link - 1].chain;
    *link = s->chain;
    for (uint32_t left = s->octets, next = index + 1;;) {
        struct dns_cache_slot *piece = &c->slot[next - 1];
        uint32_t following = piece->next;
        piece->kind = DNS_CACHE_FREE;
        piece->next = c->free_head;
        c->free_head = next;
        c->free_slots++;
        if (left <= DNS_CACHE_SLOT_OCTETS)
            break;
        left -= DNS_CACHE_SLOT_OCTETS;
        next = following;
    }
    c->entries--;
}

bool dns_cache_find(struct dns_cache *c, const uint8_t *name, uint16_t type, uint64_t now_ns,
                    uint8_t *scratch, struct dns_cache_entry *out)
{
    if (c->entries == 0)
        return false;
    uint32_t hash = dns_name_hash(name);
    for (uint32_t at = *bucket_of(c, hash), next; at != 0; at = next) {
        struct dns_cache_slot *s = &c->slot[at - 1];
        next = s->chain;
        if (s->hash != hash || (s->type != type && s->kind != DNS_CACHE_NXDOMAIN) || !has_name(c, s, name))
            continue;
        if (s->expires_ns <= now_ns) {
            drop(c, at - 1, now_ns, DNS_CACHE_EXPIRED);
            continue;
        }
        s->used = 1;
        describe(c, s, now_ns, scratch, out);
        return true;
    }
    return false;
}

const uint8_t *dns_cache_record(const struct dns_cache_entry *entry, size_t *at, uint16_t *rdlen)
{
    if (entry->kind != DNS_CACHE_RRSET || *at >= entry->octets)
        return NULL;
    const uint8_t *record = entry->data + *at;
    *rdlen = dns_get16(record);
    *at += 2 + (size_t)*rdlen;
    assert(*at <= entry->octets);
    return record + 2;
}

bool dns_cache_soa(const struct dns_cache_entry *entry, const uint8_t **owner, const uint8_t **rdata,
                   uint16_t *rdlen)
{
    if (entry->kind == DNS_CACHE_RRSET || entry->octets == 0)
        return false;
    size_t owner_len = dns_name_len(entry->data);
    *owner = entry->data;
    *rdlen = dns_get16(entry->data + owner_len);
    *rdata = entry->data + owner_len + 2;
    return true;
}

/* Makes room by the clock: what was used since the hand last passed gets another round. */
static void evict_one(struct dns_cache *c, uint64_t now_ns)
{
    assert(c->entries > 0);
    for (;;) {
        uint32_t at = c->hand;
        struct dns_cache_slot *s = &c->slot[at];
        c->hand = at + 1 < c->slots ? at + 1 : 0;
        if (!is_entry(s))
            continue;
        if (s->expires_ns <= now_ns) {
            drop(c, at, now_ns, DNS_CACHE_EXPIRED);
            return;
        }
        if (!s->used) {
            c->evictions++;
            drop(c, at, now_ns, DNS_CACHE_EVICTED);
            return;
        }
        s->used = 0;
    }
}

static uint16_t key_type(const struct dns_cache_entry *entry)
{
    return entry->kind == DNS_CACHE_NXDOMAIN ? 0 : entry->type;
}

/* Does an old entry stand in the way of a new one at the same name? */
static bool conflicts(const struct dns_cache_slot *old, const struct dns_cache_entry *entry)
{
    return entry->kind == DNS_CACHE_NXDOMAIN || old->kind == DNS_CACHE_NXDOMAIN || old->type == entry->type;
}

/* Clears the way for a new entry. False if something there is believed more. */
static bool make_way(struct dns_cache *c, const struct dns_cache_entry *entry, uint32_t hash, uint64_t now_ns,
                     bool *replaced)
{
    *replaced = false;
    for (uint32_t at = *bucket_of(c, hash), next; at != 0; at = next) {
        struct dns_cache_slot *s = &c->slot[at - 1];
        next = s->chain;
        if (s->hash != hash || !conflicts(s, entry) || !has_name(c, s, entry->name))
            continue;
        if (s->expires_ns <= now_ns) {
            drop(c, at - 1, now_ns, DNS_CACHE_EXPIRED);
            continue;
        }
        if (s->trust > (uint8_t)entry->trust)
            return false;
        if (s->type != key_type(entry)) { /* pushed aside by an NXDOMAIN, or an NXDOMAIN disproved */
            drop(c, at - 1, now_ns, DNS_CACHE_EVICTED);
            continue;
        }
        dns_cache_report_fn *report = c->report;
        c->report = NULL; /* the new entry is reported, as a replacement */
        drop(c, at - 1, now_ns, DNS_CACHE_REPLACED);
        c->report = report;
        *replaced = true;
    }
    return true;
}

static uint32_t take_slot(struct dns_cache *c)
{
    uint32_t index = c->free_head - 1;
    assert(c->free_head != 0);
    c->free_head = c->slot[index].next;
    c->free_slots--;
    return index;
}

/* Spreads name and data over as many slots as they need. Returns the first. */
static uint32_t spread(struct dns_cache *c, const uint8_t *name, size_t name_len, const uint8_t *data,
                       size_t octets)
{
    size_t total = name_len + octets, done = 0;
    uint32_t first = take_slot(c), at = first;
    for (;;) {
        struct dns_cache_slot *s = &c->slot[at];
        size_t piece = total - done < DNS_CACHE_SLOT_OCTETS ? total - done : DNS_CACHE_SLOT_OCTETS;
        size_t of_name = done < name_len ? name_len - done : 0;
        of_name = of_name < piece ? of_name : piece;
        memcpy(s->data, name + done, of_name);
        if (piece > of_name)
            memcpy(s->data + of_name, data + (done + of_name - name_len), piece - of_name);
        s->kind = DNS_CACHE_MORE;
        s->next = 0;
        done += piece;
        if (done == total)
            return first;
        uint32_t next = take_slot(c);
        s->next = next + 1;
        at = next;
    }
}

bool dns_cache_store(struct dns_cache *c, const struct dns_cache_entry *entry, uint64_t now_ns)
{
    uint32_t most = entry->kind == DNS_CACHE_RRSET ? DNS_CACHE_TTL_MAX_S : DNS_CACHE_NEGATIVE_MAX_S;
    uint32_t ttl = entry->ttl < most ? entry->ttl : most;
    size_t name_len = dns_name_len(entry->name), total = name_len + entry->octets;
    uint32_t need = (uint32_t)((total + DNS_CACHE_SLOT_OCTETS - 1) / DNS_CACHE_SLOT_OCTETS);
    bool replaced;

    assert(entry->kind >= DNS_CACHE_RRSET);
    if (ttl == 0 || total > DNS_CACHE_ENTRY_MAX || need > c->slots || entry->records > DNS_CACHE_RECORDS_MAX)
        return false;
    uint32_t hash = dns_name_hash(entry->name);
    if (!make_way(c, entry, hash, now_ns, &replaced))
        return false;
    while (c->free_slots < need)
        evict_one(c, now_ns);
    uint32_t first = spread(c, entry->name, name_len, entry->data, entry->octets);
    struct dns_cache_slot *s = &c->slot[first];
    s->kind = (uint8_t)entry->kind;
    s->trust = (uint8_t)entry->trust;
    s->type = key_type(entry);
    s->records = entry->records;
    s->octets = (uint16_t)total;
    s->name_len = (uint8_t)name_len;
    s->used = 1;
    s->ttl = ttl;
    s->expires_ns = now_ns + ttl * NS_PER_S;
    s->hash = hash;
    uint32_t *bucket = bucket_of(c, hash);
    s->chain = *bucket;
    *bucket = first + 1;
    c->entries++;
    if (c->report) {
        struct dns_cache_entry stored = *entry;
        stored.type = s->type;
        stored.ttl = stored.left_s = ttl;
        stored.expires_ns = s->expires_ns;
        c->report(c->host, replaced ? DNS_CACHE_REPLACED : DNS_CACHE_INSERTED, &stored);
    }
    return true;
}

uint32_t dns_cache_sweep(struct dns_cache *c, uint64_t now_ns)
{
    uint32_t gone = 0;
    for (uint32_t i = 0; i < c->slots && c->entries > 0; i++)
        if (is_entry(&c->slot[i]) && c->slot[i].expires_ns <= now_ns) {
            drop(c, i, now_ns, DNS_CACHE_EXPIRED);
            gone++;
        }
    return gone;
}

void dns_cache_flush(struct dns_cache *c)
{
    for (uint32_t i = 0; i < c->slots && c->entries > 0; i++)
        if (is_entry(&c->slot[i]))
            drop(c, i, 0, DNS_CACHE_EVICTED);
}

bool dns_cache_next(const struct dns_cache *c, uint32_t *at, uint64_t now_ns, uint8_t *scratch,
                    struct dns_cache_entry *out)
{
    for (; *at < c->slots; ++*at)
        if (is_entry(&c->slot[*at]) && c->slot[*at].expires_ns > now_ns) {
            describe(c, &c->slot[(*at)++], now_ns, scratch, out);
            return true;
        }
    return false;
}
