/* The trace: numbers, causes, levels, names, and the hash that compares runs. */
#include <string.h>

#include "sim/core/trace.h"
#include "tests/check_main.h"

struct counted { /* a sink that counts */
    unsigned records, opened, closed;
    uint64_t last_seq, last_cause, closed_at;
    unsigned levels_seen;
};

static void on_open(void *ctx, const struct trace_opening *o)
{
    ck_assert_str_eq(o->scenario, "test");
    ((struct counted *)ctx)->opened++;
}

static void on_record(void *ctx, const struct trace_record *r)
{
    struct counted *c = ctx;
    c->records++;
    c->last_seq = r->seq;
    c->last_cause = r->cause;
    c->levels_seen |= TRACE_BIT(trace_kind_level(r->kind));
}

static void on_close(void *ctx, uint64_t t_ns)
{
    struct counted *c = ctx;
    c->closed++;
    c->closed_at = t_ns;
}

static struct trace_sink sink(struct counted *c, unsigned levels)
{
    memset(c, 0, sizeof *c);
    return (struct trace_sink){
        .levels = levels, .ctx = c, .open = on_open, .record = on_record, .close = on_close
    };
}

static uint64_t emit(struct trace *t, enum trace_kind kind)
{
    struct trace_record r = { .kind = kind };
    return trace_emit(t, &r);
}

START_TEST(records_are_numbered_from_one_whoever_reads)
{
    struct trace t;
    struct counted c;
    trace_init(&t);
    trace_add(&t, &(struct trace_sink){ sink(&c, TRACE_BIT(TRACE_PHASE)).levels, &c, NULL, on_record, NULL });
    ck_assert_uint_eq(emit(&t, TRACE_KIND_QUEUE), 1);
    ck_assert_uint_eq(trace_skip(&t), 2);
    ck_assert_uint_eq(emit(&t, TRACE_KIND_PHASE), 3);
    ck_assert_uint_eq(c.records, 1);
    ck_assert_uint_eq(c.last_seq, 3);
}
END_TEST

START_TEST(a_record_without_a_cause_gets_the_current_one)
{
    struct trace t;
    struct counted c;
    struct trace_record own = { .kind = TRACE_KIND_PHASE, .cause = 1 };
    struct trace_sink s = sink(&c, TRACE_ALL);
    trace_init(&t);
    trace_add(&t, &s);
    emit(&t, TRACE_KIND_PHASE);
    ck_assert_uint_eq(c.last_cause, 0);
    t.cause = emit(&t, TRACE_KIND_PHASE);
    emit(&t, TRACE_KIND_PHASE);
    ck_assert_uint_eq(c.last_cause, 2);
    trace_emit(&t, &own);
    ck_assert_uint_eq(c.last_cause, 1);
    ck_assert_uint_eq(own.seq, 4);
}
END_TEST

START_TEST(a_sink_gets_the_levels_that_it_wants)
{
    for (unsigned levels = 0; levels <= TRACE_ALL; levels++) {
        struct trace t;
        struct counted c;
        struct trace_sink s = sink(&c, levels);
        unsigned wanted = 0;
        trace_init(&t);
        trace_add(&t, &s);
        for (int k = 0; k < TRACE_KIND_COUNT; k++) {
            emit(&t, (enum trace_kind)k);
            wanted += (levels & TRACE_BIT(trace_kind_level((enum trace_kind)k))) != 0;
        }
        ck_assert_uint_eq(c.records, wanted);
        ck_assert_uint_eq(c.levels_seen, levels);
        for (int l = 0; l < TRACE_LEVELS; l++)
            ck_assert(trace_wants(&t, (enum trace_level)l) == ((levels & TRACE_BIT(l)) != 0));
    }
}
END_TEST

