/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <limits.h>

#include "internal.h"

int socket_fastopen_queue (int s, unsigned int n)
{
#ifdef TCP_FASTOPEN
  int queue = n > INT_MAX ? INT_MAX : (int)n ;
  return setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof queue) ;
#else
  (void)s ;
  (void)n ;
  return (errno = ENOSYS, -1) ;
#endif
}
