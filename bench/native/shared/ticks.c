#include "ticks.h"

#include "driver.h"

#include <math.h>
#include <stdlib.h>

void start_ticks(struct ticks *ticks, long period_us, long wanted, enum ticks_phase phase)
{
    *ticks = (struct ticks){ .period = period_us * 1000, .wanted = wanted, .phase = phase };
    ticks->late = allocate((size_t)wanted, sizeof *ticks->late);
    ticks->cpu_start = cpu_ns();
    ticks->start = ticks->due = now_ns();
}

bool count_tick(struct ticks *ticks)
{
    int64_t late = now_ns() - (ticks->due + ticks->period);
    ticks->due += ticks->period;
    ticks->last = ticks->due + late;
    ticks->late[ticks->count++] = late;

    /* A missed tick counts as late only once. */
    if (late >= ticks->period && ticks->phase == PHASE_KEPT)
        ticks->due += late / ticks->period * ticks->period;
    else if (late >= ticks->period)
        ticks->due = ticks->last - (ticks->phase == PHASE_AT_MISS ? ticks->period : 0);
    return ticks->count == ticks->wanted;
}

static int ascending(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

void report_ticks(struct ticks *ticks)
{
    double cpu = (double)(cpu_ns() - ticks->cpu_start) / (double)ticks->count;
    double mean = (double)(ticks->last - ticks->start) / (double)ticks->count;
    qsort(ticks->late, (size_t)ticks->count, sizeof *ticks->late, ascending);
    double median = (double)ticks->late[ticks->count / 2];
    double p99 = (double)ticks->late[ticks->count * 99 / 100];
    double most = (double)ticks->late[ticks->count - 1];
    double figures[] = { mean, median, p99, most, cpu };
    if (ticks->phase == PHASE_NONE)
        figures[1] = figures[2] = figures[3] = NAN;
    report_all(figures, 5);
}
