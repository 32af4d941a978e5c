/* startup and idle. */
#include "descriptors.h"
#include "sd_driver.h"

#include <sys/epoll.h>

void measure_startup(const long *parameters, int count)
{
    (void)count;
    int64_t start = now_ns();
    for (long i = 0; i < parameters[0]; i++)
        sd_event_unref(create_loop());
    report((double)(now_ns() - start) / (double)parameters[0]);
}

static int never(sd_event_source *source, int fd, uint32_t events, void *unused)
{
    (void)source;
    (void)fd;
    (void)events;
    (void)unused;
    return 0;
}

void stay_idle(const long *parameters, int count)
{
    (void)parameters;
    (void)count;
    sd_event *loop = create_loop();
    sd_checked(sd_event_add_io(loop, NULL, spread_eventfds(1, 0)[0], EPOLLIN, never, NULL), "sd_event_add_io");
    end_with_input();
    report(0);
    sd_checked(sd_event_loop(loop), "sd_event_loop");
}
