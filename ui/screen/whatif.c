/* Another run: one setting changed. */
#include "ui/screen/view.h"

void ui_what_if_open(struct ui_screen *s)
{
    (void)s;
}

void ui_what_if_original(struct ui_screen *s)
{
    (void)s;
}

void ui_what_if_compare(struct ui_screen *s)
{
    (void)s;
}

void ui_compare_draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    (void)s;
    (void)c;
    (void)room;
}
