/* The descriptors of the cases: eventfds some of which stay ready, and the ring of socket pairs. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <stdbool.h>

/* Non-blocking eventfds, the ready ones spread evenly over them. */
int *spread_eventfds(int registered, int ready);

/*
 * The ring: a pair that has a byte is read, and a byte is written to the next pair, until all writes are used up. So an
 * operation is a read, a write, and a wait that finds as many descriptors as bytes are in flight.
 */
struct ring {
    int pairs;
    int (*fds)[2]; /* [0] is watched and read, [1] is written by the previous pair */
    long writes_left;
    long reads_left;
};

void create_ring(struct ring *ring, int pairs);
void start_ring(struct ring *ring, int active, long writes);

/* The callback of a pair; true for the last read of all. */
bool pass_on(struct ring *ring, int pair);

#endif
