/*
 * raw_epoll: what the kernel itself takes, so that an event loop on top of it can be judged by its ratio and not by
 * the machine's mood. One measurement a run, printed as one line: the case, a space, nanoseconds an operation.
 *
 *   raw_epoll dispatch REGISTERED READY ROUNDS   an event, epoll_wait included
 *   raw_epoll post COUNT                         a function posted from another thread, until it has run
 *   raw_epoll pingpong COUNT [SPIN_US]           a round trip between two threads
 *   raw_epoll signals COUNT BURST                a real-time signal from sigqueue to read(signalfd)
 *
 * cc -O2 -pthread -o raw_epoll *.c
 *
 * A thread is parked in every run: the kernel skips the reference counting of files in a process of one thread, and
 * nothing that runs on .NET is ever one.
 */
#include "raw_epoll.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void die(const char *what)
{
    fprintf(stderr, "raw_epoll: %s: %s\n", what, strerror(errno));
    exit(1);
}

int checked(int result, const char *what)
{
    if (result < 0)
        die(what);
    return result;
}

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void start_thread(pthread_t *thread, void *(*body)(void *), void *argument)
{
    errno = pthread_create(thread, NULL, body, argument);
    if (errno != 0)
        die("pthread_create");
}

void watch(int epoll, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = { .events = events, .data.u64 = data };
    checked(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void add_one(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) != sizeof one)
        die("write");
}

static void *parked(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

/* The runtime of .NET does the same at its start. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    checked(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    checked(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

static long number(const char *text, long least, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "raw_epoll: %s is not a number from %ld to %ld\n", text, least, most);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    enum { MOST = 1000000000, MOST_FILES = 1000000 };
    const char *name = argc > 1 ? argv[1] : "";
    pthread_t thread;
    block_measured_signal();
    start_thread(&thread, parked, NULL);
    raise_file_limit();

    double nanoseconds;
    if (strcmp(name, "dispatch") == 0 && argc == 5) {
        int registered = (int)number(argv[2], 1, MOST_FILES);
        nanoseconds = dispatch(registered, (int)number(argv[3], 1, registered), number(argv[4], 1, MOST));
    } else if (strcmp(name, "post") == 0 && argc == 3) {
        nanoseconds = post_from_another_thread(number(argv[2], 1, MOST));
    } else if (strcmp(name, "pingpong") == 0 && (argc == 3 || argc == 4)) {
        nanoseconds = ping_pong(number(argv[2], 1, MOST), argc == 4 ? number(argv[3], 0, 1000000) : 0);
    } else if (strcmp(name, "signals") == 0 && argc == 4) {
        long burst = number(argv[3], 1, 10000);
        nanoseconds = signals(number(argv[2], 1, MOST) / burst * burst, burst);
    } else if (strcmp(name, "periodic") == 0 && argc == 4) {
        struct lateness lateness;
        periodic(number(argv[2], 1, 1000000), number(argv[3], 1, MOST_FILES), &lateness);
        printf("periodic %.0f %.0f %.0f %.0f\n", lateness.mean_period, lateness.p50, lateness.p99, lateness.max);
        return 0;
    } else {
        fputs("usage: raw_epoll dispatch REGISTERED READY ROUNDS | post COUNT | pingpong COUNT [SPIN_US] | periodic PERIOD_US TICKS | signals COUNT BURST\n", stderr);
        return 2;
    }

    printf("%s %.3f\n", name, nanoseconds);
    return 0;
}
