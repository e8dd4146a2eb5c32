/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>

#include "internal.h"

int socket_bind4_noport (int s, char const *ip)
{
  int e = errno ;
  libsocket_setint(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1) ;  /* if it fails, bind chooses a port */
  errno = e ;
  return socket_bind4(s, ip, 0) ;
}
