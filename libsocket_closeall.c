/* ISC license. */

#include <errno.h>
#include <unistd.h>

#include "socket_connector.h"
#include "internal.h"

/* ends the attempts in flight; a winner among them has given its descriptor away */

void libsocket_closeall (socket_connector *c, int error, tain const *end)
{
  int e = errno ;
  for (unsigned int i = c->first ; i != LIBSOCKET_NONE ; i = c->candidate[i].next)
  {
    socket_candidate *x = c->candidate + i ;
    if (x->fd == -1) continue ;
    close(x->fd) ;
    x->fd = -1 ;
    x->error = error ;
    if (end) x->end = *end ;
  }
  c->first = LIBSOCKET_NONE ;
  c->flying = 0 ;
  errno = e ;
}
