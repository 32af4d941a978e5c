/* The timers of the cases, the same for all peers. */
#ifndef TIMEOUTS_H
#define TIMEOUTS_H

#include <stdint.h>

enum {
    TAKING_TURNS = 1000, /* timers that are started and cancelled in turn, so that more than one cache line is used */
    LEAD_MS = 300,       /* until the first of many timers is due; enough time to start them all */
};

/* Between ten minutes and an hour: nothing becomes due while it is measured. */
int64_t random_timeout_ms(void);

/* A due time after the lead, at random within the spread. */
int64_t random_due_us(int64_t spread_us);

void sleep_us(int64_t microseconds);

#endif
