/* Ping-pong through a loop that is woken by its own means and answers by an eventfd, on which the caller sleeps. */
#ifndef VOLLEY_H
#define VOLLEY_H

/* Nanoseconds a round trip. For each wake-up the loop adds one to the answer. */
double volley(void (*serve)(void *loop), void *loop, int answer_fd, long trips);

int create_answer(void);

#endif
