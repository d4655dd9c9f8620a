#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H
/*
 * fuzz - what the fuzz targets share.
 *
 *   input    | options, as the target says | the rest: what a stranger sends |
 *
 *   A target is one file with LLVMFuzzerTestOneInput(). It claims more than "does not crash": HOLDS() ends
 * the process when a claim is false, and libFuzzer keeps the input. An engine is fed the same octets whole
 * and in pieces, and both runs must say the same.
 *
 *   FUZZ_SHOW=1 build-fuzz/tests/fuzz/fuzz_smtp_server FILE      shows what both runs said
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(claim)                                                                                         \
    do {                                                                                                     \
        if (!(claim)) {                                                                                      \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);                       \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* ---- taking the input apart; zeros when it is used up ---- */

struct fuzz_input {
    const uint8_t *at;
    size_t len;
};

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
    if (in->len == 0)
        return 0;
    in->len--;
    return *in->at++;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
    uint16_t high = fuzz_u8(in);
    return (uint16_t)(high << 8 | fuzz_u8(in));
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
    uint32_t high = fuzz_u16(in);
    return high << 16 | fuzz_u16(in);
}

/* At most n octets off the front. */
static inline struct fuzz_input fuzz_bytes(struct fuzz_input *in, size_t n)
{
    struct fuzz_input out = { in->at, n < in->len ? n : in->len };
    in->at += out.len;
    in->len -= out.len;
    return out;
}

/* A copy in a block of exactly that size, so that the sanitizer sees one octet too far. free() it. */
static inline char *fuzz_exact(const void *at, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    HOLDS(copy);
    if (len > 0)
        memcpy(copy, at, len);
    return copy;
}

/* ---- what a run said ---- */

struct fuzz_log {
    uint64_t hash;
    size_t octets;
};

static inline void fuzz_say(struct fuzz_log *log, const void *at, size_t len)
{
    static int show = -1;
    const uint8_t *octets = at;
    if (show < 0)
        show = getenv("FUZZ_SHOW") != NULL;
    if (show && len > 0)
        fwrite(at, 1, len, stderr);
    for (size_t i = 0; i < len; i++)
        log->hash = (log->hash ^ octets[i]) * UINT64_C(1099511628211);
    log->octets += len;
}

static inline void fuzz_say_str(struct fuzz_log *log, const char *text)
{
    fuzz_say(log, text, strlen(text));
}

static inline void fuzz_say_number(struct fuzz_log *log, uint64_t number)
{
    char text[32];
    fuzz_say(log, text, (size_t)snprintf(text, sizeof text, " %llu ", (unsigned long long)number));
}

/* ---- feeding an engine ---- */

#define FUZZ_CLOSED SIZE_MAX

/* One step over all that has arrived and not been taken, and whatever has to follow it. Returns the octets
 * used; 0: it needs more; FUZZ_CLOSED: no more steps. */
typedef size_t fuzz_step_fn(void *session, const char *in, size_t len);

/* Gives `piece` octets at a time. A buffer of `room` octets must be enough for the engine to take something.
 */
static inline void fuzz_feed(void *session, fuzz_step_fn *step, const void *octets, size_t len, size_t piece,
                             size_t room)
{
    const char *text = octets;
    size_t from = 0, have = 0;
    while (from + have < len) {
        size_t more = len - from - have;
        if (more > piece)
            more = piece;
        if (more > room - have)
            more = room - have;
        HOLDS(more > 0); /* else the buffer is full and the engine takes nothing */
        have += more;
        while (have > 0) {
            char *exact = fuzz_exact(text + from, have);
            size_t used = step(session, exact, have);
            free(exact);
            if (used == FUZZ_CLOSED)
                return;
            HOLDS(used <= have);
            if (used == 0)
                break;
            from += used;
            have -= used;
        }
    }
}
#endif
