/* ISC license. */

#include "internal.h"

int socket_accept6 (int s, char *ip, uint16_t *port, uint32_t *scope_id)
{
  libsocket_sa sa ;
  int fd = libsocket_acceptsa(s, &sa, 0) ;
  if (fd >= 0 && libsocket_get6(&sa, ip, port, scope_id) == -1) return libsocket_closefail(fd) ;
  return fd ;
}
