/* convert/stubs/stubs.c — see stubs.h. */
#include "convert/stubs/stubs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "runtime/settings/function_config.h"
#include "runtime/settings/function_config_members.h"
#include "runtime/settings/book.h"
#include "scanner/function.h"

#define SECONDS_FORMAT "%.15g"
#define TEXT_CAP       (64u << 10)
#define ENTRY_CAP      (64u << 10) /* bytes of one function's part */
#define TAIL_ROOM      512 /* bytes: what follows the last function */
#define EXECUTOR       "inprocess" /* where functions run when nobody says */
#define NATIVE         "worker" /* the same, where no process of ours can run them */

struct stub {
	const struct snafu_function *functions;
	size_t count;
	const struct snafu_settings_book *book;
	struct snafu_settings settings; /* that hold without it */
	struct snafu_buffer *into;
};

/* ---- names --------------------------------------------------------------------------- */

/* The size of the id's part that says where the file is: "pkg.mod." of .../pkg/mod.py, whether
 * or not the folder is part of it. 0: the id does not say. */
static size_t place_size(const char *id, const char *file, size_t size)
{
	size_t longest = 0;

	for (size_t begin = size; begin > 0; begin--) {
		const char *place = file + begin - 1;
		size_t length = size - (begin - 1), same = 0;

		if (begin > 1 && place[-1] != '/')
			continue;
		while (same < length && id[same] == (place[same] == '/' ? '.' : place[same]))
			same++;
		if (same == length && id[length] == '.')
			longest = length + 1;
	}
	return longest;
}

/* By what name the stub of FUNCTION's file calls it, borrowed from its id: a tail that does
 * not depend on which folder is served. */
static const char *stub_name(const struct snafu_function *function)
{
	const char *file = snafu_function_source(function), *base = snafu_path_base(file),
			   *dot = strrchr(base, '.');
	size_t size = dot ? (size_t)(dot - file) : strlen(file), place;

	if (strcmp(function->language, "java") == 0)
		return function->id; /* that of its class, wherever the file is */
	place = place_size(function->id, file, size);
	if (!place && base > file) /* the file that makes a package of its folder: pkg/__init__.py */
		place = place_size(function->id, file, (size_t)(base - file) - 1);
	return function->id + place;
}

/* ---- lines --------------------------------------------------------------------------- */

/* A new line, behind a comma when it is not the first of its object. */
static void begin_line(struct snafu_buffer *into, unsigned depth)
{
	bool first = into->size && into->data[into->size - 1] == '{';

	snafu_buffer_format(into, "%s\n%*s", first ? "" : ",", (int)depth * 2, "");
}

/* "// NAME": "what it is" */
static void begin_comment(struct snafu_buffer *into, unsigned depth, const char *name)
{
	begin_line(into, depth);
	snafu_buffer_format(into, "\"//%s%s\": ", *name ? " " : "", name);
}

/* "//NAME": , to be followed by the value */
static void begin_member(struct snafu_buffer *into, unsigned depth, const char *name)
{
	begin_line(into, depth);
	snafu_buffer_format(into, "\"//%s\": ", name);
}

static void comment(struct snafu_buffer *into, unsigned depth, const char *name, const char *text)
{
	begin_comment(into, depth, name);
	snafu_json_write_text(into, text);
}

/* ---- values -------------------------------------------------------------------------- */

static void write_as_text(const struct snafu_setting *setting, uint64_t value,
                          struct snafu_buffer *into)
{
	struct snafu_buffer text = SNAFU_BUFFER(64);

	snafu_setting_write(setting, value, &text);
	snafu_json_write_text(into, text.data ? text.data : "");
	snafu_buffer_done(&text);
}

