/* ISC license. */

#include <errno.h>
#include <poll.h>

#include "internal.h"

/* A signal ended the call, not the attempt. Linux would wait again in another connect,
   but with the whole of SO_SNDTIMEO before it: signals could make it wait for ever.
   An unread ICMP error (POLLERR alone) hides the end of the attempt: connect waits for that. */

static int resume (int s, struct sockaddr const *sa, socklen_t len)
{
  struct pollfd x = { .fd = s, .events = POLLOUT } ;
  long long start = 0 ;
  int r ;

  do
  {
    int left = libsocket_timeleft(s, &start) ;
    if (left == -2) return -1 ;
    r = poll(&x, 1, left) ;
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
