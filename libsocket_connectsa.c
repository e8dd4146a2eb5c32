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
   but with the whole of SO_SNDTIMEO before it: signals could make it wait for ever.
   An unread ICMP error (POLLERR alone) hides the end of the attempt: connect waits for that. */

static int resume (int s, struct sockaddr const *sa, socklen_t len)
{
  struct pollfd x = { .fd = s, .events = POLLOUT } ;
  struct timeval tv = { .tv_sec = 0, .tv_usec = 0 } ;
  socklen_t n = sizeof tv ;
  long long left = -1, deadline = 0 ;
  int r ;

  if (getsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, &n) == -1) return -1 ;
  if (tv.tv_sec || tv.tv_usec) deadline = now() + (long long)tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000 ;
  do
  {
    if (deadline && (left = deadline - now()) < 0) left = 0 ;
    r = poll(&x, 1, left > INT_MAX ? INT_MAX : (int)left) ;
    if (!r || (!left && x.revents == POLLERR)) return (errno = EINPROGRESS, -1) ;
    if (r == 1) r = connect(s, sa, len) ;
  }
  while (r == -1 && errno == EINTR) ;
  return r == -1 && errno == EISCONN ? 0 : r ;
}

int libsocket_connectsa (int s, struct sockaddr const *sa, socklen_t len)
{
  int e = errno ;
  int r = connect(s, sa, len) ;

  if (r == -1 && errno == EINTR) r = resume(s, sa, len) ;
  if (!r) errno = e ;
  else if (errno == EALREADY) errno = EINPROGRESS ;
  return r ;
}
