/* ISC license. */

#include <string.h>

#include "internal.h"

int libsocket_unmap (char *ip4, char const *ip6)
{
  struct in6_addr a ;

  memset(&a, 0, sizeof a) ;
  if (ip6) memcpy(&a, ip6, 16) ;
  if (IN6_IS_ADDR_V4MAPPED(&a)) memcpy(ip4, a.s6_addr + 12, 4) ;
  else if (IN6_IS_ADDR_UNSPECIFIED(&a)) memcpy(ip4, "\0\0\0\0", 4) ;
  else if (IN6_IS_ADDR_LOOPBACK(&a)) memcpy(ip4, "\177\0\0\1", 4) ;
  else return 0 ;
  return 1 ;
}
