/* ISC license. */

#include <string.h>

#include "socket_connector.h"

void socket_candidate_ip6 (socket_candidate *x, char const *ip, uint16_t port, uint32_t scope_id)
{
  memset(x, 0, sizeof *x) ;
  memcpy(x->ip, ip, 16) ;
  x->scope_id = scope_id ;
  x->port = port ;
  x->is6 = 1 ;
  x->events = IOPAUSE_WRITE ;
  x->fd = -1 ;
}
