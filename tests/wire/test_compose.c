/* Composed messages, read back with our own readers. */
#include "protocols/wire/compose.h"
#include "protocols/wire/address.h"
#include "protocols/wire/message.h"
#include "protocols/wire/mime.h"
#include "protocols/wire/rfc2047.h"
#include "protocols/wire/utf8.h"
#include "tests/wire/wire_test.h"
#include "tests/check_main.h"

static char out[65536];
static size_t len;
static struct wire_mime_part part[16];

static struct wire_compose simple(void)
{
    return (struct wire_compose){ .from = WIRE_SLICE("Alice <alice@example.com>"),
                                  .to = WIRE_SLICE("bob@example.org"),
                                  .subject = WIRE_SLICE("Hello"),
                                  .message_id = WIRE_SLICE("<1.2@example.com>"),
                                  .date_s = 1704067200,
                                  .text = WIRE_SLICE("Dear Bob,\nhello.\n"),
                                  .boundary_seed = 7 };
}

static void write_it(const struct wire_compose *m)
{
    len = wire_compose(NULL, 0, m);
    ck_assert_uint_ne(len, WIRE_COMPOSE_REFUSED);
    ck_assert_uint_lt(len, sizeof out);
    memset(out, '#', sizeof out - 1);
    ck_assert_uint_eq(wire_compose(out, len, m), len);
    ck_assert_int_eq(out[len], '#');
    for (size_t i = 0, line = 0; i < len; i++) {
        ck_assert_msg(out[i] != '\n' || out[i - 1] == '\r', "bare LF at %zu", i);
        ck_assert_msg(out[i] != '\r' || out[i + 1] == '\n', "bare CR at %zu", i);
        line = out[i] == '\n' ? 0 : line + 1;
        ck_assert_uint_le(line, WIRE_MESSAGE_LINE_MAX + 1);
    }
}

START_TEST(a_plain_message_is_written_to_the_octet)
{
    struct wire_compose m = simple();
    write_it(&m);
    ck_slice(wire_slice(out, len), "From: Alice <alice@example.com>\r\n"
                                   "To: bob@example.org\r\n"
                                   "Subject: Hello\r\n"
                                   "Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
                                   "Message-ID: <1.2@example.com>\r\n"
                                   "MIME-Version: 1.0\r\n"
                                   "Content-Type: text/plain; charset=utf-8\r\n"
                                   "Content-Transfer-Encoding: 7bit\r\n"
                                   "\r\n"
                                   "Dear Bob,\r\nhello.\r\n");
}
END_TEST

START_TEST(a_short_buffer_is_never_overrun)
{
    struct wire_compose m = simple();
    struct wire_attachment a = { .name = WIRE_SLICE("\xc3\xa9.bin"), .bytes = "abc", .len = 3 };
    m.subject = WIRE_SLICE("Gr\xc3\xbc\xc3\x9f"
                           "e");
    m.encoding = WIRE_COMPOSE_QP;
    m.attachments = &a, m.attachment_count = 1;
    write_it(&m);
    for (size_t cap = 0; cap < len; cap++) {
        char *exact = malloc(cap + 1);
        exact[cap] = '#';
        ck_assert_uint_eq(wire_compose(exact, cap, &m), len);
        ck_assert_mem_eq(exact, out, cap);
        ck_assert_int_eq(exact[cap], '#');
        free(exact);
    }
}
END_TEST

static void refused(const struct wire_compose *m, enum wire_compose_error why)
{
    ck_assert_int_eq(wire_compose_check(m), why);
    ck_assert_uint_eq(wire_compose(NULL, 0, m), WIRE_COMPOSE_REFUSED);
}

START_TEST(line_breaks_in_fields_are_refused)
{
    struct wire_extra_field extra = { WIRE_SLICE("X-A"), WIRE_SLICE("b\r\nBcc: x@y.example") };
    struct wire_attachment a = { .name = WIRE_SLICE("a\r\nX: y"), .bytes = "", .len = 0 };
    struct wire_compose m = simple();
    m.subject = WIRE_SLICE("Hi\r\nBcc: everyone@example.com");
    refused(&m, WIRE_COMPOSE_INJECTION);
    m.subject = WIRE_SLICE("Hi\nthere");
    refused(&m, WIRE_COMPOSE_INJECTION);
    m = simple();
    m.from = WIRE_SLICE("a@b.example\r\nX: y");
    refused(&m, WIRE_COMPOSE_INJECTION);
    m = simple();
    m.to = WIRE_SLICE("\"a\rb\" <a@b.example>");
    refused(&m, WIRE_COMPOSE_INJECTION);
    m = simple();
    m.extra = &extra, m.extra_count = 1;
    refused(&m, WIRE_COMPOSE_INJECTION);
    m = simple();
    m.attachments = &a, m.attachment_count = 1;
    refused(&m, WIRE_COMPOSE_INJECTION);
    m = simple();
    m.message_id = WIRE_SLICE("<a@b>\r\nX: y");
    refused(&m, WIRE_COMPOSE_BAD_NAME);
    m.message_id = WIRE_SLICE("a@b");
    refused(&m, WIRE_COMPOSE_BAD_NAME);
}
END_TEST

