/* runtime/deploy/deploy.h — hot deployment: private to runtime/ but for host.h's
 * snafu_host_watch().
 *
 * A thread of its own hears of files that change (folder_watch.h), waits a moment until
 * they are left alone, scans those that differ (scanner/rescan.h), and puts a new
 * generation in place of the current one (generation.h). Functions of other files keep
 * their services, and so everything that is warm. A file that turns out broken keeps the
 * services it had. */
#ifndef SNAFU_RUNTIME_DEPLOY_DEPLOY_H
#define SNAFU_RUNTIME_DEPLOY_DEPLOY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "scanner/rescan.h"

struct snafu_folder_event;
struct snafu_folder_watch;
struct snafu_host;

#define SNAFU_DEPLOY_QUIET_MS    50 /* between the last event and the look */
#define SNAFU_DEPLOY_PATIENCE    10 /* so often the first event waits for further ones */
#define SNAFU_DEPLOY_EFFORT      4 /* listing takes one part in so many of a thread's time, */
#define SNAFU_DEPLOY_REST_MS     2000 /* unless that would keep changes waiting for longer */
#define SNAFU_DEPLOY_TOLD        8 /* changes of one kind in a round that get a line each */
#define SNAFU_DEPLOY_RESCAN_MS   2000 /* between two looks where events do not come */
#define SNAFU_DEPLOY_STOP_MS     2000 /* that the thread gets to end */
#define SNAFU_DEPLOY_TOUCHED_CAP 10000 /* names of one round */

/* A file whose last good version is on offer. */
struct snafu_broken {
	struct snafu_broken *next;
	char *path, *message;
};

struct snafu_deployer {
	struct snafu_host *host;
	pthread_t thread;
	int wake_fd; /* eventfd: stop, or services to bury */
	atomic_bool stopping;
	bool over; /* its thread ends; guarded by the lock */
	pthread_mutex_t lock;
	pthread_cond_t ends;
	struct snafu_folder_watch *watch;

	/* The thread's. */
	struct snafu_scanners scanners; /* which names are sources */
	struct snafu_functions words; /* diagnostics of looking for them; not read */
	struct snafu_catalogue known; /* the files as they were at the last round */
	bool has_known;
	int64_t since; /* ns since 1970, when the first scan began */
	bool dirty, settings_dirty;
	uint64_t first_heard, due; /* snafu_now_ms() */
	uint64_t listing_ms; /* what the last look at all files took */
	bool limited; /* not all folders are watched */
	char **touched;
	size_t n_touched;
	struct snafu_broken *broken;
};

/* (round.c) Looks at all files, and deploys what has changed. Whether some were
 * too fresh and are to be looked at again. */
bool snafu_deploy_round(struct snafu_deployer *deployer);

/* (folders.c) Watches the folders of the catalogue. How many are new. */
size_t snafu_deploy_watch_folders(struct snafu_deployer *deployer,
                                  const struct snafu_catalogue *catalogue);

/* (folders.c) Something was heard: notes what is to be done. */
void snafu_deploy_heard(void *deployer, const struct snafu_folder_event *event);

const char *snafu_deploy_broken(const struct snafu_deployer *deployer, const char *path);

#endif
