/* runtime/deploy/deploy.c — the thread of hot deployment: see deploy.h. */
#include "runtime/deploy/deploy.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "runtime/deploy/folder_watch.h"
#include "runtime/host_state.h"
#include "runtime/languages.h"

#define STACK_SIZE (4u << 20) /* tree-sitter recurses on deep trees, and modules are loaded here */

static void wake(struct snafu_deployer *deployer)
{
	uint64_t one = 1;

	if (write(deployer->wake_fd, &one, sizeof one) < 0)
		return; /* full: it wakes up anyway */
}

static void wake_undertaker(struct snafu_host *host)
{
	wake(host->deployer);
}

const char *snafu_deploy_broken(const struct snafu_deployer *deployer, const char *path)
{
	for (const struct snafu_broken *at = deployer->broken; at; at = at->next)
		if (strcmp(at->path, path) == 0)
			return at->message;
	return NULL;
}

/* ---- when to look ----------------------------------------------------------------- */

static void put_off(struct snafu_deployer *deployer, uint64_t ms)
{
	uint64_t now = snafu_now_ms();

	if (!deployer->first_heard)
		deployer->first_heard = now;
	uint64_t latest = deployer->first_heard + SNAFU_DEPLOY_PATIENCE * SNAFU_DEPLOY_QUIET_MS;
	deployer->due = now + ms > latest ? latest : now + ms;
}

/* Ms to wait; -1: until something is heard. */
static int time_left(const struct snafu_deployer *deployer)
{
	uint64_t now = snafu_now_ms();

	if (!deployer->dirty && !deployer->settings_dirty)
		return deployer->limited ? SNAFU_DEPLOY_RESCAN_MS : -1;
	return deployer->due > now ? (int)(deployer->due - now) : 0;
}

static void look(struct snafu_deployer *deployer)
{
	deployer->dirty = false;
	deployer->first_heard = 0;
	deployer->dirty = snafu_deploy_round(deployer);
	uint64_t rest = deployer->listing_ms * (SNAFU_DEPLOY_EFFORT - 1);
	if (rest > SNAFU_DEPLOY_REST_MS)
		rest = SNAFU_DEPLOY_REST_MS;
	deployer->due = snafu_now_ms() + (rest > SNAFU_DEPLOY_QUIET_MS ? rest : SNAFU_DEPLOY_QUIET_MS);
	for (size_t i = 0; i < deployer->n_touched && !deployer->dirty; i++)
		free(deployer->touched[i]);
	if (!deployer->dirty)
		deployer->n_touched = 0;
	snafu_languages_leave(deployer->host->languages);
}

static void hear(struct snafu_deployer *deployer)
{
	bool before = deployer->dirty || deployer->settings_dirty;
	uint64_t due = deployer->due;

	if (!snafu_folder_watch_read(deployer->watch, snafu_deploy_heard, deployer)) {
		snafu_host_report(deployer->host, SNAFU_NOTE,
		                  "more files changed than could be told: looking at all");
		deployer->dirty = true;
	}
	if (!before && !deployer->dirty && !deployer->settings_dirty)
		return;
	put_off(deployer, SNAFU_DEPLOY_QUIET_MS);
	if (deployer->due < due) /* the last look took long */
		deployer->due = due;
}

static void *serve(void *state)
{
	struct snafu_deployer *deployer = state;
	struct pollfd files[] = {
		{.fd = deployer->wake_fd, .events = POLLIN},
		{.fd = snafu_folder_watch_fd(deployer->watch), .events = POLLIN},
	};
	uint64_t count;

	look(deployer);
	while (!deployer->stopping) {
		int ready = poll(files, 2, time_left(deployer));

		if (ready < 0 && errno != EINTR)
			break;
		if (ready > 0 && (files[0].revents & POLLIN) &&
		    read(files[0].fd, &count, sizeof count) > 0) {
			snafu_host_bury(deployer->host);
			snafu_languages_leave(deployer->host->languages);
		}
		if (ready > 0 && files[1].revents)
			hear(deployer);
		bool wanted = deployer->dirty || deployer->settings_dirty;
		if (!deployer->stopping &&
		    ((wanted && time_left(deployer) == 0) || (ready == 0 && !wanted && deployer->limited)))
			look(deployer);
	}
	pthread_mutex_lock(&deployer->lock);
	deployer->over = true;
	pthread_cond_signal(&deployer->ends);
	pthread_mutex_unlock(&deployer->lock);
	return NULL;
}

/* ---- beginning and end --------------------------------------------------------------- */

static void free_deployer(struct snafu_deployer *deployer)
{
	for (struct snafu_broken *at = deployer->broken, *next; at; at = next) {
		next = at->next;
		free(at->path);
		free(at->message);
		free(at);
	}
	for (size_t i = 0; i < deployer->n_touched; i++)
		free(deployer->touched[i]);
	free(deployer->touched);
	snafu_catalogue_done(&deployer->known);
	snafu_functions_done(&deployer->words);
	snafu_folder_watch_free(deployer->watch);
	if (deployer->wake_fd >= 0)
		close(deployer->wake_fd);
	pthread_mutex_destroy(&deployer->lock);
	pthread_cond_destroy(&deployer->ends);
	free(deployer);
}

int snafu_host_watch(struct snafu_host *host, struct snafu_error *error)
{
	struct snafu_deployer *deployer = calloc(1, sizeof *deployer);

	if (!deployer)
		return snafu_fail(error, -ENOMEM, "no memory to watch the sources");
	deployer->host = host;
	deployer->since = host->scanned_at;
	deployer->scanners.functions = &deployer->words;
	pthread_mutex_init(&deployer->lock, NULL);
	pthread_cond_init(&deployer->ends, NULL);
	deployer->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int code = deployer->wake_fd < 0 ? snafu_fail_errno(error, -errno, "cannot watch the sources")
	                                 : snafu_folder_watch_new(&deployer->watch, error);
	if (!code) {
		host->deployer = deployer;
		host->wake_undertaker = wake_undertaker;
		code = snafu_thread_start(&deployer->thread, STACK_SIZE, serve, deployer);
		if (code)
			snafu_fail_errno(error, code, "cannot start a thread to watch the sources");
	}
	if (code) {
		host->wake_undertaker = NULL;
		host->deployer = NULL;
		free_deployer(deployer);
	}
	return code;
}

bool snafu_host_unwatch(struct snafu_host *host)
{
	struct snafu_deployer *deployer = host->deployer;
	struct timespec until;

	if (!deployer)
		return true;
	deployer->stopping = true;
	wake(deployer);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += SNAFU_DEPLOY_STOP_MS / 1000;
	/* It may be inside a module that does not end loading. */
	pthread_mutex_lock(&deployer->lock);
	while (!deployer->over &&
	       !pthread_cond_clockwait(&deployer->ends, &deployer->lock, CLOCK_MONOTONIC, &until))
		continue;
	bool over = deployer->over;
	pthread_mutex_unlock(&deployer->lock);
	if (!over)
		return false;
	pthread_join(deployer->thread, NULL);
	host->wake_undertaker = NULL;
	host->deployer = NULL;
	free_deployer(deployer);
	return true;
}