START_TEST(what_cannot_be_written_is_refused)
{
    static char word[2000];
    struct wire_extra_field extra = { WIRE_SLICE("Content-Type"), WIRE_SLICE("text/html") };
    struct wire_attachment many[WIRE_ATTACHMENTS_MAX + 1] = { 0 };
    struct wire_compose m = simple();
    memset(word, 'w', sizeof word);
    m.from = WIRE_SLICE("");
    refused(&m, WIRE_COMPOSE_BAD_ADDRESS);
    m.from = WIRE_SLICE("alice");
    refused(&m, WIRE_COMPOSE_BAD_ADDRESS);
    m.from = WIRE_SLICE("alice@b\xc3\xbc"
                        "cher.example");
    refused(&m, WIRE_COMPOSE_BAD_ADDRESS);
    m.from = WIRE_SLICE("Group: a@b.example;");
    refused(&m, WIRE_COMPOSE_BAD_ADDRESS);
    m = simple();
    m.text = WIRE_SLICE("\xff");
    refused(&m, WIRE_COMPOSE_BAD_TEXT);
    m.text = WIRE_SLICE("\xc3\xa9");
    m.encoding = WIRE_COMPOSE_7BIT;
    refused(&m, WIRE_COMPOSE_BAD_TEXT);
    m.text = wire_slice(word, 999);
    refused(&m, WIRE_COMPOSE_BAD_TEXT);
    m = simple();
    m.subject = wire_slice(word, sizeof word);
    refused(&m, WIRE_COMPOSE_BAD_TEXT);
    m = simple();
    m.extra = &extra, m.extra_count = 1;
    refused(&m, WIRE_COMPOSE_BAD_NAME);
    m = simple();
    m.attachments = many, m.attachment_count = WIRE_ATTACHMENTS_MAX + 1;
    refused(&m, WIRE_COMPOSE_TOO_MANY);
    many[0].type = WIRE_SLICE("text");
    m.attachment_count = 1;
    refused(&m, WIRE_COMPOSE_BAD_NAME);
    many[0].type = WIRE_SLICE("text/plain\"; x");
    refused(&m, WIRE_COMPOSE_BAD_NAME);
}
END_TEST

START_TEST(addresses_are_quoted_and_encoded_as_needed)
{
    struct wire_compose m = simple();
    struct wire_address_list it;
    struct wire_address a;
    char text[256], decoded[256];
    m.to = WIRE_SLICE(
        "\"Giant; \\\"Big\\\" Box\" <sys@example.net>, Gr\xc3\xbc\xc3\x9f"
        "e <g@example.org>, "
        "\"odd local\"@example.org, Team: t@x.example, u@x.example;, John Q. Public <j@x.example>");
    write_it(&m);
    ck_assert(wire_is_ascii(out, len));
    wire_address_list_begin(&it, wire_field_body(out, len, "To"));
    ck_assert(wire_address_list_next(&it, &a));
    ck_slice(wire_slice(text, wire_address_text(text, sizeof text, a.name, false)), "Giant; \"Big\" Box");
    ck_assert(wire_address_list_next(&it, &a));
    ck_slice(wire_slice(decoded, wire_rfc2047_decode(decoded, sizeof decoded, a.name)), "Gr\xc3\xbc\xc3\x9f"
                                                                                        "e");
    ck_assert(wire_address_list_next(&it, &a));
    ck_slice(a.local, "\"odd local\"");
    ck_assert(wire_address_list_next(&it, &a));
    ck_assert_int_eq(a.kind, WIRE_ADDRESS_GROUP_BEGIN);
    ck_assert(wire_address_list_next(&it, &a) && wire_address_list_next(&it, &a));
    ck_slice(a.local, "u");
    ck_assert(wire_address_list_next(&it, &a));
    ck_assert_int_eq(a.kind, WIRE_ADDRESS_GROUP_END);
    ck_assert(wire_address_list_next(&it, &a));
    ck_slice(a.name, "\"John Q. Public\"");
    ck_assert(!wire_address_list_next(&it, &a));
    m.utf8_headers = true;
    write_it(&m);
    ck_assert_ptr_nonnull(strstr(out, "Gr\xc3\xbc\xc3\x9f"
                                      "e <g@example.org>"));
}
END_TEST

