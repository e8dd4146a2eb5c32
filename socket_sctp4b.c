/* ISC license. */

#include "internal.h"

int socket_sctp4b (void)
{
  return libsocket_new(AF_INET, SOCK_STREAM, IPPROTO_SCTP, 0) ;
}
