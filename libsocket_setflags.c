/* ISC license. */

#include <skalibs/nonposix.h>

#include <fcntl.h>

#include "internal.h"

int libsocket_setflags (int s, int flags)
{
  if (flags & O_NONBLOCK && fcntl(s, F_SETFL, O_NONBLOCK) == -1) return -1 ;
  if (flags & O_CLOEXEC && fcntl(s, F_SETFD, FD_CLOEXEC) == -1) return -1 ;
  return 0 ;
}
