/* ISC license. */

#include <skalibs/nonposix.h>

#include "internal.h"

int socket_mcloop4 (int s, char loop)
{
  unsigned char on = !!loop ;
  return setsockopt(s, IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof on) ;
}
