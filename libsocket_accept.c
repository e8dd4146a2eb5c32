/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

int libsocket_accept (int s, libsocket_sa *sa, unsigned int flags)
{
  socklen_t len = sizeof *sa ;
  int fd ;
  sa->any.sa_family = AF_UNSPEC ;

#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
  int e = errno ;
  fd = accept4(s, &sa->any, &len, (flags & LIBSOCKET_NB ? SOCK_NONBLOCK : 0) | (flags & LIBSOCKET_COE ? SOCK_CLOEXEC : 0)) ;
  if (fd >= 0 || errno != ENOSYS) return fd ;
  errno = e ;
#endif

  fd = accept(s, &sa->any, &len) ;
  if (fd >= 0 && libsocket_setflags(fd, flags) == -1) return libsocket_drop(fd) ;
  return fd ;
}
