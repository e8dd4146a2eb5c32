/* ISC license. */

#include "socket_connector.h"
#include "internal.h"

unsigned int socket_connector_prepare (socket_connector const *c, iopause_fd *x)
{
  unsigned int n = 0 ;
  for (unsigned int i = c->head ; i != LIBSOCKET_NONE ; i = c->candidate[i].older)
  {
    x[n].fd = c->candidate[i].fd ;
    x[n].events = (short)c->candidate[i].events ;
    x[n++].revents = 0 ;
  }
  return n ;
}
