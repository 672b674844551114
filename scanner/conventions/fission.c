/* scanner/conventions/fission.c — Fission: `main` without parameters, which finds the request as
 * flask.request. A Flask application has such functions, too, but says Flask(...). */
#include "scanner/look.h"

static bool fits(const struct snafu_function *function)
{
	size_t count = snafu_look_positional(function);

	if (!snafu_look_is_python(function) || !snafu_look_named(function, "main"))
		return false;
	return count == 0 || (count == 1 && (snafu_look_parameter(function, 0, "request") ||
	                                     snafu_look_parameter(function, 0, "context")));
}

static bool recognise(struct snafu_look *look)
{
	if (snafu_look_is_decorated(look))
		return false;
	if (snafu_look_beside(look, "specs/fission-deployment-config.yaml", "fission.io") ||
	    snafu_look_beside(look, "fission.yaml", "fission.io"))
		return true;
	if (snafu_look_says(look, "Flask(") || snafu_look_says(look, "Blueprint(") ||
	    snafu_look_positional(look->function) != 0)
		return false;
	return snafu_look_says(look, "from flask import") && snafu_look_says(look, "request");
}

const struct snafu_convention snafu_conventions_fission[] = {
	{.name = "fission",
     .http = true,
     .whole = true,
     .least = 0,
     .most = 1,
     .fits = fits,
     .recognise = recognise},
	{.name = NULL},
};
