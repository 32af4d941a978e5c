/* The lateness of a periodic timer's ticks. */
#ifndef TICKS_H
#define TICKS_H

#include <stdbool.h>
#include <stdint.h>

/* The phase after a whole period was missed. */
enum ticks_phase {
    PHASE_KEPT,      /* the next tick is one that would have been due anyway */
    PHASE_FROM_MISS, /* the next tick is due a period from now */
    PHASE_AT_MISS,   /* the next tick is due now, others count from there */
    PHASE_NONE,      /* every tick counts from the previous one, and has no due time */
};

struct ticks {
    int64_t period, start, cpu_start, due, last;
    int64_t *late;
    long wanted, count;
    enum ticks_phase phase;
};

void start_ticks(struct ticks *ticks, long period_us, long wanted, enum ticks_phase phase);

/* A tick has come; true for the last one. */
bool count_tick(struct ticks *ticks);

/* Nanoseconds: mean period, median, 99th percentile and maximum of the lateness, processor time per tick. */
void report_ticks(struct ticks *ticks);

#endif
