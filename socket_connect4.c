/* ISC license. */

#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

int socket_connect4 (int s, char const *ip, uint16_t port)
{
  struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) } ;
  if (ip) memcpy(&sa.sin_addr, ip, 4) ;
  return libsocket_connectsa(s, (struct sockaddr *)&sa, sizeof sa) ;
}
