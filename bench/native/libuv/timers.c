/* Timers: uv_timer, whole milliseconds. A start reads the loop's cached time. */
#include "ticks.h"
#include "timeouts.h"
#include "uv_driver.h"

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

static uv_timer_t *create_timers(uv_loop_t *loop, long count)
{
    uv_timer_t *timers = allocate((size_t)count, sizeof *timers);
    for (long i = 0; i < count; i++)
        uv_checked(uv_timer_init(loop, &timers[i]), "uv_timer_init");
    return timers;
}

static double restart(uv_timer_t *timers, const uint64_t *timeouts, long operations)
{
    int64_t start = now_ns();
    for (long left = operations; left > 0; left -= TAKING_TURNS) {
        for (int i = 0; i < TAKING_TURNS && i < left; i++) {
            uv_timer_t *timer = &timers[i];
            uv_timer_start(timer, nothing, timeouts[i], 0);
            uv_timer_stop(timer);
        }
    }
    return (double)(now_ns() - start) / (double)operations;
}

void measure_restart(const long *parameters, int count)
{
    (void)count;
    uv_loop_t *loop = create_loop();
    uv_timer_t *outstanding = create_timers(loop, parameters[0] + 1);
    for (long i = 0; i < parameters[0]; i++)
        uv_checked(uv_timer_start(&outstanding[i], nothing, (uint64_t)random_timeout_ms(), 0), "uv_timer_start");

    uint64_t timeouts[TAKING_TURNS];
    for (int i = 0; i < TAKING_TURNS; i++)
        timeouts[i] = (uint64_t)random_timeout_ms();
    uv_timer_t *timers = create_timers(loop, TAKING_TURNS);
    restart(timers, timeouts, parameters[1] / 10 + 1);
    report(restart(timers, timeouts, parameters[1]));
}

static long fired;

static void count_firing(uv_timer_t *timer)
{
    (void)timer;
    fired++;
}

void measure_fire(const long *parameters, int count)
{
    (void)count;
    uv_loop_t *loop = create_loop();
    uv_timer_t *timers = create_timers(loop, parameters[1]);
    for (long i = 0; i < parameters[1]; i++)
        uv_checked(uv_timer_start(&timers[i], count_firing, (uint64_t)(random_due_us(parameters[0]) / 1000), 0), "uv_timer_start");
    sleep_us(LEAD_MS * 1000 + parameters[0] + 2000);
    int64_t start = now_ns();
    while (fired < parameters[1])
        uv_run(loop, UV_RUN_NOWAIT);
    report((double)(now_ns() - start) / (double)parameters[1]);
}

static void tick(uv_timer_t *timer)
{
    if (count_tick(timer->data))
        uv_stop(timer->loop);
}

void measure_periodic(const long *parameters, int count)
{
    (void)count;
    struct ticks ticks;
    uv_loop_t *loop = create_loop();
    uv_timer_t *timer = create_timers(loop, 1);
    uint64_t period = (uint64_t)(parameters[0] / 1000);
    start_ticks(&ticks, parameters[0], parameters[1], PHASE_NONE); /* uv_timer_again counts from the loop's time */
    timer->data = &ticks;
    uv_checked(uv_timer_start(timer, tick, period, period), "uv_timer_start");
    uv_run(loop, UV_RUN_DEFAULT);
    report_ticks(&ticks);
}

void measure_memory_timer(const long *parameters, int count)
{
    (void)count;
    uv_loop_t *loop = create_loop();
    double before = allocated_bytes();
    uv_timer_t *timers = create_timers(loop, parameters[0]);
    for (long i = 0; i < parameters[0]; i++)
        uv_checked(uv_timer_start(&timers[i], nothing, (uint64_t)random_timeout_ms(), 0), "uv_timer_start");
    report((allocated_bytes() - before) / (double)parameters[0]);
}
