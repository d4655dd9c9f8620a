/* The keys of a view that is made of lists. */
#include "ui/screen/list_keys.h"

int ui_list_key(struct ui_screen *s, enum ui_action action, int rows,
                bool (*move)(struct ui_screen *s, ptrdiff_t by), int pane, int panes)
{
    ptrdiff_t page = rows > 1 ? rows - 1 : 1;
    switch (action) {
    case UI_DO_UP:
        move(s, -1);
        return pane;
    case UI_DO_DOWN:
        move(s, 1);
        return pane;
    case UI_DO_PAGE_UP:
        move(s, -page);
        return pane;
    case UI_DO_PAGE_DOWN:
        move(s, page);
        return pane;
    case UI_DO_NEXT_PANE:
        return (pane + 1) % panes;
    case UI_DO_PREVIOUS_PANE:
        return (pane + panes - 1) % panes;
    default:
        return -1;
    }
}
