#include "ui/tape/keep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (1024u * 1024)

static void *or_end(void *memory)
{
    if (memory)
        return memory;
    fputs("mailwalk: no memory\n", stderr);
    exit(3);
}

void *keep_alloc(size_t octets)
{
    return or_end(calloc(1, octets ? octets : 1));
}

void *keep_realloc(void *block, size_t octets)
{
    return or_end(realloc(block, octets ? octets : 1));
}

void *keep_grow(void *array, size_t *cap, size_t n, size_t size)
{
    size_t more = *cap ? *cap : 4;
    if (n <= *cap)
        return array;
    while (more < n)
        more *= 2;
    array = or_end(realloc(array, more * size));
    *cap = more;
    return array;
}

void *keep_take(struct keep *k, size_t octets)
{
    void *block;
    octets = (octets + 7) & ~(size_t)7;
    if ((size_t)(k->end - k->at) < octets) {
        size_t chunk = octets + sizeof(void *) > (k->chunks ? CHUNK : 16384) ? octets + sizeof(void *)
                       : k->chunks                                           ? CHUNK
                                                                             : 16384;
        void *fresh = keep_alloc(chunk);
        memcpy(fresh, &k->chunks, sizeof k->chunks);
        k->chunks = fresh;
        k->at = (char *)fresh + sizeof(void *);
        k->end = (char *)fresh + chunk;
        k->octets += chunk;
    }
    block = k->at;
    k->at += octets;
    return block;
}

char *keep_text(struct keep *k, const char *at, size_t len)
{
    char *text = keep_take(k, len + 1);
    memcpy(text, at, len);
    text[len] = '\0';
    return text;
}

void keep_free(struct keep *k)
{
    while (k->chunks) {
        void *next;
        memcpy(&next, k->chunks, sizeof next);
        free(k->chunks);
        k->chunks = next;
    }
    *k = (struct keep){ 0 };
}

static uint64_t hash(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    return h;
}

static void widen(struct keep_words *w)
{
    const char **old = w->slot;
    size_t slots = w->slots;
    w->slots = slots ? slots * 2 : 256;
    w->slot = keep_alloc(w->slots * sizeof *w->slot);
    for (size_t i = 0; i < slots; i++)
        if (old[i]) {
            size_t at = hash(old[i]) & (w->slots - 1);
            while (w->slot[at])
                at = (at + 1) & (w->slots - 1);
            w->slot[at] = old[i];
        }
    free(old);
}

/* The cache by address is for words in static tables. An address may come again with another text, so the
 * text is compared too. */
const char *keep_word(struct keep_words *w, const char *word)
{
    size_t at, near;
    if (!word)
        return NULL;
    near = ((uintptr_t)word >> 3) & 63;
    if (w->from[near] == word && strcmp(w->to[near], word) == 0)
        return w->to[near];
    if (w->n * 2 >= w->slots)
        widen(w);
    at = hash(word) & (w->slots - 1);
    while (w->slot[at] && strcmp(w->slot[at], word) != 0)
        at = (at + 1) & (w->slots - 1);
    if (!w->slot[at]) {
        w->slot[at] = keep_text(&w->keep, word, strlen(word));
        w->n++;
    }
    w->from[near] = word;
    w->to[near] = w->slot[at];
    return w->slot[at];
}

void keep_words_free(struct keep_words *w)
{
    keep_free(&w->keep);
    free(w->slot);
    *w = (struct keep_words){ 0 };
}
