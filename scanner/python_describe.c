/* scanner/python_describe.c — see python_describe.h. */
#include "scanner/python_describe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/python_doc.h"

#define ID_CAP 1024 /* bytes; what would have a longer id is left out */

/* What definitions hand down to those inside them. */
struct context {
	const char **ids; /* for each definition; lives in the result's arena; "": left out */
	const char **reasons; /* for each class: why nothing in it can be called */
	bool told; /* that ids are too long */
};

static const struct python_definition *owner_of(const struct python_description *description,
                                                const struct python_definition *definition)
{
	return definition->owner ? &description->outline->definitions[definition->owner - 1] : NULL;
}

static const char *make_id(struct python_description *description, struct context *context,
                           size_t index)
{
	const struct python_definition *definition = &description->outline->definitions[index];
	const char *outer =
		definition->owner ? context->ids[definition->owner - 1] : description->source->module;
	size_t size = strlen(outer);

	if (size == 0 || definition->name_size == 0)
		return "";
	if (size + definition->name_size >= ID_CAP) {
		if (!context->told)
			snafu_functions_diagnose(description->ret, SNAFU_WARNING, description->source->path,
			                         definition->line,
			                         "left out: its id, from the path, is longer than %d bytes; so "
			                         "may be others of this file",
			                         ID_CAP);
		context->told = true;
		return "";
	}
	char *id = snafu_arena_alloc(&description->ret->arena, size + definition->name_size + 2);

	if (id) {
		memcpy(id, outer, size);
		id[size] = '.';
		memcpy(id + size + 1, description->outline->text + definition->name, definition->name_size);
	}
	return id;
}

static bool is_named(const struct python_description *description,
                     const struct python_definition *definition, const char *name)
{
	return strlen(name) == definition->name_size &&
	       memcmp(description->outline->text + definition->name, name, definition->name_size) == 0;
}

/* `name = staticmethod(name)` behind the function, as was written before there
 * were decorators. */
static unsigned later_traits(const struct python_description *description,
                             const struct python_definition *definition, size_t index)
{
	const struct python_outline *outline = description->outline;
	const char *name = outline->text + definition->name;
	long entry =
		snafu_python_find(&description->names, definition->owner, name, definition->name_size);

	if (entry < 0 || (size_t)entry < outline->n_definitions ||
	    description->names.earlier[entry] != index + 1)
		return 0;
	const struct python_field *field = &outline->fields[(size_t)entry - outline->n_definitions];
	const char *value = outline->text + field->value;
	size_t call = field->value_size > definition->name_size + 2
	                  ? field->value_size - definition->name_size - 2
	                  : 0;
	if (call == 0 || value[call] != '(' || value[field->value_size - 1] != ')' ||
	    memcmp(value + call + 1, name, definition->name_size) != 0)
		return 0;
	if (call == 12 && memcmp(value, "staticmethod", 12) == 0)
		return PYTHON_TRAIT_STATIC;
	if (call == 11 && memcmp(value, "classmethod", 11) == 0)
		return PYTHON_TRAIT_CLASS;
	return call == 8 && memcmp(value, "property", 8) == 0 ? PYTHON_TRAIT_PROPERTY : 0;
}

static enum snafu_function_kind kind_of(const struct python_description *description, size_t index)
{
	const struct python_definition *definition = &description->outline->definitions[index];
	const struct python_definition *owner = owner_of(description, definition);
	unsigned traits = description->signatures[index].traits;

	if (!owner)
		return SNAFU_FUNCTION;
	if (!owner->is_class)
		return SNAFU_NESTED_FUNCTION;
	traits |= later_traits(description, definition, index);
	if (traits & PYTHON_TRAIT_PROPERTY)
		return SNAFU_PROPERTY;
	if ((traits & PYTHON_TRAIT_STATIC) || is_named(description, definition, "__new__"))
		return SNAFU_STATIC_METHOD;
	if ((traits & PYTHON_TRAIT_CLASS) || is_named(description, definition, "__init_subclass__") ||
	    is_named(description, definition, "__class_getitem__"))
		return SNAFU_CLASS_METHOD;
	return SNAFU_METHOD;
}

