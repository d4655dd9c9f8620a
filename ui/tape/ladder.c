/* A tape as a sequence diagram: the rows, the zones, what is folded. */
#include "ui/tape/ladder.h"

#include <stdlib.h>
#include <string.h>

#include "ui/tape/keep.h"
#include "ui/tape/ladder_zone.h"

#define GRAIN(g)   ((uint8_t)(1u << (g)))
#define FROM_LINE  ((uint8_t)(GRAIN(TAPE_LINE) | GRAIN(TAPE_PACKET)))
#define ALL_GRAINS ((uint8_t)(GRAIN(TAPE_PHASE) | FROM_LINE))

struct ladder {
    const struct tape *tape; /* borrowed */
    struct ladder_row *row;  /* owned: all there are */
    size_t n, cap;
    struct ladder_zones zones;
    struct ladder_conn *conn; /* while it is built */
    size_t nconn;
    uint32_t *frame_row, *frame_lost; /* by number of frame: its row, from 1; where it is lost */
    size_t nframe, nlost;
    uint16_t *order; /* hosts by their first appearance */
    size_t norder;
    uint8_t *role; /* by number of host */
    size_t nhosts;
    struct ladder_choice choice;
    bool chosen;
    uint32_t *pick, *run, *start; /* chosen rows; which run each is in; the first of each run */
    size_t npick, nrun, pick_cap, run_cap, start_cap;
    uint16_t *host; /* those of the chosen rows */
    size_t nhost;
};

enum { ROLE_MAIL, ROLE_DNS, ROLE_ROUTER };

const char *ladder_zone_name(enum ladder_zone zone)
{
    static const char *const names[] = {
#define X(name, words) [LADDER_ZONE_##name] = words,
        LADDER_ZONES(X)
#undef X
    };
    return names[zone];
}

/* ---- building -------------------------------------------------------------------------------------------
 */

static void *slot_of(void *array, size_t *n, size_t at, size_t size)
{
    size_t before = *n;
    if (at >= before) {
        array = keep_grow(array, n, at + 1, size);
        memset((char *)array + before * size, 0, (*n - before) * size);
    }
    return array;
}

static struct ladder_conn *conn_of(struct ladder *l, uint32_t conn)
{
    l->conn = slot_of(l->conn, &l->nconn, conn, sizeof *l->conn);
    return &l->conn[conn];
}

static uint8_t role_of(const struct ladder *l, uint32_t host)
{
    return host < l->nhosts ? l->role[host] : ROLE_ROUTER;
}

static void appear(struct ladder *l, bool *seen, uint16_t host)
{
    if (role_of(l, host) != ROLE_ROUTER && !seen[host])
        l->order[l->norder++] = host;
    if (host < l->nhosts)
        seen[host] = true;
}

static struct ladder_row *add(struct ladder *l, const struct trace_record *r, enum ladder_kind kind,
                              uint8_t grains)
{
    struct ladder_row *row;
    uint16_t from = (uint16_t)r->host, to = (uint16_t)(r->peer ? r->peer : r->host);
    l->row = keep_grow(l->row, &l->cap, l->n + 1, sizeof *l->row);
    row = &l->row[l->n++];
    *row = (struct ladder_row){ .seq = (uint32_t)r->seq,
                                .conn = r->conn,
                                .from = from,
                                .to = to,
                                .kind = (uint8_t)kind,
                                .grains = grains,
                                .bad = tape_is_bad(r),
                                .server = r->dir == 'S' };
    return row;
}

/* The resolver's own search is a zone of its own: it goes on as long as nothing else is said. */
static uint32_t dns_zone(struct ladder *l, const struct trace_record *r)
{
    if (role_of(l, r->host) != ROLE_DNS || role_of(l, r->peer) != ROLE_DNS)
        return 0;
    for (size_t i = l->n - 1; i-- > 0;)
        if (l->row[i].kind == LADDER_LINE) {
            uint32_t zone = l->row[i].zone;
            return zone && l->zones.kind[zone] == LADDER_ZONE_DNS
                       ? zone
                       : ladder_zone_open(&l->zones, LADDER_ZONE_DNS);
        }
    return ladder_zone_open(&l->zones, LADDER_ZONE_DNS);
}

