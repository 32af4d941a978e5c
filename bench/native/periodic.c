/* periodic: a timerfd with an interval, and how late each tick is when the loop has it. */
#include "raw_epoll.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int ascending(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

void periodic(long period_us, long ticks, struct lateness *result)
{
    int64_t period = period_us * 1000;
    int64_t *late = calloc((size_t)ticks, sizeof *late);
    if (late == NULL)
        die("calloc");

    int epoll = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    int timer = checked(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create");
    watch(epoll, timer, EPOLLIN, 0);

    int64_t start = now_ns();
    int64_t first = start + period;
    struct itimerspec spec = {
        .it_value = { .tv_sec = first / 1000000000, .tv_nsec = first % 1000000000 },
        .it_interval = { .tv_sec = period / 1000000000, .tv_nsec = period % 1000000000 },
    };
    checked(timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, NULL), "timerfd_settime");

    int64_t due = start;
    int64_t now = start;
    for (long i = 0; i < ticks; i++) {
        struct epoll_event ready;
        uint64_t expiries;
        while (wait_ready(epoll, &ready, 1, -1) == 0)
            ;
        now = now_ns();
        if (read(timer, &expiries, sizeof expiries) != sizeof expiries)
            die("read");
        late[i] = now - (due + period);
        due += (int64_t)expiries * period;
    }

    qsort(late, (size_t)ticks, sizeof *late, ascending);
    result->mean_period = (double)(now - start) / (double)ticks;
    result->p50 = (double)late[ticks / 2];
    result->p99 = (double)late[ticks * 99 / 100];
    result->max = (double)late[ticks - 1];
}
