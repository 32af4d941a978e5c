#ifndef UV_DRIVER_H
#define UV_DRIVER_H

#include "driver.h"

#include <uv.h>

/* Ends the program with the library's message if a call failed. */
void uv_checked(int result, const char *what);
uv_loop_t *create_loop(void);

void measure_dispatch(const long *parameters, int count);
void measure_ring(const long *parameters, int count);
void measure_post(const long *parameters, int count);
void measure_ping_pong(const long *parameters, int count);
void measure_restart(const long *parameters, int count);
void measure_fire(const long *parameters, int count);
void measure_periodic(const long *parameters, int count);
void serve_echo(const long *parameters, int count);
void measure_work(const long *parameters, int count);
void measure_memory_fd(const long *parameters, int count);
void measure_memory_timer(const long *parameters, int count);
void measure_startup(const long *parameters, int count);
void stay_idle(const long *parameters, int count);

#endif
