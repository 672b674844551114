/* base/array.h — growable arrays: a pointer, a count and a capacity that belong
 * together, wherever they stand.
 *
 *     if (snafu_array_grow(&list->items, &list->capacity, list->count, sizeof *list->items))
 *         return -ENOMEM;
 *     list->items[list->count++] = item;
 */
#ifndef SNAFU_BASE_ARRAY_H
#define SNAFU_BASE_ARRAY_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define SNAFU_ARRAY_FIRST 32 /* elements of an array that was empty */

/* Makes room for one more element of SIZE bytes behind COUNT of them. ARRAY points to
 * the array's pointer, which is malloc'ed (or NULL) and which the caller frees. 0, or
 * -ENOMEM with nothing changed. */
static inline int snafu_array_grow(void *array, size_t *capacity, size_t count, size_t size)
{
	if (count < *capacity)
		return 0;
	size_t more = *capacity ? *capacity * 2 : SNAFU_ARRAY_FIRST;
	void *bigger = reallocarray(*(void **)array, more, size);

	if (!bigger)
		return -ENOMEM;
	*(void **)array = bigger;
	*capacity = more;
	return 0;
}

#endif
