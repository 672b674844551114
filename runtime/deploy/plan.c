/* runtime/deploy/plan.c — see plan.h. */
#include "runtime/deploy/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "runtime/deploy/deploy.h"
#include "runtime/generation.h"
#include "runtime/host_state.h"
#include "runtime/service.h"
#include "scanner/scanner.h"

#define DESCRIPTION_CAP (1u << 20)

/* The run of functions of one file in a list that is in a scan's order. */
struct run {
	const char *path;
	size_t first, count;
};

/* ---- which functions a file has ---------------------------------------------------- */

static int compare_runs(const void *a, const void *b)
{
	return strcmp(((const struct run *)a)->path, ((const struct run *)b)->path);
}

static int compare_run_key(const void *key, const void *run)
{
	return strcmp(key, ((const struct run *)run)->path);
}

/* All runs, sorted by path: malloc'ed. A file's functions stand together. */
static struct run *find_runs(const struct snafu_functions *functions, size_t *ret_count)
{
	struct run *runs = calloc(functions->count ? functions->count : 1, sizeof *runs);
	size_t count = 0;

	for (size_t i = 0; runs && i < functions->count; i++) {
		const char *file = snafu_function_source(&functions->functions[i]);

		if (!count || strcmp(runs[count - 1].path, file) != 0)
			runs[count++] = (struct run){.path = file, .first = i};
		runs[count - 1].count++;
	}
	if (count)
		qsort(runs, count, sizeof *runs, compare_runs);
	*ret_count = count;
	return runs;
}

static const struct run *find_run(const struct run *runs, size_t count, const char *path)
{
	return count ? bsearch(path, runs, count, sizeof *runs, compare_run_key) : NULL;
}

/* ---- what is wrong with a file ------------------------------------------------------- */

static const struct snafu_diagnostic *find_problem(const struct snafu_functions *functions,
                                                   const char *path)
{
	for (size_t i = 0; i < functions->n_diagnostics; i++) {
		const struct snafu_diagnostic *at = &functions->diagnostics[i];

		if (at->severity >= SNAFU_WARNING && at->file && strcmp(at->file, path) == 0)
			return at;
	}
	return NULL;
}

static char *describe(const struct snafu_diagnostic *problem)
{
	char *text = NULL;

	if (problem->line && asprintf(&text, "line %u: %s", problem->line, problem->message) < 0)
		return NULL;
	return problem->line ? text : strdup(problem->message);
}

/* Whether the scanner had nothing to say of the file when it was last good. */
static bool was_good(const struct snafu_plan *plan, const struct snafu_planned *planned)
{
	return planned->n_before && !find_problem(&plan->current->functions, planned->path);
}

/* ---- one file ---------------------------------------------------------------------- */

static bool same_function(const struct snafu_function *one, const struct snafu_function *other)
{
	struct snafu_buffer a = SNAFU_BUFFER(DESCRIPTION_CAP), b = SNAFU_BUFFER(DESCRIPTION_CAP);

	snafu_function_write_json(one, &a);
	snafu_function_write_json(other, &b);
	bool same = !a.failed && !b.failed && a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
	snafu_buffer_done(&a);
	snafu_buffer_done(&b);
	return same;
}

static bool same_functions(const struct snafu_planned *planned,
                           const struct snafu_functions *functions, const struct run *run)
{
	size_t count = run ? run->count : 0;

	if (count != planned->n_before)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!same_function(planned->before[i]->function, &functions->functions[run->first + i]))
			return false;
	return true;
}

static int make_services(struct snafu_plan *plan, struct snafu_planned *planned,
                         const struct run *run)
{
	struct snafu_host *host = plan->deployer->host;
	size_t count = run ? run->count : 0;

	planned->now = calloc(count ? count : 1, sizeof *planned->now);
	if (!planned->now)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct snafu_function *function = &plan->scanned->functions.functions[run->first + i];

		planned->now[i] = snafu_service_new(function, plan->scanned,
		                                    snafu_host_settings_for(host, function), host);
		if (!planned->now[i])
			return -ENOMEM;
		planned->n_now++;
	}
	return 0;
}

