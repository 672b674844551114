/* runtime/crew.h — the threads that serve doors and run in-process calls.
 *
 * One thread is the leader: it alone runs the event loop of the door
 * (`wait`), which queues calls. The same thread then runs these calls itself,
 * so a quick call changes no thread. A standby thread watches: when a call has
 * taken longer than a moment, the standby takes the lead, and the thread that
 * is stuck in the function finishes it, delivers its result, and rejoins. So no
 * function, however slow, stalls the event loop for longer than a moment, and
 * the number of threads follows the number of slow calls up to a cap. When
 * several calls wait that could really run at the same time, followers are
 * woken to take them.
 *
 * Deadlines are kept here too: the standby ends a call that is past its
 * deadline by the door's `finished`, with SNAFU_DEADLINE, on time, whatever the
 * function does. */
#ifndef SNAFU_RUNTIME_CREW_H
#define SNAFU_RUNTIME_CREW_H

struct snafu_crew;
struct snafu_error;

/* What the leader does when no call is waiting. */
struct snafu_event_loop {
	/* Waits for events up to TIMEOUT_MS (-1: as long as it takes), handles them,
	 * returns. Calls are queued from in here with snafu_host_submit(). Never run
	 * by two threads at once, but by different ones in turn. */
	void (*wait)(void *state, int timeout_ms);
	/* Makes a wait() that is under way return soon. Any thread. */
	void (*wake)(void *state);
	void *state;
};

/* Leads with EVENT_LOOP until snafu_crew_stop(); the calling thread becomes the
 * first leader (and runs Python's main thread and the like, if it opened the
 * host). Returns when every call has ended or the drain time is over. */
int snafu_crew_run(struct snafu_crew *crew, const struct snafu_event_loop *event_loop,
                   struct snafu_error *error);

/* Async-signal-safe; any thread. The second call cuts the drain time short. */
void snafu_crew_stop(struct snafu_crew *crew);

#endif
