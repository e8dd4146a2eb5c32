/* ISC license. */

#include "internal.h"

int socket_mchopcount6 (int s, char hops)
{
  return libsocket_setint(s, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, (unsigned char)hops) ;
}
