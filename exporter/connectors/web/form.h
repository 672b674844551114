/* exporter/connectors/web/form.h — named texts out of query strings and forms. */
#ifndef SNAFU_EXPORTER_CONNECTORS_WEB_FORM_H
#define SNAFU_EXPORTER_CONNECTORS_WEB_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct snafu_error;

#define WEB_FIELDS_CAP     1000 /* names and values in one form */
#define WEB_FIELD_NAME_CAP 256 /* bytes of a name in multipart/form-data */
#define WEB_BOUNDARY_CAP   71 /* RFC 2046 allows 70 */

struct web_field {
	const char *name; /* UTF-8, no NUL inside */
	const char *value;
	size_t size;
	bool file; /* the value is a file's bytes, anything; else it is UTF-8 */
	bool used; /* for who walks through them */
};

/* Fields in the order in which they came. Names and values live in the arena,
 * those of a multipart form partly in the form's bytes. */
struct web_form {
	struct snafu_arena arena;
	struct web_field *fields; /* in the arena */
	size_t count;
};

/* One field in percent-encoding, as in a query string; `+` is a space where PLUS
 * says so. -EINVAL, -E2BIG (too many fields), -ENOMEM. */
int web_form_add(struct web_form *form, const char *name, size_t name_size, const char *value,
                 size_t size, bool plus, struct snafu_error *error);

/* application/x-www-form-urlencoded. Errors as above. */
int web_form_parse(struct web_form *form, const char *bytes, size_t size,
                   struct snafu_error *error);

/* multipart/form-data (RFC 7578); BYTES must live as long as the form. */
int web_form_parse_multipart(struct web_form *form, const char *content_type, const char *bytes,
                             size_t size, struct snafu_error *error);

void web_form_done(struct web_form *form);

#endif
