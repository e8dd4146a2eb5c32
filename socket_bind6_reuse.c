/* ISC license. */

#include "internal.h"

int socket_bind6_reuse (int s, char const *ip, uint16_t port, uint32_t scope_id)
{
  if (libsocket_setint(s, SOL_SOCKET, SO_REUSEADDR, 1) == -1) return -1 ;
  return socket_bind6(s, ip, port, scope_id) ;
}
