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

/* A manifest of wskdeploy. */
static bool has_manifest(struct snafu_look *look)
{
	return snafu_look_beside(look, "manifest.yml", "packages") ||
	       snafu_look_beside(look, "manifest.yaml", "packages");
}

static bool manifest_says(struct snafu_look *look, const char *word)
{
	return snafu_look_beside(look, "manifest.yml", word) ||
	       snafu_look_beside(look, "manifest.yaml", word);
}

static bool recognise(struct snafu_look *look)
{
	if (snafu_look_is_java(look->function))
		return snafu_look_java_says(look, "com.google.gson");
	return has_manifest(look) || (snafu_look_is_file(look, "__main__.py") &&
	                              (snafu_look_parameter(look->function, 0, "args") ||
	                               snafu_look_parameter(look->function, 0, "params")));
}

static bool web_recognise(struct snafu_look *look)
{
	if (snafu_look_says(look, "__ow_method") || snafu_look_says(look, "__ow_headers") ||
	    snafu_look_says(look, "__ow_path") || snafu_look_says(look, "__ow_body") ||
	    snafu_look_says(look, "__ow_query") || snafu_look_says(look, "__ow_user"))
		return true;
	return has_manifest(look) &&
	       (manifest_says(look, "web: true") || manifest_says(look, "web: yes") ||
	        manifest_says(look, "web: raw") || manifest_says(look, "web-export: true") ||
	        manifest_says(look, "web-export: yes") || manifest_says(look, "web-export: raw"));
}

static bool never(const struct snafu_function *function)
{
	(void)function;
	return false;
}

/* Who names the family means the plain one, unless it is known to be the other. */
const struct snafu_convention snafu_conventions_openwhisk[] = {
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
