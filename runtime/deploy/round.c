/* runtime/deploy/round.c — one round of hot deployment: what differs is scanned, tried,
 * and put on offer. See deploy.h.
 *
 * The order matters. Functions of a file that is loaded are bound, all of them, before
 * the languages hear of the change: so the old version is whole, whatever the file says
 * now, should the new one turn out broken. Then the languages hear, the new version is
 * tried, and only then is it published. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "runtime/deploy/deploy.h"
#include "runtime/deploy/plan.h"
#include "runtime/records/events.h"
#include "runtime/generation.h"
#include "runtime/host_state.h"
#include "runtime/languages.h"
#include "runtime/service.h"

enum kind { NEW, CHANGED, GONE, BROKEN, N_KINDS };

static const char *const kind_words[] = {
	[NEW] = "new", [CHANGED] = "changed", [GONE] = "gone", [BROKEN] = "broken"};

static enum kind kind_of(const struct snafu_planned *planned)
{
	return planned->broken ? BROKEN : !planned->was_known ? NEW : planned->gone ? GONE : CHANGED;
}

static void report_file(const struct snafu_host *host, const struct snafu_planned *planned,
                        bool quiet)
{
	char detail[512];

	if (planned->broken) {
		snafu_host_report(host, SNAFU_ERROR, "%s: %s%s", planned->path, planned->broken,
		                  planned->n_before ? "; its last good version stays" : "");
		snafu_event(host, &(struct snafu_event){.event = "source-broken",
		                                        .state = "broken",
		                                        .detail = planned->broken,
		                                        .function = NULL});
		return;
	}
	const char *what = kind_words[kind_of(planned)];
	size_t count = planned->gone ? planned->n_before : planned->n_now;
	snprintf(detail, sizeof detail, "%s: %s, %zu function%s", planned->path, what, count,
	         count == 1 ? "" : "s");
	if (!quiet)
		snafu_host_news(host, "%s", detail);
	snafu_event(host,
	            &(struct snafu_event){.event = "source-changed", .state = what, .detail = detail});
}

/* Of many files, as after a checkout, a number says more than a screen of names. */
static void report(const struct snafu_host *host, const struct snafu_plan *plan)
{
	size_t counts[N_KINDS] = {0};

	for (size_t i = 0; i < plan->count; i++)
		if (plan->planned[i].is_news)
			counts[kind_of(&plan->planned[i])]++;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->planned[i].is_news)
			report_file(host, &plan->planned[i],
			            counts[kind_of(&plan->planned[i])] > SNAFU_DEPLOY_TOLD);
	for (int kind = NEW; kind < BROKEN; kind++)
		if (counts[kind] > SNAFU_DEPLOY_TOLD)
			snafu_host_news(host, "%zu files: %s", counts[kind], kind_words[kind]);
}

/* Everybody who looks at functions hears of PLAN's. */
static void tell_languages(struct snafu_host *host, struct snafu_generation *generation,
                           const char *const *files, size_t n_files)
{
	if (snafu_languages_changed(host->languages, &generation->functions, files, n_files))
		snafu_host_keep_generation(host, generation);
	struct snafu_generation *before = host->told;
	host->told = snafu_generation_ref(generation);
	snafu_generation_unref(before);
}

/* Makes a generation of PLAN, tries what is to be tried, and falls back to the good
 * versions of what failed. A reference, or NULL when memory is out. */
static struct snafu_generation *make_generation(struct snafu_deployer *deployer,
                                                struct snafu_plan *plan)
{
	struct snafu_host *host = deployer->host;
	struct snafu_generation *generation = snafu_plan_generation(plan), *good;

	if (!generation)
		return NULL;
	snafu_plan_bind_old(plan);
	tell_languages(host, generation, plan->files, plan->n_files);
	if (!snafu_plan_try(plan))
		return generation;
	good = snafu_plan_generation(plan);
	snafu_generation_unref(generation);
	if (good)
		tell_languages(host, good, NULL, 0);
	return good;
}

