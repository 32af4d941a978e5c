/*
 * statsd: counters over UDP, one per packet, at a fixed rate: every millisecond a batch by sendmmsg. A late batch
 * is sent as a whole, so the rate is kept on average.
 */
#define _GNU_SOURCE
#include "load_driver.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { MOST_AT_ONCE = 1024 };

static const char counter[] = "compare.requests:1|c";

static int connect_to(int port)
{
    int bytes = 4 * 1024 * 1024;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    checked(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), "SO_SNDBUF");
    checked(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
    return fd;
}

static int start_clock(void)
{
    int clock = checked(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), "timerfd_create");
    struct itimerspec millisecond = { .it_value.tv_nsec = 1000000, .it_interval.tv_nsec = 1000000 };
    checked(timerfd_settime(clock, 0, &millisecond, NULL), "timerfd_settime");
    return clock;
}

void send_counters(const long *parameters, int count)
{
    static struct mmsghdr messages[MOST_AT_ONCE];
    (void)count;
    struct iovec packet = { .iov_base = (void *)counter, .iov_len = sizeof counter - 1 };
    for (int i = 0; i < MOST_AT_ONCE; i++)
        messages[i].msg_hdr = (struct msghdr){ .msg_iov = &packet, .msg_iovlen = 1 };
    int fd = connect_to((int)parameters[0]);
    int clock = start_clock();

    int64_t start = now_ns(), end = start + parameters[2] * 1000000, now;
    long sent = 0, refused = 0;
    while ((now = now_ns()) < end) {
        uint64_t expiries;
        if (read(clock, &expiries, sizeof expiries) != sizeof expiries)
            die("read");
        long owed = (long)((double)(now_ns() - start) * (double)parameters[1] / 1e9) - sent - refused;
        while (owed > 0) {
            int batch = owed < MOST_AT_ONCE ? (int)owed : MOST_AT_ONCE;
            int taken = sendmmsg(fd, messages, (unsigned)batch, 0);
            if (taken < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
                die("sendmmsg");
            sent += taken > 0 ? taken : 0;
            refused += taken < 0 ? 1 : 0;
            owed -= taken > 0 ? taken : 1;
        }
    }
    double figures[] = { (double)sent, (double)refused, (double)(sent + refused) * 1e9 / (double)(now - start) };
    report_all(figures, 3);
}
