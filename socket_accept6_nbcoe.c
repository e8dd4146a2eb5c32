/* ISC license. */

#include <skalibs/nonposix.h>

#include "internal.h"

int socket_accept6_nbcoe (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  libsocket_sa sa ;
  int fd = libsocket_acceptsa(s, &sa, O_NONBLOCK | O_CLOEXEC) ;
  if (fd >= 0 && libsocket_get6(&sa, ip, port, scope_id) == -1) return libsocket_closefail(fd) ;
  return fd ;
}
