/* ISC license. */

#include <skalibs/nonposix.h>

#include "internal.h"

int socket_tcp4_nbcoe (void)
{
  return libsocket_new(AF_INET, SOCK_STREAM, 0, O_NONBLOCK | O_CLOEXEC) ;
}
