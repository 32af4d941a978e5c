/* libuv: uv_poll for descriptors, uv_async for other threads, uv_tcp with uv_try_write for echo, uv_queue_work for workers. */
#include "uv_driver.h"

#include <stdio.h>
#include <stdlib.h>

const char driver_name[] = "libuv";

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
    { "work", "WORK_US COUNT", 2, 2, measure_work },
    { "memory-fd", "COUNT", 1, 1, measure_memory_fd },
    { "memory-timer", "COUNT", 1, 1, measure_memory_timer },
    { "startup", "COUNT", 1, 1, measure_startup },
    { "idle", "", 0, 0, stay_idle },
    { NULL, NULL, 0, 0, NULL },
};

void uv_checked(int result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "%s: %s: %s\n", driver_name, what, uv_strerror(result));
        exit(1);
    }
}

uv_loop_t *create_loop(void)
{
    uv_loop_t *loop = allocate(1, sizeof *loop);
    uv_checked(uv_loop_init(loop), "uv_loop_init");
    return loop;
}

const char *driver_version(void)
{
    return uv_version_string();
}
