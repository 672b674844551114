/* langs/python_interrupt.c — asking a call that takes too long to end: an
 * exception of our own is thrown into its thread. That needs the GIL, for which
 * the caller of interrupt() must not have to wait (a regular expression can hold
 * it for minutes), so a thread of its own does it, started the first time. */
#include "langs/python.h"

#include <pthread.h>

#include "base/thread.h"

#define QUEUE 64 /* interrupts that wait; more are dropped */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER;

/* All guarded by `lock`. */
static struct python_thread *threads; /* all that call */
static struct {
	struct python_thread *thread;
	unsigned long number; /* of the call that is meant */
} queue[QUEUE];
static size_t queued;
static bool running, ending;
static pthread_t worker;

static void forget_worker(void) /* it does not live on in a forked child */
{
	running = false;
	queued = 0;
	pthread_mutex_init(&lock, NULL);
	pthread_cond_init(&asked, NULL);
}

void python_interrupt_know(struct python_thread *thread)
{
	pthread_mutex_lock(&lock);
	if (!threads)
		pthread_atfork(NULL, NULL, forget_worker);
	thread->next = threads;
	threads = thread;
	pthread_mutex_unlock(&lock);
}

void python_interrupt_forget(struct python_thread *thread)
{
	pthread_mutex_lock(&lock);
	for (struct python_thread **at = &threads; *at; at = &(*at)->next)
		if (*at == thread) {
			*at = thread->next;
			break;
		}
	pthread_mutex_unlock(&lock);
}

/* Whether THREAD is still there; with the lock held. */
static bool is_known(const struct python_thread *thread)
{
	const struct python_thread *at = threads;

	while (at && at != thread)
		at = at->next;
	return at;
}

/* With the GIL held, so the call cannot end meanwhile. */
static void throw(struct python_thread * thread, unsigned long number)
{
	unsigned long id = 0;

	pthread_mutex_lock(&lock);
	if (is_known(thread) && atomic_load(&thread->number) == number) {
		id = thread->state->thread_id;
		thread->interrupted = true;
	} else if (is_known(thread) && atomic_load(&thread->announced) == number) {
		thread->cancelled = number; /* it waits for the GIL still */
	}
	pthread_mutex_unlock(&lock);
	if (!id)
		return;
	PyThreadState_SetAsyncExc(id, python.deadline);
	if (python.helper) { /* an event loop that waits must be woken to see it */
		PyObject *done = PyObject_CallMethod(python.helper, "wake", "k", id);

		PyErr_Clear();
		Py_XDECREF(done);
	}
}

static void *work(void *unused)
{
	PyThreadState *state = PyThreadState_New(python.interpreter);

	pthread_mutex_lock(&lock);
	while (state && !ending) {
		if (!queued) {
			pthread_cond_wait(&asked, &lock);
			continue;
		}
		struct python_thread *thread = queue[--queued].thread;
		unsigned long number = queue[queued].number;
		pthread_mutex_unlock(&lock);
		PyEval_RestoreThread(state);
		throw(thread, number);
		PyEval_SaveThread();
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	if (state) {
		PyEval_RestoreThread(state);
		PyThreadState_Clear(state);
		PyThreadState_DeleteCurrent();
	}
	return unused;
}

static bool start_worker(void)
{
	running = snafu_thread_start(&worker, 0, work, NULL) == 0;
	return running;
}

void python_interrupt(unsigned long mark)
{
	struct python_thread *thread = (struct python_thread *)mark;

	pthread_mutex_lock(&lock);
	unsigned long number = is_known(thread) ? atomic_load(&thread->number) : 0;
	if (!number && is_known(thread))
		number = atomic_load(&thread->announced);
	if (number && queued < QUEUE && (running || start_worker())) {
		queue[queued].thread = thread;
		queue[queued++].number = number;
		pthread_cond_signal(&asked);
	}
	pthread_mutex_unlock(&lock);
}

void python_interrupt_end(bool stuck)
{
	pthread_mutex_lock(&lock);
	bool join = running;
	ending = true;
	running = false;
	pthread_cond_signal(&asked);
	pthread_mutex_unlock(&lock);
	if (join && stuck)
		pthread_detach(worker); /* it may wait for the GIL for ever */
	else if (join)
		pthread_join(worker, NULL);
}
