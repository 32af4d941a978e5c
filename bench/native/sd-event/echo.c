/* echo: one source per connection, whose events change only after EAGAIN. */
#include "echo.h"

#include "sd_driver.h"

#include <sys/epoll.h>

static int serve(sd_event_source *source, int fd, uint32_t events, void *argument)
{
    struct connection *connection = argument;
    bool was_writing = connection->left != NULL;
    (void)fd;
    enum echo_state state = was_writing && (events & EPOLLOUT) ? echo_rest(connection)
                            : was_writing                      ? ECHO_CLOSED
                                                               : echo_input(connection);
    if (state == ECHO_CLOSED) {
        sd_event_source_disable_unref(source);
        close_connection(connection);
    } else if (was_writing != (state == ECHO_WRITES)) {
        sd_checked(sd_event_source_set_io_events(source, state == ECHO_WRITES ? EPOLLOUT : EPOLLIN), "sd_event_source_set_io_events");
    }
    return 0;
}

static int accept_all(sd_event_source *source, int fd, uint32_t events, void *loop)
{
    (void)source;
    (void)events;
    struct connection *connection;
    while ((connection = accept_connection(fd)) != NULL) {
        sd_event_source *serving;
        sd_checked(sd_event_add_io(loop, &serving, connection->fd, EPOLLIN, serve, connection), "sd_event_add_io");
    }
    return 0;
}

void serve_echo(const long *parameters, int count)
{
    (void)parameters;
    (void)count;
    int listener = listen_on_loopback();
    sd_event *loop = create_loop();
    sd_checked(sd_event_add_io(loop, NULL, listener, EPOLLIN, accept_all, loop), "sd_event_add_io");
    end_with_input();
    report_port(listener);
    sd_checked(sd_event_loop(loop), "sd_event_loop");
}
