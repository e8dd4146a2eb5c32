/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

int libsocket_new (int domain, int type, int protocol, int flags)
{
  int s ;

#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
  int e = errno ;
  s = socket(domain, type | (flags & O_NONBLOCK ? SOCK_NONBLOCK : 0) | (flags & O_CLOEXEC ? SOCK_CLOEXEC : 0), protocol) ;
  if (s >= 0 || errno != EINVAL) return s ;  /* EINVAL: a kernel older than the flags */
  errno = e ;
#endif

  s = socket(domain, type, protocol) ;
  if (s >= 0 && libsocket_setflags(s, flags) == -1) return libsocket_closefail(s) ;
  return s ;
}
