/* base/parts.h — finding and opening Snafu's own files at run time: loadable
 * modules, helper programs, the Java bridge.
 *
 * They are looked for, in this order, in the directories of SNAFU_PARTS (colon
 * separated), in `parts/` beside the running program (so a build tree works
 * where it stands), in the user's $XDG_DATA_HOME/snafu/parts, in the
 * directory fixed at ./configure as seen from the program (so an installation may be
 * moved), and in that directory itself. */
#ifndef SNAFU_BASE_PARTS_H
#define SNAFU_BASE_PARTS_H

struct snafu_buffer;
struct snafu_error;

/* The path of part NAME ("scan-c", "snafu-bridge.jar"): malloc'ed, caller frees.
 * -ENOENT when no directory has it. */
int snafu_part_find(const char *name, char **ret_path, struct snafu_error *error);

/* Opens the module KIND-NAME.so and gives the address of SYMBOL in it. Modules
 * stay open for the life of the process. GLOBAL makes its symbols and those of
 * the libraries behind it visible to modules opened later (embedding Python
 * needs that). NAME may come from a user: letters, digits, dash and underscore
 * only. */
int snafu_part_open(const char *kind, const char *name, const char *symbol, int global,
                    void **ret_address, struct snafu_error *error);

/* Modules that are opened from now on, and the libraries behind them, are bound whole at once, not
 * function by function as they are called: for processes that fork, whose children would
 * each do that anew. Before there are threads. */
void snafu_parts_bind_at_once(void);

/* Calls EACH with X for every module KIND-X.so that can be found, sorted; a name that
 * several directories have comes once. Ends early when EACH returns other than 0,
 * and returns that. */
int snafu_part_each(const char *kind, int (*each)(void *state, const char *name), void *state);

/* The names of all modules of KIND that can be found, sorted, as "cli, web"; INTO
 * must be empty. */
int snafu_part_names(const char *kind, struct snafu_buffer *into);

#endif
