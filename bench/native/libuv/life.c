/* startup and idle. */
#include "descriptors.h"
#include "uv_driver.h"

void measure_startup(const long *parameters, int count)
{
    (void)count;
    uv_loop_t loop;
    int64_t start = now_ns();
    for (long i = 0; i < parameters[0]; i++) {
        uv_checked(uv_loop_init(&loop), "uv_loop_init");
        uv_checked(uv_loop_close(&loop), "uv_loop_close");
    }
    report((double)(now_ns() - start) / (double)parameters[0]);
}

static void never(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

void stay_idle(const long *parameters, int count)
{
    (void)parameters;
    (void)count;
    uv_poll_t poll;
    uv_loop_t *loop = create_loop();
    uv_checked(uv_poll_init(loop, &poll, spread_eventfds(1, 0)[0]), "uv_poll_init");
    uv_checked(uv_poll_start(&poll, UV_READABLE, never), "uv_poll_start");
    end_with_input();
    report(0);
    uv_run(loop, UV_RUN_DEFAULT);
}
