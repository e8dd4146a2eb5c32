/* ISC license. */

#include <sys/socket.h>

#include "socket.h"

int socket_bind4_reuse (int s, char const *ip, uint16_t port)
{
  int reuse = 1 ;
  if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == -1) return -1 ;
  return socket_bind4(s, ip, port) ;
}
