/* ISC license. */

#include <fcntl.h>

#include "internal.h"

/* for a new socket: it has no other flags to keep */

int libsocket_setflags (int s, unsigned int flags)
{
  if (flags & LIBSOCKET_NB && fcntl(s, F_SETFL, O_NONBLOCK) == -1) return -1 ;
  if (flags & LIBSOCKET_COE && fcntl(s, F_SETFD, FD_CLOEXEC) == -1) return -1 ;
  return 0 ;
}
