/* echo: a TCP server. The pointer to the connection is the kernel's data. With ECHO_SPIN_US it polls for that long before it sleeps. */
#include "raw_epoll.h"

#include "echo.h"

#ifndef ECHO_SPIN_US
#define ECHO_SPIN_US 0
#endif

enum { CAPACITY = 256 };

static void rearm(int epoll, struct connection *connection, uint32_t interest)
{
    struct epoll_event event = { .events = interest, .data.ptr = connection };
    checked(epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &event), "epoll_ctl");
}

static void accept_all(int epoll, int listener)
{
    struct connection *connection;
    while ((connection = accept_connection(listener)) != NULL)
        watch(epoll, connection->fd, EPOLLIN, (uintptr_t)connection);
}

static void serve(int epoll, struct connection *connection, uint32_t events)
{
    bool was_writing = connection->left != NULL;
    enum echo_state state = was_writing && (events & EPOLLOUT) ? echo_rest(connection)
                            : was_writing                      ? ECHO_CLOSED
                                                               : echo_input(connection);
    if (state == ECHO_CLOSED)
        close_connection(connection);
    else if (was_writing != (state == ECHO_WRITES))
        rearm(epoll, connection, state == ECHO_WRITES ? EPOLLOUT : EPOLLIN);
}

static int wait_after_spin(int epoll, struct epoll_event *ready)
{
    int64_t end = ECHO_SPIN_US > 0 ? now_ns() + ECHO_SPIN_US * INT64_C(1000) : 0;
    while (ECHO_SPIN_US > 0 && now_ns() < end) {
        int count = wait_ready(epoll, ready, CAPACITY, 0);
        if (count > 0)
            return count;
    }
    return wait_ready(epoll, ready, CAPACITY, -1);
}

void serve_echo(const long *parameters, int count)
{
    (void)parameters;
    (void)count;
    static struct epoll_event ready[CAPACITY];
    int epoll = create_epoll();
    int listener = listen_on_loopback();
    watch(epoll, listener, EPOLLIN, 0);
    end_with_input();
    report_port(listener);
    for (;;) {
        int ready_count = wait_after_spin(epoll, ready);
        for (int i = 0; i < ready_count; i++) {
            if (ready[i].data.ptr == NULL)
                accept_all(epoll, listener);
            else
                serve(epoll, ready[i].data.ptr, ready[i].events);
        }
    }
}
