/* ISC license. */

#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

int socket_connect6 (int s, char const *ip, uint16_t port, uint32_t scope_id)
{
  struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope_id } ;
  if (ip) memcpy(&sa.sin6_addr, ip, 16) ;
  return libsocket_connectsa(s, (struct sockaddr *)&sa, sizeof sa) ;
}
