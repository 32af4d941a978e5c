/* startup and idle: the cost of a loop that does nothing. */
#include "raw_epoll.h"

#include "descriptors.h"

#include <unistd.h>

void measure_startup(const long *parameters, int count)
{
    (void)count;
    int64_t start = now_ns();
    for (long i = 0; i < parameters[0]; i++)
        close(create_epoll());
    report((double)(now_ns() - start) / (double)parameters[0]);
}

void stay_idle(const long *parameters, int count)
{
    (void)parameters;
    (void)count;
    struct epoll_event ready;
    int epoll = create_epoll();
    watch(epoll, spread_eventfds(1, 0)[0], EPOLLIN, 0);
    end_with_input();
    report(0);
    for (;;)
        wait_ready(epoll, &ready, 1, -1);
}