static const char *own_reason(struct python_description *description, struct context *context,
                              size_t index, enum snafu_function_kind kind)
{
	const struct python_definition *definition = &description->outline->definitions[index];
	const struct python_signature *signature = &description->signatures[index];
	const struct python_definition *owner = owner_of(description, definition);
	struct snafu_arena *arena = &description->ret->arena;

	if (definition->inside_function) {
		while (owner && owner->is_class)
			owner = owner_of(description, owner);
		if (!owner)
			return "exists only while the function around it runs";
		int size = (int)(owner->name_size < 200 ? owner->name_size : 200);
		return snafu_arena_format(arena, "exists only while %.*s() runs, the function around it",
		                          size, description->outline->text + owner->name);
	}
	if (description->names.reasons[index])
		return description->names.reasons[index];
	if (owner && context->reasons[definition->owner - 1] &&
	    (kind != SNAFU_STATIC_METHOD || description->names.reasons[definition->owner - 1]))
		return context->reasons[definition->owner - 1];
	if (signature->traits & PYTHON_TRAIT_OVERLOAD)
		return "only a type signature (@overload): the function itself comes after it";
	if (signature->traits & PYTHON_TRAIT_ABSTRACT)
		return "abstract: only a subclass says what it does";
	if (kind == SNAFU_PROPERTY)
		return "a property: read as an attribute of an object, not called";
	if (kind == SNAFU_STATIC_METHOD && is_named(description, definition, "__new__"))
		return "makes the object itself and wants a class: call the object's methods";
	return NULL;
}

/* Why nothing can be called in this class, or NULL. */
static const char *class_reason(struct python_description *description, struct context *context,
                                size_t index)
{
	const struct python_definition *definition = &description->outline->definitions[index];

	if (description->names.reasons[index])
		return snafu_arena_format(&description->ret->arena, "its class: %s",
		                          description->names.reasons[index]);
	if (definition->owner && context->reasons[definition->owner - 1])
		return context->reasons[definition->owner - 1];
	if (description->signatures[index].traits & PYTHON_TRAIT_PROTOCOL)
		return "a Protocol describes what others must do; it has no objects";
	return NULL;
}

/* Classes with ABC and an abstract method of their own have no objects. */
static void mark_abstract(struct python_description *description, struct context *context)
{
	const struct python_outline *outline = description->outline;

	for (size_t i = 0; i < outline->n_definitions; i++) {
		uint32_t owner = outline->definitions[i].owner;

		if (owner && (description->signatures[i].traits & PYTHON_TRAIT_ABSTRACT) &&
		    (description->signatures[owner - 1].traits & PYTHON_TRAIT_ABC) &&
		    !context->reasons[owner - 1])
			context->reasons[owner - 1] =
				"its class is abstract, so it has no objects: call a subclass";
	}
}

/* Python 2's `def f((street, city))`: the parameter is called street_city, as 2to3 calls it. */
static bool name_tuple(struct snafu_arena *arena, struct snafu_parameter *parameter)
{
	static const char between[] = "(), \t\n\r\\";
	char *name = snafu_arena_string(arena, parameter->name), *to = name;

	if (!name)
		return false;
	for (const char *from = parameter->name; *(from += strspn(from, between));) {
		size_t size = strcspn(from, between);

		if (to > name)
			*to++ = '_';
		memcpy(to, from, size);
		to += size;
		from += size;
	}
	*to = '\0';
	parameter->name = name;
	return true;
}

/* AWS Lambda's form, `event` and `context`: nobody is asked for the context, which the host
 * makes (langs/python_bind.c has the same rule). */
static bool is_handler(const struct snafu_parameter *parameters, size_t n)
{
	return n == 2 && parameters[0].kind <= SNAFU_PARAMETER_NORMAL &&
	       parameters[1].kind <= SNAFU_PARAMETER_NORMAL &&
	       strcmp(parameters[0].name, "event") == 0 && strcmp(parameters[1].name, "context") == 0;
}

