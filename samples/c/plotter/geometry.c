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

int bounding_box(const struct point *points, size_t count, struct point *out_lower,
                 struct point *out_upper)
{
	if (!count)
		return -1;
	*out_lower = *out_upper = points[0];
	for (size_t i = 1; i < count; i++) {
		out_lower->x = fmin(out_lower->x, points[i].x);
		out_lower->y = fmin(out_lower->y, points[i].y);
		out_upper->x = fmax(out_upper->x, points[i].x);
		out_upper->y = fmax(out_upper->y, points[i].y);
	}
	return 0;
}

bool crossing(const struct segment *a, const struct segment *b, struct point *out_where)
{
	struct point along = minus(a->to, a->from), other = minus(b->to, b->from);
	double parallel = cross(along, other);

	if (parallel == 0)
		return false;
	struct point gap = minus(b->from, a->from);
	double t = cross(gap, other) / parallel, u = cross(gap, along) / parallel;
	if (t < 0 || t > 1 || u < 0 || u > 1)
		return false;
	*out_where = (struct point){a->from.x + t * along.x, a->from.y + t * along.y};
	return true;
}

double convert_length(double length, enum unit from, enum unit to)
{
	static const double millimetres[] = {[MILLIMETRE] = 1, [CENTIMETRE] = 10, [INCH] = 25.4};

	return length * millimetres[from] / millimetres[to];
}
