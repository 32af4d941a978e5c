#ifndef SD_DRIVER_H
#define SD_DRIVER_H

#include "driver.h"

#include <systemd/sd-event.h>

/* Ends the program if a call of the library failed, that is, returned a negative errno. */
int sd_checked(int result, const char *what);
sd_event *create_loop(void);

/* Runs until the measurement is over. Does not use sd_event_exit, after which a loop cannot run again. */
void run_loop(sd_event *loop, bool *is_over);

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
