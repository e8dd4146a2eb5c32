/* ISC license. */

/* What SO_SNDTIMEO leaves to a wait that signals interrupt, and how it ends. The system calls and the clock are this program's own. */

#include "test.h"

#include <limits.h>
#include <sys/time.h>

#include "socket.h"
#include "syscalls.h"

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

static long clock_is (long const *a)
{
  struct timespec *ts = (struct timespec *)a[1] ;
  check(a[0] == CLOCK_MONOTONIC) ;
  ts->tv_sec = (time_t)(k.now / 1000) ;
  ts->tv_nsec = (long)(k.now % 1000 * 1000000) ;
  return 0 ;
}

static long option_is (long const *a)
{
  int const stream = SOCK_STREAM ;
  socklen_t len = a[2] == SO_TYPE ? sizeof stream : sizeof k.tv ;
  check(a[1] == SOL_SOCKET && (a[2] == SO_TYPE || a[2] == SO_SNDTIMEO)) ;
  *(socklen_t *)a[4] = len ;
  memcpy((void *)a[3], a[2] == SO_TYPE ? (void const *)&stream : &k.tv, len) ;
  return 0 ;
}

static long waits_for (long const *a)
{
  struct timespec const *ts = (struct timespec const *)a[2] ;
  if (!((struct pollfd *)a[0])->events) return 0 ;  /* a look at the error queue */
  check(a[1] == 1 && k.waits < 4) ;
  k.waited[k.waits++] = ts ? (int)(ts->tv_sec * 1000 + ts->tv_nsec / 1000000) : -1 ;
  k.now += k.step ;
  if (k.waits <= k.interrupted) return (errno = EINTR, -1) ;
  ((struct pollfd *)a[0])->revents = k.revents ;
  return !!k.revents ;
}

static long hook (int call, long *a)
{
  switch (call)
  {
    case CALL_clock_gettime : return clock_is(a) ;
    case CALL_getsockopt : return option_is(a) ;
    case CALL_poll : return waits_for(a) ;
    case CALL_connect :  /* the first is interrupted where waits are to be */
      if (!k.connects++ && k.interrupted >= 0) return (errno = EINTR, -1) ;
      return k.result ? (errno = k.result, -1) : 0 ;
    case CALL_sendto : return (errno = EINPROGRESS, -1) ;
    default :
      k.now += k.step ;
      check(k.sends++ < 4) ;
      return (errno = k.error, -1) ;
  }
}

REPLACE(clock_gettime) REPLACE(connect) REPLACE(getsockopt) REPLACE(poll) REPLACE(send) REPLACE(sendto)

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

static void a_wait_is_as_long_as_SO_SNDTIMEO_rounded_up (void)
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

static void each_interruption_leaves_what_is_left (void)
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

static void a_first_write_that_takes_no_byte_is_no_error (void)
{
  check(!writes(EAGAIN, 0) && errno == 4242 && k.sends == 1) ;
  check(!writes(EINTR, 60) && errno == 4242 && k.sends == 3) ;  /* the first interruption starts the clock */
  check(writes(ECONNRESET, 0) == -1 && errno == ECONNRESET && k.sends == 1) ;
}

int main (void)
{
  RUN(a_wait_is_as_long_as_SO_SNDTIMEO_rounded_up) ;
  RUN(each_interruption_leaves_what_is_left) ;
  RUN(a_first_write_that_takes_no_byte_is_no_error) ;
  return test_end() ;
}
