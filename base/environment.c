/* base/environment.c — see environment.h. */
#include "base/environment.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char **first;
static char *const nothing[] = {NULL};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What was set is kept, also when an interpreter has set it anew: somebody may be reading it. */
struct kept {
	struct kept *next;
	char **variables; /* the environment since then */
	char text[];
};
static struct kept *all_kept; /* guarded by the lock */

static size_t count_of(char *const *variables)
{
	size_t count = 0;

	while (variables && variables[count])
		count++;
	return count;
}

/* A copy with room for one more; the texts are shared. */
static char **copy_of(char *const *variables, size_t count)
{
	char **copy = calloc(count + 2, sizeof *copy);

	if (copy && count)
		memcpy(copy, variables, count * sizeof *copy);
	return copy;
}

static void note_first(void)
{
	first = copy_of(environ, count_of(environ));
}

char *const *snafu_environment_first(void)
{
	pthread_once(&once, note_first);
	return first ? first : nothing;
}

int snafu_environment_set(const char *name, const char *value)
{
	size_t size = strlen(name);
	size_t capacity = size + strlen(value) + sizeof "=";
	struct kept *kept;

	if (!size || strchr(name, '='))
		return -EINVAL;
	kept = malloc(sizeof *kept + capacity);
	if (!kept)
		return -ENOMEM;
	snprintf(kept->text, capacity, "%s=%s", name, value);
	pthread_mutex_lock(&lock);
	char **before = environ;
	size_t count = count_of(before), at = 0;
	char **after = copy_of(before, count);
	if (after) {
		while (at < count && (strncmp(after[at], name, size) != 0 || after[at][size] != '='))
			at++;
		after[at] = kept->text;
		kept->variables = after;
		kept->next = all_kept;
		all_kept = kept;
		__atomic_store_n(&environ, after, __ATOMIC_RELEASE);
	} else {
		free(kept);
	}
	pthread_mutex_unlock(&lock);
	return after ? 0 : -ENOMEM;
}
