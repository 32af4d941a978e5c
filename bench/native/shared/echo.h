/*
 * The common part of echo servers on readiness: read, write at once, and wait for room only if the kernel had none, without
 * reading meanwhile. Read again in the same turn only if the buffer came full. The peers add the waiting.
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

/* The next connection, or null if there is none. */
struct connection *accept_connection(int listener);

enum echo_state echo_input(struct connection *connection);
enum echo_state echo_rest(struct connection *connection);

/* Closes and frees it. */
void close_connection(struct connection *connection);

#endif
