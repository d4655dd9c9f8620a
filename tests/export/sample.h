#ifndef TESTS_EXPORT_SAMPLE_H
#define TESTS_EXPORT_SAMPLE_H
/* sample - a small opening and hand-made records, for tests of what reads the trace. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/core/trace.h"

#define SAMPLE_EPOCH 1767603600 /* 2026-01-05 09:00:00 UTC */

static const struct trace_iface sample_alice_iface[] = {
    { .link = 1,
      .mac = { 2, 0, 0, 0, 0, 1 },
      .ip4 = { 192, 0, 2, 10 },
      .ip4_prefix = 24,
      .ip6 = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 0x10 },
      .ip6_prefix = 64 },
};
static const struct trace_iface sample_mx_iface[] = {
    { .link = 2, .mac = { 2, 0, 0, 0, 0, 2 }, .ip4 = { 198, 51, 100, 25 }, .ip4_prefix = 24 },
};
static const struct trace_host sample_hosts[] = {
    { "alice", "alice's laptop", "", "client", sample_alice_iface, 1 },
    { "mx", "mail server of example.org", "mx.example.org", "mta", sample_mx_iface, 1 },
};
static const struct trace_link sample_links[] = {
    { "lan", "home network", 100000000, 1000000 },
    { "net", "internet", 1000000000, 20000000 },
};
static const struct trace_opening sample_opening = {
    .scenario = "first-message",
    .title = "First message",
    .version = "0.1",
    .seed = 7,
    .epoch_s = SAMPLE_EPOCH,
    .hosts = sample_hosts,
    .nhosts = 2,
    .links = sample_links,
    .nlinks = 2,
};

static inline struct trace_record sample_record(enum trace_kind kind, uint64_t t_ms)
{
    return (struct trace_record){ .kind = kind, .t_ns = t_ms * 1000000, .host = 1 };
}

static inline struct trace_record sample_text(enum trace_kind kind, enum trace_proto proto, char dir,
                                              const char *text, uint64_t t_ms)
{
    struct trace_record r = sample_record(kind, t_ms);
    r.proto = proto;
    r.dir = dir;
    r.conn = 3;
    r.host = dir == 'S' ? 2 : 1;
    r.peer = dir == 'S' ? 1 : 2;
    r.text = text;
    r.text_len = strlen(text);
    return r;
}

/* The file's octets and a NUL; the caller frees. */
static inline char *sample_slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *all = NULL;
    size_t n = 0, got;
    ck_assert_msg(f != NULL, "cannot open %s", path);
    do {
        all = realloc(all, n + 4096 + 1);
        ck_assert_ptr_nonnull(all);
        got = fread(all + n, 1, 4096, f);
        n += got;
    } while (got > 0);
    fclose(f);
    all[n] = '\0';
    if (len)
        *len = n;
    return all;
}

/* A new folder of this test's own; the caller removes what it puts there. */
static inline const char *sample_dir(char buf[64])
{
    strcpy(buf, "/tmp/mailwalk-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(buf));
    return buf;
}
#endif
