/* ISC license. */

#include <errno.h>

#include "internal.h"

/* dual-stack, or IPv4 on a host or for a program without IPv6 */

int libsocket_new6 (int type, int protocol, unsigned int flags)
{
  int e = errno ;
  int v6only = 0 ;
  int s ;
  if (noipv6) return libsocket_new(AF_INET, type, protocol, flags) ;
  s = libsocket_new(AF_INET6, type, protocol, flags) ;
  if (s == -1 && errno == EAFNOSUPPORT)
  {
    errno = e ;
    return libsocket_new(AF_INET, type, protocol, flags) ;
  }
  if (s >= 0 && setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only) == -1) return libsocket_drop(s) ;
  return s ;
}