static void take_line(struct ladder *l, const struct trace_record *r)
{
    struct ladder_row *row = add(l, r, LADDER_LINE, FROM_LINE);
    struct ladder_conn *c = conn_of(l, r->conn);
    uint32_t zone = r->proto == TRACE_DNS ? (c->now = dns_zone(l, r)) : ladder_zone_line(&l->zones, c, r);
    if (r->kind == TRACE_KIND_CONTENT)
        c->octets += (uint32_t)r->text_len + (r->eol == TRACE_EOL_CRLF ? 2 : 0);
    row->octets = c->octets;
    row->zone = row->bad ? 0 : zone;
}

/* Frames that find the MAC address of a neighbour: so many that only the closest look shows them. */
static bool is_neighbour(const struct trace_record *r)
{
    return r->proto == TRACE_ARP || r->proto == TRACE_NDP;
}

static bool has_row(const struct trace_record *r)
{
    return r->proto == TRACE_TCP || r->proto == TRACE_UDP || r->proto == TRACE_ICMP || is_neighbour(r);
}

static void take_sent(struct ladder *l, const struct trace_record *r)
{
    struct ladder_row *row;
    bool refused = false;
    if (!has_row(r))
        return;
    row = add(l, r, LADDER_PACKET, r->proto == TRACE_ICMP ? FROM_LINE : GRAIN(TAPE_PACKET));
    if (r->frame) {
        l->frame_row = slot_of(l->frame_row, &l->nframe, (size_t)r->frame, sizeof *l->frame_row);
        l->frame_row[r->frame] = (uint32_t)l->n;
    }
    if (r->conn)
        row->octets = conn_of(l, r->conn)->octets;
    if (r->proto == TRACE_TCP) {
        struct ladder_conn *c = conn_of(l, r->conn);
        enum ladder_tcp what = ladder_tcp_of(r);
        bool third = what == LADDER_TCP_ACK && c->setup && !c->established;
        row->zone = ladder_zone_tcp(&l->zones, c, what, &refused);
        if (third || what == LADDER_TCP_SYN || what == LADDER_TCP_FIN || what == LADDER_TCP_RST)
            row->grains = FROM_LINE;
        row->bad = refused;
    } else if (r->conn) {
        row->zone = conn_of(l, r->conn)->now;
    }
}

static void take_dropped(struct ladder *l, const struct trace_record *r)
{
    struct ladder_row *row;
    size_t sent = r->frame && r->frame < l->nframe ? l->frame_row[r->frame] : 0;
    if (!has_row(r))
        return;
    row = add(l, r, LADDER_LOST, is_neighbour(r) ? GRAIN(TAPE_PACKET) : FROM_LINE);
    if (sent) {
        row->from = l->row[sent - 1].from;
        row->to = l->row[sent - 1].to;
        l->frame_lost = slot_of(l->frame_lost, &l->nlost, (size_t)r->frame, sizeof *l->frame_lost);
        if (!l->frame_lost[r->frame])
            l->frame_lost[r->frame] = (uint32_t)r->seq;
    }
    row->bad = true;
}

static bool is_event(const struct trace_record *r, const char *word)
{
    const char *event = trace_attr_get(r, "event");
    return event && strcmp(event, word) == 0;
}

/* What happens at one host and belongs into the story. */
static void take_note(struct ladder *l, const struct trace_record *r)
{
    bool shown = tape_is_bad(r);
    switch (r->kind) {
    case TRACE_KIND_QUEUE:
        shown = shown || is_event(r, "bounce-made") || is_event(r, "delay-notice");
        break;
    case TRACE_KIND_SESSION: /* what a reply says follows as a line */
        shown = shown && !is_event(r, "reject") && !is_event(r, "auth-failed");
        break;
    case TRACE_KIND_MAILBOX:
        shown = shown || is_event(r, "stored");
        break;
    case TRACE_KIND_TCP_TIMER:
    case TRACE_KIND_ERROR:
        shown = true;
        break;
    case TRACE_KIND_CONFIG: /* the setting that decides is told beside what it decides */
        shown = is_event(r, "changed") || r->title;
        break;
    case TRACE_KIND_FAULT: /* of a host; those of links stand at no host */
        shown = is_event(r, "down") || is_event(r, "up") || is_event(r, "rewrote");
        break;
    case TRACE_KIND_CLIENT:
        break;
    default:
        shown = false;
    }
    if (shown && r->host) {
        struct ladder_row *row = add(l, r, LADDER_NOTE, tape_is_bad(r) ? ALL_GRAINS : FROM_LINE);
        row->to = row->from;
    }
}

