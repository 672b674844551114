/* runtime/queue.c — see queue.h: the inbox, and the thread that opens the module. The
 * module itself is in runtime/queue/. */
#include "runtime/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/json.h"
#include "base/parts.h"
#include "base/thread.h"
#include "runtime/host.h"
#include "runtime/queue/module.h"

#define UNANSWERED_CAP 20000 /* submissions and orders in the inbox; more are refused */
#define OPEN_AGAIN_MS  1000 /* after the file could not be opened */
#define ID_REPLY_CAP   256

int snafu_queue_new(const struct snafu_queue_options *options, struct snafu_queue **ret_queue,
                    struct snafu_error *error)
{
	struct snafu_queue *queue = calloc(1, sizeof *queue);

	if (!queue)
		return snafu_fail(error, -ENOMEM, "no memory");
	queue->options = *options;
	queue->oldest = SNAFU_QUEUE_NO_OLDEST;
	pthread_mutex_init(&queue->lock, NULL);
	snafu_condition_init(&queue->wake);
	snafu_condition_init(&queue->idle);
	*ret_queue = queue;
	return 0;
}

/* ---- answers ------------------------------------------------------------------- */

/* The asker is told first: who waits for `unanswered` may then take everything down. */
static void note_answered(struct snafu_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	if (--queue->unanswered == 0)
		pthread_cond_broadcast(&queue->idle);
	pthread_mutex_unlock(&queue->lock);
}

static enum snafu_status status_of(int code)
{
	return code == -EAGAIN     ? SNAFU_OVER_LIMIT
	       : code == -EMSGSIZE ? SNAFU_TOO_LARGE
	       : code == -ENOMEM   ? SNAFU_INTERNAL
	                           : SNAFU_UNAVAILABLE;
}

static void end_call(struct snafu_call *call, const struct snafu_error *error)
{
	struct snafu_buffer *payload = &call->result.payload;

	free(call->payload);
	call->payload = NULL;
	if (error) {
		snafu_result_fail(&call->result, status_of(error->code), "QueueError", "%s",
		                  error->message);
	} else {
		snafu_buffer_done(payload);
		*payload = SNAFU_BUFFER(ID_REPLY_CAP);
		snafu_buffer_format(payload, "{\"id\": \"%s\"}", call->request_id);
		call->result.status = SNAFU_OK;
	}
	if (call->finished)
		call->finished(call);
}

void snafu_queue_answer(struct snafu_queue *queue, struct snafu_queue_submission *submission,
                        const struct snafu_error *error)
{
	end_call(submission->call, error);
	free(submission);
	note_answered(queue);
}

void snafu_queue_answer_order(struct snafu_queue *queue, struct snafu_queue_asked *asked)
{
	asked->order->finished(asked->order);
	free(asked);
	note_answered(queue);
}

static void refuse(struct snafu_queue *queue, struct snafu_queue_item *item,
                   const struct snafu_error *error)
{
	if (item->kind == SNAFU_QUEUE_ITEM_SUBMISSION) {
		snafu_queue_answer(queue, (struct snafu_queue_submission *)item, error);
	} else {
		struct snafu_queue_asked *asked = (struct snafu_queue_asked *)item;

		asked->order->error = *error;
		asked->order->code = error->code;
		snafu_queue_answer_order(queue, asked);
	}
}

/* ---- the thread ------------------------------------------------------------------ */

struct snafu_queue_item *snafu_queue_take(struct snafu_queue *queue, uint64_t until)
{
	bool late = false;

	pthread_mutex_lock(&queue->lock);
	while (!queue->first && !queue->closing && !queue->nudged && !late)
		if (until == UINT64_MAX)
			pthread_cond_wait(&queue->wake, &queue->lock);
		else
			late = !snafu_condition_wait_ms(&queue->wake, &queue->lock, until);
	queue->nudged = false;
	struct snafu_queue_item *items = queue->first;
	queue->first = queue->last = NULL;
	pthread_mutex_unlock(&queue->lock);
	return items;
}

