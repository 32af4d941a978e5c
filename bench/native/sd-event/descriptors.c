/* dispatch, ring and memory-fd: I/O sources. */
#include "descriptors.h"

#include "sd_driver.h"

#include <sys/epoll.h>

static bool is_over;
static long left;

static int count_event(sd_event_source *source, int fd, uint32_t events, void *counter)
{
    (void)source;
    (void)fd;
    (void)events;
    *(long *)counter += 1;
    is_over = --left == 0;
    return 0;
}

static void watch_all(sd_event *loop, int registered, int ready, long *counts)
{
    int *fds = spread_eventfds(registered, ready);
    for (int i = 0; i < registered; i++)
        sd_checked(sd_event_add_io(loop, NULL, fds[i], EPOLLIN, count_event, &counts[i]), "sd_event_add_io");
}

static double dispatch_events(sd_event *loop, long events)
{
    left = events;
    int64_t start = now_ns();
    run_loop(loop, &is_over);
    return (double)(now_ns() - start) / (double)events;
}

void measure_dispatch(const long *parameters, int count)
{
    (void)count;
    sd_event *loop = create_loop();
    int registered = (int)parameters[0];
    watch_all(loop, registered, (int)parameters[1], allocate((size_t)registered, sizeof(long)));
    dispatch_events(loop, parameters[2] / 10 + 1);
    report(dispatch_events(loop, parameters[2]));
}

void measure_memory_fd(const long *parameters, int count)
{
    (void)count;
    sd_event *loop = create_loop();
    long *counts = allocate((size_t)parameters[0], sizeof *counts);
    double before = allocated_bytes();
    watch_all(loop, (int)parameters[0], 0, counts);
    report((allocated_bytes() - before) / (double)parameters[0] - sizeof(int));
}

static struct ring ring;

static int pass_byte(sd_event_source *source, int fd, uint32_t events, void *pair)
{
    (void)source;
    (void)fd;
    (void)events;
    is_over = pass_on(&ring, (int)(intptr_t)pair);
    return 0;
}

static double pass_writes(sd_event *loop, int active, long writes)
{
    int64_t start = now_ns();
    start_ring(&ring, active, writes);
    run_loop(loop, &is_over);
    return (double)(now_ns() - start) / (double)writes;
}

void measure_ring(const long *parameters, int count)
{
    (void)count;
    sd_event *loop = create_loop();
    create_ring(&ring, (int)parameters[0]);
    for (int i = 0; i < ring.pairs; i++)
        sd_checked(sd_event_add_io(loop, NULL, ring.fds[i][0], EPOLLIN, pass_byte, (void *)(intptr_t)i), "sd_event_add_io");
    pass_writes(loop, (int)parameters[1], parameters[2] / 10 + parameters[1]);
    report(pass_writes(loop, (int)parameters[1], parameters[2]));
}
