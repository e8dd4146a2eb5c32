/* ISC license. */

#include <errno.h>
#include <sys/socket.h>

#include "socket.h"

/* an excessive size fails with ENOBUFS, or is silently reduced */

void socket_tryreservein (int s, int size)
{
  int e = errno ;
  while (size > 0 && setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == -1 && errno == ENOBUFS) size -= size / 16 + 1 ;
  errno = e ;
}
