/* langs/python_annotation.c — annotations made into struct python_type. The
 * common ones (int, str, list[int], int | None) are understood here, without any
 * import; for the rest python_types.py is asked once, when the function is bound. */
#include "langs/python.h"

#include <stdlib.h>
#include <string.h>

static struct python_type *make(struct python_type **types, enum python_kind kind, PyObject *object,
                                size_t n)
{
	struct python_type *type = calloc(1, sizeof *type);

	if (!type || (n && !(type->items = calloc(n, sizeof *type->items)))) {
		free(type);
		return NULL;
	}
	type->kind = kind;
	type->object = Py_XNewRef(object);
	type->n = n;
	type->next = *types;
	*types = type;
	return type;
}

void python_types_free(struct python_type **types)
{
	while (*types) {
		struct python_type *type = *types;

		*types = type->next;
		for (size_t i = 0; i < type->n_fields; i++)
			Py_DECREF(type->fields[i].name);
		Py_XDECREF(type->object);
		Py_XDECREF(type->words);
		free(type->fields);
		free(type->items);
		free(type);
	}
}

static struct python_type *from_spec(struct python_type **types, PyObject *spec, unsigned depth);

/* Fills in the fields of a record. The type is in the list already, so a class
 * that mentions itself finds it there. */
static void add_fields(struct python_type **types, struct python_type *type, unsigned depth)
{
	PyObject *function = python_helper("fields");
	PyObject *list = function ? PyObject_CallOneArg(function, type->object) : NULL;
	PyObject *fields;
	int array_too, open;

	Py_XDECREF(function);
	if (list && PyArg_ParseTuple(list, "O!pp", &PyTuple_Type, &fields, &array_too, &open)) {
		size_t n = (size_t)PyTuple_GET_SIZE(fields);

		type->array_too = array_too;
		type->open = open;
		type->fields = calloc(n ? n : 1, sizeof *type->fields);
		for (size_t i = 0; type->fields && i < n; i++) {
			PyObject *name, *spec;
			int required;

			if (!PyArg_ParseTuple(PyTuple_GET_ITEM(fields, i), "UOp", &name, &spec, &required))
				break;
			struct python_field *field = &type->fields[type->n_fields++];
			field->name = Py_NewRef(name);
			field->required = required;
			field->type = from_spec(types, spec, depth + 1);
			type->exact |= field->type && field->type->exact;
		}
	} else {
		type->open = true;
	}
	PyErr_Clear();
	Py_XDECREF(list);
}

/* SPEC is what the helper says: None, or (kind, object, items, words, exact). */
static struct python_type *from_spec(struct python_type **types, PyObject *spec, unsigned depth)
{
	int kind, exact;
	PyObject *object, *items, *said;

	if (spec == Py_None || depth > PYTHON_TYPE_DEPTH_CAP)
		return NULL;
	if (!PyArg_ParseTuple(spec, "iOO!Op", &kind, &object, &PyTuple_Type, &items, &said, &exact)) {
		PyErr_Clear();
		return NULL;
	}
	for (struct python_type *type = *types; kind == PYTHON_RECORD && type; type = type->next)
		if (type->kind == PYTHON_RECORD && type->object == object)
			return type;
	size_t n = (size_t)PyTuple_GET_SIZE(items);
	struct python_type *type = make(types, (enum python_kind)kind, object, n);
	if (!type)
		return NULL;
	type->words = said == Py_None ? NULL : Py_NewRef(said);
	type->exact = exact;
	for (size_t i = 0; i < n; i++) {
		type->items[i] = from_spec(types, PyTuple_GET_ITEM(items, (Py_ssize_t)i), depth + 1);
		type->exact |= type->items[i] && type->items[i]->exact;
	}
	if (kind == PYTHON_RECORD)
		add_fields(types, type, depth);
	return type;
}

static struct python_type *ask_helper(struct python_type **types, PyObject *annotation,
                                      PyObject *globals)
{
	PyObject *function = python_helper("describe");
	PyObject *spec = function ? PyObject_CallFunctionObjArgs(function, annotation,
	                                                         globals ? globals : Py_None, NULL)
	                          : NULL;
	struct python_type *type = spec ? from_spec(types, spec, 0) : NULL;

	PyErr_Clear();
	Py_XDECREF(function);
	Py_XDECREF(spec);
	return type;
}

