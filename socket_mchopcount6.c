/* ISC license. */

#include "internal.h"

int socket_mchopcount6 (int s, char hops)
{
  int n = (unsigned char)hops ;
  return setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &n, sizeof n) ;
}
