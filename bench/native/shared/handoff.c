#include "handoff.h"

#include "driver.h"

#include <sched.h>
#include <stdlib.h>

void create_handoff(struct handoff *handoff, void (*wake)(void *), void *loop)
{
    *handoff = (struct handoff){ .wake = wake, .loop = loop };
    pthread_mutex_init(&handoff->lock, NULL);
}

void hand_over(struct handoff *handoff, void (*run)(void *), void *argument)
{
    pthread_mutex_lock(&handoff->lock);
    if (handoff->count == handoff->capacity) {
        handoff->capacity = handoff->capacity == 0 ? 1024 : handoff->capacity * 2;
        handoff->waiting = realloc(handoff->waiting, (size_t)handoff->capacity * sizeof *handoff->waiting);
        if (handoff->waiting == NULL)
            die("realloc");
    }
    handoff->waiting[handoff->count] = (struct message){ run, argument };
    bool is_first = handoff->count++ == 0;
    pthread_mutex_unlock(&handoff->lock);
    if (is_first)
        handoff->wake(handoff->loop);
}

void run_handed_over(struct handoff *handoff)
{
    pthread_mutex_lock(&handoff->lock);
    struct message *messages = handoff->waiting;
    long count = handoff->count, capacity = handoff->capacity;
    handoff->waiting = handoff->taken;
    handoff->capacity = handoff->taken_capacity;
    handoff->taken = messages;
    handoff->taken_capacity = capacity;
    handoff->count = 0;
    pthread_mutex_unlock(&handoff->lock);
    for (long i = 0; i < count; i++)
        messages[i].run(messages[i].argument);
}

struct posting {
    void (*post)(void *box, void (*run)(void *), void *argument);
    void *box;
    long each;
    long wanted;
    _Alignas(64) long received; /* on the loop only, which writes it with every message: not on a cache line that senders read */
    _Alignas(64) _Atomic long published;
};

static void receive(void *argument)
{
    struct posting *posting = argument;
    if (++posting->received == posting->wanted)
        atomic_store(&posting->published, posting->wanted);
}

static void *send_all(void *argument)
{
    struct posting *posting = argument;
    for (long i = 0; i < posting->each; i++)
        posting->post(posting->box, receive, posting);
    return NULL;
}

double post_through(void (*post)(void *box, void (*run)(void *), void *argument), void *box, long count, long senders)
{
    enum { MOST_SENDERS = 64 };
    pthread_t threads[MOST_SENDERS];
    if (senders < 1 || senders > MOST_SENDERS) {
        errno = EINVAL;
        die("senders");
    }

    struct posting posting = { .post = post, .box = box, .each = count / senders, .wanted = count / senders * senders };
    if (posting.wanted == 0)
        return 0;
    int64_t start = now_ns();
    for (long i = 1; i < senders; i++)
        start_thread(&threads[i], send_all, &posting);
    send_all(&posting);
    while (atomic_load(&posting.published) != posting.wanted)
        sched_yield();
    int64_t elapsed = now_ns() - start;
    for (long i = 1; i < senders; i++)
        pthread_join(threads[i], NULL);
    return (double)elapsed / (double)posting.wanted;
}