/* LAMBDA: a number, in Lambda's unit; else as in a snafu.ini. */
static void write_value(const struct snafu_settings *settings, const struct snafu_setting *setting,
                        bool lambda, struct snafu_buffer *into)
{
	struct snafu_settings *values = (struct snafu_settings *)settings;

	if (setting->unit == SNAFU_UNIT_TEXT) {
		snafu_json_write_text(into, *snafu_setting_text(values, setting));
		return;
	}
	uint64_t value = *snafu_setting_number(values, setting);
	if (setting->unit == SNAFU_UNIT_COUNT)
		snafu_json_write_uint64(into, value);
	else if (lambda && setting->unit == SNAFU_UNIT_TIME)
		snafu_buffer_format(into, SECONDS_FORMAT, (double)value / 1000);
	else if (lambda && setting->unit == SNAFU_UNIT_SIZE && value % (1u << 20) == 0)
		snafu_json_write_uint64(into, value >> 20);
	else
		write_as_text(setting, value, into);
}

static const char *unit_name(const struct snafu_setting *setting, bool lambda)
{
	if (!lambda)
		return "";
	return setting->unit == SNAFU_UNIT_TIME   ? "seconds; "
	       : setting->unit == SNAFU_UNIT_SIZE ? "MiB; "
	                                          : "";
}

/* "seconds; time from ... (1ms to 24h)" */
static void explain(const struct snafu_setting *setting, bool lambda, struct snafu_buffer *into)
{
	struct snafu_buffer text = SNAFU_BUFFER(1024);

	snafu_buffer_format(&text, "%s%s", unit_name(setting, lambda), setting->help);
	if (setting->unit != SNAFU_UNIT_TEXT) {
		snafu_buffer_append_text(&text, " (");
		snafu_setting_write(setting, setting->least, &text);
		snafu_buffer_append_text(&text, " to ");
		snafu_setting_write(setting, setting->most, &text);
		snafu_buffer_append_byte(&text, ')');
	}
	snafu_json_write_text(into, text.data ? text.data : "");
	snafu_buffer_done(&text);
}

static void write_setting(const struct stub *stub, const char *member,
                          const struct snafu_setting *setting, bool lambda)
{
	begin_comment(stub->into, 1, member);
	explain(setting, lambda, stub->into);
	begin_member(stub->into, 1, member);
	write_value(&stub->settings, setting, lambda, stub->into);
}

static const struct snafu_setting *narrowable(const char *name)
{
	int index = snafu_setting_find(NULL, name);

	return index < 0 ? NULL : &snafu_setting_table[index];
}

/* ---- the file's part ----------------------------------------------------------------- */

/* The one that a trigger would be for: named like a handler, or else the first. */
static const struct snafu_function *find_handler(const struct stub *stub)
{
	const struct snafu_function *first = NULL;

	for (size_t i = 0; i < stub->count; i++) {
		const struct snafu_function *function = &stub->functions[i];

		if (function->reason)
			continue;
		if (!first)
			first = function;
		if (strstr(function->name, "handle") && function->n_parameters)
			return function;
	}
	return first;
}

/* "module.function", as Lambda has it; "package.Class.method". */
static const char *handler_name(const struct snafu_function *handler)
{
	const char *name = stub_name(handler);

	if (name > handler->id)
		for (name--; name > handler->id && name[-1] != '.';)
			name--;
	return name;
}

static void write_handler(const struct stub *stub)
{
	const struct snafu_function *handler = find_handler(stub);
	const char *base = snafu_path_base(snafu_function_source(handler));
	char *name = strndup(base, strcspn(base, "."));

	comment(stub->into, 1, "FunctionName",
	        "another name for the function that Handler names: /invoke/NAME");
	begin_member(stub->into, 1, "FunctionName");
	snafu_json_write_text(stub->into, name);
	begin_member(stub->into, 1, "Handler");
	snafu_json_write_text(stub->into, handler_name(handler));
	free(name);
}

static void write_lambda_settings(const struct stub *stub)
{
	for (const struct snafu_config_member *at = snafu_config_members; at->name; at++)
		if (at->meaning == SNAFU_MEMBER_SETTING)
			write_setting(stub, at->name, narrowable(at->setting), true);
}

