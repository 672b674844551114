/* runtime/deploy/try.c — whether a changed file can be loaded, where its functions were
 * called in this process before. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "langs/language.h"
#include "runtime/deploy/deploy.h"
#include "runtime/deploy/plan.h"
#include "runtime/executors/in_process.h"
#include "runtime/host_state.h"
#include "runtime/service.h"
#include "scanner/function.h"

#define MESSAGE_CAP 1024

struct snafu_service *snafu_planned_bound(const struct snafu_planned *planned)
{
	for (size_t i = 0; i < planned->n_before; i++)
		if (atomic_load(&planned->before[i]->bound))
			return planned->before[i];
	return NULL;
}

static int bind(const struct snafu_plan *plan, const struct snafu_service *like,
                struct snafu_service *service, struct snafu_result *result)
{
	const struct snafu_settings *settings = &plan->deployer->host->settings;

	*result = (struct snafu_result){.payload = SNAFU_BUFFER(settings->result_size)};
	return snafu_in_process_bind_to(like->language, like->language_state, service, result);
}

void snafu_plan_bind_old(struct snafu_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct snafu_planned *planned = &plan->planned[i];
		const struct snafu_service *bound = snafu_planned_bound(planned);
		struct snafu_result result;

		if (!bound || !planned->now)
			continue;
		for (size_t j = 0; j < planned->n_before; j++) {
			struct snafu_service *service = planned->before[j];

			if (service->function->reason || atomic_load(&service->bound))
				continue;
			bind(plan, bound, service, &result);
			snafu_result_done(&result);
		}
	}
}

/* ---- trying -------------------------------------------------------------------------- */

/* Why a result failed: malloc'ed. */
static char *read_failure(const struct snafu_result *result)
{
	struct snafu_buffer message = SNAFU_BUFFER(MESSAGE_CAP);

	snafu_result_read_error(result->payload.data, result->payload.size, "errorMessage", &message);
	char *text = message.size ? snafu_buffer_take(&message) : NULL;
	snafu_buffer_done(&message);
	return text ? text : strdup("cannot be loaded");
}

static bool was_bound(const struct snafu_planned *planned, const char *id)
{
	for (size_t i = 0; i < planned->n_before; i++)
		if (atomic_load(&planned->before[i]->bound) &&
		    strcmp(planned->before[i]->function->id, id) == 0)
			return true;
	return false;
}

/* One function of the file that can be loaded is enough: others may be defined only
 * under some condition. Those that were warm come first, and stay so. */
static void try_file(struct snafu_plan *plan, struct snafu_planned *planned,
                     const struct snafu_service *like)
{
	struct snafu_result result;
	char *failure = NULL;
	size_t tried = 0, good = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < planned->n_now && tried < SNAFU_PLAN_TRIES; i++) {
			struct snafu_service *service = planned->now[i];
			bool warm = was_bound(planned, service->function->id);

			if (service->function->reason || warm != (pass == 0) || (pass && good))
				continue;
			tried++;
			if (bind(plan, like, service, &result) == 0)
				good++;
			else if (!failure)
				failure = read_failure(&result);
			snafu_result_done(&result);
		}
	if (tried && !good)
		planned->broken = failure;
	else
		free(failure);
}

bool snafu_plan_try(struct snafu_plan *plan)
{
	bool any = false;

	for (size_t i = 0; i < plan->count; i++) {
		struct snafu_planned *planned = &plan->planned[i];
		const struct snafu_service *like = planned->now ? snafu_planned_bound(planned) : NULL;

		if (like)
			try_file(plan, planned, like);
		any |= planned->now && planned->broken;
	}
	return any;
}
