/*
 * libevent, from libevent_core alone: no locks, because one thread uses the base, and persistent events. Without locks it
 * accepts nothing from other threads, so it has no post.
 *
 * With COMMON_TIMEOUTS it also uses event_base_init_common_timeout, which puts timers of one duration into a queue
 * of their own; only timers differ.
 */
#include "libevent_driver.h"

#ifdef COMMON_TIMEOUTS
const char driver_name[] = "libevent-common";

const struct measurement measurements[] = {
    { "restart", "OUTSTANDING COUNT", 2, 2, measure_restart },
    { "fire", "0 COUNT", 2, 2, measure_fire },
    { NULL, NULL, 0, 0, NULL },
};
#else
const char driver_name[] = "libevent";

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
#endif

struct event_base *create_base(int flags)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        die("event_config_new");
    checked(event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV | flags), "event_config_set_flag");
    checked(event_config_require_features(config, EV_FEATURE_O1), "event_config_require_features");
    struct event_base *base = event_base_new_with_config(config);
    if (base == NULL)
        die("event_base_new_with_config");
    event_config_free(config);
    return base;
}

struct event *allocate_events(long count)
{
    return allocate((size_t)count, sizeof(struct event));
}

const char *driver_version(void)
{
    return event_get_version();
}
