/* The tree of MIME parts. */
#include "protocols/wire/mime.h"
#include "tests/wire/wire_test.h"
#include "tests/check_main.h"

static struct wire_mime_part part[WIRE_MIME_PARTS_MAX];
static size_t parts;
static const char *message;

static void parse(const char *text)
{
    message = text;
    parts = wire_mime_parse(text, strlen(text), part, WIRE_MIME_PARTS_MAX);
}

static struct wire_slice body(int i)
{
    ck_assert_int_ge(i, 0);
    return wire_slice(message + part[i].body_at, part[i].body_end - part[i].body_at);
}

static int find(const char *section)
{
    return wire_mime_find(part, parts, wire_slice_str(section));
}

START_TEST(a_plain_message_is_one_part_of_text)
{
    parse("From: a@b.example\r\n\r\nHello\r\nthere\r\n");
    ck_assert_uint_eq(parts, 1);
    ck_slice(part[0].type, "text");
    ck_slice(part[0].subtype, "plain");
    ck_slice(body(0), "Hello\r\nthere\r\n");
    ck_assert_uint_eq(part[0].lines, 2);
    ck_assert_int_eq(find(""), 0);
    ck_assert_int_eq(find("1"), 0);
    ck_assert_int_eq(find("2"), WIRE_MIME_NONE);
    ck_assert_int_eq(find("1.1"), WIRE_MIME_NONE);
    parse("X: y\r\n\r\nunfinished");
    ck_assert_uint_eq(part[0].lines, 1);
    parse("X: y\r\n\r\n");
    ck_assert_uint_eq(part[0].lines, 0);
    parse("");
    ck_assert_uint_eq(parts, 1);
    ck_assert_uint_eq(part[0].body_end, 0);
}
END_TEST

/* The example of RFC 2046 section 5.1.1. */
START_TEST(the_simple_multipart_of_rfc_2046_has_two_parts)
{
    parse("From: Nathaniel Borenstein <nsb@bellcore.com>\r\n"
          "MIME-Version: 1.0\r\n"
          "Content-type: multipart/mixed; boundary=\"simple boundary\"\r\n"
          "\r\n"
          "This is the preamble.  It is to be ignored.\r\n"
          "\r\n"
          "--simple boundary\r\n"
          "\r\n"
          "This is implicitly typed plain US-ASCII text.\r\n"
          "It does NOT end with a linebreak.\r\n"
          "--simple boundary\r\n"
          "Content-type: text/plain; charset=us-ascii\r\n"
          "\r\n"
          "This is explicitly typed plain US-ASCII text.\r\n"
          "It DOES end with a linebreak.\r\n"
          "\r\n"
          "--simple boundary--\r\n"
          "\r\n"
          "This is the epilogue.  It is also to be ignored.\r\n");
    ck_assert_uint_eq(parts, 3);
    ck_assert_int_eq(part[0].kind, WIRE_MIME_MULTIPART);
    ck_assert(part[0].closed);
    ck_assert_uint_eq(part[0].children, 2);
    ck_slice(body(find("1")),
             "This is implicitly typed plain US-ASCII text.\r\nIt does NOT end with a linebreak.");
    ck_slice(body(find("2")),
             "This is explicitly typed plain US-ASCII text.\r\nIt DOES end with a linebreak.\r\n");
    ck_assert_uint_eq(part[1].lines, 2);
    ck_assert_uint_eq(part[2].lines, 2);
    ck_assert_int_eq(part[0].first_child, 1);
    ck_assert_int_eq(part[1].next_sibling, 2);
    ck_assert_int_eq(part[2].next_sibling, WIRE_MIME_NONE);
    ck_assert_uint_eq(part[0].body_end, strlen(message));
    ck_assert_int_eq(find("3"), WIRE_MIME_NONE);
    ck_assert_int_eq(find("0"), WIRE_MIME_NONE);
    ck_assert_int_eq(find("1."), WIRE_MIME_NONE);
    ck_assert_int_eq(find("99999999999999999999999"), WIRE_MIME_NONE);
}
END_TEST

