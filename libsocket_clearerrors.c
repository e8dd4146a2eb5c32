/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <poll.h>

#include "internal.h"

int libsocket_clearerrors (int s)
{
#ifdef MSG_ERRQUEUE
  int e = errno ;
  struct pollfd x = { .fd = s } ;
  struct msghdr m = { .msg_name = 0 } ;
  int type ;
  socklen_t len = sizeof type ;
  if (poll(&x, 1, 0) == 1 && x.revents & POLLERR && !getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_STREAM)
    while (recvmsg(s, &m, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) ;
  errno = e ;
#else
  (void)s ;
#endif
  return 0 ;
}