bool snafu_queue_closing(struct snafu_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	bool closing = queue->closing && !queue->first;
	pthread_mutex_unlock(&queue->lock);
	return closing;
}

/* The lock is held. */
static void append(struct snafu_queue *queue, struct snafu_queue_item *item)
{
	item->next = NULL;
	if (queue->last)
		queue->last->next = item;
	else
		queue->first = item;
	queue->last = item;
	pthread_cond_signal(&queue->wake);
}

void snafu_queue_post(struct snafu_queue *queue, struct snafu_queue_item *item)
{
	pthread_mutex_lock(&queue->lock);
	append(queue, item);
	pthread_mutex_unlock(&queue->lock);
}

bool snafu_queue_file_is_held(const struct snafu_queue *queue)
{
	return snafu_queue_file_is_locked(queue->options.file, queue->file_lock);
}

static int open_module(struct snafu_queue *queue, const struct snafu_queue_module **ret_module,
                       void **ret_state, struct snafu_error *error)
{
	void *address;
	int code = snafu_queue_file_lock(queue->options.file, &queue->file_lock, error);

	if (code)
		return code;
	code = snafu_part_open("queue", "sqlite", SNAFU_QUEUE_MODULE_SYMBOL, 0, &address, error);
	const struct snafu_queue_module *module = address;
	if (!code && module->version != SNAFU_QUEUE_MODULE_VERSION)
		code = snafu_fail(error, -ELIBBAD, "queue-sqlite.so is made for another Snafu");
	if (!code)
		code = module->open(queue, ret_state, error);
	if (code) {
		const struct snafu_queue_counts unknown = {1, 1, 1, 1, 1, 1};

		snafu_queue_file_unlock(queue->file_lock, &unknown);
		return code;
	}
	*ret_module = module;
	return 0;
}

/* The queue cannot be opened: everybody is told why, and it is tried again soon. */
static void refuse_for_now(struct snafu_queue *queue, const struct snafu_error *error)
{
	uint64_t end = snafu_now_ms() + OPEN_AGAIN_MS;

	do {
		struct snafu_queue_item *next, *items = snafu_queue_take(queue, end);

		for (struct snafu_queue_item *item = items; item; item = next) {
			next = item->next;
			refuse(queue, item, error);
		}
	} while (snafu_now_ms() < end && !snafu_queue_closing(queue));
}

static void *serve(void *state)
{
	struct snafu_queue *queue = state;
	const struct snafu_queue_module *module;
	struct snafu_queue_counts counts;
	struct snafu_error error, said = {0};
	void *module_state;

	for (;;) {
		int code = open_module(queue, &module, &module_state, &error);
		if (!code)
			break;
		error.code = code;
		if (strcmp(said.message, error.message) != 0)
			snafu_report(&queue->options.reporter, SNAFU_WARNING, "%s", error.message);
		said = error;
		refuse_for_now(queue, &error);
		if (snafu_queue_closing(queue))
			return NULL;
	}
	if (said.code)
		snafu_report(&queue->options.reporter, SNAFU_WARNING,
		             "this host works with the queue %s now", queue->options.file);
	module->run(module_state);
	module->close(module_state, &counts);
	snafu_queue_file_unlock(queue->file_lock, &counts);
	return NULL;
}

/* Starts the thread if it is not there; the lock is held. */
static int start(struct snafu_queue *queue)
{
	if (queue->started)
		return 0;
	int code = snafu_thread_start(&queue->thread, 0, serve, queue);
	queue->started = !code;
	return code;
}

/* ---- the door -------------------------------------------------------------------- */

/* Puts an item of somebody else's into the inbox. */
static int enter(struct snafu_queue *queue, struct snafu_queue_item *item,
                 struct snafu_error *error)
{
	int code = 0;

