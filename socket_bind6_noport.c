/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

int socket_bind6_noport (int s, char const *ip, uint32_t scope_id)
{
  int e = errno ;
  libsocket_setint(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1) ;  /* if it fails, bind chooses a port */
  errno = e ;
  return socket_bind6(s, ip, 0, scope_id) ;
}
