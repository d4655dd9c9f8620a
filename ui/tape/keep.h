#ifndef UI_TAPE_KEEP_H
#define UI_TAPE_KEEP_H
/*
 * keep - memory for what is kept as long as its owner: texts end to end, arrays that grow, words that are
 * kept once.
 *
 * Nothing here returns NULL: without memory the program ends with a message.
 */
#include <stddef.h>
#include <stdint.h>

void *keep_alloc(size_t octets); /* zeroed; free() it */
void *keep_realloc(void *block, size_t octets);

/* Makes room for `n` elements of `size` octets, doubling; *cap counts elements. Returns the array, owned. */
void *keep_grow(void *array, size_t *cap, size_t n, size_t size);

/* An arena. Zero-initialised is ready. */
struct keep {
    void *chunks; /* linked by their first words */
    char *at, *end;
    size_t octets;
};

void *keep_take(struct keep *k, size_t octets);              /* zeroed, aligned to 8 */
char *keep_text(struct keep *k, const char *at, size_t len); /* a copy, with NUL */
void keep_free(struct keep *k);                              /* and it is ready again */

/* Words, each once: equal texts have one address. */
struct keep_words {
    struct keep keep;
    const char **slot; /* owned; a power of two of them */
    size_t slots, n;
    const char *from[64], *to[64]; /* the last ones asked for, by address */
};

const char *keep_word(struct keep_words *w, const char *word); /* NULL for NULL */
void keep_words_free(struct keep_words *w);
#endif
