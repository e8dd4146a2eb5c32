/* ISC license. */

#include <string.h>

#include "internal.h"

int libsocket_unmap (struct sockaddr_in *in4, struct sockaddr const *sa)
{
  struct sockaddr_in6 in6 ;

  if (sa->sa_family != AF_INET6) return 0 ;
  memcpy(&in6, sa, sizeof in6) ;
  memset(in4, 0, sizeof *in4) ;
  in4->sin_family = AF_INET ;
  in4->sin_port = in6.sin6_port ;
  if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) memcpy(&in4->sin_addr, in6.sin6_addr.s6_addr + 12, 4) ;
  else if (IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr)) memcpy(&in4->sin_addr, "\177\0\0\1", 4) ;
  else return IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr) ;
  return 1 ;
}
