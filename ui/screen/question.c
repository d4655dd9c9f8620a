/* What comes next? */
#include "ui/screen/view.h"

bool ui_question_before(struct ui_screen *s, uint32_t next)
{
    (void)s;
    (void)next;
    return false;
}

bool ui_question_key(struct ui_screen *s, uint32_t key)
{
    (void)s;
    (void)key;
    return false;
}

int ui_question_rows(const struct ui_screen *s)
{
    (void)s;
    return 0;
}

void ui_question_draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    (void)s;
    (void)c;
    (void)room;
}
