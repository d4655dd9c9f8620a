#ifndef UI_PLAY_H
#define UI_PLAY_H
/*
 * play - `mailwalk play [SCENARIO]`: the screen on a terminal, or the same lesson as a dialogue in plain
 * text.
 *
 *   options --> ui_play_program: runs scenarios into tapes --> ui/screen on ui/screen/terminal
 *                                                          '-> ui/plain.h, without a terminal or with --plain
 */
#include "ui/screen/program.h"

/* What only the main program can do: writing captures needs sim/export. */
struct ui_play_files {
    bool (*save_capture)(void *ctx, const struct tape *tape, uint32_t upto, const char *path,
                         char error[UI_ERROR_MAX]);
};

/* The program behind the screen: the catalogue and files, run with their `--set`s. */
struct ui_play_program;
struct ui_play_program *ui_play_program_new(const struct ui_play_files *files);
const struct ui_program *ui_play_program(struct ui_play_program *p);
void ui_play_program_free(struct ui_play_program *p);

/* Returns the exit status: 0; 2 bad usage or scenario; 3 the machine refused. */
int ui_play_command(int argc, char **argv, const struct ui_play_files *files);
#endif
