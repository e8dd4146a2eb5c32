/* ISC license. */

#include <errno.h>

#include "internal.h"

int libsocket_connectsa (int s, struct sockaddr const *sa, socklen_t len)
{
  int e = errno ;
  if (!connect(s, sa, len)) return libsocket_clearerrors(s) ;
  if (errno == EINPROGRESS) return -1 ;
  return libsocket_reconnect(s, sa, len, e) ;
}
