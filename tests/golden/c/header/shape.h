#ifndef SHAPE_H
#define SHAPE_H

#include "shape_types.h"
#include "other.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHAPE_API extern
#define OF(ARGUMENTS) ARGUMENTS

SHAPE_API double shape_area OF((const struct shape *shape));
/*
     shape_area returns the area.
*/

SHAPE_API int shape_sides OF((const struct shape *shape));
/*
     shape_sides returns the number of sides.
*/

/* Makes one. */
struct shape *shape_new(int sides, double);
void shape_free(struct shape *);
void shape_free(struct shape *shape);
int shape_old();

static inline int shape_twice(int x) { return 2 * x; }

#ifdef __cplusplus
}
#endif
#endif
