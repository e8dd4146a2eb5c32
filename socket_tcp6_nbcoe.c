/* ISC license. */

#include "internal.h"

int socket_tcp6_nbcoe (void)
{
  return libsocket_new6(SOCK_STREAM, 0, LIBSOCKET_NB | LIBSOCKET_COE) ;
}
