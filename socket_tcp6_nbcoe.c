/* ISC license. */

#include <skalibs/nonposix.h>

#include "internal.h"

int socket_tcp6_nbcoe (void)
{
  return libsocket_new6(SOCK_STREAM, 0, O_NONBLOCK | O_CLOEXEC) ;
}
