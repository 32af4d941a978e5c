/* signals: real-time signals that the process sends itself in bursts and reads from a signalfd. */
#include "raw_epoll.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { AT_ONCE = 32 };

static sigset_t measured_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    return set;
}

void measure_signals(const long *parameters, int count)
{
    (void)count;
    long burst = parameters[0], total = parameters[1] / burst * burst;
    sigset_t set = measured_signal();
    errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (errno != 0)
        die("pthread_sigmask");
    int fd = checked(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
    int epoll = create_epoll();
    watch(epoll, fd, EPOLLIN, 0);

    int64_t start = now_ns();
    for (long sent = 0; sent < total; sent += burst) {
        for (long i = 0; i < burst; i++)
            checked(sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = (int)i }), "sigqueue");
        for (long read_so_far = 0; read_so_far < burst;) {
            struct epoll_event ready;
            struct signalfd_siginfo infos[AT_ONCE];
            if (wait_ready(epoll, &ready, 1, -1) == 0)
                continue;
            ssize_t bytes = read(fd, infos, sizeof infos);
            read_so_far += checked((int)bytes, "read") / (int)sizeof infos[0];
        }
    }
    report((double)(now_ns() - start) / (double)total);
}
