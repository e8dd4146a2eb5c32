/* ISC license. */

#include <errno.h>

#include "internal.h"

int libsocket_new6 (int type, int protocol, int flags)
{
  int e = errno ;
  int off = 0 ;
  int s ;
  if (noipv6) return libsocket_new(AF_INET, type, protocol, flags) ;
  s = libsocket_new(AF_INET6, type, protocol, flags) ;
  if (s >= 0)
  {
    if (setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1) errno = e ;  /* OpenBSD has no dual-stack sockets */
    return s ;
  }
  if (errno != EAFNOSUPPORT && errno != EPFNOSUPPORT && errno != EPROTONOSUPPORT) return -1 ;
  errno = e ;
  return libsocket_new(AF_INET, type, protocol, flags) ;
}
