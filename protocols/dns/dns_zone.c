/* Sorting, indexing and searching zones. The sort decides every order that a reply shows,
 * so it is total (name, type, rdata) and the same on every machine. */
#include "protocols/dns/dns_zone.h"

#include <assert.h>
#include <string.h>

#define FIRST_META_TYPE 128 /* 128 to 255 are for questions only, RFC 6895 section 3.1 */
#define LAST_META_TYPE  255

size_t dns_zone_nodes_needed(const uint8_t *apex, const struct dns_zone_record *record, size_t records)
{
    size_t nodes = 1;
    unsigned apex_labels = dns_name_labels(apex);
    for (size_t i = 0; i < records; i++) {
        unsigned labels = dns_name_labels(record[i].owner);
        nodes += labels > apex_labels ? labels - apex_labels : 0;
    }
    return nodes;
}

size_t dns_zone_slots_needed(size_t nodes)
{
    size_t slots = 4;
    while (slots < nodes * 2)
        slots *= 2;
    return slots;
}

static int compare_records(const struct dns_zone_record *a, const struct dns_zone_record *b)
{
    int order = a->owner == b->owner ? 0 : dns_name_compare(a->owner, b->owner);
    if (order)
        return order;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    order = memcmp(a->rdata, b->rdata, a->rdlen < b->rdlen ? a->rdlen : b->rdlen);
    return order ? order : (a->rdlen > b->rdlen) - (a->rdlen < b->rdlen);
}

static void sift(struct dns_zone_record *heap, size_t root, size_t n)
{
    struct dns_zone_record moving = heap[root];
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && compare_records(&heap[child], &heap[child + 1]) < 0)
            child++;
        if (compare_records(&moving, &heap[child]) >= 0)
            break;
        heap[root] = heap[child];
    }
    heap[root] = moving;
}

/* Heapsort: in place, without malloc, and n log n for every input. */
static void sort_records(struct dns_zone_record *record, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(record, i, n);
    for (size_t end = n; end > 1; end--) {
        struct dns_zone_record largest = record[0];
        record[0] = record[end - 1];
        record[end - 1] = largest;
        sift(record, 0, end - 1);
    }
}

static enum dns_zone_error check_record(const struct dns_zone *zone, const struct dns_zone_record *r)
{
    if (!dns_name_is_below(r->owner, zone->apex))
        return DNS_ZONE_OUTSIDE;
    if (r->type == 0 || r->type == DNS_TYPE_OPT || (r->type >= FIRST_META_TYPE && r->type <= LAST_META_TYPE))
        return DNS_ZONE_BAD_TYPE;
    if (!dns_rdata_check(r->type, r->rdata, r->rdlen))
        return DNS_ZONE_BAD_RDATA;
    if (r->ttl >> 31)
        return DNS_ZONE_TTL_TOO_BIG;
    return DNS_ZONE_OK;
}

const struct dns_zone_node *dns_zone_find(const struct dns_zone *zone, const uint8_t *name, uint32_t hash)
{
    for (uint32_t at = hash & zone->slot_mask; zone->slot[at] != 0; at = (at + 1) & zone->slot_mask) {
        const struct dns_zone_node *node = &zone->node[zone->slot[at] - 1];
        if (node->hash == hash && dns_name_equal(node->name, name))
            return node;
    }
    return NULL;
}

/* The node of a name, made if it is not there yet; NULL if there is no room. */
static struct dns_zone_node *make_node(struct dns_zone *zone, const uint8_t *name, uint32_t hash, bool *made)
{
    uint32_t at = hash & zone->slot_mask;
    *made = false;
    for (; zone->slot[at] != 0; at = (at + 1) & zone->slot_mask) {
        struct dns_zone_node *node = &zone->node[zone->slot[at] - 1];
        if (node->hash == hash && dns_name_equal(node->name, name))
            return node;
    }
    if (zone->nodes == zone->node_cap || zone->nodes * 2 >= zone->slot_cap)
        return NULL;
    struct dns_zone_node *node = &zone->node[zone->nodes++];
    *node = (struct dns_zone_node){ .name = name, .hash = hash };
    zone->slot[at] = (uint32_t)zone->nodes;
    *made = true;
    return node;
}

/* Makes the node of an owner and those of its ancestors up to the apex. */
static struct dns_zone_node *add_name(struct dns_zone *zone, const uint8_t *owner)
{
    uint32_t hash[DNS_LABELS_MAX];
    uint8_t at[DNS_LABELS_MAX];
    unsigned last = dns_name_hashes(owner, hash, at) - 1 - zone->apex_labels;
    struct dns_zone_node *first = NULL;
    bool made = true;
    for (unsigned i = 0; i <= last && made; i++) {
        struct dns_zone_node *node = make_node(zone, owner + at[i], hash[i], &made);
        if (!node)
            return NULL;
        if (i == 0)
            first = node;
        else if (owner[at[i - 1]] == 1 && owner[at[i - 1] + 1] == '*')
            node->has_wildcard = true;
    }
    return first;
}

