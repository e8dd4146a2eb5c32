/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

int libsocket_acceptsa (int s, libsocket_sa *sa, int flags)
{
  socklen_t len = sizeof *sa ;
  int fd ;
  sa->any.sa_family = AF_UNSPEC ;

#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
  int e = errno ;
  fd = accept4(s, &sa->any, &len, (flags & O_NONBLOCK ? SOCK_NONBLOCK : 0) | (flags & O_CLOEXEC ? SOCK_CLOEXEC : 0)) ;
  if (fd >= 0 || errno != ENOSYS) return fd ;
  errno = e ;
#endif

  fd = accept(s, &sa->any, &len) ;
  if (fd >= 0 && libsocket_setflags(fd, flags) == -1) return libsocket_closefail(fd) ;
  return fd ;
}
