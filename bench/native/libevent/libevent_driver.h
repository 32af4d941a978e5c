#ifndef LIBEVENT_DRIVER_H
#define LIBEVENT_DRIVER_H

#include "driver.h"

#include <event2/event.h>
#include <event2/event_struct.h>

/* On epoll, without locks. */
struct event_base *create_base(int flags);
struct event *allocate_events(long count);

void measure_dispatch(const long *parameters, int count);
void measure_ring(const long *parameters, int count);
void measure_restart(const long *parameters, int count);
void measure_fire(const long *parameters, int count);
void measure_periodic(const long *parameters, int count);
void serve_echo(const long *parameters, int count);
void measure_memory_fd(const long *parameters, int count);
void measure_memory_timer(const long *parameters, int count);
void measure_startup(const long *parameters, int count);
void stay_idle(const long *parameters, int count);

#endif
