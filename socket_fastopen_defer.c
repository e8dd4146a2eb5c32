/* ISC license. */

#include <skalibs/nonposix.h>

#include "internal.h"

int socket_fastopen_defer (int s)
{
  return libsocket_setint(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1) ;
}