static void take(struct ladder *l, uint32_t seq)
{
    struct trace_record r;
    switch (tape_kind(l->tape, seq)) {
    case TRACE_KIND_FORWARDED:
    case TRACE_KIND_DELIVERED:
    case TRACE_KIND_TCP_STATE:
    case TRACE_KIND_CACHE:
    case TRACE_KIND_NEIGHBOUR:
        return;
    default:
        break;
    }
    tape_get(l->tape, seq, &r);
    switch (trace_kind_level(r.kind)) {
    case TRACE_PHASE:
        if (r.host)
            add(l, &r, LADDER_PHASE, GRAIN(TAPE_PHASE));
        break;
    case TRACE_LINE:
        take_line(l, &r);
        break;
    case TRACE_PACKET:
        if (r.kind == TRACE_KIND_SENT)
            take_sent(l, &r);
        else
            take_dropped(l, &r);
        break;
    default:
        take_note(l, &r);
    }
}

static void read_roles(struct ladder *l)
{
    const struct trace_opening *o = tape_opening(l->tape);
    l->nhosts = o ? o->nhosts + 1 : 1;
    l->role = keep_alloc(l->nhosts);
    l->order = keep_alloc(l->nhosts * sizeof *l->order);
    l->host = keep_alloc(l->nhosts * sizeof *l->host);
    l->role[0] = ROLE_ROUTER;
    for (size_t i = 1; i < l->nhosts; i++) {
        const char *role = o->hosts[i - 1].role;
        bool dns = strcmp(role, "dns") == 0 || strcmp(role, "resolver") == 0;
        bool router = strcmp(role, "router") == 0 || strcmp(role, "firewall") == 0;
        l->role[i] = dns ? ROLE_DNS : router ? ROLE_ROUTER : ROLE_MAIL;
    }
}

struct ladder *ladder_new(const struct tape *t)
{
    struct ladder *l = keep_alloc(sizeof *l);
    struct ladder_choice lines = { .grain = TAPE_LINE };
    bool *seen;
    l->tape = t;
    read_roles(l);
    seen = keep_alloc(l->nhosts * sizeof *seen);
    for (uint32_t seq = 1; seq <= tape_last(t); seq++)
        take(l, seq);
    free(l->conn);
    l->conn = NULL;
    l->nconn = 0;
    for (size_t i = 0; i < l->n; i++) {
        appear(l, seen, l->row[i].from);
        appear(l, seen, l->row[i].to);
    }
    free(seen);
    ladder_choose(l, &lines);
    return l;
}

void ladder_free(struct ladder *l)
{
    if (!l)
        return;
    free(l->row);
    free(l->zones.kind);
    free(l->frame_row);
    free(l->frame_lost);
    free(l->order);
    free(l->role);
    free(l->pick);
    free(l->run);
    free(l->start);
    free(l->host);
    free(l);
}

/* ---- choosing -------------------------------------------------------------------------------------------
 */

static bool wanted(const struct ladder *l, const struct ladder_row *row)
{
    if (!(row->grains & GRAIN(l->choice.grain)) || (l->choice.follow && row->conn != l->choice.follow))
        return false;
    return l->choice.hosts != LADDER_HOSTS_MAIL ||
           (role_of(l, row->from) != ROLE_DNS && role_of(l, row->to) != ROLE_DNS);
}

static void choose_row(struct ladder *l, size_t i, bool *seen)
{
    const struct ladder_row *row = &l->row[i];
    size_t at = l->npick;
    bool goes_on = at > 0 && row->zone && l->row[l->pick[at - 1]].zone == row->zone;
    l->pick[at] = (uint32_t)i;
    if (!goes_on)
        l->start[l->nrun++] = (uint32_t)at;
    l->run[at] = (uint32_t)l->nrun - 1;
    l->npick++;
    l->start[l->nrun] = (uint32_t)l->npick;
    seen[row->from < l->nhosts ? row->from : 0] = true;
    seen[row->to < l->nhosts ? row->to : 0] = true;
}