/* The tree of RFC 9051 section 6.4.5.1. */
static const char tree[] =
    "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    "--a\r\nContent-Type: text/plain\r\n\r\none\r\n"
    "--a\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n"
    "--a\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\nthree.one\r\n"
    "--b\r\nContent-Type: application/octet-stream\r\n\r\nthree.two\r\n--b--\r\n"
    "--a\r\nContent-Type: multipart/mixed; boundary=ab\r\n\r\n"
    "--ab\r\nContent-Type: image/gif\r\nContent-ID: <gif@x.example>\r\n\r\nfour.one\r\n"
    "--ab\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: four.two\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
    "--c\r\n\r\nfour.two.one\r\n"
    "--c\r\nContent-Type: multipart/alternative; boundary=\"d e\"\r\n\r\n"
    "--d e\r\nContent-Type: text/plain\r\n\r\nfour.two.two.one\r\n"
    "--d e\r\nContent-Type: text/richtext\r\n\r\nfour.two.two.two\r\n--d e--\r\n"
    "--c--\r\n--ab--\r\n--a--\r\n";

START_TEST(sections_are_numbered_as_imap_does)
{
    static const struct {
        const char *section, *type, *content;
    } rows[] = {
        { "1", "text/plain", "one" },
        { "2", "application/octet-stream", "AAEC" },
        { "3", "message/rfc822", NULL },
        { "3.1", "text/plain", "three.one" },
        { "3.2", "application/octet-stream", "three.two" },
        { "4", "multipart/mixed", NULL },
        { "4.1", "image/gif", "four.one" },
        { "4.2", "message/rfc822", NULL },
        { "4.2.1", "text/plain", "four.two.one" },
        { "4.2.2", "multipart/alternative", NULL },
        { "4.2.2.1", "text/plain", "four.two.two.one" },
        { "4.2.2.2", "text/richtext", "four.two.two.two" },
    };
    parse(tree);
    ck_assert_uint_eq(parts, 15);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int k = find(rows[i].section);
        char type[64], section[32];
        ck_assert_msg(k > 0, "section %s", rows[i].section);
        snprintf(type, sizeof type, "%.*s/%.*s", (int)part[k].type.len, part[k].type.at,
                 (int)part[k].subtype.len, part[k].subtype.at);
        ck_assert_str_eq(type, rows[i].type);
        if (rows[i].content)
            ck_slice(body(k), rows[i].content);
        ck_slice(wire_slice(section, wire_mime_section(section, sizeof section, part, parts, k)),
                 rows[i].section);
    }
    ck_slice(part[find("4.1")].id, "<gif@x.example>");
    ck_assert_int_eq(find("5"), WIRE_MIME_NONE);
    ck_assert_int_eq(find("3.3"), WIRE_MIME_NONE);
    ck_assert_int_eq(find("1.1"), WIRE_MIME_NONE);
}
END_TEST

START_TEST(a_message_in_a_message_has_its_body_as_part_one)
{
    parse("Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninside\r\n");
    ck_assert_uint_eq(parts, 2);
    ck_assert_int_eq(part[0].kind, WIRE_MIME_MESSAGE);
    ck_assert_int_eq(find("1"), 0);
    ck_assert_int_eq(find("1.1"), 1);
    ck_assert_int_eq(find("1.1.1"), WIRE_MIME_NONE);
    ck_slice(body(1), "inside\r\n");
    ck_assert_uint_eq(part[0].lines, 3);
    parse("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdA==\r\n");
    ck_assert_uint_eq(parts, 1);
    ck_assert_int_eq(part[0].kind, WIRE_MIME_LEAF);
}
END_TEST

START_TEST(unlabelled_parts_of_a_digest_are_messages)
{
    parse(
        "Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\nSubject: a\r\n\r\nbody a\r\n--x--\r\n");
    ck_assert_uint_eq(parts, 3);
    ck_slice(part[1].type, "message");
    ck_assert_int_eq(part[1].kind, WIRE_MIME_MESSAGE);
    ck_slice(body(2), "body a");
    ck_assert_int_eq(find("1.1"), 2);
}
END_TEST

START_TEST(an_unclosed_multipart_ends_with_the_message)
{
    parse("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nlast words");
    ck_assert_uint_eq(parts, 2);
    ck_assert(!part[0].closed);
    ck_slice(body(1), "last words");
}
END_TEST

