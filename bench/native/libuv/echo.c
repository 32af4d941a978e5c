/* echo: uv_tcp. What uv_try_write does not take goes into a uv_write, and reading pauses until it is done. */
#include "echo.h"
#include "uv_driver.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_LENGTH = 64 * 1024, BACKLOG = 8192 };

struct pending {
    uv_write_t request;
    char bytes[];
};

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    static char bytes[BUFFER_LENGTH];
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void take(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer);

static void written(uv_write_t *request, int status)
{
    if (status < 0)
        uv_close((uv_handle_t *)request->handle, free_handle);
    else
        uv_checked(uv_read_start(request->handle, lend_buffer, take), "uv_read_start");
    free(request);
}

static void write_rest(uv_stream_t *stream, const char *bytes, size_t length)
{
    struct pending *pending = allocate(1, sizeof *pending + length);
    memcpy(pending->bytes, bytes, length);
    uv_buf_t rest = uv_buf_init(pending->bytes, (unsigned)length);
    uv_read_stop(stream);
    uv_checked(uv_write(&pending->request, stream, &rest, 1, written), "uv_write");
}

static void take(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    if (length == 0)
        return;
    uv_buf_t answer = uv_buf_init(buffer->base, (unsigned)(length < 0 ? 0 : length));
    int sent = length < 0 ? (int)length : uv_try_write(stream, &answer, 1);
    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent < 0)
        uv_close((uv_handle_t *)stream, free_handle);
    else if (sent < length)
        write_rest(stream, buffer->base + sent, (size_t)(length - sent));
}

static void accept_connection_of(uv_stream_t *listener, int status)
{
    uv_checked(status, "uv_listen");
    uv_tcp_t *connection = allocate(1, sizeof *connection);
    uv_checked(uv_tcp_init(listener->loop, connection), "uv_tcp_init");
    if (uv_accept(listener, (uv_stream_t *)connection) < 0)
        uv_close((uv_handle_t *)connection, free_handle);
    else
        uv_checked(uv_read_start((uv_stream_t *)connection, lend_buffer, take), "uv_read_start");
}

void serve_echo(const long *parameters, int count)
{
    (void)parameters;
    (void)count;
    int fd = listen_on_loopback();
    uv_loop_t *loop = create_loop();
    uv_tcp_t listener;
    uv_checked(uv_tcp_init(loop, &listener), "uv_tcp_init");
    uv_checked(uv_tcp_open(&listener, fd), "uv_tcp_open");
    uv_checked(uv_listen((uv_stream_t *)&listener, BACKLOG, accept_connection_of), "uv_listen");
    end_with_input();
    report_port(fd);
    uv_run(loop, UV_RUN_DEFAULT);
}
