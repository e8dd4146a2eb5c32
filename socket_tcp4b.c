/* ISC license. */

#include "internal.h"

int socket_tcp4b (void)
{
  return libsocket_new(AF_INET, SOCK_STREAM, 0, 0) ;
}
