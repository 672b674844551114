/* scanner/c_helper/functions.c — the functions of one parsed file as JSON lines:
 *
 *     {"function": {"name", "file"? (not the main file), "line", "returns", "native",
 *      "doc"?, "reason"?, "variadic"?: true,
 *      "parameters": [{"name"?, "type", "native"?, "doc"?}]}}
 *
 * "native" is missing where the source does not define the type. */
#include "scanner/c_helper/helper.h"

#include <string.h>

#include "base/json.h"

#define PARAMETERS_CAP 256 /* C guarantees 127 */

/* A declaration, and where it stands. */
struct place {
	CXFile file;
	unsigned line, begin, end; /* offsets of its extent */
};

static struct place find_place(CXCursor cursor)
{
	struct place place;
	CXSourceRange extent = clang_getCursorExtent(cursor);

	clang_getExpansionLocation(clang_getCursorLocation(cursor), &place.file, &place.line, NULL,
	                           NULL);
	clang_getExpansionLocation(clang_getRangeStart(extent), NULL, NULL, NULL, &place.begin);
	clang_getExpansionLocation(clang_getRangeEnd(extent), NULL, NULL, NULL, &place.end);
	return place;
}

static void member(struct snafu_buffer *out, const char *name)
{
	snafu_buffer_format(out, "%s\"%s\":", out->data[out->size - 1] == '{' ? "" : ",", name);
}

static void text_member(struct snafu_buffer *out, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	member(out, name);
	snafu_json_write_text(out, text);
}

static void type_members(struct snafu_buffer *out, const char *name, CXType type, bool parameter,
                         bool promoted)
{
	CXString spelling = clang_getTypeSpelling(type);
	struct snafu_buffer native = SNAFU_BUFFER(HELPER_NATIVE_CAP);

	text_member(out, name, clang_getCString(spelling));
	/* Without a prototype, C passes a float as double. */
	if (promoted && clang_getCanonicalType(type).kind == CXType_Float)
		text_member(out, "native", "f8");
	else if (helper_write_type(type, parameter, &native))
		text_member(out, "native", native.data);
	clang_disposeString(spelling);
	snafu_buffer_done(&native);
}

/* The C library's headers name parameters __x, out of programs' way. */
static const char *plain_name(const char *name)
{
	const char *plain = name + strspn(name, "_");

	if (plain - name < 2)
		return name;
	return *plain && !(*plain >= '0' && *plain <= '9') ? plain : name;
}

static void write_parameter(CXCursor parameter, bool promoted, const char *text, size_t size,
                            const char *doc, struct snafu_buffer *out)
{
	CXString spelling = clang_getCursorSpelling(parameter);
	const char *name = clang_getCString(spelling);
	struct snafu_buffer beside = SNAFU_BUFFER(HELPER_DOC_CAP);
	struct place place = find_place(parameter);

	snafu_buffer_append_byte(out, '{');
	text_member(out, "name", plain_name(name));
	type_members(out, "type", clang_getCursorType(parameter), true, promoted);
	if (clang_isInvalidDeclaration(parameter)) {
		member(out, "invalid");
		snafu_buffer_append_text(out, "true");
	}
	if (*name)
		helper_parameter_doc(doc, name, &beside);
	if (!beside.size && text)
		helper_comment_beside(text, size, place.begin, place.end, &beside);
	text_member(out, "doc", beside.data);
	snafu_buffer_append_byte(out, '}');
	snafu_buffer_done(&beside);
	clang_disposeString(spelling);
}

static bool has_no_prototype(CXCursor cursor)
{
	return clang_getCanonicalType(clang_getCursorType(cursor)).kind == CXType_FunctionNoProto;
}

/* Of a type that is missing, libclang makes int. */
static bool has_invalid_parameter(CXCursor cursor)
{
	int count = clang_Cursor_getNumArguments(cursor);

	for (int i = 0; i < count; i++)
		if (clang_isInvalidDeclaration(clang_Cursor_getArgument(cursor, (unsigned)i)))
			return true;
	return false;
}

/* The declaration is wrong, and no parameter is to blame: it may be the result. */
static bool has_error(CXCursor cursor)
{
	return clang_isInvalidDeclaration(cursor) && !has_invalid_parameter(cursor);
}

/* Why it cannot be called, as far as the declaration tells; the types are judged
 * by scanner/c.c. */
static const char *find_reason(const struct helper_unit *unit, CXCursor cursor, const char *name,
                               bool definition)
{
	if (clang_Cursor_getStorageClass(cursor) == CX_SC_Static)
		return clang_Cursor_isFunctionInlined(cursor)
		           ? "static inline: it has no symbol outside of its file"
		           : "static: it is not visible outside of its file";
	if (strcmp(name, "main") == 0)
		return "the program's main; it is not run";
	if (clang_Cursor_isVariadic(cursor))
		return "variadic: the types of its further arguments are not declared";
	if (definition && !helper_names_has(&unit->external, name))
		return "inline without extern: it has no symbol of its own";
	if (clang_getCursorVisibility(cursor) == CXVisibility_Hidden)
		return "hidden: it is not visible outside of its library";
	if (!definition && has_no_prototype(cursor))
		return "declared without its parameters";
	if (has_error(cursor))
		return "its declaration has an error (see the diagnostics)";
	return NULL;
}

static void write_doc(CXCursor cursor, bool definition, const char *text, size_t size,
                      struct snafu_buffer *doc, CXTranslationUnit unit)
{
	struct place place = find_place(cursor);

