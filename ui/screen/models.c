/* What the views derive from a run: made when it is first asked for, kept as long as the run. */
#include <stdlib.h>

#include "ui/screen/view.h"
#include "ui/tape/keep.h"
#include "ui/tape/ladder.h"

struct ui_models {
    struct history *history;
    struct frames *frames;
    struct letters *letters;
    struct stages *stages;
    struct ladder *ladder;
};

static struct ui_models *models(struct ui_screen *s)
{
    if (!s->run.models)
        s->run.models = keep_alloc(sizeof *s->run.models);
    return s->run.models;
}

const struct history *ui_history(struct ui_screen *s)
{
    struct ui_models *m = models(s);
    if (!m->history)
        m->history = history_new(s->run.tape);
    return m->history;
}

const struct frames *ui_frames(struct ui_screen *s)
{
    struct ui_models *m = models(s);
    if (!m->frames)
        m->frames = frames_new(s->run.tape);
    return m->frames;
}

const struct letters *ui_letters(struct ui_screen *s)
{
    struct ui_models *m = models(s);
    if (!m->letters)
        m->letters = letters_new(s->run.tape);
    return m->letters;
}

const struct stages *ui_stages(struct ui_screen *s)
{
    struct ui_models *m = models(s);
    if (!m->stages)
        m->stages = stages_new(s->run.tape, ui_letters(s));
    return m->stages;
}

struct ladder *ui_ladder(struct ui_screen *s)
{
    struct ui_models *m = models(s);
    if (!m->ladder)
        m->ladder = ladder_new(s->run.tape);
    return m->ladder;
}

void ui_models_make(struct ui_screen *s)
{
    ui_history(s);
    ui_frames(s);
    ui_stages(s); /* and the letters */
    ui_ladder(s);
}

void ui_models_free(struct ui_models *m)
{
    if (!m)
        return;
    history_free(m->history);
    frames_free(m->frames);
    letters_free(m->letters);
    stages_free(m->stages);
    ladder_free(m->ladder);
    free(m);
}