	pthread_mutex_lock(&queue->lock);
	if (queue->refusing)
		code = snafu_fail(error, -ESHUTDOWN, "the host is stopping");
	else if (queue->unanswered >= UNANSWERED_CAP)
		code = snafu_fail(error, -EAGAIN,
		                  "%d calls wait to be accepted into the queue; try again later",
		                  UNANSWERED_CAP);
	else if (start(queue))
		code = snafu_fail(error, -EAGAIN, "no thread for the queue of asynchronous calls");
	if (!code) {
		queue->unanswered++;
		append(queue, item);
	}
	pthread_mutex_unlock(&queue->lock);
	return code;
}

static const char *keep_text(char **at, const char *text)
{
	size_t size = text ? strlen(text) + 1 : 1;
	char *copy = memcpy(*at, text ? text : "", size);

	*at += size;
	return copy;
}

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 1;
}

static struct snafu_queue_submission *make_submission(struct snafu_call *call, unsigned depth)
{
	struct snafu_queue_submission *submission =
		malloc(sizeof *submission + text_size(call->function) + text_size(call->tenant) +
	           text_size(call->client_context) + text_size(call->executor));

	if (!submission)
		return NULL;
	char *at = (char *)(submission + 1);
	*submission = (struct snafu_queue_submission){
		.item.kind = SNAFU_QUEUE_ITEM_SUBMISSION,
		.call = call,
		.depth = depth,
	};
	submission->function = keep_text(&at, call->function);
	submission->tenant = keep_text(&at, call->tenant);
	submission->client_context = keep_text(&at, call->client_context);
	submission->executor = keep_text(&at, call->executor);
	return submission;
}

void snafu_queue_submit(struct snafu_queue *queue, struct snafu_call *call, unsigned depth)
{
	struct snafu_queue_submission *submission = make_submission(call, depth);
	struct snafu_error error;

	if (!call->request_id[0])
		snafu_request_id(call->request_id);
	int code = submission ? 0 : snafu_fail(&error, -ENOMEM, "no memory for the call");
	if (!code)
		code = enter(queue, &submission->item, &error);
	if (!code)
		return;
	free(submission);
	error.code = code;
	end_call(call, &error);
}

/* Without a file, and without anybody who wants to make one, nothing is opened. */
static bool nothing_there(struct snafu_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	bool started = queue->started;
	pthread_mutex_unlock(&queue->lock);
	struct snafu_queue_counts counts;
	return !started && !snafu_queue_file_look(queue->options.file, &counts);
}

static int answer_nothing(struct snafu_queue_order *order)
{
	switch (order->verb) {
	case SNAFU_QUEUE_LIST:
		return snafu_buffer_append_text(&order->reply, "{\"calls\": [], \"next\": null}\n");
	case SNAFU_QUEUE_REDRIVE:
		if (!order->id)
			return snafu_buffer_append_text(&order->reply, "{\"redriven\": 0}\n");
		break;
	default: break;
	}
	return snafu_fail(&order->error, -ENOENT, "there is no call %.60s", order->id);
}

void snafu_queue_ask(struct snafu_queue *queue, struct snafu_queue_order *order)
{
	struct snafu_queue_asked *asked;
	struct snafu_error error;

	order->code = 0;
	order->retry_after = 0;
	order->reply = SNAFU_BUFFER(SIZE_MAX / 2);
	if (nothing_there(queue)) {
		order->code = answer_nothing(order);
		order->finished(order);
		return;
	}
	asked = malloc(sizeof *asked);
	int code = asked ? 0 : snafu_fail(&error, -ENOMEM, "no memory");
	if (!code) {
		*asked = (struct snafu_queue_asked){.item.kind = SNAFU_QUEUE_ITEM_ORDER, .order = order};
		code = enter(queue, &asked->item, &error);
	}
	if (!code)
		return; /* the order may be answered, and gone */
	free(asked);
	order->error = error;
	order->code = code;
	order->finished(order);
}

