/* convert/stubs_export.c — a stub for each file of a scan: see stubs.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "convert/output.h"
#include "convert/stubs.h"
#include "runtime/settings/function_config.h"
#include "scanner/function.h"

#define SUFFIX ".config"

/* Where the stub goes; or, with *RET_KEPT, what stands there already by whichever name. */
static char *find_place(const struct snafu_output *output, const char *source, bool *ret_kept)
{
	char *there = output->folder || output->force ? NULL : snafu_function_config_path(source);

	*ret_kept = there != NULL;
	return there ? there : snafu_output_path(output, source, SUFFIX);
}

/* The COUNT functions are one file's. */
static int export_file(const struct snafu_function *functions, size_t count,
                       const struct snafu_settings_book *book, struct snafu_output *output,
                       struct snafu_buffer *stub, struct snafu_stub_news *ret_news,
                       struct snafu_error *error)
{
	struct snafu_error problem;
	bool kept;
	const char *source = snafu_function_source(functions);
	char *path = find_place(output, source, &kept);

	*ret_news = (struct snafu_stub_news){.source = functions->file,
	                                     .path = path,
	                                     .fate = SNAFU_OUTPUT_KEPT};
	if (!path)
		return snafu_fail(error, -ENOMEM, "no memory for the stub of %s", source);
	snafu_buffer_clear(stub);
	ret_news->functions =
		snafu_stub_write(functions, count, book, stub, &ret_news->left_out, &problem);
	if (ret_news->functions < 0)
		ret_news->fate = (int)ret_news->functions;
	else if (!kept && ret_news->functions > 0)
		ret_news->fate = snafu_output_write(output, path, stub->data, stub->size, &problem);
	if (ret_news->fate < 0) {
		snafu_fail(error, ret_news->fate, "%s", problem.message);
		ret_news->problem = error->message;
	}
	return 0;
}

int snafu_stubs_export(const struct snafu_functions *functions,
                       const struct snafu_settings_book *book, struct snafu_output *output,
                       void (*tell)(void *state, const struct snafu_stub_news *news), void *state,
                       struct snafu_error *error)
{
	struct snafu_buffer stub = SNAFU_BUFFER(SNAFU_CONFIG_FILE_CAP);
	int code = 0;

	for (size_t i = 0, count; i < functions->count && !code; i += count) {
		const struct snafu_function *first = &functions->functions[i];
		struct snafu_stub_news news;
		struct snafu_error problem;

		for (count = 1; i + count < functions->count; count++)
			if (strcmp(snafu_function_source(&first[count]), snafu_function_source(first)) != 0)
				break;
		code = export_file(first, count, book, output, &stub, &news, &problem);
		if (code)
			snafu_fail(error, code, "%s", problem.message);
		else if (news.functions != 0)
			tell(state, &news);
		free((char *)news.path);
	}
	snafu_buffer_done(&stub);
	return code;
}
