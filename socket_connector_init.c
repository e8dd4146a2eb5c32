/* ISC license. */

#include <string.h>

#include "socket_connector.h"
#include "internal.h"

void socket_connector_init (socket_connector *c, socket_candidate *candidate, unsigned int n, tain const *deadline)
{
  memset(c, 0, sizeof *c) ;
  c->delay = 250 ;
  c->cancelfd = -1 ;
  c->candidate = candidate ;
  c->n = n ;
  c->fd = -1 ;
  c->deadline = *deadline ;
  c->laststarted = c->newest = c->head = c->bestfailed = c->bestrank = LIBSOCKET_NONE ;
  for (unsigned int i = 0 ; i < n ; i++)
  {
    candidate[i].fd = -1 ;
    candidate[i].events = IOPAUSE_WRITE ;
    candidate[i].error = 0 ;
    candidate[i].sent = 0 ;
  }
}