START_TEST(long_subjects_fold_and_come_back)
{
    static const char *const subjects[] = {
        "a subject that is long enough to be folded at one of its spaces, and which goes on until a third "
        "line is due "
        "because nobody stopped typing when they should have",
        "Gr\xc3\xbc\xc3\x9f"
        "e aus K\xc3\xb6ln und M\xc3\xbcnchen und noch viel mehr St\xc3\xa4"
        "dten, deren Namen Umlaute haben",
    };
    for (size_t i = 0; i < 2; i++) {
        struct wire_compose m = simple();
        char unfolded[512], text[512];
        struct wire_slice f;
        m.subject = wire_slice_str(subjects[i]);
        write_it(&m);
        f = wire_field_body(out, len, "Subject");
        ck_assert_ptr_nonnull(memchr(f.at, '\n', f.len));
        f = wire_slice(unfolded, wire_field_unfold(unfolded, sizeof unfolded, f));
        ck_slice(wire_slice(text, wire_rfc2047_decode(text, sizeof text, f)), subjects[i]);
    }
}
END_TEST

START_TEST(the_encoding_follows_the_text)
{
    struct wire_compose m = simple();
    m.text = WIRE_SLICE("Gr\xc3\xbc\xc3\x9f"
                        "e");
    write_it(&m);
    ck_slice(wire_field_body(out, len, "Content-Transfer-Encoding"), "quoted-printable");
    ck_assert_ptr_nonnull(strstr(out, "\r\n\r\nGr=C3=BC=C3=9Fe\r\n"));
    m.encoding = WIRE_COMPOSE_8BIT;
    write_it(&m);
    ck_slice(wire_field_body(out, len, "Content-Transfer-Encoding"), "8bit");
    m.encoding = WIRE_COMPOSE_BASE64;
    write_it(&m);
    ck_slice(wire_field_body(out, len, "Content-Transfer-Encoding"), "base64");
    m.encoding = WIRE_COMPOSE_AUTO;
    m.text = WIRE_SLICE("lone \r and a NUL \0 in it");
    write_it(&m);
    ck_assert_ptr_nonnull(strstr(out, "lone =0D and a NUL =00 in it"));
}
END_TEST

struct sink {
    char at[4096];
    size_t len;
};

static bool take(void *ctx, const char *bytes, size_t n)
{
    struct sink *s = ctx;
    ck_assert_uint_le(s->len + n, sizeof s->at);
    memcpy(s->at + s->len, bytes, n);
    s->len += n;
    return true;
}

START_TEST(attachments_come_back_octet_by_octet)
{
    unsigned char bytes[300];
    struct sink s = { .len = 0 };
    struct wire_attachment a[3] = {
        { .name = WIRE_SLICE("a \"b\".png"),
          .type = WIRE_SLICE("image/png"),
          .bytes = bytes,
          .len = sizeof bytes },
        { .name = WIRE_SLICE("Gr\xc3\xbc\xc3\x9f"
                             "e aus einem sehr langen Dateinamen der nicht auf eine Zeile passt, "
                             "wirklich nicht.pdf"),
          .bytes = "",
          .len = 0 },
        { .name = WIRE_SLICE("inner.eml"),
          .type = WIRE_SLICE("message/rfc822"),
          .bytes = "Subject: x\r\n\r\nhi\r\n",
          .len = 18 },
    };
    struct wire_compose m = simple();
    char text[256];
    size_t n, parts;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(255 - i % 256);
    m.attachments = a, m.attachment_count = 3;
    write_it(&m);
    parts = wire_mime_parse(out, len, part, 16);
    ck_assert_uint_eq(parts, 6);
    ck_assert(part[0].closed);
    ck_slice(wire_slice(out + part[1].body_at, part[1].body_end - part[1].body_at),
             "Dear Bob,\r\nhello.\r\n");
    ck_assert(wire_mime_decode(out, &part[2], take, &s));
    ck_assert_uint_eq(s.len, sizeof bytes);
    ck_assert_mem_eq(s.at, bytes, s.len);
    ck_assert(wire_mime_param_find(part[2].disposition_params, "filename", text, sizeof text, &n));
    ck_slice(wire_slice(text, n), "a \"b\".png");
    ck_assert(wire_mime_param_find(part[3].disposition_params, "filename", text, sizeof text, &n));
    ck_assert(wire_equal(text, n, a[1].name.at, a[1].name.len));
    ck_slice(part[3].subtype, "octet-stream");
    ck_assert_int_eq(part[4].kind, WIRE_MIME_MESSAGE);
    ck_slice(wire_field_body(out + part[5].header_at, part[5].body_at - part[5].header_at, "Subject"), "x");
}
END_TEST

