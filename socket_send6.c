/* ISC license. */

#include "socket.h"

ssize_t socket_send6 (int s, char const *buf, size_t len, char const *ip, uint16_t port, uint32_t scope_id)
{
  return socket_send6_flag(s, buf, len, ip, port, scope_id, 0) ;
}
