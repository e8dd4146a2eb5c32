/* ISC license. */

#include "internal.h"

int socket_udp6 (void)
{
  return libsocket_new6(SOCK_DGRAM, 0, O_NONBLOCK) ;
}
