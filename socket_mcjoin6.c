/* ISC license. */

#include <skalibs/nonposix.h>

#include <string.h>

#include "internal.h"

int socket_mcjoin6 (int s, char const *groupip, int interface)
{
  struct ipv6_mreq mreq = { .ipv6mr_interface = (unsigned int)interface } ;
  memcpy(&mreq.ipv6mr_multiaddr, groupip, 16) ;
  return setsockopt(s, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq, sizeof mreq) ;
}