/* One owner's records, from first on. */
static enum dns_zone_error index_owner(struct dns_zone *zone, size_t first, size_t count)
{
    struct dns_zone_record *r = zone->record + first;
    struct dns_zone_node *node = add_name(zone, r->owner);
    bool at_apex = dns_name_labels(r->owner) == zone->apex_labels;
    if (!node)
        return DNS_ZONE_NO_ROOM;
    node->first = (uint32_t)first;
    node->count = (uint32_t)count;
    for (size_t i = 0, end; i < count; i = end) {
        size_t octets = 0;
        uint32_t ttl = r[i].ttl;
        for (end = i; end < count && r[end].type == r[i].type; end++) {
            octets += r[end].rdlen;
            ttl = r[end].ttl < ttl ? r[end].ttl : ttl;
        }
        for (size_t k = i; k < end; k++)
            r[k].ttl = ttl;
        if (octets > DNS_ZONE_RRSET_MAX)
            return DNS_ZONE_RRSET_TOO_BIG;
        if (r[i].type == DNS_TYPE_CNAME) {
            node->alias = true;
            if (count > 1)
                return DNS_ZONE_CNAME_AND_DATA;
        } else if (r[i].type == DNS_TYPE_NS) {
            node->cut = !at_apex;
        } else if (r[i].type == DNS_TYPE_SOA) {
            if (!at_apex || end - i > 1)
                return DNS_ZONE_MANY_SOA;
            zone->soa = &r[i];
        }
    }
    return DNS_ZONE_OK;
}

/* Marks what lies below a cut. */
static void mark_glue(struct dns_zone *zone)
{
    for (size_t i = 0; i < zone->nodes; i++) {
        const uint8_t *name = zone->node[i].name;
        unsigned above = dns_name_labels(name) - zone->apex_labels;
        while (above-- > 1 && !zone->node[i].below_cut) {
            name = dns_name_parent(name);
            const struct dns_zone_node *ancestor = dns_zone_find(zone, name, dns_name_hash(name));
            assert(ancestor != NULL);
            zone->node[i].below_cut = ancestor->cut;
        }
    }
}

enum dns_zone_error dns_zone_index(struct dns_zone *zone, const struct dns_zone_record **bad)
{
    bool made;
    *bad = NULL;
    zone->nodes = 0;
    zone->soa = NULL;
    zone->apex_hash = dns_name_hash(zone->apex);
    zone->apex_labels = (uint8_t)dns_name_labels(zone->apex);
    zone->slot_mask = (uint32_t)zone->slot_cap - 1;
    if (zone->slot_cap < 4 || (zone->slot_cap & zone->slot_mask) != 0)
        return DNS_ZONE_NO_ROOM;
    memset(zone->slot, 0, zone->slot_cap * sizeof zone->slot[0]);
    for (size_t i = 0; i < zone->records; i++) {
        enum dns_zone_error error = check_record(zone, &zone->record[i]);
        if (error != DNS_ZONE_OK) {
            *bad = &zone->record[i];
            return error;
        }
    }
    sort_records(zone->record, zone->records);
    if (!make_node(zone, zone->apex, zone->apex_hash, &made))
        return DNS_ZONE_NO_ROOM;
    for (size_t i = 0, end; i < zone->records; i = end) {
        for (end = i + 1; end < zone->records; end++)
            if (!dns_name_equal(zone->record[end].owner, zone->record[i].owner))
                break;
        enum dns_zone_error error = index_owner(zone, i, end - i);
        if (error != DNS_ZONE_OK) {
            *bad = &zone->record[i];
            return error;
        }
    }
    if (!zone->soa)
        return DNS_ZONE_NO_SOA;
    mark_glue(zone);
    struct dns_soa soa;
    dns_rdata_soa(zone->soa->rdata, &soa);
    zone->negative_ttl = soa.minimum_s < zone->soa->ttl ? soa.minimum_s : zone->soa->ttl;
    return DNS_ZONE_OK;
}

const char *dns_zone_error_text(enum dns_zone_error error)
{
    static const char *const text[] = {
        [DNS_ZONE_OK] = "fine",
        [DNS_ZONE_NO_SOA] = "a zone needs one SOA record at its own name",
        [DNS_ZONE_MANY_SOA] = "a zone has exactly one SOA record, at its own name",
        [DNS_ZONE_OUTSIDE] = "the record's name is not at or below the zone's name",
        [DNS_ZONE_CNAME_AND_DATA] = "a name with a CNAME may have no other record (RFC 1034 section 3.6.2)",
        [DNS_ZONE_BAD_RDATA] = "the record's data is not what its type demands",
        [DNS_ZONE_BAD_TYPE] = "this type is for questions, not for data",
        [DNS_ZONE_TTL_TOO_BIG] = "a TTL may be at most 2147483647 seconds (RFC 2181 section 8)",
        [DNS_ZONE_RRSET_TOO_BIG] = "the records of one name and type may have at most 4096 octets of data",
        [DNS_ZONE_NO_ROOM] = "more names than there is memory for",
    };
    assert((size_t)error < DNS_ZONE_ERRORS);
    return text[error];
}

const struct dns_zone_record *dns_zone_rrset(const struct dns_zone *zone, const struct dns_zone_node *node,
                                             uint16_t type, uint32_t *count)
{
    const struct dns_zone_record *r = zone->record + node->first, *end = r + node->count, *first;
    while (r < end && r->type < type)
        r++;
    for (first = r; r < end && r->type == type;)
        r++;
    *count = (uint32_t)(r - first);
    return *count ? first : NULL;
}

void dns_zones_sort(struct dns_zone *zone, size_t zones)
{
    for (size_t i = 1; i < zones; i++) { /* few, or sorted already: insertion */
        struct dns_zone moving = zone[i];
        size_t k = i;
        for (; k > 0 && zone[k - 1].apex_hash > moving.apex_hash; k--)
            zone[k] = zone[k - 1];
        zone[k] = moving;
    }
}

const struct dns_zone *dns_zones_match(const struct dns_zone *zone, size_t zones, const uint8_t *name,
                                       const uint32_t *hash, const uint8_t *at, unsigned labels)
{
    for (unsigned i = 0; i < labels; i++) {
        size_t low = 0, high = zones;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (zone[middle].apex_hash < hash[i])
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < zones && zone[low].apex_hash == hash[i]; low++)
            if (dns_name_equal(zone[low].apex, name + at[i]))
                return &zone[low];
    }
    return NULL;
}
