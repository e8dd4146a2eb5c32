/* ISC license. */

#include "socket_connector.h"

int socket_connectany (socket_candidate *candidate, unsigned int n, tain const *deadline, tain *stamp)
{
  socket_connector c ;
  socket_connector_init(&c, candidate, n, deadline) ;
  return socket_connector_wait(&c, stamp) ;
}
