/* ISC license. */

#include "internal.h"

int socket_mcloop6 (int s, char loop)
{
  return libsocket_setint(s, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, !!loop) ;
}
