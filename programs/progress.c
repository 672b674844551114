/* programs/progress.c — see progress.h. */
#include "programs/progress.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"

#define PATIENCE_MS 1000 /* quicker work is not told of */
#define TURN_MS     200
#define WHAT_CAP    256
#define LINE_CAP    1024
#define COLUMNS     80 /* of a terminal that does not say */
#define STACK_SIZE  (256u << 10)
#define ERASE       "\r\033[K"

static struct {
	const char *program;
	struct snafu_scan_progress scan;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool running;
	bool shown;
	unsigned long long since; /* ms; when `what` began */
	char what[WHAT_CAP];
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static unsigned long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
}

static void put(const char *text, size_t size)
{
	if (write(STDERR_FILENO, text, size) < 0)
		return; /* the terminal is gone: nobody looks */
}

/* With the lock held. */
static void erase(void)
{
	if (progress.shown)
		put(ERASE, strlen(ERASE));
	progress.shown = false;
}

/* One line, cut to the terminal's width: with the lock held. */
static void show(unsigned long long took_ms)
{
	struct snafu_buffer line = SNAFU_BUFFER(LINE_CAP);
	struct winsize window = {0};
	size_t done = progress.scan.done, files = progress.scan.files;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) || !window.ws_col)
		window.ws_col = COLUMNS;
	snafu_buffer_append_text(&line, ERASE);
	snafu_buffer_format(&line, "%s: %s", progress.program, progress.what);
	if (files && done < files)
		snafu_buffer_format(&line, ", %zu of %zu files", done, files);
	snafu_buffer_format(&line, ", %llu s", took_ms / 1000);
	size_t most = strlen(ERASE) + window.ws_col - 1;
	if (!snafu_buffer_failed(&line))
		put(line.data, line.size < most ? line.size : most);
	progress.shown = true;
	snafu_buffer_done(&line);
}

static void *watch(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&progress.lock);
	while (progress.running) {
		struct timespec until;
		unsigned long long took = now_ms() - progress.since;

		if (progress.what[0] && took >= PATIENCE_MS)
			show(took);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TURN_MS * 1000000l;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_clockwait(&progress.changed, &progress.lock, CLOCK_MONOTONIC, &until);
	}
	pthread_mutex_unlock(&progress.lock);
	return NULL;
}

struct snafu_scan_progress *progress_start(const char *program)
{
	pthread_attr_t attributes;

	if (progress.running || !isatty(STDERR_FILENO))
		return NULL;
	progress.program = program;
	progress.running = true;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	progress.running = pthread_create(&progress.thread, &attributes, watch, NULL) == 0;
	pthread_attr_destroy(&attributes);
	return progress.running ? &progress.scan : NULL;
}

void progress_say(void *unused, const char *what)
{
	(void)unused;
	pthread_mutex_lock(&progress.lock);
	if (!what)
		erase();
	/* One piece after the other of the same work: the line stays, the time goes on. */
	if (!progress.what[0] || !what)
		progress.since = now_ms();
	snprintf(progress.what, sizeof progress.what, "%s", what ? what : "");
	pthread_mutex_unlock(&progress.lock);
}

void progress_pause(void)
{
	pthread_mutex_lock(&progress.lock);
	erase();
}

void progress_resume(void)
{
	pthread_mutex_unlock(&progress.lock);
}

void progress_stop(void)
{
	pthread_mutex_lock(&progress.lock);
	bool running = progress.running;

	erase();
	progress.running = false;
	pthread_cond_signal(&progress.changed);
	pthread_mutex_unlock(&progress.lock);
	if (running)
		pthread_join(progress.thread, NULL);
}
