/* langs/python_fresh.c — calls that find the state of their module as it is when just
 * loaded: its code object, kept from loading, is executed anew in a module of the call's own.
 *
 * The other modules of the user's that it imports are copied in the same way, when the call
 * first imports them (`import` is told apart by call, see import_for_call()); packages
 * before what is in them. sys.modules stays as it is: what looks there by name (pickle,
 * importlib.import_module) finds the shared modules. */
#include "langs/python_scope.h"

#include <string.h>

/* Module: its code object, or (code, namespace as the import system makes it). */
static PyObject *codes;
static PyObject *plain_import; /* builtins.__import__ as it was */
static PyObject *name_key, *spec_key, *path_key, *builtins_key; /* interned */

/* ---- the code of modules ---- */

/* exec(code, namespace), as importlib calls it to load a source file. */
static PyObject *execute(PyObject *self, PyObject *const *arguments, Py_ssize_t n)
{
	PyObject *space = n == 2 ? arguments[1] : NULL, *name, *module;
	(void)self;

	if (!space || !PyCode_Check(arguments[0]) || !PyDict_Check(space)) {
		PyErr_SetString(PyExc_TypeError, "exec() takes a code object and a dict here");
		return NULL;
	}
	name = PyDict_GetItemWithError(space, name_key);
	module = name ? PyDict_GetItemWithError(PyImport_GetModuleDict(), name) : NULL;
	if (module && PyModule_Check(module) && PyModule_GetDict(module) == space &&
	    python_load_is_users(((PyCodeObject *)arguments[0])->co_filename) &&
	    PyDict_SetItem(codes, module, arguments[0]))
		return NULL;
	if (PyErr_Occurred() || PyDict_SetItem(space, builtins_key, PyEval_GetBuiltins()))
		return NULL;
	return PyEval_EvalCode(arguments[0], space, space);
}

int python_fresh_begin(void)
{
	static PyMethodDef method = {"exec", (PyCFunction)(void (*)(void))execute, METH_FASTCALL, NULL};
	PyObject *importlib = PyImport_ImportModule("_frozen_importlib_external");
	PyObject *function = importlib ? PyCFunction_New(&method, NULL) : NULL;

	codes = PyDict_New();
	name_key = PyUnicode_InternFromString("__name__");
	spec_key = PyUnicode_InternFromString("__spec__");
	path_key = PyUnicode_InternFromString("__path__");
	builtins_key = PyUnicode_InternFromString("__builtins__");
	int code = function && codes && name_key && spec_key && path_key && builtins_key
	               ? PyObject_SetAttrString(importlib, "exec", function)
	               : -1;
	Py_XDECREF(function);
	Py_XDECREF(importlib);
	return code;
}

void python_fresh_end(void)
{
	Py_CLEAR(codes);
}

void python_fresh_forget(PyObject *module)
{
	if (PyDict_DelItem(codes, module))
		PyErr_Clear();
}

/* The code of MODULE, which no user's folder holds: the import system finds it again. */
static PyObject *find_code(PyObject *spec)
{
	PyObject *loader = PyObject_GetAttrString(spec, "loader");
	PyObject *name = loader ? PyObject_GetAttrString(spec, "name") : NULL;
	PyObject *code = name ? PyObject_CallMethod(loader, "get_code", "O", name) : NULL;

	if (code && !PyCode_Check(code)) {
		Py_CLEAR(code);
		PyErr_SetString(PyExc_ImportError, "it has no code in Python");
	}
	Py_XDECREF(name);
	Py_XDECREF(loader);
	return code;
}

