/* dispatch, ring and memory-fd: uv_poll. */
#include "descriptors.h"

#include "uv_driver.h"

static long left;

static void count_event(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    *(long *)poll->data += 1;
    if (--left == 0)
        uv_stop(poll->loop);
}

static uv_poll_t *watch_all(uv_loop_t *loop, int registered, int ready, long *counts)
{
    uv_poll_t *polls = allocate((size_t)registered, sizeof *polls);
    int *fds = spread_eventfds(registered, ready);
    for (int i = 0; i < registered; i++) {
        polls[i].data = &counts[i];
        uv_checked(uv_poll_init(loop, &polls[i], fds[i]), "uv_poll_init");
        uv_checked(uv_poll_start(&polls[i], UV_READABLE, count_event), "uv_poll_start");
    }

    /* Registers with the kernel, which libuv does when it waits. */
    uv_run(loop, UV_RUN_NOWAIT);
    return polls;
}

/* uv_stop ends the run after the batch, whose events count. */
static double dispatch_events(uv_loop_t *loop, long events)
{
    left = events;
    int64_t start = now_ns();
    uv_run(loop, UV_RUN_DEFAULT);
    return (double)(now_ns() - start) / (double)(events - left);
}

void measure_dispatch(const long *parameters, int count)
{
    (void)count;
    uv_loop_t *loop = create_loop();
    int registered = (int)parameters[0];
    watch_all(loop, registered, (int)parameters[1], allocate((size_t)registered, sizeof(long)));
    dispatch_events(loop, parameters[2] / 10 + 1);
    report(dispatch_events(loop, parameters[2]));
}

void measure_memory_fd(const long *parameters, int count)
{
    (void)count;
    uv_loop_t *loop = create_loop();
    long *counts = allocate((size_t)parameters[0], sizeof *counts);
    double before = allocated_bytes();
    watch_all(loop, (int)parameters[0], 0, counts);
    report((allocated_bytes() - before) / (double)parameters[0] - sizeof(int));
}

static struct ring ring;

static void pass_byte(uv_poll_t *poll, int status, int events)
{
    (void)events;
    uv_checked(status, "uv_poll");
    if (pass_on(&ring, (int)(intptr_t)poll->data))
        uv_stop(poll->loop);
}

static double pass_writes(uv_loop_t *loop, int active, long writes)
{
    int64_t start = now_ns();
    start_ring(&ring, active, writes);
    uv_run(loop, UV_RUN_DEFAULT);
    return (double)(now_ns() - start) / (double)writes;
}

void measure_ring(const long *parameters, int count)
{
    (void)count;
    uv_loop_t *loop = create_loop();
    create_ring(&ring, (int)parameters[0]);
    uv_poll_t *polls = allocate((size_t)ring.pairs, sizeof *polls);
    for (int i = 0; i < ring.pairs; i++) {
        polls[i].data = (void *)(intptr_t)i;
        uv_checked(uv_poll_init(loop, &polls[i], ring.fds[i][0]), "uv_poll_init");
        uv_checked(uv_poll_start(&polls[i], UV_READABLE, pass_byte), "uv_poll_start");
    }
    pass_writes(loop, (int)parameters[1], parameters[2] / 10 + 1);
    report(pass_writes(loop, (int)parameters[1], parameters[2]));
}
