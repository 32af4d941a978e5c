/* dispatch, ring and memory-fd: ev_io. */
#include "descriptors.h"

#include "libev_driver.h"

static long left;

static void count_event(struct ev_loop *loop, ev_io *io, int events)
{
    (void)events;
    *(long *)io->data += 1;
    if (--left == 0)
        ev_break(loop, EVBREAK_ONE);
}

static void watch_all(struct ev_loop *loop, int registered, int ready, long *counts)
{
    ev_io *ios = allocate((size_t)registered, sizeof *ios);
    int *fds = spread_eventfds(registered, ready);
    for (int i = 0; i < registered; i++) {
        ev_io_init(&ios[i], count_event, fds[i], EV_READ);
        ios[i].data = &counts[i];
        ev_io_start(loop, &ios[i]);
    }

    /* Registers with the kernel, which libev does when it waits. */
    left = -1;
    ev_run(loop, EVRUN_NOWAIT);
}

/* ev_break ends the run after the batch, whose events count. */
static double dispatch_events(struct ev_loop *loop, long events)
{
    left = events;
    int64_t start = now_ns();
    ev_run(loop, 0);
    return (double)(now_ns() - start) / (double)(events - left);
}

void measure_dispatch(const long *parameters, int count)
{
    (void)count;
    struct ev_loop *loop = create_loop();
    int registered = (int)parameters[0];
    watch_all(loop, registered, (int)parameters[1], allocate((size_t)registered, sizeof(long)));
    dispatch_events(loop, parameters[2] / 10 + 1);
    report(dispatch_events(loop, parameters[2]));
}

void measure_memory_fd(const long *parameters, int count)
{
    (void)count;
    struct ev_loop *loop = create_loop();
    long *counts = allocate((size_t)parameters[0], sizeof *counts);
    double before = allocated_bytes();
    watch_all(loop, (int)parameters[0], 0, counts);
    report((allocated_bytes() - before) / (double)parameters[0] - sizeof(int));
}

static struct ring ring;

static void pass_byte(struct ev_loop *loop, ev_io *io, int events)
{
    (void)events;
    if (pass_on(&ring, (int)(intptr_t)io->data))
        ev_break(loop, EVBREAK_ONE);
}

static double pass_writes(struct ev_loop *loop, int active, long writes)
{
    int64_t start = now_ns();
    start_ring(&ring, active, writes);
    ev_run(loop, 0);
    return (double)(now_ns() - start) / (double)writes;
}

void measure_ring(const long *parameters, int count)
{
    (void)count;
    struct ev_loop *loop = create_loop();
    create_ring(&ring, (int)parameters[0]);
    ev_io *ios = allocate((size_t)ring.pairs, sizeof *ios);
    for (int i = 0; i < ring.pairs; i++) {
        ev_io_init(&ios[i], pass_byte, ring.fds[i][0], EV_READ);
        ios[i].data = (void *)(intptr_t)i;
        ev_io_start(loop, &ios[i]);
    }
    pass_writes(loop, (int)parameters[1], parameters[2] / 10 + 1);
    report(pass_writes(loop, (int)parameters[1], parameters[2]));
}
