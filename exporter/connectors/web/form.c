/* exporter/connectors/web/form.c — see form.h. */
#include "exporter/connectors/web/form.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/utf8.h"
#include "exporter/connectors/web/text.h"

#define NO_MEMORY "no memory for the arguments"

static struct web_field *add_field(struct web_form *form, struct snafu_error *error, int *ret_code)
{
	if (!form->fields)
		form->fields = snafu_arena_alloc(&form->arena, WEB_FIELDS_CAP * sizeof *form->fields);
	if (!form->fields)
		*ret_code = snafu_fail(error, -ENOMEM, NO_MEMORY);
	else if (form->count == WEB_FIELDS_CAP)
		*ret_code = snafu_fail(error, -E2BIG, "more than %d arguments", WEB_FIELDS_CAP);
	else
		return &form->fields[form->count++];
	return NULL;
}

/* In the form's memory; NULL: RET_CODE and ERROR say why not. WHAT it is, for the words. */
static char *decode(struct web_form *form, const char *text, size_t size, bool plus,
                    const char *what, int *ret_code, struct snafu_error *error)
{
	char *decoded = snafu_arena_alloc(&form->arena, size + 1);

	if (!decoded) {
		*ret_code = snafu_fail(error, -ENOMEM, NO_MEMORY);
		return NULL;
	}
	if (web_decode(text, size, plus, decoded, size) != WEB_TEXT_OK) {
		*ret_code = snafu_fail(error, -EINVAL, "%s is not percent-encoded UTF-8 text", what);
		return NULL;
	}
	return decoded;
}

int web_form_add(struct web_form *form, const char *name, size_t name_size, const char *value,
                 size_t size, bool plus, struct snafu_error *error)
{
	char what[WEB_FIELD_NAME_CAP];
	int code = 0;

	struct web_field *field = add_field(form, error, &code);
	if (!field)
		return code;
	const char *decoded = decode(form, name, name_size, plus, "an argument's name", &code, error);
	if (!decoded)
		return code;
	field->name = decoded;
	size_t shown = strnlen(decoded, sizeof what - 1);
	memcpy(what, decoded, shown);
	what[shown] = '\0';
	decoded = decode(form, value, size, plus, what, &code, error);
	if (!decoded)
		return code;
	field->value = decoded;
	field->size = strlen(decoded);
	return 0;
}

int web_form_parse(struct web_form *form, const char *bytes, size_t size, struct snafu_error *error)
{
	const char *end = bytes + size;

	for (const char *at = bytes, *next; at < end; at = next + 1) {
		next = memchr(at, '&', (size_t)(end - at));
		if (!next)
			next = end;
		if (next == at)
			continue; /* "a=1&&b=2" */
		const char *equals = memchr(at, '=', (size_t)(next - at));
		const char *value = equals ? equals + 1 : next;
		int code = web_form_add(form, at, (size_t)((equals ? equals : next) - at), value,
		                        (size_t)(next - value), true, error);
		if (code < 0)
			return code;
	}
	return 0;
}

/* Browsers write a quote inside a name as %22, and line ends as %0D%0A. */
static void mend_name(char *name)
{
	char *into = name;

	for (; *name; name++)
		if (strncmp(name, "%22", 3) == 0) {
			*into++ = '"';
			name += 2;
		} else {
			*into++ = *name;
		}
	*into = '\0';
}

/* Reads the header lines of a part, up to the empty one. */
static bool part_headers(const char *at, const char *end, char name[WEB_FIELD_NAME_CAP],
                         bool *ret_file)
{
	static const char wanted[] = "Content-Disposition:";
	bool named = false;
	char file[2];

	*ret_file = false;
	while (at < end) {
		const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
		if (!line_end)
			line_end = end;
		size_t size = (size_t)(line_end - at);
		if (size >= sizeof wanted - 1 && strncasecmp(at, wanted, sizeof wanted - 1) == 0) {
			named = web_header_parameter(at, size, "name", name, WEB_FIELD_NAME_CAP);
			/* Its name does not matter, nor whether it fits. */
			file[0] = '\0';
			*ret_file = web_header_parameter(at, size, "filename", file, sizeof file) ||
			            memmem(at, size, "filename", 8) != NULL;
		}
		at = line_end + 2;
	}
	return named;
}

static int add_part(struct web_form *form, const char *at, const char *end,
                    struct snafu_error *error)
{
	char name[WEB_FIELD_NAME_CAP];
	int code = 0;
	bool file;

	const char *blank = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
	if (!blank || !part_headers(at, blank, name, &file))
		return snafu_fail(error, -EINVAL, "a part of the form has no name");
	mend_name(name);
	struct web_field *field = add_field(form, error, &code);
	if (!field)
		return code;
	field->value = blank + 4;
	field->size = (size_t)(end - field->value);
	field->file = file;
	field->name = snafu_arena_string(&form->arena, name);
	if (!field->name)
		return snafu_fail(error, -ENOMEM, NO_MEMORY);
	if (!snafu_utf8_is_valid(name, strlen(name)))
		return snafu_fail(error, -EINVAL, "an argument's name is not UTF-8");
	if (!file && (!snafu_utf8_is_valid(field->value, field->size) ||
	              memchr(field->value, '\0', field->size)))
		return snafu_fail(error, -EINVAL, "%s is not UTF-8 text", name);
	return 0;
}

int web_form_parse_multipart(struct web_form *form, const char *content_type, const char *bytes,
                             size_t size, struct snafu_error *error)
{
	char boundary[4 + WEB_BOUNDARY_CAP] = "\r\n--";
	const char *at = bytes, *end = bytes + size, *next;

	if (!web_header_parameter(content_type, strlen(content_type), "boundary", boundary + 4,
	                          WEB_BOUNDARY_CAP) ||
	    !boundary[4])
		return snafu_fail(error, -EINVAL, "the form's boundary is missing or too long");
	size_t length = strlen(boundary);
	/* The first boundary may stand at the very beginning, without a line before it. */
	if (size >= length - 2 && memcmp(bytes, boundary + 2, length - 2) == 0)
		at += length - 2;
	else if ((next = memmem(bytes, size, boundary, length)) != NULL)
		at = next + length;
	else
		return snafu_fail(error, -EINVAL, "the form does not contain its boundary");

	while (end - at < 2 || memcmp(at, "--", 2) != 0) {
		/* White space may follow a boundary; then the part's headers. The line end
		 * stays: a part without headers would begin with an empty line. */
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		next = end - at >= 2 ? memmem(at + 2, (size_t)(end - at - 2), boundary, length) : NULL;
		if (!next || memcmp(at, "\r\n", 2) != 0)
			return snafu_fail(error, -EINVAL, "the form is cut short");
		int code = add_part(form, at + 2, next, error);
		if (code < 0)
			return code;
		at = next + length;
	}
	return 0;
}

void web_form_done(struct web_form *form)
{
	snafu_arena_done(&form->arena);
	form->fields = NULL;
	form->count = 0;
}
