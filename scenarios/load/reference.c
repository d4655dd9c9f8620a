/* Tables as Markdown and as JSON Schema. */
#include "scenarios/load/reference.h"

#include <string.h>

#include "scenarios/load/expect.h"
#include "scenarios/load/fields.h"

/* ---- Markdown ---------------------------------------------------------------------------------- */

/* "|" would end a cell. */
static void cell(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', to);
        fputc(*text, to);
    }
}

static void holds(FILE *to, const struct json_field *f)
{
    const char *what = f->object ? f->object->name : get_kind_name(f->kind);
    if (f->shape == GET_LIST)
        fputs("array: ", to);
    else if (f->shape == GET_ONE_OR_LIST)
        fputs("one or array: ", to);
    else if (f->shape == GET_MAP)
        fputs("named: ", to);
    if (f->choices) {
        for (const struct json_choice *c = f->choices; c->name; c++)
            fprintf(to, "%s`%s`", c == f->choices ? "" : ", ", c->name);
    } else {
        cell(to, what);
    }
    if (f->kind == GET_UINT && f->max)
        fprintf(to, " %llu-%llu", (unsigned long long)f->min, (unsigned long long)f->max);
    if (f->flags & GET_NEVER)
        fputs(" or `never`", to);
}

static void variants(FILE *to, const struct json_object *o, const struct json_field *f)
{
    bool first = true;
    if (!f->variants || !(o->fields[0].flags & GET_SELECTS))
        return;
    fputs(" (", to);
    for (const struct json_choice *c = o->fields[0].choices; c->name; c++)
        if (f->variants & GET_IN(c->value)) {
            fprintf(to, "%s%s", first ? "" : ", ", c->name);
            first = false;
        }
    fputs(")", to);
}

static void row(FILE *to, const struct json_object *o, const struct json_field *f)
{
    fprintf(to, "| `%s` | ", f->key);
    holds(to, f);
    fputs(" | ", to);
    if (f->required == GET_ALWAYS)
        fputs("**required**", to);
    else if (f->required)
        fputs("required", to);
    else if (f->fallback)
        fprintf(to, "`%s`", f->fallback);
    else if (f->otherwise)
        cell(to, f->otherwise);
    fputs(" | ", to);
    cell(to, f->help);
    variants(to, o, f);
    fputs(" |\n", to);
}

void reference_keys(FILE *to)
{
    for (size_t i = 0; fields_all[i]; i++) {
        const struct json_object *o = fields_all[i];
        fprintf(to, "### %s\n\n%c%s.", o->name,
                o->help[0] - ('a' <= o->help[0] && o->help[0] <= 'z' ? 32 : 0), o->help + 1);
        if (o->brief)
            fprintf(to, " Short form: %s.", o->brief_help);
        fputs("\n\n| key | holds | default | meaning |\n|---|---|---|---|\n", to);
        for (size_t k = 0; k < o->nfields; k++)
            row(to, o, &o->fields[k]);
        fputs("\n", to);
    }
    fputs("### What the values look like\n\n| word | is |\n|---|---|\n", to);
    for (int kind = 0; kind < GET_KIND_COUNT; kind++)
        fprintf(to, "| %s | %s |\n", get_kind_name((enum get_kind)kind),
                get_kind_allowed((enum get_kind)kind));
}

/* ---- JSON Schema --------------------------------------------------------------------------------- */

