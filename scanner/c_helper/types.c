/* scanner/c_helper/types.c — libclang's types in the notation of scanner/c_types.h.
 *
 * A struct is described where it is the type itself or what the first pointer
 * points to; behind a pointer inside a struct, or a second pointer, only its name
 * is given. So no type contains itself, and the text stays short. */
#include "scanner/c_helper/helper.h"

#include <string.h>

#include "scanner/c_types.h"

struct writer {
	struct snafu_buffer *into;
	bool brief; /* enums without their names: the full text was too long */
	bool unknown; /* some of the type is not defined by the source */
	bool inside; /* in a struct */
	unsigned pointers; /* around the type that is being written */
	unsigned depth;
};

struct field_visit {
	struct writer *writer;
	long long base; /* bits from the start of the outermost struct to this one */
};

static void write_type(struct writer *writer, CXType type);

static bool is_identifier(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (!(*text == '_' || *text == '$' || (*text & 0x80) || (*text >= '0' && *text <= '9') ||
		      (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z')))
			return false;
	return true;
}

/* The name of a struct, union or enum; of `typedef struct {...} point` the
 * typedef's. */
static void write_name(struct writer *writer, CXType type)
{
	CXString tag = clang_getCursorSpelling(clang_getTypeDeclaration(type));
	CXString spelling = clang_getTypeSpelling(clang_getCanonicalType(type));
	const char *name = clang_getCString(tag);

	if (!name || !is_identifier(name))
		name = clang_getCString(spelling);
	if (name && is_identifier(name))
		snafu_buffer_append_text(writer->into, name);
	clang_disposeString(tag);
	clang_disposeString(spelling);
}

static void write_opaque(struct writer *writer, CXType type)
{
	snafu_buffer_append_text(writer->into, "o:");
	write_name(writer, type);
}

static void write_sized(struct writer *writer, char letter, CXType type)
{
	snafu_buffer_format(writer->into, "%c%lld", letter, clang_Type_getSizeOf(type));
}

static enum CXChildVisitResult write_enumerator(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct writer *writer = data;
	bool is_unsigned;

	if (clang_getCursorKind(cursor) != CXCursor_EnumConstantDecl)
		return CXChildVisit_Continue;
	CXType integer = clang_getCanonicalType(clang_getEnumDeclIntegerType(parent));
	is_unsigned = integer.kind == CXType_UInt || integer.kind == CXType_ULong ||
	              integer.kind == CXType_ULongLong || integer.kind == CXType_UChar ||
	              integer.kind == CXType_UShort || integer.kind == CXType_Bool;
	CXString name = clang_getCursorSpelling(cursor);
	bool first = writer->into->data[writer->into->size - 1] == '{';
	snafu_buffer_format(writer->into, "%s%s=", first ? "" : ",", clang_getCString(name));
	if (is_unsigned)
		snafu_buffer_format(writer->into, "%llu", clang_getEnumConstantDeclUnsignedValue(cursor));
	else
		snafu_buffer_format(writer->into, "%lld", clang_getEnumConstantDeclValue(cursor));
	clang_disposeString(name);
	return writer->into->failed ? CXChildVisit_Break : CXChildVisit_Continue;
}

static void write_enum(struct writer *writer, CXType type)
{
	CXCursor declaration = clang_getTypeDeclaration(type);
	CXType integer = clang_getCanonicalType(clang_getEnumDeclIntegerType(declaration));
	long long size = clang_Type_getSizeOf(type);

	/* An enum that is only declared is an int, says the extension that allows it. */
	if (size <= 0) {
		snafu_buffer_append_text(writer->into, "i4");
		return;
	}
	bool is_signed = integer.kind == CXType_Int || integer.kind == CXType_Long ||
	                 integer.kind == CXType_LongLong || integer.kind == CXType_Short ||
	                 integer.kind == CXType_SChar || integer.kind == CXType_Char_S;
	snafu_buffer_format(writer->into, "%c%lld:", is_signed ? 'e' : 'E', size);
	write_name(writer, type);
	snafu_buffer_append_byte(writer->into, '{');
	if (!writer->brief && !writer->into->failed)
		clang_visitChildren(declaration, write_enumerator, writer);
	snafu_buffer_append_byte(writer->into, '}');
}

static enum CXVisitorResult write_field(CXCursor cursor, CXClientData data)
{
	struct field_visit *visit = data;
	struct writer *writer = visit->writer;
	CXType type = clang_getCursorType(cursor);
	long long offset = clang_Cursor_getOffsetOfField(cursor);
	int bits = clang_Cursor_isBitField(cursor) ? clang_getFieldDeclBitWidth(cursor) : 0;
	CXString name = clang_getCursorSpelling(cursor);
	bool unnamed = !is_identifier(clang_getCString(name));
	CXType canonical = clang_getCanonicalType(type);

	if (clang_isInvalidDeclaration(cursor) || offset < 0)
		writer->unknown = true;
	if (unnamed && canonical.kind == CXType_Record &&
	    clang_getCursorKind(clang_getTypeDeclaration(canonical)) == CXCursor_StructDecl) {
		struct field_visit inner = {writer, visit->base + offset};

		clang_Type_visitFields(canonical, write_field, &inner);
	} else if (!unnamed || canonical.kind == CXType_Record) {
		long long at = visit->base + offset;

		snafu_buffer_format(writer->into, "%s@%lld", unnamed ? "" : clang_getCString(name), at / 8);
		if (bits > 0 && at % 8 > 0)
			snafu_buffer_format(writer->into, ".%lld", at % 8);
		if (bits > 0)
			snafu_buffer_format(writer->into, "^%d", bits);
		snafu_buffer_append_byte(writer->into, '=');
		write_type(writer, type);
		snafu_buffer_append_byte(writer->into, ';');
	}
	clang_disposeString(name);
	return writer->into->failed || writer->unknown ? CXVisit_Break : CXVisit_Continue;
}

/* Types by whose fields nobody should go, or that say what the letters say. */
static bool is_opaque_by_name(CXType type)
{
	CXString name = clang_getCursorSpelling(clang_getTypeDeclaration(type));
	const char *text = clang_getCString(name);
	bool opaque = text && strcmp(text, "_IO_FILE") == 0;

	clang_disposeString(name);
	return opaque;
}

static bool is_va_list(CXType type)
{
	CXString name = clang_getCursorSpelling(clang_getTypeDeclaration(type));
	const char *text = clang_getCString(name);
	bool yes = text && (strcmp(text, "__va_list_tag") == 0 || strcmp(text, "__va_list") == 0);

	clang_disposeString(name);
	return yes;
}

static void write_record(struct writer *writer, CXType type)
{
	CXCursor declaration = clang_getTypeDeclaration(type);
	long long size = clang_Type_getSizeOf(type), alignment = clang_Type_getAlignOf(type);
	struct field_visit visit = {writer, 0};
	bool inside = writer->inside;

	if (size < 0 || alignment <= 0 || is_opaque_by_name(type) || writer->pointers > 1 ||
	    (inside && writer->pointers > 0) || clang_isInvalidDeclaration(declaration)) {
		if (clang_isInvalidDeclaration(declaration) && writer->pointers == 0)
			writer->unknown = true;
		write_opaque(writer, type);
		return;
	}
	bool is_union = clang_getCursorKind(declaration) == CXCursor_UnionDecl;
	snafu_buffer_append_text(writer->into, is_union ? "u:" : "s:");
	write_name(writer, type);
	snafu_buffer_format(writer->into, "/%lld/%lld", size, alignment);
	if (is_union)
		return;
	snafu_buffer_append_byte(writer->into, '{');
	unsigned pointers = writer->pointers;
	writer->inside = true;
	writer->pointers = 0;
	clang_Type_visitFields(type, write_field, &visit);
	writer->pointers = pointers;
	writer->inside = inside;
	snafu_buffer_append_byte(writer->into, '}');
}

static void write_pointer_to(struct writer *writer, CXType target)
{
	CXType canonical = clang_getCanonicalType(target);

	if (canonical.kind == CXType_Record && is_va_list(canonical)) {
		snafu_buffer_append_byte(writer->into, 'L');
		return;
	}
	snafu_buffer_append_text(writer->into, clang_isConstQualifiedType(canonical) ? "*k" : "*");
	writer->pointers++;
	write_type(writer, target);
	writer->pointers--;
}

static void write_array(struct writer *writer, CXType type)
{
	CXType element = clang_getArrayElementType(type);
	CXType canonical = clang_getCanonicalType(element);
	long long length = type.kind == CXType_ConstantArray ? clang_getArraySize(type) : 0;

	if (canonical.kind == CXType_Record && is_va_list(canonical)) {
		snafu_buffer_append_byte(writer->into, 'L');
		return;
	}
	/* Of what has no size (also: an array of arrays of a size known at run time)
	 * only the address can be had. */
	if (clang_Type_getSizeOf(canonical) <= 0 || is_opaque_by_name(canonical) ||
	    (canonical.kind == CXType_Record && writer->pointers > 0)) {
		snafu_buffer_append_text(writer->into, "*o:");
		return;
	}
	bool constant = clang_isConstQualifiedType(canonical);
	snafu_buffer_format(writer->into, "%s[%lld]", constant ? "k" : "", length > 0 ? length : 0);
	write_type(writer, element);
}

static void write_canonical(struct writer *writer, CXType type)
{
	switch (type.kind) {
	case CXType_Void: snafu_buffer_append_byte(writer->into, 'v'); break;
	case CXType_Bool: snafu_buffer_append_byte(writer->into, 'b'); break;
	case CXType_Char_S:
	case CXType_Char_U: snafu_buffer_append_byte(writer->into, 'c'); break;
	case CXType_SChar:
	case CXType_Short:
	case CXType_Int:
	case CXType_Long:
	case CXType_LongLong:
	case CXType_Int128:
	case CXType_WChar: write_sized(writer, 'i', type); break;
	case CXType_UChar:
	case CXType_UShort:
	case CXType_UInt:
	case CXType_ULong:
	case CXType_ULongLong:
	case CXType_UInt128:
	case CXType_Char16:
	case CXType_Char32: write_sized(writer, 'u', type); break;
	case CXType_Half:
	case CXType_Float16:
	case CXType_Float:
	case CXType_Double:
	case CXType_LongDouble: write_sized(writer, 'f', type); break;
	case CXType_Complex: write_sized(writer, 'x', type); break;
	case CXType_Enum: write_enum(writer, type); break;
	case CXType_Record: write_record(writer, type); break;
	case CXType_Pointer: write_pointer_to(writer, clang_getPointeeType(type)); break;
	case CXType_ConstantArray:
	case CXType_IncompleteArray:
	case CXType_VariableArray: write_array(writer, type); break;
	case CXType_FunctionProto:
	case CXType_FunctionNoProto: snafu_buffer_append_byte(writer->into, 'F'); break;
	case CXType_Atomic: write_type(writer, clang_Type_getValueType(type)); break;
	case CXType_Invalid:
	case CXType_Unexposed: writer->unknown = true; break;
	default: write_opaque(writer, type); break;
	}
}

static void write_type(struct writer *writer, CXType type)
{
	if (++writer->depth > SNAFU_C_TYPE_DEPTH_CAP)
		writer->unknown = true;
	else
		write_canonical(writer, clang_getCanonicalType(type));
	writer->depth--;
}

bool helper_write_type(CXType type, bool parameter, struct snafu_buffer *into)
{
	bool good = false;

	/* In full; without the names of enums; and if it still is too long, as what
	 * cannot be described. */
	for (int brief = 0; brief < 2 && !good; brief++) {
		struct snafu_buffer text = SNAFU_BUFFER(HELPER_NATIVE_CAP);
		struct writer writer = {.into = &text, .brief = brief};
		CXType canonical = clang_getCanonicalType(type);

		/* A function as a parameter is a pointer to it. */
		if (parameter &&
		    (canonical.kind == CXType_FunctionProto || canonical.kind == CXType_FunctionNoProto))
			snafu_buffer_append_byte(&text, '*');
		write_type(&writer, type);
		bool failed = snafu_buffer_failed(&text) || writer.unknown;
		good = !failed;
		if (good)
			snafu_buffer_append(into, text.data, text.size);
		snafu_buffer_done(&text);
		if (writer.unknown)
			return false;
	}
	if (!good)
		snafu_buffer_append_text(into, clang_getCanonicalType(type).kind == CXType_Pointer ? "*o:"
		                                                                                   : "o:");
	return true;
}
