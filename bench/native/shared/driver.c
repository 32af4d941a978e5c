#include "driver.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MOST_PARAMETERS = 8 };

static const char *running = "";

void die(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", driver_name, what, strerror(errno));
    exit(1);
}

int checked(int result, const char *what)
{
    if (result < 0)
        die(what);
    return result;
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        die("calloc");
    return memory;
}

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * INT64_C(1000000000) + used.tv_nsec;
}

double allocated_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)info.uordblks + (double)info.hblkhd;
}

uint64_t next_random(void)
{
    static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

void start_thread(pthread_t *thread, void *(*body)(void *), void *argument)
{
    errno = pthread_create(thread, NULL, body, argument);
    if (errno != 0)
        die("pthread_create");
}

void add_one(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) != sizeof one)
        die("write");
}

void report(double figure)
{
    report_all(&figure, 1);
}

void report_all(const double *figures, int count)
{
    fputs(running, stdout);
    for (int i = 0; i < count; i++)
        printf(" %.3f", figures[i]);
    putchar('\n');
    if (fflush(stdout) != 0)
        die("standard output");
}

static void *await_end_of_input(void *unused)
{
    char byte;
    (void)unused;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    exit(0);
}

void end_with_input(void)
{
    pthread_t thread;
    start_thread(&thread, await_end_of_input, NULL);
}

static void *parked(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

/* It gets no signals, so that signals reach only the threads of the measurement. */
static void park_a_thread(void)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    start_thread(&thread, parked, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The runtime of .NET does the same at its start. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    checked(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    checked(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

static long number(const char *text)
{
    enum { MOST = 2000000000 };
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 0 || value > MOST) {
        fprintf(stderr, "%s: %s is not a number from 0 to %d\n", driver_name, text, MOST);
        exit(2);
    }
    return value;
}

static void usage(void)
{
    fprintf(stderr, "usage: %s list", driver_name);
    for (const struct measurement *each = measurements; each->name != NULL; each++)
        fprintf(stderr, " | %s %s", each->name, each->parameters);
    fputc('\n', stderr);
    exit(2);
}

static void list(void)
{
    fputs("list", stdout);
    for (const struct measurement *each = measurements; each->name != NULL; each++)
        printf(" %s", each->name);
    printf("\nversion %s\n", driver_version());
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        list();
        return 0;
    }

    const struct measurement *chosen = measurements;
    while (argc > 1 && chosen->name != NULL && strcmp(chosen->name, argv[1]) != 0)
        chosen++;
    int count = argc - 2;
    if (argc < 2 || chosen->name == NULL || count < chosen->least || count > chosen->most)
        usage();

    long parameters[MOST_PARAMETERS];
    for (int i = 0; i < count; i++)
        parameters[i] = number(argv[i + 2]);
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    park_a_thread();
    running = chosen->name;
    chosen->measure(parameters, count);
    return 0;
}
