/* The descriptors of the cases: eventfds some of which stay ready, and the ring of socket pairs. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <stdbool.h>

/* Non-blocking eventfds, the ready ones spread evenly over them. */
int *spread_eventfds(int registered, int ready);

/*
 * The ring: whoever finds a byte in its pair takes it and writes one into the next pair, until all writes are used up. So an
 * operation is a read, a write, and a wait that finds as many descriptors as bytes are on their way.
 */
struct ring {
    int pairs;
    int (*fds)[2]; /* [0] is watched and read, [1] written by the one before */
    long writes_left;
    long reads_left;
};

void create_ring(struct ring *ring, int pairs);
void start_ring(struct ring *ring, int active, long writes);

/* What the callback of a pair does; true for the last read of all. */
bool pass_on(struct ring *ring, int pair);

#endif
