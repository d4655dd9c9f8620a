#ifndef SIM_CORE_POOL_H
#define SIM_CORE_POOL_H
/*
 * pool - memory for things that come and go: one size each, last in, first out.
 *
 *   take -> [free list] or the next place in a slab     give -> [free list]
 *
 * The last block given back is the next one taken, while it is still in the cache.
 * Slabs are given back only by pool_free, and large ones then wait for the next pool of this program. An
 * arena hands out memory that lives as long as its owner; a depot keeps one pool per size class for buffers
 * that grow.
 */
#include <stddef.h>
#include <stdint.h>

struct core_pool {
    size_t size;     /* octets of one block, a multiple of 16 */
    size_t per_slab; /* blocks in the next slab */
    void *free_list; /* the first word of a free block is the next one */
    char *slab_at, *slab_end;
    void *slabs; /* all slabs, linked by their first words */
    size_t in_use;
    size_t octets; /* taken from the system */
};

/* `per_slab` 0: as many as fill about 64 KiB. */
void core_pool_init(struct core_pool *p, size_t size_octets, size_t per_slab);
void core_pool_free(struct core_pool *p);

void *core_pool_refill(struct core_pool *p); /* for core_pool_take only */

/* Not zeroed. Never NULL: without memory the program ends with a message. */
static inline void *core_pool_take(struct core_pool *p)
{
    void *block = p->free_list;
    p->in_use++;
    if (block) {
        p->free_list = *(void **)block;
        __builtin_prefetch(p->free_list, 1);
        return block;
    }
    if ((size_t)(p->slab_end - p->slab_at) >= p->size) {
        block = p->slab_at;
        p->slab_at += p->size;
        return block;
    }
    return core_pool_refill(p);
}

static inline void core_pool_give(struct core_pool *p, void *block)
{
    p->in_use--;
    *(void **)block = p->free_list;
    p->free_list = block;
}

/* ---- arena: freed as a whole ------------------------------------------------------------ */

struct core_arena {
    void *chunks;
    char *at, *end;
    size_t next_chunk; /* octets of the next chunk; 0: 256, doubling to 64 KiB */
    size_t octets;
};

void *core_arena_take(struct core_arena *a, size_t octets);              /* zeroed, aligned to 16 */
char *core_arena_copy(struct core_arena *a, const char *at, size_t len); /* adds a NUL */
void core_arena_free(struct core_arena *a);                              /* and it is ready again */

/* ---- depot: buffers by size class -------------------------------------------------------- */

#define CORE_DEPOT_CLASSES 9 /* 64, 256, 1 KiB, 4 KiB, 16 KiB, 64 KiB, 256 KiB, 1 MiB, 4 MiB */

struct core_depot {
    struct core_pool pool[CORE_DEPOT_CLASSES];
    size_t large_octets; /* beyond the classes: straight from malloc */
};

void core_depot_init(struct core_depot *d);
void core_depot_free(struct core_depot *d);

/* A buffer of at least `octets`; *cap says how many it has. Give it back with that cap. */
void *core_depot_take(struct core_depot *d, size_t octets, size_t *cap);
void core_depot_give(struct core_depot *d, void *buf, size_t cap);

/* malloc, calloc and realloc that end the program with a message instead of returning NULL. */
void *core_alloc(size_t octets); /* zeroed */
void *core_realloc(void *old, size_t octets);

/* Octets of the large slabs that all pools and arenas share: taken from the system, and in their hands
 * now. */
struct core_slab_use {
    size_t held, used;
};
struct core_slab_use core_slab_use(void);
#endif
