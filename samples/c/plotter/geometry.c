/* geometry.c — see geometry.h. */
#include "geometry.h"

#include <math.h>

static double cross(struct point a, struct point b)
{
	return a.x * b.y - a.y * b.x;
}

static struct point minus(struct point a, struct point b)
{
	return (struct point){a.x - b.x, a.y - b.y};
}

double distance(struct point a, struct point b)
{
	return hypot(a.x - b.x, a.y - b.y);
}

double polygon_area(const struct point *corners, size_t count)
{
	double twice = 0;

	for (size_t i = 0; i < count; i++)
		twice += cross(corners[i], corners[(i + 1) % count]);
	return fabs(twice) / 2;
}

int bounding_box(const struct point *points, size_t count, struct point *lower,
                 struct point *upper)
{
	if (!count)
		return -1;
	*lower = *upper = points[0];
	for (size_t i = 1; i < count; i++) {
		lower->x = fmin(lower->x, points[i].x);
		lower->y = fmin(lower->y, points[i].y);
		upper->x = fmax(upper->x, points[i].x);
		upper->y = fmax(upper->y, points[i].y);
	}
	return 0;
}

bool crossing(const struct segment *a, const struct segment *b, struct point *where)
{
	struct point along = minus(a->to, a->from), other = minus(b->to, b->from);
	double parallel = cross(along, other);

	if (parallel == 0)
		return false;
	struct point gap = minus(b->from, a->from);
	double t = cross(gap, other) / parallel, u = cross(gap, along) / parallel;
	if (t < 0 || t > 1 || u < 0 || u > 1)
		return false;
	*where = (struct point){a->from.x + t * along.x, a->from.y + t * along.y};
	return true;
}

double convert_length(double length, enum unit from, enum unit to)
{
	static const double millimetres[] = {[MILLIMETRE] = 1, [CENTIMETRE] = 10, [INCH] = 25.4};

	return length * millimetres[from] / millimetres[to];
}
