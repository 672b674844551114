/* convert/project/examples.c — examples.json and the smoke test that calls them:
 * convert_examples.py finds them, convert_smoke.py becomes the test. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/parts.h"
#include "convert/project/state.h"
#include "scanner/scanner.h"

#define INPUT_CAP  (512u << 20) /* bytes */
#define OUTPUT_CAP (256u << 20)
#define TIME_CAP   (3600u * 1000) /* ms */
#define SMOKE_CAP  (1u << 20)

static int run(const struct project *project, const struct snafu_buffer *input,
               struct snafu_buffer *output, struct snafu_error *error)
{
	static const char failed[] = "the examples cannot be read";
	const struct project_script script = {
		.name = "convert_examples.py",
		.argument = project->mirror.root,
		.timeout_ms = TIME_CAP,
		.failed = failed,
	};
	int code = project_run_script(&script, input, output, error);

	if (!code && (!output->data || snafu_json_validate(output->data, output->size, NULL)))
		code = snafu_fail(error, -EINVAL, "%s: what %s prints is no JSON", failed, script.name);
	return code;
}

static int count(const char *text, size_t size, size_t *ret_count)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	int more;

	snafu_json_begin(&reader, text, size);
	if (snafu_json_read(&reader, &value, NULL) || value.type != SNAFU_JSON_ARRAY)
		return -EINVAL;
	while ((more = snafu_json_next_element(&reader, &value, NULL)) > 0) {
		if (snafu_json_skip(&reader, &value, NULL))
			return -EINVAL;
		++*ret_count;
	}
	return more;
}

static int write_smoke(struct project *project, struct snafu_error *error)
{
	char *script, *text;
	size_t size;
	int code = snafu_part_find("convert_smoke.py", &script, error);

	if (code)
		return code;
	code = snafu_file_read(script, SMOKE_CAP, &text, &size, error);
	free(script);
	if (code)
		return code;
	code = snafu_mirror_put(&project->mirror, "smoke-test", text, size, true, error);
	free(text);
	return code < 0 ? code : 0;
}

int project_find_examples(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer input = SNAFU_BUFFER(INPUT_CAP), output = SNAFU_BUFFER(OUTPUT_CAP);
	int code;

	project_working(project, "looking for examples");
	snafu_buffer_append_byte(&input, '[');
	for (size_t i = 0; i < project->after.count; i++) {
		snafu_buffer_append_text(&input, i ? ",\n" : "");
		snafu_function_write_json(&project->after.functions[i], &input);
	}
	snafu_buffer_append_byte(&input, ']');
	if ((code = snafu_buffer_failed(&input)))
		snafu_fail(error, code, "too many functions to look for examples");
	else
		code = run(project, &input, &output, error);
	snafu_buffer_done(&input);
	if (!code && count(output.data, output.size, &project->summary->examples))
		code = snafu_fail(error, -EINVAL, "the examples cannot be read");
	if (code)
		snafu_buffer_done(&output);
	else
		code = project_put_text(project, "examples.json", &output, false, error);
	return code ? code : write_smoke(project, error);
}
