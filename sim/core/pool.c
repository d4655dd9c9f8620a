/* Pools, arenas and depots. */
#define _DEFAULT_SOURCE /* madvise */
#include "sim/core/pool.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN(n) (((n) + 15u) & ~(size_t)15)
#define SLAB     65536u
#define HUGE     (2u << 20) /* octets of a large page: worlds of many hosts live in few of them */

/* Slabs of all pools and arenas beyond the first of each: cut from large pages that they share, since with
 * thousands of hosts the misses of address translation would cost more than the work. What is given back
 * waits here for the next world. */
static struct {
    char *at, *end;
    void *free_list;
    struct core_slab_use use;
} slabs;

struct slab { /* at its front */
    _Alignas(16) struct slab *next;
    bool shared; /* from `slabs` */
};

static void *got(void *p)
{
    if (!p) {
        fputs("mailwalk: out of memory\n", stderr);
        abort();
    }
    return p;
}

/* HUGE octets that the system may map as one large page. */
static char *huge_new(void)
{
    void *p = NULL;
    if (posix_memalign(&p, HUGE, HUGE) != 0)
        p = NULL;
    got(p);
#ifdef MADV_HUGEPAGE
    madvise(p, HUGE, MADV_HUGEPAGE); /* a wish: it may be refused */
#endif
    return p;
}

void *core_alloc(size_t octets)
{
    return got(calloc(1, octets ? octets : 1));
}

static void *slab_take(void)
{
    void *slab = slabs.free_list;
    slabs.use.used += SLAB;
    if (slab) {
        slabs.free_list = *(void **)slab;
        return slab;
    }
    if (slabs.at == slabs.end) {
        slabs.at = huge_new();
        slabs.end = slabs.at + HUGE;
        slabs.use.held += HUGE;
    }
    slab = slabs.at;
    slabs.at += SLAB;
    return slab;
}

static void slab_give(void *slab)
{
    *(void **)slab = slabs.free_list;
    slabs.free_list = slab;
    slabs.use.used -= SLAB;
}

struct core_slab_use core_slab_use(void)
{
    return slabs.use;
}

/* A slab of its own, or (exactly SLAB octets) a shared one; first in the list of its owner. */
static struct slab *slab_new(size_t octets, bool shared, void *next)
{
    struct slab *slab = shared ? slab_take() : got(malloc(octets));
    slab->next = next;
    slab->shared = shared;
    return slab;
}

static void slabs_free(struct slab *s)
{
    for (struct slab *next; s; s = next) {
        next = s->next;
        if (s->shared)
            slab_give(s);
        else
            free(s);
    }
}

void *core_realloc(void *old, size_t octets)
{
    return got(realloc(old, octets ? octets : 1));
}

void core_pool_init(struct core_pool *p, size_t size_octets, size_t per_slab)
{
    *p = (struct core_pool){ .size = ALIGN(size_octets ? size_octets : 1), .per_slab = per_slab };
    if (p->per_slab == 0)
        p->per_slab = p->size * 4 < SLAB ? (SLAB - sizeof(struct slab)) / p->size : 4;
}

void core_pool_free(struct core_pool *p)
{
    slabs_free(p->slabs);
    core_pool_init(p, p->size, p->per_slab);
}

void *core_pool_refill(struct core_pool *p)
{
    size_t octets = sizeof(struct slab) + p->size * p->per_slab;
    bool shared = p->slabs && octets <= SLAB && octets > SLAB / 2;
    struct slab *slab = slab_new(octets, shared, p->slabs);
    char *first = (char *)(slab + 1);
    p->slabs = slab;
    p->octets += shared ? SLAB : octets;
    p->slab_at = first + p->size;
    p->slab_end = first + p->size * p->per_slab;
    return first;
}

void *core_arena_take(struct core_arena *a, size_t octets)
{
    void *p;
    octets = ALIGN(octets ? octets : 1);
    if ((size_t)(a->end - a->at) < octets) {
        size_t chunk = a->next_chunk ? a->next_chunk : 256;
        struct slab *slab;
        a->next_chunk = chunk < SLAB ? chunk * 2 : SLAB;
        if (chunk < octets + sizeof *slab)
            chunk = octets + sizeof *slab;
        slab = slab_new(chunk, chunk == SLAB, a->chunks);
        a->chunks = slab;
        a->at = (char *)(slab + 1);
        a->end = (char *)slab + chunk;
        memset(a->at, 0, (size_t)(a->end - a->at));
        a->octets += chunk;
    }
    p = a->at;
    a->at += octets;
    return p;
}

char *core_arena_copy(struct core_arena *a, const char *at, size_t len)
{
    char *p = core_arena_take(a, len + 1);
    if (len > 0)
        memcpy(p, at, len);
    return p;
}

void core_arena_free(struct core_arena *a)
{
    slabs_free(a->chunks);
    *a = (struct core_arena){ 0 };
}

void core_depot_init(struct core_depot *d)
{
    size_t size = 64;
    *d = (struct core_depot){ 0 };
    for (int i = 0; i < CORE_DEPOT_CLASSES; i++, size *= 4)
        core_pool_init(&d->pool[i], size, size >= 65536 ? 1 : 0);
}

void core_depot_free(struct core_depot *d)
{
    for (int i = 0; i < CORE_DEPOT_CLASSES; i++)
        core_pool_free(&d->pool[i]);
}

static int depot_class(size_t octets)
{
    size_t size = 64;
    int i = 0;
    while (i < CORE_DEPOT_CLASSES && size < octets) {
        size *= 4;
        i++;
    }
    return i;
}

void *core_depot_take(struct core_depot *d, size_t octets, size_t *cap)
{
    int i = depot_class(octets);
    if (i == CORE_DEPOT_CLASSES) {
        *cap = octets;
        d->large_octets += octets;
        return got(malloc(octets));
    }
    *cap = d->pool[i].size;
    return core_pool_take(&d->pool[i]);
}

void core_depot_give(struct core_depot *d, void *buf, size_t cap)
{
    int i = depot_class(cap);
    if (!buf)
        return;
    if (i == CORE_DEPOT_CLASSES) {
        assert(d->large_octets >= cap);
        d->large_octets -= cap;
        free(buf);
        return;
    }
    assert(d->pool[i].size == cap);
    core_pool_give(&d->pool[i], buf);
}
