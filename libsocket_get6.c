/* ISC license. */

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

int libsocket_get6 (libsocket_sa const *sa, char *ip, uint16_t *port, uint32_t *scope_id)
{
  struct sockaddr_in6 in6 ;

  if (sa->any.sa_family == AF_INET6) in6 = sa->in6 ;
  else if (sa->any.sa_family == AF_INET)
  {
    memset(&in6, 0, sizeof in6) ;
    memset(in6.sin6_addr.s6_addr + 10, 0xff, 2) ;
    memcpy(in6.sin6_addr.s6_addr + 12, &sa->in4.sin_addr, 4) ;
    in6.sin6_port = sa->in4.sin_port ;
  }
  else return (errno = EAFNOSUPPORT, -1) ;

  if (ip) memcpy(ip, &in6.sin6_addr, 16) ;
  if (port) *port = ntohs(in6.sin6_port) ;
  if (scope_id) *scope_id = in6.sin6_scope_id ;
  return 0 ;
}
