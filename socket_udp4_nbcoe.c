/* ISC license. */

#include <skalibs/nonposix.h>

#include "internal.h"

int socket_udp4_nbcoe (void)
{
  return libsocket_new(AF_INET, SOCK_DGRAM, 0, O_NONBLOCK | O_CLOEXEC) ;
}
