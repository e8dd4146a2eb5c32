/* ISC license. */

#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

ssize_t socket_send4_flag (int s, char const *buf, size_t len, char const *ip, uint16_t port, int flags)
{
  struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) } ;
  if (ip) memcpy(&sa.sin_addr, ip, 4) ;
  return sendto(s, buf, len, flags, (struct sockaddr *)&sa, sizeof sa) ;
}
