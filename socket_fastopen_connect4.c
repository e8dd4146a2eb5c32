/* ISC license. */

#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

ssize_t socket_fastopen_connect4 (int s, char const *ip, uint16_t port, char const *buf, size_t len)
{
  struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) } ;
  if (ip) memcpy(&sa.sin_addr, ip, 4) ;
  return libsocket_fastopensa(s, (struct sockaddr *)&sa, sizeof sa, buf, len) ;
}
