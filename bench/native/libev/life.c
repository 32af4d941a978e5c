/* startup and idle. */
#include "descriptors.h"
#include "libev_driver.h"

void measure_startup(const long *parameters, int count)
{
    (void)count;
    int64_t start = now_ns();
    for (long i = 0; i < parameters[0]; i++)
        ev_loop_destroy(create_loop());
    report((double)(now_ns() - start) / (double)parameters[0]);
}

static void never(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    (void)io;
    (void)events;
}

void stay_idle(const long *parameters, int count)
{
    (void)parameters;
    (void)count;
    ev_io io;
    struct ev_loop *loop = create_loop();
    ev_io_init(&io, never, spread_eventfds(1, 0)[0], EV_READ);
    ev_io_start(loop, &io);
    end_with_input();
    report(0);
    ev_run(loop, 0);
}
