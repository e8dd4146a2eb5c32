/* ISC license. */

#include <errno.h>

#include "socket_connector.h"
#include "internal.h"

void socket_connector_stop (socket_connector *c)
{
  libsocket_closeall(c, ECANCELED, 0) ;
  if (c->result) return ;
  c->error = ECANCELED ;
  c->result = -1 ;
}
