#include "volley.h"

#include "driver.h"

#include <sys/eventfd.h>
#include <unistd.h>

int create_answer(void)
{
    return checked(eventfd(0, EFD_CLOEXEC), "eventfd");
}

static int64_t play(void (*serve)(void *loop), void *loop, int answer_fd, long trips)
{
    int64_t start = now_ns();
    for (long i = 0; i < trips; i++) {
        uint64_t value;
        serve(loop);
        while (read(answer_fd, &value, sizeof value) != sizeof value) {
            if (errno != EINTR)
                die("read");
        }
    }
    return now_ns() - start;
}

double volley(void (*serve)(void *loop), void *loop, int answer_fd, long trips)
{
    play(serve, loop, answer_fd, trips / 10 + 1);
    return (double)play(serve, loop, answer_fd, trips) / (double)trips;
}
