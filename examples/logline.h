/* ISC license. */

/*
   A log on standard error that never blocks the daemon. A line that standard error does not accept at once, because a pipe
   is full or a terminal is stopped, is dropped and counted: the next one written is preceded by the number of lost lines.
*/

#ifndef LOGLINE_H
#define LOGLINE_H

#define logline(...) logline_v((char const *const []){ __VA_ARGS__, 0 })

extern void logline_init (void) ;                   /* before setuid: reopens standard error */
extern void logline_v (char const *const *) ;       /* program, colon, the strings, newline */

#endif
