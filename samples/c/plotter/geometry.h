/* geometry.h — points and polygons of a pen plotter, in millimetres. */
#ifndef GEOMETRY_H
#define GEOMETRY_H

#include <stdbool.h>
#include <stddef.h>

struct point {
	double x, y;
};

struct segment {
	struct point from, to;
};

enum unit { MILLIMETRE, CENTIMETRE, INCH };

/* The distance between two points. */
double distance(struct point a, struct point b);

/* The area of a polygon; its corners in either direction. */
double polygon_area(const struct point *corners, size_t count);

/* The smallest upright rectangle around some points, as its two corners. */
int bounding_box(const struct point *points, size_t count, struct point *out_lower,
                 struct point *out_upper);

/* Whether two segments cross, and where. */
bool crossing(const struct segment *a, const struct segment *b, struct point *out_where);

/* A length in another unit. */
double convert_length(double length, enum unit from, enum unit to);

#endif
