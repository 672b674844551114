/* scanner/conventions/lambda.c — AWS Lambda: `event` and `context`; Java's handlers. The same
 * two parameters are others' as well, so this family comes last. */
#include <string.h>

#include "scanner/look.h"

static bool fits(const struct snafu_function *function)
{
	if (snafu_look_is_java(function))
		return snafu_look_named(function, "handleRequest");
	return snafu_look_is_handler(function) && function->kind != SNAFU_NESTED_FUNCTION;
}

static bool recognise(struct snafu_look *look)
{
	return !snafu_look_is_java(look->function) ||
	       snafu_look_java_says(look, "com.amazonaws.services.lambda.runtime");
}

/* Nothing in the source says for sure that its events are HTTP requests: that is to be named. */
static bool http_fits(const struct snafu_function *function)
{
	return snafu_look_is_python(function) && snafu_look_is_handler(function);
}

static bool http_recognise(struct snafu_look *look)
{
	(void)look;
	return false;
}

const struct snafu_convention snafu_conventions_lambda[] = {
	{.name = "lambda", .least = 2, .most = 2, .fits = fits, .recognise = recognise},
	{.name = "lambda-http",
     .http = true,
     .whole = true,
     .least = 2,
     .most = 2,
     .fits = http_fits,
     .recognise = http_recognise},
	{.name = NULL},
};
