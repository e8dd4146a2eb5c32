/* ISC license. */

#include <errno.h>
#include <string.h>
#include <net/if.h>

#include "socket.h"

uint32_t socket_getifidx (char const *ifname)
{
  if (strlen(ifname) >= IF_NAMESIZE) return (errno = ENODEV, 0) ;  /* musl would cut it */
  return if_nametoindex(ifname) ;
}
