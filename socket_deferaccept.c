/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

/* Linux looks at no bytes: data of any kind will do for every mode */

int socket_deferaccept (int s, enum defermode mode)
{
  (void)mode ;
#ifdef TCP_DEFER_ACCEPT
  int seconds = 1 ;
  return setsockopt(s, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds) ;
#else
  (void)s ;
  return (errno = ENOSYS, -1) ;
#endif
}
