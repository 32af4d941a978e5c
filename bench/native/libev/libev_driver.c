/* libev, always on epoll; ev_async for other threads. */
#include "libev_driver.h"

#include <stdio.h>

const char driver_name[] = "libev";

const struct measurement measurements[] = {
    { "dispatch", "REGISTERED READY EVENTS", 3, 3, measure_dispatch },
    { "ring", "PAIRS ACTIVE WRITES", 3, 3, measure_ring },
    { "post", "SENDERS COUNT", 2, 2, measure_post },
    { "pingpong", "0 COUNT", 2, 2, measure_ping_pong },
    { "restart", "OUTSTANDING COUNT", 2, 2, measure_restart },
    { "fire", "0 COUNT", 2, 2, measure_fire },
    { "fire-random", "SPREAD_US COUNT", 2, 2, measure_fire },
    { "periodic", "PERIOD_US TICKS", 2, 2, measure_periodic },
    { "echo", "", 0, 0, serve_echo },
    { "memory-fd", "COUNT", 1, 1, measure_memory_fd },
    { "memory-timer", "COUNT", 1, 1, measure_memory_timer },
    { "startup", "COUNT", 1, 1, measure_startup },
    { "idle", "", 0, 0, stay_idle },
    { NULL, NULL, 0, 0, NULL },
};

struct ev_loop *create_loop(void)
{
    struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (loop == NULL)
        die("ev_loop_new");
    return loop;
}

const char *driver_version(void)
{
    static char version[32];
    snprintf(version, sizeof version, "%d.%d", ev_version_major(), ev_version_minor());
    return version;
}
