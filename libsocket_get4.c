/* ISC license. */

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

int libsocket_get4 (libsocket_sa const *sa, char *ip, uint16_t *port)
{
  void const *addr ;
  in_port_t p ;

  if (sa->any.sa_family == AF_INET)
  {
    addr = &sa->in4.sin_addr ;
    p = sa->in4.sin_port ;
  }
  else if (sa->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&sa->in6.sin6_addr))
  {
    addr = sa->in6.sin6_addr.s6_addr + 12 ;
    p = sa->in6.sin6_port ;
  }
  else return (errno = EAFNOSUPPORT, -1) ;

  if (ip) memcpy(ip, addr, 4) ;
  if (port) *port = ntohs(p) ;
  return 0 ;
}
