/* ISC license. */

#include <skalibs/nonposix.h>

#include "internal.h"

/* Linux does not inspect the data: any will do for every mode */

int socket_deferaccept (int s, enum defermode mode)
{
  (void)mode ;
  return libsocket_setint(s, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1) ;  /* second */
}
