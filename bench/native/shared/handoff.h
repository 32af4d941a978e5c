/*
 * The usual queue in front of a loop that can be woken from other threads but carries no data: functions under a mutex, all
 * of which the loop takes at once, and a wake-up only for the first one in an empty queue.
 */
#ifndef HANDOFF_H
#define HANDOFF_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct message {
    void (*run)(void *);
    void *argument;
};

struct handoff {
    pthread_mutex_t lock;
    struct message *waiting, *taken;
    long count, capacity, taken_capacity;
    void (*wake)(void *loop);
    void *loop;
};

void create_handoff(struct handoff *handoff, void (*wake)(void *), void *loop);
void hand_over(struct handoff *handoff, void (*run)(void *), void *argument);

/* On the loop, after a wake-up. */
void run_handed_over(struct handoff *handoff);

/* Posts from that many threads as fast as they can; nanoseconds per post until all have run. The loop runs on another thread. */
double post_through(void (*post)(void *box, void (*run)(void *), void *argument), void *box, long count, long senders);

#endif
