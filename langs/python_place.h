/* langs/python_place.h — where a source file stands, and so what it is imported as. Part
 * of the Python gateway; made by python_load.c, used by python_modules.c. */
#ifndef SNAFU_LANGS_PYTHON_PLACE_H
#define SNAFU_LANGS_PYTHON_PLACE_H

#include <limits.h>

#include "langs/python.h"

#define PYTHON_NAME_CAP     1024 /* bytes of a dotted module name */
#define PYTHON_PACKAGES_CAP 32 /* packages inside each other */

/* A big one: not for the stack. */
struct python_place {
	char path[PATH_MAX]; /* real folder, and the file's own name */
	char folders[PYTHON_PACKAGES_CAP][PATH_MAX]; /* of the packages, outermost first */
	char top[PATH_MAX]; /* goes on sys.path */
	char stem[PYTHON_NAME_CAP]; /* of the module; "" for an __init__.py */
	size_t n_packages;
};

/* Fills PLACE, which is zeroed, and returns 0; or a negative errno: FILE's folder is not there,
 * say. */
int python_place_find(const char *file, struct python_place *place);

/* Imports the file; ROOT (or NULL) goes on sys.path as well. NULL with an exception. */
PyObject *python_place_load(struct python_place *place, const char *root);

/* The file is new or has changed: an import may mean it from now on. */
void python_place_news(const struct python_place *place);

#endif
