/* dispatch: level-triggered eventfds, one indirect call an event. */
#include "raw_epoll.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>

struct slot {
    void (*process)(struct slot *self, uint32_t events);
    uint64_t processed;
};

static void count_event(struct slot *self, uint32_t events)
{
    (void)events;
    self->processed++;
}

static int64_t dispatch_rounds(int epoll, struct slot *slots, struct epoll_event *ready, int capacity, long rounds)
{
    int64_t start = now_ns();
    for (long round = 0; round < rounds; round++) {
        int count = wait_ready(epoll, ready, capacity, -1);
        for (int i = 0; i < count; i++) {
            struct slot *slot = &slots[ready[i].data.u64];
            slot->process(slot, ready[i].events);
        }
    }
    return now_ns() - start;
}

double dispatch(int registered, int ready_count, long rounds)
{
    int epoll = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    struct slot *slots = calloc((size_t)registered, sizeof *slots);
    struct epoll_event *ready = calloc((size_t)registered, sizeof *ready);
    if (slots == NULL || ready == NULL)
        die("calloc");

    /* The ready ones are spread evenly over the registered ones. */
    int spacing = registered / ready_count;
    for (int i = 0; i < registered; i++) {
        bool is_ready = i % spacing == 0 && i / spacing < ready_count;
        int fd = checked(eventfd(is_ready, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
        slots[i].process = count_event;
        watch(epoll, fd, EPOLLIN, (uint64_t)i);
    }

    dispatch_rounds(epoll, slots, ready, registered, rounds / 10);
    int64_t elapsed = dispatch_rounds(epoll, slots, ready, registered, rounds);
    return (double)elapsed / ((double)rounds * ready_count);
}
