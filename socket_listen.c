/* ISC license. */

#include <limits.h>
#include <sys/socket.h>

#include "socket.h"

int socket_listen (int s, unsigned int backlog)
{
  return listen(s, backlog > INT_MAX ? INT_MAX : (int)backlog) ;
}
