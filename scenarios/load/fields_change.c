/* What somebody edits while the world runs. */
#include "scenarios/load/fields.h"

static const struct json_field change_rows[] = {
    F("at", DURATION, spec_change, at_ns, .required = GET_ALWAYS,
      .help = "when: before anything else that happens at that moment"),
    F("set", WORDS, spec_change, what, .required = GET_ALWAYS, .flags = GET_NOT_EMPTY,
      .max = JSON_POINTER_MAX - 1, .help = "JSON pointer of the setting, as in --set; - appends to a list"),
    F("to", ANY, spec_change, value, .required = GET_ALWAYS, .help = "its new value; null takes it away"),
    F("title", WORDS, spec_change, title, .max = 100, .flags = GET_NOT_EMPTY,
      .otherwise = "\"A setting is changed\"", .help = "headline of this step"),
    F("lesson", WORDS, spec_change, lesson, .max = 600, .otherwise = "what a reload is",
      .help = "what a learner should notice"),
};

static void finish_change(struct json_get *g, const struct json_node *n, void *out)
{
    const struct spec_change *c = out;
    if (c->lesson && !c->title)
        json_error(g, json_child(n, "lesson"), "needs a \"title\"");
}

const struct json_object fields_change = {
    .name = "change",
    .help = "a setting that somebody edits at a moment of the run; whoever reads it reloads",
    ROWS(change_rows),
    .size = sizeof(struct spec_change),
    .pointer_at = offsetof(struct spec_change, pointer),
    .key_at = GET_NOWHERE,
    .finish = finish_change,
};
