/* ISC license. */

#include <errno.h>

#include "socket_connector.h"
#include "internal.h"

void socket_connector_stop (socket_connector *c)
{
  if (!c->result) libsocket_finish(c, -1, ECANCELED, ECANCELED, 0) ;
}
