/* scanner/python_doc.h — docstrings: from the literals in the source to the text
 * that inspect.getdoc() shows, and what it says of each parameter.
 *
 * Private to the Python scanner. */
#ifndef SNAFU_SCANNER_PYTHON_DOC_H
#define SNAFU_SCANNER_PYTHON_DOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "scanner/function.h"

/* The text of the string literals (one or several side by side) in SIZE bytes of
 * source, with the margin taken away as inspect.cleandoc() does. WORK is scratch.
 * In ARENA; NULL when memory is out. Python 2 knows \u only in u"". */
const char *snafu_python_docstring(struct snafu_arena *arena, const char *source, size_t size,
                                   bool python2, struct snafu_buffer work[2]);

/* Finds each parameter's words in DOC (Sphinx and Epytext fields, Google and
 * NumPy sections) and sets its `doc`. -ENOMEM or 0. */
int snafu_python_document(struct snafu_arena *arena, const char *doc,
                          struct snafu_parameter *parameters, size_t n_parameters);

#endif