START_TEST(a_boundary_is_never_in_the_content)
{
    static char text[2000];
    char boundary[WIRE_BOUNDARY_LEN];
    struct wire_attachment a = { .name = WIRE_SLICE("x"), .bytes = "y", .len = 1 };
    struct wire_compose m = simple();
    size_t n = 0;
    /* A text that holds the boundaries of the first three seeds. */
    for (uint64_t seed = 7; seed < 10; seed++) {
        wire_boundary_write(boundary, seed);
        n += (size_t)snprintf(text + n, sizeof text - n, "--%.*s--\n", WIRE_BOUNDARY_LEN, boundary);
    }
    m.text = wire_slice(text, n);
    m.attachments = &a, m.attachment_count = 1;
    write_it(&m);
    ck_assert_uint_eq(wire_mime_parse(out, len, part, 16), 3);
    wire_boundary_write(boundary, 10);
    ck_assert_ptr_nonnull(strstr(out, "boundary=\""));
    ck_assert_mem_eq(strstr(out, "boundary=\"") + 10, boundary, WIRE_BOUNDARY_LEN);
    /* One that holds all that are tried is encoded instead. */
    n = 0;
    for (uint64_t seed = 7; seed < 7 + 32; seed++) {
        wire_boundary_write(boundary, seed);
        n += (size_t)snprintf(text + n, sizeof text - n, "--%.*s\n", WIRE_BOUNDARY_LEN, boundary);
    }
    m.text = wire_slice(text, n);
    write_it(&m);
    ck_assert_uint_eq(wire_mime_parse(out, len, part, 16), 3);
    ck_assert_int_eq(part[1].encoding, WIRE_MIME_QP);
    /* An attached message is not encoded, so such a one is refused. */
    m.text = WIRE_SLICE("x");
    for (size_t i = 0; i < n; i++)
        text[i] = text[i] == '\n' ? ' ' : text[i];
    a.type = WIRE_SLICE("message/rfc822");
    a.bytes = text, a.len = 900;
    ck_assert_uint_eq(wire_compose(NULL, 0, &m), WIRE_COMPOSE_REFUSED);
}
END_TEST

START_TEST(boundaries_of_neighbouring_seeds_differ)
{
    char a[WIRE_BOUNDARY_LEN], b[WIRE_BOUNDARY_LEN];
    for (uint64_t seed = 0; seed < 200; seed++) {
        wire_boundary_write(a, seed);
        wire_boundary_write(b, seed + 1);
        ck_assert_mem_ne(a, b, sizeof a);
    }
}
END_TEST

static void try_compose(const char *at, size_t n)
{
    struct wire_compose m = simple();
    size_t size;
    m.to = m.subject = m.text = wire_slice(at, n);
    m.utf8_headers = n % 2;
    size = wire_compose(NULL, 0, &m);
    if (size == WIRE_COMPOSE_REFUSED)
        m.to.len = 0, size = wire_compose(NULL, 0, &m);
    if (size != WIRE_COMPOSE_REFUSED) {
        char *exact = malloc(size);
        ck_assert_uint_eq(wire_compose(exact, size, &m), size);
        ck_assert_uint_eq(wire_mime_parse(exact, size, part, 16), 1);
        free(exact);
    }
}

START_TEST(cut_and_spoilt_inputs_do_no_harm)
{
    const char *text = "\"Giant; \\\"Box\" <sys@example.net>, Gr\xc3\xbc\xc3\x9f"
                       "e (c) <g@[192.0.2.1]>, T: t@x.example;";
    wire_try_cut(text, strlen(text), try_compose);
    wire_try_spoilt(text, strlen(text), 2000, try_compose);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("compose");
    TCase *t = tcase_create("compose");
    tcase_add_test(t, a_plain_message_is_written_to_the_octet);
    tcase_add_test(t, a_short_buffer_is_never_overrun);
    tcase_add_test(t, line_breaks_in_fields_are_refused);
    tcase_add_test(t, what_cannot_be_written_is_refused);
    tcase_add_test(t, addresses_are_quoted_and_encoded_as_needed);
    tcase_add_test(t, long_subjects_fold_and_come_back);
    tcase_add_test(t, the_encoding_follows_the_text);
    tcase_add_test(t, attachments_come_back_octet_by_octet);
    tcase_add_test(t, a_boundary_is_never_in_the_content);
    tcase_add_test(t, boundaries_of_neighbouring_seeds_differ);
    tcase_add_test(t, cut_and_spoilt_inputs_do_no_harm);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
