/* Timers: ev_timer. A start counts from the loop's cached time. */
#include "libev_driver.h"
#include "ticks.h"
#include "timeouts.h"

static void nothing(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)timer;
    (void)events;
}

static double restart(struct ev_loop *loop, ev_timer *timers, const double *timeouts, long operations)
{
    int64_t start = now_ns();
    for (long left = operations; left > 0; left -= TAKING_TURNS) {
        for (int i = 0; i < TAKING_TURNS && i < left; i++) {
            ev_timer *timer = &timers[i];
            ev_timer_set(timer, timeouts[i], 0.);
            ev_timer_start(loop, timer);
            ev_timer_stop(loop, timer);
        }
    }
    return (double)(now_ns() - start) / (double)operations;
}

static ev_timer *start_timers(struct ev_loop *loop, long count)
{
    ev_timer *timers = allocate((size_t)count + 1, sizeof *timers);
    for (long i = 0; i < count; i++) {
        ev_timer_init(&timers[i], nothing, (double)random_timeout_ms() / 1e3, 0.);
        ev_timer_start(loop, &timers[i]);
    }
    return timers;
}

void measure_restart(const long *parameters, int count)
{
    (void)count;
    static ev_timer timers[TAKING_TURNS];
    static double timeouts[TAKING_TURNS];
    struct ev_loop *loop = create_loop();
    start_timers(loop, parameters[0]);
    for (int i = 0; i < TAKING_TURNS; i++) {
        timeouts[i] = (double)random_timeout_ms() / 1e3;
        ev_timer_init(&timers[i], nothing, 0., 0.);
    }
    restart(loop, timers, timeouts, parameters[1] / 10 + 1);
    report(restart(loop, timers, timeouts, parameters[1]));
}

static long fired;

static void count_firing(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)timer;
    (void)events;
    fired++;
}

void measure_fire(const long *parameters, int count)
{
    (void)count;
    struct ev_loop *loop = create_loop();
    ev_timer *timers = allocate((size_t)parameters[1], sizeof *timers);
    for (long i = 0; i < parameters[1]; i++) {
        ev_timer_init(&timers[i], count_firing, (double)random_due_us(parameters[0]) / 1e6, 0.);
        ev_timer_start(loop, &timers[i]);
    }
    sleep_us(LEAD_MS * 1000 + parameters[0] + 2000);
    int64_t start = now_ns();
    while (fired < parameters[1])
        ev_run(loop, EVRUN_NOWAIT);
    report((double)(now_ns() - start) / (double)parameters[1]);
}

static void tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    if (count_tick(timer->data))
        ev_break(loop, EVBREAK_ONE);
}

void measure_periodic(const long *parameters, int count)
{
    (void)count;
    struct ticks ticks;
    struct ev_loop *loop = create_loop();
    double period = (double)parameters[0] / 1e6;
    ev_timer timer;
    ev_timer_init(&timer, tick, period, period);
    timer.data = &ticks;
    ev_now_update(loop);
    start_ticks(&ticks, parameters[0], parameters[1], PHASE_AT_MISS);
    ev_timer_start(loop, &timer);
    ev_run(loop, 0);
    report_ticks(&ticks);
}

void measure_memory_timer(const long *parameters, int count)
{
    (void)count;
    struct ev_loop *loop = create_loop();
    double before = allocated_bytes();
    start_timers(loop, parameters[0]);
    report((allocated_bytes() - before) / (double)parameters[0]);
}