static void write_environment(const struct stub *stub)
{
	struct snafu_variable variable;
	const char *at = stub->settings.environment, *comma = "";

	comment(stub->into, 1, "Environment", "variables that functions see; texts");
	begin_member(stub->into, 1, "Environment");
	snafu_buffer_append_text(stub->into, "{\"Variables\": {");
	while (snafu_environment_next(&at, &variable)) {
		snafu_buffer_append_text(stub->into, comma);
		snafu_json_write_string(stub->into, variable.name, variable.name_size);
		snafu_buffer_append_text(stub->into, ": ");
		snafu_json_write_string(stub->into, variable.value, variable.value_size);
		comma = ", ";
	}
	snafu_buffer_append_text(stub->into, "}}");
}

static void write_destinations(const struct stub *stub)
{
	comment(stub->into, 1, "DestinationConfig",
	        "where results of asynchronous calls go, and calls that have failed for good: "
	        "function:ID, file:PATH or a URL");
	begin_member(stub->into, 1, "DestinationConfig");
	snafu_buffer_append_text(stub->into, "{\"OnSuccess\": {\"Destination\": ");
	snafu_json_write_text(stub->into, stub->settings.on_success);
	snafu_buffer_append_text(stub->into, "}, \"OnFailure\": {\"Destination\": ");
	snafu_json_write_text(stub->into, stub->settings.on_failure);
	snafu_buffer_append_text(stub->into, "}}");
}

/* Settings that stand there by another name already. */
static bool has_member(const struct snafu_setting *setting)
{
	static const char *const objects[] = {"environment", "on-success", "on-failure"};

	for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
		if (strcmp(setting->name, objects[i]) == 0)
			return true;
	for (const struct snafu_config_member *at = snafu_config_members; at->name; at++)
		if (at->meaning == SNAFU_MEMBER_SETTING && strcmp(at->setting, setting->name) == 0)
			return true;
	return false;
}

static void write_own_settings(const struct stub *stub)
{
	bool python2 = strcmp(stub->functions->language, "python2") == 0;

	for (const struct snafu_setting *at = snafu_setting_table; at->name; at++) {
		struct snafu_buffer member = SNAFU_BUFFER(128);

		if (!at->narrowable || has_member(at) || (strcmp(at->name, "python2") == 0 && !python2))
			continue;
		snafu_function_config_member(at->name, &member);
		write_setting(stub, member.data ? member.data : at->name, at, false);
		snafu_buffer_done(&member);
	}
}

/* ---- functions ----------------------------------------------------------------------- */

/* The first paragraph of the documentation, in one line. */
static void write_doc(const char *doc, struct snafu_buffer *into)
{
	size_t used = 0;

	doc += strspn(doc, " \t\r\n");
	snafu_buffer_append_text(into, *doc ? ": " : "");
	for (; *doc && used < SNAFU_STUB_DOC_CAP; used++) {
		size_t blanks = strspn(doc, " \t\r\n"), size = 1;

		if (blanks && memchr(doc, '\n', blanks) &&
		    (memchr(doc, '\n', blanks) != memrchr(doc, '\n', blanks) || !doc[blanks]))
			return; /* a blank line */
		if (blanks) {
			snafu_buffer_append_byte(into, ' ');
			doc += blanks;
			continue;
		}
		while ((doc[size] & 0xc0) == 0x80) /* the rest of a character */
			size++;
		snafu_buffer_append(into, doc, size);
		doc += size;
	}
	snafu_buffer_append_text(into, *doc ? "..." : "");
}

static void write_function(const struct stub *stub, const struct snafu_function *function,
                           struct snafu_buffer *into)
{
	struct snafu_buffer text = SNAFU_BUFFER(TEXT_CAP);
	struct snafu_settings settings;
	struct snafu_arena texts = {0};

