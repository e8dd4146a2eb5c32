/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include <sys/time.h>

#include "internal.h"

static long long now (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 ;
}

/* A signal ended the call, not the attempt. Linux would wait again in another connect,
   but with the whole of SO_SNDTIMEO before it: signals could make it wait for ever. */

static int await (int s)
{
  struct pollfd x = { .fd = s, .events = POLLOUT } ;
  struct timeval tv = { .tv_sec = 0, .tv_usec = 0 } ;
  socklen_t len = sizeof tv ;
  long long left = -1, deadline = 0 ;
  int r ;

  if (getsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, &len) == -1) return -1 ;
  if (tv.tv_sec || tv.tv_usec)
  {
    left = (long long)tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000 ;
    deadline = now() + left ;
  }
  while ((r = poll(&x, 1, left > INT_MAX ? INT_MAX : (int)left)) == -1 && errno == EINTR)
    if (left >= 0 && (left = deadline - now()) < 0) left = 0 ;
  if (!r) errno = EINPROGRESS ;
  return r > 0 ? 0 : -1 ;
}

int libsocket_connectsa (int s, struct sockaddr const *sa, socklen_t len)
{
  int e = errno ;
  int r = connect(s, sa, len) ;

  while (r == -1 && errno == EINTR)
  {
    if (await(s) == -1) return -1 ;
    r = connect(s, sa, len) ;
    if (r == -1 && errno == EISCONN) r = 0 ;
  }
  if (!r) errno = e ;
  else if (errno == EALREADY) errno = EINPROGRESS ;
  return r ;
}
