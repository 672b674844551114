/* runtime/instances/invoked.c — see invoked.h. */
#include "runtime/instances/invoked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/host.h"
#include "runtime/instances/wire.h"
#include "runtime/instances/instance.h"
#include "runtime/instances/station.h"

struct snafu_invoked {
	struct snafu_call call;
	struct snafu_invoked *next; /* to be begun */
	struct snafu_station *station;
	struct snafu_instance *instance; /* NULL: gone; the station's lock */
	LIST_ENTRY(snafu_invoked) entry; /* of the instance */
	uint64_t number; /* INVOKE's */
	struct snafu_context caller; /* its texts are in `body`, and the job's */
	struct snafu_job *job; /* a reference: the calling one; NULL: outside of any call */
	char *body; /* owned: the frame's */
};

static void free_invoked(struct snafu_invoked *invoked)
{
	snafu_result_done(&invoked->call.result);
	snafu_job_free(invoked->job);
	free(invoked->call.payload);
	free(invoked->body);
	free(invoked);
}

/* Any thread, no lock: the answer is there. */
static void finished(struct snafu_call *call)
{
	struct snafu_invoked *invoked = (struct snafu_invoked *)call;
	struct snafu_station *station = invoked->station;

	snafu_station_enter(station);
	if (invoked->instance) {
		struct snafu_buffer *head = snafu_station_frame(station);
		size_t begin = snafu_frame_begin(head, SNAFU_FRAME_ANSWER, invoked->number);
		const struct snafu_buffer *payload = &call->result.payload;

		snafu_pack_result(head, &call->result);
		snafu_frame_end(head, begin, payload->size);
		snafu_process_write(&invoked->instance->process, head, payload->data, payload->size, NULL,
		                    NULL);
		invoked->instance->n_invoked--;
		LIST_REMOVE(invoked, entry);
	}
	snafu_station_leave(station);
	free_invoked(invoked);
}

/* A process that asks and never reads the answers must not have us keep them. */
static bool is_deaf(const struct snafu_instance *instance)
{
	const struct snafu_wire *wire = &instance->process.wire;

	return wire->pending / SNAFU_INVOKED_DEAF > wire->cap;
}

static int prepare(struct snafu_invoked *invoked, const struct snafu_frame *frame, const char *body)
{
	struct snafu_invocation invocation;
	struct snafu_call *call = &invoked->call;

	invoked->body = malloc((size_t)frame->size + 1);
	if (!invoked->body)
		return -ENOMEM;
	memcpy(invoked->body, body, (size_t)frame->size + 1);
	int code = snafu_unpack_invocation(invoked->body, frame->size, &invoked->caller, &invocation);
	if (code)
		return code;
	call->function = invocation.function;
	call->payload_size = invocation.size;
	call->payload = invocation.size ? malloc(invocation.size) : NULL;
	if (invocation.size && !call->payload)
		return -ENOMEM;
	if (invocation.size)
		memcpy(call->payload, invocation.payload, invocation.size);
	call->asynchronous = invocation.asynchronous;
	call->trigger = "function";
	call->caller = &invoked->caller;
	call->finished = finished;
	return 0;
}

int snafu_invoked_take(struct snafu_instance *instance, const struct snafu_frame *frame,
                       const char *body)
{
	struct snafu_station *station = instance->process.station;
	struct snafu_job *job = instance->jobs.first;
	struct snafu_invoked *invoked = calloc(1, sizeof *invoked);
	int code = invoked ? prepare(invoked, frame, body) : -ENOMEM;

	if (!code && (instance->n_invoked >= SNAFU_INVOKED_CAP || is_deaf(instance)))
		code = -EOVERFLOW;
	if (code) {
		if (invoked)
			free_invoked(invoked);
		return code;
	}
	/* For whom it calls, how deep and how long, we know better than the process does. */
	invoked->job = job ? snafu_job_ref(job) : NULL;
	invoked->caller.tenant = job ? job->context.tenant : "";
	invoked->caller.deadline = job ? job->context.deadline : UINT64_MAX;
	invoked->caller.depth = job ? job->context.depth : 0;
	invoked->number = frame->number;
	invoked->station = station;
	invoked->instance = instance;
	instance->n_invoked++;
	LIST_INSERT_HEAD(&instance->invoked, invoked, entry);
	invoked->next = station->invoked;
	station->invoked = invoked;
	return 0;
}

void snafu_invoked_drop(struct snafu_invoked_list *list)
{
	struct snafu_invoked *invoked;

	while ((invoked = LIST_FIRST(list))) {
		LIST_REMOVE(invoked, entry);
		invoked->instance = NULL;
	}
}

void snafu_invoked_begin(struct snafu_invoked *invoked)
{
	while (invoked) {
		struct snafu_invoked *next = invoked->next;

		snafu_host_submit(invoked->station->options->host, &invoked->call);
		invoked = next;
	}
}
