/* Reading files with a limit. */
#include "scenarios/load/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sim/core/pool.h"

#define PIECE 65536

static enum file_error from_errno(void)
{
    return errno == ENOENT || errno == ENOTDIR ? FILE_NOT_THERE
           : errno == EACCES                   ? FILE_NOT_ALLOWED
           : errno == EISDIR                   ? FILE_FOLDER
                                               : FILE_UNREADABLE;
}

enum file_error file_read(const char *path, size_t max, char **octets, size_t *len)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    char *buf = NULL;
    size_t n = 0, cap = 0, got;
    enum file_error error = FILE_OK;

    if (!f)
        return from_errno();
    if (fstat(fileno(f), &st) == 0) {
        if (S_ISDIR(st.st_mode))
            error = FILE_FOLDER;
        else if (S_ISREG(st.st_mode) && (unsigned long long)st.st_size > max)
            error = FILE_TOO_BIG;
    }
    /* What is no regular file has no size to ask for: it is read up to one octet too many. */
    do {
        if (cap - n < PIECE + 1) {
            cap = cap * 2 + PIECE + 1;
            buf = core_realloc(buf, cap);
        }
        got = error == FILE_OK ? fread(buf + n, 1, PIECE, f) : 0;
        n += got;
        if (n > max)
            error = FILE_TOO_BIG;
    } while (got > 0 && error == FILE_OK);
    if (error == FILE_OK && ferror(f))
        error = from_errno();
    fclose(f);
    if (error != FILE_OK) {
        free(buf);
        return error;
    }
    buf[n] = '\0';
    *octets = buf;
    *len = n;
    return FILE_OK;
}

void file_free(char *octets)
{
    free(octets);
}

const char *file_error_text(enum file_error error)
{
    static const char *const texts[] = {
        [FILE_OK] = "good",
        [FILE_NOT_THERE] = "there is no such file",
        [FILE_NOT_ALLOWED] = "reading it is not allowed",
        [FILE_FOLDER] = "this is a folder, not a file",
        [FILE_TOO_BIG] = "the file is too big; at most 16 MiB",
        [FILE_UNREADABLE] = "the file cannot be read",
    };
    return texts[error];
}
