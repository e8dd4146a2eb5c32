/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

int socket_quickack (int s, int value)
{
#ifdef TCP_QUICKACK
  int on = !!value ;
  return setsockopt(s, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on) ;
#else
  (void)s ;
  (void)value ;
  return (errno = ENOSYS, -1) ;
#endif
}
