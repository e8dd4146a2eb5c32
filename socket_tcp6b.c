/* ISC license. */

#include "internal.h"

int socket_tcp6b (void)
{
  return libsocket_new6(SOCK_STREAM, 0, 0) ;
}
