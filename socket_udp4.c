/* ISC license. */

#include "internal.h"

int socket_udp4 (void)
{
  return libsocket_new(AF_INET, SOCK_DGRAM, 0, O_NONBLOCK) ;
}
