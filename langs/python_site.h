/* langs/python_site.h — see python_site.c. */
#ifndef SNAFU_LANGS_PYTHON_SITE_H
#define SNAFU_LANGS_PYTHON_SITE_H

#include <limits.h>
#include <stdbool.h>

#include "langs/python.h"

#define PYTHON_SITE_FOLDERS 4

struct python_site {
	char folders[PYTHON_SITE_FOLDERS][PATH_MAX]; /* that are there, in their order; "" if not */
};

/* Before the interpreter starts: whether site may be left out, and what it would add. */
bool python_site_replaceable(struct python_site *site);
/* After the start, with the GIL held. 0, or -1 with an exception. */
int python_site_replace(const struct python_site *site);

#endif