	if (text)
		helper_comment(text, size, place.begin, place.end, definition, doc);
	if (doc->size)
		return;
	/* A definition without a comment: that of its first declaration. */
	CXCursor first = clang_getCanonicalCursor(cursor);
	if (clang_equalCursors(first, cursor))
		return;
	place = find_place(first);
	text = place.file ? clang_getFileContents(unit, place.file, &size) : NULL;
	if (text)
		helper_comment(text, size, place.begin, place.end, false, doc);
}

static void write_function(struct helper_unit *unit, CXCursor cursor, const char *name,
                           bool definition)
{
	struct place place = find_place(cursor);
	bool promoted = has_no_prototype(cursor);
	struct snafu_buffer doc = SNAFU_BUFFER(2 * HELPER_DOC_CAP);
	struct snafu_buffer *out = unit->out;
	size_t size = 0;
	const char *text = clang_getFileContents(unit->unit, place.file, &size);
	int count = clang_Cursor_getNumArguments(cursor);

	snafu_buffer_append_text(out, "{\"function\":{");
	text_member(out, "name", name);
	if (!clang_File_isEqual(place.file, unit->main)) {
		CXString file = clang_getFileName(place.file);

		text_member(out, "file", clang_getCString(file));
		clang_disposeString(file);
	}
	member(out, "line");
	snafu_json_write_uint64(out, place.line);
	if (!has_error(cursor))
		type_members(out, "returns", clang_getCursorResultType(cursor), false, false);
	write_doc(cursor, definition, text, size, &doc, unit->unit);
	text_member(out, "doc", doc.data);
	text_member(out, "reason", find_reason(unit, cursor, name, definition));
	if (clang_Cursor_isVariadic(cursor) && !promoted) {
		member(out, "variadic");
		snafu_buffer_append_text(out, "true");
	}
	member(out, "parameters");
	snafu_buffer_append_byte(out, '[');
	for (int i = 0; i < count && i < PARAMETERS_CAP; i++) {
		if (i > 0)
			snafu_buffer_append_byte(out, ',');
		write_parameter(clang_Cursor_getArgument(cursor, (unsigned)i), promoted, text, size,
		                doc.data ? doc.data : "", out);
	}
	snafu_buffer_append_text(out, "]}}\n");
	snafu_buffer_done(&doc);
	unit->n_functions++;
}

static bool belongs(const struct helper_unit *unit, CXCursor cursor)
{
	CXFile file;

	clang_getExpansionLocation(clang_getCursorLocation(cursor), &file, NULL, NULL, NULL);
	return helper_belongs(unit, file);
}

/* Names that are the C library's own business. */
static bool is_internal(CXCursor cursor, const char *name)
{
	struct place place = find_place(cursor);

	if (name[0] != '_' || name[1] != '_')
		return false;
	CXString file = clang_getFileName(place.file);
	bool internal = helper_is_system(clang_getCString(file));
	clang_disposeString(file);
	return internal;
}

/* libclang's indexer tells definitions from declarations also where bodies were
 * skipped; its cursors do not. It goes twice over the declarations: */

/* first, to learn what is defined and what has a symbol (an inline function has one
 * only if some declaration of it says extern, or does not say inline), */
static void learn(CXClientData data, const CXIdxDeclInfo *info)
{
	struct helper_unit *unit = data;
	CXCursor cursor = info->cursor;

	if (clang_getCursorKind(cursor) != CXCursor_FunctionDecl)
		return;
	CXString name = clang_getCursorSpelling(cursor);
	if (!clang_Cursor_isFunctionInlined(cursor) ||
	    clang_Cursor_getStorageClass(cursor) == CX_SC_Extern)
		helper_names_add(&unit->external, clang_getCString(name));
	if (belongs(unit, cursor)) {
		unit->has_own = true;
		if (info->isDefinition)
			helper_names_add(&unit->defined, clang_getCString(name));
	}
	clang_disposeString(name);
}

/* then, to list: of a source its definitions, of a header every function, by its
 * definition if it has one. */
static void list(CXClientData data, const CXIdxDeclInfo *info)
{
	struct helper_unit *unit = data;
	CXCursor cursor = info->cursor;

	if (clang_getCursorKind(cursor) != CXCursor_FunctionDecl || !belongs(unit, cursor))
		return;
	CXString spelling = clang_getCursorSpelling(cursor);
	const char *name = clang_getCString(spelling);
	bool wanted =
		info->isDefinition || (unit->file->declarations && !helper_names_has(&unit->defined, name));
	if (wanted && *name && !is_internal(cursor, name) && helper_names_add(&unit->listed, name))
		write_function(unit, cursor, name, info->isDefinition);
	clang_disposeString(spelling);
}

static void go_over(CXIndexAction action, struct helper_unit *unit,
                    void (*visit)(CXClientData, const CXIdxDeclInfo *))
{
	IndexerCallbacks callbacks = {.indexDeclaration = visit};

	clang_indexTranslationUnit(action, unit, &callbacks, sizeof callbacks, CXIndexOpt_None,
	                           unit->unit);
}

void helper_list_functions(CXIndex index, struct helper_unit *unit)
{
	CXIndexAction action = clang_IndexAction_create(index);

	go_over(action, unit, learn);
	if (unit->file->declarations) {
		helper_find_parts(unit, !unit->has_own);
		if (unit->n_parts > 0)
			go_over(action, unit, learn);
	}
	go_over(action, unit, list);
	clang_IndexAction_dispose(action);
}