START_TEST(a_tap_gets_each_frame_once_and_makes_nobody_describe_packets)
{
    struct trace t;
    struct counted tap;
    trace_init(&t);
    trace_add(&t, &(struct trace_sink){ sink(&tap, TRACE_TAP).levels, &tap, NULL, on_record, NULL });
    ck_assert(t.tapped);
    for (int level = 0; level < TRACE_LEVELS; level++)
        ck_assert(!trace_wants(&t, (enum trace_level)level));
    emit(&t, TRACE_KIND_SENT);
    emit(&t, TRACE_KIND_FORWARDED);
    emit(&t, TRACE_KIND_DELIVERED);
    emit(&t, TRACE_KIND_DROPPED);
    emit(&t, TRACE_KIND_REPLY);
    ck_assert_uint_eq(tap.records, 1);
    ck_assert_uint_eq(tap.last_seq, 1);
}
END_TEST

START_TEST(every_sink_gets_opening_records_and_end)
{
    struct trace t;
    struct counted a, b;
    struct trace_sink sa = sink(&a, TRACE_BIT(TRACE_LINE)), sb = sink(&b, TRACE_BIT(TRACE_STATE)), mute;
    struct trace_opening o = { .scenario = "test" };
    mute = sa;
    mute.open = NULL;
    mute.close = NULL;
    mute.levels = 0;
    trace_init(&t);
    trace_add(&t, &sa);
    trace_add(&t, &sb);
    trace_add(&t, &mute);
    ck_assert_uint_eq(t.levels, TRACE_BIT(TRACE_LINE) | TRACE_BIT(TRACE_STATE));
    trace_open(&t, &o);
    emit(&t, TRACE_KIND_REPLY);
    emit(&t, TRACE_KIND_CACHE);
    emit(&t, TRACE_KIND_COMMAND);
    trace_close(&t, 77);
    ck_assert_uint_eq(a.opened, 1);
    ck_assert_uint_eq(b.opened, 1);
    ck_assert_uint_eq(a.records, 2);
    ck_assert_uint_eq(b.records, 1);
    ck_assert_uint_eq(a.closed_at, 77);
    ck_assert_uint_eq(b.closed, 1);
}
END_TEST

START_TEST(attributes_are_found_by_key)
{
    struct trace_record r = { .kind = TRACE_KIND_QUEUE };
    trace_attr_str(&r, "event", "sent");
    trace_attr_num(&r, "size", -5);
    trace_attr_str(&r, "to", NULL);
    ck_assert_uint_eq(r.nattr, 3);
    ck_assert_str_eq(trace_attr_get(&r, "event"), "sent");
    ck_assert_str_eq(trace_attr_get(&r, "to"), "");
    ck_assert_ptr_null(trace_attr_get(&r, "size")); /* a number: no string */
    ck_assert_int_eq(r.attr[1].number, -5);
    ck_assert_ptr_null(trace_attr_get(&r, "from"));
}
END_TEST

START_TEST(every_kind_level_and_protocol_has_a_name_of_its_own)
{
    for (int i = 0; i < TRACE_KIND_COUNT; i++) {
        const char *name = trace_kind_name((enum trace_kind)i);
        ck_assert_ptr_nonnull(name);
        ck_assert_uint_gt(strlen(name), 0);
        ck_assert_uint_lt(trace_kind_level((enum trace_kind)i), TRACE_LEVELS);
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(name, trace_kind_name((enum trace_kind)k));
    }
    for (int i = 0; i < TRACE_PROTO_COUNT; i++) {
        const char *name = trace_proto_name((enum trace_proto)i);
        ck_assert_ptr_nonnull(name);
        ck_assert(i == TRACE_NONE ? name[0] == '\0' : name[0] != '\0');
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(name, trace_proto_name((enum trace_proto)k));
    }
    ck_assert_str_eq(trace_level_name(TRACE_PHASE), "phase");
    ck_assert_str_eq(trace_level_name(TRACE_LINE), "line");
    ck_assert_str_eq(trace_level_name(TRACE_PACKET), "packet");
    ck_assert_str_eq(trace_level_name(TRACE_STATE), "state");
}
END_TEST

/* ---- the hash ------------------------------------------------------------------------------------- */

static const uint8_t frame_octets[] = { 1, 2, 3 };