static int deploy(struct snafu_deployer *deployer, struct snafu_catalogue *now,
                  const enum snafu_change *changes)
{
	struct snafu_host *host = deployer->host;
	struct snafu_plan plan = {0};
	struct snafu_error error;
	int code = snafu_plan_make(&plan, deployer, now, changes, &error);

	if (!code && plan.has_news) {
		struct snafu_generation *generation = make_generation(deployer, &plan);

		if (generation) {
			snafu_host_publish(host, generation);
			report(host, &plan);
		} else {
			code = snafu_fail(&error, -ENOMEM, "no memory for changed functions");
		}
	}
	if (code)
		snafu_host_report(host, SNAFU_ERROR, "%s", error.message);
	else
		snafu_plan_note_broken(&plan, deployer);
	snafu_plan_done(&plan);
	return code;
}

/* Deploys what has changed, one language after the other, Python first: what a compiler has to
 * see to does not keep the rest waiting. */
static int deploy_all(struct snafu_deployer *deployer, struct snafu_catalogue *now,
                      const enum snafu_change *changes)
{
	size_t count = now->walk.count;
	enum snafu_change *some = calloc(count ? count : 1, sizeof *some);
	int code = some ? 0 : -ENOMEM;

	/* SNAFU_SAME is 0. Walked files stand in the order of their scanners, Python's last. */
	for (size_t end = count, begin; some && end > 0 && !code; end = begin) {
		const struct snafu_scanner *scanner = now->walk.found[end - 1].scanner;
		bool any = false;

		for (begin = end; begin > 0 && now->walk.found[begin - 1].scanner == scanner; begin--)
			any |= changes[begin - 1] != SNAFU_SAME;
		if (!any)
			continue;
		memcpy(&some[begin], &changes[begin], (end - begin) * sizeof *some);
		code = deploy(deployer, now, some);
		memset(&some[begin], 0, (end - begin) * sizeof *some);
	}
	/* And what is gone, where nothing else is news. */
	if (!code)
		code = deploy(deployer, now, some);
	free(some);
	return code;
}

/* Lists the files, and watches their folders before it trusts the list. */
static int list(struct snafu_deployer *deployer, struct snafu_catalogue *ret_now)
{
	const struct snafu_host_options *options = &deployer->host->options;
	struct snafu_error error;
	int code = 0;

	for (int turn = 0; turn < 3 && !code; turn++) {
		if (turn)
			snafu_catalogue_done(ret_now);
		code = snafu_catalogue_make(ret_now, options->paths, options->n_paths, &error);
		if (!code && !snafu_deploy_watch_folders(deployer, ret_now))
			break;
	}
	if (code)
		snafu_host_report(deployer->host, SNAFU_ERROR, "%s", error.message);
	return code;
}

static bool any(const enum snafu_change *changes, size_t count, enum snafu_change which)
{
	for (size_t i = 0; i < count; i++)
		if (changes[i] == which)
			return true;
	return false;
}

bool snafu_deploy_round(struct snafu_deployer *deployer)
{
	struct snafu_catalogue now;

	if (deployer->settings_dirty || deployer->limited)
		snafu_host_reload_settings(deployer->host);
	deployer->settings_dirty = false;
	uint64_t begin = snafu_now_ms();
	if (list(deployer, &now))
		return false;
	if (!deployer->has_known) /* what was changed before it was watched */
		snafu_host_reload_settings(deployer->host);
	size_t count = now.walk.count;
	enum snafu_change *changes = calloc(count ? count : 1, sizeof *changes);
	int code =
		changes ? snafu_catalogue_compare(deployer->has_known ? &deployer->known : NULL, &now,
	                                      deployer->since, (const char *const *)deployer->touched,
	                                      deployer->n_touched, changes)
				: -ENOMEM;
	deployer->listing_ms = snafu_now_ms() - begin;
	bool unsettled = !code && any(changes, count, SNAFU_UNSETTLED);
	/* Touched files that are no sources themselves must not be forgotten: all or nothing. */
	if (!code && !unsettled)
		code = deploy_all(deployer, &now, changes);
	if (!code && !unsettled) {
		if (deployer->has_known)
			snafu_catalogue_done(&deployer->known);
		deployer->known = now;
		deployer->has_known = true;
	} else {
		snafu_catalogue_done(&now);
	}
	free(changes);
	return unsettled;
}
