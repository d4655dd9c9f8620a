#ifndef UI_LADDER_FILE_H
#define UI_LADDER_FILE_H
/*
 * ladder_file - a whole run as a sequence diagram in a file: `mailwalk run SCENARIO --ladder FILE`.
 *
 *   FILE.txt  plain text      FILE.mmd  a Mermaid sequenceDiagram      FILE.svg  a picture
 */
#include "ui/screen/program.h"

/* Whether the end of the name says which form is meant. */
bool ui_ladder_file_known(const char *path);

/* Lines of all conversations, long stretches folded; at the grain of packets every frame, too. False: `error`
 * says why not. */
bool ui_ladder_file_write(const struct tape *tape, enum tape_grain grain, const char *path,
                          char error[UI_ERROR_MAX]);
#endif
