/* Base64 and quoted-printable. */
#include "protocols/wire/base64.h"
#include "protocols/wire/qp.h"
#include "tests/wire/wire_test.h"
#include "tests/check_main.h"

START_TEST(the_vectors_of_rfc_4648_hold)
{
    static const struct {
        const char *octets, *letters;
    } rows[] = { { "", "" },
                 { "f", "Zg==" },
                 { "fo", "Zm8=" },
                 { "foo", "Zm9v" },
                 { "foob", "Zm9vYg==" },
                 { "fooba", "Zm9vYmE=" },
                 { "foobar", "Zm9vYmFy" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[32];
        size_t n = wire_base64_encode(out, rows[i].octets, strlen(rows[i].octets)), back;
        ck_slice(wire_slice(out, n), rows[i].letters);
        ck_assert_uint_eq(n, WIRE_BASE64_LEN(strlen(rows[i].octets)));
        ck_assert(wire_base64_decode(out, sizeof out, &back, rows[i].letters, strlen(rows[i].letters)));
        ck_slice(wire_slice(out, back), rows[i].octets);
    }
}
END_TEST

START_TEST(every_octet_survives_at_every_length)
{
    unsigned char in[256], out[256];
    char letters[WIRE_BASE64_LEN(256)];
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (unsigned char)(i * 7 + 3);
    for (size_t n = 0; n <= sizeof in; n++) {
        size_t len = wire_base64_encode(letters, in, n), back;
        ck_assert(wire_base64_decode(out, n, &back, letters, len));
        ck_assert_uint_eq(back, n);
        ck_assert_mem_eq(in, out, n);
        if (n > 0)
            ck_assert(!wire_base64_decode(out, n - 1, &back, letters, len));
    }
}
END_TEST

START_TEST(strict_decoding_refuses_every_other_spelling)
{
    static const char *const bad[] = { "Z",    "Zg",       "Zg=",   "Zg=x",  "Zh==", "Zm9=", "Zm8=Zg==",
                                       "====", "Zm9v\r\n", " Zm9v", "Zm9v ", "Z===", "Zm-_", "Zg==\n" };
    char out[32];
    size_t n = 99;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!wire_base64_decode(out, sizeof out, &n, bad[i], strlen(bad[i])), "%s", bad[i]);
    ck_assert_uint_eq(n, 99);
}
END_TEST

START_TEST(lines_have_76_letters_and_end_in_crlf)
{
    char in[100], out[WIRE_BASE64_LINES_LEN(100)];
    size_t n;
    memset(in, 'x', sizeof in);
    for (size_t len = 0; len <= sizeof in; len++)
        ck_assert_uint_eq(wire_base64_encode_lines(out, in, len), WIRE_BASE64_LINES_LEN(len));
    n = wire_base64_encode_lines(out, in, 58);
    ck_assert_uint_eq(n, 76 + 2 + 4 + 2);
    ck_assert_mem_eq(out + 76, "\r\n", 2);
    ck_assert_mem_eq(out + n - 2, "\r\n", 2);
}
END_TEST

/* Decodes octet by octet and into little room. */
static size_t decode_body(char *dst, const char *src, size_t len)
{
    struct wire_base64_body state = { 0 };
    size_t written = 0, n;
    for (size_t i = 0; i < len;) {
        size_t used = wire_base64_body_decode(&state, dst + written, 3, &n, src + i, len - i);
        i += used;
        written += n;
        ck_assert(used > 0 || n > 0);
    }
    wire_base64_body_decode(&state, dst + written, 3, &n, "=", 1);
    return written + n;
}

START_TEST(a_body_may_have_breaks_junk_and_no_padding)
{
    char out[64];
    const char *body = "Zm9v\r\nYm\t!Fy\r\n";
    ck_slice(wire_slice(out, decode_body(out, body, strlen(body))), "foobar");
    ck_slice(wire_slice(out, decode_body(out, "Zm9vYg", 6)), "foob");
    ck_slice(wire_slice(out, decode_body(out, "Zm9vYmE=ignored", 15)), "fooba");
}
END_TEST

static struct wire_slice qp(const char *text)
{
    static char out[4096];
    size_t n = wire_qp_encode(NULL, 0, text, strlen(text));
    ck_assert_uint_le(n, sizeof out);
    ck_assert_uint_eq(wire_qp_encode(out, sizeof out, text, strlen(text)), n);
    return wire_slice(out, n);
}

