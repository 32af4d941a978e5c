/* Times by the million in a fixed table: 64 buckets for each power of two, so that quantiles are accurate to 1.6 %. */
#ifndef LATENCIES_H
#define LATENCIES_H

#include <stdint.h>

enum { LATENCY_BUCKETS = 64 * 64 };

struct latencies {
    long count;
    uint32_t buckets[LATENCY_BUCKETS];
};

void record(struct latencies *latencies, int64_t nanoseconds);

/* Nanoseconds; NaN if nothing was recorded. */
double quantile(const struct latencies *latencies, double part);

#endif
