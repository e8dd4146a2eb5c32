/* ISC license. */

#include <errno.h>

#include "internal.h"

int socket_bind6 (int s, char const *ip, uint16_t port, uint32_t scope_id)
{
  int e = errno ;
  char ip4[4] ;
  struct sockaddr_in6 sa ;
  libsocket_put6(&sa, ip, port, scope_id) ;
  if (!bind(s, (struct sockaddr *)&sa, sizeof sa)) return 0 ;
  if (errno != EAFNOSUPPORT || !libsocket_unmap(ip4, ip)) return -1 ;
  errno = e ;
  return socket_bind4(s, ip4, port) ;  /* s is an IPv4 socket */
}
