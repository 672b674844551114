/* scanner/conventions/fn.c — the Fn project (once IronFunctions): `handler(ctx, data)`, where the
 * data are a stream of bytes, and fdk.response makes answers. */
#include "scanner/look.h"

static bool fits(const struct snafu_function *function)
{
	size_t count = snafu_look_positional(function);

	return snafu_look_is_python(function) && (count == 1 || count == 2) &&
	       snafu_look_parameter(function, 0, "ctx") &&
	       (count == 1 || snafu_look_parameter(function, 1, "data"));
}

static bool recognise(struct snafu_look *look)
{
	if (!snafu_look_named(look->function, "handler"))
		return false;
	return snafu_look_says(look, "fdk") ||
	       snafu_look_beside(look, "func.yaml", "runtime: python") ||
	       snafu_look_beside(look, "func.yml", "runtime: python") ||
	       snafu_look_beside(look, "func.yaml", "schema_version") ||
	       snafu_look_beside(look, "requirements.txt", "fdk");
}

const struct snafu_convention snafu_conventions_fn[] = {
	{.name = "fn",
     .http = true,
     .whole = true,
     .least = 1,
     .most = 2,
     .fits = fits,
     .recognise = recognise},
	{.name = NULL},
};
