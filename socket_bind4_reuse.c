/* ISC license. */

#include "internal.h"

int socket_bind4_reuse (int s, char const *ip, uint16_t port)
{
  if (libsocket_setint(s, SOL_SOCKET, SO_REUSEADDR, 1) == -1) return -1 ;
  return socket_bind4(s, ip, port) ;
}
