/* ISC license. */

#include <errno.h>
#include <poll.h>

#include "internal.h"

/* Linux would wait again in another connect, but with SO_SNDTIMEO starting over: signals could make it wait forever.
   An unread ICMP error (POLLERR alone) hides the end of the attempt: connect waits for that. */

static int await (int s, long long *start)
{
  struct pollfd x = { .fd = s, .events = POLLOUT } ;
  int r ;
  do
  {
    int left = libsocket_timeleft(s, start) ;
    if (left == -2) return -1 ;
    r = poll(&x, 1, left) ;
    if (!r || (!left && x.revents == POLLERR)) return (errno = EINPROGRESS, -1) ;
  }
  while (r == -1 && errno == EINTR) ;
  return r ;
}

int libsocket_reconnect (int s, struct sockaddr const *sa, socklen_t len, int e)
{
  struct sockaddr_in in4 ;
  long long start = 0 ;
  int waited = 0 ;

  do switch (errno)
  {
    case EINTR :  /* it ended the call, not the attempt */
      if (await(s, &start) == -1) return -1 ;
      waited = 1 ;
      break ;
    case EAFNOSUPPORT :  /* s may be an IPv4 socket */
      if (!libsocket_unmap(&in4, sa)) return -1 ;
      sa = (struct sockaddr *)&in4 ;
      len = sizeof in4 ;
      break ;
    case EALREADY : errno = EINPROGRESS ; return -1 ;
    default : return -1 ;
  }
  while (connect(s, sa, len) == -1 && !(waited && errno == EISCONN)) ;

  errno = e ;
  return libsocket_clearerrors(s) ;
}
