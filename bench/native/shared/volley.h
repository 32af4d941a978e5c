/* Ping-pong through a loop that is woken by the peer's own means and answers through an eventfd, on which the caller sleeps. */
#ifndef VOLLEY_H
#define VOLLEY_H

/* Nanoseconds per round trip. For each wake-up the loop adds one to the answer. */
double volley(void (*serve)(void *loop), void *loop, int answer_fd, long trips);

int create_answer(void);

#endif
