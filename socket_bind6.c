/* ISC license. */

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

int socket_bind6 (int s, char const *ip, uint16_t port, uint32_t scope_id)
{
  int e = errno ;
  struct sockaddr_in in4 ;
  struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope_id } ;
  if (ip) memcpy(&sa.sin6_addr, ip, 16) ;
  if (!bind(s, (struct sockaddr *)&sa, sizeof sa)) return 0 ;
  if (errno != EAFNOSUPPORT || !libsocket_unmap(&in4, (struct sockaddr *)&sa)) return -1 ;
  errno = e ;
  return bind(s, (struct sockaddr *)&in4, sizeof in4) ;
}
