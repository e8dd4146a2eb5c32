/* ISC license. */

#include "internal.h"

int socket_connect4 (int s, char const *ip, uint16_t port)
{
  struct sockaddr_in sa ;
  libsocket_put4(&sa, ip, port) ;
  return libsocket_connectsa(s, (struct sockaddr *)&sa, sizeof sa) ;
}
