/* ISC license. */

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

ssize_t socket_send6_flag (int s, char const *buf, size_t len, char const *ip, uint16_t port, uint32_t scope_id, int flags)
{
  int e = errno ;
  ssize_t r ;
  struct sockaddr_in in4 ;
  struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope_id } ;
  if (ip) memcpy(&sa.sin6_addr, ip, 16) ;
  r = sendto(s, buf, len, flags, (struct sockaddr *)&sa, sizeof sa) ;
  if (r >= 0 || errno != EAFNOSUPPORT || !libsocket_unmap(&in4, (struct sockaddr *)&sa)) return r ;
  errno = e ;
  return sendto(s, buf, len, flags, (struct sockaddr *)&in4, sizeof in4) ;
}
