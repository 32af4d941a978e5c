#ifndef LOAD_DRIVER_H
#define LOAD_DRIVER_H

#include "driver.h"

void load_echo(const long *parameters, int count);
void send_counters(const long *parameters, int count);

#endif