START_TEST(quoted_printable_escapes_what_it_must)
{
    ck_slice(qp("a=b\xc3\xa9"), "a=3Db=C3=A9");
    ck_slice(qp("trail \nnext\t\r\nlast "), "trail=20\r\nnext=09\r\nlast=20");
    ck_slice(qp("in the middle stays"), "in the middle stays");
    ck_slice(qp("lone\rCR"), "lone=0DCR");
    ck_slice(qp(""), "");
}
END_TEST

START_TEST(quoted_printable_lines_stay_within_76)
{
    char text[700];
    struct wire_slice out;
    size_t column = 0;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < 600; i += 5)
        text[i] = '\xe9';
    out = qp(text);
    for (size_t i = 0; i < out.len; i++) {
        column = out.at[i] == '\n' ? 0 : column + 1;
        ck_assert_uint_le(column, WIRE_QP_LINE + 1); /* the CR is the 77th */
    }
    memset(text, 'y', 76);
    text[76] = '\0';
    ck_assert_uint_eq(qp(text).len, 76);
    text[76] = 'y', text[77] = '\0';
    ck_assert_uint_eq(qp(text).len, 77 + 3);
}
END_TEST

static struct wire_slice unqp(const char *text)
{
    static char out[512];
    return wire_slice(out, wire_qp_decode(out, text, strlen(text)));
}

START_TEST(quoted_printable_decodes_tolerantly)
{
    ck_slice(unqp("Now's the time =\r\nfor all folk to come=\r\n to the aid of their country."),
             "Now's the time for all folk to come to the aid of their country.");
    ck_slice(unqp("a=3db=C3=A9"), "a=b\xc3\xa9");
    ck_slice(unqp("lost \t \r\nspaces  "), "lost\r\nspaces");
    ck_slice(unqp("soft=  \r\nbreak"), "softbreak");
    ck_slice(unqp("a=ZZ=4"), "a=ZZ=4");
    ck_slice(unqp("end="), "end");
}
END_TEST

START_TEST(quoted_printable_survives_the_round_trip)
{
    char text[257 * 3], out[257 * 3];
    for (size_t n = 0; n < 256; n++) {
        text[3 * n] = (char)(n == 0 ? 1 : n == '\n' || n == '\r' ? 'x' : n);
        text[3 * n + 1] = ' ';
        text[3 * n + 2] = '.';
    }
    text[768] = '\0';
    for (size_t from = 0; from < 768; from += 61) {
        struct wire_slice s = qp(text + from);
        size_t n = wire_qp_decode(out, s.at, s.len);
        ck_assert_uint_eq(n, strlen(text + from));
        ck_assert_mem_eq(out, text + from, n);
    }
}
END_TEST

static void try_decode(const char *at, size_t len)
{
    char *out = malloc(len + 4);
    size_t n;
    struct wire_qp_body state = { 0 };
    ck_assert_uint_le(wire_qp_decode(out, at, len), len);
    for (size_t i = 0; i < len;) {
        size_t used = wire_qp_body_decode(&state, out, 4, &n, at + i, len - i);
        ck_assert_uint_gt(used, 0);
        i += used;
    }
    wire_base64_decode(out, len, &n, at, len);
    free(out);
}

START_TEST(cut_and_spoilt_bodies_do_no_harm)
{
    const char *text = "Gr=C3=BC=C3=9Fe   =\r\n aus K=C3=B6ln \t\r\n=3D= =\r\nAGFsaWNlAHNlY3JldA==";
    wire_try_cut(text, strlen(text), try_decode);
    wire_try_spoilt(text, strlen(text), 500, try_decode);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("base64 and quoted-printable");
    TCase *t = tcase_create("codec");
    tcase_add_test(t, the_vectors_of_rfc_4648_hold);
    tcase_add_test(t, every_octet_survives_at_every_length);
    tcase_add_test(t, strict_decoding_refuses_every_other_spelling);
    tcase_add_test(t, lines_have_76_letters_and_end_in_crlf);
    tcase_add_test(t, a_body_may_have_breaks_junk_and_no_padding);
    tcase_add_test(t, quoted_printable_escapes_what_it_must);
    tcase_add_test(t, quoted_printable_lines_stay_within_76);
    tcase_add_test(t, quoted_printable_decodes_tolerantly);
    tcase_add_test(t, quoted_printable_survives_the_round_trip);
    tcase_add_test(t, cut_and_spoilt_bodies_do_no_harm);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
