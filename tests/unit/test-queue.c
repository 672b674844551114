/* tests/unit/test-queue.c — the queue of asynchronous calls with a host that is made up:
 * a process that accepts and runs calls is killed at random moments many times over, and
 * nothing that it had accepted may be lost, run too rarely, or counted wrongly. */
#include "runtime/queue.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/host.h"
#include "runtime/settings/settings.h"
#include "tests/unit/tap.h"

#define ROUNDS     40
#define SUBMITTERS 4
#define CALLS_CAP  100000
#define PATIENCE_S 120

/* What outlives the processes that are killed. */
struct shared {
	atomic_uint next; /* number of the next call */
	atomic_uint running; /* the process is at work */
	struct {
		char id[SNAFU_REQUEST_ID_SIZE];
		atomic_bool accepted;
		atomic_uint runs;
	} calls[CALLS_CAP];
};

static struct shared *shared;
static char folder[] = "/tmp/snafu-test-queue-XXXXXX", file[64];
static struct snafu_settings settings;

/* ---- the host -------------------------------------------------------------------- */

/* The payload is the call's number. Every third call fails at first, every fifth is
 * refused at first, every seventh never succeeds. */
static void submit(void *state, struct snafu_call *call)
{
	unsigned number = (unsigned)strtoul(call->payload, NULL, 10);
	unsigned runs = number < CALLS_CAP ? atomic_fetch_add(&shared->calls[number].runs, 1) : 0;

	(void)state;
	free(call->payload);
	call->payload = NULL;
	call->result.payload = SNAFU_BUFFER(4096);
	if (number % 7 == 0 || (number % 3 == 0 && runs == 0))
		snafu_result_fail(&call->result, SNAFU_RAISED, "Error", "call %u fails", number);
	else if (number % 5 == 0 && runs == 0)
		snafu_result_fail(&call->result, SNAFU_OVER_LIMIT, "Error", "call %u is refused", number);
	else
		snafu_buffer_format(&call->result.payload, "{\"number\": %u}", number);
	call->finished(call);
}

static bool cancel(void *state, const struct snafu_call *call)
{
	(void)state;
	(void)call;
	return false;
}

static const struct snafu_settings *settings_of(void *state, const char *function,
                                                const char *tenant)
{
	(void)state;
	(void)tenant;
	(void)function;
	return &settings;
}

static struct snafu_queue *open_queue(void)
{
	static const struct snafu_queue_options options = {
		.file = file,
		.settings = &settings,
		.settings_of = settings_of,
		.submit = submit,
		.cancel = cancel,
	};
	struct snafu_queue *queue;

	return snafu_queue_new(&options, &queue, NULL) ? NULL : queue;
}

/* ---- asking ------------------------------------------------------------------------ */

static void note_answer(struct snafu_queue_order *order)
{
	sem_post(order->state);
}

static int ask(struct snafu_queue *queue, struct snafu_queue_order *order)
{
	sem_t answered;

	sem_init(&answered, 0, 0);
	order->finished = note_answer;
	order->state = &answered;
	snafu_queue_ask(queue, order);
	while (sem_wait(&answered))
		;
	sem_destroy(&answered);
	return order->code;
}

static void note_accepted(struct snafu_call *call)
{
	sem_post(call->state);
}

/* Whether it was accepted. */
static bool accept_call(struct snafu_queue *queue, unsigned number)
{
	sem_t answered;
	struct snafu_call call = {.function = "module.function",
	                          .finished = note_accepted,
	                          .state = &answered};

	sem_init(&answered, 0, 0);
	call.payload_size = (size_t)asprintf(&call.payload, "%u", number);
	snafu_request_id(call.request_id);
	memcpy(shared->calls[number].id, call.request_id, sizeof call.request_id);
	snafu_queue_submit(queue, &call, 0);
	while (sem_wait(&answered))
		;
	sem_destroy(&answered);
	bool good = call.result.status == SNAFU_OK;
	snafu_result_done(&call.result);
	return good;
}

/* ---- the process that is killed -------------------------------------------------------- */

static void *keep_submitting(void *state)
{
	unsigned number;

	while ((number = atomic_fetch_add(&shared->next, 1)) < CALLS_CAP)
		if (accept_call(state, number)) {
			shared->calls[number].accepted = true;
			shared->running = 1;
		}
	return NULL;
}

static void work_until_killed(void)
{
	struct snafu_queue *queue = open_queue();
	pthread_t threads[SUBMITTERS];

	snafu_queue_resume(queue);
	for (int i = 0; i < SUBMITTERS; i++)
		pthread_create(&threads[i], NULL, keep_submitting, queue);
	for (;;)
		pause();
}

