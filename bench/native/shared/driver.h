/*
 * Shared by the drivers of all peers: a command line with a measurement and its numbers, a clock, a parked thread, and one
 * line of figures as the answer. A system call that fails ends the program.
 *
 *   PROGRAM list                     the measurements that the peer has a counterpart for; the library's version
 *   PROGRAM MEASUREMENT NUMBER...    one of them; prints its name and its figures
 *
 * A thread is parked in every run: the kernel skips the reference counting of files in a process with a single thread,
 * and no .NET process has only one.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct measurement {
    const char *name;
    const char *parameters; /* for the usage line; those in brackets may be left out */
    int least, most;        /* how many numbers it takes */
    void (*measure)(const long *parameters, int count);
};

/* A peer's driver defines these; the last measurement has no name. */
extern const char driver_name[];
extern const struct measurement measurements[];
const char *driver_version(void); /* the library's; empty if it has none */

void die(const char *what);
int checked(int result, const char *what);
void *allocate(size_t count, size_t size);
int64_t now_ns(void);

/* Processor time of the process, all threads. */
int64_t cpu_ns(void);

/* Bytes that malloc has allocated and not freed. */
double allocated_bytes(void);

/* The same numbers in every run and for every peer. */
uint64_t next_random(void);

void start_thread(pthread_t *thread, void *(*body)(void *), void *argument);
void add_one(int fd);

/* One figure, or several: the name of the measurement is printed before them. */
void report(double figure);
void report_all(const double *figures, int count);

/* For servers, which do not end by themselves: the program ends when its standard input does. */
void end_with_input(void);

#endif