static bool has_callable(const struct snafu_functions *functions, const struct run *run)
{
	for (size_t i = 0; run && i < run->count; i++)
		if (!functions->functions[run->first + i].reason)
			return true;
	return false;
}

/* What becomes of a file that is there. */
static int plan_file(struct snafu_plan *plan, struct snafu_planned *planned,
                     enum snafu_change change, const struct run *run)
{
	const struct snafu_functions *functions = &plan->scanned->functions;
	const struct snafu_diagnostic *problem = find_problem(functions, planned->path);

	if (change == SNAFU_SAME || change == SNAFU_UNSETTLED)
		return 0;
	if (change == SNAFU_REREAD && same_functions(planned, functions, run))
		return 0;
	planned->is_news = plan->has_news = true;
	/* What is loaded can be tried, and that decides. */
	if (problem && was_good(plan, planned) &&
	    !(snafu_planned_bound(planned) && has_callable(functions, run))) {
		planned->broken = describe(problem);
		return planned->broken ? 0 : -ENOMEM;
	}
	plan->files[plan->n_files++] = planned->path;
	return make_services(plan, planned, run);
}

/* ---- all files ---------------------------------------------------------------------- */

/* Files of the current generation that are not there any more. */
static void plan_gone(struct snafu_plan *plan, const struct snafu_catalogue *now,
                      const struct run *runs, size_t n_runs)
{
	for (size_t i = 0; i < n_runs; i++) {
		if (snafu_catalogue_find(now, runs[i].path))
			continue;
		plan->planned[plan->count++] = (struct snafu_planned){
			.path = runs[i].path,
			.before = &plan->current->services[runs[i].first],
			.n_before = runs[i].count,
			.was_known = true,
			.gone = true,
			.is_news = true,
		};
		plan->files[plan->n_files++] = runs[i].path;
		plan->has_news = true;
	}
}

static int plan_all(struct snafu_plan *plan, const struct snafu_catalogue *now,
                    const enum snafu_change *changes)
{
	const struct snafu_catalogue *known = plan->deployer->has_known ? &plan->deployer->known : NULL;
	size_t n_old, n_new;
	struct run *old = find_runs(&plan->current->functions, &n_old);
	struct run *new = find_runs(&plan->scanned->functions, &n_new);
	size_t most = now->walk.count + n_old + 1;
	int code = -ENOMEM;

	plan->planned = calloc(most, sizeof *plan->planned);
	plan->files = calloc(most, sizeof *plan->files);
	if (old && new && plan->planned && plan->files)
		code = 0;
	for (size_t i = 0; i < now->walk.count && !code; i++) {
		const char *path = now->walk.found[i].source.path;
		const struct run *before = find_run(old, n_old, path);
		struct snafu_planned *planned = &plan->planned[plan->count++];

		*planned = (struct snafu_planned){
			.path = path,
			.before = before ? &plan->current->services[before->first] : NULL,
			.n_before = before ? before->count : 0,
			.was_known = before || (known && snafu_catalogue_find(known, path)),
		};
		code = plan_file(plan, planned, changes[i], find_run(new, n_new, path));
	}
	if (!code)
		plan_gone(plan, now, old, n_old);
	free(old);
	free(new);
	return code;
}

int snafu_plan_make(struct snafu_plan *plan, struct snafu_deployer *deployer,
                    const struct snafu_catalogue *now, const enum snafu_change *changes,
                    struct snafu_error *error)
{
	struct snafu_functions functions = {0};

	plan->deployer = deployer;
	plan->current = snafu_host_generation(deployer->host);
	int code = snafu_rescan(now, changes, &deployer->host->rescan_options, &functions, error);
	if (code)
		return code;
	if (!snafu_host_take_conventions(deployer->host, &functions))
		plan->scanned = snafu_scanned_new(&functions);
	snafu_functions_done(&functions);
	if (!plan->scanned || plan_all(plan, now, changes))
		return snafu_fail(error, -ENOMEM, "no memory for the functions that have changed");
	return 0;
}

