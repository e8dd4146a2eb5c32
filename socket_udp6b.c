/* ISC license. */

#include "internal.h"

int socket_udp6b (void)
{
  return libsocket_new6(SOCK_DGRAM, 0, 0) ;
}
