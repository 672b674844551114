/* runtime/instances/inside_setup.c — what the first frames say, and opening the language. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/instances/inside.h"
#include "runtime/languages.h"

int snafu_inside_set_up(struct snafu_inside *inside)
{
	struct snafu_incoming *incoming;

	pthread_mutex_init(&inside->lock, NULL);
	pthread_cond_init(&inside->arrived, NULL);
	int code = snafu_channel_read(&inside->channel, true, &incoming);
	if (code)
		return code;
	if (incoming->frame.kind != SNAFU_FRAME_SETUP)
		return -EBADMSG;
	/* The texts stay where they are: the frame is never freed. */
	code = snafu_unpack_setup(incoming->body, incoming->frame.size, &inside->setup,
	                          &inside->functions);
	if (!code && inside->setup.parts && setenv("SNAFU_PARTS", inside->setup.parts, 1))
		code = -ENOMEM;
	return code;
}

/* What is no failure of a call goes where the function's own output goes. */
static void warn(void *state, const char *message)
{
	(void)state;
	dprintf(STDERR_FILENO, "snafu: %s\n", message);
}

bool snafu_inside_open(struct snafu_inside *inside)
{
	const struct snafu_setup *setup = &inside->setup;
	const struct snafu_start *start = &inside->start;

	if (inside->opened)
		return inside->language != NULL;
	inside->opened = true;
	inside->options = (struct snafu_language_options){
		.functions = &inside->functions,
		.paths = setup->paths,
		.n_paths = setup->n_paths,
		.include_paths = setup->include_paths,
		.n_include_paths = setup->n_include_paths,
		.defines = setup->defines,
		.n_defines = setup->n_defines,
		.warn = warn,
		.invoke = snafu_inside_invoke,
		.invoke_state = inside,
		.memory = start->here ? start->memory : 0,
		.brief = start->here && start->role == SNAFU_START_ONCE,
	};
	int code = snafu_languages_new(&inside->options, &inside->languages, &inside->language_error);
	if (!code)
		snafu_languages_get(inside->languages, setup->language, &inside->language,
		                    &inside->language_state, &inside->language_error);
	return inside->language != NULL;
}

int snafu_inside_take_start(struct snafu_inside *inside, struct snafu_incoming *incoming)
{
	struct snafu_start start;

	if (incoming->frame.kind != SNAFU_FRAME_START ||
	    snafu_unpack_start(incoming->body, incoming->frame.size, &start) ||
	    start.function >= inside->functions.count) {
		free(incoming);
		return -EBADMSG;
	}
	free(inside->start_frame);
	inside->start_frame = incoming;
	inside->start = start;
	inside->start_number = incoming->frame.number;
	return 0;
}
