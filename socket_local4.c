/* ISC license. */

#include "internal.h"

int socket_local4 (int s, char *ip, uint16_t *port)
{
  libsocket_sa sa ;
  socklen_t len = sizeof sa ;
  if (getsockname(s, &sa.any, &len) == -1) return -1 ;
  return libsocket_get4(&sa, ip, port) ;
}
