/* ISC license. */

/* What SO_SNDTIMEO leaves to a wait that signals interrupt, and how it ends. The system calls and the clock are this program's own. */

#include "test.h"

#include <limits.h>
#include <time.h>
#include <sys/time.h>

#include "socket.h"

static struct
{
  struct timeval tv ;     /* SO_SNDTIMEO */
  long long now ;         /* ms */
  int step ;              /* ms that each wait takes */
  int interrupted ;       /* waits that a signal will end */
  short revents ;         /* what the last one sees */
  int waits ;
  int waited[4] ;         /* their timeouts */
  int connects ;
  int result ;            /* errno of the last connect */
  int sends ;
  int error ;             /* errno of every send */
} k ;

/* The address arguments are unions in some headers and pointers in others. */

#ifndef __GLIBC__
#define __CONST_SOCKADDR_ARG struct sockaddr const *
#endif

int clock_gettime (clockid_t clock, struct timespec *ts)
{
  check(clock == CLOCK_MONOTONIC) ;
  ts->tv_sec = (time_t)(k.now / 1000) ;
  ts->tv_nsec = (long)(k.now % 1000 * 1000000) ;
  return 0 ;
}

int getsockopt (int s, int level, int name, void *value, socklen_t *len)
{
  int const stream = SOCK_STREAM ;
  (void)s ;
  check(level == SOL_SOCKET && (name == SO_TYPE || name == SO_SNDTIMEO)) ;
  *len = name == SO_TYPE ? sizeof stream : sizeof k.tv ;
  memcpy(value, name == SO_TYPE ? (void const *)&stream : &k.tv, *len) ;
  return 0 ;
}

/* The first is interrupted where waits are to be. */

int connect (int s, __CONST_SOCKADDR_ARG sa, socklen_t len)
{
  (void)s ; (void)sa ; (void)len ;
  if (!k.connects++ && k.interrupted >= 0) return (errno = EINTR, -1) ;
  return k.result ? (errno = k.result, -1) : 0 ;
}

int poll (struct pollfd *x, nfds_t n, int timeout)
{
  check(n == 1 && k.waits < 4) ;
  k.waited[k.waits++] = timeout ;
  k.now += k.step ;
  if (k.waits <= k.interrupted) return (errno = EINTR, -1) ;
  x->revents = k.revents ;
  return !!k.revents ;
}

ssize_t sendto (int s, void const *buf, size_t n, int flags, __CONST_SOCKADDR_ARG sa, socklen_t len)
{
  (void)s ; (void)buf ; (void)n ; (void)flags ; (void)sa ; (void)len ;
  return (errno = EINPROGRESS, -1) ;
}

ssize_t send (int s, void const *buf, size_t n, int flags)
{
  (void)s ; (void)buf ; (void)n ; (void)flags ;
  k.now += k.step ;
  check(k.sends++ < 4) ;
  return (errno = k.error, -1) ;
}

static void preset (time_t sec, suseconds_t usec, int step, int interrupted, short revents, int result)
{
  memset(&k, 0, sizeof k) ;
  k.tv.tv_sec = sec ;
  k.tv.tv_usec = usec ;
  k.now = 1000000 ;
  k.step = step ;
  k.interrupted = interrupted ;
  k.revents = revents ;
  k.result = result ;
}

/* An interrupted attempt that comes up: the timeout of the wait. */

static int waits (time_t sec, suseconds_t usec)
{
  preset(sec, usec, 0, 0, POLLOUT, EISCONN) ;
  check(keeps(!socket_connect4(99, LOOPBACK4, 1))) ;
  check(k.waits == 1 && k.connects == 2) ;
  return k.waited[0] ;
}

static void one_wait (void)
{
  check(waits(0, 0) == -1) ;
  check(waits(0, 1) == 1) ;
  check(waits(0, 1000) == 1) ;
  check(waits(0, 1001) == 2) ;
  check(waits(1, 0) == 1000) ;
  check(waits(60, 500) == 60001) ;
  check(waits(INT_MAX / 1000 - 1, 999999) == INT_MAX / 1000 * 1000) ;
  check(waits(INT_MAX / 1000, 0) == -1) ;
  check(waits(INT_MAX, 999999) == -1) ;
}

/* Each interruption leaves what is left, in the end a look without a wait. */

static void look (short revents, int result, int error)
{
  preset(0, 100000, 60, 2, revents, result) ;
  if (error) check(fails(socket_connect4(99, LOOPBACK4, 1), error)) ;
  else check(keeps(!socket_connect4(99, LOOPBACK4, 1))) ;
  check(k.waits == 3 && k.waited[0] == 100 && k.waited[1] == 40 && k.waited[2] == 0) ;
}

static void last_look (void)
{
  look(0, ECONNREFUSED, EINPROGRESS) ;
  look(POLLERR, ECONNREFUSED, EINPROGRESS) ;
  look(POLLOUT, EISCONN, 0) ;
  look(POLLOUT, 0, 0) ;
  preset(0, 100000, 0, 0, POLLERR, 0) ;  /* with time left connect waits on */
  check(keeps(!socket_connect4(99, LOOPBACK4, 1)) && k.connects == 2) ;
  look(POLLOUT | POLLERR | POLLHUP, ECONNREFUSED, ECONNREFUSED) ;
  preset(3, 0, 1500, 1, POLLOUT, EISCONN) ;  /* from one second to the next */
  check(keeps(!socket_connect4(99, LOOPBACK4, 1)) && k.waits == 2 && k.waited[0] == 3000 && k.waited[1] == 1500) ;
}

/* The connection is up, and then the first write takes no byte. */

static ssize_t writes (int error, int step)
{
  int s = socket(AF_INET, SOCK_STREAM, 0) ;
  ssize_t r ;
  preset(0, 100000, step, -1, 0, 0) ;
  k.error = error ;
  errno = 4242 ;
  r = socket_fastopen_connect4(s, LOOPBACK4, 1, "x", 1) ;
  close(s) ;
  return r ;
}

static void first_write (void)
{
  check(!writes(EAGAIN, 0) && errno == 4242 && k.sends == 1) ;
  check(!writes(EINTR, 60) && errno == 4242 && k.sends == 3) ;  /* the first interruption starts the clock */
  check(writes(ECONNRESET, 0) == -1 && errno == ECONNRESET && k.sends == 1) ;
}

int main (void)
{
  RUN(one_wait) ;
  RUN(last_look) ;
  RUN(first_write) ;
  return test_end() ;
}
