/* ISC license. */

#include "internal.h"

int socket_tcp4_nbcoe (void)
{
  return libsocket_new(AF_INET, SOCK_STREAM, 0, LIBSOCKET_NB | LIBSOCKET_COE) ;
}
