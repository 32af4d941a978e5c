/* startup and idle. */
#include "descriptors.h"
#include "libevent_driver.h"

void measure_startup(const long *parameters, int count)
{
    (void)count;
    int64_t start = now_ns();
    for (long i = 0; i < parameters[0]; i++)
        event_base_free(create_base(0));
    report((double)(now_ns() - start) / (double)parameters[0]);
}

static void never(evutil_socket_t fd, short what, void *unused)
{
    (void)fd;
    (void)what;
    (void)unused;
}

void stay_idle(const long *parameters, int count)
{
    (void)parameters;
    (void)count;
    struct event_base *base = create_base(0);
    struct event *event = allocate_events(1);
    event_assign(event, base, spread_eventfds(1, 0)[0], EV_READ | EV_PERSIST, never, NULL);
    checked(event_add(event, NULL), "event_add");
    end_with_input();
    report(0);
    event_base_dispatch(base);
}
