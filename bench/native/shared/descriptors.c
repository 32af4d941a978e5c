#include "descriptors.h"

#include "driver.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

int *spread_eventfds(int registered, int ready)
{
    int *fds = allocate((size_t)registered, sizeof *fds);
    int spacing = ready == 0 ? registered + 1 : registered / ready;
    for (int i = 0; i < registered; i++) {
        bool is_ready = ready > 0 && i % spacing == 0 && i / spacing < ready;
        fds[i] = checked(eventfd(is_ready, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    }
    return fds;
}

void create_ring(struct ring *ring, int pairs)
{
    ring->pairs = pairs;
    ring->fds = allocate((size_t)pairs, sizeof *ring->fds);
    for (int i = 0; i < pairs; i++)
        checked(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ring->fds[i]), "socketpair");
}

static void write_to(struct ring *ring, int pair)
{
    ring->writes_left--;
    if (write(ring->fds[pair][1], "e", 1) != 1)
        die("write");
}

void start_ring(struct ring *ring, int active, long writes)
{
    int spacing = ring->pairs / active;
    if (writes < active)
        writes = active;
    ring->writes_left = ring->reads_left = writes;
    for (int i = 0; i < active; i++)
        write_to(ring, i * spacing);
}

bool pass_on(struct ring *ring, int pair)
{
    char byte;
    if (read(ring->fds[pair][0], &byte, 1) != 1)
        die("read");
    if (ring->writes_left > 0)
        write_to(ring, pair + 1 == ring->pairs ? 0 : pair + 1);
    return --ring->reads_left == 0;
}