START_TEST(an_outer_boundary_ends_inner_parts)
{
    parse("Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\nContent-Type: multipart/mixed; "
          "boundary=in\r\n\r\n"
          "--in\r\n\r\nnever closed\r\n--out\r\nContent-Type: "
          "text/html\r\n--out\r\n\r\nthird\r\n--out--\r\n--in\r\nno part\r\n");
    ck_assert_uint_eq(parts, 5);
    ck_slice(body(find("1.1")), "never closed");
    ck_slice(part[find("2")].subtype, "html");
    ck_assert_uint_eq(body(find("2")).len, 0);
    ck_slice(body(find("3")), "third");
}
END_TEST

START_TEST(a_boundary_that_begins_with_another_is_not_taken_for_it)
{
    parse("Content-Type: multipart/mixed; boundary=abc\r\n\r\n--abc\r\nContent-Type: multipart/mixed; "
          "boundary=ab\r\n\r\n"
          "--ab\r\n\r\ninner\r\n--ab--\r\n--abc\r\n\r\nouter\r\n--abc--\r\n");
    ck_slice(body(find("1.1")), "inner");
    ck_slice(body(find("2")), "outer");
}
END_TEST

START_TEST(a_boundary_is_what_it_is_without_its_fold)
{
    parse("Content-Type: multipart/mixed; boundary=\"two\r\n words\"\r\n\r\n--two words\r\n\r\none\r\n"
          "--two words--\r\n");
    ck_assert_uint_eq(parts, 2);
    ck_assert(part[0].closed);
    ck_slice(body(find("1")), "one");
    parse("Content-Type: multipart/mixed; boundary=\"a\\=b\"\r\n\r\n--a=b\r\n\r\none\r\n--a=b--\r\n");
    ck_assert_uint_eq(parts, 2);
    ck_slice(body(find("1")), "one");
    /* Its length counts without the fold: 70 octets are allowed, 71 are not. */
    parse("Content-Type: multipart/mixed; boundary=\"123456789012345678901234567890123456789\r\n"
          " 123456789012345678901234567890\"\r\n\r\n"
          "--123456789012345678901234567890123456789 123456789012345678901234567890\r\n\r\none\r\n");
    ck_assert_uint_eq(parts, 2);
    parse("Content-Type: multipart/mixed; boundary=\"1234567890123456789012345678901234567890\r\n"
          " 123456789012345678901234567890\"\r\n\r\n"
          "--1234567890123456789012345678901234567890 123456789012345678901234567890\r\n\r\none\r\n");
    ck_assert_uint_eq(parts, 1);
}
END_TEST

START_TEST(a_multipart_without_a_boundary_is_a_leaf)
{
    parse("Content-Type: multipart/mixed\r\n\r\n--\r\n\r\nx\r\n");
    ck_assert_uint_eq(parts, 1);
    ck_assert_int_eq(part[0].kind, WIRE_MIME_LEAF);
    parse("Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nx\r\n");
    ck_assert_int_eq(part[0].kind, WIRE_MIME_LEAF);
    parse("Content-Type: nonsense\r\n\r\nx\r\n");
    ck_slice(part[0].type, "text");
}
END_TEST

START_TEST(content_fields_are_read_with_comments_and_folds)
{
    parse(
        "Content-Type: (c) Image/(d)PNG (e);\r\n name=x.png\r\nContent-Transfer-Encoding: BASE64 (really)\r\n"
        "Content-Disposition: attachment; filename=\"a b.png\"; size=3\r\nContent-Description: a\r\n "
        "picture\r\n"
        "Content-Language: en, de\r\nContent-Location: http://x.example/\r\nContent-MD5: "
        "Q2hlY2s=\r\n\r\nAAEC\r\n");
    ck_slice(part[0].type, "Image");
    ck_slice(part[0].subtype, "PNG");
    ck_assert_int_eq(part[0].encoding, WIRE_MIME_BASE64);
    ck_slice(part[0].encoding_word, "BASE64");
    ck_slice(part[0].disposition, "attachment");
    ck_slice(part[0].description, "a\r\n picture");
    ck_slice(part[0].language, "en, de");
    ck_slice(part[0].location, "http://x.example/");
    ck_slice(part[0].md5, "Q2hlY2s=");
}
END_TEST

static struct wire_slice param(const char *params, const char *name)
{
    static char out[256];
    size_t n;
    if (!wire_mime_param_find(wire_slice_str(params), name, out, sizeof out, &n))
        return WIRE_SLICE("(none)");
    return wire_slice(out, n);
}

