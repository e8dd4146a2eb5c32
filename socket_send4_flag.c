/* ISC license. */

#include "internal.h"

ssize_t socket_send4_flag (int s, char const *buf, size_t len, char const *ip, uint16_t port, int flags)
{
  struct sockaddr_in sa ;
  libsocket_put4(&sa, ip, port) ;
  return sendto(s, buf, len, flags, (struct sockaddr *)&sa, sizeof sa) ;
}
