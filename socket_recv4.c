/* ISC license. */

#include "internal.h"

ssize_t socket_recv4 (int s, char *buf, size_t len, char *ip, uint16_t *port)
{
  libsocket_sa sa = { .any.sa_family = AF_UNSPEC } ;
  socklen_t salen = sizeof sa ;
  ssize_t r = recvfrom(s, buf, len, 0, &sa.any, &salen) ;
  if (r == -1 || sa.any.sa_family == AF_UNSPEC) return r ;  /* a stream's reads have no address */
  return libsocket_get4(&sa, ip, port) == -1 ? -1 : r ;
}
