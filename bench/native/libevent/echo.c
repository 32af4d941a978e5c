/* echo: per connection one event that reads, and one that writes, which is added only after EAGAIN. */
#include "echo.h"

#include "libevent_driver.h"

#include <stdlib.h>

struct client {
    struct connection *connection;
    struct event input, output;
};

static struct event_base *base;

static void go_on(struct client *client, enum echo_state state)
{
    if (state == ECHO_CLOSED) {
        event_del(&client->input);
        event_del(&client->output);
        close_connection(client->connection);
        free(client);
    }
}

static void on_input(evutil_socket_t fd, short what, void *argument)
{
    struct client *client = argument;
    (void)fd;
    (void)what;
    enum echo_state state = echo_input(client->connection);
    if (state == ECHO_WRITES) {
        event_del(&client->input);
        event_add(&client->output, NULL);
    }
    go_on(client, state);
}

static void on_output(evutil_socket_t fd, short what, void *argument)
{
    struct client *client = argument;
    (void)fd;
    (void)what;
    enum echo_state state = echo_rest(client->connection);
    if (state == ECHO_READS) {
        event_del(&client->output);
        event_add(&client->input, NULL);
    }
    go_on(client, state);
}

static void accept_all(evutil_socket_t listener, short what, void *unused)
{
    (void)what;
    (void)unused;
    struct connection *connection;
    while ((connection = accept_connection(listener)) != NULL) {
        struct client *client = allocate(1, sizeof *client);
        client->connection = connection;
        event_assign(&client->input, base, connection->fd, EV_READ | EV_PERSIST, on_input, client);
        event_assign(&client->output, base, connection->fd, EV_WRITE | EV_PERSIST, on_output, client);
        checked(event_add(&client->input, NULL), "event_add");
    }
}

void serve_echo(const long *parameters, int count)
{
    (void)parameters;
    (void)count;
    int listener = listen_on_loopback();
    base = create_base(0);
    struct event *accepting = allocate_events(1);
    event_assign(accepting, base, listener, EV_READ | EV_PERSIST, accept_all, NULL);
    checked(event_add(accepting, NULL), "event_add");
    end_with_input();
    report_port(listener);
    event_base_dispatch(base);
}
