/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

int socket_fastopen_defer (int s)
{
#ifdef TCP_FASTOPEN_CONNECT
  int on = 1 ;
  return setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on) ;
#else
  (void)s ;
  return (errno = ENOSYS, -1) ;
#endif
}
