/* Why did this happen? */
#include "ui/screen/view.h"

void ui_why_open(struct ui_screen *s)
{
    (void)s;
}
