/* Timers: time sources with an accuracy of a microsecond. A start is a new time and ONESHOT, a cancellation OFF. */
#include "sd_driver.h"
#include "ticks.h"
#include "timeouts.h"

#include <time.h>

enum { ACCURACY_US = 1 };

static bool is_over;

static int nothing(sd_event_source *source, uint64_t due, void *unused)
{
    (void)source;
    (void)due;
    (void)unused;
    return 0;
}

static uint64_t now_us(void)
{
    return (uint64_t)now_ns() / 1000;
}

static sd_event_source *start_timer(sd_event *loop, uint64_t due, sd_event_time_handler_t callback, void *data)
{
    sd_event_source *timer;
    sd_checked(sd_event_add_time(loop, &timer, CLOCK_MONOTONIC, due, ACCURACY_US, callback, data), "sd_event_add_time");
    return timer;
}

static void start_outstanding(sd_event *loop, long count)
{
    for (long i = 0; i < count; i++)
        start_timer(loop, now_us() + (uint64_t)random_timeout_ms() * 1000, nothing, NULL);
}

static double restart(sd_event_source **timers, const uint64_t *due, long operations)
{
    int64_t start = now_ns();
    for (long left = operations; left > 0; left -= TAKING_TURNS) {
        for (int i = 0; i < TAKING_TURNS && i < left; i++) {
            sd_event_source *timer = timers[i];
            sd_event_source_set_time(timer, due[i]);
            sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
            sd_event_source_set_enabled(timer, SD_EVENT_OFF);
        }
    }
    return (double)(now_ns() - start) / (double)operations;
}

void measure_restart(const long *parameters, int count)
{
    (void)count;
    static sd_event_source *timers[TAKING_TURNS];
    static uint64_t due[TAKING_TURNS];
    sd_event *loop = create_loop();
    start_outstanding(loop, parameters[0]);
    for (int i = 0; i < TAKING_TURNS; i++) {
        due[i] = now_us() + (uint64_t)random_timeout_ms() * 1000;
        timers[i] = start_timer(loop, due[i], nothing, NULL);
        sd_checked(sd_event_source_set_enabled(timers[i], SD_EVENT_OFF), "sd_event_source_set_enabled");
    }
    restart(timers, due, parameters[1] / 10 + 1);
    report(restart(timers, due, parameters[1]));
}

static int count_firing(sd_event_source *source, uint64_t due, void *left)
{
    (void)source;
    (void)due;
    is_over = --*(long *)left == 0;
    return 0;
}

void measure_fire(const long *parameters, int count)
{
    (void)count;
    sd_event *loop = create_loop();
    long left = parameters[1];
    uint64_t begin = now_us();
    for (long i = 0; i < parameters[1]; i++)
        start_timer(loop, begin + (uint64_t)random_due_us(parameters[0]), count_firing, &left);
    sleep_us(LEAD_MS * 1000 + parameters[0] + 2000);
    int64_t start = now_ns();
    run_loop(loop, &is_over);
    report((double)(now_ns() - start) / (double)parameters[1]);
}

/* Absolute times keep the phase; missed ticks are skipped. */
static int tick(sd_event_source *source, uint64_t due, void *argument)
{
    struct ticks *ticks = argument;
    (void)due;
    is_over = count_tick(ticks);
    sd_checked(sd_event_source_set_time(source, (uint64_t)(ticks->due + ticks->period) / 1000), "sd_event_source_set_time");
    sd_checked(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT), "sd_event_source_set_enabled");
    return 0;
}

void measure_periodic(const long *parameters, int count)
{
    (void)count;
    struct ticks ticks;
    sd_event *loop = create_loop();
    start_ticks(&ticks, parameters[0], parameters[1], PHASE_KEPT);
    start_timer(loop, (uint64_t)(ticks.start + ticks.period) / 1000, tick, &ticks);
    run_loop(loop, &is_over);
    report_ticks(&ticks);
}

void measure_memory_timer(const long *parameters, int count)
{
    (void)count;
    sd_event *loop = create_loop();
    double before = allocated_bytes();
    start_outstanding(loop, parameters[0]);
    report((allocated_bytes() - before) / (double)parameters[0]);
}
