/* Files that a scenario names: an .eml, an attachment. */
#include "scenarios/load/fields.h"

#include <errno.h>
#include <string.h>

#include "scenarios/load/catalogue.h"
#include "scenarios/load/file.h"

void *beside_take(struct json_get *g, const struct json_node *n, size_t octets)
{
    if (octets > SCENARIO_CONTENT_MAX - g->beside_octets) {
        json_error(g, n, "messages and attachments have more than %u octets together", SCENARIO_CONTENT_MAX);
        return NULL;
    }
    g->beside_octets += octets;
    return core_arena_take(g->arena, octets);
}

/* No way out of the folder. */
static bool name_good(const char *name)
{
    if (name[0] == '\0' || name[0] == '/' || strchr(name, '\\') || strlen(name) > 255)
        return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
    }
    return true;
}

static bool read_built_in(struct json_get *g, const struct json_node *n, const void **octets, size_t *len)
{
    const struct catalogue_file *f = catalogue_file(n->string);
    if (!f) {
        json_error(g, n, "\"%.80s\" is not in the catalogue", n->string);
        return false;
    }
    *octets = f->octets;
    *len = f->len;
    return true;
}

bool beside_read(struct json_get *g, const struct json_node *n, const void **octets, size_t *len)
{
    char path[4096], *text, *kept;
    enum file_error error;
    int l;

    if (!name_good(n->string)) {
        json_error(g, n, "\"%.80s\": a file stands beside the scenario or below; no absolute path, no \"..\"",
                   n->string);
        return false;
    }
    if (!g->folder)
        return read_built_in(g, n, octets, len);
    l = snprintf(path, sizeof path, "%s%s%s", g->folder, g->folder[0] ? "/" : "", n->string);
    if (l < 0 || (size_t)l >= sizeof path) {
        json_error(g, n, "the path is too long");
        return false;
    }
    error = file_read(path, SCENARIO_BESIDE_MAX, &text, len);
    if (error != FILE_OK) {
        json_error(g, n, "\"%.80s\": %s", n->string, file_error_text(error));
        return false;
    }
    kept = beside_take(g, n, *len);
    if (kept)
        memcpy(kept, text, *len);
    file_free(text);
    *octets = kept;
    return kept != NULL;
}
