/* scanner/conventions/openfaas.c — OpenFaaS: `handle`, with the body as text (template python3)
 * or with the request's parts (python3-http). Many a module has a handle(req): that alone says
 * nothing. */
#include "scanner/look.h"

static bool fits(const struct snafu_function *function)
{
	return snafu_look_is_python(function) && snafu_look_named(function, "handle") &&
	       snafu_look_positional(function) == 1;
}

static bool http_fits(const struct snafu_function *function)
{
	return snafu_look_is_python(function) && snafu_look_named(function, "handle") &&
	       snafu_look_is_handler(function);
}

static bool recognise(struct snafu_look *look)
{
	if (!snafu_look_is_file(look, "handler.py") || snafu_look_is_decorated(look))
		return false;
	return snafu_look_beside(look, "stack.yaml", "functions") ||
	       snafu_look_beside(look, "stack.yml", "functions") ||
	       snafu_look_beside(look, "template.yml", "fprocess") ||
	       snafu_look_beside(look, "serverless.yml", "name: openfaas");
}

const struct snafu_convention snafu_conventions_openfaas[] = {
	{.name = "openfaas-http",
     .http = true,
     .whole = true,
     .least = 2,
     .most = 2,
     .fits = http_fits,
     .recognise = recognise},
	{.name = "openfaas",
     .http = true,
     .whole = true,
     .least = 1,
     .most = 1,
     .fits = fits,
     .recognise = recognise},
	{.name = NULL},
};
