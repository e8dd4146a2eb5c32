/* ISC license. */

#include "internal.h"

int socket_broadcast (int s)
{
  return libsocket_setint(s, SOL_SOCKET, SO_BROADCAST, 1) ;
}
