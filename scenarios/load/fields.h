#ifndef SCENARIOS_LOAD_FIELDS_H
#define SCENARIOS_LOAD_FIELDS_H
/*
 * fields - the tables of every object in a scenario file.
 *
 *   scenario (fields.c) -+- link, fault, host, interface, route, rule, resolver, dns, hand  fields_net.c
 *                        +- of a host: mta, service, refusal, alias, delay, drop      fields_mta.c
 *                        +- of a host: store, user, client, account                   fields_mail.c
 *                        +- zone, record, action                                      fields_data.c
 *                        +- message, attachment                                       fields_message.c
 *                        +- doors                                                     fields_doors.c
 *                        +- change                                                    fields_change.c
 *                        +- expect                                                    fields_expect.c
 */
#include "scenarios/load/json_get.h"

extern const struct json_object fields_scenario;
extern const struct json_object fields_link, fields_fault, fields_host, fields_interface, fields_route,
    fields_rule, fields_rewrite, fields_down, fields_delay, fields_drop, fields_full, fields_certificate,
    fields_resolver, fields_dns, fields_dns_fault, fields_hand;
extern const struct json_object fields_mta, fields_service, fields_refusal, fields_alias, fields_store,
    fields_user, fields_client, fields_account, fields_submit, fields_fetch;
extern const struct json_object fields_zone, fields_record, fields_message, fields_attachment,
    fields_envelope, fields_dsn, fields_action, fields_doors, fields_door, fields_change;
extern const struct json_object fields_expect;

/* All of them, in the order of the reference. Ends with NULL. */
extern const struct json_object *const fields_all[];

/* Shared by several tables. */
extern const struct json_choice fields_security[], fields_auth[], fields_flags[], fields_protos[];

#define FIELDS_PORT_SMTP        25
#define FIELDS_PORT_SUBMISSION  587 /* RFC 6409 section 3.1 */
#define FIELDS_PORT_SUBMISSIONS 465 /* RFC 8314 section 3.3 */
#define FIELDS_PORT_POP3        110
#define FIELDS_PORT_POP3S       995
#define FIELDS_PORT_IMAP        143
#define FIELDS_PORT_IMAPS       993
#define FIELDS_MECHANISMS       "PLAIN LOGIN" /* of a service that does not say */

/* The port that people expect. */
uint16_t fields_usual_port(enum spec_service_kind kind, enum spec_security security);

/* Every word is a mechanism that exists. */
void fields_check_mechanisms(struct json_get *g, const struct json_node *n, const char *mechanisms);

/* A table's row. F: a value; N: a number or a choice, with its width; MANY: an array. */
#define F(name, knd, type, member, ...)                                                                      \
    {                                                                                                        \
        .key = name, .kind = GET_##knd, .at = offsetof(struct type, member), __VA_ARGS__                     \
    }
#define N(name, knd, type, member, ...)                                                                      \
    {                                                                                                        \
        .key = name, .kind = GET_##knd, .at = offsetof(struct type, member),                                 \
        .width = (uint8_t)sizeof(((struct type *)0)->member), __VA_ARGS__                                    \
    }
#define MANY(name, knd, shp, type, member, ...)                                                              \
    {                                                                                                        \
        .key = name, .kind = GET_##knd, .shape = GET_##shp, .at = offsetof(struct type, member),             \
        .count_at = offsetof(struct type, n##member), __VA_ARGS__                                            \
    }
#define ROWS(table) .fields = table, .nfields = sizeof(table) / sizeof(table)[0]

#define FROM_UNTIL(type, from, until)                                                                        \
    F("from", DURATION, type, from, .fallback = "0s", .help = "it begins at this time"),                     \
        F("until", DURATION, type, until, .flags = GET_NEVER, .fallback = "never",                           \
          .help = "it ends at this time")

/* `until` must be later than `from`. */
void fields_check_times(struct json_get *g, const struct json_node *n, uint64_t from_ns, uint64_t until_ns);

/* The words of a short form, separated by single spaces; NULL where there are fewer. The last one holds the
 * rest of the line. Returns how many, 0 if the text is too long. */
#define FIELDS_WORDS_MAX 4
#define FIELDS_BRIEF_MAX 1024 /* octets */
struct fields_words {
    char text[FIELDS_BRIEF_MAX];
    const char *word[FIELDS_WORDS_MAX];
};
size_t fields_split(struct fields_words *w, const char *text, size_t most);

/* ---- files beside the scenario: beside.c -------------------------------------------------------- */

/* The octets of a file: beside the scenario, or in the catalogue. `n` is the string that names it, without
 * "..", a leading "/" or a backslash. False: the error has been told. */
bool beside_read(struct json_get *g, const struct json_node *n, const void **octets, size_t *len);

/* Room for `octets` of content that the scenario brings; NULL: together they are more than
 * SCENARIO_CONTENT_MAX, and the error has been told. */
void *beside_take(struct json_get *g, const struct json_node *n, size_t octets);
#endif
