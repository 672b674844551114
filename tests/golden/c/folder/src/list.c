#include "list.h"
#include "../list_private.h"

/* Counts. */
int list_count(const struct list *list) { return list->count; }
