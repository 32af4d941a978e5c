/*
 * An echo server as one would write it on readiness: read, write at once, and wait for room only where the kernel had none,
 * without reading on meanwhile. Another read in the same turn only where the buffer came full. What the peers add is who waits.
 */
#ifndef ECHO_H
#define ECHO_H

#include <stddef.h>

/* What the connection waits for next. */
enum echo_state { ECHO_READS, ECHO_WRITES, ECHO_CLOSED };

struct connection {
    int fd;
    char *left; /* what the kernel had no room for */
    size_t left_length, left_offset;
};

/* A listener on a free port of 127.0.0.1, non-blocking; its connections inherit TCP_NODELAY. */
int listen_on_loopback(void);
void report_port(int listener);

/* The next connection, or null where there is none. */
struct connection *accept_connection(int listener);

enum echo_state echo_input(struct connection *connection);
enum echo_state echo_rest(struct connection *connection);

/* Closes and frees it. */
void close_connection(struct connection *connection);

#endif
