/* runtime/queue/deliver.c — where the end of a call is told: on_success, on_failure.
 *
 * What is told is a JSON object in the form of AWS Lambda's records of asynchronous
 * invocations. Another function gets it by a call of its own, put into the queue in the
 * same transaction; files and URLs get it from an errand, which is repeated until it
 * succeeds or is given up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "runtime/queue/work.h"

#define FUNCTION_PREFIX "function:"
#define ARN_PREFIX      "arn:aws:lambda:local:000000000000:function:"

/* ---- the record --------------------------------------------------------------------- */

static void write_now(struct snafu_buffer *into)
{
	uint64_t wall = snafu_wall_ms();
	time_t seconds = (time_t)(wall / 1000);
	struct tm parts;
	char text[64] = "";

	if (gmtime_r(&seconds, &parts))
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
	snafu_buffer_format(into, "\"%s.%03uZ\"", text, (unsigned)(wall % 1000));
}

/* Payloads come from anybody: what is no JSON is told as a string. */
static void write_json(const char *bytes, size_t size, struct snafu_buffer *into)
{
	if (!size)
		snafu_buffer_append_text(into, "null");
	else if (snafu_json_validate(bytes, size, NULL) == 0)
		snafu_buffer_append(into, bytes, size);
	else
		snafu_json_write_string(into, bytes, size);
}

static void write_record(const struct snafu_ending *ending,
                         const struct snafu_stored_bytes *payload, bool whole,
                         struct snafu_buffer *into)
{
	const struct snafu_stored *call = ending->call;

	snafu_buffer_append_text(into, "{\"version\":\"1.0\",\"timestamp\":");
	write_now(into);
	snafu_buffer_append_text(into, ",\"requestContext\":{\"requestId\":");
	snafu_json_write_text(into, call->id);
	snafu_buffer_append_text(into, ",\"functionArn\":\"" ARN_PREFIX);
	struct snafu_buffer name = SNAFU_BUFFER(4096);
	snafu_json_write_text(&name, call->function);
	if (name.size >= 2)
		snafu_buffer_append(into, name.data + 1, name.size - 2);
	snafu_buffer_done(&name);
	snafu_buffer_append_text(into, ":$LATEST\",\"functionName\":");
	snafu_json_write_text(into, call->function);
	snafu_buffer_append_text(into, ",\"condition\":");
	snafu_json_write_text(into, ending->condition);
	snafu_buffer_format(into,
	                    ",\"approximateInvokeCount\":%u},\"requestPayload\":", call->attempts);
	if (whole)
		write_json(payload->bytes, payload->size, into);
	else
		snafu_buffer_append_text(into, "null");
	snafu_buffer_format(into,
	                    ",\"responseContext\":{\"statusCode\":200,"
	                    "\"executedVersion\":\"$LATEST\"%s},\"responsePayload\":",
	                    ending->status == SNAFU_OK ? "" : ",\"functionError\":\"Unhandled\"");
	if (whole)
		write_json(ending->result, ending->size, into);
	else
		snafu_buffer_append_text(into, "null,\"omitted\":[\"requestPayload\",\"responsePayload\"]");
	snafu_buffer_append_text(into, "}");
}

/* Without the payloads where both together are over CAP. */
static int make_record(const struct snafu_ending *ending, const struct snafu_stored_bytes *payload,
                       size_t cap, struct snafu_buffer *ret_record, struct snafu_error *error)
{
	*ret_record = SNAFU_BUFFER(cap);
	write_record(ending, payload, true, ret_record);
	if (ret_record->failed == -EMSGSIZE) {
		snafu_buffer_done(ret_record);
		*ret_record = SNAFU_BUFFER(WORK_ENVELOPE_CAP);
		write_record(ending, payload, false, ret_record);
	}
	if (!snafu_buffer_failed(ret_record))
		return 0;
	snafu_buffer_done(ret_record);
	return snafu_fail(error, -ENOMEM, "no memory for the record of a call");
}

/* ---- the start ------------------------------------------------------------------------ */

/* Another call, as deep as one that the function had made itself. */
static int deliver_to_function(struct snafu_work *work, const struct snafu_ending *ending,
                               const char *destination, const struct snafu_buffer *record,
                               struct snafu_error *error)
{
	const struct snafu_stored *from = ending->call;
	struct snafu_error bad;
	uint64_t now = snafu_work_now(work);
	struct snafu_stored call = {
		.function = destination + strlen(FUNCTION_PREFIX),
		.tenant = from->tenant,
		.client_context = "",
		.executor = "",
		.depth = from->depth + 1,
		.born = now,
		.due = now,
		.accepted = snafu_wall_ms(),
	};

