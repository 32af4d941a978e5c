/* post and ping-pong: ev_async, which merges wake-ups and carries no data, so a queue is put in front of it. */
#include "handoff.h"
#include "libev_driver.h"
#include "volley.h"

struct mailbox {
    struct handoff handoff;
    struct ev_loop *loop;
    ev_async async;
    int answer;
};

static void wake(void *box)
{
    ev_async_send(((struct mailbox *)box)->loop, &((struct mailbox *)box)->async);
}

static void receive(struct ev_loop *loop, ev_async *async, int events)
{
    (void)loop;
    (void)events;
    run_handed_over(&((struct mailbox *)async->data)->handoff);
}

static void answer(struct ev_loop *loop, ev_async *async, int events)
{
    (void)loop;
    (void)events;
    add_one(((struct mailbox *)async->data)->answer);
}

static void *run_loop(void *loop)
{
    ev_run(loop, 0);
    return NULL;
}

static void start_mailbox(struct mailbox *box, void (*callback)(struct ev_loop *, ev_async *, int))
{
    box->loop = create_loop();
    create_handoff(&box->handoff, wake, box);
    ev_async_init(&box->async, callback);
    box->async.data = box;
    ev_async_start(box->loop, &box->async);
    pthread_t thread;
    start_thread(&thread, run_loop, box->loop);
}

static void post(void *box, void (*run)(void *), void *argument)
{
    hand_over(&((struct mailbox *)box)->handoff, run, argument);
}

void measure_post(const long *parameters, int count)
{
    (void)count;
    static struct mailbox box;
    start_mailbox(&box, receive);
    post_through(post, &box, parameters[1] / 10 + parameters[0], parameters[0]);
    report(post_through(post, &box, parameters[1], parameters[0]));
}

void measure_ping_pong(const long *parameters, int count)
{
    (void)count;
    static struct mailbox box;
    box.answer = create_answer();
    start_mailbox(&box, answer);
    report(volley(wake, &box, box.answer, parameters[1]));
}
