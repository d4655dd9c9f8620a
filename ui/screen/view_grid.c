/* Grid. */
#include "ui/screen/view.h"

static void draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    (void)s;
    ui_box(c, room, "grid");
}

const struct ui_view ui_view_grid = { .name = "Grid", .draw = draw };
