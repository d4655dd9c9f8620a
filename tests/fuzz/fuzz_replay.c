/*
 * A file that claims to be a recorded session.
 *
 * Input: the file. What can be read is written, and read again.
 */
#include <unistd.h>

#include "sim/gateway/record.h"
#include "tests/fuzz/fuzz.h"

static bool same(const struct record_input *a, const struct record_input *b)
{
    bool connects = a->kind == RECORD_CONNECT || a->kind == RECORD_ASK;
    if (a->kind != b->kind || a->t_ns != b->t_ns || (a->kind != RECORD_END && a->id != b->id))
        return false;
    if (connects &&
        (a->door != b->door || a->port != b->port || memcmp(a->to.b, b->to.b, sizeof a->to.b) != 0))
        return false;
    if ((a->kind == RECORD_CREDIT || a->kind == RECORD_EXIT_CREDIT) && a->n != b->n)
        return false;
    if (record_has_data(a->kind))
        return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
    return a->kind != RECORD_END || (a->hash == b->hash && a->records == b->records);
}

/* Reads a file to its end; writes what it holds to `copy`, or compares it with what the reader `other` holds.
 */
static bool read_all(struct record_reader *r, struct record_header *h, FILE *copy,
                     struct record_reader *other)
{
    struct record_input in, there;
    uint64_t t_ns = 0;
    int got;
    HOLDS(h->scenario && h->link && h->doors >= 1 && h->doors <= 1000 && h->nsets <= RECORD_SETS_MAX);
    if (copy)
        record_header(copy, h, "0");
    while ((got = record_read(r, &in)) == 1) {
        HOLDS(in.kind < RECORD_KIND_COUNT && in.t_ns >= t_ns && in.len <= RECORD_CHUNK_MAX);
        t_ns = in.t_ns;
        if (copy)
            record_input(copy, &in);
        if (other)
            HOLDS(record_read(other, &there) == 1 && same(&in, &there));
    }
    HOLDS(got == 0 || r->error[0] != '\0');
    return got == 0;
}

static const char *path_of(FILE *f, char path[40])
{
    HOLDS(fflush(f) == 0);
    snprintf(path, 40, "/proc/self/fd/%d", fileno(f));
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *given, *copy;
    char path[40], copy_path[40];
    struct record_reader r, again;
    struct record_header h, h2;
    bool right = false;
    if (!given) {
        given = tmpfile();
        copy = tmpfile();
        HOLDS(given && copy);
    }
    rewind(given);
    HOLDS(ftruncate(fileno(given), 0) == 0 && fwrite(data, 1, size, given) == size);
    HOLDS(record_open(&r, path_of(given, path)));
    if (record_read_header(&r, &h)) {
        bool whole = record_check(&r);
        rewind(copy);
        HOLDS(ftruncate(fileno(copy), 0) == 0);
        HOLDS(whole || r.error[0] != '\0');
        right = whole && read_all(&r, &h, copy, NULL);
        HOLDS(right == whole); /* the first look finds what there is to find */
    } else {
        HOLDS(r.error[0] != '\0');
    }
    record_header_free(&h);
    record_close(&r);
    if (right) {
        HOLDS(record_open(&r, path) && record_open(&again, path_of(copy, copy_path)));
        HOLDS(record_read_header(&r, &h) && record_read_header(&again, &h2));
        HOLDS(strcmp(h.scenario, h2.scenario) == 0 && strcmp(h.link, h2.link) == 0 && h.nsets == h2.nsets);
        HOLDS(h.doors == h2.doors && h.actions == h2.actions && h.text_hash == h2.text_hash);
        HOLDS(record_check(&r) && record_check(&again));
        HOLDS(read_all(&again, &h2, NULL, &r));
        record_header_free(&h);
        record_header_free(&h2);
        record_close(&r);
        record_close(&again);
    }
    return 0;
}