/* (code, namespace) of MODULE, new. */
static PyObject *make_recipe(PyObject *module, PyObject *known)
{
	PyObject *space = PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
	PyObject *spec = space ? PyDict_GetItemWithError(space, spec_key) : NULL;
	PyObject *bootstrap = NULL, *empty = NULL, *names = NULL, *recipe = NULL;

	if (!spec || spec == Py_None) {
		if (!PyErr_Occurred())
			PyErr_Format(PyExc_ImportError, "%R was not made by the import system", module);
		return NULL;
	}
	PyObject *code = known ? Py_NewRef(known) : find_code(spec);
	if (code && (bootstrap = PyImport_ImportModule("_frozen_importlib")))
		empty = PyObject_CallMethod(bootstrap, "module_from_spec", "O", spec);
	if (empty && PyModule_Check(empty))
		names = PyDict_Copy(PyModule_GetDict(empty));
	if (names && PyDict_SetItem(names, builtins_key, PyEval_GetBuiltins()) == 0)
		recipe = PyTuple_Pack(2, code, names);
	Py_XDECREF(names);
	Py_XDECREF(empty);
	Py_XDECREF(bootstrap);
	Py_XDECREF(code);
	return recipe;
}

/* The same, from the last time if there was one. */
static PyObject *recipe_of(PyObject *module)
{
	PyObject *known = PyDict_GetItemWithError(codes, module), *recipe;

	if (PyErr_Occurred())
		return NULL;
	if (known && PyTuple_Check(known))
		return Py_NewRef(known);
	recipe = make_recipe(module, known);
	if (recipe && PyDict_SetItem(codes, module, recipe))
		Py_CLEAR(recipe);
	return recipe;
}

/* ---- copies ---- */

static PyObject *copy_of(PyObject *fresh, PyObject *module);

/* The package that MODULE is in, borrowed, if it is one that is copied; else NULL. */
static PyObject *package_of(PyObject *name, const char **ret_last)
{
	const char *text = PyUnicode_AsUTF8(name), *dot = text ? strrchr(text, '.') : NULL;
	PyObject *above = dot ? PyUnicode_FromStringAndSize(text, dot - text) : NULL;
	PyObject *package = above ? PyDict_GetItemWithError(PyImport_GetModuleDict(), above) : NULL;

	Py_XDECREF(above);
	*ret_last = dot ? dot + 1 : text;
	return package && PyDict_Contains(codes, package) == 1 ? package : NULL;
}

/* Runs the code in COPY. A module may put something else into its own place in sys.modules:
 * that is the copy then. */
static PyObject *run(PyObject *module, PyObject *name, PyObject *code, PyObject *copy)
{
	PyObject *modules = PyImport_GetModuleDict(), *space = PyModule_GetDict(copy), *there;
	PyObject *before = Py_XNewRef(PyDict_GetItemWithError(modules, name));
	PyObject *done = PyEval_EvalCode(code, space, space), *result = NULL;

	there = done && before == module ? PyDict_GetItemWithError(modules, name) : NULL;
	if (there && there != module) {
		result = Py_NewRef(there);
		if (PyDict_SetItem(modules, name, module))
			Py_CLEAR(result);
	} else if (done) {
		result = Py_NewRef(copy);
	}
	Py_XDECREF(before);
	Py_XDECREF(done);
	return result;
}

/* A module with the names that the import system gives it. */
static PyObject *make_module(PyObject *name, PyObject *names)
{
	PyObject *copy = PyModule_NewObject(name);
	PyObject *path = PyDict_GetItemWithError(names, path_key);

	if (copy && PyDict_Update(PyModule_GetDict(copy), names))
		Py_CLEAR(copy);
	if (copy && path && PyList_Check(path)) { /* a package may change its own */
		PyObject *list = PyList_GetSlice(path, 0, PyList_GET_SIZE(path));

		if (!list || PyDict_SetItem(PyModule_GetDict(copy), path_key, list))
			Py_CLEAR(copy);
		Py_XDECREF(list);
	}
	return copy;
}

