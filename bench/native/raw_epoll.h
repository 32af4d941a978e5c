/* What the measurements share: system calls whose failure ends the program, and a clock. */
#ifndef RAW_EPOLL_H
#define RAW_EPOLL_H

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>

void die(const char *what);
int checked(int result, const char *what);
int64_t now_ns(void);
void start_thread(pthread_t *thread, void *(*body)(void *), void *argument);
void watch(int epoll, int fd, uint32_t events, uint64_t data);
void add_one(int fd);

/* Waits for ever (-1) or not at all (0). A signal ends the wait with nothing ready. Inline: this is what is measured. */
static inline int wait_ready(int epoll, struct epoll_event *ready, int capacity, int milliseconds)
{
    int count = epoll_wait(epoll, ready, capacity, milliseconds);
    if (count < 0 && errno != EINTR)
        die("epoll_wait");
    return count < 0 ? 0 : count;
}

/* The measurements; each returns nanoseconds an operation. */
double dispatch(int registered, int ready_count, long rounds);
double post_from_another_thread(long count);
double ping_pong(long count, long spin_us);

/* How late ticks come, in nanoseconds. */
struct lateness {
    double mean_period, p50, p99, max;
};
double signals(long count, long burst);

/* Before any thread is started, which inherits it. */
void block_measured_signal(void);

void periodic(long period_us, long ticks, struct lateness *result);

#endif
