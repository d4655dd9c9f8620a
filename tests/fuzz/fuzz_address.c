/*
 * Addresses: paths of SMTP, mailboxes, and the lists of a message's fields.
 *
 * Input: octet 0: bit 0 letters outside ASCII are allowed; the rest is the address.
 */
#include "protocols/wire/address.h"
#include "tests/fuzz/fuzz.h"

static bool inside(struct wire_slice s, const char *text, size_t len)
{
    return s.len == 0 || (s.at >= text && s.at + s.len <= text + len);
}

static void check_mailbox(const struct wire_mailbox *m, const char *text, size_t len, bool utf8)
{
    char local[WIRE_LOCAL_PART_MAX];
    struct wire_mailbox again;
    char *whole;
    size_t n;
    HOLDS(inside(m->local, text, len) && inside(m->domain, text, len));
    HOLDS(m->local.len >= 1 && m->local.len <= WIRE_LOCAL_PART_MAX && m->domain.len <= WIRE_DOMAIN_MAX);
    HOLDS(m->literal ? wire_address_literal_valid(m->domain) : wire_domain_valid(m->domain, utf8));
    HOLDS(utf8 || !m->utf8);
    HOLDS(wire_mailbox_local_text(local, m) <= sizeof local);
    HOLDS(wire_mailbox_equal(m, m));
    for (size_t i = 0; i < m->local.len; i++)
        HOLDS(!wire_is_control(m->local.at[i])); /* no line break gets through */
    /* What was read is a mailbox again. */
    n = m->local.len + 1 + m->domain.len;
    whole = malloc(n);
    HOLDS(whole);
    memcpy(whole, m->local.at, m->local.len);
    whole[m->local.len] = '@';
    memcpy(whole + m->local.len + 1, m->domain.at, m->domain.len);
    HOLDS(wire_mailbox_parse(wire_slice(whole, n), utf8, &again) == WIRE_ADDRESS_OK);
    HOLDS(wire_mailbox_equal(m, &again));
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    bool utf8 = fuzz_u8(&in) & 1;
    char *text = fuzz_exact(in.at, in.len);
    struct wire_slice all = wire_slice(text, in.len);
    struct wire_mailbox m;
    struct wire_address_list list;
    struct wire_address a;
    size_t used = 0, seen = 0;
    enum wire_address_verdict v = wire_path_parse(text, in.len, utf8, &m, &used);
    HOLDS(v < WIRE_ADDRESS_VERDICTS && wire_address_verdict_text(v));
    HOLDS(used <= in.len && (v == WIRE_ADDRESS_NO_BRACKETS) == (used == 0));
    if (v == WIRE_ADDRESS_OK) {
        HOLDS(text[0] == '<' && text[used - 1] == '>' && used <= WIRE_PATH_MAX);
        check_mailbox(&m, text, in.len, utf8);
    }
    v = wire_mailbox_parse(all, utf8, &m);
    if (v == WIRE_ADDRESS_OK)
        check_mailbox(&m, text, in.len, utf8);
    (void)wire_ipv4_valid(all);
    (void)wire_ipv6_valid(all);
    wire_address_list_begin(&list, all);
    while (wire_address_list_next(&list, &a)) {
        const struct wire_slice parts[] = { a.name, a.route, a.local, a.domain };
        HOLDS(++seen <= WIRE_ADDRESSES_MAX);
        for (size_t i = 0; i < 4; i++) {
            HOLDS(inside(parts[i], text, in.len));
            for (int dense = 0; dense < 2; dense++) {
                size_t need = wire_address_text(NULL, 0, parts[i], dense), wrote;
                char *out = malloc(need + 1);
                HOLDS(out && need <= parts[i].len + 2);
                wrote = wire_address_text(out, need, parts[i], dense);
                HOLDS(wrote == need);
                free(out);
            }
        }
    }
    free(text);
    return 0;
}
