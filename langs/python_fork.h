/* langs/python_fork.h — see python_fork.c. With the GIL held. */
#ifndef SNAFU_LANGS_PYTHON_FORK_H
#define SNAFU_LANGS_PYTHON_FORK_H

#include "langs/python.h"

/* struct snafu_language's settle(). */
void python_settle(bool child);
void python_fork_end(void);

#endif