struct plain_class {
	const char *name;
	PyTypeObject *class;
	enum python_kind kind;
	size_t n; /* items, which may be anything */
};

static const struct plain_class *plain_class(PyObject *annotation, PyObject *globals)
{
	static const struct plain_class plain[] = {
		{"int", &PyLong_Type, PYTHON_INT, 0},      {"str", &PyUnicode_Type, PYTHON_STR, 0},
		{"float", &PyFloat_Type, PYTHON_FLOAT, 0}, {"bool", &PyBool_Type, PYTHON_BOOL, 0},
		{"bytes", &PyBytes_Type, PYTHON_BYTES, 0}, {"list", &PyList_Type, PYTHON_LIST, 1},
		{"dict", &PyDict_Type, PYTHON_DICT, 2},
	};
	bool text = PyUnicode_Check(annotation);

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (text ? PyUnicode_CompareWithASCIIString(annotation, plain[i].name) == 0 &&
		               !(globals && PyDict_GetItem(globals, annotation))
		         : (PyObject *)plain[i].class == annotation)
			return &plain[i];
	return NULL;
}

/* list[X], dict[K, V] and X | Y; RET_DONE says whether it was one of them. */
static struct python_type *generic(struct python_type **types, PyObject *annotation,
                                   PyObject *globals, bool *ret_done)
{
	bool is_union = strcmp(Py_TYPE(annotation)->tp_name, "types.UnionType") == 0;
	PyObject *arguments, *origin;
	enum python_kind kind = PYTHON_UNION;
	struct python_type *type = NULL;

	*ret_done = false;
	if (!is_union && !Py_IS_TYPE(annotation, &Py_GenericAliasType))
		return NULL;
	origin = is_union ? NULL : PyObject_GetAttrString(annotation, "__origin__");
	arguments = PyObject_GetAttrString(annotation, "__args__");
	Py_ssize_t n = arguments && PyTuple_Check(arguments) ? PyTuple_GET_SIZE(arguments) : 0;
	if (origin == (PyObject *)&PyList_Type && n == 1)
		kind = PYTHON_LIST;
	else if (origin == (PyObject *)&PyDict_Type && n == 2)
		kind = PYTHON_DICT;
	else if (!is_union)
		n = 0;
	if (n && (type = make(types, kind, NULL, (size_t)n))) {
		for (Py_ssize_t i = 0; i < n; i++) {
			type->items[i] = python_type_of(types, PyTuple_GET_ITEM(arguments, i), globals);
			type->exact |= type->items[i] && type->items[i]->exact;
		}
		if (is_union)
			type->words = PyObject_Str(annotation);
		*ret_done = true;
	}
	PyErr_Clear();
	Py_XDECREF(origin);
	Py_XDECREF(arguments);
	return type;
}

struct python_type *python_type_of(struct python_type **types, PyObject *annotation,
                                   PyObject *globals)
{
	const struct plain_class *plain = plain_class(annotation, globals);
	bool done;

	if (plain)
		return make(types, plain->kind, NULL, plain->n);
	if (annotation == Py_None)
		return make(types, PYTHON_NONE, NULL, 0);
	if (annotation == (PyObject *)&PyBaseObject_Type)
		return NULL;
	struct python_type *type = generic(types, annotation, globals, &done);
	return done ? type : ask_helper(types, annotation, globals);
}

struct python_type *python_type_by_default(struct python_type **types, PyObject *fallback)
{
	struct python_type *inner = NULL, *guided;

	if (PyBool_Check(fallback))
		inner = make(types, PYTHON_BOOL, NULL, 0);
	else if (PyLong_CheckExact(fallback))
		inner = make(types, PYTHON_INT, NULL, 0);
	else if (PyFloat_CheckExact(fallback))
		inner = make(types, PYTHON_FLOAT, NULL, 0);
	else if (strcmp(Py_TYPE(Py_TYPE(fallback))->tp_name, "EnumType") == 0)
		inner = make(types, PYTHON_ENUM, (PyObject *)Py_TYPE(fallback), 0);
	if (!inner || !(guided = make(types, PYTHON_GUIDED, NULL, 1)))
		return NULL;
	guided->items[0] = inner;
	return guided;
}
