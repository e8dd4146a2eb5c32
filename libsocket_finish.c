/* ISC license. */

#include <errno.h>
#include <unistd.h>

#include "socket_connector.h"
#include "internal.h"

void libsocket_finish (socket_connector *c, int result, int error, int inflight, tain const *stamp)
{
  int e = errno ;
  for (unsigned int i = c->head ; i != LIBSOCKET_NONE ; i = c->candidate[i].older)
  {
    socket_candidate *x = c->candidate + i ;
    if (x->fd == -1) continue ;  /* a winner, whose descriptor the caller owns */
    close(x->fd) ;
    x->fd = -1 ;
    x->error = inflight ;
    if (stamp) x->end = *stamp ;
  }
  c->head = LIBSOCKET_NONE ;
  c->inflight = 0 ;
  c->result = result ;
  c->error = error ;
  errno = e ;
}
