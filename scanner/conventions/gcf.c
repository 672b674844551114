/* scanner/conventions/gcf.c — Google Cloud Functions, as the functions framework calls them:
 * HTTP functions, CloudEvent functions, and the background functions of the first generation. */
#include "scanner/look.h"

#define JAVA_PACKAGE "com.google.cloud.functions"

/* Whether the project says that it is for the framework. */
static bool is_for_framework(struct snafu_look *look)
{
	return snafu_look_says(look, "functions_framework") ||
	       snafu_look_beside(look, "requirements.txt", "functions-framework") ||
	       snafu_look_beside(look, "pyproject.toml", "functions-framework");
}

static bool takes(const struct snafu_function *function, size_t index, const char *type)
{
	return snafu_look_type(function, index, type);
}

/* ---- HTTP -------------------------------------------------------------------------- */

static bool http_fits(const struct snafu_function *function)
{
	if (snafu_look_is_java(function))
		return snafu_look_named(function, "service") && function->n_parameters == 2 &&
		       takes(function, 0, "HttpRequest") && takes(function, 1, "HttpResponse");
	return snafu_look_is_python(function) && snafu_look_positional(function) == 1 &&
	       snafu_look_parameter(function, 0, "request");
}

/* The decorator takes a function whatever its parameter is called. */
static bool http_may(const struct snafu_function *function)
{
	return http_fits(function) ||
	       (snafu_look_is_python(function) && snafu_look_positional(function) == 1);
}

/* Whether the framework's decorator NAME is there, which is "functions_framework." and WORD. */
static bool is_decorated(struct snafu_look *look, const char *name, const char *word)
{
	return snafu_look_says(look, "functions_framework") &&
	       (snafu_look_decorated(look, name) ||
	        (snafu_look_decorated(look, word) &&
	         snafu_look_says(look, "from functions_framework import")));
}

static bool http_recognise(struct snafu_look *look)
{
	const struct snafu_function *function = look->function;

	if (snafu_look_is_java(function))
		return http_fits(function) && snafu_look_java_says(look, JAVA_PACKAGE);
	if (is_decorated(look, "functions_framework.http", "http"))
		return true;
	if (!http_fits(function) || snafu_look_is_decorated(look))
		return false;
	/* Without a decorator, as before there was one. */
	return snafu_look_type(function, 0, "flask.Request") ||
	       (snafu_look_is_file(look, "main.py") && is_for_framework(look));
}

/* ---- CloudEvents ------------------------------------------------------------------- */

static bool event_fits(const struct snafu_function *function)
{
	if (snafu_look_is_java(function))
		return snafu_look_named(function, "accept") && function->n_parameters == 1 &&
		       takes(function, 0, "CloudEvent");
	return snafu_look_is_python(function) && snafu_look_positional(function) == 1 &&
	       (snafu_look_parameter(function, 0, "cloud_event") ||
	        snafu_look_parameter(function, 0, "cloudevent") ||
	        snafu_look_parameter(function, 0, "event"));
}

static bool event_may(const struct snafu_function *function)
{
	return event_fits(function) ||
	       (snafu_look_is_python(function) && snafu_look_positional(function) == 1);
}

static bool event_recognise(struct snafu_look *look)
{
	if (snafu_look_is_java(look->function))
		return event_fits(look->function) && snafu_look_java_says(look, JAVA_PACKAGE);
	return is_decorated(look, "functions_framework.cloud_event", "cloud_event");
}

/* ---- typed ------------------------------------------------------------------------- */

/* Any class may be the parameter's: only the decorator tells. */
static bool typed_fits(const struct snafu_function *function)
{
	(void)function;
	return false;
}

static bool typed_may(const struct snafu_function *function)
{
	return snafu_look_is_python(function) && snafu_look_positional(function) == 1;
}

static bool typed_recognise(struct snafu_look *look)
{
	return is_decorated(look, "functions_framework.typed", "typed");
}

/* ---- background -------------------------------------------------------------------- */

static bool background_fits(const struct snafu_function *function)
{
	if (snafu_look_is_java(function))
		return snafu_look_named(function, "accept") && function->n_parameters == 2 &&
		       takes(function, 1, "Context");
	return snafu_look_is_python(function) && snafu_look_positional(function) == 2 &&
	       snafu_look_parameter(function, 1, "context") &&
	       (snafu_look_parameter(function, 0, "data") ||
	        snafu_look_parameter(function, 0, "event"));
}

static bool background_recognise(struct snafu_look *look)
{
	if (snafu_look_is_java(look->function))
		return snafu_look_java_says(look, JAVA_PACKAGE);
	return !snafu_look_is_decorated(look) && snafu_look_is_file(look, "main.py") &&
	       is_for_framework(look);
}

/* What is decorated is asked for first; what -c names must have the usual parameter. */
const struct snafu_convention snafu_conventions_gcf[] = {
	{.name = "gcf-event",
     .http = true,
     .whole = true,
     .least = 1,
     .most = 1,
     .fits = event_fits,
     .may = event_may,
     .recognise = event_recognise},
	{.name = "gcf-typed",
     .http = true,
     .whole = true,
     .least = 1,
     .most = 1,
     .fits = typed_fits,
     .may = typed_may,
     .recognise = typed_recognise},
	{.name = "gcf-background",
     .http = true,
     .whole = true,
     .least = 2,
     .most = 2,
     .fits = background_fits,
     .recognise = background_recognise},
	{.name = "gcf",
     .http = true,
     .whole = true,
     .least = 1,
     .most = 1,
     .fits = http_fits,
     .may = http_may,
     .recognise = http_recognise},
	{.name = NULL},
};