START_TEST(parameters_are_put_together)
{
    ck_slice(param("; charset=us-ascii; name=\"a \\\"b\\\"\"", "CHARSET"), "us-ascii");
    ck_slice(param("; charset=us-ascii; name=\"a \\\"b\\\"\"", "name"), "a \"b\"");
    ck_slice(param(";charset = iso-8859-1 (Latin 1) ; x=y", "charset"), "iso-8859-1");
    ck_slice(param("; x=y", "charset"), "(none)");
    ck_slice(param(";; junk; =5; name=ok", "name"), "ok");
    ck_slice(param("; name=\"never closed", "name"), "never closed");
    /* The examples of RFC 2231 sections 3, 4 and 4.1. */
    ck_slice(param(";\r\n URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
                   "url"),
             "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar");
    ck_slice(param("; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "title"),
             "This is ***fun***");
    ck_slice(param("; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20;"
                   " title*2=\"isn't it!\"",
                   "title"),
             "This is even more ***fun*** isn't it!");
    ck_slice(param("; title*2=c; title*0=a; title*1=b; title*4=e", "title"), "abc");
    ck_slice(param("; f=plain; f*=iso-8859-1''caf%E9", "f"), "caf\xc3\xa9");
    ck_slice(param("; f*99999999999=x", "f"), "(none)");
}
END_TEST

struct sink {
    char at[8192];
    size_t len, pieces, stop_after;
};

static bool take(void *ctx, const char *bytes, size_t len)
{
    struct sink *s = ctx;
    ck_assert_uint_gt(len, 0);
    ck_assert_uint_le(s->len + len, sizeof s->at);
    memcpy(s->at + s->len, bytes, len);
    s->len += len;
    return ++s->pieces != s->stop_after;
}

START_TEST(content_is_decoded_in_pieces)
{
    struct sink s = { .len = 0 };
    parse("Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=\r\n=C3=9Fe  \r\n");
    ck_assert(wire_mime_decode(message, &part[0], take, &s));
    ck_slice(wire_slice(s.at, s.len), "Gr\xc3\xbc\xc3\x9f"
                                      "e\r\n");
    s.len = 0;
    parse("Content-Transfer-Encoding: base64\r\n\r\nSGVs\r\nbG8\r\n");
    ck_assert(wire_mime_decode(message, &part[0], take, &s));
    ck_slice(wire_slice(s.at, s.len), "Hello");
    s.len = 0;
    s.pieces = 0, s.stop_after = 1;
    ck_assert(!wire_mime_decode(message, &part[0], take, &s));
    parse("Content-Transfer-Encoding: x-other\r\n\r\nas is");
    s.len = s.pieces = 0, s.stop_after = 0;
    ck_assert(wire_mime_decode(message, &part[0], take, &s));
    ck_slice(wire_slice(s.at, s.len), "as is");
}
END_TEST

START_TEST(the_array_bounds_what_is_looked_at)
{
    struct wire_mime_part few[3];
    static char deep[20000];
    size_t n = wire_mime_parse(tree, sizeof tree - 1, few, 3), len = 0;
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(few[0].children, 2);
    ck_assert_uint_eq(wire_mime_parse(tree, sizeof tree - 1, few, 0), 0);
    for (int i = 0; i < 100; i++)
        len += (size_t)snprintf(deep + len, sizeof deep - len,
                                "Content-Type: multipart/mixed; boundary=b%03d\r\n\r\n--b%03d\r\n", i, i);
    n = wire_mime_parse(deep, len, part, WIRE_MIME_PARTS_MAX);
    ck_assert_uint_eq(n, WIRE_MIME_DEPTH_MAX + 1);
    len = 0;
    for (int i = 0; i < 300; i++)
        len += (size_t)snprintf(deep + len, sizeof deep - len, "Content-Type: message/rfc822\r\n\r\n");
    n = wire_mime_parse(deep, len, part, WIRE_MIME_PARTS_MAX);
    ck_assert_uint_eq(n, WIRE_MIME_DEPTH_MAX + 1);
    len = (size_t)snprintf(deep, sizeof deep, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (int i = 0; i < 1000; i++)
        len += (size_t)snprintf(deep + len, sizeof deep - len, "--b\r\n\r\nx\r\n");
    n = wire_mime_parse(deep, len, part, WIRE_MIME_PARTS_MAX);
    ck_assert_uint_eq(n, WIRE_MIME_PARTS_MAX);
}
END_TEST

static bool swallow(void *ctx, const char *bytes, size_t len)
{
    *(size_t *)ctx += len + (size_t)(bytes[0] & 0);
    return true;
}

static void try_mime(const char *at, size_t len)
{
    size_t n = wire_mime_parse(at, len, part, WIRE_MIME_PARTS_MAX);
    ck_assert_uint_ge(n, 1);
    for (size_t i = 0; i < n; i++) {
        struct wire_mime_part *p = &part[i];
        struct wire_mime_params it;
        struct wire_mime_param one;
        char text[64];
        size_t size, total = 0;
        int found;
        ck_assert_uint_le(p->header_at, p->body_at);
        ck_assert_uint_le(p->body_at, p->body_end);
        ck_assert_uint_le(p->body_end, len);
        ck_assert_uint_le(p->depth, WIRE_MIME_DEPTH_MAX);
        ck_assert(p->type.len > 0 && p->subtype.len > 0);
        if (p->parent != WIRE_MIME_NONE) {
            ck_assert_int_lt(p->parent, (int)i);
            ck_assert_uint_ge(p->header_at, part[p->parent].body_at);
            ck_assert_uint_le(p->body_end, part[p->parent].body_end);
        }
        if (p->next_sibling != WIRE_MIME_NONE) {
            ck_assert_int_gt(p->next_sibling, (int)i);
            ck_assert_uint_le(p->body_end, part[p->next_sibling].header_at);
        }
        wire_mime_params_begin(&it, p->params);
        while (wire_mime_param_next(&it, &one))
            wire_mime_param_text(text, sizeof text, &one);
        wire_mime_param_find(p->disposition_params, "filename", text, sizeof text, &size);
        ck_assert(wire_mime_decode(at, p, swallow, &total));
        ck_assert_uint_le(total, p->body_end - p->body_at);
        size = wire_mime_section(text, sizeof text, part, n, (int)i);
        found = wire_mime_find(part, n, wire_slice(text, size));
        if (p->kind != WIRE_MIME_MULTIPART || p->parent == WIRE_MIME_NONE ||
            part[p->parent].kind != WIRE_MIME_MESSAGE)
            ck_assert_int_eq(found, (int)i);
    }
}

START_TEST(cut_and_spoilt_trees_do_no_harm)
{
    const char *fields =
        "Content-Type: text/(a(b)\\))plain; name*0*=utf-8''%C3%A9; name*1=\"x\\\"y\"; (c) q = z\r\n"
        "Content-Disposition: inline; filename*=iso-8859-1'de'%E9%\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\n\r\n=C3=A9 = \r\n=";
    wire_try_cut(tree, sizeof tree - 1, try_mime);
    wire_try_spoilt(tree, sizeof tree - 1, 2000, try_mime);
    wire_try_cut(fields, strlen(fields), try_mime);
    wire_try_spoilt(fields, strlen(fields), 2000, try_mime);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("mime");
    TCase *t = tcase_create("mime");
    tcase_add_test(t, a_plain_message_is_one_part_of_text);
    tcase_add_test(t, the_simple_multipart_of_rfc_2046_has_two_parts);
    tcase_add_test(t, sections_are_numbered_as_imap_does);
    tcase_add_test(t, a_message_in_a_message_has_its_body_as_part_one);
    tcase_add_test(t, unlabelled_parts_of_a_digest_are_messages);
    tcase_add_test(t, an_unclosed_multipart_ends_with_the_message);
    tcase_add_test(t, an_outer_boundary_ends_inner_parts);
    tcase_add_test(t, a_boundary_that_begins_with_another_is_not_taken_for_it);
    tcase_add_test(t, a_boundary_is_what_it_is_without_its_fold);
    tcase_add_test(t, a_multipart_without_a_boundary_is_a_leaf);
    tcase_add_test(t, content_fields_are_read_with_comments_and_folds);
    tcase_add_test(t, parameters_are_put_together);
    tcase_add_test(t, content_is_decoded_in_pieces);
    tcase_add_test(t, the_array_bounds_what_is_looked_at);
    tcase_add_test(t, cut_and_spoilt_trees_do_no_harm);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
