/* convert/project/script.c — runs the parts of snafu-convert that are Python scripts: what they
 * are asked comes on their stdin. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/parts.h"
#include "convert/project/state.h"

#define MESSAGE_CAP 16384
#define PYTHON3     "/usr/bin/python3"

/* The last line of what a process has said. */
static const char *last_line(struct snafu_buffer *said)
{
	while (said->size > 1 && said->data[said->size - 1] == '\n')
		said->data[--said->size] = '\0';
	const char *line = said->data ? strrchr(said->data, '\n') : NULL;

	return line ? line + 1 : said->data ? said->data : "no reason given";
}

int project_run_script(const struct project_script *script, const struct snafu_buffer *input,
                       struct snafu_buffer *output, struct snafu_error *error)
{
	struct snafu_buffer said = SNAFU_BUFFER(MESSAGE_CAP);
	char *path;
	int status, code = snafu_part_find(script->name, &path, error);

	if (code)
		return code;
	const char *argv[] = {
		access(PYTHON3, X_OK) == 0 ? PYTHON3 : "python3", "-I", "-B", path, script->argument, NULL};
	const struct snafu_child_options options = {
		.argv = argv,
		.input = input->data,
		.input_size = input->size,
		.timeout_ms = script->timeout_ms,
		.output = output,
		.errors = &said,
	};
	code = snafu_child_run(&options, &status, error);
	if (!code && status != 0)
		code = snafu_fail(error, -ENOEXEC, "%s: %.700s", script->failed, last_line(&said));
	snafu_buffer_done(&said);
	free(path);
	return code;
}
