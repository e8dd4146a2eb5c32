/* ISC license. */

#include "internal.h"

int socket_tcp4 (void)
{
  return libsocket_new(AF_INET, SOCK_STREAM, 0, O_NONBLOCK) ;
}
