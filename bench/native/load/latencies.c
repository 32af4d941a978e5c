#include "latencies.h"

#include <math.h>

/* Up to 63 a bucket each, from there on the six bits below the highest one. */
static int bucket_of(uint64_t value)
{
    if (value < 64)
        return (int)value;
    int shift = 57 - __builtin_clzll(value);
    return (shift + 1) * 64 + (int)((value >> shift) & 63);
}

static double middle_of(int bucket)
{
    if (bucket < 64)
        return bucket;
    int shift = bucket / 64 - 1;
    return ldexp(64 + bucket % 64 + 0.5, shift);
}

void record(struct latencies *latencies, int64_t nanoseconds)
{
    latencies->count++;
    latencies->buckets[bucket_of(nanoseconds < 0 ? 0 : (uint64_t)nanoseconds)]++;
}

double quantile(const struct latencies *latencies, double part)
{
    long wanted = (long)ceil(part * (double)latencies->count), seen = 0;
    for (int i = 0; i < LATENCY_BUCKETS && wanted > 0; i++) {
        seen += latencies->buckets[i];
        if (seen >= wanted)
            return middle_of(i);
    }
    return NAN;
}
