/* ISC license. */

#include "socket.h"

int socket_fastopen (int s)
{
  return socket_fastopen_queue(s, 256) ;
}
