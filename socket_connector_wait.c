/* ISC license. */

#include <errno.h>

#include "socket_connector.h"
#include "internal.h"

static int stop (socket_connector *c, int error, tain const *stamp)
{
  libsocket_closeall(c, ECANCELED, stamp) ;
  socket_connector_stop(c) ;
  return (errno = error, -1) ;
}

int socket_connector_wait (socket_connector *c, tain *stamp)
{
  int e = errno ;

  for (;;)
  {
    int r = socket_connector_step(c, stamp) ;
    iopause_fd x[c->flying + 1] ;
    unsigned int n = socket_connector_prepare(c, x) ;
    tain deadline ;

    if (r == -1) return -1 ;
    if (r) return (errno = e, c->fd) ;

    x[n].fd = c->cancelfd ;
    x[n].events = IOPAUSE_READ ;
    x[n].revents = 0 ;
    socket_connector_nextdeadline(c, &deadline) ;
    if (iopause_stamp(x, n + (c->cancelfd >= 0), &deadline, stamp) == -1) return stop(c, errno, stamp) ;
    if (x[n].revents) return stop(c, ECANCELED, stamp) ;
  }
}
