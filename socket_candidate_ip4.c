/* ISC license. */

#include <string.h>

#include "socket_connector.h"

void socket_candidate_ip4 (socket_candidate *x, char const *ip, uint16_t port)
{
  memset(x, 0, sizeof *x) ;
  memcpy(x->ip, ip, 4) ;
  x->port = port ;
  x->events = IOPAUSE_WRITE ;
  x->fd = -1 ;
}
