/* ISC license. */

#include "internal.h"

int socket_sctp6b (void)
{
  return libsocket_new6(SOCK_STREAM, IPPROTO_SCTP, 0) ;
}
