#ifndef UI_SAVE_H
#define UI_SAVE_H
/*
 * save - files that are either the new ones or the old ones, never half of each.
 *
 *   ui_save_begin(PATH) --> write into save.to --> ui_save_end: renamed to PATH, or thrown away
 *
 * A regular file, and one that is not there yet, is written as PATH.part first. A link, a pipe or a device is
 * written into as it is.
 */
#include "ui/screen/program.h"

#define UI_SAVE_PATH_MAX 1024

struct ui_save {
    const char *path; /* borrowed */
    char to[UI_SAVE_PATH_MAX];
    bool part; /* `to` is not `path` */
};

/* False: `error` says what the machine does not allow; nothing has changed. */
bool ui_save_begin(struct ui_save *save, const char *path, char error[UI_ERROR_MAX]);
/* `good`: all was written into save->to. False: `error` holds what its writer, or the machine, said. */
bool ui_save_end(struct ui_save *save, bool good, char error[UI_ERROR_MAX]);
bool ui_save_text(const char *path, const char *text, size_t len, char error[UI_ERROR_MAX]);
bool ui_save_exists(const char *path, uint64_t *octets);
#endif
