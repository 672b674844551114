/* statistics.c — see statistics.h. */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>

struct tally {
	size_t count;
	double sum;
};

double mean(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return count ? sum / (double)count : 0;
}

int summarize(const double *values, size_t count, struct summary *result)
{
	if (!count)
		return -1;
	double average = mean(values, count), squares = 0;
	*result = (struct summary){.count = count, .mean = average, .least = values[0],
	                           .most = values[0]};
	for (size_t i = 0; i < count; i++) {
		squares += (values[i] - average) * (values[i] - average);
		result->least = fmin(result->least, values[i]);
		result->most = fmax(result->most, values[i]);
	}
	result->deviation = sqrt(squares / (double)count);
	return 0;
}

struct tally *tally_new(void)
{
	return calloc(1, sizeof(struct tally));
}

void tally_add(struct tally *tally, double value)
{
	tally->count++;
	tally->sum += value;
}

double tally_mean(const struct tally *tally)
{
	return tally->count ? tally->sum / (double)tally->count : 0;
}

void tally_free(struct tally *tally)
{
	free(tally);
}
