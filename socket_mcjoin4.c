/* ISC license. */

#include <skalibs/nonposix.h>

#include <string.h>

#include "internal.h"

/* a null interface: the system chooses */

int socket_mcjoin4 (int s, char const *groupip, char const *interface)
{
  struct ip_mreq mreq = { .imr_interface.s_addr = htonl(INADDR_ANY) } ;
  memcpy(&mreq.imr_multiaddr, groupip, 4) ;
  if (interface) memcpy(&mreq.imr_interface, interface, 4) ;
  return setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof mreq) ;
}
