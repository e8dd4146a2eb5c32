/* ISC license. */

#include <net/if.h>

#include "socket.h"

uint32_t socket_getifidx (char const *ifname)
{
  return if_nametoindex(ifname) ;
}
