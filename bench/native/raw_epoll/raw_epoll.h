/* Shared by the measurements of raw epoll. */
#ifndef RAW_EPOLL_H
#define RAW_EPOLL_H

#include "driver.h"

#include <sys/epoll.h>

int create_epoll(void);
void watch(int epoll, int fd, uint32_t events, uint64_t data);

/* Waits for ever (-1) or not at all (0). A signal ends the wait with nothing ready. Inline, because it is measured. */
static inline int wait_ready(int epoll, struct epoll_event *ready, int capacity, int milliseconds)
{
    int count = epoll_wait(epoll, ready, capacity, milliseconds);
    if (count < 0 && errno != EINTR)
        die("epoll_wait");
    return count < 0 ? 0 : count;
}

void measure_dispatch(const long *parameters, int count);
void measure_dispatch_alone(const long *parameters, int count);
void measure_ring(const long *parameters, int count);
void measure_post(const long *parameters, int count);
void measure_ping_pong(const long *parameters, int count);
void measure_periodic(const long *parameters, int count);
void measure_signals(const long *parameters, int count);
void serve_echo(const long *parameters, int count);
void measure_memory(const long *parameters, int count);
void measure_startup(const long *parameters, int count);
void stay_idle(const long *parameters, int count);

#endif
