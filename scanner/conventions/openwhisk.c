/* scanner/conventions/openwhisk.c — Apache OpenWhisk: `main` with one dictionary (Java: one
 * JsonObject), which gives another; as a web action, with the request's parts in it. */
#include "scanner/look.h"

static bool fits(const struct snafu_function *function)
{
	if (snafu_look_is_java(function))
		return snafu_look_named(function, "main") && function->kind == SNAFU_STATIC_METHOD &&
		       function->n_parameters == 1 && snafu_look_type(function, 0, "JsonObject");
	return snafu_look_is_python(function) && snafu_look_named(function, "main") &&
	       snafu_look_positional(function) == 1;
}

static const char *const manifests[] = {"manifest.yaml", "manifest.yml"};
#define N_MANIFESTS (sizeof manifests / sizeof *manifests)

/* A manifest of wskdeploy. */
static bool has_manifest(struct snafu_look *look)
{
	for (size_t i = 0; i < N_MANIFESTS; i++)
		if (snafu_look_beside(look, manifests[i], "packages"))
			return true;
	return false;
}

/* Whether it says so of the action that is this file. */
static bool manifest_says(struct snafu_look *look, const char *key, const char *value)
{
	for (size_t i = 0; i < N_MANIFESTS; i++)
		if (snafu_look_beside(look, manifests[i], "packages") &&
		    snafu_look_entry_says(look, manifests[i], key, value))
			return true;
	return false;
}

static bool recognise(struct snafu_look *look)
{
	if (snafu_look_is_java(look->function))
		return snafu_look_java_says(look, "com.google.gson");
	return has_manifest(look) || (snafu_look_is_file(look, "__main__.py") &&
	                              (snafu_look_parameter(look->function, 0, "args") ||
	                               snafu_look_parameter(look->function, 0, "params")));
}

static bool raw_recognise(struct snafu_look *look)
{
	return manifest_says(look, "web", "raw") || manifest_says(look, "web-export", "raw") ||
	       manifest_says(look, "raw-http", "true") || manifest_says(look, "raw-http", "yes");
}

static bool web_recognise(struct snafu_look *look)
{
	if (snafu_look_says(look, "__ow_method") || snafu_look_says(look, "__ow_headers") ||
	    snafu_look_says(look, "__ow_path") || snafu_look_says(look, "__ow_body") ||
	    snafu_look_says(look, "__ow_query") || snafu_look_says(look, "__ow_user"))
		return true;
	return manifest_says(look, "web", "true") || manifest_says(look, "web", "yes") ||
	       manifest_says(look, "web-export", "true") || manifest_says(look, "web-export", "yes");
}

static bool python_fits(const struct snafu_function *function)
{
	return snafu_look_is_python(function) && fits(function);
}

static bool never(const struct snafu_function *function)
{
	(void)function;
	return false;
}

/* Who names the family means the plain one, unless it is known to be the other. */
const struct snafu_convention snafu_conventions_openwhisk[] = {
	{.name = "openwhisk-raw",
     .http = true,
     .whole = true,
     .least = 1,
     .most = 1,
     .fits = never,
     .may = python_fits,
     .recognise = raw_recognise},
	{.name = "openwhisk-web",
     .http = true,
     .whole = true,
     .least = 1,
     .most = 1,
     .fits = never,
     .may = fits,
     .recognise = web_recognise},
	{.name = "openwhisk",
     .whole = true,
     .least = 1,
     .most = 1,
     .fits = fits,
     .recognise = recognise},
	{.name = NULL},
};
