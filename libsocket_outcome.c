/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <poll.h>

#include "internal.h"

int libsocket_outcome (int s, int e)
{
  struct pollfd x = { .fd = s, .events = POLLOUT } ;
  libsocket_sa sa ;
  socklen_t len = sizeof sa ;
  int error = 0 ;
  socklen_t errorlen = sizeof error ;

  if (poll(&x, 1, 0) == -1 && errno != EINTR) return 0 ;
  if (!(x.revents & (POLLOUT | POLLHUP)))
  {
#ifdef MSG_ERRQUEUE
    /* an ICMP error that did not end the attempt: left unread, it would end every poll at once */
    struct msghdr m = { .msg_name = 0 } ;
    if (x.revents & POLLERR) (void)recvmsg(s, &m, MSG_ERRQUEUE | MSG_DONTWAIT) ;
#endif
    errno = EINPROGRESS ;
    return 0 ;
  }

  if (getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &errorlen) == -1) return 0 ;
  if (error) return (errno = error, 0) ;
  if (getpeername(s, &sa.any, &len) == -1) return 0 ;
  errno = e ;
  return 1 ;
}
