/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

#ifndef SOCK_NONBLOCK
#define SOCK_NONBLOCK 0
#endif
#ifndef SOCK_CLOEXEC
#define SOCK_CLOEXEC 0
#endif

/* for a system without the flags, or a kernel that predates them: EINVAL */

static int in_steps (int domain, int type, int protocol, int flags)
{
  int s = socket(domain, type, protocol) ;
  if (s >= 0 && libsocket_setflags(s, flags) == -1) return libsocket_closefail(s) ;
  return s ;
}

int libsocket_new (int domain, int type, int protocol, int flags)
{
  int e = errno ;
  int s ;
  if (!SOCK_NONBLOCK || !SOCK_CLOEXEC) return in_steps(domain, type, protocol, flags) ;
  s = socket(domain, type | ((flags & O_NONBLOCK) ? SOCK_NONBLOCK : 0) | ((flags & O_CLOEXEC) ? SOCK_CLOEXEC : 0), protocol) ;
  if (s >= 0 || errno != EINVAL) return s ;
  errno = e ;
  return in_steps(domain, type, protocol, flags) ;
}
