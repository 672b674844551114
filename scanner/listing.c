/* scanner/listing.c — the table and JSON formats; ctags has a file of its own. */
#include "scanner/listing.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "scanner/scanner.h"

#define ID_COLUMN_CAP    56 /* columns: longer ids push the rest of their line to the right */
#define WHERE_COLUMN_CAP 40

/* Writes and empties BUFFER. */
static int put(struct snafu_buffer *buffer, FILE *out, struct snafu_error *error)
{
	int code = snafu_buffer_failed(buffer);

	if (code)
		return snafu_fail_errno(error, code, "cannot describe a function");
	if (buffer->size && fwrite_unlocked(buffer->data, 1, buffer->size, out) != buffer->size)
		return snafu_fail_errno(error, -errno, "cannot write the list of functions");
	snafu_buffer_clear(buffer);
	return 0;
}

static int finish(struct snafu_buffer *buffer, int code, FILE *out, struct snafu_error *error)
{
	snafu_buffer_done(buffer);
	if (!code && fflush(out))
		return snafu_fail_errno(error, -errno, "cannot write the list of functions");
	return code;
}

static int write_json(const struct snafu_functions *functions, FILE *out, struct snafu_error *error)
{
	struct snafu_buffer line = SNAFU_BUFFER(SNAFU_LISTING_ENTRY_CAP);
	int code = 0;

	snafu_buffer_append_byte(&line, '[');
	for (size_t i = 0; i < functions->count && !code; i++) {
		snafu_buffer_append_text(&line, i ? ",\n" : "\n");
		snafu_function_write_json(&functions->functions[i], &line);
		code = put(&line, out, error);
	}
	if (!code) {
		snafu_buffer_append_text(&line, functions->count ? "\n]\n" : "]\n");
		code = put(&line, out, error);
	}
	return finish(&line, code, out, error);
}

/* Columns that TEXT takes: characters, near enough for identifiers. */
static size_t width(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xC0) != 0x80;
	return columns;
}

/* What comes from a source must neither break a line nor steer a terminal. */
static void tame(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];
		bool second = byte >= 0x80 && byte < 0xA0 && i > 0 && (unsigned char)text[i - 1] == 0xC2;

		if (byte == '\n' || byte == '\t' || byte == '\r')
			text[i] = ' ';
		else if (byte < 0x20 || byte == 0x7F)
			text[i] = '?';
		else if (second)
			text[i - 1] = text[i] = '?';
	}
}

static void append_padded(struct snafu_buffer *line, const char *text, size_t columns)
{
	snafu_buffer_append_text(line, text);
	for (size_t i = width(text); i < columns; i++)
		snafu_buffer_append_byte(line, ' ');
	snafu_buffer_append_text(line, "  ");
}

static int write_table(const struct snafu_functions *functions, FILE *out,
                       struct snafu_error *error)
{
	struct snafu_buffer line = SNAFU_BUFFER(SNAFU_LISTING_ENTRY_CAP);
	struct snafu_buffer where = SNAFU_BUFFER(SNAFU_LISTING_ENTRY_CAP);
	size_t id_columns = strlen("FUNCTION"), where_columns = strlen("WHERE");
	int code = 0;

	for (size_t i = 0; i < functions->count; i++) {
		size_t id = width(functions->functions[i].id);
		size_t place = width(functions->functions[i].file) + strlen(":0000");

		if (id > id_columns)
			id_columns = id < ID_COLUMN_CAP ? id : ID_COLUMN_CAP;
		if (place > where_columns)
			where_columns = place < WHERE_COLUMN_CAP ? place : WHERE_COLUMN_CAP;
	}
	if (functions->count) {
		append_padded(&line, "FUNCTION", id_columns);
		append_padded(&line, "LANGUAGE", strlen("LANGUAGE"));
		append_padded(&line, "WHERE", where_columns);
		snafu_buffer_append_text(&line, "SIGNATURE\n");
		code = put(&line, out, error);
	}
	for (size_t i = 0; i < functions->count && !code; i++) {
		const struct snafu_function *function = &functions->functions[i];

		snafu_buffer_clear(&where);
		if (function->line)
			snafu_buffer_format(&where, "%s:%u", function->file, function->line);
		else
			snafu_buffer_append_text(&where, function->file);
		append_padded(&line, function->id, id_columns);
		append_padded(&line, function->language, strlen("LANGUAGE"));
		append_padded(&line, where.data ? where.data : "", where_columns);
		snafu_function_signature(function, &line);
		if (function->convention)
			snafu_buffer_format(&line, "  [%s]", function->convention);
		if (function->reason)
			snafu_buffer_format(&line, "  (not callable: %s)", function->reason);
		if (line.data)
			tame(line.data, line.size);
		snafu_buffer_append_byte(&line, '\n');
		code = put(&line, out, error);
	}
	snafu_buffer_done(&where);
	return finish(&line, code, out, error);
}

const struct snafu_listing *snafu_listing_find(const char *name)
{
	static const struct snafu_listing table = {.name = "table", .write = write_table};
	static const struct snafu_listing json = {.name = "json", .write = write_json};
	static const struct snafu_listing *const all[] = {&table, &json, &snafu_listing_ctags};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
