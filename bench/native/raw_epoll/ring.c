/* ring: bytes that go round through socket pairs. */
#include "raw_epoll.h"

#include "descriptors.h"

enum { CAPACITY = 256 };

static double pass_writes(int epoll, struct ring *ring, int active, long writes)
{
    static struct epoll_event ready[CAPACITY];
    int64_t start = now_ns();
    start_ring(ring, active, writes);
    for (bool is_over = false; !is_over;) {
        int count = wait_ready(epoll, ready, CAPACITY, -1);
        for (int i = 0; i < count; i++)
            is_over = pass_on(ring, (int)ready[i].data.u64);
    }
    return (double)(now_ns() - start) / (double)writes;
}

void measure_ring(const long *parameters, int count)
{
    (void)count;
    struct ring ring;
    int epoll = create_epoll();
    create_ring(&ring, (int)parameters[0]);
    for (int i = 0; i < ring.pairs; i++)
        watch(epoll, ring.fds[i][0], EPOLLIN, (uint64_t)i);
    pass_writes(epoll, &ring, (int)parameters[1], parameters[2] / 10 + 1);
    report(pass_writes(epoll, &ring, (int)parameters[1], parameters[2]));
}
