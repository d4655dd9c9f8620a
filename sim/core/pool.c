/* Pools, arenas and depots. */
#define _DEFAULT_SOURCE /* madvise */
#include "sim/core/pool.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN(n) (((n) + 15u) & ~(size_t)15)
#define SLAB     65536u
#define HUGE     (2u << 20) /* octets of a large page: worlds of many hosts live in few of them */

static void *got(void *p)
{
    if (!p) {
        fputs("mailwalk: out of memory\n", stderr);
        abort();
    }
    return p;
}

/* A slab or chunk. Big ones are placed so that the system can map them with large pages: with thousands of hosts
 * the address translation misses would cost more than the work. Contents undefined. */
static void *block_new(size_t octets)
{
    void *p = NULL;
    if (octets < HUGE)
        return got(malloc(octets));
    if (posix_memalign(&p, HUGE, octets) != 0)
        p = NULL;
    got(p);
#ifdef MADV_HUGEPAGE
    madvise(p, octets, MADV_HUGEPAGE); /* a wish: it may be refused */
#endif
    return p;
}

void *core_alloc(size_t octets)
{
    return got(calloc(1, octets ? octets : 1));
}

void *core_realloc(void *old, size_t octets)
{
    return got(realloc(old, octets ? octets : 1));
}

void core_pool_init(struct core_pool *p, size_t size_octets, size_t per_slab)
{
    *p = (struct core_pool){ .size = ALIGN(size_octets ? size_octets : 1), .per_slab = per_slab };
    if (p->per_slab == 0)
        p->per_slab = p->size * 4 < SLAB ? SLAB / p->size : 4;
}

void core_pool_free(struct core_pool *p)
{
    for (void *s = p->slabs, *next; s; s = next) {
        next = *(void **)s;
        free(s);
    }
    core_pool_init(p, p->size, 0);
}

void *core_pool_refill(struct core_pool *p)
{
    size_t octets = 16 + p->size * p->per_slab;
    char *slab = got(malloc(octets));
    *(void **)(void *)slab = p->slabs;
    p->slabs = slab;
    p->octets += octets;
    p->slab_at = slab + 16 + p->size;
    p->slab_end = slab + octets;
    return slab + 16;
}

void *core_arena_take(struct core_arena *a, size_t octets)
{
    void *p;
    octets = ALIGN(octets ? octets : 1);
    if ((size_t)(a->end - a->at) < octets) {
        size_t chunk = a->next_chunk ? a->next_chunk : 256;
        char *c;
        a->next_chunk = chunk < SLAB ? chunk * 2 : SLAB;
        if (chunk < octets + 16)
            chunk = octets + 16;
        c = block_new(chunk);
        memset(c, 0, chunk);
        *(void **)(void *)c = a->chunks;
        a->chunks = c;
        a->at = c + 16;
        a->end = c + chunk;
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
    for (void *c = a->chunks, *next; c; c = next) {
        next = *(void **)c;
        free(c);
    }
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
