/*
 * post: functions from another thread. A ring that producers claim by compare-and-swap, an eventfd that is never read and
 * wakes only a sleeping loop, and a bound on the functions that run before the loop polls its files again.
 */
#include "raw_epoll.h"

#include "handoff.h"

#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>

enum { RING_LENGTH = 1 << 16, DRAIN_BUDGET = 256 };
enum { AWAKE, SLEEPING, SIGNALLED };

struct cell {
    _Atomic uint64_t sequence; /* position: free for a producer; position + 1: published */
    void (*run)(void *);
    void *argument;
};

struct mailbox {
    alignas(64) _Atomic uint64_t tail;
    alignas(64) uint64_t head;
    alignas(64) _Atomic int state;
    alignas(64) int epoll;
    int waker;
    bool stopped;
    struct cell ring[RING_LENGTH];
};

static void post(void *mailbox, void (*run)(void *), void *argument)
{
    struct mailbox *box = mailbox;
    uint64_t position = atomic_load_explicit(&box->tail, memory_order_relaxed);
    struct cell *message;
    for (;;) {
        message = &box->ring[position % RING_LENGTH];
        uint64_t sequence = atomic_load_explicit(&message->sequence, memory_order_acquire);
        if (sequence == position) {
            if (atomic_compare_exchange_weak(&box->tail, &position, position + 1))
                break;
        } else {
            if (sequence < position)
                sched_yield(); /* full */
            position = atomic_load_explicit(&box->tail, memory_order_relaxed);
        }
    }

    message->run = run;
    message->argument = argument;
    atomic_store_explicit(&message->sequence, position + 1, memory_order_release);

    /* Dekker's protocol: the claim above and the loop's announcement are both sequentially consistent. */
    int sleeping = SLEEPING;
    if (atomic_load(&box->state) == SLEEPING && atomic_compare_exchange_strong(&box->state, &sleeping, SIGNALLED))
        add_one(box->waker);
}

static bool has_mail(struct mailbox *box)
{
    return atomic_load(&box->tail) != box->head;
}

static void drain(struct mailbox *box)
{
    for (int budget = DRAIN_BUDGET; budget > 0; budget--) {
        struct cell *message = &box->ring[box->head % RING_LENGTH];
        if (atomic_load_explicit(&message->sequence, memory_order_acquire) != box->head + 1)
            return;
        void (*run)(void *) = message->run;
        void *argument = message->argument;
        atomic_store_explicit(&message->sequence, box->head + RING_LENGTH, memory_order_release);
        box->head++;
        run(argument);
    }
}

static void *run_mailbox_loop(void *argument)
{
    struct mailbox *box = argument;
    struct epoll_event ready[8];
    while (!box->stopped) {
        int milliseconds = 0;
        if (!has_mail(box)) {
            atomic_store(&box->state, SLEEPING);
            milliseconds = has_mail(box) ? 0 : -1;
        }
        wait_ready(box->epoll, ready, 8, milliseconds);
        atomic_store_explicit(&box->state, AWAKE, memory_order_release);
        drain(box);
    }
    return NULL;
}

static void stop_loop(void *box) { ((struct mailbox *)box)->stopped = true; }

void measure_post(const long *parameters, int count)
{
    (void)count;
    static struct mailbox box;
    for (uint64_t i = 0; i < RING_LENGTH; i++)
        box.ring[i].sequence = i;
    box.epoll = create_epoll();
    box.waker = checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    watch(box.epoll, box.waker, EPOLLIN | EPOLLET, 0); /* edge-triggered, so that it need not be read */

    pthread_t loop;
    start_thread(&loop, run_mailbox_loop, &box);
    post_through(post, &box, parameters[1] / 10 + parameters[0], parameters[0]);
    double nanoseconds = post_through(post, &box, parameters[1], parameters[0]);
    post(&box, stop_loop, &box);
    pthread_join(loop, NULL);
    report(nanoseconds);
}
