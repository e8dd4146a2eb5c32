/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <poll.h>

#include "internal.h"

#ifdef MSG_ERRQUEUE
static void drain (int s)
{
  struct msghdr m = { .msg_name = 0 } ;
  int type ;
  socklen_t len = sizeof type ;
  if (getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &len) == -1 || type != SOCK_STREAM) return ;
  while (recvmsg(s, &m, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) ;
}

int libsocket_clearerrors (int s)
{
  int e = errno ;
  struct pollfd x = { .fd = s } ;
  if (!poll(&x, 1, 0)) return 0 ;
  if ((x.revents & (POLLERR | POLLHUP)) == POLLERR) drain(s) ;  /* POLLHUP: it has ended, and this would reset SO_ERROR */
  errno = e ;
  return 0 ;
}
#else
int libsocket_clearerrors (int s)
{
  (void)s ;
  return 0 ;
}
#endif
