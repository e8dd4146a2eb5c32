/* ISC license. */

#include "internal.h"

int socket_tcp6 (void)
{
  return libsocket_new6(SOCK_STREAM, 0, O_NONBLOCK) ;
}
