/* convert/project/make.h — the Makefile of a project: how its C and Java parts are built. */
#ifndef SNAFU_CONVERT_PROJECT_MAKE_H
#define SNAFU_CONVERT_PROJECT_MAKE_H

#include <stdbool.h>

struct project;
struct project_file;
struct snafu_buffer;
struct snafu_error;

#define PROJECT_BUILD   "build"
#define PROJECT_CLASSES "classes"

/* Whether NAME can stand in a Makefile as it is. */
bool project_make_can_name(const char *name);

/* Where make puts FILE's object, below OUT: malloc'ed. */
char *project_object(const struct project *project, const struct project_file *file);

/* Removes objects that were made in another way than they would be now, as Makefile says: make
 * itself looks at times alone. */
int project_drop_stale(struct project *project, struct snafu_error *error);

/* Runs make on TARGET with a Makefile of what the project's libraries are now, as far as it gets.
 * What it says goes to SAID. */
int project_make(struct project *project, const char *target, struct snafu_buffer *said,
                 int *ret_status, struct snafu_error *error);

/* Writes the Makefile; nothing when there is nothing to build. */
int project_write_makefile(struct project *project, struct snafu_error *error);

#endif
