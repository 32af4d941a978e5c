/* dispatch, ring and memory-fd: persistent, level-triggered events. */
#include "descriptors.h"

#include "libevent_driver.h"

static struct event_base *base;
static long left;

static void count_event(evutil_socket_t fd, short what, void *counter)
{
    (void)fd;
    (void)what;
    *(long *)counter += 1;
    if (--left == 0)
        event_base_loopexit(base, NULL);
}

static void watch_all(int registered, int ready, long *counts)
{
    struct event *events = allocate_events(registered);
    int *fds = spread_eventfds(registered, ready);
    for (int i = 0; i < registered; i++) {
        checked(event_assign(&events[i], base, fds[i], EV_READ | EV_PERSIST, count_event, &counts[i]), "event_assign");
        checked(event_add(&events[i], NULL), "event_add");
    }
}

/* event_base_loopexit ends the run after the batch, whose events count. */
static double dispatch_events(long events)
{
    left = events;
    int64_t start = now_ns();
    event_base_dispatch(base);
    return (double)(now_ns() - start) / (double)(events - left);
}

void measure_dispatch(const long *parameters, int count)
{
    (void)count;
    int registered = (int)parameters[0];
    base = create_base(0);
    watch_all(registered, (int)parameters[1], allocate((size_t)registered, sizeof(long)));
    dispatch_events(parameters[2] / 10 + 1);
    report(dispatch_events(parameters[2]));
}

void measure_memory_fd(const long *parameters, int count)
{
    (void)count;
    long *counts = allocate((size_t)parameters[0], sizeof *counts);
    base = create_base(0);
    double before = allocated_bytes();
    watch_all((int)parameters[0], 0, counts);
    report((allocated_bytes() - before) / (double)parameters[0] - sizeof(int));
}

static struct ring ring;

static void pass_byte(evutil_socket_t fd, short what, void *pair)
{
    (void)fd;
    (void)what;
    if (pass_on(&ring, (int)(intptr_t)pair))
        event_base_loopbreak(base);
}

static double pass_writes(int active, long writes)
{
    int64_t start = now_ns();
    start_ring(&ring, active, writes);
    event_base_dispatch(base);
    return (double)(now_ns() - start) / (double)writes;
}

void measure_ring(const long *parameters, int count)
{
    (void)count;
    base = create_base(0);
    create_ring(&ring, (int)parameters[0]);
    struct event *events = allocate_events(ring.pairs);
    for (int i = 0; i < ring.pairs; i++) {
        checked(event_assign(&events[i], base, ring.fds[i][0], EV_READ | EV_PERSIST, pass_byte, (void *)(intptr_t)i), "event_assign");
        checked(event_add(&events[i], NULL), "event_add");
    }
    pass_writes((int)parameters[1], parameters[2] / 10 + 1);
    report(pass_writes((int)parameters[1], parameters[2]));
}
