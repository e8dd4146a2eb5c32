/* ISC license. */

#include <sys/socket.h>

#include "socket.h"

int socket_bind6_reuse (int s, char const *ip, uint16_t port, uint32_t scope_id)
{
  int reuse = 1 ;
  if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == -1) return -1 ;
  return socket_bind6(s, ip, port, scope_id) ;
}
