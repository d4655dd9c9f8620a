#ifndef SCENARIOS_LOAD_FILE_H
#define SCENARIOS_LOAD_FILE_H
/* file - a whole file in memory, unless it is too big: then no more than `max` octets are read of it. */
#include <stddef.h>

enum file_error { FILE_OK, FILE_NOT_THERE, FILE_NOT_ALLOWED, FILE_FOLDER, FILE_TOO_BIG, FILE_UNREADABLE };

/* *octets is the caller's, for file_free; a NUL follows its *len octets. On an error nothing is to be
 * freed. */
enum file_error file_read(const char *path, size_t max, char **octets, size_t *len);
void file_free(char *octets);

/* "there is no such file" */
const char *file_error_text(enum file_error error);
#endif