static PyObject *make_copy(PyObject *fresh, PyObject *module)
{
	PyObject *recipe = recipe_of(module);
	PyObject *names = recipe ? PyTuple_GET_ITEM(recipe, 1) : NULL;
	PyObject *name = names ? PyDict_GetItemWithError(names, name_key) : NULL, *copy, *done;
	const char *last;

	if (!name) {
		Py_XDECREF(recipe);
		return NULL;
	}
	PyObject *package = package_of(name, &last), *above = NULL;
	if (package && !(above = copy_of(fresh, package))) {
		Py_DECREF(recipe);
		return NULL;
	}
	copy = PyDict_GetItemWithError(fresh, module); /* the package has imported it by now */
	if (copy) {
		Py_XDECREF(above);
		Py_DECREF(recipe);
		return Py_NewRef(copy);
	}
	copy = make_module(name, names);
	done = copy && PyDict_SetItem(fresh, module, copy) == 0
	           ? run(module, name, PyTuple_GET_ITEM(recipe, 0), copy)
	           : NULL;
	if (done && ((done != copy && PyDict_SetItem(fresh, module, done)) ||
	             (above && PyObject_SetAttrString(above, last, done))))
		Py_CLEAR(done);
	if (!done && copy) { /* as a failed import: the next one tries anew */
		PyObject *type, *value, *trace;
		PyErr_Fetch(&type, &value, &trace);
		if (PyDict_DelItem(fresh, module))
			PyErr_Clear();
		PyErr_Restore(type, value, trace);
	}
	Py_XDECREF(copy);
	Py_XDECREF(above);
	Py_DECREF(recipe);
	return done;
}

/* The call's own MODULE; NULL with an exception. */
static PyObject *copy_of(PyObject *fresh, PyObject *module)
{
	PyObject *copy = PyDict_GetItemWithError(fresh, module);

	if (copy || PyErr_Occurred())
		return Py_XNewRef(copy);
	return make_copy(fresh, module);
}

/* ---- imports ---- */

/* MODULE.NAME is imported from the copy: a module in the package may have to be copied, too. */
static int import_from(PyObject *fresh, PyObject *module, PyObject *copy, PyObject *name)
{
	PyObject *names = PyModule_Check(copy) ? PyModule_GetDict(copy) : NULL, *sub, *done;
	PyObject *full, *own = PyObject_GetAttr(module, name_key);

	if (!own || !names || !PyUnicode_Check(name) || PyDict_Contains(names, name)) {
		Py_XDECREF(own);
		PyErr_Clear();
		return 0;
	}
	full = PyUnicode_FromFormat("%U.%U", own, name);
	sub = full ? PyDict_GetItemWithError(PyImport_GetModuleDict(), full) : NULL;
	if (!sub)
		done = PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
	else if (PyDict_Contains(codes, sub) == 1)
		done = copy_of(fresh, sub);
	else
		done = PyDict_SetItem(names, name, sub) ? NULL : Py_NewRef(Py_None);
	Py_XDECREF(full);
	Py_DECREF(own);
	Py_XDECREF(done);
	return done ? 0 : -1;
}

static int import_all_from(PyObject *fresh, PyObject *module, PyObject *copy, PyObject *list)
{
	PyObject *names = PySequence_Fast(list, "the names to import are no sequence");
	int code = names ? 0 : -1;

	for (Py_ssize_t i = 0; !code && i < PySequence_Fast_GET_SIZE(names); i++) {
		PyObject *name = PySequence_Fast_GET_ITEM(names, i), *all = NULL;

		if (PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, "*") == 0) {
			all = PyObject_GetAttrString(copy, "__all__");
			PyErr_Clear();
			PyObject *each = all ? PySequence_List(all) : NULL;
			for (Py_ssize_t j = 0; each && !code && j < PyList_GET_SIZE(each); j++)
				code = import_from(fresh, module, copy, PyList_GET_ITEM(each, j));
			Py_XDECREF(each);
			PyErr_Clear();
		} else {
			code = import_from(fresh, module, copy, name);
		}
		Py_XDECREF(all);
	}
	Py_XDECREF(names);
	return code;
}

