/* runtime/queue/errands.c — what may take its time has a thread of its own: telling
 * destinations, and stopping functions. */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "runtime/queue/work.h"

static void *run_errand(void *state)
{
	struct snafu_errand *errand = state;
	struct snafu_work *work = errand->work;
	const struct snafu_queue_options *options = &work->queue->options;

	if (errand->run)
		options->cancel(options->state, &errand->run->call);
	else
		errand->code =
			snafu_work_transport(work->settings, errand->delivery.destination,
		                         errand->delivery.body.bytes ? errand->delivery.body.bytes : "",
		                         errand->delivery.body.size, &work->stop, &errand->error);
	snafu_queue_post(work->queue, &errand->item);
	return NULL;
}

/* Signals are blocked on the queue's thread, and so on this one. */
static int start(struct snafu_work *work, struct snafu_errand *errand)
{
	errand->item.kind = SNAFU_QUEUE_ITEM_ERRAND;
	errand->work = work;
	if (pthread_create(&errand->thread, NULL, run_errand, errand)) {
		free(errand);
		return -EAGAIN;
	}
	errand->next = work->errands;
	work->errands = errand;
	return 0;
}

void snafu_work_cancel(struct snafu_work *work, struct snafu_run *run)
{
	struct snafu_errand *errand = calloc(1, sizeof *errand);

	/* Where it cannot be stopped, it ends by itself. */
	if (!errand)
		return;
	errand->run = run;
	run->cancelling = true;
	if (start(work, errand))
		run->cancelling = false;
}

int snafu_work_send(struct snafu_work *work, struct snafu_stored_delivery *delivery)
{
	struct snafu_errand *errand = calloc(1, sizeof *errand);

	if (!errand)
		return -ENOMEM;
	errand->delivery = *delivery;
	int code = start(work, errand);
	work->n_deliveries += !code;
	return code;
}

void snafu_work_errand_done(struct snafu_work *work, struct snafu_errand *errand)
{
	struct snafu_errand **at = &work->errands;

	if (!errand->joined)
		pthread_join(errand->thread, NULL);
	while (*at != errand)
		at = &(*at)->next;
	*at = errand->next;
	if (errand->run) {
		errand->run->cancelling = false;
		work->n_free += errand->run->phase == RUN_FREE;
		free(errand);
		return;
	}
	errand->next = work->done;
	work->done = errand;
}

/* All errands have posted their ends when this returns. */
void snafu_work_join_errands(struct snafu_work *work)
{
	work->stop = true;
	for (struct snafu_errand *at = work->errands; at; at = at->next) {
		pthread_join(at->thread, NULL);
		at->joined = true;
	}
}
