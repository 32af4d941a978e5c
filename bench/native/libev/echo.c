/* echo: one ev_io per connection, whose interest changes only after EAGAIN. */
#include "echo.h"

#include "libev_driver.h"

#include <stdlib.h>

struct client {
    ev_io io; /* first, so that it is the client's address */
    struct connection *connection;
};

static void serve(struct ev_loop *loop, ev_io *io, int events)
{
    struct client *client = (struct client *)io;
    bool was_writing = events & EV_WRITE;
    enum echo_state state = was_writing ? echo_rest(client->connection) : echo_input(client->connection);
    if (state == ECHO_CLOSED) {
        ev_io_stop(loop, io);
        close_connection(client->connection);
        free(client);
    } else if (was_writing != (state == ECHO_WRITES)) {
        ev_io_stop(loop, io);
        ev_io_set(io, client->connection->fd, state == ECHO_WRITES ? EV_WRITE : EV_READ);
        ev_io_start(loop, io);
    }
}

static void accept_all(struct ev_loop *loop, ev_io *listener, int events)
{
    (void)events;
    struct connection *connection;
    while ((connection = accept_connection(listener->fd)) != NULL) {
        struct client *client = allocate(1, sizeof *client);
        client->connection = connection;
        ev_io_init(&client->io, serve, connection->fd, EV_READ);
        ev_io_start(loop, &client->io);
    }
}

void serve_echo(const long *parameters, int count)
{
    (void)parameters;
    (void)count;
    ev_io listener;
    struct ev_loop *loop = create_loop();
    ev_io_init(&listener, accept_all, listen_on_loopback(), EV_READ);
    ev_io_start(loop, &listener);
    end_with_input();
    report_port(listener.fd);
    ev_run(loop, 0);
}
