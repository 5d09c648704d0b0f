/* What the threads of a process are doing, from /proc (proc(5): task/TID/stat, status, wchan, stack). */
#ifndef RINGTRIAL_TASKS_H
#define RINGTRIAL_TASKS_H

#include <stdbool.h>
#include <sys/types.h>

/* Diagnostics: every thread's name, state, where it waits and, for root, its kernel stack. */
void tasks_print(pid_t pid);

struct task_sleep {
	char state;             /* 'R', 'S', 'D', ...; 0 when the thread is gone */
	unsigned long switches; /* context switches so far: unchanged means it has not run */
};

struct task_sleep task_sleep(pid_t tid);

/* How many io-wq workers this process has, idle ones included. */
unsigned tasks_workers(void);
/* How many of them sleep in the kernel function `wchan`. */
unsigned tasks_workers_waiting_in(const char *wchan);
/* How many of them wait for a pipe to have data or room. */
unsigned tasks_workers_in_pipes(void);
/* How many of them are in this state: 'D' is one that waits for a lock, a cancellation does not wake it. */
unsigned tasks_workers_in_state(char state);

#endif
