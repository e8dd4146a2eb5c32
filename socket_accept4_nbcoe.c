/* ISC license. */

#include "internal.h"

int socket_accept4_nbcoe (int s, char *ip, uint16_t *port)
{
  libsocket_sa sa ;
  int fd = libsocket_accept(s, &sa, LIBSOCKET_NB | LIBSOCKET_COE) ;
  if (fd >= 0 && libsocket_get4(&sa, ip, port) == -1) return libsocket_drop(fd) ;
  return fd ;
}