	if (snafu_book_resolve(stub->book, -1, NULL, function->id, &texts, &settings))
		settings = stub->settings;
	snafu_function_signature(function, &text);
	if (function->doc)
		write_doc(function->doc, &text);
	snafu_json_write_text(into, stub_name(function));
	snafu_buffer_append_text(into, ": {");
	comment(into, 3, "", text.data && !text.failed ? text.data : function->name);
	begin_member(into, 3, "Timeout");
	write_value(&settings, narrowable("call-timeout"), true, into);
	begin_member(into, 3, "MemorySize");
	write_value(&settings, narrowable("memory"), true, into);
	begin_member(into, 3, "Environment");
	snafu_buffer_append_text(into, "{\"Variables\": {}}\n    }");
	snafu_buffer_done(&text);
	snafu_arena_done(&texts);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Overloads share a name, which stands there once. SEEN is sorted. */
static bool is_first(const char **seen, size_t *n_seen, const char *name)
{
	size_t at = *n_seen;

	if (at && bsearch(&name, seen, at, sizeof *seen, compare_names))
		return false;
	for (; at > 0 && strcmp(seen[at - 1], name) > 0; at--)
		seen[at] = seen[at - 1];
	seen[at] = name;
	(*n_seen)++;
	return true;
}

/* Returns how many, or -ENOMEM. */
static long write_functions(const struct stub *stub, size_t *ret_left_out)
{
	const char **seen = calloc(stub->count, sizeof *seen);
	struct snafu_buffer entry = SNAFU_BUFFER(ENTRY_CAP);
	size_t n_seen = 0;
	long written = 0;

	*ret_left_out = 0;
	for (size_t i = 0; seen && i < stub->count; i++) {
		const struct snafu_function *function = &stub->functions[i];

		if (function->reason || !is_first(seen, &n_seen, stub_name(function)))
			continue;
		snafu_buffer_clear(&entry);
		write_function(stub, function, &entry);
		if (entry.failed || stub->into->size + entry.size + TAIL_ROOM > SNAFU_STUB_CAP) {
			++*ret_left_out;
			continue;
		}
		begin_line(stub->into, 2);
		snafu_buffer_append(stub->into, entry.data, entry.size);
		written++;
	}
	snafu_buffer_done(&entry);
	free(seen);
	return seen ? written : -ENOMEM;
}

/* ---- the whole ----------------------------------------------------------------------- */

static void write_top(const struct stub *stub)
{
	struct snafu_buffer text = SNAFU_BUFFER(TEXT_CAP);

	snafu_buffer_append_byte(stub->into, '{');
	snafu_buffer_format(&text,
	                    "Settings of the functions in %s. What is set here holds for all of them, "
	                    "what is set below Functions for one. Take the // away in front of a name "
	                    "to set it; the value is the one that holds anyway. See settings.md.",
	                    snafu_path_base(snafu_function_source(stub->functions)));
	comment(stub->into, 1, "", text.data);
	snafu_buffer_done(&text);
	write_handler(stub);
	write_lambda_settings(stub);
	write_environment(stub);
	write_destinations(stub);
	write_own_settings(stub);
}

static bool has_callable(const struct snafu_function *functions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!functions[i].reason)
			return true;
	return false;
}

long snafu_stub_write(const struct snafu_function *functions, size_t count,
                      const struct snafu_settings_book *book, struct snafu_buffer *into,
                      size_t *ret_left_out, struct snafu_error *error)
{
	struct stub stub = {
		.functions = functions,
		.count = count,
		.book = book,
		.settings = book->instance.values,
		.into = into,
	};

	*ret_left_out = 0;
	if (!has_callable(functions, count))
		return 0;
	if (!*stub.settings.executor)
		stub.settings.executor = strcmp(functions->language, "python2") == 0 &&
		                                 strcmp(stub.settings.python2, "native") == 0
		                             ? NATIVE
		                             : EXECUTOR;
	write_top(&stub);
	begin_line(into, 1);
	snafu_buffer_append_text(into, "\"Functions\": {");
	long written = write_functions(&stub, ret_left_out);
	if (*ret_left_out) {
		begin_comment(into, 2, "more");
		snafu_buffer_format(into, "\"%zu further functions: add them by their names\"",
		                    *ret_left_out);
	}
	snafu_buffer_append_text(into, "\n  }\n}\n");
	if (written >= 0 && into->failed)
		written = into->failed;
	return written < 0 ? snafu_fail_errno(error, (int)written, "the stub of %s",
	                                      snafu_function_source(functions))
	                   : written;
}
