/* ISC license. */

#include <errno.h>

#include "internal.h"

ssize_t socket_fastopen_connect6 (int s, char const *ip, uint16_t port, uint32_t scope_id, char const *buf, size_t len)
{
  int e = errno ;
  char ip4[4] ;
  struct sockaddr_in6 sa ;
  ssize_t r ;
  libsocket_put6(&sa, ip, port, scope_id) ;
  r = libsocket_fastopensa(s, (struct sockaddr *)&sa, sizeof sa, buf, len) ;
  if (r >= 0 || errno != EAFNOSUPPORT || !libsocket_unmap(ip4, ip)) return r ;
  errno = e ;
  return socket_fastopen_connect4(s, ip4, port, buf, len) ;  /* s is an IPv4 socket */
}
