/* langs/python_scope.h — which call it is that code runs for: what `snafu.context()` returns,
 * `snafu.call()` hands on, and output is added to. Part of the Python gateway.
 *
 * A thread that calls knows its call by a scope on its stack. Threads that a function starts
 * belong to the call that started them, which they may outlive: they hold the context
 * object, which forgets the scope when the call ends. All with the GIL held, which is
 * what guards these structures. */
#ifndef SNAFU_LANGS_PYTHON_SCOPE_H
#define SNAFU_LANGS_PYTHON_SCOPE_H

#include "langs/python.h"

/* An object of type snafu.Context. It has copies of all texts. */
struct python_context {
	PyObject ob_base;
	struct snafu_context context;
	char *texts;
	struct python_scope *scope; /* NULL once the call has ended */
	PyObject *fresh; /* as in the scope */
	PyObject *identity, *client_context; /* made when first wanted */
};

/* On the stack of the thread that serves the call. */
struct python_scope {
	struct python_scope *outer; /* the call on this thread that is around this one */
	const struct snafu_context *context;
	struct snafu_result *result; /* takes what is printed */
	struct python_context *object; /* made when first wanted */
	PyObject *fresh; /* isolated: dict of modules to their copies; else NULL */
};

void python_scope_enter(struct python_scope *scope, const struct snafu_context *context,
                        struct snafu_result *result);
void python_scope_leave(struct python_scope *scope);

/* The context object of the call that this thread works for, also after that call has
 * ended; NULL without an exception: none; with one: no memory. */
PyObject *python_scope_context(void);

/* The result of that call while it lasts, borrowed, or NULL. */
struct snafu_result *python_scope_result(void);

/* The dict of modules of that call if it is an isolated one, borrowed, or NULL. */
PyObject *python_scope_fresh(void);

/* The innermost call on this thread is isolated: FRESH, which this takes, is its dict. */
void python_scope_make_fresh(PyObject *fresh);

/* Threads that are started from now on belong to the call that starts them. 0 or -1. */
int python_scope_begin(void);

/* (python_context.c) A new object for CONTEXT. NULL with an exception. */
struct python_context *python_context_new(const struct snafu_context *context);
PyTypeObject *python_context_type(void);

/* (python_client.c) Before the interpreter starts: `import snafu` finds the client. 0 or -1. */
int python_client_begin(void);
/* After it: Lambda calls of boto3 stay inside where that was asked for. 0 or -1. */
int python_client_contain(void);

/* (python_output.c) What goes through sys.stdout and sys.stderr is added to its call. 0 or
 * -1 with an exception. */
int python_output_begin(void);
/* Writes out what functions printed. */
void python_output_flush(void);
void python_output_end(void);

#endif
