#include "timeouts.h"

#include "driver.h"

#include <time.h>

int64_t random_timeout_ms(void)
{
    return 600 * 1000 + (int64_t)(next_random() % (3000 * 1000));
}

int64_t random_due_us(int64_t spread_us)
{
    return LEAD_MS * 1000 + (int64_t)(next_random() % (uint64_t)(spread_us + 1));
}

void sleep_us(int64_t microseconds)
{
    struct timespec rest = { .tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000 };
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        ;
}
