/* ISC license. */

#include <errno.h>

#include "internal.h"

int libsocket_new6 (int type, int protocol, int flags)
{
  int e = errno ;
  int s ;
  if (noipv6) return libsocket_new(AF_INET, type, protocol, flags) ;
  s = libsocket_new(AF_INET6, type, protocol, flags) ;
  if (s == -1 && errno == EAFNOSUPPORT)
  {
    errno = e ;
    return libsocket_new(AF_INET, type, protocol, flags) ;
  }
  if (s >= 0 && libsocket_setint(s, IPPROTO_IPV6, IPV6_V6ONLY, 0) == -1) return libsocket_closefail(s) ;
  return s ;
}
