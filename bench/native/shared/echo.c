#define _GNU_SOURCE
#include "echo.h"

#include "driver.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_LENGTH = 64 * 1024, BACKLOG = 8192 };

/* A full buffer is usually followed by more data, which is still in the cache. But other connections wait. */
enum { READS_A_TURN = 4 };

int listen_on_loopback(void)
{
    int one = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int listener = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
    checked(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), "TCP_NODELAY");
    checked(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
    checked(listen(listener, BACKLOG), "listen");
    return listener;
}

void report_port(int listener)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    checked(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
    report(ntohs(address.sin_port));
}

struct connection *accept_connection(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
            return NULL;
        die("accept4");
    }

    struct connection *connection = allocate(1, sizeof *connection);
    connection->fd = fd;
    return connection;
}

static enum echo_state keep(struct connection *connection, const char *bytes, size_t length)
{
    connection->left = allocate(1, length);
    memcpy(connection->left, bytes, length);
    connection->left_length = length;
    connection->left_offset = 0;
    return ECHO_WRITES;
}

/* Handles one read. */
static enum echo_state answer(struct connection *connection, bool *came_full)
{
    static char buffer[BUFFER_LENGTH];
    ssize_t length = read(connection->fd, buffer, sizeof buffer);
    *came_full = length == (ssize_t)sizeof buffer;
    if (length <= 0)
        return length < 0 && errno == EAGAIN ? ECHO_READS : ECHO_CLOSED;
    ssize_t written = write(connection->fd, buffer, (size_t)length);
    if (written < 0) {
        if (errno != EAGAIN)
            return ECHO_CLOSED;
        written = 0;
    }
    return written == length ? ECHO_READS : keep(connection, buffer + written, (size_t)(length - written));
}

enum echo_state echo_input(struct connection *connection)
{
    bool came_full = true;
    enum echo_state state = ECHO_READS;
    for (int reads = 0; reads < READS_A_TURN && came_full && state == ECHO_READS; reads++)
        state = answer(connection, &came_full);
    return state;
}

enum echo_state echo_rest(struct connection *connection)
{
    size_t length = connection->left_length - connection->left_offset;
    ssize_t written = write(connection->fd, connection->left + connection->left_offset, length);
    if (written < 0)
        return errno == EAGAIN ? ECHO_WRITES : ECHO_CLOSED;
    connection->left_offset += (size_t)written;
    if (connection->left_offset < connection->left_length)
        return ECHO_WRITES;
    free(connection->left);
    connection->left = NULL;
    return ECHO_READS;
}

void close_connection(struct connection *connection)
{
    close(connection->fd);
    free(connection->left);
    free(connection);
}
