/* ISC license. */

#include <errno.h>
#include <string.h>

#include "socket_connector.h"
#include "internal.h"

int libsocket_isself (socket_candidate const *x)
{
  int e = errno ;
  char local[16], remote[16] ;
  uint16_t port ;
  int self = socket_local6(x->fd, local, &port, 0) != -1 && port == x->port
    && socket_remote6(x->fd, remote, 0, 0) != -1 && !memcmp(local, remote, 16) ;
  errno = e ;
  return self ;
}
