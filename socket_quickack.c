/* ISC license. */

#include <skalibs/nonposix.h>

#include "internal.h"

int socket_quickack (int s, int value)
{
  return libsocket_setint(s, IPPROTO_TCP, TCP_QUICKACK, !!value) ;
}
