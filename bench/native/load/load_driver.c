/*
 * The load generator of the servers.
 *
 *   echo PORT CONNECTIONS BYTES DEPTH MILLISECONDS    requests per second; p50, p99 and p99.9 of the time per request, ns; requests
 *   statsd PORT PACKETS_A_SECOND MILLISECONDS         sends counters by UDP at that rate: packets sent, packets refused here, rate reached
 */
#include "load_driver.h"

const char driver_name[] = "load";

const struct measurement measurements[] = {
    { "echo", "PORT CONNECTIONS BYTES DEPTH MILLISECONDS", 5, 5, load_echo },
    { "statsd", "PORT PACKETS_A_SECOND MILLISECONDS", 3, 3, send_counters },
    { NULL, NULL, 0, 0, NULL },
};

const char *driver_version(void)
{
    return "";
}
