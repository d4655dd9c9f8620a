/* Files that are either the new ones or the old ones. */
#include "ui/save.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool failed(const char *path, char error[UI_ERROR_MAX])
{
    snprintf(error, UI_ERROR_MAX, "%s: %s", path, strerror(errno));
    return false;
}

bool ui_save_begin(struct ui_save *save, const char *path, char error[UI_ERROR_MAX])
{
    struct stat st;
    bool there = lstat(path, &st) == 0;
    FILE *f;
    *save = (struct ui_save){ .path = path, .part = !there || S_ISREG(st.st_mode) };
    if (strlen(path) + sizeof ".part" > sizeof save->to) {
        snprintf(error, UI_ERROR_MAX, "the name is longer than %zu octets", sizeof save->to - sizeof ".part");
        return false;
    }
    snprintf(save->to, sizeof save->to, "%s%s", path, save->part ? ".part" : "");
    if (!save->part)
        return true;
    if (there) { /* a file that may not be written may not be replaced either */
        f = fopen(path, "ab");
        if (!f)
            return failed(path, error);
        fclose(f);
    }
    f = fopen(save->to, "wbx"); /* somebody else's file of this name stays as it is */
    if (!f)
        return failed(errno == EEXIST ? save->to : path, error);
    fclose(f);
    return true;
}

bool ui_save_end(struct ui_save *save, bool good, char error[UI_ERROR_MAX])
{
    if (!save->part)
        return good;
    if (good && rename(save->to, save->path) != 0)
        good = failed(save->path, error);
    if (!good)
        remove(save->to);
    return good;
}

bool ui_save_text(const char *path, const char *text, size_t len, char error[UI_ERROR_MAX])
{
    struct ui_save save;
    FILE *f;
    bool good;
    if (!ui_save_begin(&save, path, error))
        return false;
    f = fopen(save.to, "wb");
    good = f && fwrite(text, 1, len, f) == len;
    if (f && fclose(f) != 0)
        good = false;
    if (!good)
        failed(path, error);
    return ui_save_end(&save, good, error);
}

bool ui_save_exists(const char *path, uint64_t *octets)
{
    struct stat st;
    *octets = 0;
    if (stat(path, &st) != 0)
        return false;
    *octets = st.st_size > 0 ? (uint64_t)st.st_size : 0;
    return S_ISREG(st.st_mode);
}
