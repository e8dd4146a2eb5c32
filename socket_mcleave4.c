/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <string.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "internal.h"

static int leave (int s, struct ip_mreq const *mreq)
{
  return setsockopt(s, IPPROTO_IP, IP_DROP_MEMBERSHIP, mreq, sizeof *mreq) ;
}

int socket_mcleave4 (int s, char const *groupip)
{
  int e = errno ;
  struct ip_mreq mreq = { .imr_interface.s_addr = htonl(INADDR_ANY) } ;
  struct ifreq ifr[64] ;
  struct ifconf list = { .ifc_len = sizeof ifr, .ifc_req = ifr } ;

  memcpy(&mreq.imr_multiaddr, groupip, 4) ;
  if (!leave(s, &mreq)) return 0 ;

  /* Linux takes "any" for the interface of the route to the group: it may have been another, or there is no route */
  if ((errno != EADDRNOTAVAIL && errno != ENODEV) || ioctl(s, SIOCGIFCONF, &list) == -1) return -1 ;
  for (size_t i = 0 ; i < (size_t)list.ifc_len / sizeof *ifr ; i++)
  {
    struct sockaddr_in sa ;
    memcpy(&sa, &ifr[i].ifr_addr, sizeof sa) ;
    mreq.imr_interface = sa.sin_addr ;
    if (!leave(s, &mreq)) return (errno = e, 0) ;
  }
  return (errno = EADDRNOTAVAIL, -1) ;
}
