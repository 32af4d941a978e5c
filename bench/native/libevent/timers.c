/* Timers. They are started in a callback, where the base has already read the clock. */
#include "libevent_driver.h"
#include "ticks.h"
#include "timeouts.h"

static struct event_base *base;

static void nothing(evutil_socket_t fd, short what, void *unused)
{
    (void)fd;
    (void)what;
    (void)unused;
}

static struct timeval of_us(int64_t microseconds)
{
    return (struct timeval){ .tv_sec = microseconds / 1000000, .tv_usec = microseconds % 1000000 };
}

static struct timeval random_timeout(void)
{
#ifdef COMMON_TIMEOUTS
    struct timeval hour = of_us(INT64_C(3600) * 1000000);
    return *event_base_init_common_timeout(base, &hour);
#else
    return of_us(random_timeout_ms() * 1000);
#endif
}

static struct timeval random_due(int64_t spread_us)
{
    struct timeval due = of_us(random_due_us(spread_us));
#ifdef COMMON_TIMEOUTS
    due = *event_base_init_common_timeout(base, &due);
#endif
    return due;
}

static struct event *create_timers(long count, event_callback_fn callback)
{
    struct event *timers = allocate_events(count);
    for (long i = 0; i < count; i++)
        checked(evtimer_assign(&timers[i], base, callback, NULL), "evtimer_assign");
    return timers;
}

struct restarting {
    struct event *timers;
    struct timeval timeouts[TAKING_TURNS];
    long operations;
    int64_t elapsed;
};

static void restart_all(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct restarting *restarting = argument;
    int64_t start = now_ns();
    for (long left = restarting->operations; left > 0; left -= TAKING_TURNS) {
        for (int i = 0; i < TAKING_TURNS && i < left; i++) {
            struct event *timer = &restarting->timers[i];
            evtimer_add(timer, &restarting->timeouts[i]);
            evtimer_del(timer);
        }
    }
    restarting->elapsed = now_ns() - start;
}

static double restart(struct restarting *restarting, long operations)
{
    struct timeval now = { 0, 0 };
    restarting->operations = operations;
    checked(event_base_once(base, -1, EV_TIMEOUT, restart_all, restarting, &now), "event_base_once");
    event_base_loop(base, EVLOOP_ONCE);
    return (double)restarting->elapsed / (double)operations;
}

void measure_restart(const long *parameters, int count)
{
    (void)count;
    static struct restarting restarting;
    base = create_base(0);
    struct event *outstanding = create_timers(parameters[0] + 1, nothing);
    for (long i = 0; i < parameters[0]; i++) {
        struct timeval timeout = random_timeout();
        checked(evtimer_add(&outstanding[i], &timeout), "evtimer_add");
    }
    for (int i = 0; i < TAKING_TURNS; i++)
        restarting.timeouts[i] = random_timeout();
    restarting.timers = create_timers(TAKING_TURNS, nothing);
    restart(&restarting, parameters[1] / 10 + 1);
    report(restart(&restarting, parameters[1]));
}

static long fired;

static void count_firing(evutil_socket_t fd, short what, void *unused)
{
    (void)fd;
    (void)what;
    (void)unused;
    fired++;
}

void measure_fire(const long *parameters, int count)
{
    (void)count;
    base = create_base(0);
    struct event *timers = create_timers(parameters[1], count_firing);
    for (long i = 0; i < parameters[1]; i++) {
        struct timeval due = random_due(parameters[0]);
        checked(evtimer_add(&timers[i], &due), "evtimer_add");
    }
    sleep_us(LEAD_MS * 1000 + parameters[0] + 2000);
    int64_t start = now_ns();
    while (fired < parameters[1])
        event_base_loop(base, EVLOOP_NONBLOCK);
    report((double)(now_ns() - start) / (double)parameters[1]);
}

static void tick(evutil_socket_t fd, short what, void *ticks)
{
    (void)fd;
    (void)what;
    if (count_tick(ticks))
        event_base_loopbreak(base);
}

/* With a timerfd: a program that needs milliseconds requests the precise timer. */
void measure_periodic(const long *parameters, int count)
{
    (void)count;
    struct ticks ticks;
    base = create_base(EVENT_BASE_FLAG_PRECISE_TIMER);
    struct event *timer = allocate_events(1);
    struct timeval period = of_us(parameters[0]);
    checked(event_assign(timer, base, -1, EV_PERSIST, tick, &ticks), "event_assign");
    start_ticks(&ticks, parameters[0], parameters[1], PHASE_FROM_MISS);
    checked(event_add(timer, &period), "event_add");
    event_base_dispatch(base);
    report_ticks(&ticks);
}

void measure_memory_timer(const long *parameters, int count)
{
    (void)count;
    base = create_base(0);
    double before = allocated_bytes();
    struct event *timers = create_timers(parameters[0], nothing);
    for (long i = 0; i < parameters[0]; i++) {
        struct timeval timeout = random_timeout();
        checked(evtimer_add(&timers[i], &timeout), "evtimer_add");
    }
    report((allocated_bytes() - before) / (double)parameters[0]);
}
