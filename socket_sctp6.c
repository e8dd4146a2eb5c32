/* ISC license. */

#include "internal.h"

int socket_sctp6 (void)
{
  return libsocket_new6(SOCK_STREAM, IPPROTO_SCTP, O_NONBLOCK) ;
}
