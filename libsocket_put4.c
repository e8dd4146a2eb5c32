/* ISC license. */

#include <string.h>
#include <arpa/inet.h>

#include "internal.h"

void libsocket_put4 (struct sockaddr_in *sa, char const *ip, uint16_t port)
{
  memset(sa, 0, sizeof *sa) ;
  sa->sin_family = AF_INET ;
  sa->sin_port = htons(port) ;
  if (ip) memcpy(&sa->sin_addr, ip, 4) ;
}
