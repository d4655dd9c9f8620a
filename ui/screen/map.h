#ifndef UI_SCREEN_MAP_H
#define UI_SCREEN_MAP_H
/*
 * map - hosts, routers and links, and what moves between them at a place of the run.
 *
 *        alice             mail              mx            bob-phone     mail programs and servers
 *          |                |       >         |                |
 *     -----#home-router-----+-----#internet---+----------------+----     routers on one line
 *          |                                  |
 *       resolver           root              ns-org                      who answers names
 *
 * Above the line stand those who write, carry and read mail; below it, the DNS. The line stands for all
 * links: a router is drawn among the hosts that it serves.
 */
#include "ui/screen/view.h"

/* Draws into `room`, which has at least 5 rows. */
void ui_map_draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room);
#endif
