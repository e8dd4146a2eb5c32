/* ISC license. */

#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

void libsocket_put6 (struct sockaddr_in6 *sa, char const *ip, uint16_t port, uint32_t scope_id)
{
  memset(sa, 0, sizeof *sa) ;
  sa->sin6_family = AF_INET6 ;
  sa->sin6_port = htons(port) ;
  sa->sin6_scope_id = scope_id ;
  if (ip) memcpy(&sa->sin6_addr, ip, 16) ;
}