static struct trace_record full(void)
{
    struct trace_record r = { .t_ns = 5,
                              .kind = TRACE_KIND_SENT,
                              .proto = TRACE_SMTP,
                              .dir = 'C',
                              .host = 1,
                              .peer = 2,
                              .link = 3,
                              .conn = 4,
                              .code = 250,
                              .status = "2.0.0",
                              .frame = 6,
                              .text = "abc",
                              .text_len = 3,
                              .bytes = frame_octets,
                              .nbytes = 3,
                              .title = "t",
                              .lesson = "l",
                              .section = "s" };
    trace_attr_str(&r, "event", "sent");
    trace_attr_num(&r, "size", 10);
    return r;
}

static uint64_t hash_of(const struct trace_record *r, unsigned times)
{
    struct trace t;
    struct trace_hash h;
    struct trace_sink s = trace_hash_sink(&h);
    trace_init(&t);
    trace_add(&t, &s);
    while (times-- > 0) {
        struct trace_record copy = *r;
        trace_emit(&t, &copy);
    }
    return h.value;
}

START_TEST(the_same_records_have_the_same_hash)
{
    struct trace_record a = full(), b = full();
    char text[] = "abc", value[] = "sent";
    b.text = text; /* other addresses, the same octets */
    b.attr[0].value = value;
    ck_assert_uint_eq(hash_of(&a, 3), hash_of(&b, 3));
    ck_assert_uint_ne(hash_of(&a, 3), hash_of(&a, 2));
}
END_TEST

START_TEST(any_field_that_differs_changes_the_hash)
{
    struct trace_record r[] = { full(), full(), full(), full(), full(), full(), full(),
                                full(), full(), full(), full(), full(), full(), full(),
                                full(), full(), full(), full(), full(), full(), full() };
    static const uint8_t other[] = { 1, 2, 4 };
    const size_t n = sizeof r / sizeof r[0];
    r[1].t_ns++;
    r[2].kind = TRACE_KIND_FORWARDED;
    r[3].proto = TRACE_POP3;
    r[4].dir = 'S';
    r[5].host++;
    r[6].peer++;
    r[7].link++;
    r[8].conn++;
    r[9].code++;
    r[10].status[4] = '1';
    r[11].frame++;
    r[12].text = "abd";
    r[13].text_len = 2;
    r[14].bytes = other;
    r[15].nbytes = 2;
    r[16].title = "u";
    r[17].attr[0].value = "lost";
    r[18].attr[1].number++;
    r[19].attr[0].key = "what";
    r[20].masked = true;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(hash_of(&r[i], 1) != hash_of(&r[k], 1), "%zu and %zu", i, k);
}
END_TEST

START_TEST(the_hash_looks_at_seed_and_cause_too)
{
    uint64_t value[3];
    for (int i = 0; i < 3; i++) {
        struct trace t;
        struct trace_hash h;
        struct trace_sink s = trace_hash_sink(&h);
        struct trace_opening o = { .scenario = "test", .seed = i == 1 ? 2 : 1 };
        struct trace_record r = full();
        trace_init(&t);
        trace_add(&t, &s);
        trace_open(&t, &o);
        trace_skip(&t);
        r.cause = i == 2 ? 1 : 0;
        trace_emit(&t, &r);
        value[i] = h.value;
        ck_assert_uint_eq(h.records, 1);
    }
    ck_assert_uint_ne(value[0], value[1]);
    ck_assert_uint_ne(value[0], value[2]);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("core trace");
    TCase *t = tcase_create("trace");
    tcase_add_test(t, records_are_numbered_from_one_whoever_reads);
    tcase_add_test(t, a_record_without_a_cause_gets_the_current_one);
    tcase_add_test(t, a_sink_gets_the_levels_that_it_wants);
    tcase_add_test(t, a_tap_gets_each_frame_once_and_makes_nobody_describe_packets);
    tcase_add_test(t, every_sink_gets_opening_records_and_end);
    tcase_add_test(t, attributes_are_found_by_key);
    tcase_add_test(t, every_kind_level_and_protocol_has_a_name_of_its_own);
    tcase_add_test(t, the_same_records_have_the_same_hash);
    tcase_add_test(t, any_field_that_differs_changes_the_hash);
    tcase_add_test(t, the_hash_looks_at_seed_and_cause_too);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
