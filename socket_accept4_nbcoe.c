/* ISC license. */

#include <skalibs/nonposix.h>

#include "internal.h"

int socket_accept4_nbcoe (int s, char *ip, uint16_t *port)
{
  libsocket_sa sa ;
  int fd = libsocket_acceptsa(s, &sa, O_NONBLOCK | O_CLOEXEC) ;
  if (fd >= 0 && libsocket_get4(&sa, ip, port) == -1) return libsocket_closefail(fd) ;
  return fd ;
}
