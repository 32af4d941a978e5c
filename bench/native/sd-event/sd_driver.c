/* sd-event, which runs one callback per iteration and orders ready sources by priority. It accepts nothing from other threads. */
#define _GNU_SOURCE /* dladdr */
#include "sd_driver.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

const char driver_name[] = "sd-event";

const struct measurement measurements[] = {
    { "dispatch", "REGISTERED READY EVENTS", 3, 3, measure_dispatch },
    { "ring", "PAIRS ACTIVE WRITES", 3, 3, measure_ring },
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

int sd_checked(int result, const char *what)
{
    if (result < 0) {
        errno = -result;
        die(what);
    }
    return result;
}

sd_event *create_loop(void)
{
    sd_event *loop;
    sd_checked(sd_event_new(&loop), "sd_event_new");
    return loop;
}

void run_loop(sd_event *loop, bool *is_over)
{
    for (*is_over = false; !*is_over;)
        sd_checked(sd_event_run(loop, UINT64_MAX), "sd_event_run");
}

/* libsystemd has no function for it; its file's name has the version after ".so.". */
const char *driver_version(void)
{
    static const char suffix[] = ".so.";
    static char path[PATH_MAX];
    Dl_info library;
    if (dladdr((void *)(uintptr_t)sd_event_new, &library) == 0 || realpath(library.dli_fname, path) == NULL)
        return "";
    const char *number = strstr(path, suffix);
    return number == NULL ? "" : number + strlen(suffix);
}
