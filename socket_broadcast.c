/* ISC license. */

#include <sys/socket.h>

#include "socket.h"

int socket_broadcast (int s)
{
  int on = 1 ;
  return setsockopt(s, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) ;
}
