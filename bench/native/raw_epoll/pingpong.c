/* pingpong: two threads that both sleep in the kernel between the strokes, or first spin on it. */
#define _GNU_SOURCE
#include "raw_epoll.h"

#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The processors of the two threads. The kernel places unbound threads on one processor or on two, which changes a round trip by a factor of ten. */
enum placement { ANYWHERE, APART, TOGETHER };

struct table {
    int epoll, ping, pong;
    int64_t spin_ns;
    atomic_bool stopped;
};

static void keep_on(pthread_t thread, int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    errno = pthread_setaffinity_np(thread, sizeof set, &set);
    if (errno != 0)
        die("pthread_setaffinity_np");
}

/* On the first two of the processors that this program may use, or both on the first. */
static void place(pthread_t loop, enum placement placement)
{
    cpu_set_t allowed;
    int first = 0;
    checked(sched_getaffinity(0, sizeof allowed, &allowed), "sched_getaffinity");
    while (!CPU_ISSET(first, &allowed))
        first++;
    int other = first;
    if (placement == APART) {
        do {
            if (++other == CPU_SETSIZE) {
                errno = EINVAL;
                die("pingpong: there is no second processor");
            }
        } while (!CPU_ISSET(other, &allowed));
    }
    keep_on(pthread_self(), first);
    keep_on(loop, other);
}

static void *return_pings(void *argument)
{
    struct table *table = argument;
    struct epoll_event ready[8];
    for (;;) {
        int64_t spin_end = table->spin_ns > 0 ? now_ns() + table->spin_ns : 0;
        int count;
        do {
            count = wait_ready(table->epoll, ready, 8, spin_end > 0 ? 0 : -1);
            if (spin_end > 0 && now_ns() >= spin_end)
                spin_end = 0;
        } while (count == 0);
        if (atomic_load(&table->stopped))
            return NULL;
        add_one(table->pong);
    }
}

static void await_pong(struct table *table)
{
    uint64_t value;
    int64_t spin_end = now_ns() + table->spin_ns;
    while (read(table->pong, &value, sizeof value) != sizeof value) {
        struct pollfd pong = { .fd = table->pong, .events = POLLIN };
        if (errno != EAGAIN && errno != EINTR)
            die("read");
        if (now_ns() >= spin_end && poll(&pong, 1, -1) < 0 && errno != EINTR)
            die("poll");
    }
}

static int64_t play(struct table *table, long count)
{
    int64_t start = now_ns();
    for (long i = 0; i < count; i++) {
        add_one(table->ping);
        await_pong(table);
    }
    return now_ns() - start;
}

void measure_ping_pong(const long *parameters, int count)
{
    long spin_us = parameters[0], trips = parameters[1];
    enum placement placement = count > 2 ? (enum placement)parameters[2] : ANYWHERE;

    /* Without a spin, a blocking read waits and takes in one system call. */
    int mode = EFD_CLOEXEC | (spin_us > 0 ? EFD_NONBLOCK : 0);
    struct table table = {
        .epoll = create_epoll(),
        .ping = checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"),
        .pong = checked(eventfd(0, mode), "eventfd"),
        .spin_ns = spin_us * 1000,
    };
    watch(table.epoll, table.ping, EPOLLIN | EPOLLET, 0);

    pthread_t loop;
    start_thread(&loop, return_pings, &table);
    if (placement != ANYWHERE)
        place(loop, placement);
    play(&table, trips / 10 + 1);
    int64_t elapsed = play(&table, trips);
    atomic_store(&table.stopped, true);
    add_one(table.ping);
    pthread_join(loop, NULL);
    report((double)elapsed / (double)trips);
}
