/* ISC license. */

#include <errno.h>
#include <poll.h>

#include "internal.h"
#include "socket.h"

int socket_connected (int s)
{
  struct pollfd x = { .fd = s, .events = POLLOUT } ;
  libsocket_sa sa ;
  socklen_t len = sizeof sa ;
  int e = errno ;
  int error = 0 ;

  if (!getpeername(s, &sa.any, &len)) return 1 ;
  if (errno != ENOTCONN) return 0 ;

  /* an attempt that has ended shows POLLOUT or POLLHUP; an unread ICMP error shows POLLERR alone */
  if (poll(&x, 1, 0) == -1 && errno != EINTR) return 0 ;
  if (!(x.revents & (POLLOUT | POLLHUP))) return (errno = EINPROGRESS, 0) ;

  len = sizeof error ;
  if (getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len) == -1) return 0 ;
  if (error) return (errno = error, 0) ;

  len = sizeof sa ;
  if (getpeername(s, &sa.any, &len) == -1) return 0 ;
  errno = e ;
  return 1 ;
}
