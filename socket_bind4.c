/* ISC license. */

#include "internal.h"

int socket_bind4 (int s, char const *ip, uint16_t port)
{
  struct sockaddr_in sa ;
  libsocket_put4(&sa, ip, port) ;
  return bind(s, (struct sockaddr *)&sa, sizeof sa) ;
}