/* `import a.b.c` gives a; c is copied as well, and b before it. */
static int import_below(PyObject *fresh, PyObject *top, PyObject *name)
{
	PyObject *own = PyObject_GetAttr(top, name_key), *full = NULL;
	const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
	const char *dot = text ? strchr(text, '.') : NULL;
	int code = 0;

	/* The first part may be called otherwise than it was asked for (python_finder.py). */
	if (own && dot)
		full = PyUnicode_FromFormat("%U%s", own, dot);
	PyObject *last = full ? PyDict_GetItemWithError(PyImport_GetModuleDict(), full) : NULL;
	if (last && PyDict_Contains(codes, last) == 1) {
		PyObject *copy = copy_of(fresh, last);

		code = copy ? 0 : -1;
		Py_XDECREF(copy);
	}
	Py_XDECREF(full);
	Py_XDECREF(own);
	if (!code)
		PyErr_Clear();
	return code;
}

/* The call's own module of that name, or the shared one, or None. */
static PyObject *find_module(PyObject *self, PyObject *name)
{
	PyObject *fresh = python_scope_fresh();
	PyObject *module = PyDict_GetItemWithError(PyImport_GetModuleDict(), name);
	PyObject *own = module && fresh ? PyDict_GetItemWithError(fresh, module) : NULL;
	(void)self;

	PyErr_Clear(); /* the name may be anything */
	return Py_NewRef(own ? own : module ? module : Py_None);
}

int python_fresh_help(PyObject *helper)
{
	static PyMethodDef method = {"_module", find_module, METH_O, NULL};
	PyObject *function = PyCFunction_New(&method, NULL);
	int code = function ? PyObject_SetAttrString(helper, "_module", function) : -1;

	Py_XDECREF(function);
	return code;
}

/* In builtins.__import__'s place: __import__(name, globals, locals, fromlist, level). */
static PyObject *import_for_call(PyObject *self, PyObject *const *arguments, Py_ssize_t n,
                                 PyObject *names)
{
	PyObject *module = PyObject_Vectorcall(plain_import, arguments, (size_t)n, names);
	PyObject *fresh = python_scope_fresh(), *list = n >= 4 ? arguments[3] : NULL;
	(void)self;

	if (!module || !fresh || n < 1 || !codes)
		return module;
	for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++)
		if (PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, i), "fromlist") == 0)
			list = arguments[n + i];
	bool from = list && PyObject_IsTrue(list) == 1;
	if (PyErr_Occurred() || PyDict_Contains(codes, module) != 1) {
		PyErr_Clear();
		if (!from && import_below(fresh, module, arguments[0])) /* of a namespace package */
			Py_CLEAR(module);
		return module;
	}
	Py_INCREF(fresh);
	PyObject *copy = copy_of(fresh, module);
	int code = !copy  ? -1
	           : from ? import_all_from(fresh, module, copy, list)
	                  : import_below(fresh, module, arguments[0]);
	Py_DECREF(fresh);
	Py_DECREF(module);
	if (code)
		Py_CLEAR(copy);
	return copy;
}

/* From the first isolated call on. */
static int watch_imports(void)
{
	static PyMethodDef method = {"__import__", (PyCFunction)(void (*)(void))import_for_call,
	                             METH_FASTCALL | METH_KEYWORDS, NULL};
	PyObject *builtins = PyEval_GetBuiltins();
	PyObject *before = PyDict_GetItemString(builtins, "__import__");
	PyObject *function = before ? PyCFunction_New(&method, NULL) : NULL;
	int code = -1;

	if (function) {
		plain_import = Py_NewRef(before);
		code = PyDict_SetItemString(builtins, "__import__", function);
	}
	Py_XDECREF(function);
	return code;
}

/* ---- the call ---- */

void python_call_fresh(struct snafu_bound *bound, const struct snafu_request *request,
                       struct snafu_result *result)
{
	struct snafu_bound own;
	PyObject *fresh = PyDict_New();
	PyObject *copy = NULL;

	python_scope_make_fresh(fresh);
	if (fresh && (plain_import || watch_imports() == 0))
		copy = copy_of(fresh, bound->module);
	if (!copy) {
		python_fail_loading(result, bound->function->file);
		return;
	}
	if (python_bind_in(&own, bound->function, copy, bound->tail, result) == 0)
		python_call(&own, request, result);
	python_bound_done(&own);
	Py_DECREF(copy);
}
