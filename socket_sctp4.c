/* ISC license. */

#include "internal.h"

int socket_sctp4 (void)
{
  return libsocket_new(AF_INET, SOCK_STREAM, IPPROTO_SCTP, O_NONBLOCK) ;
}
