/*
 * statsd_flood: counters over UDP to 127.0.0.1, one per datagram, by sendmmsg and at a steady pace. It measures any receiver of StatsD.
 *
 *   cc -O2 -o statsd_flood statsd_flood.c
 *   statsd_flood PORT PACKETS PACKETS_A_SECOND [NAMES [BATCH]]
 *
 * PACKETS_A_SECOND of 0 is full speed. With NAMES, the counters are n0 to n(NAMES - 1) in turn, otherwise all are n0. BATCH
 * (default 32) is how many datagrams a system call sends; the pace is kept from batch to batch.
 *
 * "refused" says little: sendmmsg reports an error only for the first datagram of its batch, and discards the others'. If nothing
 * listens, the answer to one datagram is the error of the next one, so with a BATCH above 1 nothing is refused, and the number
 * sent is not the number received.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { MAX_BATCH = 1024, MAX_TEXT = 32 };

static long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: statsd_flood PORT PACKETS PACKETS_A_SECOND [NAMES [BATCH]]\n");
        return 2;
    }

    long packets = atol(argv[2]);
    double pace = atof(argv[3]);
    long names = argc > 4 && atol(argv[4]) > 0 ? atol(argv[4]) : 1;
    int batch = argc > 5 ? atoi(argv[5]) : 32;
    if (packets <= 0 || batch < 1 || batch > MAX_BATCH) {
        fprintf(stderr, "statsd_flood: PACKETS must be more than 0, and BATCH 1 to %d\n", MAX_BATCH);
        return 2;
    }

    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        die("socket");

    static char text[MAX_BATCH][MAX_TEXT];
    static struct iovec parts[MAX_BATCH];
    static struct mmsghdr messages[MAX_BATCH];
    for (int i = 0; i < batch; i++) {
        parts[i].iov_base = text[i];
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }

    long begin = now_ns();
    long sent = 0;
    long failed = 0;
    while (sent < packets) {
        int count = packets - sent < batch ? (int)(packets - sent) : batch;
        for (int i = 0; i < count; i++)
            parts[i].iov_len = snprintf(text[i], MAX_TEXT, "n%ld:1|c", (sent + i) % names);

        /* A few microseconds of spinning are more exact than any sleep; during a longer wait others get the processor. */
        long due = begin + (pace > 0 ? (long)(sent / pace * 1e9) : 0);
        long left = due - now_ns();
        if (left > 200000) {
            left -= 100000;
            struct timespec rest = { .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 };
            nanosleep(&rest, NULL);
        }
        while (now_ns() < due)
            ;

        int done = sendmmsg(fd, messages, count, 0);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            /* Nothing listened a moment ago, or there is no room: the datagram is lost. */
            if (errno != ECONNREFUSED && errno != ENOBUFS)
                die("sendmmsg");
            failed++;
            done = 1;
        }
        sent += done;
    }

    double seconds = (now_ns() - begin) / 1e9;
    printf("%ld sent, %ld refused, %.3f s, %.0f a second\n", sent, failed, seconds, sent / seconds);
    return 0;
}
