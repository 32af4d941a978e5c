/* post and ping-pong: uv_async, which merges wake-ups and carries no data, so a queue is put in front of it. work: uv_queue_work. */
#include "handoff.h"
#include "uv_driver.h"
#include "volley.h"

struct mailbox {
    struct handoff handoff;
    uv_async_t async;
    int answer;
};

static void wake(void *box)
{
    uv_async_send(&((struct mailbox *)box)->async);
}

static void receive(uv_async_t *async)
{
    run_handed_over(&((struct mailbox *)async->data)->handoff);
}

static void answer(uv_async_t *async)
{
    add_one(((struct mailbox *)async->data)->answer);
}

static void *run_loop(void *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    return NULL;
}

static void start_mailbox(struct mailbox *box, uv_async_cb callback)
{
    uv_loop_t *loop = create_loop();
    create_handoff(&box->handoff, wake, box);
    box->async.data = box;
    uv_checked(uv_async_init(loop, &box->async, callback), "uv_async_init");
    pthread_t thread;
    start_thread(&thread, run_loop, loop);
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

static long work_ns;

static void compute(uv_work_t *work)
{
    (void)work;
    for (int64_t end = work_ns == 0 ? 0 : now_ns() + work_ns; work_ns > 0 && now_ns() < end;)
        ;
}

static void completed(uv_work_t *work, int status)
{
    (void)work;
    uv_checked(status, "uv_queue_work");
}

void measure_work(const long *parameters, int count)
{
    (void)count;
    uv_loop_t *loop = create_loop();
    long items = parameters[1];
    uv_work_t *work = allocate((size_t)items, sizeof *work);
    work_ns = parameters[0] * 1000;

    /* Starts the threads. */
    uv_checked(uv_queue_work(loop, &work[0], compute, completed), "uv_queue_work");
    uv_run(loop, UV_RUN_DEFAULT);
    int64_t start = now_ns();
    for (long i = 0; i < items; i++)
        uv_checked(uv_queue_work(loop, &work[i], compute, completed), "uv_queue_work");
    uv_run(loop, UV_RUN_DEFAULT);
    report((double)(now_ns() - start) / (double)items);
}
