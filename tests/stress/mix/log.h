/*
 * What the threads did last. Kept in memory, printed only when the point has failed: printing as we
 * go would make the threads wait for each other.
 */
#ifndef MIX_LOG_H
#define MIX_LOG_H

void log_start(void);
/* One operation of a thread on a ring. The oldest entries are overwritten. */
void log_operation(unsigned ring, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The operations of the last two seconds before the first failure, oldest first. */
void log_print(void);

#endif
