/* periodic: a timerfd with an interval, and the lateness of each tick when the loop gets it. */
#include "raw_epoll.h"

#include "ticks.h"

#include <sys/timerfd.h>
#include <unistd.h>

void measure_periodic(const long *parameters, int count)
{
    (void)count;
    int epoll = create_epoll();
    int timer = checked(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create");
    watch(epoll, timer, EPOLLIN, 0);

    struct ticks ticks;
    start_ticks(&ticks, parameters[0], parameters[1], PHASE_KEPT);
    int64_t first = ticks.start + ticks.period;
    struct itimerspec spec = {
        .it_value = { .tv_sec = first / 1000000000, .tv_nsec = first % 1000000000 },
        .it_interval = { .tv_sec = ticks.period / 1000000000, .tv_nsec = ticks.period % 1000000000 },
    };
    checked(timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, NULL), "timerfd_settime");

    for (bool is_over = false; !is_over;) {
        struct epoll_event ready;
        uint64_t expiries;
        while (wait_ready(epoll, &ready, 1, -1) == 0)
            ;
        is_over = count_tick(&ticks);
        if (read(timer, &expiries, sizeof expiries) != sizeof expiries)
            die("read");
    }
    report_ticks(&ticks);
}