void snafu_plan_done(struct snafu_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct snafu_planned *planned = &plan->planned[i];

		for (size_t j = 0; j < planned->n_now; j++)
			snafu_service_unref(planned->now[j]);
		free(planned->now);
		free(planned->broken);
	}
	free(plan->planned);
	free(plan->files);
	snafu_scanned_unref(plan->scanned);
	snafu_generation_unref(plan->current);
	*plan = (struct snafu_plan){0};
}

/* ---- the generation -------------------------------------------------------------------- */

static const char *trouble_of(const struct snafu_plan *plan, const struct snafu_planned *planned)
{
	if (planned->broken || planned->is_news)
		return planned->broken;
	return snafu_deploy_broken(plan->deployer, planned->path);
}

static void add_file(const struct snafu_plan *plan, const struct snafu_planned *planned,
                     struct snafu_generation *generation)
{
	bool fresh = planned->now && !planned->broken;
	struct snafu_service **services = fresh ? planned->now : planned->before;
	size_t count = fresh ? planned->n_now : planned->n_before;
	const char *trouble = trouble_of(plan, planned);
	const char *outdated =
		trouble ? snafu_arena_string(&generation->functions.arena, trouble) : NULL;

	if (planned->gone)
		return;
	for (size_t i = 0; i < count; i++) {
		snafu_generation_add(generation, services[i]);
		generation->functions.functions[generation->functions.count - 1].outdated = outdated;
	}
}

static void add_diagnostics(const struct snafu_functions *from, const struct snafu_plan *plan,
                            bool news, struct snafu_functions *into)
{
	for (size_t i = 0; i < from->n_diagnostics; i++) {
		const struct snafu_diagnostic *at = &from->diagnostics[i];
		const struct snafu_planned *planned = NULL;

		for (size_t j = 0; j < plan->count && at->file && !planned; j++)
			if (strcmp(plan->planned[j].path, at->file) == 0)
				planned = &plan->planned[j];
		if (planned && planned->is_news == news && !planned->gone && !planned->broken)
			snafu_functions_diagnose(into, at->severity, at->file, at->line, "%s", at->message);
	}
}

struct snafu_generation *snafu_plan_generation(struct snafu_plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct snafu_planned *planned = &plan->planned[i];

		count += planned->n_now > planned->n_before ? planned->n_now : planned->n_before;
	}
	struct snafu_generation *generation = snafu_generation_new(count);
	if (!generation)
		return NULL;
	for (size_t i = 0; i < plan->count; i++)
		add_file(plan, &plan->planned[i], generation);
	add_diagnostics(&plan->current->functions, plan, false, &generation->functions);
	add_diagnostics(&plan->scanned->functions, plan, true, &generation->functions);
	if (snafu_generation_finish(generation, NULL) == 0)
		return generation;
	snafu_generation_unref(generation);
	return NULL;
}

/* ---- broken files ---------------------------------------------------------------------- */

static void forget_broken(struct snafu_deployer *deployer, const char *path)
{
	for (struct snafu_broken **at = &deployer->broken; *at; at = &(*at)->next) {
		struct snafu_broken *broken = *at;

		if (strcmp(broken->path, path) != 0)
			continue;
		*at = broken->next;
		free(broken->path);
		free(broken->message);
		free(broken);
		return;
	}
}

void snafu_plan_note_broken(struct snafu_plan *plan, struct snafu_deployer *deployer)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct snafu_planned *planned = &plan->planned[i];
		struct snafu_broken *broken;

		if (!planned->is_news)
			continue;
		forget_broken(deployer, planned->path);
		if (!planned->broken || !(broken = calloc(1, sizeof *broken)))
			continue;
		broken->path = strdup(planned->path);
		broken->message = strdup(planned->broken);
		broken->next = deployer->broken;
		if (broken->path && broken->message) {
			deployer->broken = broken;
			continue;
		}
		free(broken->path);
		free(broken->message);
		free(broken);
	}
}