static void quoted(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

/* What a single value is, by kind; NULL where the field decides. */
static const char *kind_schema(enum get_kind kind)
{
    static const char *const schemas[GET_KIND_COUNT] = {
        [GET_BOOL] = "\"type\": \"boolean\"",
        [GET_WORDS] = "\"type\": \"string\", \"pattern\": \"^[^\\u0000-\\u001f\\u007f]*$\"",
        [GET_LINES] = "\"anyOf\": [{ \"type\": \"string\" }, { \"type\": \"array\", \"items\": { \"type\": "
                      "\"string\" } }]",
        [GET_NAME] = "\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9._-]{1,64}$\"",
        [GET_DURATION] = "\"type\": \"string\", \"pattern\": \"^([0-9]+(\\\\.[0-9]+)?(ns|us|ms|s|m|h|d))+$\"",
        [GET_SIZE] =
            "\"anyOf\": [{ \"type\": \"integer\", \"minimum\": 0 }, { \"type\": \"string\", \"pattern\": "
            "\"^[0-9]+(\\\\.[0-9]+)?(B|KB|kB|MB|GB|KiB|MiB|GiB)$\" }]",
        [GET_RATE] =
            "\"anyOf\": [{ \"type\": \"integer\", \"minimum\": 0 }, { \"type\": \"string\", \"pattern\": "
            "\"^[0-9]+(\\\\.[0-9]+)?(bit|kbit|Mbit|Gbit)$\" }]",
        [GET_CHANCE] = "\"type\": \"string\", \"pattern\": \"^[0-9]+(\\\\.[0-9]+)?%$\"",
        [GET_ADDRESS] =
            "\"type\": \"string\", \"anyOf\": [{ \"format\": \"ipv4\" }, { \"format\": \"ipv6\" }]",
        [GET_PREFIX] = "\"type\": \"string\", \"pattern\": \"^[0-9A-Fa-f:.]+/[0-9]{1,3}$\"",
        [GET_PORTS] = "\"anyOf\": [{ \"type\": \"integer\", \"minimum\": 1, \"maximum\": 65535 }, { "
                      "\"type\": \"string\", "
                      "\"pattern\": \"^[0-9]+(-[0-9]+)?$\" }]",
        [GET_MAILBOX] = "\"type\": \"string\", \"pattern\": \"^.+@.+$\"",
        [GET_RECIPIENT] = "\"type\": \"string\", \"pattern\": \"^([A-Za-z0-9._-]{1,64}|.+@.+)$\"",
        [GET_DOMAIN] = "\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9-]+(\\\\.[A-Za-z0-9-]+)*$\"",
        [GET_ZONE] = "\"type\": \"string\", \"pattern\": \"^(\\\\.|[A-Za-z0-9-]+(\\\\.[A-Za-z0-9-]+)*)$\"",
        [GET_SERVER] = "\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9.:-]+$\"",
        [GET_MOMENT] =
            "\"type\": \"string\", \"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$\"",
        [GET_ANY] = "\"type\": [\"null\", \"boolean\", \"number\", \"string\", \"array\", \"object\"]",
        [GET_STATUS] =
            "\"type\": \"string\", \"pattern\": \"^[245x]\\\\.([0-9]{1,3}|x)\\\\.([0-9]{1,3}|x)$\"",
    };
    return schemas[kind];
}

/* The schema's name of a kind or object: without spaces. */
static void reference_to(FILE *to, const char *name)
{
    fputs("\"$ref\": \"#/$defs/", to);
    for (; *name; name++)
        fputc(*name == ' ' ? '-' : *name, to);
    fputc('"', to);
}

static unsigned long long uint_max(const struct json_field *f)
{
    return f->max ? f->max : f->width >= 8 ? 9007199254740991ULL : (1ULL << (8 * f->width)) - 1;
}

/* One value of a field, `only`: the one choice that is meant; NULL: all. */
static void value_schema(FILE *to, const struct json_field *f, const char *only)
{
    if (f->kind == GET_OBJECT) {
        reference_to(to, f->object->name);
    } else if (only) {
        fprintf(to, "\"const\": \"%s\"", only);
    } else if (f->kind == GET_CHOICE) {
        fputs("\"enum\": [", to);
        for (const struct json_choice *c = f->choices; c->name; c++)
            fprintf(to, "%s\"%s\"", c == f->choices ? "" : ", ", c->name);
        fputs("]", to);
    } else if (f->kind == GET_UINT) {
        fprintf(to, "\"type\": \"integer\", \"minimum\": %llu, \"maximum\": %llu", (unsigned long long)f->min,
                uint_max(f));
    } else if (f->flags & GET_NEVER) {
        fputs("\"anyOf\": [{ ", to);
        reference_to(to, get_kind_name(f->kind));
        fputs(" }, { \"const\": \"never\" }]", to);
    } else {
        reference_to(to, get_kind_name(f->kind));
    }
}

static void list_schema(FILE *to, const struct json_field *f)
{
    fprintf(to, "\"type\": \"array\", \"minItems\": %d, \"maxItems\": %lu, \"items\": { ",
            f->flags & GET_NOT_EMPTY ? 1 : 0, (unsigned long)(f->items_max ? f->items_max : 1000));
    value_schema(to, f, NULL);
    fputs(" }", to);
}

static void field_schema(FILE *to, const struct json_field *f, const char *only)
{
    fputs("        ", to);
    quoted(to, f->key);
    fputs(": { ", to);
    if (f->shape == GET_LIST) {
        list_schema(to, f);
    } else if (f->shape == GET_ONE_OR_LIST) {
        fputs("\"anyOf\": [{ ", to);
        value_schema(to, f, NULL);
        fputs(" }, { ", to);
        list_schema(to, f);
        fputs(" }]", to);
    } else if (f->shape == GET_MAP) {
        fprintf(to, "\"type\": \"object\", \"minProperties\": %d, \"additionalProperties\": { ",
                f->flags & GET_NOT_EMPTY ? 1 : 0);
        value_schema(to, f, NULL);
        fputs(" }", to);
        if (!f->object->brief)
            fputs(", \"properties\": { \"note\": true }", to);
    } else {
        value_schema(to, f, only);
    }
    fputs(", \"description\": ", to);
    quoted(to, f->help);
    fputs(" }", to);
}

/* One shape of an object; `variant` NULL: it has no variants. */
static void shape_schema(FILE *to, const struct json_object *o, const struct json_choice *variant)
{
    uint32_t bit = variant ? GET_IN(variant->value) : 0;
    bool first = true;
    fputs("{ \"type\": \"object\", \"additionalProperties\": false,\n      \"required\": [", to);
    for (size_t i = 0; i < o->nfields; i++)
        if (o->fields[i].required == GET_ALWAYS || (o->fields[i].required & bit)) {
            fprintf(to, "%s\"%s\"", first ? "" : ", ", o->fields[i].key);
            first = false;
        }
    fputs("],\n      \"properties\": {\n        \"note\": { \"$ref\": \"#/$defs/note\" }", to);
    for (size_t i = 0; i < o->nfields; i++) {
        const struct json_field *f = &o->fields[i];
        if (variant && f->variants && !(f->variants & bit))
            continue;
        fputs(",\n", to);
        field_schema(to, f, variant && i == 0 ? variant->name : NULL);
    }
    fputs("\n      } }", to);
}

static void object_schema(FILE *to, const struct json_object *o)
{
    bool choice = (o->fields[0].flags & GET_SELECTS) != 0;
    fputs("\"description\": ", to);
    quoted(to, o->help);
    fputs(",\n      \"anyOf\": [\n      ", to);
    if (o->brief)
        fputs("{ \"type\": \"string\" },\n      ", to);
    if (o->brief_list)
        fputs("{ \"type\": \"array\", \"items\": { \"type\": \"string\" } },\n      ", to);
    if (!choice)
        shape_schema(to, o, NULL);
    for (const struct json_choice *c = choice ? o->fields[0].choices : NULL; c && c->name; c++) {
        shape_schema(to, o, c);
        if (c[1].name)
            fputs(",\n      ", to);
    }
    fputs(" ]", to);
}

static void definition(FILE *to, const char *name)
{
    fputs(",\n    \"", to);
    for (; *name; name++)
        fputc(*name == ' ' ? '-' : *name, to);
    fputs("\": { ", to);
}

void reference_schema(FILE *to)
{
    fputs("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
          "  \"title\": \"mailwalk scenario\",\n  \"$ref\": \"#/$defs/scenario\",\n  \"$defs\": {\n"
          "    \"note\": { \"anyOf\": [{ \"type\": \"string\" }, { \"type\": \"array\" }], \"description\": "
          "\"for people; not read\" }",
          to);
    for (int kind = 0; kind < GET_KIND_COUNT; kind++) {
        const char *schema = kind_schema((enum get_kind)kind);
        if (!schema)
            continue;
        definition(to, get_kind_name((enum get_kind)kind));
        fprintf(to, "%s, \"description\": ", schema);
        quoted(to, get_kind_allowed((enum get_kind)kind));
        fputs(" }", to);
    }
    for (size_t i = 0; fields_all[i]; i++) {
        definition(to, fields_all[i]->name);
        object_schema(to, fields_all[i]);
        fputs(" }", to);
    }
    fputs("\n  }\n}\n", to);
}
