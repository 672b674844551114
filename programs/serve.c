/* programs/serve.c — see serve.h.
 *
 * The crew leads the one connector that has an event loop (or a loop that only
 * waits, when there is none); connectors that run by themselves, such as the
 * command line, have a thread each. */
#include "programs/serve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/parts.h"
#include "exporter/connector.h"
#include "runtime/queue.h"

#define NAMES_CAP 4096

struct door {
	const struct snafu_connector *connector;
	void *state;
	pthread_t thread;
	bool running;
};

/* The signal handler has no other way to them. */
static struct {
	struct door doors[SERVE_CONNECTORS_CAP];
	atomic_size_t n_doors;
	_Atomic(struct snafu_crew *) crew; /* NULL: a signal ends the process */
	atomic_uint signals;
	atomic_uint handling; /* signals that are being handled, on any thread */
	struct termios terminal; /* as it was, for an end at once */
	bool has_terminal;
	sem_t begun; /* a door's thread may begin */
	atomic_bool has_begun;
} serving;

/* Async-signal-safe. */
static void stop_all(void)
{
	for (size_t i = 0; i < serving.n_doors; i++)
		if (serving.doors[i].connector->stop)
			serving.doors[i].connector->stop(serving.doors[i].state);
	snafu_crew_stop(serving.crew);
}

static void on_signal(int number)
{
	int saved = errno;

	atomic_fetch_add(&serving.handling, 1);
	unsigned count = atomic_fetch_add(&serving.signals, 1);

	/* The second makes the crew hurry; if that does not help, the third does. */
	if (!serving.crew || count > 1) {
		if (serving.has_terminal)
			tcsetattr(STDIN_FILENO, TCSANOW, &serving.terminal);
		_exit(128 + number);
	}
	stop_all();
	atomic_fetch_sub(&serving.handling, 1);
	errno = saved;
}

void serve_prepare(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	serving.has_terminal = tcgetattr(STDIN_FILENO, &serving.terminal) == 0;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;

		/* What is ignored from the start stays so: nohup, a job in the background. */
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file over its limit is an error like others */
}

void serve_finish(void)
{
	serving.crew = NULL;
}

/* ---- names --------------------------------------------------------------------- */

/* The next name of a list with commas, in malloc'ed memory, or NULL. */
static char *next_name(const char **list)
{
	*list += strspn(*list, ", ");
	size_t size = strcspn(*list, ", ");
	char *name = size ? strndup(*list, size) : NULL;

	*list += size;
	return name;
}

static int open_connector(const char *name, const struct snafu_connector **ret_connector,
                          struct snafu_error *error)
{
	void *address;
	int code = snafu_part_open("connector", name, SNAFU_CONNECTOR_SYMBOL, 0, &address, error);

	if (code == -ENOENT || code == -EINVAL) {
		struct snafu_buffer names = SNAFU_BUFFER(NAMES_CAP);

		snafu_part_names("connector", &names);
		snafu_fail(error, code, "there is no connector '%.80s'; there are: %s", name,
		           names.data ? names.data : "none");
		snafu_buffer_done(&names);
	}
	if (code)
		return code;
	const struct snafu_connector *connector = address;
	if (connector->version != SNAFU_CONNECTOR_VERSION)
		return snafu_fail(error, -ELIBBAD, "connector-%.80s.so is made for another Snafu", name);
	*ret_connector = connector;
	return 0;
}

static bool already_there(const struct snafu_connector *connector)
{
	for (size_t i = 0; i < serving.n_doors; i++)
		if (serving.doors[i].connector == connector)
			return true;
	return false;
}

int serve_check(const char *connectors)
{
	const struct snafu_connector *connector;
	struct snafu_error error;
	size_t count = 0, loops = 0;
	char *name;
	int status = 0;

	while (!status && (name = next_name(&connectors))) {
		if (open_connector(name, &connector, &error)) {
			fprintf(stderr, "snafu: %s\n", error.message);
			status = 2;
		} else {
			loops += connector->event_loop != NULL;
		}
		free(name);
		count++;
	}
	if (!status && (count == 0 || count > SERVE_CONNECTORS_CAP || loops > 1)) {
		fprintf(stderr, "snafu: %s\n",
		        count == 0  ? "-C takes the names of connectors"
		        : loops > 1 ? "only one of these connectors can run at a time"
		                    : "too many connectors");
		status = 2;
	}
	return status;
}

/* ---- running ------------------------------------------------------------------- */

static int open_doors(struct snafu_host *host, const struct serve_options *options,
                      struct snafu_error *error)
{
	const struct snafu_connector_options connector_options = {
		.host = host,
		.listen = options->listen,
		.quiet = options->quiet,
		.verbose = options->verbose,
		.result_fd = options->result_fd,
	};
	const char *list = options->connectors;
	char *name;
	int code = 0;

