/* ISC license. */

#include <errno.h>

#include "internal.h"

ssize_t socket_send6_flag (int s, char const *buf, size_t len, char const *ip, uint16_t port, uint32_t scope_id, int flags)
{
  int e = errno ;
  char ip4[4] ;
  struct sockaddr_in6 sa ;
  ssize_t r ;
  libsocket_put6(&sa, ip, port, scope_id) ;
  r = sendto(s, buf, len, flags, (struct sockaddr *)&sa, sizeof sa) ;
  if (r >= 0 || errno != EAFNOSUPPORT || !libsocket_unmap(ip4, ip)) return r ;
  errno = e ;
  return socket_send4_flag(s, buf, len, ip4, port, flags) ;  /* s is an IPv4 socket */
}