void ladder_choose(struct ladder *l, const struct ladder_choice *choice)
{
    bool *seen;
    if (l->chosen && l->choice.grain == choice->grain && l->choice.follow == choice->follow &&
        l->choice.hosts == choice->hosts)
        return;
    l->choice = *choice;
    l->chosen = true;
    l->npick = l->nrun = l->nhost = 0;
    l->pick = keep_grow(l->pick, &l->pick_cap, l->n + 1, sizeof *l->pick);
    l->run = keep_grow(l->run, &l->run_cap, l->n + 1, sizeof *l->run);
    l->start = keep_grow(l->start, &l->start_cap, l->n + 2, sizeof *l->start);
    seen = keep_alloc(l->nhosts * sizeof *seen);
    for (size_t i = 0; i < l->n; i++)
        if (wanted(l, &l->row[i]))
            choose_row(l, i, seen);
    for (size_t i = 0; i < l->norder; i++)
        if (seen[l->order[i]])
            l->host[l->nhost++] = l->order[i];
    free(seen);
}

size_t ladder_count(const struct ladder *l)
{
    return l->npick;
}

const struct ladder_row *ladder_row(const struct ladder *l, size_t i)
{
    return &l->row[l->pick[i]];
}

ptrdiff_t ladder_find(const struct ladder *l, uint32_t seq)
{
    size_t low = 0, high = l->npick;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->row[l->pick[middle]].seq <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return (ptrdiff_t)low - 1;
}

enum ladder_zone ladder_zone_of(const struct ladder *l, const struct ladder_row *row)
{
    return row->zone ? (enum ladder_zone)l->zones.kind[row->zone] : LADDER_ZONE_NONE;
}

size_t ladder_hosts(const struct ladder *l, const uint16_t **hosts)
{
    *hosts = l->host;
    return l->nhost;
}

bool ladder_is_dns(const struct ladder *l, uint16_t host)
{
    return role_of(l, host) == ROLE_DNS;
}

uint32_t ladder_lost(const struct ladder *l, uint32_t seq)
{
    struct trace_record r;
    if (!tape_get(l->tape, seq, &r) || r.frame >= l->nlost)
        return 0;
    return l->frame_lost[r.frame];
}

/* ---- folds ----------------------------------------------------------------------------------------------
 */

struct ladder_item ladder_item_at(const struct ladder *l, const struct ladder_open *open, size_t here,
                                  size_t i)
{
    size_t first, last;
    if (i >= here)
        return (struct ladder_item){ here, here, false };
    first = l->start[l->run[i]];
    last = l->start[l->run[i] + 1] - 1;
    if (last >= here)
        last = here - 1;
    if (last - first + 1 < LADDER_FOLD_MIN || ladder_is_open(open, ladder_row(l, i)->zone))
        return (struct ladder_item){ i, i, false };
    return (struct ladder_item){ first, last, true };
}

/* Where `zone` is in the list, or has to go. */
static size_t open_at(const struct ladder_open *open, uint32_t zone)
{
    size_t low = 0, high = open->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (open->zone[middle] < zone)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool ladder_is_open(const struct ladder_open *open, uint32_t zone)
{
    size_t at = open_at(open, zone);
    return at < open->n && open->zone[at] == zone;
}

void ladder_toggle(struct ladder_open *open, uint32_t zone)
{
    size_t at = open_at(open, zone);
    if (at < open->n && open->zone[at] == zone) {
        memmove(open->zone + at, open->zone + at + 1, (--open->n - at) * sizeof *open->zone);
        return;
    }
    open->zone = keep_grow(open->zone, &open->cap, open->n + 1, sizeof *open->zone);
    memmove(open->zone + at + 1, open->zone + at, (open->n++ - at) * sizeof *open->zone);
    open->zone[at] = zone;
}

void ladder_open_free(struct ladder_open *open)
{
    free(open->zone);
    *open = (struct ladder_open){ 0 };
}

size_t ladder_octets(const struct ladder *l)
{
    return sizeof *l + l->cap * sizeof *l->row + l->zones.cap + l->nhosts * 5 +
           (l->nframe + l->nlost + l->pick_cap + l->run_cap + l->start_cap) * sizeof(uint32_t);
}