	while (!code && (name = next_name(&list))) {
		const struct snafu_connector *connector;
		struct door *door = &serving.doors[serving.n_doors];

		code = open_connector(name, &connector, error);
		free(name);
		if (code || already_there(connector))
			continue;
		door->connector = connector;
		code = connector->open(&connector_options, &door->state, error);
		if (!code)
			atomic_fetch_add(&serving.n_doors, 1);
	}
	return code;
}

static void *run_door(void *state)
{
	struct door *door = state;

	while (sem_wait(&serving.begun) && errno == EINTR)
		;
	if (door->connector->run(door->state))
		stop_all();
	return NULL;
}

static void begin_doors(void)
{
	for (size_t i = 0; i < serving.n_doors; i++)
		sem_post(&serving.begun);
}

/* What the loop waits for when no connector has one: being woken, and the runtime. */
enum { WAKE, RUNTIME, N_IDLE };

static void idle_wait(void *state, int timeout_ms)
{
	struct pollfd *files = state;
	uint64_t count;

	if (poll(files, N_IDLE, timeout_ms) > 0 && (files[WAKE].revents & POLLIN) &&
	    read(files[WAKE].fd, &count, sizeof count) < 0)
		return; /* somebody else has read it */
}

static void idle_wake(void *state)
{
	uint64_t one = 1;

	if (write(((const struct pollfd *)state)[WAKE].fd, &one, sizeof one) < 0)
		return; /* full: it wakes up anyway */
}

/* The first turn of the event loop, in which the web connector says that it is
 * ready, does not wait: then the other doors begin, with their prompts. */
static void first_wait(void *state, int timeout_ms)
{
	const struct snafu_event_loop *loop = state;

	if (atomic_load_explicit(&serving.has_begun, memory_order_relaxed)) {
		loop->wait(loop->state, timeout_ms);
		return;
	}
	loop->wait(loop->state, 0);
	serving.has_begun = true;
	begin_doors();
}

static void pass_wake(void *state)
{
	const struct snafu_event_loop *loop = state;

	loop->wake(loop->state);
}

static int run_doors(struct snafu_host *host, int idle_fd, struct snafu_error *error)
{
	struct pollfd files[N_IDLE] = {
		[WAKE] = {.fd = idle_fd, .events = POLLIN},
		[RUNTIME] = {.fd = snafu_host_wake_fd(host), .events = POLLIN},
	};
	struct snafu_event_loop idle = {.wait = idle_wait, .wake = idle_wake, .state = files};
	const struct snafu_event_loop *loop = &idle;
	struct snafu_event_loop beginning = {.wait = first_wait, .wake = pass_wake};
	bool threads = false;
	int code = 0;

	for (size_t i = 0; i < serving.n_doors; i++) {
		const struct snafu_connector *connector = serving.doors[i].connector;

		if (connector->event_loop)
			loop = connector->event_loop(serving.doors[i].state);
	}
	for (size_t i = 0; i < serving.n_doors && !code; i++) {
		struct door *door = &serving.doors[i];

		if (!door->connector->run)
			continue;
		code = -pthread_create(&door->thread, NULL, run_door, door);
		door->running = !code;
		threads = true;
	}
	if (code)
		stop_all();
	beginning.state = (void *)loop;
	int stuck = snafu_crew_run(snafu_host_crew(host), threads ? &beginning : loop, error);
	begin_doors(); /* those that have not: they see that they are stopped */
	for (size_t i = 0; i < serving.n_doors; i++)
		if (serving.doors[i].running)
			pthread_join(serving.doors[i].thread, NULL);
	return code ? snafu_fail_errno(error, code, "cannot start a thread") : stuck;
}

/* A signal may come while all ends, on a thread that still has what is to be closed. */
static void close_doors(void)
{
	size_t n_doors = atomic_exchange(&serving.n_doors, 0);

	while (atomic_load(&serving.handling))
		sched_yield();
	for (size_t i = 0; i < n_doors; i++)
		if (serving.doors[i].connector->close)
			serving.doors[i].connector->close(serving.doors[i].state);
}

int serve(struct snafu_host *host, const struct serve_options *options, int *ret_stuck)
{
	struct snafu_error error = {0};
	int idle_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	sem_init(&serving.begun, 0, 0);
	int code = idle_fd < 0 ? snafu_fail_errno(&error, -errno, "cannot wait for calls")
	                       : open_doors(host, options, &error);

	*ret_stuck = 0;
	if (!code) {
		serving.crew = snafu_host_crew(host);
		if (snafu_host_queue(host))
			snafu_queue_resume(snafu_host_queue(host));
		code = run_doors(host, idle_fd, &error);
		*ret_stuck = code > 0 ? code : 0;
	}
	if (code < 0)
		fprintf(stderr, "snafu: %s\n", error.message);
	close_doors();
	if (idle_fd >= 0)
		close(idle_fd);
	/* What a connector does not take, the user typed. */
	return code == -EINVAL ? 2 : code < 0 ? 1 : 0;
}