static void run_and_kill(void)
{
	struct timespec moment = {.tv_nsec = rand() % 30000000};
	int status;

	shared->running = 0;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		work_until_killed();
	/* Some die while they open the file and take up what is there. */
	while (!shared->running && rand() % 64)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	nanosleep(&moment, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* ---- afterwards -------------------------------------------------------------------------- */

/* A number out of the metrics. */
static double metric(struct snafu_queue *queue, const char *name)
{
	struct snafu_buffer text = SNAFU_BUFFER(1 << 16);

	snafu_queue_write_metrics(queue, &text);
	const char *at = text.data ? strstr(text.data, name) : NULL;
	double value = at ? strtod(at + strlen(name), NULL) : -1;
	snafu_buffer_done(&text);
	return value;
}

static void wait_until_idle(struct snafu_queue *queue)
{
	/* The first answer comes when the file is open. */
	struct snafu_queue_order order = {.verb = SNAFU_QUEUE_LIST, .limit = 1};

	do {
		ask(queue, &order);
		snafu_buffer_done(&order.reply);
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	} while (metric(queue, "calls{state=\"waiting\"} ") > 0 ||
	         metric(queue, "calls{state=\"running\"} ") > 0);
}

static void check_calls(struct snafu_queue *queue)
{
	unsigned lost = 0, wrong = 0, idle = 0, accepted = 0, begun = shared->next;

	for (unsigned number = 0; number < begun && number < CALLS_CAP; number++) {
		struct snafu_queue_order order = {.verb = SNAFU_QUEUE_SHOW, .id = shared->calls[number].id};

		if (!shared->calls[number].accepted)
			continue;
		accepted++;
		idle += shared->calls[number].runs == 0;
		if (ask(queue, &order)) {
			lost++;
			continue;
		}
		wrong += !strstr(order.reply.data,
		                 number % 7 ? "\"state\": \"succeeded\"" : "\"state\": \"dead\"");
		snafu_buffer_done(&order.reply);
	}
	double kept =
		metric(queue, "calls{state=\"succeeded\"} ") + metric(queue, "calls{state=\"dead\"} ");
	printf("# %u of %u calls were accepted, %g are in the file\n", accepted, begun, kept);
	CHECK(accepted > ROUNDS);
	CHECK(lost == 0);
	CHECK(wrong == 0);
	CHECK(idle == 0);
	/* A call may be in the file though nobody was told any more. */
	CHECK(kept >= accepted && kept <= accepted + SUBMITTERS * ROUNDS);
	CHECK(metric(queue, "calls{state=\"failed\"} ") == 0);
}

static void check_redrive(struct snafu_queue *queue)
{
	struct snafu_queue_order order = {.verb = SNAFU_QUEUE_REDRIVE};
	double dead = metric(queue, "calls{state=\"dead\"} ");

	CHECK(ask(queue, &order) == 0);
	CHECK(dead > 0 && strtod(order.reply.data + strlen("{\"redriven\": "), NULL) == dead);
	snafu_buffer_done(&order.reply);
	wait_until_idle(queue);
	CHECK(metric(queue, "calls{state=\"dead\"} ") == dead);
}

static void check_what_is_not_there(void)
{
	struct snafu_queue *queue = open_queue();
	struct snafu_queue_order show = {.verb = SNAFU_QUEUE_SHOW, .id = "x"};
	struct snafu_queue_order list = {.verb = SNAFU_QUEUE_LIST};

	CHECK(ask(queue, &show) == -ENOENT);
	CHECK(ask(queue, &list) == 0);
	CHECK_STRING(list.reply.data, "{\"calls\": [], \"next\": null}\n");
	snafu_buffer_done(&list.reply);
	CHECK(access(file, F_OK) != 0);
	snafu_queue_close(queue);
}

/* Without snafu_queue_resume() calls wait, also for the next process. */
static void check_acceptance_alone(void)
{
	struct snafu_queue *queue = open_queue();

	CHECK(accept_call(queue, 1));
	shared->calls[1].accepted = true;
	shared->next = 2;
	snafu_queue_close(queue);
	CHECK(shared->calls[1].runs == 0);
}

static void check_stopped(void)
{
	struct snafu_queue *queue = open_queue();

	snafu_queue_stop(queue);
	CHECK(!accept_call(queue, CALLS_CAP - 1));
	snafu_queue_close(queue);
	snafu_queue_close(NULL);
}

static void set_up(void)
{
	const char *build = getenv("SNAFU_BUILD");
	char parts[4096];

	snprintf(parts, sizeof parts, "%s/parts", build ? build : ".");
	setenv("SNAFU_PARTS", parts, 1);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snafu_settings_init(&settings);
	settings.retry_delay = 1;
	settings.retries = 1;
	if (!mkdtemp(folder) || shared == MAP_FAILED)
		exit(1);
	snprintf(file, sizeof file, "%s/deeper/test.queue", folder);
}

static void tear_down(void)
{
	static const char *const names[] = {"/deeper/test.queue",
	                                    "/deeper/test.queue-wal",
	                                    "/deeper/test.queue-shm",
	                                    "/deeper/test.queue.lock",
	                                    "/deeper",
	                                    ""};
	char path[128];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s%s", folder, names[i]);
		remove(path);
	}
}

int main(void)
{
	unsigned seed = (unsigned)time(NULL);

	alarm(PATIENCE_S);
	printf("# seed %u\n", seed);
	srand(seed);
	set_up();
	check_what_is_not_there();
	check_acceptance_alone();
	for (int i = 0; i < ROUNDS; i++)
		run_and_kill();
	struct snafu_queue *queue = open_queue();
	snafu_queue_resume(queue);
	wait_until_idle(queue);
	check_calls(queue);
	check_redrive(queue);
	snafu_queue_close(queue);
	check_stopped();
	tear_down();
	return tap_done();
}
