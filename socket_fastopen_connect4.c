/* ISC license. */

#include "internal.h"

ssize_t socket_fastopen_connect4 (int s, char const *ip, uint16_t port, char const *buf, size_t len)
{
  struct sockaddr_in sa ;
  libsocket_put4(&sa, ip, port) ;
  return libsocket_fastopensa(s, (struct sockaddr *)&sa, sizeof sa, buf, len) ;
}
