/* ISC license. */

#include <skalibs/nonposix.h>

#include <limits.h>

#include "internal.h"

int socket_fastopen_queue (int s, unsigned int n)
{
  return libsocket_setint(s, IPPROTO_TCP, TCP_FASTOPEN, n > INT_MAX ? INT_MAX : (int)n) ;
}
