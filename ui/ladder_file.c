/* A whole run as a sequence diagram in a file. */
#include "ui/ladder_file.h"

#include <stdlib.h>
#include <string.h>

#include "ui/save.h"
#include "ui/screen/export.h"

static const struct {
    const char *ending;
    enum ui_export_form form;
} endings[] = { { ".txt", UI_EXPORT_LADDER }, { ".mmd", UI_EXPORT_MERMAID }, { ".svg", UI_EXPORT_SVG } };

static enum ui_export_form form_of(const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (len > 4 && strcmp(path + len - 4, endings[i].ending) == 0)
            return endings[i].form;
    return UI_EXPORT_COUNT;
}

bool ui_ladder_file_known(const char *path)
{
    return form_of(path) != UI_EXPORT_COUNT;
}

bool ui_ladder_file_write(const struct tape *tape, enum tape_grain grain, const char *path,
                          char error[UI_ERROR_MAX])
{
    struct ladder *l = ladder_new(tape);
    struct ladder_choice choice = { .grain = grain };
    struct ui_export_scope scope = {
        .tape = tape, .ladder = l, .upto = tape_last(tape), .frames = grain == TAPE_PACKET
    };
    struct ui_text text = { 0 };
    bool good;
    ladder_choose(l, &choice);
    ui_export(form_of(path), &scope, &text);
    good = ui_save_text(path, text.text ? text.text : "", text.len, error);
    free(text.text);
    ladder_free(l);
    return good;
}
