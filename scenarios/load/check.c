/* Names and how they are found; the order of the checks. */
#include "scenarios/load/check.h"

#include <stdlib.h>
#include <string.h>

#include "scenarios/load/expect.h"

struct named {
    const char *name;
    size_t index;
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* `first` is the name of the first of `count` structs that are `size` octets apart; NULL names are left
 * out. */
static void names_init(struct check_names *n, const char *kind, const void *first, size_t size, size_t count)
{
    struct named *sorted = core_alloc((count + 1) * sizeof *sorted);
    n->kind = kind;
    n->count = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name;
        memcpy(&name, (const char *)first + i * size, sizeof name);
        if (name)
            sorted[n->count++] = (struct named){ name, i };
    }
    qsort(sorted, n->count, sizeof *sorted, by_name);
    n->name = core_alloc((n->count + 1) * sizeof *n->name);
    n->index = core_alloc((n->count + 1) * sizeof *n->index);
    for (size_t i = 0; i < n->count; i++) {
        n->name[i] = sorted[i].name;
        n->index[i] = sorted[i].index;
    }
    free(sorted);
}

static void names_free(struct check_names *n)
{
    free(n->name);
    free(n->index);
}

size_t check_find(const struct check_names *n, const char *name)
{
    size_t low = 0, high = n->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(n->name[mid], name);
        if (order == 0)
            return n->index[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return CHECK_NONE;
}

size_t check_ref(struct check *c, const struct check_names *n, const char *name, const char *pointer,
                 const char *tail)
{
    size_t found = check_find(n, name);
    struct nearest near;
    struct namelist list = { .text = "" };
    char guess[100];
    if (found != CHECK_NONE || json_error_full(c->g))
        return found;
    nearest_init(&near, name);
    for (size_t i = 0; i < n->count; i++) {
        nearest_try(&near, n->name[i]);
        namelist_add(&list, n->name[i]);
    }
    if (n->count == 0)
        json_error_at(c->g, pointer, tail, "there is no %s \"%.64s\": the file has none", n->kind, name);
    else
        json_error_at(c->g, pointer, tail, "there is no %s \"%.64s\"%s there are: %s", n->kind, name,
                      nearest_text(&near, guess, sizeof guess)[0] ? guess : ";", list.text);
    return found;
}

bool check_is_address(const char *text)
{
    struct net_addr a;
    return strlen(text) < NET_ADDR_TEXT && net_addr_parse(&a, text);
}

bool check_inside(const struct net_addr *a, const struct spec_prefix *p)
{
    /* IPv4 is held as ::ffff:a.b.c.d: its prefix begins at bit 96. */
    unsigned bits = p->bits + (net_addr_is4(&p->addr) ? 96u : 0u), whole = bits / 8, rest = bits % 8;
    if (net_addr_is4(a) != net_addr_is4(&p->addr) || memcmp(a->b, p->addr.b, whole) != 0)
        return false;
    return rest == 0 || (a->b[whole] ^ p->addr.b[whole]) >> (8 - rest) == 0;
}

size_t check_owner(const struct check *c, const struct net_addr *a)
{
    for (size_t h = 0; h < c->w->nhosts; h++)
        for (size_t i = 0; i < c->w->hosts[h].nifaces; i++) {
            const struct spec_iface *f = &c->w->hosts[h].ifaces[i];
            if ((f->ip4.bits && net_addr_same(a, &f->ip4.addr)) ||
                (f->ip6.bits && net_addr_same(a, &f->ip6.addr)))
                return h;
        }
    return CHECK_NONE;
}

static void check_begin(struct check *c, struct json_get *g, struct scenario *s)
{
    const struct spec_world *w = &s->world;
    *c = (struct check){ .g = g, .s = s, .w = &s->world };
    names_init(&c->hosts, "host", w->nhosts ? &w->hosts[0].name : NULL, sizeof w->hosts[0], w->nhosts);
    names_init(&c->links, "link", w->nlinks ? &w->links[0].name : NULL, sizeof w->links[0], w->nlinks);
    names_init(&c->zones, "zone", w->nzones ? &w->zones[0].name : NULL, sizeof w->zones[0], w->nzones);
    names_init(&c->messages, "message", w->nmessages ? &w->messages[0].name : NULL, sizeof w->messages[0],
               w->nmessages);
    names_init(&c->actions, "action", w->nactions ? &w->actions[0].name : NULL, sizeof w->actions[0],
               w->nactions);
}

static void check_end(struct check *c)
{
    names_free(&c->hosts);
    names_free(&c->links);
    names_free(&c->zones);
    names_free(&c->messages);
    names_free(&c->actions);
}

void check_scenario(struct json_get *g, struct scenario *s)
{
    struct check c;
    check_begin(&c, g, s);
    check_net(&c);
    check_mail(&c);
    check_acts(&c);
    check_doors(&c);
    check_end(&c);
}

void check_changed(struct json_get *g, struct scenario *s)
{
    struct check c;
    check_begin(&c, g, s);
    check_expected(&c);
    check_end(&c);
}
