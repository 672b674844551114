/* runtime/instances/death.c — words for the end of a process: what happened, and the last
 * that it said. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/instances/crowd.h"
#include "runtime/instances/instance.h"
#include "runtime/settings/settings.h"
#include "scanner/function.h"

#define WORDS_CAP 1024
#define LAST_CAP  500 /* bytes of its last output that are repeated */

static void say_memory(struct snafu_buffer *words, uint64_t bytes)
{
	static const struct snafu_setting size = {.unit = SNAFU_UNIT_SIZE};

	snafu_buffer_append_text(words, "; it may have needed more than its ");
	snafu_setting_write(&size, bytes, words);
	snafu_buffer_append_text(words, " of memory ([limits] memory)");
}

void snafu_instance_say_end(const struct snafu_instance *instance, struct snafu_buffer *words)
{
	const struct snafu_process *process = &instance->process;
	int status = process->status, number = WTERMSIG(status);

	if (process->deaf)
		snafu_buffer_append_text(words, "was ended: it makes more calls of functions than it "
		                                "reads answers to");
	else if (process->hostile)
		snafu_buffer_append_text(words, "was ended: it sent what a function's process may not "
		                                "send (does the function write to descriptors that it "
		                                "did not open?)");
	else if (!process->status_known)
		snafu_buffer_append_text(words, "has ended");
	else if (WIFEXITED(status))
		snafu_buffer_format(words, "exited with status %d", WEXITSTATUS(status));
	else if (sigabbrev_np(number))
		snafu_buffer_format(words, "was killed by SIG%s", sigabbrev_np(number));
	else
		snafu_buffer_format(words, "was killed by signal %d", number);
	if (process->status_known && WIFSIGNALED(status) && number == SIGKILL &&
	    !process->kill_wanted && instance->settings->memory)
		say_memory(words, instance->settings->memory);
}

/* The end of LOG, from the beginning of a line where that is near. */
static void say_last(const struct snafu_buffer *log, struct snafu_buffer *words)
{
	const char *end = log->data + log->size, *at;

	while (end > log->data && (end[-1] == '\n' || end[-1] == ' '))
		end--;
	at = end - log->data > LAST_CAP ? end - LAST_CAP : log->data;
	if (at > log->data) {
		const char *line = memchr(at, '\n', (size_t)(end - at));

		at = line && line + 1 < end ? line + 1 : at;
		while (at < end && ((unsigned char)*at & 0xc0) == 0x80)
			at++;
	}
	if (at == end || snafu_buffer_append_text(words, "; the last that it printed: ") ||
	    snafu_buffer_append(words, at, (size_t)(end - at)))
		return;
	for (char *byte = words->data; (byte = memchr(byte, '\0', words->size - (byte - words->data)));)
		*byte = '?';
}

void snafu_instance_obituary(const struct snafu_instance *instance, bool starting,
                             struct snafu_result *result)
{
	struct snafu_buffer words = SNAFU_BUFFER(WORDS_CAP);
	const struct snafu_buffer *log = result->log.size ? &result->log : &instance->log;

	snafu_instance_say_end(instance, &words);
	if (log->size)
		say_last(log, &words);
	snafu_result_fail(result, SNAFU_DIED, "ProcessDied", "%s: its process %s%s",
	                  instance->crowd->function->id, words.data ? words.data : "has ended",
	                  starting ? " (while it was being started)" : "");
	snafu_buffer_done(&words);
}
