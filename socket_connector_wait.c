/* ISC license. */

#include <errno.h>

#include "socket_connector.h"
#include "internal.h"

int socket_connector_wait (socket_connector *c, tain *stamp)
{
  int e = errno ;

  for (;;)
  {
    int r = socket_connector_step(c, stamp) ;
    if (r == -1) return -1 ;
    if (r) return (errno = e, c->fd) ;

    iopause_fd x[c->inflight + 1] ;
    unsigned int n = socket_connector_prepare(c, x) ;
    tain deadline ;

    x[n].fd = c->cancelfd ;
    x[n].events = IOPAUSE_READ ;
    x[n].revents = 0 ;
    socket_connector_nextdeadline(c, &deadline) ;
    if (iopause_stamp(x, n + (c->cancelfd >= 0), &deadline, stamp) == -1) break ;
    if (x[n].revents)
    {
      errno = ECANCELED ;
      break ;
    }
  }

  libsocket_finish(c, -1, ECANCELED, ECANCELED, stamp) ;
  return -1 ;
}
