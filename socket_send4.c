/* ISC license. */

#include "socket.h"

ssize_t socket_send4 (int s, char const *buf, size_t len, char const *ip, uint16_t port)
{
  return socket_send4_flag(s, buf, len, ip, port, 0) ;
}
