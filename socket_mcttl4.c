/* ISC license. */

#include <skalibs/nonposix.h>

#include "internal.h"

int socket_mcttl4 (int s, char hops)
{
  unsigned char ttl = (unsigned char)hops ;
  return setsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl) ;
}
