/* statistics.h — what the sensors measured. */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <stddef.h>

struct summary {
	size_t count;
	double mean, deviation, least, most;
};

/* The mean of some values; 0 for none. */
double mean(const double *values, size_t count);

/* Mean, standard deviation and range at once; -1 for no values. */
int summarize(const double *values, size_t count, struct summary *result);

/* A tally that is kept between calls: make one, add to it, ask it, free it. */
struct tally;
struct tally *tally_new(void);
void tally_add(struct tally *tally, double value);
double tally_mean(const struct tally *tally);
void tally_free(struct tally *tally);

#endif