static int set_parameters(struct python_description *description, size_t index,
                          struct snafu_function *function)
{
	struct python_signature *signature = &description->signatures[index];
	uint32_t scope = description->outline->definitions[index].owner;
	struct snafu_parameter *parameters = signature->parameters;
	size_t n = signature->n_parameters;
	bool bound = function->kind == SNAFU_METHOD || function->kind == SNAFU_CLASS_METHOD ||
	             function->kind == SNAFU_PROPERTY;

	if (bound && n > 0 && parameters[0].kind <= SNAFU_PARAMETER_NORMAL) {
		parameters++;
		n--;
	}
	for (size_t i = 0; i < n; i++) {
		const char *type = parameters[i].type, *fallback = parameters[i].fallback;

		if (parameters[i].name[0] == '(' && !name_tuple(&description->ret->arena, &parameters[i]))
			return -ENOMEM;
		parameters[i].shape = type || !fallback ? snafu_python_shape(&description->types, scope,
		                                                             type, type ? strlen(type) : 0)
		                                        : snafu_python_literal_shape(fallback);
	}
	function->parameters = parameters;
	function->context_hidden = is_handler(parameters, n);
	function->n_parameters = function->context_hidden ? 1 : n;
	return function->doc
	           ? snafu_python_document(&description->ret->arena, function->doc, parameters, n)
	           : 0;
}

static unsigned broken_line(const struct python_description *description,
                            const struct python_definition *definition)
{
	const char *at = description->outline->text + definition->start;
	const char *end = description->outline->text + definition->broken_at - 1;
	unsigned line = definition->line;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		line++;
		at++;
	}
	return line;
}

static int describe_one(struct python_description *description, struct context *context,
                        size_t index)
{
	const struct python_outline *outline = description->outline;
	const struct python_definition *definition = &outline->definitions[index];
	struct snafu_arena *arena = &description->ret->arena;
	struct snafu_function *function = snafu_functions_add(description->ret);

	if (!function)
		return -ENOMEM;
	const char *id = context->ids[index];
	function->id = id;
	function->name = id + strlen(id) - definition->name_size;
	function->language = description->python2 ? "python2" : "python";
	function->file = description->source->path;
	function->root = description->source->root;
	function->line = definition->line;
	function->kind = kind_of(description, index);
	function->asynchronous = definition->async;
	function->generator = definition->generator;
	function->returns = description->signatures[index].returns;
	if (function->returns)
		function->returns_shape = snafu_python_shape(&description->types, definition->owner,
		                                             function->returns, strlen(function->returns));
	else if (function->generator)
		function->returns_shape = snafu_shape_plain(SNAFU_SHAPE_ARRAY);
	if (definition->strings_end) {
		function->doc = snafu_python_docstring(arena, outline->text + definition->strings,
		                                       definition->strings_end - definition->strings,
		                                       description->python2, description->work);
		if (!function->doc)
			return -ENOMEM;
	}
	if (definition->broken_at)
		function->reason = snafu_arena_format(arena, "does not parse: syntax error in line %u",
		                                      broken_line(description, definition));
	else
		function->reason = own_reason(description, context, index, function->kind);
	return set_parameters(description, index, function);
}

static int describe_all(struct python_description *description, struct context *context)
{
	const struct python_outline *outline = description->outline;

	for (size_t i = 0; i < outline->n_definitions; i++) {
		int code = 0;

		context->ids[i] = make_id(description, context, i);
		if (!context->ids[i])
			return -ENOMEM;
		if (!outline->definitions[i].is_class && *context->ids[i])
			code = describe_one(description, context, i);
		if (code)
			return code;
	}
	return 0;
}

int snafu_python_describe(struct python_description *description)
{
	const struct python_outline *outline = description->outline;
	struct context context = {
		.ids = calloc(outline->n_definitions + 1, sizeof *context.ids),
		.reasons = calloc(outline->n_definitions + 1, sizeof *context.reasons),
	};
	int code = -ENOMEM;

	if (context.ids && context.reasons) {
		for (size_t i = 0; i < outline->n_definitions; i++)
			if (outline->definitions[i].is_class)
				context.reasons[i] = class_reason(description, &context, i);
		mark_abstract(description, &context);
		code = describe_all(description, &context);
	}
	free(context.ids);
	free(context.reasons);
	return code;
}
