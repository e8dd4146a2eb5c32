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

static int leave_by_address (int s, struct ip_mreq *mreq)
{
  struct ifreq ifr[64] = { { .ifr_flags = 0 } } ;
  struct ifconf list = { .ifc_len = sizeof ifr, .ifc_req = ifr } ;
  if (ioctl(s, SIOCGIFCONF, &list) == -1) return -1 ;
  for (size_t i = 0 ; i < (size_t)list.ifc_len / sizeof *ifr ; i++)
  {
    struct sockaddr_in sa ;
    memcpy(&sa, &ifr[i].ifr_addr, sizeof sa) ;
    mreq->imr_interface = sa.sin_addr ;
    if (!leave(s, mreq)) return 0 ;
  }
  return -1 ;
}

/* Linux identifies a membership by the index of its interface, even if that no longer has an address, or is gone. */

static int leave_by_index (int s, struct ip_mreq const *mreq)
{
#ifdef MCAST_LEAVE_GROUP
  struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = mreq->imr_multiaddr } ;
  struct group_req req ;
  memset(&req, 0, sizeof req) ;
  memcpy(&req.gr_group, &sa, sizeof sa) ;
  while (req.gr_interface++ < 65535)
    if (!setsockopt(s, IPPROTO_IP, MCAST_LEAVE_GROUP, &req, sizeof req)) return 0 ;
#endif
  (void)s ; (void)mreq ;
  return -1 ;
}

int socket_mcleave4 (int s, char const *groupip)
{
  int e = errno ;
  struct ip_mreq mreq = { .imr_interface.s_addr = htonl(INADDR_ANY) } ;
  memcpy(&mreq.imr_multiaddr, groupip, 4) ;
  if (!leave(s, &mreq)) return 0 ;

  /* Linux takes "any" as the interface of the route to the group: the group may have been joined on another, or there is no route */
  if (errno != EADDRNOTAVAIL && errno != ENODEV) return -1 ;
  if (leave_by_address(s, &mreq) == -1 && leave_by_index(s, &mreq) == -1) return (errno = EADDRNOTAVAIL, -1) ;
  errno = e ;
  return 0 ;
}
