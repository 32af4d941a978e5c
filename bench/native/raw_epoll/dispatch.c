/* dispatch: level-triggered eventfds, one indirect call per event. Alone: the events of one wait again and again. */
#include "raw_epoll.h"

#include "descriptors.h"

struct slot {
    void (*process)(struct slot *self, uint32_t events);
    uint64_t processed;
};

static void count_event(struct slot *self, uint32_t events)
{
    (void)events;
    self->processed++;
}

static double dispatch_events(int epoll, struct slot *slots, struct epoll_event *ready, int capacity, long events, bool waits)
{
    long processed = 0;
    int count = wait_ready(epoll, ready, capacity, -1);
    int64_t start = now_ns();
    while (processed < events) {
        if (waits)
            count = wait_ready(epoll, ready, capacity, -1);
        for (int i = 0; i < count; i++) {
            struct slot *slot = &slots[ready[i].data.u64];
            slot->process(slot, ready[i].events);
        }
        processed += count;
    }
    return (double)(now_ns() - start) / (double)processed;
}

static struct slot *register_all(int epoll, int registered, int ready_count)
{
    struct slot *slots = allocate((size_t)registered, sizeof *slots);
    int *fds = spread_eventfds(registered, ready_count);
    for (int i = 0; i < registered; i++) {
        slots[i].process = count_event;
        watch(epoll, fds[i], EPOLLIN, (uint64_t)i);
    }
    return slots;
}

static void measure(int registered, int ready_count, long events, bool waits)
{
    int epoll = create_epoll();
    struct slot *slots = register_all(epoll, registered, ready_count);
    struct epoll_event *ready = allocate((size_t)registered, sizeof *ready);
    dispatch_events(epoll, slots, ready, registered, events / 10, waits);
    report(dispatch_events(epoll, slots, ready, registered, events, waits));
}

void measure_dispatch(const long *parameters, int count)
{
    (void)count;
    measure((int)parameters[0], (int)parameters[1], parameters[2], true);
}

void measure_dispatch_alone(const long *parameters, int count)
{
    (void)count;
    measure((int)parameters[0], (int)parameters[0], parameters[1], false);
}

void measure_memory(const long *parameters, int count)
{
    (void)count;
    int epoll = create_epoll();
    double before = allocated_bytes();
    register_all(epoll, (int)parameters[0], 0);

    /* A program would have the array of numbers anyway, as its own state. */
    report((allocated_bytes() - before) / (double)parameters[0] - sizeof(int));
}
