/* ISC license. */

#include "internal.h"

int socket_accept4 (int s, char *ip, uint16_t *port)
{
  libsocket_sa sa ;
  int fd = libsocket_acceptsa(s, &sa, 0) ;
  if (fd >= 0 && libsocket_get4(&sa, ip, port) == -1) return libsocket_closefail(fd) ;
  return fd ;
}
