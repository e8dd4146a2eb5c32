/* ISC license. */

#include "internal.h"

int socket_remote6 (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  libsocket_sa sa ;
  socklen_t len = sizeof sa ;
  if (getpeername(s, &sa.any, &len) == -1) return -1 ;
  return libsocket_get6(&sa, ip, port, scope_id) ;
}
