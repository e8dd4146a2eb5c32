/* ISC license. */

#include <errno.h>

#include "internal.h"

int socket_connected (int s)
{
  libsocket_sa sa ;
  socklen_t len = sizeof sa ;
  int e = errno ;
  if (!getpeername(s, &sa.any, &len)) return 1 ;
  if (errno != ENOTCONN) return 0 ;
  return libsocket_outcome(s, e) ;
}
