/*
 * raw_epoll: the kernel's own time, so that an event loop can be judged by its ratio, independently of the machine's
 * state. Times are nanoseconds per operation.
 *
 *   dispatch REGISTERED READY EVENTS   an event, epoll_wait included
 *   dispatch-alone READY EVENTS        an event of a wait that is not repeated
 *   ring PAIRS ACTIVE WRITES           a byte passed on from pair to pair, wait, read and write included
 *   post SENDERS COUNT                 a function posted from other threads, until it has run
 *   pingpong SPIN_US COUNT [PLACEMENT] a round trip between two threads, which are on any processors (0), on two (1), on one (2)
 *   pingpong-spin SPIN_US COUNT        the same; the peers that only sleep do not have it
 *   periodic PERIOD_US TICKS           a timerfd's ticks: mean, p50, p99 and max of the lateness, processor time per tick
 *   signals BURST COUNT                a real-time signal from sigqueue to read(signalfd)
 *   echo                               a TCP server on a free port, which is the figure
 *   echo-spin                          the same, which spins before it sleeps, and nothing else: with ECHO_SPIN_US
 *   memory-fd COUNT                    bytes of a registered fd in this process; the kernel's are not counted for any peer
 *   startup COUNT                      an epoll instance made and closed
 *   idle                               waits for nothing until its input ends
 *
 * cc -O2 -pthread -Ishared -o raw_epoll (the .c files of both directories) -lm
 */
#include "raw_epoll.h"

#include <sys/epoll.h>
#include <unistd.h>

#ifdef ECHO_SPIN_US
const char driver_name[] = "raw_epoll-spin";

const struct measurement measurements[] = {
    { "echo-spin", "", 0, 0, serve_echo },
    { NULL, NULL, 0, 0, NULL },
};
#else
const char driver_name[] = "raw_epoll";

const struct measurement measurements[] = {
    { "dispatch", "REGISTERED READY EVENTS", 3, 3, measure_dispatch },
    { "dispatch-alone", "READY EVENTS", 2, 2, measure_dispatch_alone },
    { "ring", "PAIRS ACTIVE WRITES", 3, 3, measure_ring },
    { "post", "SENDERS COUNT", 2, 2, measure_post },
    { "pingpong", "SPIN_US COUNT [PLACEMENT]", 2, 3, measure_ping_pong },
    { "pingpong-spin", "SPIN_US COUNT", 2, 2, measure_ping_pong },
    { "periodic", "PERIOD_US TICKS", 2, 2, measure_periodic },
    { "signals", "BURST COUNT", 2, 2, measure_signals },
    { "echo", "", 0, 0, serve_echo },
    { "memory-fd", "COUNT", 1, 1, measure_memory },
    { "startup", "COUNT", 1, 1, measure_startup },
    { "idle", "", 0, 0, stay_idle },
    { NULL, NULL, 0, 0, NULL },
};
#endif

int create_epoll(void)
{
    return checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
}

void watch(int epoll, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = { .events = events, .data.u64 = data };
    checked(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

const char *driver_version(void)
{
    return "";
}
