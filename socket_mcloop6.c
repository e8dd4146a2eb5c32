/* ISC license. */

#include "internal.h"

int socket_mcloop6 (int s, char loop)
{
  unsigned int on = !!loop ;
  return setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &on, sizeof on) ;
}
