/* ISC license. */

/*
   A log on standard error that a daemon never waits for. A line that standard error does not take at once, because a pipe is
   full or a terminal is stopped, is dropped and counted: the next one that goes through says how many are missing.
*/

#ifndef LOGLINE_H
#define LOGLINE_H

#define logline(...) logline_v((char const *const []){ __VA_ARGS__, 0 })

extern void logline_init (void) ;                   /* while standard error can still be opened: before setuid */
extern void logline_v (char const *const *) ;       /* program, colon, the strings, newline */

#endif