void snafu_queue_resume(struct snafu_queue *queue)
{
	struct snafu_queue_counts counts = {0};

	pthread_mutex_lock(&queue->lock);
	queue->dispatching = queue->nudged = true;
	pthread_cond_signal(&queue->wake);
	if (!queue->started && snafu_queue_file_look(queue->options.file, &counts)) {
		snafu_queue_note_counts(queue, &counts);
		if (counts.waiting || counts.running || counts.deliveries)
			start(queue);
	}
	pthread_mutex_unlock(&queue->lock);
}

void snafu_queue_pause(struct snafu_queue *queue)
{
	queue->dispatching = false;
}

size_t snafu_queue_busy(struct snafu_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	size_t busy = queue->unanswered;
	pthread_mutex_unlock(&queue->lock);
	return busy;
}

void snafu_queue_stop(struct snafu_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->dispatching = false;
	queue->refusing = true;
	while (queue->unanswered)
		pthread_cond_wait(&queue->idle, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
}

void snafu_queue_close(struct snafu_queue *queue)
{
	if (!queue)
		return;
	snafu_queue_stop(queue);
	pthread_mutex_lock(&queue->lock);
	queue->closing = true;
	pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&queue->lock);
	if (queue->started)
		pthread_join(queue->thread, NULL);
	pthread_cond_destroy(&queue->wake);
	pthread_cond_destroy(&queue->idle);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

/* ---- metrics --------------------------------------------------------------------- */

void snafu_queue_note_counts(struct snafu_queue *queue, const struct snafu_queue_counts *counts)
{
	queue->waiting = counts->waiting;
	queue->running = counts->running;
	queue->succeeded = counts->succeeded;
	queue->failed = counts->failed;
	queue->dead = counts->dead;
	queue->deliveries = counts->deliveries;
}

void snafu_queue_write_metrics(struct snafu_queue *queue, struct snafu_buffer *into)
{
	const struct {
		const char *name;
		uint64_t count;
	} states[] = {
		{"waiting", queue->waiting}, {"running", queue->running}, {"succeeded", queue->succeeded},
		{"failed", queue->failed},   {"dead", queue->dead},
	};
	int64_t oldest = queue->oldest, now = (int64_t)snafu_now_ms();
	long long age = now > oldest ? now - oldest : 0;

	snafu_buffer_append_text(into, "# HELP snafu_queue_calls Asynchronous calls in the queue.\n"
	                               "# TYPE snafu_queue_calls gauge\n");
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		snafu_buffer_format(into, "snafu_queue_calls{state=\"%s\"} %llu\n", states[i].name,
		                    (unsigned long long)states[i].count);
	snafu_buffer_format(into,
	                    "# HELP snafu_queue_oldest_seconds Age of the oldest asynchronous call "
	                    "that has not ended.\n"
	                    "# TYPE snafu_queue_oldest_seconds gauge\n"
	                    "snafu_queue_oldest_seconds %lld.%03lld\n",
	                    age / 1000, age % 1000); /* no %f: a function may have set a locale */
	snafu_buffer_format(into,
	                    "# HELP snafu_queue_deliveries Results on their way to destinations.\n"
	                    "# TYPE snafu_queue_deliveries gauge\n"
	                    "snafu_queue_deliveries %llu\n",
	                    (unsigned long long)queue->deliveries);
	snafu_buffer_format(into,
	                    "# HELP snafu_queue_accepted_total Asynchronous calls accepted.\n"
	                    "# TYPE snafu_queue_accepted_total counter\n"
	                    "snafu_queue_accepted_total %llu\n"
	                    "# HELP snafu_queue_retries_total Attempts that were to be repeated.\n"
	                    "# TYPE snafu_queue_retries_total counter\n"
	                    "snafu_queue_retries_total %llu\n",
	                    (unsigned long long)queue->accepted, (unsigned long long)queue->retried);
}
