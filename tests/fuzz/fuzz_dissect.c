/*
 * A frame of strangers, taken apart: no field lies outside, and the same octets give the same fields.
 *
 * Input: the frame, from its Ethernet header on.
 */
#include "tests/fuzz/fuzz.h"
#include "ui/tape/dissect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dissect d, again;
    char *exact = fuzz_exact(data, size);
    dissect_frame(&d, (const uint8_t *)exact, size);
    dissect_frame(&again, (const uint8_t *)exact, size);
    HOLDS(d.n == again.n && d.n <= DISSECT_NODES_MAX && d.text_len <= DISSECT_TEXT_MAX);
    for (size_t i = 0; i < d.n; i++) {
        const struct dissect_node *n = &d.node[i];
        HOLDS(n->from <= size && n->octets <= size - n->from && n->name);
        HOLDS(strcmp(n->value, again.node[i].value) == 0 && n->depth <= 4);
        for (const char *at = n->value; *at; at++)
            HOLDS((uint8_t)*at >= ' ' && *at != 127);
    }
    for (size_t at = 0; at < size; at++)
        HOLDS(dissect_at(&d, at) < (int)d.n);
    for (const char *at = d.summary; *at; at++)
        HOLDS((uint8_t)*at >= ' ' && *at != 127);
    free(exact);
    return 0;
}
