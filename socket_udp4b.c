/* ISC license. */

#include "internal.h"

int socket_udp4b (void)
{
  return libsocket_new(AF_INET, SOCK_DGRAM, 0, 0) ;
}