	if (snafu_work_allows(work->settings, destination, &bad))
		return snafu_store_deliver(work->store, from->number, destination, NULL, 0, now,
		                           bad.message, error);
	if (call.depth > ending->settings->call_depth)
		return snafu_store_deliver(work->store, from->number, destination, NULL, 0, now,
		                           "functions have called each other too deep already "
		                           "([limits] call-depth)",
		                           error);
	snafu_request_id(call.id);
	int code = snafu_store_insert(work->store, &call, record->data, record->size, error);
	if (!code) {
		work->counts.waiting++;
		work->next_due = 0;
	}
	return code;
}

int snafu_work_deliver(struct snafu_work *work, const struct snafu_ending *ending,
                       struct snafu_error *error)
{
	bool good = ending->call->state == SNAFU_STORED_SUCCEEDED;
	const char *destination = good ? ending->settings->on_success : ending->settings->on_failure;
	bool function = strncmp(destination, FUNCTION_PREFIX, strlen(FUNCTION_PREFIX)) == 0;
	struct snafu_stored_bytes payload = {0};
	struct snafu_buffer record;

	if (!*destination)
		return 0;
	int code = snafu_store_payload(work->store, ending->call->number, &payload, error);
	if (!code)
		code = make_record(ending, &payload,
		                   function ? work->settings->payload_size : WORK_ENVELOPE_CAP, &record,
		                   error);
	free(payload.bytes);
	if (code)
		return code;
	if (function) {
		code = deliver_to_function(work, ending, destination, &record, error);
	} else {
		code = snafu_store_deliver(work->store, ending->call->number, destination, record.data,
		                           record.size, snafu_work_now(work), NULL, error);
		work->counts.deliveries += !code;
		work->next_delivery = 0;
	}
	snafu_buffer_done(&record);
	return code == -EMSGSIZE ? 0 : code;
}

/* ---- on the way ------------------------------------------------------------------------ */

void snafu_work_begin_deliveries(struct snafu_work *work)
{
	uint64_t now = snafu_work_now(work);
	struct snafu_stored_delivery delivery;
	int64_t busy[WORK_DELIVERIES_CAP];

	if (work->next_delivery > now)
		return;
	while (work->n_deliveries < WORK_DELIVERIES_CAP) {
		size_t n_busy = 0;

		for (struct snafu_errand *at = work->errands; at; at = at->next)
			if (!at->run)
				busy[n_busy++] = at->delivery.number;
		for (struct snafu_errand *at = work->done; at; at = at->next)
			busy[n_busy++] = at->delivery.number;
		if (snafu_store_due_delivery(work->store, now, busy, n_busy, &delivery, NULL))
			break;
		if (snafu_work_send(work, &delivery)) {
			snafu_stored_delivery_done(&delivery);
			break;
		}
	}
}

static int record_one(struct snafu_work *work, const struct snafu_errand *errand,
                      struct snafu_error *error)
{
	const struct snafu_stored_delivery *delivery = &errand->delivery;
	unsigned attempts = delivery->attempts + 1;
	uint64_t due = UINT64_MAX;

	if (!errand->code) {
		work->counts.deliveries -= work->counts.deliveries > 0;
		return snafu_store_delivered(work->store, delivery->number, error);
	}
	if (errand->code == -ECANCELED) /* the host stops */
		return 0;
	if (attempts < WORK_DELIVERY_TRIES && errand->code != -EPERM)
		due = snafu_work_now(work) +
		      snafu_work_delay(work, work->settings->retry_delay, attempts - 1, WORK_DELAY_CAP);
	if (due == UINT64_MAX) {
		work->counts.deliveries -= work->counts.deliveries > 0;
		snafu_report(&work->queue->options.reporter, SNAFU_WARNING,
		             "the end of an asynchronous call could not be told to %s: %s",
		             delivery->destination, errand->error.message);
	}
	return snafu_store_undelivered(work->store, delivery->number, attempts, due,
	                               errand->error.message, error);
}

int snafu_work_record_deliveries(struct snafu_work *work, struct snafu_error *error)
{
	int code = 0;

	for (struct snafu_errand *at = work->done; at && !code; at = at->next)
		code = record_one(work, at, error);
	if (work->done)
		work->next_delivery = 0;
	return code;
}

void snafu_work_forget_done(struct snafu_work *work)
{
	struct snafu_errand *next;

	for (struct snafu_errand *at = work->done; at; at = next) {
		next = at->next;
		snafu_stored_delivery_done(&at->delivery);
		free(at);
		work->n_deliveries--;
	}
	work->done = NULL;
}
