/* scanner/conventions/kubeless.c — Kubeless: `event` and `context`, as dictionaries. */
#include "scanner/look.h"

static bool fits(const struct snafu_function *function)
{
	return snafu_look_is_python(function) && snafu_look_is_handler(function);
}

static bool recognise(struct snafu_look *look)
{
	if (snafu_look_beside(look, "serverless.yml", "serverless-kubeless") ||
	    snafu_look_beside(look, "serverless.yml", "name: kubeless") ||
	    snafu_look_beside(look, "kubeless.yaml", NULL) ||
	    snafu_look_beside(look, "kubeless.yml", NULL) ||
	    snafu_look_beside(look, "function.yaml", "kubeless.io/v1beta1"))
		return true;
	return snafu_look_says(look, "event['extensions']['request']") ||
	       snafu_look_says(look, "event[\"extensions\"][\"request\"]") ||
	       snafu_look_says(look, "event['event-type']") ||
	       snafu_look_says(look, "event[\"event-type\"]") ||
	       snafu_look_says(look, "event['event-id']") ||
	       snafu_look_says(look, "event[\"event-id\"]");
}

const struct snafu_convention snafu_conventions_kubeless[] = {
	{.name = "kubeless",
     .http = true,
     .whole = true,
     .least = 2,
     .most = 2,
     .fits = fits,
     .recognise = recognise},
	{.name = NULL},
};
