/* ISC license. */

#include <errno.h>
#include <poll.h>

#include "internal.h"

int libsocket_outcome (int s, int e)
{
  struct pollfd x = { .fd = s, .events = POLLOUT } ;
  libsocket_sa sa ;
  socklen_t len ;
  int error = 0 ;

  if (poll(&x, 1, 0) == -1 && errno != EINTR) return 0 ;
  if (!(x.revents & (POLLOUT | POLLHUP)))
  {
    if (x.revents & POLLERR) libsocket_clearerrors(s) ;
    errno = EINPROGRESS ;
    return 0 ;
  }

  len = sizeof error ;
  if (getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len) == -1) return 0 ;
  if (error) return (errno = error, 0) ;

  len = sizeof sa ;
  if (getpeername(s, &sa.any, &len) == -1) return 0 ;
  errno = e ;
  return 1 ;
}
