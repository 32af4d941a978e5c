/*
 * echo: each connection has DEPTH requests in flight, and sends the next ones when answers are complete. Closed loop: a slow server gets
 * fewer requests. The time of a request runs from its write to the read that completes its answer. A request without an answer at the end
 * counts with the time that it has waited; otherwise a server would look the better the more requests it leaves waiting.
 */
#include "latencies.h"
#include "load_driver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CAPACITY = 512, READ_LENGTH = 256 * 1024 };

struct client {
    int fd;
    bool waits_for_room;
    long to_write;      /* bytes of requests that the kernel has not taken yet */
    long answered;      /* bytes of the unfinished answer */
    int64_t *sent_at;   /* ring of DEPTH: when the requests in flight were written, the oldest first */
    long first;
};

static long depth, request_length;
static const char *requests;
static struct latencies latencies;

static void arm(int epoll, int operation, struct client *client)
{
    struct epoll_event event = { .events = EPOLLIN | (client->waits_for_room ? EPOLLOUT : 0), .data.ptr = client };
    checked(epoll_ctl(epoll, operation, client->fd, &event), "epoll_ctl");
}

static void write_requests(int epoll, struct client *client)
{
    bool waited = client->waits_for_room;
    while (client->to_write > 0) {
        ssize_t written = write(client->fd, requests, (size_t)client->to_write);
        if (written < 0 && errno != EAGAIN)
            die("write");
        if (written < 0)
            break;
        client->to_write -= written;
    }
    client->waits_for_room = client->to_write > 0;
    if (client->waits_for_room != waited)
        arm(epoll, EPOLL_CTL_MOD, client);
}

static void read_answers(int epoll, struct client *client)
{
    static char answers[READ_LENGTH];
    ssize_t length = read(client->fd, answers, sizeof answers);
    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0) {
        if (length == 0)
            errno = ECONNRESET;
        die("the server");
    }

    int64_t now = now_ns();
    client->answered += length;
    for (; client->answered >= request_length; client->answered -= request_length) {
        record(&latencies, now - client->sent_at[client->first]);
        client->sent_at[client->first] = now;
        client->first = client->first + 1 == depth ? 0 : client->first + 1;
        client->to_write += request_length;
    }
    if (!client->waits_for_room)
        write_requests(epoll, client);
}

static struct client *connect_client(int port)
{
    int one = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct client *client = allocate(1, sizeof *client);
    client->sent_at = allocate((size_t)depth, sizeof *client->sent_at);
    client->fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    checked(setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), "TCP_NODELAY");
    checked(connect(client->fd, (struct sockaddr *)&address, sizeof address), "connect");

    /* Ends as a reset, so that thousands of ports are not kept in TIME_WAIT for the next round. */
    struct linger reset = { .l_onoff = 1 };
    checked(setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), "SO_LINGER");
    return client;
}

void load_echo(const long *parameters, int count)
{
    static struct epoll_event ready[CAPACITY];
    long connections = parameters[1];
    (void)count;
    request_length = parameters[2];
    depth = parameters[3];
    requests = allocate((size_t)depth, (size_t)request_length);
    int epoll = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    struct client **clients = allocate((size_t)connections, sizeof *clients);
    for (long i = 0; i < connections; i++)
        clients[i] = connect_client((int)parameters[0]);

    int64_t start = now_ns();
    for (long i = 0; i < connections; i++) {
        for (long j = 0; j < depth; j++)
            clients[i]->sent_at[j] = start;
        clients[i]->to_write = depth * request_length;
        checked(fcntl(clients[i]->fd, F_SETFL, O_NONBLOCK), "fcntl");
        arm(epoll, EPOLL_CTL_ADD, clients[i]);
        write_requests(epoll, clients[i]);
    }

    int64_t end = start + parameters[4] * 1000000, now = start;
    while (now < end) {
        int ready_count = epoll_wait(epoll, ready, CAPACITY, 10);
        for (int i = 0; i < ready_count; i++) {
            if (ready[i].events & EPOLLOUT)
                write_requests(epoll, ready[i].data.ptr);
            if (ready[i].events & ~(uint32_t)EPOLLOUT)
                read_answers(epoll, ready[i].data.ptr);
        }
        now = now_ns();
    }

    long answered = latencies.count;
    for (long i = 0; i < connections; i++)
        for (long j = 0; j < depth; j++)
            record(&latencies, now - clients[i]->sent_at[j]);

    double seconds = (double)(now - start) / 1e9;
    double figures[] = {
        (double)answered / seconds,
        quantile(&latencies, 0.5),
        quantile(&latencies, 0.99),
        quantile(&latencies, 0.999),
        (double)answered,
    };
    report_all(figures, 5);
}
