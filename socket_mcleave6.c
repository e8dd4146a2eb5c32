/* ISC license. */

#include <skalibs/nonposix.h>

#include <string.h>

#include "internal.h"

int socket_mcleave6 (int s, char const *groupip)
{
  struct ipv6_mreq mreq = { .ipv6mr_interface = 0 } ;  /* any */
  memcpy(&mreq.ipv6mr_multiaddr, groupip, 16) ;
  return setsockopt(s, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &mreq, sizeof mreq) ;
}
